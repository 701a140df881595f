//! `kerberos/krb5-conf`: that each setting of a client is what makes its cases come out as they do.

use crate::play::{play, replaced, scenario};
use shakedown::scenario::Source;

const NAME: &str = "kerberos/krb5-conf";

/// Without a setting, exactly these cases fail.
#[track_caller]
fn check_without(setting: &str, failing: &[&str]) {
    let patterns: Vec<_> = failing.iter().map(|case| format!("{NAME}/{case}")).collect();
    let patterns: Vec<_> = patterns.iter().map(String::as_str).collect();
    play(&[Source::new(NAME, replaced(&scenario(NAME).text, setting, ""))]).failed_exactly(&patterns);
}

#[test]
fn a_client_that_asks_for_everything_is_not_refused() {
    check_without("etypes = \"{setting.etypes}\", ", &["rc4-alone", "sha384-alone"]);
}

#[test]
fn a_client_without_a_limit_asks_over_udp_first() {
    check_without("udp_preference_limit = \"{setting.limit}\", ", &["tcp-first"]);
}

#[test]
fn a_client_with_the_usual_skew_takes_and_refuses_other_times() {
    check_without(", clockskew = \"{setting.skew}\"", &["skew-beyond", "skew-wide"]);
}

#[test]
fn a_client_that_believes_the_kdc_refuses_no_time() {
    check_without("kdc_timesync = false ", &["skew-beyond"]);
}
