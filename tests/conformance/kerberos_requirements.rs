//! The requirements about Kerberos logins, one by one: each has a case that passes on mocks, on both sides of its boundary where it
//! has one. And what no scenario can say: which octets a server sends, and which a client never does.

use crate::play::scenario;
use shakedown::engine::event::Verdict;
use shakedown::engine::play::{Played, Until, play};
use shakedown::handshake::Direction;
use shakedown::net::Recording;
use shakedown::scenario::plan::Case;
use shakedown::scenario::{Library, Source, make_plan};
use shakedown::testbed::Backend;
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Which sides of a requirement cases show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sides {
    /// Somebody gets in, and somebody does not.
    Both,
    /// It promises something, and what it forbids is another requirement's or nobody's.
    Allowed,
    /// It forbids something.
    Refused,
}

/// By hand from the catalogue.
const SHOWN: [(&str, Sides); 27] = [
    ("S0-03", Sides::Both),
    ("S0-04", Sides::Allowed),
    ("S0-05", Sides::Both),
    ("S0-06", Sides::Both),
    ("S0-07", Sides::Both),
    ("S0-08", Sides::Both),
    ("S0-09", Sides::Both),
    ("S0-10", Sides::Both),
    ("S0-11", Sides::Both),
    ("S0-16", Sides::Both),
    ("S0-17", Sides::Allowed),
    ("S0-18", Sides::Allowed),
    ("S0-19", Sides::Allowed),
    ("S0-23", Sides::Allowed),
    ("S0-24", Sides::Both),
    ("S0-25", Sides::Both),
    ("S0-26", Sides::Both),
    ("S1-01", Sides::Both),
    ("S1-02", Sides::Both),
    ("S1-03", Sides::Both),
    ("S1-13", Sides::Both),
    ("S1-16", Sides::Refused),
    ("S2-01", Sides::Both),
    ("S2-05", Sides::Both),
    ("S2-06", Sides::Both),
    ("S2-07", Sides::Both),
    ("S2-08", Sides::Both),
];

/// What only a library on Windows shows, beside its model.
const WINDOWS: [&str; 3] = ["S0-11", "S0-19", "S1-13"];

fn shows(case: &Case, id: &str) -> bool {
    case.shown().contains(&id)
}

/// Whether the last step that is judged is to end in a login; a scenario says so by its own hand.
fn is_to_let_in(case: &Case) -> bool {
    let last = case.steps.iter().rev().find_map(|step| step.expectation.as_ref());
    last.unwrap_or_else(|| panic!("{} expects nothing", case.name)).client.to_string().starts_with("established")
}

#[test]
fn each_requirement_about_kerberos_has_cases_that_pass_on_both_sides_of_its_boundary() {
    let plan = make_plan(&Source::built_in(), &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
    let needs_windows = |case: &&Case| case.scenario.name == "kerberos/windows";
    for (id, sides) in SHOWN {
        let of_id = || plan.cases.iter().filter(|case| shows(case, id) && !case.name.starts_with("proxy/"));
        // All of them are played with the default matrix; here, each side has to have one that passes.
        let passes = |is_allowed: bool| {
            let chosen = of_id().filter(|case| !needs_windows(case)).find(|case| is_to_let_in(case) == is_allowed);
            chosen.map(|case| (case, played(case, &[]).result)).inspect(|(_, result)| {
                assert_eq!(result.verdict, Verdict::Pass, "{id}: {result:#?}");
            })
        };
        let found = (passes(true).is_some(), passes(false).is_some());
        let wanted = match sides {
            Sides::Both => (true, true),
            Sides::Allowed => (true, found.1),
            Sides::Refused => (found.0, true),
        };
        assert_eq!(found, wanted, "{id}: allowed and refused");
        let on_windows: Vec<_> = of_id().filter(needs_windows).map(|case| played(case, &[]).result).collect();
        assert_eq!(!on_windows.is_empty(), WINDOWS.contains(&id), "{id}");
        for result in on_windows {
            let why = (result.verdict, result.reason.as_deref());
            assert_eq!(why, (Verdict::Skipped, Some("needs Windows")), "{}", result.name);
        }
    }
}

/// Plays one case on mocks, recorded, with some secrets given.
fn played(case: &Case, secrets: &[(&str, &str)]) -> Played {
    let backend = Backend::mock();
    let secrets = secrets.iter().map(|(name, value)| ((*name).to_owned(), Zeroizing::new((*value).to_owned())));
    let materials = Arc::new(backend.materials([case]).unwrap().supplied(secrets.collect(), None).recorded());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(play(case, &backend, &materials, Until::Unexpected))
}

/// What went over the connections to servers and KDCs in the last step, underneath TLS and GSS-API.
fn recorded(case: &Case, secrets: &[(&str, &str)]) -> Vec<Recording> {
    let played = played(case, secrets);
    assert_eq!(played.result.verdict, Verdict::Pass, "{:#?}", played.result);
    played.attempts.into_iter().flatten().last().unwrap().recordings
}

fn said(recordings: &[Recording], by: Direction) -> Vec<u8> {
    let all = recordings.iter().flat_map(|recording| std::iter::once(recording).chain(&recording.exchanges));
    let chunks = all.flat_map(|recording| recording.plain.iter().chain(&recording.wire));
    chunks.filter(|chunk| chunk.direction == by).flat_map(|chunk| chunk.bytes.clone()).collect()
}

fn holds(octets: &[u8], needle: &[u8]) -> bool {
    octets.windows(needle.len()).any(|window| window == needle)
}

fn planned(source: &Source) -> BTreeMap<String, Case> {
    let plan = make_plan(std::slice::from_ref(source), &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
    plan.cases.into_iter().map(|case| (case.name.clone(), case)).collect()
}

/// S0-16: what is told to the client is what ALTER USER said, byte for byte.
#[test]
fn the_switch_to_kerberos_names_the_realm_that_the_account_was_altered_to() {
    let cases = planned(&scenario("kerberos/account-realm"));
    for (altered, realm) in
        [("not-at-all", "CORP.EXAMPLE.COM"), ("other-realm", "ONPREM.EXAMPLE.COM"), ("other-case", "corp.example.com")]
    {
        let case = &cases[&format!("kerberos/account-realm/{altered}/of-the-first-realm")];
        let sent = said(&recorded(case, &[]), Direction::ToClient);
        let mut block = b"authentication_kerberos_client\0".to_vec();
        for name in ["mysql/db.corp.test@CORP.EXAMPLE.COM", realm] {
            block.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
            block.extend(name.as_bytes());
        }
        assert!(holds(&sent, &block), "{altered}");
    }
}

const CANARY: &str = "canary-7f3a9c51";

/// The forms in which a client has been seen to send a password: as it is, and by MD5 with the user's name, with the salt of the
/// server if it sent one.
fn forms(user: &str, from_server: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let md5 = |octets: &[u8]| {
        let digest = openssl::hash::hash(openssl::hash::MessageDigest::md5(), octets).unwrap();
        digest.iter().map(|octet| format!("{octet:02x}")).collect::<String>()
    };
    let stored = md5(format!("{CANARY}{user}").as_bytes());
    let mut forms = vec![
        ("clear", CANARY.into()),
        ("md5 of the password", md5(CANARY.as_bytes()).into()),
        ("md5 as stored", stored.clone().into()),
    ];
    // AuthenticationMD5Password: R, 12, 5, four octets.
    let request = [b'R', 0, 0, 0, 12, 0, 0, 0, 5];
    if let Some(at) = from_server.windows(request.len()).position(|window| window == request) {
        let salt = &from_server[at + request.len()..][..4];
        forms.push(("md5 with the salt", md5(&[stored.as_bytes(), salt].concat()).into()));
    }
    forms
}

fn leaked(case: &Case, user: &str) -> Vec<&'static str> {
    let recordings = recorded(case, &[("canary", CANARY)]);
    let (sent, received) = (said(&recordings, Direction::FromClient), said(&recordings, Direction::ToClient));
    assert!(holds(&sent, user.as_bytes()), "the login is in what is looked through");
    let forms = forms(user, &received).into_iter();
    forms.filter(|(_, form)| holds(&sent, form)).map(|(name, _)| name).collect()
}

/// S2-06: a client that has a password, and even the right one of another user, sends nothing of it where it is asked for Kerberos.
#[test]
fn no_form_of_a_password_goes_to_a_server_that_asks_for_kerberos() {
    let source = scenario("kerberos/beside-passwords");
    let cases = planned(&source);
    for transport in ["clear", "tls", "gss"] {
        let case = &cases[&format!("kerberos/beside-passwords/kerberos/{transport}/ticket-and-password")];
        assert_eq!(leaked(case, "alice"), [""; 0], "{transport}");
    }
    // What is looked for is found where it is sent.
    for (method, form) in [("password", "clear"), ("md5", "md5 with the salt")] {
        let trace = "… startup auth-request<(scram-sha-256) auth-data> … auth-ok …";
        let text = source.text.replace("method = \"scram-sha-256\"", &format!("method = \"{method}\""));
        let text = text.replace(trace, "… startup auth-request auth-data> auth-ok …");
        let cases = planned(&Source::new(source.name.as_str(), text));
        let case = &cases["kerberos/beside-passwords/master/clear/password"];
        assert_eq!(leaked(case, "postgres"), [form], "{method}");
    }
}

/// The libraries that are modelled are MySQL's.
#[test]
fn a_client_profile_does_not_speak_to_postgresql() {
    let source = scenario("kerberos/session-users");
    let text = source.text.replace("\"aurora-mysql 3.04.0\"", "\"aurora-postgresql 15\"");
    let changed = Source::new(source.name, text);
    let problem = make_plan(&[changed], &Library::built_in().unwrap(), &BTreeMap::new()).unwrap_err().to_string();
    assert!(
        problem.ends_with("speaks MySQL alone, not to PostgreSQL; as 'libmysqlclient 8.0.28 windows'"),
        "{problem}"
    );
}
