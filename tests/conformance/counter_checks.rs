//! That this harness can fail: one thing in a scenario or a profile is made wrong, and exactly the cases concerned fail.

use crate::play::{Played, play, play_with, replaced, scenario};
use shakedown::engine::event::{Exit, Verdict};
use shakedown::scenario::profiles::Profiles;
use shakedown::scenario::{KnownFailures, Library, Source};

/// Plays a built-in scenario with `from` replaced by `to` in it.
#[track_caller]
fn play_changed(name: &str, from: &str, to: &str) -> Played {
    play(&[Source::new(name, replaced(&scenario(name).text, from, to))])
}

/// Exactly the cases that match fail; `why` is what the first of them by name says.
#[track_caller]
fn check_change(name: &str, from: &str, to: &str, failing: &[&str], why: &str) {
    let played = play_changed(name, from, to);
    played.failed_exactly(failing);
    assert_eq!(played.summary.exit(), Exit::NotAsExpected);
    let first = *played.names(Verdict::Fail).first().unwrap();
    assert_eq!(played.why(first), why, "{first}");
}

#[test]
fn one_cell_of_a_matrix_that_is_expected_to_be_refused_and_is_not() {
    check_change(
        "mysql/cipher-suites",
        "  { cells = 50,  when = { suite = \"ECDHE-*\"",
        "  { cells = 1, when = { engine = \"3.04.0\", tls = \"1.2\", suite = \"ECDHE-RSA-AES256-SHA384\" }, then = \"refused by server: alert handshake_failure\" },
           { cells = 49,  when = { suite = \"ECDHE-*\"",
        &["mysql/cipher-suites/3.04.0/tls1.2/ECDHE-RSA-AES256-SHA384"],
        "client: kind differs: expected refused by server: alert handshake_failure, was established TLS1.2 ECDHE-RSA-AES256-SHA384 by password",
    );
}

#[test]
fn one_cell_of_a_matrix_that_is_expected_to_establish_and_does_not() {
    check_change(
        "mysql/cipher-suites",
        "  { cells = 40, ",
        "  { cells = 1, when = { engine = \"2.09.2\", tls = \"1.0\", suite = \"ECDHE-RSA-AES128-SHA\" }, then = \"established\" },
           { cells = 39, ",
        &["mysql/cipher-suites/2.09.2/tls1.0/ECDHE-RSA-AES128-SHA"],
        "client: kind differs: expected established, was refused by server: alert handshake_failure",
    );
}

#[test]
fn another_alert_is_another_refusal() {
    check_change(
        "mysql/tls-versions",
        "{ cells = 1,  when = { setting = \"TLSv1.1\", client = \"1.0\" },                        then = \"refused by server: alert protocol_version\" }",
        "{ cells = 1,  when = { setting = \"TLSv1.1\", client = \"1.0\" },                        then = \"refused by server: alert handshake_failure\" }",
        &["mysql/tls-versions/2.11.0/tls_version-TLSv1.1/client-1.0"],
        "client: code differs: expected refused by server: alert handshake_failure, was refused by server: alert protocol_version",
    );
}

#[test]
fn tls_version_and_suite_and_method_count() {
    check_change(
        "mysql/tls-versions",
        "then = \"established TLS1.1\"",
        "then = \"established TLS1.2\"",
        &["mysql/tls-versions/*/tls_version-{unset,TLSv1,TLSv1.1}/client-{1.1,1.0-1.1}"],
        "client: TLS version differs: expected established TLS1.2, was established TLS1.1 ECDHE-RSA-AES128-SHA by password",
    );
    check_change(
        "postgres/tls",
        "then = \"established TLS1.2 {suite} by password\"",
        "then = \"established TLS1.2 ECDHE-RSA-AES128-SHA256 by password\"",
        &["postgres/tls/tls1.2/{DHE-RSA-*-SHA256,DHE-RSA-*-SHA384,ECDHE-RSA-*-GCM-*,ECDHE-RSA-*-SHA384}"],
        "client: suite differs: expected established TLS1.2 ECDHE-RSA-AES128-SHA256 by password, was established TLS1.2 DHE-RSA-AES128-GCM-SHA256 by password",
    );
    check_change(
        "tls/providers",
        "by password",
        "by kerberos",
        &["tls/providers"],
        "client: method differs: expected established TLS1.2 ECDHE-RSA-AES128-GCM-SHA256 by kerberos, was established TLS1.2 ECDHE-RSA-AES128-GCM-SHA256 by password",
    );
}

#[test]
fn who_refuses_and_with_which_code_count() {
    check_change(
        "postgres/kerberos-login",
        "refused by kdc: krb 7",
        "refused by kdc: krb 6",
        &["postgres/kerberos-login/*/by-kinit/alias"],
        "client: code differs: expected refused by kdc: krb 6, was refused by kdc: krb 7",
    );
    check_change(
        "postgres/kerberos-login",
        "refused by client: no_ticket",
        "refused by server: no_ticket",
        &["postgres/kerberos-login/*/none/*"],
        "client: party differs: expected refused by server: no_ticket, was refused by client: no_ticket",
    );
}

#[test]
fn a_wrong_trace_is_found_although_the_outcome_is_right() {
    check_change(
        "mysql/passwords",
        "trace = \"… auth-data<(fast) auth-ok …\"",
        "trace = \"… auth-data<(full) … auth-ok …\"",
        &["mysql/passwords/cached-sha2/*/right"],
        "trace: trace differs: expected … auth-data<(full) … auth-ok …, was connect greeting< login> auth-switch<(caching_sha2_password) auth-data> auth-data<(fast) auth-ok< ready<",
    );
    let played = play_changed("mysql/passwords", "error<(1045 28000) …", "auth-data error<(1045 28000) …");
    played.failed_exactly(&["mysql/passwords/native/*/{wrong,empty,empty-is-wrong}"]);
    let step = &played.cases["mysql/passwords/native/clear/wrong"].steps[0];
    assert_eq!(step.views.client.as_ref().unwrap().to_string(), "refused by server: 1045 28000");
}

#[test]
fn a_retry_that_nobody_asked_for_is_found() {
    // One connection more than the client makes.
    check_change(
        "postgres/kerberos-login",
        "trace = \"… startup auth-request<(gss) tgs-req",
        "trace = \"… | … startup auth-request<(gss) tgs-req",
        &["postgres/kerberos-login/clear/by-kinit/own-name"],
        "trace: number of connections differs: expected … | … startup auth-request<(gss) tgs-req tgs-rep ap-req ap-rep auth-ok …, was connect startup> auth-request<(gss) tgs-req> tgs-rep< ap-req> ap-rep< auth-ok< parameter< ready<",
    );
}

#[test]
fn a_wrong_view_of_the_server_or_the_kdc_is_found_although_the_client_is_right() {
    check_change(
        "mysql/kerberos-login",
        "server = \"eof\", kdc = \"krb 24\"",
        "server = \"krb 24\", kdc = \"krb 24\"",
        &["mysql/kerberos-login/{3.03.0,3.04.0}/by-wrong-password/*/*"],
        "server: code or cause differs: expected krb 24, was refused by client: eof in auth",
    );
    check_change(
        "mysql/kerberos-login",
        "server = \"eof\", kdc = \"krb 24\"",
        "server = \"eof\", kdc = \"krb 6\"",
        &["mysql/kerberos-login/{3.03.0,3.04.0}/by-wrong-password/*/*"],
        "kdc: code or cause differs: expected krb 6, was refused by kdc: krb 24",
    );
}

#[test]
fn a_kdc_that_was_not_asked_has_not_answered() {
    check_change(
        "mysql/kerberos-login",
        "then = \"refused by client: no_ticket\", server = \"eof\" }",
        "then = \"refused by client: no_ticket\", server = \"eof\", kdc = \"krb 24\" }",
        &["mysql/kerberos-login/{3.03.0,3.04.0}/none/*/*"],
        "kdc: expected krb 24, was nothing at all",
    );
}

#[test]
fn the_first_step_that_fails_ends_the_case() {
    let played =
        play_changed("postgres/kerberos-login", "then  = \"established\"", "then  = \"refused by kdc: krb 24\"");
    played.failed_exactly(&["postgres/kerberos-login/*/by-kinit/*"]);
    let case = &played.cases["postgres/kerberos-login/tls/by-kinit/own-name"];
    let steps: Vec<_> = case.steps.iter().map(|step| (step.name.as_str(), step.verdict, step.not_reached)).collect();
    assert_eq!(steps, [("kinit", Verdict::Fail, false), ("connect", Verdict::Skipped, true)]);
}

/// Plays every built-in scenario with the profile of Aurora MySQL changed from the version on that `version` names.
#[track_caller]
fn check_profile(version: &str, from: &str, to: &str, failing: &[&str]) {
    let text = scenario("profiles/aurora-mysql").text;
    let head = format!("version        = \"{version}\"\n");
    let (before, after) = text.split_once(&head).unwrap();
    let (entry, rest) = after.split_once("\n\n").unwrap_or((after, ""));
    let text = format!("{before}{head}{}\n\n{rest}", replaced(entry, from, to));
    let mut profiles = Profiles::default();
    for source in Source::built_in_profiles() {
        let changed = source.name == "profiles/aurora-mysql";
        let source = if changed { Source { text: text.clone(), ..source } } else { source };
        profiles.add(&source).unwrap_or_else(|problem| panic!("{problem}"));
    }
    let library = Library { profiles, ..Library::built_in().unwrap() };
    // Behind proxies the same mocks are played again, each behind a program; what needs Windows is not played at all.
    let is_played = |source: &Source| !source.name.starts_with("proxy/") && source.name != "kerberos/windows";
    let sources: Vec<_> = Source::built_in().into_iter().filter(is_played).collect();
    let played = play_with(&sources, &library, KnownFailures::default());
    played.failed_exactly(failing);
}

#[test]
fn one_suite_too_many_in_one_version_of_a_profile_is_found() {
    check_profile(
        "2.11.0",
        "[\"ecdhe\"]",
        "[\"ecdhe\", \"DHE-RSA-AES128-SHA256\"]",
        &[
            "mysql/cipher-suites/2.11.0/tls1.2/DHE-RSA-AES128-SHA256",
            "mysql/ssl-cipher-unusable/2.11.0/DHE-RSA-AES128-SHA256",
        ],
    );
}

#[test]
fn one_suite_too_few_in_one_version_of_a_profile_is_found() {
    check_profile(
        "3.01.0",
        "\"dhe\"]\n",
        "\"DHE-RSA-AES128-GCM-SHA256\", \"DHE-RSA-AES256-GCM-SHA384\", \"DHE-RSA-AES128-SHA256\", \"DHE-RSA-AES256-SHA256\", \"DHE-RSA-AES128-SHA\"]\n",
        &["mysql/cipher-suites/3.01.0/*/DHE-RSA-AES256-SHA"],
    );
}

#[test]
fn one_tls_version_too_few_in_one_version_of_a_profile_is_found() {
    check_profile(
        "3.01.0",
        "\"1.0-1.2\"",
        "\"1.1-1.2\"",
        &["mysql/cipher-suites/3.01.0/tls1.0/*", "mysql/tls-versions/3.01.0/tls_version-unset/client-1.0"],
    );
}

#[test]
fn one_plugin_too_few_in_one_version_of_a_profile_is_found() {
    check_profile("3.03.0", ", \"authentication_kerberos\"", "", &["mysql/kerberos-login/3.03.0"]);
}

/// `kerberos/kinit` with the expectation of its four wrong passwords wrong, and what is known about that.
#[track_caller]
fn play_known(known: &str) -> Played {
    let text =
        replaced(&scenario("kerberos/kinit").text, "then = \"refused by kdc: krb 24\"", "then = \"established\"");
    let known =
        KnownFailures::parse(&Source::new("known-failing", known)).unwrap_or_else(|problem| panic!("{problem}"));
    play_with(&[Source::new("kerberos/kinit", text)], &Library::built_in().unwrap(), known)
}

fn known(case: &str, actual: &str) -> String {
    format!(
        "[[known]]\ncase = \"{case}\"\nactual = \"{actual}\"\nreason = \"it is made wrong\"\nsource = \"this test\"\n"
    )
}

#[test]
fn a_failure_that_is_known_does_not_spoil_the_run() {
    let played = play_known(&known("kerberos/kinit/*/wrong-password", "refused by kdc: krb 24"));
    assert_eq!((played.summary.known, played.summary.pass, played.summary.exit()), (4, 8, Exit::AsExpected));
    let case = &played.cases["kerberos/kinit/aes128-cts-hmac-sha1-96/wrong-password"];
    assert_eq!((case.verdict, case.reason.as_deref()), (Verdict::Known, Some("it is made wrong (this test)")));
}

#[test]
fn a_failure_that_is_known_for_one_case_is_none_for_another() {
    let one = "kerberos/kinit/aes128-cts-hmac-sha1-96/wrong-password";
    let played = play_known(&known(one, "refused by kdc: krb 24"));
    assert_eq!(played.names(Verdict::Known).into_iter().collect::<Vec<_>>(), [one]);
    assert_eq!((played.summary.fail, played.summary.exit()), (3, Exit::NotAsExpected));
}

#[test]
fn a_case_that_fails_differently_from_what_is_known_fails() {
    let played = play_known(&known("kerberos/kinit/*/wrong-password", "refused by kdc: krb 6"));
    assert_eq!((played.summary.fail, played.summary.known, played.summary.exit()), (4, 0, Exit::NotAsExpected));
    let case = &played.cases["kerberos/kinit/aes128-cts-hmac-sha1-96/wrong-password"];
    let reason = "known to fail, but otherwise: refused by kdc: krb 6 at scenarios/known-failing.toml:1";
    assert_eq!(case.reason.as_deref(), Some(reason));
}

#[test]
fn a_case_that_is_known_to_fail_and_passes_spoils_the_run() {
    let both = known("kerberos/kinit/*/wrong-password", "refused by kdc: krb 24")
        + &known("kerberos/kinit/*/unknown-user", "established");
    let played = play_known(&both);
    let summary = played.summary;
    assert_eq!((summary.known, summary.fixed, summary.pass, summary.exit()), (4, 4, 4, Exit::NotAsExpected));
    let case = &played.cases["kerberos/kinit/aes128-cts-hmac-sha1-96/unknown-user"];
    let reason = "known to fail, and does not any more: remove scenarios/known-failing.toml:6";
    assert_eq!((case.verdict, case.reason.as_deref()), (Verdict::Fixed, Some(reason)));
}

#[test]
fn running_nothing_is_a_failure() {
    let played = play(&[]);
    assert_eq!((played.summary.total(), played.summary.exit()), (0, Exit::NothingRan));
}

#[test]
fn skipping_everything_is_running_nothing() {
    let text = replaced(
        &scenario("kerberos/kinit").text,
        "[client.app]\n",
        "[client.app]\nkind = \"command\"\nargv = [\"sh\", \"-c\", \"echo no driver >&2; exit 77\"]\n",
    );
    let skipped = play(&[Source::new("kerberos/kinit", text.as_str())]);
    assert_eq!((skipped.summary.skipped, skipped.summary.exit()), (12, Exit::NothingRan));
    let case = &skipped.cases["kerberos/kinit/aes128-cts-hmac-sha1-96/right-password"];
    assert_eq!(case.reason.as_deref(), Some("no driver"));

    let together = play(&[Source::new("kerberos/later", text), scenario("kerberos/kinit")]);
    assert_eq!((together.summary.skipped, together.summary.pass, together.summary.exit()), (12, 12, Exit::AsExpected));
}
