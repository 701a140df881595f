//! The ticket-granting service exchange (RFC 4120 §3.3): a ticket-granting ticket becomes a service ticket.

use super::action::UDP_PREFERENCE_LIMIT;
use super::as_exchange::nonce;
use super::reply_checks::Answer;
use super::route::Route;
use super::{Action, Deviation, KerberosFailure, Lenience, Request, Transport, rejected};
use crate::crypto::{Etype, Key, usage};
use crate::der::Codec;
use crate::messages::flags::{kdc_options, ticket};
use crate::messages::{
    ApRequest, Authenticator, Checksum, EncKdcReplyPart, EncryptedData, EncryptionKey, Exchange, KdcReply, KdcRequest,
    KdcRequestBody, KrbError, PaData, Ticket, error_code, padata_type,
};
use crate::transited::Capaths;
use crate::{Credential, Principal, Random, Timestamp};
use std::time::Duration;

/// What is asked for. [`TgsSettings::new`] has the defaults of libkrb5.
#[derive(Debug, Clone)]
pub struct TgsSettings {
    /// The ticket-granting ticket.
    pub tgt: Credential,
    /// For which service. Without a realm, the TGT's realm decides, by referral if it likes.
    pub server: Principal,
    /// Encryption types for the session key, preferred first.
    pub etypes: Vec<Etype>,
    /// KDCOptions, see [`crate::messages::flags::kdc_options`].
    pub kdc_options: u32,
    /// Ways to other realms that are not those of the hierarchy (`[capaths]`).
    pub paths: Capaths,
    /// Until when; the TGT's end by default. A ticket that outlives what is written here is rejected, and by default one that
    /// outlives its TGT (RFC 4120 §3.3.3), which libkrb5 lets pass: it compares only with what its caller wrote.
    pub till: Option<Timestamp>,
    /// How far the start of the ticket may be from now; 300 s by default.
    pub clock_skew: Duration,
    /// The KDC's clock minus ours, in microseconds, from [`super::AsExchange::offset_us`].
    pub offset_us: i64,
    /// The largest request that goes over UDP first, in octets; 0 for TCP always.
    pub udp_preference_limit: usize,
    /// Departures from the protocol, none by default.
    pub deviations: Vec<Deviation>,
    /// Checks that are left out, none by default.
    pub lenient: Vec<Lenience>,
}

/// The flags of a ticket that become options of requests with it (libkrb5's KDC_TKT_COMMON_MASK).
const INHERITED: u32 = ticket::FORWARDABLE | ticket::PROXIABLE | ticket::MAY_POSTDATE | ticket::RENEWABLE;

impl TgsSettings {
    /// For a ticket to `server`, with the options that the TGT's flags suggest, and canonicalize.
    #[must_use]
    pub fn new(tgt: Credential, server: Principal) -> Self {
        Self {
            kdc_options: tgt.flags & INHERITED | kdc_options::CANONICALIZE,
            tgt,
            server,
            etypes: vec![Etype::Aes256Sha1, Etype::Aes128Sha1, Etype::Aes256Sha384, Etype::Aes128Sha256],
            paths: Capaths::default(),
            till: None,
            clock_skew: Duration::from_secs(300),
            offset_us: 0,
            udp_preference_limit: UDP_PREFERENCE_LIMIT,
            deviations: Vec::new(),
            lenient: Vec::new(),
        }
    }

    /// For the same ticket with a new life (`kinit -R`). A KDC renews what is still valid and is to be renewed until later;
    /// it decides until when the new ticket lives.
    #[must_use]
    pub fn renew(ticket: Credential) -> Self {
        Self::of_itself(ticket, kdc_options::RENEW)
    }

    /// For a postdated ticket that has begun, without the flag that makes it invalid (`kinit -v`). As the new ticket begins when
    /// the old one did, it is rejected after more than the clock skew has passed, by libkrb5 as well.
    #[must_use]
    pub fn validate(ticket: Credential) -> Self {
        Self::of_itself(ticket, kdc_options::VALIDATE)
    }

    fn of_itself(ticket: Credential, option: u32) -> Self {
        let kdc_options = ticket.flags & INHERITED | option;
        Self { kdc_options, ..Self::new(ticket.clone(), ticket.server) }
    }

    /// Whether the ticket that is shown is also the one that is asked for.
    const fn is_of_itself(&self) -> bool {
        self.kdc_options & (kdc_options::RENEW | kdc_options::VALIDATE) != 0
    }
}

/// How many realms may be passed through that are not on the path (libkrb5's KRB5_REFERRAL_MAXHOPS).
const MAX_REFERRALS: usize = 10;

/// One TGS exchange, through as many realms as it takes.
#[derive(Debug)]
pub struct TgsExchange {
    settings: TgsSettings,
    /// The TGT in use: that of the settings, then those of referrals.
    tgt: Credential,
    /// Realms whose ticket-granting service was asked, to find circles.
    realms: Vec<Vec<u8>>,
    /// The way to the service's realm, while there is one ahead.
    route: Option<Route>,
    /// How often a realm has sent us on to one that is not on the way.
    referrals: usize,
    state: State,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of them in an exchange")]
enum State {
    Start,
    ExpectReply(Box<Outstanding>),
    Finished(Result<Credential, KerberosFailure>),
}

/// A request that awaits its reply.
#[derive(Debug)]
struct Outstanding {
    sent: Request,
    body: KdcRequestBody,
    /// What was asked for: the service, or a TGT on the way to it.
    server: Principal,
    subkey: Key,
}

/// What a good reply means.
#[expect(clippy::large_enum_variant, reason = "it is looked at where it is returned to, once")]
enum Progress {
    Ticket(Credential),
    NextRealm,
}

impl TgsExchange {
    /// Begins nothing yet: the first [`Self::next`] does.
    #[must_use]
    pub fn new(settings: TgsSettings) -> Self {
        let tgt = settings.tgt.clone();
        Self { settings, tgt, realms: Vec::new(), route: None, referrals: 0, state: State::Start }
    }

    /// What to do, given the KDC's `reply` to the last request, a bare message. Without a reply, what is to be sent is
    /// said (again): the first request, or the outstanding one for a retransmission.
    ///
    /// # Errors
    /// Why there is no ticket; said again however often one asks.
    pub fn next(
        &mut self,
        reply: Option<&[u8]>,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Action, KerberosFailure> {
        let result = match (std::mem::replace(&mut self.state, State::Start), reply) {
            (State::Start, _) => self.send(now, random),
            (State::ExpectReply(outstanding), None) => Ok(self.send_again(outstanding)),
            (State::ExpectReply(outstanding), Some(reply)) => match reply.first() {
                Some(0x7e) => self.handle_error(reply, outstanding, now, random),
                Some(0x6d) => match self.handle_reply(reply, &outstanding, now) {
                    Ok(Progress::NextRealm) => self.send(now, random),
                    Ok(Progress::Ticket(credential)) => Ok(Action::Done(credential)),
                    Err(failure) => Err(failure),
                },
                _ => Err(KerberosFailure::Rejected(rejected::MESSAGE_TYPE)),
            },
            (State::Finished(result), _) => result.map(Action::Done),
        };
        match &result {
            Ok(Action::Send(_)) => {}
            Ok(Action::Done(credential)) => self.state = State::Finished(Ok(credential.clone())),
            Err(failure) => self.state = State::Finished(Err(failure.clone())),
        }
        result
    }

    fn send(&mut self, now: Timestamp, random: &mut dyn Random) -> Result<Action, KerberosFailure> {
        let (realm, server) = if self.settings.is_of_itself() {
            (self.tgt.server.realm.clone(), self.settings.server.clone())
        } else {
            // Any other ticket grants nothing.
            let realm = self.tgt.server.krbtgt_realm().ok_or(KerberosFailure::NoCredentials)?.to_vec();
            let server = self.next_server(&realm);
            (realm, server)
        };
        if !self.realms.contains(&realm) {
            self.realms.push(realm.clone());
        }
        let kdc_time = Timestamp::from_micros(now.micros().saturating_add(self.settings.offset_us));
        let subkey = Key::random(self.tgt.key.etype(), random);
        let mut body = KdcRequestBody {
            kdc_options: self.settings.kdc_options,
            cname: None,
            realm: server.realm.clone(),
            sname: Some((&server).into()),
            from: None,
            till: self.settings.till.unwrap_or(self.tgt.end_time),
            rtime: None,
            nonce: nonce(random),
            etypes: self.settings.etypes.iter().map(|etype| etype.number()).collect(),
            addresses: None,
            enc_authorization_data: None,
            additional_tickets: Vec::new(),
        };
        let deviations = &self.settings.deviations;
        deviations.iter().for_each(|deviation| deviation.bend_body(Exchange::Tgs, &mut body, now));
        let mut request = KdcRequest::new(Exchange::Tgs, Vec::new(), body.clone());
        let ap_request = self.ap_request(request.body_octets(), &subkey, kdc_time, random)?.to_octets();
        let bend = |octets, deviation: &Deviation| deviation.bend_ap_request(octets);
        if let Some(padata_value) = deviations.iter().try_fold(ap_request, bend) {
            let keys = (&subkey, &self.tgt.key);
            let more =
                deviations.iter().filter_map(|deviation| deviation.more_padata(&padata_value, &body, keys, random));
            let more: Vec<_> = more.collect();
            request.padata.push(PaData { padata_type: padata_type::TGS_REQ, padata_value });
            request.padata.extend(more);
        }
        let sent = Request::new(request.to_octets(), realm, self.settings.udp_preference_limit);
        let sent = deviations.iter().fold(sent, |sent, deviation| deviation.bend_sending(sent));
        self.state = State::ExpectReply(Box::new(Outstanding { sent: sent.clone(), body, server, subkey }));
        Ok(Action::Send(sent))
    }

    /// The service itself where its realm is this one or not known; otherwise the TGT of its realm, or of one on the way.
    fn next_server(&mut self, realm: &[u8]) -> Principal {
        let wanted = &self.settings.server;
        if wanted.realm.is_empty() || wanted.realm == realm {
            return Principal { realm: realm.to_vec(), ..wanted.clone() };
        }
        if self.route.as_ref().is_none_or(|route| route.here() != realm) {
            self.route = Route::new(&self.settings.paths, realm, &wanted.realm);
        }
        let aim = self.route.as_ref().map_or(&*wanted.realm, Route::aim);
        Principal::cross_realm_krbtgt(aim, realm)
    }

    fn ap_request(
        &self,
        body: &[u8],
        subkey: &Key,
        kdc_time: Timestamp,
        random: &mut dyn Random,
    ) -> Result<ApRequest, KerberosFailure> {
        let session_key = &self.tgt.key;
        let mut authenticator = Authenticator {
            client: self.tgt.client.clone(),
            checksum: Some(Checksum {
                cksumtype: session_key.etype().checksum_type(),
                checksum: session_key.checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, body),
            }),
            time: kdc_time,
            subkey: Some(EncryptionKey::from(subkey)),
            seq_number: None,
            authorization_data: None,
        };
        let deviations = &self.settings.deviations;
        deviations.iter().for_each(|deviation| deviation.bend_authenticator(&mut authenticator, session_key));
        let other_key = deviations.iter().find_map(|deviation| deviation.authenticator_key(subkey));
        let key = other_key.as_ref().unwrap_or(session_key);
        Ok(ApRequest {
            ap_options: 0,
            ticket: Ticket::decode(&self.tgt.ticket)?,
            authenticator: EncryptedData::seal(key, usage::TGS_REQ_AUTHENTICATOR, &authenticator, random),
        })
    }

    fn send_again(&mut self, outstanding: Box<Outstanding>) -> Action {
        let sent = outstanding.sent.clone();
        self.state = State::ExpectReply(outstanding);
        Action::Send(sent)
    }

    fn handle_error(
        &mut self,
        reply: &[u8],
        mut outstanding: Box<Outstanding>,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Action, KerberosFailure> {
        let error = KrbError::decode(reply)?;
        if error.error_code == error_code::RESPONSE_TOO_BIG && outstanding.sent.transport == Transport::Udp {
            // A later realm's KDC may well answer within a datagram, but one that does not costs a round trip more.
            self.settings.udp_preference_limit = 0;
            outstanding.sent = outstanding.sent.over_tcp();
            return Ok(self.send_again(outstanding));
        }
        // A realm on the way may have a key for one that is closer.
        let is_on_the_way = outstanding.server.components != self.settings.server.components;
        if is_on_the_way && self.route.as_mut().is_some_and(Route::aim_closer) {
            return self.send(now, random);
        }
        Err(error.into())
    }

    fn handle_reply(
        &mut self,
        reply: &[u8],
        outstanding: &Outstanding,
        now: Timestamp,
    ) -> Result<Progress, KerberosFailure> {
        let reply = KdcReply::decode(reply)?;
        let part = self.open(&reply, &outstanding.subkey)?;
        let answer = Answer {
            request: &outstanding.body,
            client: &self.tgt.client,
            server: &outstanding.server,
            reply: &reply,
            part: &part,
            // A renewed ticket outlives the one that was shown: that is what it is for.
            till: self.settings.till.or(Some(self.tgt.end_time)).filter(|_| !self.settings.is_of_itself()),
            lenient: &self.settings.lenient,
        };
        let kdc_time = Timestamp::from_micros(now.micros().saturating_add(self.settings.offset_us));
        answer.check_tgs(kdc_time, self.settings.clock_skew)?;
        let mut credential = answer.credential()?;
        // Other realms have no say in whom to delegate to, unless the way there was marked so too.
        let own_realm = self.tgt.server == Principal::krbtgt(&self.tgt.client.realm);
        if !own_realm && self.tgt.flags & ticket::OK_AS_DELEGATE == 0 {
            credential.flags &= !ticket::OK_AS_DELEGATE;
        }
        if credential.server.components == self.settings.server.components {
            return Ok(Progress::Ticket(credential));
        }
        match credential.server.krbtgt_realm() {
            // A service under another name; check_tgs has seen that canonicalize was asked for.
            None => Ok(Progress::Ticket(credential)),
            Some(next) => {
                if self.realms.iter().any(|realm| realm == next) {
                    return Err(KerberosFailure::Rejected(rejected::REFERRAL));
                }
                if !self.route.as_mut().is_some_and(|route| route.go_to(next)) {
                    self.route = None;
                    self.referrals += 1;
                    if self.referrals > MAX_REFERRALS {
                        return Err(KerberosFailure::Rejected(rejected::REFERRAL));
                    }
                }
                // A referral in place of the service's ticket moves the service to that realm (RFC 6806 §8).
                if outstanding.server.components == self.settings.server.components {
                    self.settings.server.realm = next.to_vec();
                }
                self.tgt = credential;
                Ok(Progress::NextRealm)
            }
        }
    }

    /// Under the sub-key; under the session key where an old Heimdal KDC overlooks the sub-key, as libkrb5 tries too.
    fn open(&self, reply: &KdcReply, subkey: &Key) -> Result<EncKdcReplyPart, KerberosFailure> {
        let plain = reply
            .enc_part
            .open(subkey, usage::TGS_REP_SUBKEY)
            .or_else(|_| reply.enc_part.open(&self.tgt.key, usage::TGS_REP_SESSION_KEY))
            .map_err(|_| KerberosFailure::Rejected(rejected::INTEGRITY))?;
        Ok(EncKdcReplyPart::decode(&plain)?)
    }
}
