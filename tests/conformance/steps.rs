//! Steps: how verbs are understood, what is said about those that cannot be, and that the scenarios made of them can fail.

use crate::play::{play, replaced, scenario};
use shakedown::scenario::party::Password;
use shakedown::scenario::plan::{AccountState, Clocked, Keys, KinitSecret, KinitTimes, RotatedKeytab, Verb};
use shakedown::scenario::{Library, Plan, Source, make_plan};
use std::collections::BTreeMap;
use std::time::Duration;

const SCENARIO: &str = r#"title  = "A scenario"
source = "its source"
[axes]
word = ["new-only"]
[realm.corp]
realm = "CORP.EXAMPLE.COM"
users = { alice = { secret = "alice" } }
[server.db]
engine   = "aurora-mysql 2.10.2"
accounts = { alice = { plugin = "mysql_native_password", secret = "alice" } }
[server.joined]
engine   = "aurora-postgresql 15"
kerberos = { realm = "corp" }
accounts = { alice = { by = "kerberos" } }
[client.app]
login = "alice"
[proxy.front]
kind = "haproxy"
to   = "db"
[[step]]
STEP
[[step]]
connect = { from = "app", to = "db" }
then    = "established"
"#;

fn plan(step: &str) -> Result<Plan, String> {
    let library = Library::built_in().unwrap();
    let source = Source::new("x", SCENARIO.replace("STEP", step));
    make_plan(&[source], &library, &BTreeMap::new()).map_err(|problem| problem.to_string())
}

fn verb(step: &str) -> Verb {
    plan(step).unwrap_or_else(|problem| panic!("{problem}")).cases.remove(0).steps.remove(0).verb
}

#[test]
fn verbs_are_understood() {
    let corp = || "corp".to_owned();
    let alice = || "alice".to_owned();
    let times = KinitTimes {
        lifetime: Some(Duration::from_secs(300)),
        renewable: Some(Duration::from_secs(7 * 86_400)),
        postdate: Some(Duration::from_secs(3_600)),
    };
    let kinit = |secret, fresh_cache, times| Verb::Kinit {
        enterprise: false,
        by: "app".to_owned(),
        user: alice(),
        realm: corp(),
        secret,
        fresh_cache,
        times,
    };
    assert_eq!(
        verb("kinit = { by = \"app\", user = \"alice\", realm = \"corp\", keytab = \"true\" }\nthen = \"established\""),
        kinit(KinitSecret::Keytab, false, KinitTimes::default())
    );
    assert_eq!(
        verb(
            "kinit = { by = \"app\", user = \"alice\", realm = \"corp\", cache = \"new\", lifetime = \"5m\", renewable = \"7d\", postdate = \"1h\" }\nthen = \"established\""
        ),
        kinit(KinitSecret::Typed(Password::Named(alice())), true, times)
    );
    assert_eq!(
        verb("renew = { by = \"app\", validate = \"true\" }\nthen = \"established\""),
        Verb::Renew { by: "app".to_owned(), validate: true }
    );
    assert_eq!(verb("destroy_tickets = { by = \"app\" }"), Verb::DestroyTickets { by: "app".to_owned() });
    assert_eq!(
        verb("rotate = { service = \"joined\", keytab = \"{word}\", kdc = \"old\" }"),
        Verb::RotateService { server: "joined".to_owned(), keytab: RotatedKeytab::NewOnly, kdc_stays_behind: true }
    );
    assert_eq!(
        verb("rotate = { user = \"alice\", realm = \"corp\", secret = \"other\", history = \"keep\" }"),
        Verb::ChangePassword {
            user: alice(),
            realm: corp(),
            password: Password::Named("other".to_owned()),
            old_keys: Keys::Kept
        }
    );
    assert_eq!(
        verb("rotate = { realm = \"corp\", keys = \"drop\" }"),
        Verb::RotateKrbtgt { realm: corp(), old_keys: Keys::Dropped }
    );
    assert_eq!(
        verb("clock = { of = [\"app\", \"corp\", \"db\"], to = \"-301s\" }"),
        Verb::Clock {
            of: vec![Clocked::Client("app".to_owned()), Clocked::Realm(corp()), Clocked::Server("db".to_owned())],
            seconds: -301
        }
    );
    assert_eq!(
        verb("account = { realm = \"corp\", user = \"alice\", locked_out = \"true\" }"),
        Verb::Account { user: alice(), realm: corp(), state: AccountState::LockedOut(true) }
    );
    assert_eq!(verb("failover = { realm = \"corp\" }"), Verb::Failover { realm: corp() });
}

#[test]
fn what_a_step_has_made_of_a_server_is_known_to_those_behind_it() {
    let after = |step: &str| {
        let plan = plan(step).unwrap_or_else(|problem| panic!("{problem}"));
        let steps = plan.cases[0].steps.iter();
        let changed = steps.filter_map(|step| match &step.verb {
            Verb::Reconfigure { changed, .. } | Verb::Restart { changed, .. } => {
                let tls = changed.tls.as_ref().unwrap().versions.min.number();
                Some((changed.secure_transport_required, tls))
            }
            _ => None,
        });
        changed.collect::<Vec<_>>()
    };
    let parameter =
        |name: &str, value: &str| format!("parameter = {{ of = \"db\", name = \"{name}\", value = \"{value}\" }}");
    let restart = "[[step]]\nrestart = { party = \"db\" }";
    // What is static waits for the restart, and what is dynamic does not.
    let (tls, transport) = (parameter("tls_version", "TLSv1.2"), parameter("require_secure_transport", "ON"));
    assert_eq!(
        after(&format!("{tls}\n[[step]]\n{transport}\n{restart}")),
        [(false, "1.0"), (true, "1.0"), (true, "1.2")]
    );
}

#[test]
fn a_new_password_is_what_a_user_types_from_then_on() {
    let kinit = "kinit = { by = \"app\", user = \"alice\", realm = \"corp\" }\nthen = \"established\"";
    let rotate = "rotate = { user = \"alice\", realm = \"corp\", secret = \"other\" }";
    let plan = plan(&format!("{kinit}\n[[step]]\n{rotate}\n[[step]]\n{kinit}")).unwrap();
    let typed = plan.cases[0].steps.iter().filter_map(|step| match &step.verb {
        Verb::Kinit { secret: KinitSecret::Typed(Password::Named(name)), .. } => Some(name.as_str()),
        _ => None,
    });
    assert_eq!(typed.collect::<Vec<_>>(), ["alice", "other"]);
}

/// What is said about a step: behind line and column, which is where the word stands.
#[track_caller]
fn check(step: &str, expected: &str) {
    let problem = plan(step).unwrap_err();
    let said = problem.splitn(4, ':').nth(3).unwrap_or_default().trim();
    assert_eq!(said, expected, "{step}: {problem}");
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_played() {
    check("destroy_tickets = { by = \"ap\" }", "unknown client 'ap', allowed: app");
    check("renew = { by = \"db\" }\nthen = \"established\"", "unknown client 'db', allowed: app");
    check(
        "connect = { from = \"app\", to = \"db\", replay = \"true\" }\nthen = \"established\"",
        "no login before this one that could be replayed, of 'app'",
    );
    check("renew = { by = \"app\" }", "neither 'then' nor 'expect' for 'renew'");
    check(
        "renew = { by = \"app\" }\nthen = \"established\"\nserver = \"eof\"",
        "'server' for a step that asks no server",
    );
    check(
        "failover = { realm = \"corp\" }\nthen = \"established\"",
        "'failover' only changes something: nothing comes out that could be expected",
    );
    check("failover = { realm = \"db\" }", "unknown realm 'db', allowed: corp");
    check("restart = { party = \"corp\" }", "unknown server 'corp', allowed: db, joined");
    let what = "a rotation of what is not clear, allowed: service with keytab [kdc], user and realm with secret [history], realm with keys, realm and trust with secret [keys]";
    check("rotate = { service = \"joined\", realm = \"corp\" }", what);
    check("rotate = { user = \"alice\", secret = \"x\" }", what);
    check("rotate = { realm = \"corp\", history = \"keep\" }", what);
    check("rotate = { realm = \"corp\", trust = \"corp\", user = \"alice\" }", what);
    check("rotate = { realm = \"corp\", trust = \"corp\", secret = \"x\" }", "realm corp shares no key with 'corp'");
    check("rotate = { service = \"joined\" }", "no 'keytab' for the service: what it holds from then on");
    check(
        "rotate = { service = \"joined\", keytab = \"new\" }",
        "unknown keytab 'new', allowed: old-and-new, new-only, old-only, same-kvno, none, other-service",
    );
    check("rotate = { service = \"db\", keytab = \"none\" }", "a server that is joined to no realm has no keys: 'db'");
    check(
        "rotate = { user = \"bob\", realm = \"corp\", secret = \"x\" }",
        "unknown user of that realm 'bob', allowed: alice",
    );
    check("rotate = { user = \"alice\", realm = \"corp\" }", "no 'secret' for the user: the name of the new password");
    check(
        "rotate = { user = \"alice\", realm = \"corp\", secret = \"alice\" }",
        "the user has that password already: 'alice'",
    );
    check("rotate = { realm = \"corp\", keys = \"lose\" }", "unknown fate of the old keys 'lose', allowed: keep, drop");
    check("clock = { of = \"x\", to = \"+1h\" }", "unknown party 'x', allowed: corp, db, joined, app");
    check("clock = { of = [], to = \"+1h\" }", "no party whose clock is set");
    check(
        "clock = { of = \"app\", to = \"1h\" }",
        "no offset of a clock '1h', allowed: +10h, -301s, with the units s, m, h, d",
    );
    check(
        "clock = { of = \"front\", to = \"+1h\" }",
        "nothing that passes through a proxy depends on the clock of 'front'",
    );
    let account = "a change of an account that is not clear, allowed: realm with one of disabled, locked_out and must_change_password; of with secret or realm";
    check("account = { realm = \"corp\", user = \"alice\" }", account);
    check("account = { realm = \"corp\", user = \"alice\", disabled = \"true\", locked_out = \"true\" }", account);
    check("account = { of = \"db\", user = \"alice\", disabled = \"true\" }", account);
    check(
        "account = { of = \"db\", user = \"bob\", secret = \"x\" }",
        "unknown account of that server 'bob', allowed: alice",
    );
    check(
        "parameter = { of = \"db\", name = \"tls_version\", value = \"TLSv1.3\" }",
        "unknown value of tls_version 'TLSv1.3', allowed: TLSv1, TLSv1.1, TLSv1.2",
    );
    check("fault = { realm = \"db\", then = { drop = true } }", "unknown realm 'db', allowed: corp");
    check(
        "fault = { realm = \"corp\", then = { split = 1 } }",
        "then.split is for tcp alone, expected when.transport = \"tcp\"",
    );
    check(
        "kinit = { by = \"app\", user = \"alice\", realm = \"corp\", secret = \"x\", keytab = \"true\" }\nthen = \"established\"",
        "a kinit by keytab types no 'secret'",
    );
    check(
        "kinit = { by = \"app\", user = \"alice\", realm = \"corp\", lifetime = \"0s\" }\nthen = \"established\"",
        "no lifetime '0s', allowed: 5s, 10m, 10h, 7d",
    );
}

/// Plays a built-in scenario with one thing made wrong: exactly the cases concerned fail.
#[track_caller]
fn fails(name: &str, from: &str, to: &str, failing: &[&str]) {
    let played = play(&[Source::new(name, replaced(&scenario(name).text, from, to))]);
    let failing: Vec<String> = failing.iter().map(|case| format!("{name}/{case}")).collect();
    played.failed_exactly(&failing.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn another_code_of_the_acceptor_is_found() {
    fails(
        "kerberos/keytab-rotation",
        "{ cells = 2, when = { keytab = \"new-only\" },      then = \"refused by server: {db.refusal}\", server = \"krb 44\" }",
        "{ cells = 2, when = { keytab = \"new-only\" },      then = \"refused by server: {db.refusal}\", server = \"krb 31\" }",
        &["*/keytab-new-only"],
    );
    fails("kerberos/expiry", "server = \"krb 32\"", "server = \"krb 37\"", &["*/service-ticket-expired"]);
}

#[test]
fn a_step_that_does_not_what_it_should_is_found() {
    fails(
        "kerberos/keytab-rotation",
        "rotate = { service = \"db\", keytab = \"{keytab}\" }",
        "clock = { of = \"db\", to = \"+0s\" }",
        &["*/keytab-{new-only,same-kvno,none,other-service}", "*/keytab-old-only"],
    );
    fails(
        "kerberos/keytab-ahead",
        "kdc = \"{ahead.has}\"",
        "kdc = \"new\"",
        &["*/acceptor/keytab-{new-only,same-kvno}", "*/acceptor/keytab-old-only"],
    );
    fails(
        "kerberos/password-change",
        "secret = \"alice-new\", history",
        "secret = \"alice-other\", history",
        &["*/*/new-password"],
    );
    fails("kerberos/krbtgt-rotation", "keys = \"{keys}\" }", "keys = \"keep\" }", &["*/keys-drop"]);
    let (here, there) = ("keys = \"{what.keys}\"", "keys = \"keep\"");
    fails(
        "kerberos/trust-rotation",
        &format!("secret = \"second\", {here} }}\n\n[[step]]\nname   = \"user-side\""),
        &format!("secret = \"second\", {there} }}\n\n[[step]]\nname   = \"user-side\""),
        &["*/service-side-drops"],
    );
    fails(
        "kerberos/trust-rotation",
        "trust = \"dir\", secret = \"third\"",
        "trust = \"dir\", secret = \"second\"",
        &["*/both-mistyped"],
    );
    fails("kerberos/postdated", "validate = \"true\"", "validate = \"false\"", &["*/validated"]);
    fails("kerberos/postdated", "to = \"+3m\"", "to = \"+1m\"", &["*/validated"]);
    fails(
        "kerberos/postdated",
        "postdate = \"2m\", ",
        "",
        &["*/{too-early,validated-early,not-validated,validated,renewed-in-place,none-are-given}"],
    );
    fails("kerberos/fast", "\"{fast}\"\n", "\"offered\"\n", &["*/required/*"]);
    fails(
        "kerberos/kdc-failover",
        "failover = { realm = \"corp\" }",
        "clock = { of = \"corp\", to = \"+0s\" }",
        &["*/*"],
    );
    fails("kerberos/account-changes", "disabled = \"true\"", "disabled = \"false\"", &["*/disabled"]);
    fails("kerberos/success", "\"{has.destroys}\"", "\"false\"", &["mysql/password-and-destroys-tickets"]);
    fails(
        "kerberos/success",
        "destroy_tickets = { by = \"app\" }",
        "clock = { of = \"app\", to = \"+0s\" }",
        &["mysql/password-twice"],
    );
    fails(
        "mysql/parameter-changes",
        "restart = { party = \"cluster\" }",
        "clock = { of = \"cluster\", to = \"+0s\" }",
        &["{tls_version,ssl_cipher}"],
    );
}

#[test]
fn clocks_count() {
    fails("kerberos/skew", "kdc = \"-305s\"", "kdc = \"-295s\"", &["*/*/kdc-behind-by-305"]);
    fails(
        "kerberos/expiry",
        "to = \"{what.then}\" }\n\n[[step]]\nname    = \"later\"",
        "to = \"{what.begins}\" }\n\n[[step]]\nname    = \"later\"",
        &[
            "*/{tgt-expired,tgt-expired-with-password,service-ticket-expired,service-ticket-tolerated,not-renewed,renewed-to-the-last}",
        ],
    );
}
