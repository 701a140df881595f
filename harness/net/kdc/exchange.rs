//! Carries the messages of an exchange between its machine and the KDCs.

use super::KerberosClient;
use super::transport::{self, Answer, Happening};
use crate::handshake::{Direction, EventName, Timestamp};
use crate::net::ticket::Surroundings;
use crate::net::{Deadlines, Protection, Recording};
use shakedown_krb5::client::{
    Action, AsExchange, AsSettings, KerberosFailure, Request, Secret, TgsExchange, TgsSettings, Transport,
};
use shakedown_krb5::der::Codec;
use shakedown_krb5::framing::frame;
use shakedown_krb5::messages::KrbError;
use shakedown_krb5::{Credential, Principal, Random};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// Which of a realm's KDCs are asked, and which one answered last.
struct Asked {
    primary: bool,
    answered: Option<SocketAddr>,
}

impl KerberosClient {
    /// A ticket from the authentication service, for the ticket-granting service unless another is named, and the KDC's clock
    /// minus ours. A refusal of a KDC that is not a primary one is asked about there, as it may not know a new password yet.
    pub(super) async fn initial(
        &self,
        client: Principal,
        service: Option<&Principal>,
        secret: Secret,
        around: &mut Surroundings<'_>,
    ) -> Result<(Credential, i64), KerberosFailure> {
        let settings = self.as_settings(client, service, secret);
        let mut asked = Asked { primary: false, answered: None };
        let failure = match self.login(settings.clone(), &mut asked, around).await {
            Err(failure) if !matches!(failure, KerberosFailure::Unreachable | KerberosFailure::TimedOut) => failure,
            result => return result,
        };
        let primary = self.settings.directory.servers_of(&settings.client.realm, true);
        if primary.is_empty() || primary.iter().any(|server| Some(server.address) == asked.answered) {
            return Err(failure);
        }
        let mut asked = Asked { primary: true, answered: None };
        self.login(settings, &mut asked, around).await.map_err(|second| match second {
            KerberosFailure::Unreachable | KerberosFailure::TimedOut => failure,
            second => second,
        })
    }

    fn as_settings(&self, client: Principal, service: Option<&Principal>, secret: Secret) -> AsSettings {
        let own = &self.settings;
        let mut settings = AsSettings::new(client, secret);
        if let Some(service) = service {
            let realm = if service.realm.is_empty() { settings.client.realm.clone() } else { service.realm.clone() };
            settings.server = Principal { realm, ..service.clone() };
        }
        settings.kdc_options = own.kdc_options;
        settings.trust_kdc_time = own.trust_kdc_time;
        settings.clock_skew = own.clock_skew;
        settings.etypes = own.etypes.clone().unwrap_or(settings.etypes);
        settings.lifetime = own.lifetime.unwrap_or(settings.lifetime);
        settings.renewable = own.renewable;
        settings.postdate = own.postdate;
        settings.pac = own.pac;
        settings.deviations.clone_from(&own.deviations);
        settings.lenient.clone_from(&own.lenient);
        settings.udp_preference_limit = own.udp_preference_limit.unwrap_or(settings.udp_preference_limit);
        settings
    }

    async fn login(
        &self,
        settings: AsSettings,
        asked: &mut Asked,
        around: &mut Surroundings<'_>,
    ) -> Result<(Credential, i64), KerberosFailure> {
        let mut exchange = AsExchange::new(settings);
        let next = |reply: Option<&[u8]>, now, random: &mut dyn Random| exchange.next(reply, now, random);
        let ticket = self.carry(next, EventName::AsReq, asked, around).await?;
        Ok((ticket, exchange.offset_us()))
    }

    /// A ticket for a service by a ticket-granting ticket.
    pub(super) async fn exchange_for(
        &self,
        tgt: Credential,
        service: Principal,
        around: &mut Surroundings<'_>,
    ) -> Result<Credential, KerberosFailure> {
        let own = &self.settings;
        let mut settings = TgsSettings::new(tgt, service);
        settings.offset_us = self.offset_us;
        settings.clock_skew = own.clock_skew;
        settings.deviations.clone_from(&own.deviations);
        settings.lenient.clone_from(&own.lenient);
        settings.etypes = own.tgs_etypes.clone().or_else(|| own.etypes.clone()).unwrap_or(settings.etypes);
        settings.udp_preference_limit = own.udp_preference_limit.unwrap_or(settings.udp_preference_limit);
        let mut exchange = TgsExchange::new(settings);
        let next = |reply: Option<&[u8]>, now, random: &mut dyn Random| exchange.next(reply, now, random);
        self.run(next, EventName::TgsReq, around).await
    }

    /// Carries the messages of one exchange until it has its ticket or the phase's deadline passes.
    pub(super) async fn run(
        &self,
        next: impl FnMut(Option<&[u8]>, Timestamp, &mut dyn Random) -> Result<Action, KerberosFailure>,
        asking: EventName,
        around: &mut Surroundings<'_>,
    ) -> Result<Credential, KerberosFailure> {
        self.carry(next, asking, &mut Asked { primary: false, answered: None }, around).await
    }

    async fn carry(
        &self,
        mut next: impl FnMut(Option<&[u8]>, Timestamp, &mut dyn Random) -> Result<Action, KerberosFailure>,
        asking: EventName,
        asked: &mut Asked,
        around: &mut Surroundings<'_>,
    ) -> Result<Credential, KerberosFailure> {
        let deadline = Instant::now() + time_for(asking, &around.deadlines);
        let mut reply: Option<Vec<u8>> = None;
        loop {
            match next(reply.as_deref(), around.clock.moment().party, around.random)? {
                Action::Done(credential) => return Ok(credential),
                Action::Send(request) => reply = Some(self.ask(&request, asking, deadline, asked, around).await?),
            }
        }
    }

    async fn ask(
        &self,
        request: &Request,
        asking: EventName,
        deadline: Instant,
        asked: &mut Asked,
        around: &mut Surroundings<'_>,
    ) -> Result<Vec<u8>, KerberosFailure> {
        let kdcs = self.settings.directory.servers_of(&request.realm, asked.primary);
        let (clock, trace) = (around.clock, &mut *around.trace);
        let mut passed_over = None;
        let observe = |happening: Happening<'_>| match happening {
            Happening::Sent { again } => {
                let event = if again { EventName::Again } else { asking };
                trace.push(clock.base(), Direction::FromClient, event);
            }
            Happening::PassedOver(reply) => {
                passed_over = Some(reply.to_vec());
                push_reply(trace, clock.base(), reply);
            }
        };
        let began = clock.base();
        let answer = transport::ask(&kdcs, request, self.settings.patience, deadline, observe).await?;
        let at = clock.base();
        asked.answered = Some(answer.server);
        if let Some(recordings) = &mut around.recordings {
            recordings.push(recorded(request, began, &answer, at));
        }
        // One that made no room for another KDC is in the trace already.
        if passed_over.as_deref() != Some(&answer.reply) {
            push_reply(trace, at, &answer.reply);
        }
        Ok(answer.reply)
    }
}

fn push_reply(trace: &mut crate::handshake::Trace, at: Timestamp, reply: &[u8]) {
    let to = Direction::ToClient;
    match reply.first() {
        // Application tags of RFC 4120 §5.10: 11 is an AS-REP, 13 a TGS-REP, 30 a KRB-ERROR.
        Some(0x6b) => trace.push(at, to, EventName::AsRep),
        Some(0x6d) => trace.push(at, to, EventName::TgsRep),
        Some(0x7e) => {
            let code = KrbError::decode(reply).map_or_else(|_| "malformed".to_owned(), |e| e.error_code.to_string());
            trace.push_with(at, to, EventName::KrbError, code);
        }
        // The exchange will say what is wrong with it.
        _ => {}
    }
}

/// A request and its reply as they went over the wire.
fn recorded(request: &Request, asked: Timestamp, answer: &Answer, at: Timestamp) -> Recording {
    let datagrams = answer.transport == Transport::Udp;
    let addresses = answer.own.map(|own| (own, answer.server));
    let mut recording = Recording { addresses, datagrams, ..Recording::default() };
    let (mut framed, sent) = (Vec::new(), request.framed());
    if !datagrams {
        frame(&answer.reply, &mut framed);
    }
    for (at, direction, message, framed) in
        [(asked, Direction::FromClient, &*request.message, &sent), (at, Direction::ToClient, &*answer.reply, &framed)]
    {
        recording.plain(at, direction, Protection::None, message);
        recording.wire(at, direction, if datagrams { message } else { framed });
    }
    recording
}

const fn time_for(asking: EventName, deadlines: &Deadlines) -> Duration {
    match asking {
        EventName::AsReq => deadlines.kdc_as,
        _ => deadlines.kdc_tgs,
    }
}
