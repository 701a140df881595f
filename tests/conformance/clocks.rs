//! Clocks that differ, on mocks.

use crate::play::{play, replaced};
use shakedown::scenario::Source;

const CLOCKS: &str = include_str!("examples/clocks.toml");

#[test]
fn clocks_of_kdc_and_server_decide() {
    play(&[Source::new("clocks", CLOCKS)]).failed_exactly(&[]);
}

#[test]
fn a_clock_that_is_moved_is_noticed() {
    let text = replaced(CLOCKS, "kdc = \"+4m\",   server", "kdc = \"+6m\",   server");
    let text = replaced(&text, "kdc = \"-10m\",  server", "kdc = \"-4m\",  server");
    let played = play(&[Source::new("clocks", &text)]);
    played.failed_exactly(&["clocks/kdc-within", "clocks/kdc-behind"]);
    // The ticket begins in the server's future.
    assert!(played.why("clocks/kdc-within").contains("krb 33"), "{}", played.why("clocks/kdc-within"));
}
