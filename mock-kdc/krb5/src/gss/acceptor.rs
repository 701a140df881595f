//! The side that is asked: looks at the AP-REQ token, makes the AP-REP or KRB-ERROR token.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::context::{Context, Keys, Role};
use super::etype_negotiation;
use super::frame::{TokenId, frame, malformed, unframe};
use super::initiator::{from_message, initial_sequence_number, to_message};
use super::lenience::Lenience;
use super::replay::ReplayCache;
use super::service_keys::ServiceKeys;
use super::{AcceptFailure, Acceptance, Cause, Flags, Progress, checksum};
use crate::crypto::{Etype, Key, usage};
use crate::keytab::Keytab;
use crate::messages::flags::{ap_options, ticket as ticket_flags};
use crate::messages::{
    ApReply, ApRequest, Authenticator, Codec, EncApReplyPart, EncTicketPart, EncryptedData, EncryptionKey, KrbError,
    error_code,
};
use crate::transited::{self, Capaths};
use crate::{Principal, Random, Timestamp};

/// What an acceptor has at hand: keys, its principal if pinned, tolerance, replay cache. One serves all connections.
#[derive(Debug)]
pub struct Acceptor {
    keys: RwLock<Arc<ServiceKeys>>,
    service: Option<Principal>,
    clock_skew: Duration,
    replays: Option<Mutex<ReplayCache>>,
    lenient: Option<Lenience>,
}

/// A context that was accepted. `Debug` shows neither keys nor the token.
pub struct Accepted {
    /// Who initiated.
    pub client: Principal,
    /// For which service: the principal of the key that opened the ticket.
    pub service: Principal,
    /// What the initiator asked for.
    pub flags: Flags,
    /// The token to send, if any: the AP-REP, if mutual authentication was asked for; within SPNEGO there always is one.
    pub reply: Option<Vec<u8>>,
    /// For wrapped messages.
    pub context: Context,
}

impl std::fmt::Debug for Accepted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accepted")
            .field("client", &self.client)
            .field("service", &self.service)
            .field("flags", &self.flags)
            .field("reply", &self.reply.as_ref().map(|token| format!("{} octets", token.len())))
            .field("context", &self.context)
            .finish()
    }
}

impl Acceptor {
    /// Accepts tickets for any principal of `keytab`, as MIT does by default: clocks may differ by 300 s, and no
    /// authenticator is taken twice. An empty keytab refuses all with [`Cause::NoKeytab`].
    #[must_use]
    pub fn new(keytab: Keytab) -> Self {
        Self {
            keys: RwLock::new(Arc::new(ServiceKeys::new(keytab))),
            service: None,
            clock_skew: Duration::from_secs(300),
            replays: Some(Mutex::default()),
            lenient: None,
        }
    }

    /// Accepts tickets for one service only, as after gss_acquire_cred with a name.
    #[must_use]
    pub fn with_service(self, service: Principal) -> Self {
        Self { service: Some(service), ..self }
    }

    /// Sets how far the clocks of initiator, KDC and acceptor may differ. Counted in whole seconds.
    #[must_use]
    pub fn with_clock_skew(self, clock_skew: Duration) -> Self {
        Self { clock_skew, ..self }
    }

    /// Takes authenticators any number of times, as with `KRB5RCACHETYPE=none`.
    #[must_use]
    pub fn without_replay_cache(self) -> Self {
        Self { replays: None, ..self }
    }

    /// Leaves a check out.
    #[must_use]
    pub fn lenient(self, lenience: Lenience) -> Self {
        let replays = self.replays.filter(|_| lenience != Lenience::Replays);
        Self { replays, lenient: Some(lenience), ..self }
    }

    fn leaves_out(&self, lenience: Lenience) -> bool {
        self.lenient == Some(lenience)
    }

    /// Goes on with other keys, as a server does that reads its keytab for every connection. Established contexts stay.
    pub fn replace_keytab(&self, keytab: Keytab) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ServiceKeys::new(keytab));
    }

    /// Looks at an initiator's only token, which is a krb5 token or such a token within SPNEGO. [`Acceptance`] takes
    /// SPNEGO of more than one round trip as well.
    ///
    /// # Errors
    /// Refused; the failure holds the code and, where MIT would send one, the KRB-ERROR token.
    pub fn accept(&self, token: &[u8], now: Timestamp, random: &mut dyn Random) -> Result<Accepted, AcceptFailure> {
        match Acceptance::new().step(self, token, now, random)? {
            Progress::Done(accepted) => Ok(*accepted),
            Progress::Continue(_) => Err(malformed("spnego that takes more than one round trip").into()),
        }
    }

    /// Whether there is any key to accept tickets with.
    pub(super) fn has_keys(&self) -> bool {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).any(self.service.as_ref())
    }

    /// Looks at a krb5 token without SPNEGO around it.
    pub(super) fn accept_krb5(
        &self,
        token: &[u8],
        now: Timestamp,
        random: &mut dyn Random,
    ) -> Result<Accepted, AcceptFailure> {
        let token = unframe(token)?;
        let keys = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        if !keys.any(self.service.as_ref()) {
            return Err(AcceptFailure::silent(Cause::NoKeytab));
        }
        if token.token_id != TokenId::ApRequest {
            return Err(malformed("token id is not that of an ap-req").into());
        }
        let request = ApRequest::decode(token.message)?;
        let verified = self.verify(&request, &keys, now).and_then(|verified| {
            let flags = match verified.flags(request.ap_options) {
                Ok(flags) if self.leaves_out(Lenience::NoProof) => Flags(flags.0 & !Flags::MUTUAL),
                flags => flags?,
            };
            Ok((verified, flags))
        });
        match verified {
            Ok((verified, flags)) => Ok(verified.establish(flags, random)),
            Err(cause) => {
                let mutual = request.ap_options & ap_options::MUTUAL_REQUIRED != 0;
                let reply = mutual.then(|| krb_error(&cause, &request, now));
                Err(AcceptFailure { cause, reply })
            }
        }
    }

    /// In the order of MIT's krb5_rd_req: an authenticator that is a replay is reported as such even if the ticket has
    /// expired, and an expired ticket even if the clocks differ.
    fn verify(&self, request: &ApRequest, keys: &ServiceKeys, now: Timestamp) -> Result<Verified, Cause> {
        let (ticket, service) = keys.open(&request.ticket, self.service.as_ref())?;
        let session_key = known_key(&ticket.key)?;
        if request.authenticator.etype != session_key.etype().number() {
            // KRB5_BAD_ENCTYPE, which is not one of the codes on the wire.
            return Err(Cause::Krb(error_code::GENERIC));
        }
        let authenticator = session_key
            .decrypt(usage::AP_REQ_AUTHENTICATOR, &request.authenticator.cipher)
            .map_err(|_| Cause::Krb(error_code::BAD_INTEGRITY))?;
        let authenticator = Authenticator::decode(&authenticator).map_err(|_| Cause::Krb(error_code::GENERIC))?;
        if authenticator.client != ticket.client && !self.leaves_out(Lenience::AnotherClient) {
            return Err(Cause::Krb(error_code::BADMATCH));
        }
        let (contents, issuer) = (&ticket.transited.contents, &request.ticket.server().realm);
        transited::check_ticket(ticket.flags, contents, &ticket.client.realm, issuer, &Capaths::default()).or_else(
            |refused| if self.leaves_out(Lenience::AnyRealms) { Ok(()) } else { Err(Cause::Krb(refused.code())) },
        )?;
        if let Some(replays) = &self.replays {
            let mut replays = replays.lock().unwrap_or_else(PoisonError::into_inner);
            if !replays.store(&request.authenticator.cipher, now, self.clock_skew) {
                return Err(Cause::Krb(error_code::REPEAT));
            }
        }
        self.verify_times(&ticket, authenticator.time, now)?;
        if ticket.flags & ticket_flags::INVALID != 0 && !self.leaves_out(Lenience::InvalidTickets) {
            // MIT's KRB5KRB_AP_ERR_TKT_INVALID has no number on the wire, so its token says "generic error".
            return Err(Cause::Krb(error_code::GENERIC));
        }
        let subkey = authenticator.subkey.as_ref().map(known_key).transpose()?;
        Ok(Verified { authenticator, service, session_key, subkey })
    }

    /// In whole seconds, as MIT compares them.
    fn verify_times(&self, ticket: &EncTicketPart, authenticator: Timestamp, now: Timestamp) -> Result<(), Cause> {
        let skew = i64::try_from(self.clock_skew.as_secs()).unwrap_or(i64::MAX);
        let now = now.seconds();
        if ticket.start_time.unwrap_or(ticket.auth_time).seconds().saturating_sub(now) > skew
            && !self.leaves_out(Lenience::EarlyTickets)
        {
            return Err(Cause::Krb(error_code::TKT_NYV));
        }
        if now.saturating_sub(ticket.end_time.seconds()) > skew && !self.leaves_out(Lenience::ExpiredTickets) {
            return Err(Cause::Krb(error_code::TKT_EXPIRED));
        }
        if authenticator.seconds().abs_diff(now) > skew.unsigned_abs() && !self.leaves_out(Lenience::AnyTime) {
            return Err(Cause::Krb(error_code::SKEW));
        }
        Ok(())
    }
}

/// A ticket and an authenticator that are good.
struct Verified {
    authenticator: Authenticator,
    service: Principal,
    session_key: Key,
    subkey: Option<Key>,
}

impl Verified {
    /// The flags in the authenticator's checksum. A missing checksum means no flags, and another type is verified over
    /// no data, for the sake of hand-made SMB clients (MIT, Windows).
    fn flags(&self, ap_options: u32) -> Result<Flags, Cause> {
        let Some(checksum) = &self.authenticator.checksum else { return Ok(Flags(0)) };
        if checksum.cksumtype == checksum::CHECKSUM_TYPE {
            return checksum::decode(&checksum.checksum).map_err(|_| Cause::Krb(error_code::GENERIC));
        }
        let key = &self.session_key;
        let intact = checksum.cksumtype == key.etype().checksum_type()
            && key.verify_checksum(usage::AP_REQ_AUTHENTICATOR_CHECKSUM, &[], &checksum.checksum).is_ok();
        if !intact {
            return Err(Cause::Krb(error_code::GENERIC));
        }
        let mutual = if ap_options & ap_options::MUTUAL_REQUIRED == 0 { 0 } else { Flags::MUTUAL };
        Ok(Flags(Flags::REPLAY | Flags::SEQUENCE | mutual))
    }

    fn establish(self, flags: Flags, random: &mut dyn Random) -> Accepted {
        let receive_sequence = self.authenticator.seq_number.unwrap_or(0);
        // Without mutual authentication there is no token to carry a sub-key, and MIT counts from the initiator's number.
        let (reply, acceptor_subkey, send_sequence) = if flags.has(Flags::MUTUAL) {
            let subkey = self.acceptor_etype().map(|etype| Key::random(etype, random));
            let sequence_number = initial_sequence_number(random);
            let part = EncApReplyPart {
                time: self.authenticator.time,
                // MIT sends the initiator's back where it has none of its own.
                subkey: subkey.as_ref().or(self.subkey.as_ref()).map(to_message),
                seq_number: Some(sequence_number),
            };
            let enc_part = EncryptedData {
                etype: self.session_key.etype().number(),
                kvno: None,
                cipher: self.session_key.encrypt(usage::AP_REP, &part.to_octets(), random),
            };
            let reply = frame(TokenId::ApReply, &ApReply { enc_part }.to_octets());
            (Some(reply), subkey, sequence_number)
        } else {
            (None, None, receive_sequence)
        };
        let keys = Keys { base: self.subkey.unwrap_or(self.session_key), acceptor_subkey };
        Accepted {
            client: self.authenticator.client,
            service: self.service,
            flags,
            reply,
            context: Context::new(Role::Acceptor, keys, flags, send_sequence.into(), receive_sequence.into()),
        }
    }

    /// Of what etype the sub-key is that MIT's acceptor makes: with AES always one, with RC4 only one that is better, as
    /// the tokens of RFC 1964 do not say whose key they are under.
    fn acceptor_etype(&self) -> Option<Etype> {
        let session = self.session_key.etype();
        let base = self.subkey.as_ref().unwrap_or(&self.session_key).etype();
        let chosen = etype_negotiation::choose(self.authenticator.authorization_data.as_deref(), &[base, session]);
        (base != Etype::Rc4Hmac || (chosen != Etype::Rc4Hmac && chosen != session)).then_some(chosen)
    }
}

/// A key of ours. MIT refuses etypes that are not permitted with KRB5_NOPERM_ETYPE, which its token calls "generic".
fn known_key(key: &EncryptionKey) -> Result<Key, Cause> {
    from_message(key).map_err(|_| Cause::Krb(error_code::GENERIC))
}

fn krb_error(cause: &Cause, request: &ApRequest, now: Timestamp) -> Vec<u8> {
    let code = if let Cause::Krb(code) = cause { *code } else { error_code::GENERIC };
    let error = KrbError::new(code, now, request.ticket.server().clone());
    frame(TokenId::KrbError, &error.to_octets())
}
