//! Requests within FAST (RFC 6113): the same slips to our KDC and to MIT's, and what only our own can be asked.

use std::sync::OnceLock;

use mock_kdc::{Fast, Kdc, Realm, SystemRandom};
use sha1::{Digest as _, Sha1};
use shakedown_krb5::crypto::{Etype, Key, usage};
use shakedown_krb5::fast::{
    ARMOR_AP_REQUEST, Armor, ChallengeKeys, FastBody, FastReply, FastRequest, armor_key, options, strengthened,
};
use shakedown_krb5::messages::flags::kdc_options;
use shakedown_krb5::messages::{
    ApRequest, Authenticator, AuthorizationElement, AuthorizationList, Checksum, Codec as _, EncKdcReplyPart,
    EncryptedData, Exchange, KdcReply, KdcRequest, KrbError, PaData, PreauthEncTimestamp, Ticket, ad_type, padata_type,
};
use shakedown_krb5::{Credential, Timestamp};

use crate::against_mit::{login, now, ours};
use crate::mit;
use crate::request::{AsRequest, PASSWORD, Proof, TgsRequest, key, principal};
use crate::world::{code, realm};

fn fast_kdc() -> Kdc {
    static KDC: OnceLock<Kdc> = OnceLock::new();
    let realm = || Realm { fast: Fast::Offered, ..realm() };
    KDC.get_or_init(|| Kdc::new(&realm(), &mut SystemRandom).unwrap()).fork()
}

/// What proves the password within the tunnel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    /// An encrypted challenge with a time so many seconds off.
    Challenge(&'static str, i64),
    /// A challenge that is no EncryptedData.
    NoChallenge,
    /// Something else than a time under the right key.
    NoTime,
    /// An encrypted timestamp, which nobody should use here.
    Timestamp,
}

/// One thing that is wrong with the armor or the tunnel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slip {
    None,
    NoFastRequest,
    NoArmor,
    UnknownArmor,
    NoApRequest,
    ChangedTicket,
    TicketOfNobody,
    UnknownKvno,
    ChangedAuthenticator,
    AnotherClient,
    /// The authenticator's time is so many seconds off.
    Clock(i64),
    NoSubkey,
    ChangedRequest,
    AnotherEtype,
    NoRequestWithin,
    WrongChecksum,
    UnkeyedChecksum,
    UnknownChecksum,
    Options(u32),
}

/// An AS-REQ within FAST.
#[derive(Clone)]
struct Armored {
    request: AsRequest,
    within: Within,
    slip: Slip,
}

impl Armored {
    fn good(now: Timestamp) -> Self {
        let request = AsRequest { proof: Proof::Missing, wants_checksum: true, ..AsRequest::good(now) };
        Self { request, within: Within::Challenge(PASSWORD, 0), slip: Slip::None }
    }

    /// The request, and the key of the tunnel.
    fn octets(&self, ticket: &Credential, now: Timestamp) -> (Vec<u8>, Key) {
        let plain = KdcRequest::decode(&self.request.octets()).unwrap();
        let subkey = Key::random(ticket.key.etype(), &mut SystemRandom);
        let tunnel = armor_key(&subkey, &ticket.key);
        let mut padata = plain.padata.clone();
        padata.extend(self.proof(&tunnel, now));
        let chosen = if let Slip::Options(options) = self.slip { options } else { 0 };
        let inner = FastBody::new(chosen, padata, plain.body().clone());
        let armor = Armor {
            armor_type: if self.slip == Slip::UnknownArmor { 4711 } else { ARMOR_AP_REQUEST },
            armor_value: if self.slip == Slip::NoApRequest {
                b"nothing".to_vec()
            } else {
                self.shown(ticket, &subkey, now).to_octets()
            },
        };
        let armor = (self.slip != Slip::NoArmor).then_some(armor);
        let mut fast = FastRequest::seal(armor, &tunnel, plain.body_octets(), &inner, &mut SystemRandom);
        spoil(&mut fast, self.slip, &tunnel, plain.body_octets());
        let fast = match self.slip {
            Slip::NoFastRequest => PaData { padata_type: padata_type::FX_FAST, padata_value: b"nothing".to_vec() },
            _ => PaData::new(padata_type::FX_FAST, &fast),
        };
        (KdcRequest::new(Exchange::As, vec![fast], plain.body().clone()).to_octets(), tunnel)
    }

    fn proof(&self, tunnel: &Key, now: Timestamp) -> Option<PaData> {
        let etype = Etype::Aes256Sha1;
        let client = self.request.client.unwrap_or("alice");
        let challenge = |password, plain: &[u8]| {
            let key = ChallengeKeys::new(tunnel, &key(client, password, etype)).client;
            let cipher = key.encrypt(usage::ENCRYPTED_CHALLENGE_CLIENT, plain, &mut SystemRandom);
            let sealed = EncryptedData { etype: key.etype().number(), kvno: None, cipher };
            PaData::new(padata_type::ENCRYPTED_CHALLENGE, &sealed)
        };
        let stamp = |seconds| PreauthEncTimestamp { time: now.offset_seconds(seconds) };
        Some(match self.within {
            Within::Nothing => return None,
            Within::Challenge(password, seconds) => challenge(password, &stamp(seconds).to_octets()),
            Within::NoChallenge => {
                PaData { padata_type: padata_type::ENCRYPTED_CHALLENGE, padata_value: b"nothing".to_vec() }
            }
            Within::NoTime => challenge(PASSWORD, b"no time at all"),
            Within::Timestamp => {
                let key = key(client, PASSWORD, etype);
                let sealed = EncryptedData::seal(&key, usage::PA_ENC_TIMESTAMP, &stamp(0), &mut SystemRandom);
                PaData::new(padata_type::ENC_TIMESTAMP, &sealed)
            }
        })
    }

    fn shown(&self, ticket: &Credential, subkey: &Key, now: Timestamp) -> ApRequest {
        let seconds = if let Slip::Clock(seconds) = self.slip { seconds } else { 0 };
        let authenticator = Authenticator {
            client: if self.slip == Slip::AnotherClient { principal("bob") } else { ticket.client.clone() },
            checksum: None,
            time: now.offset_seconds(seconds),
            subkey: (self.slip != Slip::NoSubkey).then(|| subkey.into()),
            seq_number: None,
            authorization_data: None,
        };
        let usage = usage::AP_REQ_AUTHENTICATOR;
        let mut authenticator = EncryptedData::seal(&ticket.key, usage, &authenticator, &mut SystemRandom);
        if self.slip == Slip::ChangedAuthenticator {
            authenticator.cipher[20] ^= 1;
        }
        let ticket = Ticket::decode(&ticket.ticket).unwrap();
        let (mut server, mut sealed) = (ticket.server().clone(), ticket.enc_part().clone());
        match self.slip {
            Slip::ChangedTicket => sealed.cipher[20] ^= 1,
            Slip::TicketOfNobody => server = principal("nobody/nowhere"),
            Slip::UnknownKvno => sealed.kvno = Some(77),
            _ => {}
        }
        ApRequest { ap_options: 0, ticket: Ticket::new(server, sealed), authenticator }
    }
}

/// What is wrong with the tunnel itself.
fn spoil(fast: &mut FastRequest, slip: Slip, tunnel: &Key, outside: &[u8]) {
    match slip {
        Slip::ChangedRequest => fast.enc_fast_req.cipher[20] ^= 1,
        Slip::AnotherEtype => fast.enc_fast_req.etype = 17,
        Slip::NoRequestWithin => {
            let cipher = tunnel.encrypt(usage::FAST_REQUEST, b"nothing", &mut SystemRandom);
            fast.enc_fast_req.cipher = cipher;
        }
        Slip::WrongChecksum => {
            fast.checksum.checksum = tunnel.checksum(usage::FAST_REQUEST_CHECKSUM, b"another request");
        }
        Slip::UnkeyedChecksum => fast.checksum = Checksum { cksumtype: 14, checksum: Sha1::digest(outside).to_vec() },
        Slip::UnknownChecksum => fast.checksum = Checksum { cksumtype: 4711, checksum: vec![0; 12] },
        _ => {}
    }
}

fn types(padata: &[PaData]) -> Vec<i32> {
    // SPAKE (151) is what MIT's KDC can do beside.
    padata.iter().map(|data| data.padata_type).filter(|number| *number != 151).collect()
}

fn within(padata: &[PaData], tunnel: &Key) -> Option<shakedown_krb5::fast::FastResponse> {
    let reply = FastReply::decode(PaData::find(padata, padata_type::FX_FAST)?).ok()?;
    Some(reply.open(tunnel).expect("the reply is under the key of the tunnel").unwrap())
}

/// All of an answer that is not random, outside the tunnel and within.
fn answer(octets: Option<Vec<u8>>, tunnel: &Key, reply_key: &Key) -> String {
    let usage = match octets.as_deref() {
        Some([0x7e, ..]) => return error(&octets.unwrap(), tunnel),
        Some([0x6b, ..]) => usage::AS_REP,
        Some([0x6d, ..]) => usage::TGS_REP_SUBKEY,
        _ => return "silence".to_owned(),
    };
    let reply = KdcReply::decode(&octets.unwrap()).unwrap();
    let Some(response) = within(&reply.padata, tunnel) else { return "ticket outside the tunnel".to_owned() };
    let strengthen_key = Key::try_from(response.strengthen_key.as_ref().unwrap()).unwrap();
    let reply_key = strengthened(&strengthen_key, reply_key);
    let part = EncKdcReplyPart::decode(&reply.enc_part.open(&reply_key, usage).unwrap()).unwrap();
    let finished = response.finished.unwrap();
    finished.verify(tunnel, reply.ticket.octets()).unwrap();
    assert_eq!(response.nonce, part.nonce);
    format!(
        "ticket {:?} within {:?} for {} named {} strengthened by {} etype {} flags {:08x} protected {:?}",
        types(&reply.padata),
        types(&response.padata),
        finished.client,
        reply.client,
        strengthen_key.etype(),
        reply.enc_part.etype,
        part.flags,
        part.encrypted_padata.as_deref().map(types),
    )
}

fn error(octets: &[u8], tunnel: &Key) -> String {
    let outer = KrbError::decode(octets).unwrap();
    let named = |error: &KrbError| {
        let name = error.cname.clone().zip(error.crealm.clone()).map(|(name, realm)| name.at(realm));
        name.map(|name| name.to_string())
    };
    let show = |error: &KrbError| format!("{} {} of {:?}", error.error_code, error.text(), named(error));
    match within(&outer.method_data(), tunnel) {
        None => format!("{} without tunnel {:?}", show(&outer), types(&outer.method_data())),
        Some(response) => {
            let inner = PaData::find(&response.padata, padata_type::FX_ERROR).unwrap();
            let inner = KrbError::decode(inner).unwrap();
            assert!(inner.e_data.is_none() && response.finished.is_none());
            format!(
                "{} {:?} | {} {:?}",
                show(&outer),
                types(&outer.method_data()),
                show(&inner),
                types(&response.padata)
            )
        }
    }
}

#[test]
fn the_as_exchange_within_fast_decides_as_mit_s_does() {
    let Some(theirs) = mit::start() else { return };
    let kdc = fast_kdc();
    let now = now();
    let good = Armored::good(now);
    let slip = |slip| Armored { slip, ..good.clone() };
    let proof = |within| Armored { within, ..good.clone() };
    let of = |client, within| Armored {
        request: AsRequest { client: Some(client), ..good.request.clone() },
        within,
        ..good.clone()
    };
    let nobody = || Armored { request: AsRequest { client: None, ..good.request.clone() }, ..good.clone() };
    let requests = [
        ("good", good.clone()),
        (
            "without a checksum of the request",
            Armored { request: AsRequest { wants_checksum: false, ..good.request.clone() }, ..good.clone() },
        ),
        ("no proof", proof(Within::Nothing)),
        ("no proof needed", of("bob", Within::Nothing)),
        ("wrong password", proof(Within::Challenge("wrong", 0))),
        ("clock 290 s ahead", proof(Within::Challenge(PASSWORD, 290))),
        ("clock 310 s ahead", proof(Within::Challenge(PASSWORD, 310))),
        ("clock 310 s behind", proof(Within::Challenge(PASSWORD, -310))),
        ("no challenge", proof(Within::NoChallenge)),
        ("no time", proof(Within::NoTime)),
        ("encrypted timestamp", proof(Within::Timestamp)),
        ("unknown client", of("nobody", Within::Nothing)),
        ("locked client", of("locked", Within::Nothing)),
        ("no client", nobody()),
        (
            "unknown server",
            Armored { request: AsRequest { server: Some("nobody/db.test"), ..good.request.clone() }, ..good.clone() },
        ),
        (
            "option of a TGS-REQ",
            Armored { request: AsRequest { options: kdc_options::RENEW, ..good.request.clone() }, ..good.clone() },
        ),
        ("no request of FAST", slip(Slip::NoFastRequest)),
        ("no armor", slip(Slip::NoArmor)),
        ("unknown armor", slip(Slip::UnknownArmor)),
        ("armor that is none", slip(Slip::NoApRequest)),
        ("changed ticket", slip(Slip::ChangedTicket)),
        ("ticket of nobody", slip(Slip::TicketOfNobody)),
        ("unknown kvno", slip(Slip::UnknownKvno)),
        ("changed authenticator", slip(Slip::ChangedAuthenticator)),
        ("another client's authenticator", slip(Slip::AnotherClient)),
        ("armor 290 s ahead", slip(Slip::Clock(290))),
        ("armor 310 s ahead", slip(Slip::Clock(310))),
        ("armor without a sub-key", slip(Slip::NoSubkey)),
        ("changed request", slip(Slip::ChangedRequest)),
        ("another etype than the tunnel's", slip(Slip::AnotherEtype)),
        ("nothing within", slip(Slip::NoRequestWithin)),
        ("wrong checksum", slip(Slip::WrongChecksum)),
        ("unkeyed checksum", slip(Slip::UnkeyedChecksum)),
        ("unknown checksum", slip(Slip::UnknownChecksum)),
        ("names hidden", slip(Slip::Options(options::HIDE_CLIENT_NAMES))),
        (
            "names hidden, no proof",
            Armored { within: Within::Nothing, ..slip(Slip::Options(options::HIDE_CLIENT_NAMES)) },
        ),
        ("unknown critical option", slip(Slip::Options(1 << 29))),
        ("reserved critical option", slip(Slip::Options(1 << 31))),
        ("last critical option", slip(Slip::Options(1 << 16))),
        ("referrals followed", slip(Slip::Options(options::KDC_FOLLOW_REFERRALS))),
        ("unknown option", slip(Slip::Options(1))),
    ];
    let their_tgt = login(|request| theirs.answer(request), 0);
    let our_tgt = login(|request| ours(&kdc, request), 0);
    let reply_key = key("alice", PASSWORD, Etype::Aes256Sha1);
    let bob = key("bob", PASSWORD, Etype::Aes256Sha1);
    let mut differences = Vec::new();
    for (name, request) in requests {
        let reply_key = if request.request.client == Some("bob") { &bob } else { &reply_key };
        let (octets, tunnel) = request.octets(&their_tgt, now);
        let theirs = answer(theirs.answer(&octets), &tunnel, reply_key);
        let (octets, tunnel) = request.octets(&our_tgt, now);
        let ours = answer(ours(&kdc, &octets), &tunnel, reply_key);
        if theirs != ours {
            differences.push(format!("{name}:\n  MIT  {theirs}\n  ours {ours}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// A TGS-REQ within FAST.
#[derive(Clone, Copy)]
struct Inner {
    server: Option<&'static str>,
    options: u32,
    fast_options: u32,
    slip: Slip,
}

impl Inner {
    /// The request, the key of the tunnel, and the sub-key.
    fn octets(self, tgt: &Credential, now: Timestamp) -> (Vec<u8>, Key, Key) {
        let plain = TgsRequest { server: self.server, options: self.options, ..TgsRequest::good(tgt, now) };
        let plain = KdcRequest::decode(&plain.octets()).unwrap();
        let mut outer = plain.body().clone();
        // Only what is within counts.
        outer.nonce ^= 1;
        outer.sname = Some((&principal("outside/db.test")).into());
        let outer = KdcRequest::new(Exchange::Tgs, Vec::new(), outer);
        let subkey = Key::random(tgt.key.etype(), &mut SystemRandom);
        let authenticator = Authenticator {
            client: tgt.client.clone(),
            checksum: Some(Checksum {
                cksumtype: tgt.key.etype().checksum_type(),
                checksum: tgt.key.checksum(usage::TGS_REQ_AUTHENTICATOR_CHECKSUM, outer.body_octets()),
            }),
            time: now,
            subkey: (self.slip != Slip::NoSubkey).then(|| (&subkey).into()),
            seq_number: None,
            authorization_data: None,
        };
        let usage = usage::TGS_REQ_AUTHENTICATOR;
        let authenticator = EncryptedData::seal(&tgt.key, usage, &authenticator, &mut SystemRandom);
        let ticket = Ticket::decode(&tgt.ticket).unwrap();
        let shown = PaData::new(padata_type::TGS_REQ, &ApRequest { ap_options: 0, ticket, authenticator });
        let tunnel = armor_key(&subkey, &tgt.key);
        let body = FastBody::new(self.fast_options, Vec::new(), plain.body().clone());
        let outside = &shown.padata_value;
        let armor = (self.slip == Slip::UnknownArmor)
            .then(|| Armor { armor_type: ARMOR_AP_REQUEST, armor_value: outside.clone() });
        let mut fast = FastRequest::seal(armor, &tunnel, outside, &body, &mut SystemRandom);
        spoil(&mut fast, self.slip, &tunnel, outside);
        let padata = vec![shown, PaData::new(padata_type::FX_FAST, &fast)];
        (KdcRequest::new(Exchange::Tgs, padata, outer.body().clone()).to_octets(), tunnel, subkey)
    }
}

const INNER: Inner = Inner { server: Some("postgres/db.test"), options: 0, fast_options: 0, slip: Slip::None };

#[test]
fn the_tgs_exchange_within_fast_decides_as_mit_s_does() {
    let Some(theirs) = mit::start() else { return };
    let kdc = fast_kdc();
    let now = now();
    let slip = |slip| Inner { slip, ..INNER };
    let requests = [
        ("good", INNER),
        ("forwarded", Inner { options: kdc_options::FORWARDED, ..INNER }),
        ("unknown service", Inner { server: Some("nobody/db.test"), ..INNER }),
        ("names hidden", Inner { fast_options: options::HIDE_CLIENT_NAMES, ..INNER }),
        (
            "names hidden, unknown service",
            Inner { server: Some("nobody/db.test"), fast_options: options::HIDE_CLIENT_NAMES, ..INNER },
        ),
        ("unknown critical option", Inner { fast_options: 1 << 29, ..INNER }),
        ("armor of its own", slip(Slip::UnknownArmor)),
        ("no sub-key", slip(Slip::NoSubkey)),
        ("changed request", slip(Slip::ChangedRequest)),
        ("nothing within", slip(Slip::NoRequestWithin)),
        ("wrong checksum", slip(Slip::WrongChecksum)),
        ("unkeyed checksum", slip(Slip::UnkeyedChecksum)),
        ("unknown checksum", slip(Slip::UnknownChecksum)),
    ];
    let their_tgt = login(|request| theirs.answer(request), 0);
    let our_tgt = login(|request| ours(&kdc, request), 0);
    let mut differences = Vec::new();
    for (name, request) in requests {
        let (octets, tunnel, subkey) = request.octets(&their_tgt, now);
        let theirs = answer(theirs.answer(&octets), &tunnel, &subkey);
        let (octets, tunnel, subkey) = request.octets(&our_tgt, now);
        let ours = answer(ours(&kdc, &octets), &tunnel, &subkey);
        if theirs != ours {
            differences.push(format!("{name}:\n  MIT  {theirs}\n  ours {ours}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// A ticket for a service, of a KDC.
fn service_ticket(answer: impl Fn(&[u8]) -> Option<Vec<u8>>, tgt: &Credential, now: Timestamp) -> Credential {
    let reply = KdcReply::decode(&answer(&TgsRequest::good(tgt, now).octets()).unwrap()).unwrap();
    let part = reply.enc_part.open(&tgt.key, usage::TGS_REP_SESSION_KEY).unwrap();
    let part = EncKdcReplyPart::decode(&part).unwrap();
    Credential {
        key: Key::try_from(&part.key).unwrap(),
        server: part.server,
        ticket: reply.ticket.octets().to_vec(),
        ..tgt.clone()
    }
}

/// MIT's KDC has no name for its error then and stays silent; ours tells it.
#[test]
fn a_request_within_that_names_no_service_is_refused() {
    let kdc = fast_kdc();
    let now = now();
    let tgt = login(|request| ours(&kdc, request), 0);
    let (octets, ..) = Inner { server: None, ..INNER }.octets(&tgt, now);
    assert_eq!(code(&kdc, &octets, now), 7);
}

#[test]
fn only_a_ticket_granting_ticket_is_armor() {
    let kdc = fast_kdc();
    let now = now();
    let tgt = login(|request| ours(&kdc, request), 0);
    let service = service_ticket(|request| ours(&kdc, request), &tgt, now);
    let (octets, tunnel) = Armored::good(now).octets(&service, now);
    let key = key("alice", PASSWORD, Etype::Aes256Sha1);
    let found = answer(ours(&kdc, &octets), &tunnel, &key);
    assert_eq!(found, "26 FIND_FAST of Some(\"alice@CORP.EXAMPLE.COM\") without tunnel []");
    if let Some(theirs) = mit::start() {
        let tgt = login(|request| theirs.answer(request), 0);
        let service = service_ticket(|request| theirs.answer(request), &tgt, now);
        let (octets, tunnel) = Armored::good(now).octets(&service, now);
        assert_eq!(answer(theirs.answer(&octets), &tunnel, &key), found);
    }
}

#[test]
fn armor_that_has_ended_or_not_begun_is_refused() {
    let kdc = fast_kdc();
    let now = now();
    let tgt = login(|request| ours(&kdc, request), 0);
    for (seconds, expected) in [(3600 + 299, 0), (3600 + 302, 32), (-299, 0), (-302, 33)] {
        let then = now.offset_seconds(seconds);
        let (octets, _) = Armored::good(then).octets(&tgt, then);
        assert_eq!(code(&kdc, &octets, then), expected, "{seconds}");
    }
}

/// The counter-check of all above: a KDC that does not offer it answers outside, to what is outside.
#[test]
fn a_realm_without_fast_reads_over_it() {
    let kdc = crate::world::new_kdc();
    let now = now();
    let tgt = login(|request| ours(&kdc, request), 0);
    let (octets, _) = Armored::good(now).octets(&tgt, now);
    assert_eq!(code(&kdc, &octets, now), 25);
    let hints = KrbError::decode(&ours(&kdc, &octets).unwrap()).unwrap().method_data();
    assert_eq!(types(&hints), [19, 2, 133]);
    let (octets, ..) = INNER.octets(&tgt, now);
    assert_eq!(code(&kdc, &octets, now), 7);
}

#[test]
fn a_ticket_that_is_only_armor_buys_nothing_else() {
    for kdc in [fast_kdc(), crate::world::new_kdc()] {
        let now = now();
        let tgt = login(|request| ours(&kdc, request), 0);
        let marked = |list: &[AuthorizationElement]| {
            let request = TgsRequest::good(&tgt, now).marked(list);
            code(&kdc, &request, now)
        };
        let armor = || AuthorizationElement { ad_type: ad_type::FX_ARMOR, ad_data: Vec::new() };
        let hidden = |inner| AuthorizationElement {
            ad_type: ad_type::IF_RELEVANT,
            ad_data: AuthorizationList(vec![inner]).to_octets(),
        };
        assert_eq!(marked(&[]), 0);
        assert_eq!(marked(&[armor()]), 12);
        assert_eq!(marked(&[hidden(armor())]), 12);
        assert_eq!(marked(&[hidden(AuthorizationElement { ad_type: 4711, ad_data: Vec::new() })]), 0);
    }
}

#[test]
fn each_truncation_of_a_request_within_fast_gets_an_answer_or_silence() {
    let kdc = fast_kdc();
    let now = now();
    let tgt = login(|request| ours(&kdc, request), 0);
    let (octets, _) = Armored::good(now).octets(&tgt, now);
    for length in 0..octets.len() {
        assert_eq!(ours(&kdc, &octets[..length]), None, "{length}");
    }
    let fast = KdcRequest::decode(&octets).unwrap().padata(padata_type::FX_FAST).unwrap().to_vec();
    for length in 0..fast.len() {
        let cut = PaData { padata_type: padata_type::FX_FAST, padata_value: fast[..length].to_vec() };
        let body = KdcRequest::decode(&octets).unwrap().body().clone();
        assert_eq!(code(&kdc, &KdcRequest::new(Exchange::As, vec![cut], body).to_octets(), now), 60, "{length}");
    }
}
