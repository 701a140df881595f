//! What is said about steps and what is expected of them.

use super::{SCENARIO, check, plan};

#[test]
fn steps() {
    check("from = \"app\"", "from = \"ap\"", "30:20: unknown client 'ap', allowed: app");
    check("to = \"db\"", "to = \"bd\"", "30:32: unknown server or proxy 'bd', allowed: db");
    check("realm = \"corp\" }", "realm = \"corpse\" }", "37:47: unknown realm 'corpse', allowed: corp");
    check("kinit = ", "rotate = { service = \"db\" }\nkinit = ", "38:9: a second verb in one step 'kinit'");
    check(
        "kinit = { by = \"app\", user = \"alice\", realm = \"corp\" }\n",
        "",
        "36:1: a step without a verb, allowed: connect, kinit, renew, destroy_tickets, rotate, clock, account, parameter, restart, failover, fault",
    );
    check("\nthen  = \"established\"\n", "\n", "37:9: neither 'then' nor 'expect' for 'kinit'");
    check("name    = \"login\"", "then = \"established\"", "29:8: 'then' and 'expect' exclude each other");
    check("name    = \"login\"", "trace = \"…\"", "29:9: without 'then' this belongs to the rules of 'expect'");
    check(
        "then  = \"established\"",
        "then = \"logged in\"",
        "38:8: unknown outcome, in 'logged in', allowed: established [TLS1.2 [SUITE]] [by METHOD], refused [by client|server|proxy|kdc[: CODE [in PHASE]]], timed out [in PHASE]",
    );
    check(
        "then  = \"established\"",
        "then = \"established\"\nkdc = \"refused by me\"",
        "39:7: unknown party 'me' in an outcome, in 'refused by me'",
    );
    check("trace = \"… error\"", "trace = \"… eror\"", "33:80: unknown event 'eror', in '… eror'");
    check(
        "then  = \"established\"",
        "then = \"established\"\nwithin = { kdc = \"50ms\" }",
        "39:12: unknown phase 'kdc', allowed: tcp, tls, kdc_as, kdc_tgs, auth, ready",
    );
    check(
        "then  = \"established\"",
        "then = \"established\"\nwithin = { kdc_as = \"50\" }",
        "39:21: no duration '50', allowed: 50ms, 5s, 10m, 10h, 7d",
    );
    check(
        "then  = \"established\"",
        "then = \"established\"\n[[during]]\nat = \"5s\"",
        "39:1: [[during]] is played under load only, not supported yet",
    );
    let head = SCENARIO.split_once("[[step]]").unwrap().0;
    assert_eq!(plan(head), Err("scenarios/x.toml:1:10: a scenario without a [[step]]".to_owned()));
}

#[test]
fn a_view_of_somebody_who_is_not_there_could_not_fail_and_is_refused() {
    check(
        "then  = \"established\"",
        "then  = \"established\"\nserver = \"eof\"",
        "36:1: 'server' for a step that asks no server",
    );
    let (head, login) =
        SCENARIO.split_once("[[step]]\nkinit").map(|(head, _)| head).unwrap().split_once("[realm.corp]").unwrap();
    let (_, server) = login.split_once("[server.db]").unwrap();
    let without = format!("{head}[server.db]{server}").replace("server = \"eof\"", "kdc = \"krb 44\"");
    assert_eq!(plan(&without), Err("scenarios/x.toml:24:1: 'kdc' in a scenario without a [realm]".to_owned()));
}

#[test]
fn a_case_in_which_nothing_happens_is_refused() {
    let one_step = SCENARIO.split_once("\n[[step]]\nkinit").map(|(head, _)| head).unwrap();
    assert_eq!(plan(one_step), Ok(()));
    let narrow = one_step.replace("name    = \"login\"", "when = { engine = \"2.09.3\" }").replace(
        "  { cells = 1, then = \"refused by server: 1045 28000\", server = \"eof\", trace = \"… error\" },\n",
        "",
    );
    let expected = "scenarios/x.toml:28:1: no step happens in the cell engine=2.11.0 db=a; a cell that cannot exist belongs into 'exclude'";
    assert_eq!(plan(&narrow), Err(expected.to_owned()));
}
