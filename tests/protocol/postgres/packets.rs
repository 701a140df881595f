//! First packets and answers to authentication requests, right and wrong, against what PostgreSQL 15.20 said to the same
//! octets, captured on 2026-11-21. Its pg_hba.conf is [`RULES`]; random parts (salts, nonces) do not come up.

use super::conversation::{Counter, NOW, tls_facts};
use super::server;
use Protection::{Clear, Tls};
use shakedown::handshake::{ChannelFacts, Context, Handshake, Input, Step, Trace};
use shakedown::postgres::{Account, Databases, ServerHandshake, ServerSettings};
use shakedown_krb5::gss::Acceptor;
use shakedown_krb5::keytab::Keytab;
use std::sync::Arc;

const RULES: [&str; 8] = [
    "hostnossl sslonly all reject",
    "host all trusty trust",
    "host all ghost trust",
    "host all nologin trust",
    "host clear all password",
    "host md all md5",
    "host gss all gss",
    "host all alice,nopw,nobody,mdfive scram-sha-256",
];

#[test]
fn every_answer_is_the_one_of_postgresql_15() {
    for (name, protection, request, expected) in CAPTURED {
        let (found, finished) = answer(*protection, request);
        assert_eq!(found.escape_ascii().to_string(), expected.escape_ascii().to_string(), "{name}");
        assert_eq!(
            finished,
            expected.windows(6).any(|window| window == b"SFATAL") || name.contains("version 2"),
            "{name}"
        );
    }
}

#[test]
fn a_cancel_request_is_never_answered() {
    let (found, finished) = answer(Clear, b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x01\0\0\0\x02");
    assert_eq!((found.as_slice(), finished), (&b""[..], true));
}

#[test]
fn newer_versions_and_unknown_options_are_negotiated() {
    // Captured: protocol 3.2 with _pq_.foo, then what a login begins with.
    let (found, _) = answer(Clear, b"\0\0\0-\0\x03\0\x02user\0trusty\0database\0app\0_pq_.foo\x001\0\0");
    assert!(
        found.starts_with(b"v\0\0\0\x15\0\x03\0\0\0\0\0\x01_pq_.foo\0R\0\0\0\x08\0\0\0\0S"),
        "{}",
        found.escape_ascii()
    );
    // From the fact that no option is unknown: version only.
    let (found, _) = answer(Clear, b"\0\0\0\x22\0\x03\0\x02user\0trusty\0database\0app\0\0");
    assert!(found.starts_with(b"v\0\0\0\x0c\0\x03\0\0\0\0\0\0R"), "{}", found.escape_ascii());
}

#[test]
fn each_request_may_be_refused_once_and_the_other_may_follow() {
    const SSL: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    const GSS: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x30];
    let check = |requests: &[[u8; 8]], expected: &[u8]| {
        let mut settings = settings();
        (settings.tls, settings.gss_encryption) = (false, false);
        let mut machine = ServerHandshake::new(Arc::new(settings), "127.0.0.1");
        let mut said = Vec::new();
        run(&mut machine, Input::Start, &mut said);
        for request in requests {
            run(&mut machine, Input::Bytes(request), &mut said);
        }
        assert!(said.starts_with(expected), "{}", said.escape_ascii());
    };
    check(&[SSL, GSS], b"NN");
    check(&[GSS, SSL], b"NN");
    check(&[SSL, SSL], b"NE\0\0\0\x89SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol 1234.5679");
    check(&[GSS, SSL, GSS], b"NNE\0\0\0\x89SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol 1234.5680");
}

fn answer(protection: Protection, request: &[u8]) -> (Vec<u8>, bool) {
    let mut machine = ServerHandshake::new(Arc::new(settings()), "127.0.0.1");
    let mut said = Vec::new();
    run(&mut machine, Input::Start, &mut said);
    if protection == Tls {
        run(&mut machine, Input::Bytes(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]), &mut said);
        run(&mut machine, Input::Secured(&ChannelFacts::Tls(tls_facts())), &mut said);
        assert_eq!(said, b"S");
        said.clear();
    }
    let finished = run(&mut machine, Input::Bytes(request), &mut said);
    (said, finished)
}

fn run(machine: &mut ServerHandshake, input: Input<'_>, out: &mut Vec<u8>) -> bool {
    let (mut trace, mut random) = (Trace::new(), Counter(0));
    let mut cx = Context { now: NOW, out, trace: &mut trace, random: &mut random };
    matches!(machine.handle(input, &mut cx).expect("no nonsense"), Step::Finish(_))
}

fn settings() -> ServerSettings {
    let mut settings = server(&RULES);
    settings.databases = Databases::These(vec!["app".to_owned()]);
    settings.acceptor = Some(Arc::new(Acceptor::new(Keytab::default())));
    for role in ["trusty", "nopw"] {
        settings.accounts.insert(role.to_owned(), Account::without_password());
    }
    settings.accounts.insert("nologin".to_owned(), Account { verifier: None, can_login: false });
    settings
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protection {
    Clear,
    Tls,
}

/// What it is about, the layer, everything that was sent, everything that came back.
#[rustfmt::skip]
const CAPTURED: &[(&str, Protection, &[u8], &[u8])] = &[
    ("a role that does not exist", Clear,
     b"\0\0\0!\0\x03\0\0user\0ghost\0database\0app\0\0",
     b"R\0\0\0\x08\0\0\0\0E\0\0\0aSFATAL\0VFATAL\0C28000\0Mrole \"ghost\" does not exist\0Fmiscinit.c\0L768\0RInitializeSessionUserId\0\0"),
    ("a role that may not log in", Clear,
     b"\0\0\0#\0\x03\0\0user\0nologin\0database\0app\0\0",
     b"R\0\0\0\x08\0\0\0\0E\0\0\0oSFATAL\0VFATAL\0C28000\0Mrole \"nologin\" is not permitted to log in\0Fmiscinit.c\0L821\0RInitializeSessionUserId\0\0"),
    ("a database that does not exist", Clear,
     b"\0\0\0&\0\x03\0\0user\0trusty\0database\0missing\0\0",
     b"R\0\0\0\x08\0\0\0\0E\0\0\0\\SFATAL\0VFATAL\0C3D000\0Mdatabase \"missing\" does not exist\0Fpostinit.c\0L948\0RInitPostgres\0\0"),
    ("no rule", Clear,
     b"\0\0\0\x1f\0\x03\0\0user\0zed\0database\0app\0\0",
     b"E\0\0\0\x93SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry for host \"127.0.0.1\", user \"zed\", database \"app\", no encryption\0Fauth.c\0L544\0RClientAuthentication\0\0"),
    ("a rule that rejects", Clear,
     b"\0\0\0#\0\x03\0\0user\0zed\0database\0sslonly\0\0",
     b"E\0\0\0\xa1SFATAL\0VFATAL\0C28000\0Mpg_hba.conf rejects connection for host \"127.0.0.1\", user \"zed\", database \"sslonly\", no encryption\0Fauth.c\0L476\0RClientAuthentication\0\0"),
    ("no user", Clear,
     b"\0\0\0\x14\0\x03\0\0database\0x\0\0",
     b"E\0\0\0ySFATAL\0VFATAL\0C28000\0Mno PostgreSQL user name specified in startup packet\0Fpostmaster.c\0L2349\0RProcessStartupPacket\0\0"),
    ("an empty user", Clear,
     b"\0\0\0\x0f\0\x03\0\0user\0\0\0",
     b"E\0\0\0ySFATAL\0VFATAL\0C28000\0Mno PostgreSQL user name specified in startup packet\0Fpostmaster.c\0L2349\0RProcessStartupPacket\0\0"),
    ("an unknown parameter", Clear,
     b"\0\0\0(\0\x03\0\0user\0trusty\0database\0app\0foo\x001\0\0",
     b"R\0\0\0\x08\0\0\0\0E\0\0\0`SFATAL\0VFATAL\0C42704\0Munrecognized configuration parameter \"foo\"\0Fguc.c\0L5766\0Rfind_option\0\0"),
    ("a date style that is none", Clear,
     b"\0\0\x002\0\x03\0\0user\0trusty\0database\0app\0DateStyle\0bogus\0\0",
     b"R\0\0\0\x08\0\0\0\0E\0\0\0\x93SFATAL\0VFATAL\0C22023\0Minvalid value for parameter \"DateStyle\": \"bogus\"\0DUnrecognized key word: \"bogus\".\0Fguc.c\0L12085\0Rcall_string_check_hook\0\0"),
    ("an encoding that is none", Clear,
     b"\0\0\x008\0\x03\0\0user\0trusty\0database\0app\0client_encoding\0bogus\0\0",
     b"R\0\0\0\x08\0\0\0\0E\0\0\0xSFATAL\0VFATAL\0C22023\0Minvalid value for parameter \"client_encoding\": \"bogus\"\0Fguc.c\0L12085\0Rcall_string_check_hook\0\0"),
    ("a number out of range", Clear,
     b"\0\0\x008\0\x03\0\0user\0trusty\0database\0app\0extra_float_digits\x0099\0\0",
     b"R\0\0\0\x08\0\0\0\0E\0\0\0\x8eSFATAL\0VFATAL\0C22023\0M99 is outside the valid range for parameter \"extra_float_digits\" (-15 .. 3)\0Fguc.c\0L7466\0Rparse_and_validate_value\0\0"),
    ("no number", Clear,
     b"\0\0\x009\0\x03\0\0user\0trusty\0database\0app\0extra_float_digits\0abc\0\0",
     b"R\0\0\0\x08\0\0\0\0E\0\0\0zSFATAL\0VFATAL\0C22023\0Minvalid value for parameter \"extra_float_digits\": \"abc\"\0Fguc.c\0L7454\0Rparse_and_validate_value\0\0"),
    ("no boolean", Clear,
     b"\0\0\0)\0\x03\0\0user\0trusty\0database\0app\0geqo\0o\0\0",
     b"R\0\0\0\x08\0\0\0\0E\0\0\0lSFATAL\0VFATAL\0C22023\0Mparameter \"geqo\" requires a Boolean value\0Fguc.c\0L7434\0Rparse_and_validate_value\0\0"),
    ("no word of the list", Clear,
     b"\0\0\x003\0\x03\0\0user\0trusty\0database\0app\0bytea_output\0abc\0\0",
     b"R\0\0\0\x08\0\0\0\0E\0\0\0\x94SFATAL\0VFATAL\0C22023\0Minvalid value for parameter \"bytea_output\": \"abc\"\0HAvailable values: escape, hex.\0Fguc.c\0L7560\0Rparse_and_validate_value\0\0"),
    ("a fixed parameter", Clear,
     b"\0\0\x003\0\x03\0\0user\0trusty\0database\0app\0server_version\x009\0\0",
     b"R\0\0\0\x08\0\0\0\0E\0\0\0lSFATAL\0VFATAL\0C55P02\0Mparameter \"server_version\" cannot be changed\0Fguc.c\0L7728\0Rset_config_option_ext\0\0"),
    ("an unknown switch", Clear,
     b"\0\0\0-\0\x03\0\0user\0trusty\0database\0app\0options\0-z\0\0",
     b"R\0\0\0\x08\0\0\0\0E\0\0\0\xaaSFATAL\0VFATAL\0C42601\0Minvalid command-line argument for server process: -z\0HTry \"postgres --help\" for more information.\0Fpostgres.c\0L4017\0Rprocess_postgres_switches\0\0"),
    ("a switch without a value", Clear,
     b"\0\0\x002\0\x03\0\0user\0trusty\0database\0app\0options\0-c geqo\0\0",
     b"R\0\0\0\x08\0\0\0\0E\0\0\0aSFATAL\0VFATAL\0C42601\0M-c geqo requires a value\0Fpostgres.c\0L3983\0Rprocess_postgres_switches\0\0"),
    ("replication that is no boolean", Clear,
     b"\0\0\x004\0\x03\0\0user\0trusty\0database\0app\0replication\0maybe\0\0",
     b"E\0\0\0\xaeSFATAL\0VFATAL\0C22023\0Minvalid value for parameter \"replication\": \"maybe\"\0HValid values are: \"false\", 0, \"true\", 1, \"database\".\0Fpostmaster.c\0L2284\0RProcessStartupPacket\0\0"),
    ("version 4", Clear,
     b"\0\0\0\"\0\x04\0\0user\0trusty\0database\0app\0\0",
     b"E\0\0\0\x83SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol 4.0: server supports 3.0 to 3.0\0Fpostmaster.c\0L2220\0RProcessStartupPacket\0\0"),
    ("version 2", Clear,
     b"\0\0\0\"\0\x02\0\0user\0trusty\0database\0app\0\0",
     b"EFATAL:  unsupported frontend protocol 2.0: server supports 3.0 to 3.0\n\0"),
    ("no terminator", Clear,
     b"\0\0\0!\0\x03\0\0user\0trusty\0database\0app\0",
     b"E\0\0\0\x85SFATAL\0VFATAL\0C08P01\0Minvalid startup packet layout: expected terminator as last byte\0Fpostmaster.c\0L2332\0RProcessStartupPacket\0\0"),
    ("two terminators", Clear,
     b"\0\0\0#\0\x03\0\0user\0trusty\0database\0app\0\0\0",
     b"E\0\0\0\x85SFATAL\0VFATAL\0C08P01\0Minvalid startup packet layout: expected terminator as last byte\0Fpostmaster.c\0L2332\0RProcessStartupPacket\0\0"),
    ("no parameters", Clear,
     b"\0\0\0\x08\0\x03\0\0",
     b"E\0\0\0\x85SFATAL\0VFATAL\0C08P01\0Minvalid startup packet layout: expected terminator as last byte\0Fpostmaster.c\0L2332\0RProcessStartupPacket\0\0"),
    ("names of more than 63 octets", Clear,
     b"\0\0\0\xaf\0\x03\0\0user\0tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt\0database\0dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd\0\0",
     b"E\0\0\x01\x0bSFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry for host \"127.0.0.1\", user \"ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt\", database \"ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd\", no encryption\0Fauth.c\0L544\0RClientAuthentication\0\0"),
    ("no rule over TLS", Tls,
     b"\0\0\0\x1f\0\x03\0\0user\0zed\0database\0app\0\0",
     b"E\0\0\0\x94SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry for host \"127.0.0.1\", user \"zed\", database \"app\", SSL encryption\0Fauth.c\0L544\0RClientAuthentication\0\0"),
    ("SSLRequest inside of TLS", Tls,
     b"\0\0\0\x08\x04\xd2\x16/",
     b"E\0\0\0\x89SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol 1234.5679: server supports 3.0 to 3.0\0Fpostmaster.c\0L2220\0RProcessStartupPacket\0\0"),
    ("GSSENCRequest inside of TLS", Tls,
     b"\0\0\0\x08\x04\xd2\x160",
     b"E\0\0\0\x89SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol 1234.5680: server supports 3.0 to 3.0\0Fpostmaster.c\0L2220\0RProcessStartupPacket\0\0"),
    ("a wrong password", Clear,
     b"\0\0\0#\0\x03\0\0user\0alice\0database\0clear\0\0p\0\0\0\x09nope\0",
     b"R\0\0\0\x08\0\0\0\x03E\0\0\0eSFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"alice\"\0Fauth.c\0L334\0Rauth_failed\0\0"),
    ("an empty password", Clear,
     b"\0\0\0#\0\x03\0\0user\0alice\0database\0clear\0\0p\0\0\0\x05\0",
     b"R\0\0\0\x08\0\0\0\x03E\0\0\0`SFATAL\0VFATAL\0C28P01\0Mempty password returned by client\0Fauth.c\0L757\0Rrecv_password_packet\0\0"),
    ("a password with a NUL", Clear,
     b"\0\0\0#\0\x03\0\0user\0alice\0database\0clear\0\0p\0\0\0\nab\0cd\0",
     b"R\0\0\0\x08\0\0\0\x03E\0\0\0[SFATAL\0VFATAL\0C08P01\0Minvalid password packet size\0Fauth.c\0L739\0Rrecv_password_packet\0\0"),
    ("another message", Clear,
     b"\0\0\0#\0\x03\0\0user\0alice\0database\0clear\0\0Q\0\0\0\x06a\0",
     b"R\0\0\0\x08\0\0\0\x03E\0\0\0nSFATAL\0VFATAL\0C08P01\0Mexpected password response, got message type 81\0Fauth.c\0L718\0Rrecv_password_packet\0\0"),
    ("a password for nobody", Clear,
     b"\0\0\0$\0\x03\0\0user\0nobody\0database\0clear\0\0p\0\0\0\x06a\0",
     b"R\0\0\0\x08\0\0\0\x03E\0\0\0fSFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"nobody\"\0Fauth.c\0L334\0Rauth_failed\0\0"),
    ("garbage for GSS", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0gss\0\0p\0\0\0\x0bgarbage",
     b"R\0\0\0\x08\0\0\0\x07E\0\0\0cSFATAL\0VFATAL\0C28000\0MGSSAPI authentication failed for user \"alice\"\0Fauth.c\0L334\0Rauth_failed\0\0"),
    ("another message for GSS", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0gss\0\0Q\0\0\0\x06x\0",
     b"R\0\0\0\x08\0\0\0\x07E\0\0\0dSFATAL\0VFATAL\0C08P01\0Mexpected GSS response, got message type 81\0Fauth.c\0L975\0Rpg_GSS_recvauth\0\0"),
    ("another mechanism", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0\x1fSCRAM-SHA-1\0\0\0\0\x0bn,,n=,r=abc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0sSFATAL\0VFATAL\0C08P01\0Mclient selected an invalid SASL authentication mechanism\0Fauth-scram.c\0L256\0Rscram_init\0\0"),
    ("binding without a channel", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0;SCRAM-SHA-256-PLUS\0\0\0\0 p=tls-server-end-point,,n=,r=abc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0sSFATAL\0VFATAL\0C08P01\0Mclient selected an invalid SASL authentication mechanism\0Fauth-scram.c\0L256\0Rscram_init\0\0"),
    ("binding data without binding", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\x006SCRAM-SHA-256\0\0\0\0 p=tls-server-end-point,,n=,r=abc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0\xd3SFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DThe client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel binding data.\0Fauth-scram.c\0L1007\0Rread_client_first_message\0\0"),
    ("an empty message", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0\x16SCRAM-SHA-256\0\0\0\0\0",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0mSFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DThe message is empty.\0Fauth-scram.c\0L366\0Rscram_exchange\0\0"),
    ("no message", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0\x16SCRAM-SHA-256\0\xff\xff\xff\xff",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0R\0\0\0\x08\0\0\0\x0b"),
    ("an authorization identity", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0$SCRAM-SHA-256\0\0\0\0\x0en,a=x,n=,r=abc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0\x86SFATAL\0VFATAL\0C0A000\0Mclient uses authorization identity, but it is not supported\0Fauth-scram.c\0L1036\0Rread_client_first_message\0\0"),
    ("an extension", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0%SCRAM-SHA-256\0\0\0\0\x0fn,,m=x,n=,r=abc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0ySFATAL\0VFATAL\0C0A000\0Mclient requires an unsupported SCRAM extension\0Fauth-scram.c\0L1057\0Rread_client_first_message\0\0"),
    ("an unknown flag", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0!SCRAM-SHA-256\0\0\0\0\x0bq,,n=,r=abc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0\x8aSFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DUnexpected channel-binding flag \"'q'\".\0Fauth-scram.c\0L1025\0Rread_client_first_message\0\0"),
    ("another attribute", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0!SCRAM-SHA-256\0\0\0\0\x0bn,,x=,r=abc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0\x80SFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DExpected attribute \"n\" but found \"'x'\".\0Fauth-scram.c\0L712\0Rread_attr_value\0\0"),
    ("no nonce", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0\x1bSCRAM-SHA-256\0\0\0\0\x05n,,n=",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0\x81SFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DExpected attribute \"r\" but found \"0x00\".\0Fauth-scram.c\0L712\0Rread_attr_value\0\0"),
    ("a nonce with a blank", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0\"SCRAM-SHA-256\0\0\0\0\x0cn,,n=,r=a bc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0rSFATAL\0VFATAL\0C08P01\0Mnon-printable characters in SCRAM nonce\0Fauth-scram.c\0L1071\0Rread_client_first_message\0\0"),
    ("a nonce outside of ASCII", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0#SCRAM-SHA-256\0\0\0\0\x0dn,,n=,r=a\xc3\xa9bc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0rSFATAL\0VFATAL\0C08P01\0Mnon-printable characters in SCRAM nonce\0Fauth-scram.c\0L1071\0Rread_client_first_message\0\0"),
    ("a NUL", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0\"SCRAM-SHA-256\0\0\0\0\x0cn,,n=,r=a\0bc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0\x83SFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DMessage length does not match input length.\0Fauth-scram.c\0L371\0Rscram_exchange\0\0"),
    ("no comma", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0!SCRAM-SHA-256\0\0\0\0\x0bn;,n=,r=abc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0\x8dSFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DComma expected, but found character \"';'\".\0Fauth-scram.c\0L963\0Rread_client_first_message\0\0"),
    ("no comma behind y", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0!SCRAM-SHA-256\0\0\0\0\x0by;,n=,r=abc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0\x8dSFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DComma expected, but found character \"';'\".\0Fauth-scram.c\0L993\0Rread_client_first_message\0\0"),
    ("an unexpected attribute", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0\"SCRAM-SHA-256\0\0\0\0\x0cn,x,n=,r=abc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0\x97SFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DUnexpected attribute \"'x'\" in client-first-message.\0Fauth-scram.c\0L1040\0Rread_client_first_message\0\0"),
    ("no equals sign", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0 SCRAM-SHA-256\0\0\0\0\nn,,n,r=abc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0\x82SFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DExpected character \"=\" for attribute \"n\".\0Fauth-scram.c\0L720\0Rread_attr_value\0\0"),
    ("an extension that is none", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0%SCRAM-SHA-256\0\0\0\0\x0fn,,n=,r=abc,1=x",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0\x8dSFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DAttribute expected, but found invalid character \"'1'\".\0Fauth-scram.c\0L838\0Rread_any_attr\0\0"),
    ("an extension without a value", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0#SCRAM-SHA-256\0\0\0\0\x0dn,,n=,r=abc,x",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0\x80SFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DExpected character \"=\" for attribute \"x\".\0Fauth-scram.c\0L848\0Rread_any_attr\0\0"),
    ("half a mechanism", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0\x09SCRAM",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0ZSFATAL\0VFATAL\0C08P01\0Minvalid string in message\0Fpqformat.c\0L624\0Rpq_getmsgrawstring\0\0"),
    ("half a length", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0\x14SCRAM-SHA-256\0\0\0",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0_SFATAL\0VFATAL\0C08P01\0Minsufficient data left in message\0Fpqformat.c\0L533\0Rpq_copymsgbytes\0\0"),
    ("a length too long", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0\x19SCRAM-SHA-256\0\0\0\0cabc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0^SFATAL\0VFATAL\0C08P01\0Minsufficient data left in message\0Fpqformat.c\0L515\0Rpq_getmsgbytes\0\0"),
    ("a length too short", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0\x19SCRAM-SHA-256\0\0\0\0\x01abc",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0QSFATAL\0VFATAL\0C08P01\0Minvalid message format\0Fpqformat.c\0L640\0Rpq_getmsgend\0\0"),
    ("another message for SASL", Clear,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0Q\0\0\0\x06x\0",
     b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0E\0\0\0gSFATAL\0VFATAL\0C08P01\0Mexpected SASL response, got message type 81\0Fauth-sasl.c\0L95\0RCheckSASLAuth\0\0"),
    ("y where binding is offered", Tls,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0!SCRAM-SHA-256\0\0\0\0\x0by,,n=,r=abc",
     b"R\0\0\0*\0\0\0\nSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0E\0\0\0\xf0SFATAL\0VFATAL\0C28000\0MSCRAM channel binding negotiation error\0DThe client supports SCRAM channel binding but thinks the server does not.  However, this server does support channel binding.\0Fauth-scram.c\0L985\0Rread_client_first_message\0\0"),
    ("n with PLUS", Tls,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0&SCRAM-SHA-256-PLUS\0\0\0\0\x0bn,,n=,r=abc",
     b"R\0\0\0*\0\0\0\nSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0E\0\0\0\xc7SFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DThe client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel binding data.\0Fauth-scram.c\0L956\0Rread_client_first_message\0\0"),
    ("y with PLUS", Tls,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\0&SCRAM-SHA-256-PLUS\0\0\0\0\x0by,,n=,r=abc",
     b"R\0\0\0*\0\0\0\nSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0E\0\0\0\xc7SFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DThe client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel binding data.\0Fauth-scram.c\0L978\0Rread_client_first_message\0\0"),
    ("another binding", Tls,
     b"\0\0\0!\0\x03\0\0user\0alice\0database\0app\0\0p\0\0\x001SCRAM-SHA-256-PLUS\0\0\0\0\x16p=tls-unique,,n=,r=abc",
     b"R\0\0\0*\0\0\0\nSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0E\0\0\0~SFATAL\0VFATAL\0C08P01\0Munsupported SCRAM channel-binding type \"tls-unique\"\0Fauth-scram.c\0L1019\0Rread_client_first_message\0\0"),
];
