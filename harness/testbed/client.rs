//! A client of a case with what it keeps from step to step: its randomness and its credential cache.

use crate::error::Error;
use crate::handshake::Outcome;
use crate::scenario::party;
use crate::testbed::attempt::{Attempt, Baggage};
use crate::testbed::materials::Materials;
use crate::testbed::random::Generator;
use shakedown_krb5::Principal;
use std::net::SocketAddr;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A client that can act.
#[derive(Debug)]
pub(super) struct StandingClient {
    /// What was planned.
    pub planned: Arc<party::Client>,
    random: Generator,
}

impl StandingClient {
    /// A client that has done nothing yet. It knows where the KDCs of its realms are.
    pub(super) fn new(planned: &Arc<party::Client>, _kdcs: Vec<(String, SocketAddr)>, _materials: &Materials) -> Self {
        Self { planned: Arc::clone(planned), random: Generator::from_system() }
    }

    /// What it brings to a login.
    pub(super) fn baggage<'a>(&'a mut self, realm: Option<&'a str>) -> Baggage<'a> {
        Baggage { tickets: None, realm, random: &mut self.random }
    }

    /// Gets a ticket-granting ticket.
    pub(super) async fn kinit(
        &mut self,
        _principal: Principal,
        _password: Zeroizing<String>,
        _fresh_cache: bool,
        _materials: &Materials,
    ) -> Result<Attempt, Error> {
        Ok(Attempt::without_connection(Outcome::timed_out("kdc_as")))
    }
}
