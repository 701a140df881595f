//! What carries a machine's plaintext: nothing, TLS, or GSS-API encryption. Replaced in place, all without I/O.

use crate::handshake::{ChannelFacts, Direction, Error, EventName, Side, Timestamp, TlsFacts, TlsOffer, Trace};
use crate::net::Security;
use crate::net::gss::GssChannel;
use crate::net::refusal::speaker;
use crate::tls::{RecordFacts, RecordTap, Seen, Speaker, TlsFailure, TlsSession, TlsState};

/// What carries a connection.
#[derive(Debug)]
pub(crate) enum Layer {
    /// The wire itself.
    Clear,
    /// TLS.
    Tls(Box<TlsLayer>),
    /// GSS-API encryption (PostgreSQL).
    Gss(GssChannel),
}

/// A TLS session with the bystander that reads its records.
#[derive(Debug)]
pub(crate) struct TlsLayer {
    session: Box<dyn TlsSession>,
    ours: Speaker,
    tap: RecordTap,
    records: RecordFacts,
    /// What the machine was told when TLS came up.
    announced: Option<TlsFacts>,
    seen: Vec<Seen>,
}

impl TlsLayer {
    pub(crate) fn begin(side: Side, security: &Security, offer: &TlsOffer) -> Result<Self, Error> {
        let session = match security {
            Security::ClearOnly => return Err(Error::Misuse("a machine without TLS settings asked for TLS")),
            Security::Client { context, server_name } => context.session(offer, server_name.as_deref()),
            Security::Server(context) => context.session(offer),
        };
        Ok(Self {
            session: session.map_err(|_| Error::Misuse("TLS settings that cannot make a session"))?,
            ours: speaker(side),
            tap: RecordTap::default(),
            records: RecordFacts::default(),
            announced: None,
            seen: Vec::new(),
        })
    }

    /// Bytes from the peer.
    pub(crate) fn receive(&mut self, wire: &[u8], at: Timestamp, trace: &mut Trace) {
        self.note(self.ours.other(), wire, at, trace);
        self.session.receive(wire);
    }

    pub(crate) fn receive_end(&mut self) {
        self.session.receive_end();
    }

    pub(crate) fn write(&mut self, plaintext: &[u8]) {
        self.session.write(plaintext);
    }

    pub(crate) fn close(&mut self) {
        self.session.close();
    }

    pub(crate) fn take_plaintext(&mut self, plaintext: &mut Vec<u8>) {
        self.session.take_plaintext(plaintext);
    }

    pub(crate) fn peer_closed(&self) -> bool {
        self.session.peer_closed()
    }

    /// Moves what is to be sent to `wire`, past the bystander.
    pub(crate) fn flush(&mut self, wire: &mut Vec<u8>, at: Timestamp, trace: &mut Trace) {
        let before = wire.len();
        self.session.take_wire(wire);
        self.note(self.ours, &wire[before..], at, trace);
    }

    fn note(&mut self, by: Speaker, wire: &[u8], at: Timestamp, trace: &mut Trace) {
        let mut seen = std::mem::take(&mut self.seen);
        self.tap.read(by, wire, &mut seen);
        for seen in seen.drain(..) {
            self.records.note(&seen);
            match &seen {
                Seen::ClientHello(_) => trace.push(at, Direction::FromClient, EventName::ClientHello),
                Seen::ServerHello(hello) => {
                    let version =
                        hello.tls_version().map_or_else(|| format!("0x{:04X}", hello.version), |v| v.to_string());
                    let suite = crate::tls::suite::name_of(hello.suite);
                    trace.push_with(at, Direction::ToClient, EventName::ServerHello, format!("{version} {suite}"));
                }
                Seen::Alert(alert) => trace.push_with(at, direction(alert.by), EventName::Alert, alert.name()),
                // After the handshake this is the close_notify of an ordinary end.
                Seen::EncryptedAlert(by) if self.announced.is_none() => {
                    trace.push_with(at, direction(*by), EventName::Alert, "encrypted");
                }
                Seen::EncryptedAlert(_) => {}
            }
        }
        self.seen = seen;
    }

    /// The facts of a handshake that is complete and was not announced yet.
    ///
    /// # Errors
    /// The library's answer is not what went over the wire: one of the two is ours and wrong.
    pub(crate) fn announce(&mut self) -> Result<Option<ChannelFacts>, Error> {
        match self.session.state() {
            TlsState::Ready(facts) if self.announced.is_none() => {
                self.check(facts)?;
                let facts = facts.clone();
                self.announced = Some(facts.clone());
                Ok(Some(ChannelFacts::Tls(facts)))
            }
            _ => Ok(None),
        }
    }

    fn check(&self, facts: &TlsFacts) -> Result<(), Error> {
        let hello = self.records.server_hello.ok_or(Error::Misuse("TLS is up without a ServerHello on the wire"))?;
        if hello.tls_version() != Some(facts.version) || crate::tls::suite::name_of(hello.suite) != facts.suite {
            return Err(Error::Misuse(
                "the TLS library names another version or suite than the ServerHello on the wire",
            ));
        }
        Ok(())
    }

    /// Why it failed, if it did.
    pub(crate) fn failure(&self) -> Option<(&TlsFailure, &RecordFacts)> {
        match self.session.state() {
            TlsState::Failed(failure) => Some((failure, &self.records)),
            _ => None,
        }
    }

    /// What was agreed, if it came up.
    pub(crate) fn facts(&self) -> Option<&TlsFacts> {
        self.announced.as_ref()
    }
}

pub(crate) const fn direction(by: Speaker) -> Direction {
    match by {
        Speaker::Client => Direction::FromClient,
        Speaker::Server => Direction::ToClient,
    }
}
