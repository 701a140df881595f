//! The authentication service exchange (RFC 4120 §3.1): a password or key becomes a ticket.

use super::action::UDP_PREFERENCE_LIMIT;
use super::long_term_key::LongTermKey;
use super::reply_checks::Answer;
use super::{Action, Deviation, KerberosFailure, Lenience, Request, Secret, Transport, rejected};
use crate::crypto::{Etype, Key, usage};
use crate::der::{self, Codec, Reader, Writer};
use crate::messages::flags::kdc_options;
use crate::messages::{
    EncKdcReplyPart, EncryptedData, Exchange, HostAddress, KdcReply, KdcRequest, KdcRequestBody, KrbError, PaData,
    PreauthEncTimestamp, error_code, padata_type,
};
use crate::principal::name_type;
use crate::{Credential, Principal, Random, Timestamp};
use std::time::Duration;

/// What is asked for. [`AsSettings::new`] has the defaults of MIT's kinit.
#[derive(Debug, Clone)]
pub struct AsSettings {
    /// Who; with a realm.
    pub client: Principal,
    /// For which service; krbtgt of the client's realm is usual.
    pub server: Principal,
    /// The proof.
    pub secret: Secret,
    /// Encryption types, preferred first.
    pub etypes: Vec<Etype>,
    /// KDCOptions, see [`crate::messages::flags::kdc_options`].
    pub kdc_options: u32,
    /// For how long; 24 hours by default.
    pub lifetime: Duration,
    /// For how long renewable, if at all; at least for as long as it lives.
    pub renewable: Option<Duration>,
    /// How long from now the ticket is to begin (`kinit -s`). It is of no use until it has begun and been validated
    /// ([`super::TgsSettings::validate`]).
    pub postdate: Option<Duration>,
    /// From which addresses the ticket is to be of use; any by default.
    pub addresses: Option<Vec<HostAddress>>,
    /// Whether the ticket is to have a PAC (PA-PAC-REQUEST); `None` to leave it to the KDC.
    pub pac: Option<bool>,
    /// Whether the KDC's time is believed, as libkrb5's `kdc_timesync` does: the time of its error stamps the
    /// pre-authentication, and a ticket may begin at any time.
    pub trust_kdc_time: bool,
    /// How far the clocks may be apart where the KDC's time is not believed; 300 s by default.
    pub clock_skew: Duration,
    /// The largest request that goes over UDP first, in octets; 0 for TCP always.
    pub udp_preference_limit: usize,
    /// Departures from the protocol, none by default.
    pub deviations: Vec<Deviation>,
    /// Checks that are left out, none by default.
    pub lenient: Vec<Lenience>,
}

impl AsSettings {
    /// For a ticket-granting ticket of `client`'s realm.
    #[must_use]
    pub fn new(client: Principal, secret: Secret) -> Self {
        Self {
            server: Principal::krbtgt(&client.realm),
            client,
            secret,
            // The order of permitted_enctypes in MIT's krb5.conf.
            etypes: vec![Etype::Aes256Sha1, Etype::Aes128Sha1, Etype::Aes256Sha384, Etype::Aes128Sha256],
            kdc_options: kdc_options::RENEWABLE_OK,
            lifetime: Duration::from_secs(24 * 60 * 60),
            renewable: None,
            postdate: None,
            addresses: None,
            pac: None,
            trust_kdc_time: true,
            clock_skew: Duration::from_secs(300),
            udp_preference_limit: UDP_PREFERENCE_LIMIT,
            deviations: Vec::new(),
            lenient: Vec::new(),
        }
    }
}

/// How many requests an exchange may take (libkrb5's MAX_IN_TKT_LOOPS).
const MAX_REQUESTS: usize = 16;

/// How often realms may send the client on to another (libkrb5's KRB5_REFERRAL_MAXHOPS).
const MAX_REFERRALS: usize = 10;

/// One AS exchange, from nothing to a ticket or a failure.
#[derive(Debug)]
pub struct AsExchange {
    settings: AsSettings,
    long_term_key: LongTermKey,
    state: State,
    referrals: usize,
    /// Requests until now, but for the same octets sent again.
    requests: usize,
    /// Whether requests have data that only informs. KDCs of MIT before 1.7 refuse it as failed pre-authentication.
    informs: bool,
    /// Once a KDC has said 52, everything goes over TCP.
    tcp_only: bool,
    /// The KDC's clock minus ours, in microseconds.
    offset_us: i64,
}

#[derive(Debug)]
enum State {
    Start,
    ExpectReply { sent: Request, request: KdcRequest, preauthenticated: bool },
    Finished(Result<Credential, KerberosFailure>),
}

impl AsExchange {
    /// Begins nothing yet: the first [`Self::next`] does.
    #[must_use]
    pub fn new(settings: AsSettings) -> Self {
        let long_term_key = LongTermKey::new(settings.secret.clone());
        Self {
            settings,
            long_term_key,
            state: State::Start,
            referrals: 0,
            requests: 0,
            informs: true,
            tcp_only: false,
            offset_us: 0,
        }
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
        let done = match (std::mem::replace(&mut self.state, State::Start), reply) {
            (State::Start, _) => return Ok(self.send(Vec::new(), false, now, random)),
            (State::ExpectReply { sent, request, preauthenticated }, None) => {
                let again = sent.clone();
                self.state = State::ExpectReply { sent, request, preauthenticated };
                return Ok(Action::Send(again));
            }
            (State::ExpectReply { sent, request, preauthenticated }, Some(reply)) => match reply.first() {
                Some(0x7e) => match self.handle_error(reply, sent, request, preauthenticated, now, random) {
                    Ok(action) => return Ok(action),
                    Err(failure) => Err(failure),
                },
                Some(0x6b) => self.handle_reply(reply, &sent.message, request.body(), now),
                _ => Err(KerberosFailure::Rejected(rejected::MESSAGE_TYPE)),
            },
            (State::Finished(result), _) => result,
        };
        self.state = State::Finished(done.clone());
        done.map(Action::Done)
    }

    /// The KDC's clock minus ours, in microseconds, once its time is known and believed; otherwise 0. libkrb5 stamps all
    /// later requests with it.
    #[must_use]
    pub const fn offset_us(&self) -> i64 {
        self.offset_us
    }

    fn handle_error(
        &mut self,
        reply: &[u8],
        sent: Request,
        request: KdcRequest,
        preauthenticated: bool,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Action, KerberosFailure> {
        let error = KrbError::decode(reply)?;
        match error.error_code {
            error_code::RESPONSE_TOO_BIG if sent.transport == Transport::Udp => {
                self.tcp_only = true;
                let again = sent.over_tcp();
                self.state = State::ExpectReply { sent: again.clone(), request, preauthenticated };
                Ok(Action::Send(again))
            }
            error_code::PREAUTH_REQUIRED if !preauthenticated => {
                let padata = self.preauthenticate(&error, now, random)?;
                Ok(self.send(padata, true, now, random))
            }
            error_code::PREAUTH_FAILED if !preauthenticated && self.informs => {
                self.informs = false;
                self.again(now, random)
            }
            // The cookie was too old.
            error_code::PREAUTH_EXPIRED if preauthenticated => self.again(now, random),
            error_code::WRONG_REALM | error_code::C_PRINCIPAL_UNKNOWN if self.is_referral(&error) => {
                self.referrals += 1;
                if self.referrals > MAX_REFERRALS {
                    return Err(KerberosFailure::Rejected(rejected::REFERRAL));
                }
                self.settings.client.realm = error.crealm.unwrap_or_default();
                if self.settings.server.krbtgt_realm().is_some() {
                    self.settings.server = Principal::krbtgt(&self.settings.client.realm);
                }
                self.long_term_key = LongTermKey::new(self.settings.secret.clone());
                Ok(self.send(Vec::new(), false, now, random))
            }
            _ => Err(error.into()),
        }
    }

    /// From the start, with what was learnt.
    fn again(&mut self, now: Timestamp, random: &mut dyn Random) -> Result<Action, KerberosFailure> {
        if self.requests >= MAX_REQUESTS {
            return Err(KerberosFailure::Rejected(rejected::LOOP));
        }
        Ok(self.send(Vec::new(), false, now, random))
    }

    /// Another realm is named for the client, and the client had allowed its name to be changed (RFC 6806 §7).
    fn is_referral(&self, error: &KrbError) -> bool {
        let allowed = self.settings.kdc_options & kdc_options::CANONICALIZE != 0
            || self.settings.client.name_type == name_type::ENTERPRISE;
        allowed
            && error.cname.is_some()
            && error.crealm.as_ref().is_some_and(|realm| *realm != self.settings.client.realm)
    }

    /// PA-ENC-TIMESTAMP, as the KDC's error asks for it.
    fn preauthenticate(
        &mut self,
        error: &KrbError,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Vec<PaData>, KerberosFailure> {
        let offered = error.method_data();
        if PaData::find(&offered, padata_type::ENC_TIMESTAMP).is_none() {
            return Err(error.clone().into());
        }
        self.long_term_key.learn(&offered);
        let etypes = self.long_term_key.sort(&self.settings.etypes);
        let etype = self.long_term_key.preferred(&etypes).ok_or(KerberosFailure::Rejected(rejected::ETYPE))?;
        let key = self.long_term_key.key(etype, &self.settings.client)?;
        if self.settings.trust_kdc_time {
            self.offset_us = error.server_time.micros().saturating_sub(now.micros());
        }
        let timestamp = PreauthEncTimestamp { time: self.kdc_time(now) };
        let encrypted = EncryptedData::seal(&key, usage::PA_ENC_TIMESTAMP, &timestamp, random);
        let mut padata = vec![PaData::new(padata_type::ENC_TIMESTAMP, &encrypted)];
        padata.extend(offered.into_iter().find(|data| data.padata_type == padata_type::FX_COOKIE));
        Ok(padata)
    }

    fn send(
        &mut self,
        mut padata: Vec<PaData>,
        preauthenticated: bool,
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Action {
        self.requests += 1;
        let settings = &self.settings;
        if self.informs {
            padata.push(PaData::empty(padata_type::REQ_ENC_PA_REP));
        }
        padata.extend(settings.pac.map(|wanted| PaData::new(padata_type::PAC_REQUEST, &PacRequest(wanted))));
        let from = self.kdc_time(now) + settings.postdate.unwrap_or_default();
        let mut options = settings.kdc_options;
        if settings.renewable.is_some() {
            options = options & !kdc_options::RENEWABLE_OK | kdc_options::RENEWABLE;
        }
        if settings.postdate.is_some() {
            options |= kdc_options::ALLOW_POSTDATE | kdc_options::POSTDATED;
        }
        let mut body = KdcRequestBody {
            kdc_options: options,
            cname: Some((&settings.client).into()),
            realm: settings.client.realm.clone(),
            sname: Some((&settings.server).into()),
            from: settings.postdate.map(|_| Timestamp::from_seconds(from.seconds())),
            // In whole seconds, as it is sent and therefore compared.
            till: Timestamp::from_seconds((from + settings.lifetime).seconds()),
            rtime: settings
                .renewable
                .map(|life| Timestamp::from_seconds((from + life.max(settings.lifetime)).seconds())),
            nonce: nonce(random),
            etypes: self.long_term_key.sort(&settings.etypes).into_iter().map(Etype::number).collect(),
            addresses: settings.addresses.clone(),
            enc_authorization_data: None,
            additional_tickets: Vec::new(),
        };
        for deviation in &settings.deviations {
            deviation.bend_body(Exchange::As, &mut body, now);
        }
        let request = KdcRequest::new(Exchange::As, padata, body);
        let realm = settings.client.realm.clone();
        let mut sent = Request::new(request.to_octets(), realm, settings.udp_preference_limit);
        if self.tcp_only {
            sent = sent.over_tcp();
        }
        sent = settings.deviations.iter().fold(sent, |sent, deviation| deviation.bend_sending(sent));
        self.state = State::ExpectReply { sent: sent.clone(), request, preauthenticated };
        Action::Send(sent)
    }

    fn handle_reply(
        &mut self,
        reply: &[u8],
        sent: &[u8],
        body: &KdcRequestBody,
        now: Timestamp,
    ) -> Result<Credential, KerberosFailure> {
        let reply = KdcReply::decode(reply)?;
        let etype = Etype::from_number(reply.enc_part.etype)
            .filter(|etype| self.settings.etypes.contains(etype))
            .ok_or(KerberosFailure::Rejected(rejected::ETYPE))?;
        self.long_term_key.learn(&reply.padata);
        let key = self.long_term_key.key(etype, &reply.client)?;
        let part = open(&reply, &key)?;
        let answer = Answer {
            request: body,
            client: &self.settings.client,
            server: &self.settings.server,
            reply: &reply,
            part: &part,
            till: Some(body.till),
            lenient: &self.settings.lenient,
        };
        answer.check_request_checksum(sent, &key)?;
        answer.check_as()?;
        if self.settings.trust_kdc_time {
            self.offset_us = part.auth_time.micros().saturating_sub(now.micros());
        } else {
            answer.check_start(now, self.settings.clock_skew)?;
        }
        answer.credential()
    }

    const fn kdc_time(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_micros(now.micros().saturating_add(self.offset_us))
    }
}

/// KERB-PA-PAC-REQUEST (MS-KILE 2.2.3): whether a PAC is wanted.
struct PacRequest(bool);

impl Codec for PacRequest {
    const NAME: &'static str = "KERB-PA-PAC-REQUEST";

    fn read(reader: &mut Reader<'_>) -> Result<Self, der::Error> {
        reader.sequence()?.field(0, "include-pac", Reader::boolean).map(Self)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.sequence(|w| w.field(0, |w| w.boolean(self.0)));
    }
}

fn open(reply: &KdcReply, key: &Key) -> Result<EncKdcReplyPart, KerberosFailure> {
    let plain = reply.enc_part.open(key, usage::AS_REP).map_err(|_| KerberosFailure::Rejected(rejected::INTEGRITY))?;
    Ok(EncKdcReplyPart::decode(&plain)?)
}

/// 31 random bits: MIT's older KDCs read nonces as signed numbers.
pub(super) fn nonce(random: &mut dyn Random) -> u32 {
    let mut octets = [0; 4];
    random.fill(&mut octets);
    u32::from_be_bytes(octets) & 0x7fff_ffff
}
