use super::kdc::{Draft, alice, alice_key, entry, error, preauth_required};
use super::*;
use crate::Principal;
use crate::crypto::{Etype, Key, string_to_key, usage};
use crate::messages::flags::{kdc_options, ticket};
use crate::messages::*;
use crate::principal::name_type;
use proptest::prelude::*;
use std::time::Duration;

fn settings() -> AsSettings {
    AsSettings::new(alice(), alice_key().into())
}

/// Answers the first request with `reply` of it.
fn answered(settings: AsSettings, reply: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<Action, KerberosFailure> {
    let (mut exchange, mut random) = (AsExchange::new(settings), Counting::default());
    let request = sent(exchange.next(None, NOW, &mut random));
    exchange.next(Some(&reply(&request.message)), NOW, &mut random)
}

/// Which rejection a reply has that is right but for `change`.
fn rejected_for(settings: AsSettings, change: impl FnOnce(&mut Draft)) -> Option<KerberosFailure> {
    answered(settings, |request| {
        let mut draft = Draft::of_as(request);
        change(&mut draft);
        draft.encode(Exchange::As)
    })
    .err()
}

/// The request that follows `error`, with its timestamp, decrypted.
fn preauthenticated(settings: AsSettings, error: &KrbError, key: &Key) -> (KdcRequest, PreauthEncTimestamp) {
    let request = sent(answered(settings, |_| error.to_octets()));
    let request = KdcRequest::decode(&request.message).unwrap();
    let data = EncryptedData::decode(request.padata(padata_type::ENC_TIMESTAMP).unwrap()).unwrap();
    let plain = data.open(key, usage::PA_ENC_TIMESTAMP).unwrap();
    (request, PreauthEncTimestamp::decode(&plain).unwrap())
}

#[test]
fn the_first_request_is_that_of_kinit() {
    let mut exchange = AsExchange::new(settings());
    let request = sent(exchange.next(None, NOW, &mut Counting::default()));
    assert_eq!((request.transport, request.realm.as_slice()), (Transport::Udp, &b"R"[..]));
    let request = KdcRequest::decode(&request.message).unwrap();
    assert_eq!(request.padata, [PaData::empty(padata_type::REQ_ENC_PA_REP)]);
    let body = request.body();
    assert_eq!((body.client(), body.server()), (Some(alice()), Some(Principal::krbtgt(b"R"))));
    assert_eq!(body.kdc_options, kdc_options::RENEWABLE_OK);
    assert_eq!(body.till, NOW.offset_seconds(86_400));
    assert_eq!(body.etypes, [18, 17, 20, 19]);
    struct Ones;
    impl Random for Ones {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(0xff);
        }
    }
    let request = sent(AsExchange::new(settings()).next(None, NOW, &mut Ones));
    assert_eq!(KdcRequest::decode(&request.message).unwrap().body().nonce, 0x7fff_ffff);
}

#[test]
fn a_good_reply_is_a_ticket() {
    let credential = done(answered(settings(), |request| Draft::of_as(request).encode(Exchange::As)));
    assert_eq!((credential.client, credential.server), (alice(), Principal::krbtgt(b"R")));
    assert_eq!(credential.key, super::kdc::session_key());
    assert_eq!((credential.start_time, credential.end_time), (NOW, NOW.offset_seconds(86_400)));
    assert_eq!(Ticket::decode(&credential.ticket).unwrap().server(), &Principal::krbtgt(b"R"));
}

#[test]
fn each_field_that_libkrb5_checks_is_checked() {
    let late = NOW.offset_seconds(86_401);
    type Change = fn(&mut Draft);
    let changes: [(&str, Change); 8] = [
        (rejected::NONCE, |draft| draft.part.nonce ^= 1),
        (rejected::CNAME, |draft| draft.client = Principal::new(&["bob"], "R")),
        (rejected::CNAME, |draft| draft.client = Principal::new(&["alice"], "Q")),
        (rejected::SNAME, |draft| draft.part.server = Principal::krbtgt(b"Q")),
        (rejected::TICKET_SNAME, |draft| draft.ticket_server = Principal::krbtgt(b"Q")),
        (rejected::REQUEST_CHECKSUM, |draft| draft.part.encrypted_padata = None),
        (rejected::INTEGRITY, |draft| draft.key = super::kdc::session_key()),
        (rejected::SESSION_KEY, |draft| draft.part.key.etype = 23),
    ];
    for (field, change) in changes {
        assert_eq!(rejected_for(settings(), change), rejection(field));
    }
    assert_eq!(rejected_for(settings(), |draft| draft.part.end_time = late), rejection(rejected::ENDTIME));
    assert_eq!(rejected_for(settings(), |draft| draft.usage = usage::TGS_REP_SUBKEY), rejection(rejected::INTEGRITY));
    assert_eq!(rejected_for(settings(), |draft| draft.part.tag = EncPartTag::Tgs), None, "MIT's KDC does so");
    assert_eq!(rejected_for(settings(), |_| {}), None);
}

#[test]
fn a_ticket_is_renewable_no_longer_than_asked() {
    let renewable = |draft: &mut Draft, seconds| {
        draft.part.flags |= ticket::RENEWABLE;
        draft.part.renew_till = Some(NOW.offset_seconds(seconds));
    };
    let asked = AsSettings { renewable: Some(Duration::from_secs(200_000)), ..settings() };
    assert_eq!(rejected_for(asked.clone(), |draft| renewable(draft, 200_000)), None);
    assert_eq!(rejected_for(asked, |draft| renewable(draft, 200_001)), rejection(rejected::RENEW_TILL));
    // RENEWABLE-OK: renewable instead of long, but no longer than the life that was asked for.
    assert_eq!(rejected_for(settings(), |draft| renewable(draft, 86_400)), None);
    assert_eq!(rejected_for(settings(), |draft| renewable(draft, 86_401)), rejection(rejected::RENEW_TILL));
    let without_flag = rejected_for(settings(), |draft| {
        renewable(draft, 86_401);
        draft.part.flags &= !ticket::RENEWABLE;
    });
    assert_eq!(without_flag, None, "a time without the flag means nothing");
}

#[test]
fn the_request_checksum_is_due_only_with_its_flag() {
    let without = rejected_for(settings(), |draft| {
        draft.part.flags &= !ticket::ENC_PA_REP;
        draft.part.encrypted_padata = None;
    });
    assert_eq!(without, None);
    let wrong = rejected_for(settings(), |draft| {
        let checksum = Checksum { cksumtype: 16, checksum: alice_key().checksum(usage::AS_REQ_CHECKSUM, b"other") };
        draft.part.encrypted_padata = Some(vec![PaData::new(padata_type::REQ_ENC_PA_REP, &checksum)]);
    });
    assert_eq!(wrong, rejection(rejected::REQUEST_CHECKSUM));
    let unknown_type = answered(settings(), |request| {
        let mut draft = Draft::of_as(request);
        let checksum = Checksum { cksumtype: 7, checksum: alice_key().checksum(usage::AS_REQ_CHECKSUM, request) };
        draft.part.encrypted_padata = Some(vec![PaData::new(padata_type::REQ_ENC_PA_REP, &checksum)]);
        draft.encode(Exchange::As)
    });
    assert_eq!(unknown_type.err(), rejection(rejected::REQUEST_CHECKSUM));
}

#[test]
fn the_start_matters_where_the_kdcs_time_is_not_believed() {
    let shifted = |trust_kdc_time, seconds| {
        let settings = AsSettings { trust_kdc_time, ..settings() };
        rejected_for(settings, |draft| draft.part.auth_time = NOW.offset_seconds(seconds))
    };
    assert_eq!(shifted(false, 300), None);
    assert_eq!(shifted(false, 301), rejection(rejected::STARTTIME));
    assert_eq!(shifted(false, -301), rejection(rejected::STARTTIME));
    assert_eq!(shifted(true, -100_000), None);
}

#[test]
fn canonicalize_allows_another_client_name_and_another_krbtgt() {
    let canonicalize = AsSettings { kdc_options: kdc_options::CANONICALIZE, ..settings() };
    let enterprise = alice().with_name_type(name_type::ENTERPRISE);
    let enterprise = AsSettings { client: enterprise, ..settings() };
    for settings in [canonicalize.clone(), enterprise] {
        assert_eq!(rejected_for(settings, |draft| draft.client = Principal::new(&["Alice"], "R")), None);
    }
    let other_krbtgt = |draft: &mut Draft| {
        draft.part.server = Principal::krbtgt(b"Q");
        draft.ticket_server = Principal::krbtgt(b"Q");
    };
    assert_eq!(rejected_for(canonicalize.clone(), other_krbtgt), None);
    let service = AsSettings { server: Principal::new(&["kadmin", "changepw"], "R"), ..canonicalize };
    assert_eq!(rejected_for(service, other_krbtgt), rejection(rejected::SNAME));
}

#[test]
fn the_timestamp_has_the_kdcs_time_and_the_cookie_comes_back() {
    let mut error = preauth_required(vec![entry(18, None, None)]);
    error.server_time = NOW.offset_seconds(5000) + Duration::from_micros(123_456);
    let (request, timestamp) = preauthenticated(settings(), &error, &alice_key());
    assert_eq!(timestamp.time, error.server_time);
    assert_eq!(request.padata(padata_type::FX_COOKIE), Some(&b"biscuit"[..]));
    assert_eq!(request.body().till, NOW.offset_seconds(5000 + 86_400), "times are the KDC's from here on");

    let own = AsSettings { trust_kdc_time: false, ..settings() };
    assert_eq!(preauthenticated(own, &error, &alice_key()).1.time, NOW);
}

#[test]
fn salt_and_iterations_are_what_the_kdc_says() {
    let password = AsSettings { secret: Secret::password("pw"), ..settings() };
    let key = |salt: &[u8], count: Option<u32>| {
        string_to_key(Etype::Aes256Sha1, b"pw", salt, count.map(u32::to_be_bytes).as_ref().map(|c| &c[..])).unwrap()
    };
    let said = preauth_required(vec![entry(18, Some("other salt"), Some(5000))]);
    preauthenticated(password.clone(), &said, &key(b"other salt", Some(5000)));
    let unsaid = preauth_required(vec![entry(18, None, Some(5000))]);
    preauthenticated(password.clone(), &unsaid, &key(b"Ralice", Some(5000)));

    // So many iterations that nobody would wait for them.
    let endless = preauth_required(vec![entry(18, None, Some(u32::MAX))]);
    let failure = answered(password, |_| endless.to_octets()).unwrap_err();
    assert_eq!(Some(failure), rejection(rejected::S2K_PARAMS));
}

#[test]
fn the_salt_of_a_reply_makes_the_key_where_no_error_came_first() {
    let key = string_to_key(Etype::Aes256Sha1, b"pw", b"salt", Some(&5000_u32.to_be_bytes())).unwrap();
    let settings = AsSettings { secret: Secret::password("pw"), ..settings() };
    let reply = |padata: Vec<PaData>| {
        rejected_for(settings.clone(), |draft| {
            draft.padata = padata;
            draft.key = key.clone();
            draft.part.flags &= !ticket::ENC_PA_REP;
        })
    };
    assert_eq!(
        reply(vec![PaData::new(padata_type::ETYPE_INFO2, &EtypeInfo2(vec![entry(18, Some("salt"), Some(5000))]))]),
        None
    );
    assert_eq!(reply(Vec::new()), rejection(rejected::INTEGRITY));
}

#[test]
fn a_salt_that_changes_between_error_and_reply_makes_another_key() {
    let key = |salt: &[u8]| string_to_key(Etype::Aes256Sha1, b"pw", salt, Some(&5000_u32.to_be_bytes())).unwrap();
    let info = |salt| vec![entry(18, Some(salt), Some(5000))];
    let settings = AsSettings { secret: Secret::password("pw"), ..settings() };
    let (mut exchange, mut random) = (AsExchange::new(settings), Counting::default());
    sent(exchange.next(None, NOW, &mut random));
    let request = sent(exchange.next(Some(&preauth_required(info("old")).to_octets()), NOW, &mut random));
    let mut draft = Draft::of_as(&request.message);
    draft.part.flags &= !ticket::ENC_PA_REP;
    draft.padata = vec![PaData::new(padata_type::ETYPE_INFO2, &EtypeInfo2(info("new")))];
    draft.key = key(b"new");
    done(exchange.next(Some(&draft.encode(Exchange::As)), NOW, &mut random));
}

#[test]
fn the_clients_order_of_etypes_decides_and_a_keytabs_come_first() {
    let key19 = Key::new(Etype::Aes128Sha256, &[3; 16]).unwrap();
    let settings = AsSettings { secret: Secret::Keys(vec![key19.clone()]), ..settings() };
    let both = preauth_required(vec![entry(18, None, None), entry(19, None, None)]);
    let (request, _) = preauthenticated(settings.clone(), &both, &key19);
    assert_eq!(request.body().etypes, [19, 18, 17, 20]);

    let failure = |entries| answered(settings.clone(), |_| preauth_required(entries).to_octets()).err();
    assert_eq!(failure(vec![entry(23, None, None)]), rejection(rejected::ETYPE));
    assert_eq!(failure(vec![entry(18, None, None)]), rejection(rejected::LONG_TERM_KEY));
    let reply = rejected_for(AsSettings { etypes: vec![Etype::Aes128Sha1], ..self::settings() }, |_| {});
    assert_eq!(reply, rejection(rejected::ETYPE), "an etype that was not asked for");
}

#[test]
fn a_request_for_preauthentication_is_followed_once_and_only_where_we_can() {
    let required = preauth_required(vec![entry(18, None, None)]).to_octets();
    let (mut exchange, mut random) = (AsExchange::new(settings()), Counting::default());
    let first = sent(exchange.next(None, NOW, &mut random));
    let second = sent(exchange.next(Some(&required), NOW, &mut random));
    assert_ne!(first.message, second.message);
    let failure = exchange.next(Some(&required), NOW, &mut random).unwrap_err();
    assert_eq!(failure.to_string(), "krb 25");
    assert_eq!(exchange.next(None, NOW, &mut random).unwrap_err(), failure, "and so it stays");

    // Nothing is offered that is known here.
    let offered = MethodData(vec![PaData::empty(padata_type::SPAKE)]).to_octets();
    let spake_only = KrbError { e_data: Some(offered), ..error(25) };
    assert_eq!(answered(settings(), |_| spake_only.to_octets()).unwrap_err().to_string(), "krb 25");
}

#[test]
fn other_errors_end_the_exchange() {
    let refusal = KrbError { e_text: Some(b"CLIENT_NOT_FOUND".to_vec()), ..error(6) };
    let failure = answered(settings(), |_| refusal.to_octets()).unwrap_err();
    assert_eq!(failure, KerberosFailure::Kdc { code: 6, text: "CLIENT_NOT_FOUND".into() });
}

#[test]
fn a_reply_that_is_too_big_is_fetched_over_tcp_with_the_same_request() {
    let (mut exchange, mut random) = (AsExchange::new(settings()), Counting::default());
    let first = sent(exchange.next(None, NOW, &mut random));
    let too_big = error(52).to_octets();
    let again = sent(exchange.next(Some(&too_big), NOW, &mut random));
    assert_eq!((again.transport, &again.message), (Transport::Tcp, &first.message));
    let required = preauth_required(vec![entry(18, None, None)]).to_octets();
    let next = sent(exchange.next(Some(&required), NOW, &mut random));
    assert_eq!(next.transport, Transport::Tcp, "no datagrams any more");
    assert_eq!(exchange.next(Some(&too_big), NOW, &mut random).unwrap_err().to_string(), "krb 52");
}

#[test]
fn requests_beyond_the_limit_go_over_tcp() {
    let transport = |limit| {
        let mut exchange = AsExchange::new(AsSettings { udp_preference_limit: limit, ..settings() });
        let request = sent(exchange.next(None, NOW, &mut Counting::default()));
        (request.transport, request.message.len())
    };
    let (_, length) = transport(usize::MAX);
    assert_eq!(transport(length).0, Transport::Udp);
    assert_eq!(transport(length - 1).0, Transport::Tcp);
}

#[test]
fn without_a_reply_the_same_request_is_said_again() {
    let (mut exchange, mut random) = (AsExchange::new(settings()), Counting::default());
    let first = sent(exchange.next(None, NOW, &mut random));
    let again = sent(exchange.next(None, NOW.offset_seconds(1), &mut random));
    assert_eq!(first, again);
}

#[test]
fn another_realm_is_asked_where_the_client_may_be_referred() {
    let wrong_realm = |realm: &[u8]| KrbError {
        crealm: Some(realm.to_vec()),
        cname: Some((&alice()).into()),
        ..error(error_code::WRONG_REALM)
    };
    let canonicalize = AsSettings { kdc_options: kdc_options::CANONICALIZE, ..settings() };
    let (mut exchange, mut random) = (AsExchange::new(canonicalize), Counting::default());
    sent(exchange.next(None, NOW, &mut random));
    let next = sent(exchange.next(Some(&wrong_realm(b"Q").to_octets()), NOW, &mut random));
    assert_eq!(next.realm, b"Q");
    let body = KdcRequest::decode(&next.message).unwrap().body().clone();
    assert_eq!(body.server(), Some(Principal::krbtgt(b"Q")));

    for hop in 2..=10 {
        sent(exchange.next(Some(&wrong_realm(format!("Q{hop}").as_bytes()).to_octets()), NOW, &mut random));
    }
    let failure = exchange.next(Some(&wrong_realm(b"Z").to_octets()), NOW, &mut random).err();
    assert_eq!(failure, rejection(rejected::REFERRAL));

    let failure = answered(settings(), |_| wrong_realm(b"Q").to_octets()).unwrap_err();
    assert_eq!(failure.to_string(), "krb 68", "not asked for canonicalize");
}

#[test]
fn what_is_no_reply_is_rejected() {
    let other = |reply: &[u8]| answered(settings(), |_| reply.to_vec()).unwrap_err();
    assert_eq!(Some(other(b"")), rejection(rejected::MESSAGE_TYPE));
    assert_eq!(Some(other(b"HTTP/1.1 400")), rejection(rejected::MESSAGE_TYPE));
    assert!(matches!(other(&[0x6b, 0x00]), KerberosFailure::Malformed(_)));
    let tgs = answered(settings(), |request| Draft::of_as(request).encode(Exchange::Tgs)).err();
    assert_eq!(tgs, rejection(rejected::MESSAGE_TYPE));
}

#[test]
fn options_addresses_and_the_wish_for_a_pac_are_in_the_request() {
    let asked = AsSettings {
        kdc_options: kdc_options::FORWARDABLE | kdc_options::PROXIABLE | kdc_options::RENEWABLE_OK,
        renewable: Some(Duration::from_secs(60)),
        addresses: Some(vec![HostAddress { addr_type: 2, address: vec![127, 0, 0, 1] }]),
        pac: Some(false),
        ..settings()
    };
    let request = sent(AsExchange::new(asked.clone()).next(None, NOW, &mut Counting::default()));
    let request = KdcRequest::decode(&request.message).unwrap();
    let options = kdc_options::FORWARDABLE | kdc_options::PROXIABLE | kdc_options::RENEWABLE;
    assert_eq!(request.body().kdc_options, options, "renewable-ok gives way to renewable, as in libkrb5");
    assert_eq!(request.body().rtime, Some(request.body().till), "renewable for no less than it lives");
    assert_eq!(request.body().addresses, asked.addresses);
    // SEQUENCE { [0] BOOLEAN FALSE } (MS-KILE 2.2.3).
    assert_eq!(request.padata(padata_type::PAC_REQUEST), Some(&[0x30, 5, 0xa0, 3, 1, 1, 0][..]));
}

#[test]
fn a_postdated_ticket_begins_when_it_was_asked_to() {
    let asked = AsSettings { postdate: Some(Duration::from_secs(600)), trust_kdc_time: false, ..settings() };
    let request = sent(AsExchange::new(asked.clone()).next(None, NOW, &mut Counting::default()));
    let body = KdcRequest::decode(&request.message).unwrap().body().clone();
    let options = kdc_options::ALLOW_POSTDATE | kdc_options::POSTDATED | kdc_options::RENEWABLE_OK;
    assert_eq!((body.kdc_options, body.from), (options, Some(NOW.offset_seconds(600))));
    assert_eq!(body.till, NOW.offset_seconds(600 + 86_400));
    let begins =
        |seconds| rejected_for(asked.clone(), |draft| draft.part.start_time = Some(NOW.offset_seconds(seconds)));
    assert_eq!((begins(600), begins(599)), (None, rejection(rejected::STARTTIME)));
}

#[test]
fn fewer_iterations_than_the_default_and_other_strange_parameters_are_rejected() {
    let password = AsSettings { secret: Secret::password("secret"), ..settings() };
    let hinted = |etype, parameters: Option<&[u8]>| {
        let entry = EtypeInfo2Entry { etype, salt: None, s2kparams: parameters.map(<[u8]>::to_vec) };
        answered(password.clone(), |_| preauth_required(vec![entry]).to_octets()).err()
    };
    assert_eq!(hinted(18, None), None);
    assert_eq!(hinted(18, Some(&4096_u32.to_be_bytes())), None);
    let refused = rejection(rejected::S2K_PARAMS);
    for parameters in [&4095_u32.to_be_bytes()[..], &[0; 4], &[1, 0, 0, 0], &[0; 3], &[]] {
        assert_eq!(hinted(18, Some(parameters)), refused, "{parameters:?}");
    }
    assert_eq!(hinted(20, Some(&32_767_u32.to_be_bytes())), refused);
}

#[test]
fn a_salt_comes_from_the_best_hint_there_is() {
    let with = |padata: Vec<PaData>| {
        let required = KrbError { e_data: Some(MethodData(padata).to_octets()), ..error(25) };
        let key = string_to_key(Etype::Aes256Sha1, b"secret", b"hinted", None).unwrap();
        let settings = AsSettings { secret: Secret::password("secret"), ..settings() };
        preauthenticated(settings, &required, &key)
    };
    let hint = |salt: &str| EtypeInfo(vec![EtypeInfoEntry { etype: 18, salt: Some(salt.into()) }]);
    let plain = |salt: &str| PaData { padata_type: padata_type::PW_SALT, padata_value: salt.into() };
    let offer = || PaData::empty(padata_type::ENC_TIMESTAMP);
    with(vec![offer(), plain("hinted")]);
    with(vec![plain("other"), PaData::new(padata_type::ETYPE_INFO, &hint("hinted")), offer()]);
    let better = EtypeInfo2(vec![entry(18, Some("hinted"), None)]);
    let worse = PaData::new(padata_type::ETYPE_INFO, &hint("other"));
    with(vec![worse, PaData::new(padata_type::ETYPE_INFO2, &better), offer(), plain("other")]);
}

#[test]
fn a_kdc_that_dislikes_what_only_informs_is_asked_once_without() {
    let (mut exchange, mut random) = (AsExchange::new(settings()), Counting::default());
    sent(exchange.next(None, NOW, &mut random));
    let failed = error(24).to_octets();
    let bare = sent(exchange.next(Some(&failed), NOW, &mut random));
    assert_eq!(KdcRequest::decode(&bare.message).unwrap().padata, []);
    assert_eq!(exchange.next(Some(&failed), NOW, &mut random).unwrap_err().to_string(), "krb 24");
}

#[test]
fn a_kdc_that_always_begins_again_is_given_up() {
    let (mut exchange, mut random) = (AsExchange::new(settings()), Counting::default());
    let required = preauth_required(vec![entry(18, None, None)]).to_octets();
    let mut action = exchange.next(None, NOW, &mut random);
    let mut requests = 0;
    while let Ok(Action::Send(request)) = action {
        requests += 1;
        let preauthenticated =
            KdcRequest::decode(&request.message).unwrap().padata(padata_type::ENC_TIMESTAMP).is_some();
        let reply = if preauthenticated { error(90).to_octets() } else { required.clone() };
        action = exchange.next(Some(&reply), NOW, &mut random);
    }
    assert_eq!((requests, action.err()), (16, rejection(rejected::LOOP)));
}

#[test]
fn each_rejection_has_a_name_of_its_own_and_libkrb5s() {
    let mut names: Vec<_> = rejected::ALL.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), rejected::ALL.len());
    assert!(rejected::ALL.iter().all(|(_, libkrb5)| libkrb5.starts_with("KRB5")));
}

proptest! {
    #[test]
    fn a_damaged_reply_is_a_failure_and_never_a_panic(at in 0usize..400, change in 1u8.., cut in 0usize..400) {
        let failed = answered(settings(), |request| {
            let mut reply = Draft::of_as(request).encode(Exchange::As);
            let at = at % reply.len();
            // padata, names and the ticket are not protected; what is encrypted is.
            reply[at] ^= change;
            reply
        });
        drop(failed);
        let truncated = answered(settings(), |request| {
            let mut reply = Draft::of_as(request).encode(Exchange::As);
            let length = cut % reply.len();
            reply.truncate(length);
            reply
        });
        prop_assert!(truncated.is_err());
    }
}
