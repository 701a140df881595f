//! `kerberos/errors`: that it lists every code of a KRB-ERROR, and that each of its cases can fail.

use crate::play::{play, replaced, scenario};
use shakedown::scenario::{Library, Source, make_plan};
use shakedown_krb5::messages::error_code;
use std::collections::{BTreeMap, BTreeSet};

const NAME: &str = "kerberos/errors";

/// The codes that are assigned: RFC 4120 §7.5.9, with those of RFC 1510 (43), 4556 (62 to 66, 70 to 81), 6806 (68), 6113 (90, 91, 93)
/// and 8636 (100), and the draft of IAKERB (85, 86).
fn assigned() -> BTreeSet<i32> {
    (1..=29).chain(31..=52).chain(60..=81).chain([85, 86, 90, 91, 93, 100]).collect()
}

/// Code and name of each value of the axis, in its order.
fn listed() -> Vec<(i32, String)> {
    let file: toml::Table = scenario(NAME).text.parse().unwrap();
    let codes = file["axes"]["code"].as_array().unwrap();
    let field = |code: &toml::Value, key: &str| code[key].as_str().unwrap().to_owned();
    codes.iter().map(|code| (field(code, "name").parse().unwrap(), field(code, "is"))).collect()
}

#[test]
fn every_code_that_is_assigned_has_a_name_and_a_line() {
    let named = (1..=127).filter(|code| error_code::name(*code).is_some());
    assert_eq!(named.collect::<BTreeSet<_>>(), assigned());

    let listed = listed();
    for (code, name) in &listed {
        assert_eq!(error_code::name(*code), Some(name.as_str()), "{code}");
    }
    let codes: Vec<_> = listed.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, assigned().into_iter().collect::<Vec<_>>(), "each once, in order");
}

#[test]
fn every_code_is_said_for_no_cause_and_for_its_cause_or_never_here() {
    let plan = make_plan(&[scenario(NAME)], &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
    let mut said: BTreeMap<i32, BTreeSet<&str>> = BTreeMap::new();
    for case in &plan.cases {
        let (code, by) = case.name.strip_prefix("kerberos/errors/").unwrap().split_once('/').unwrap();
        let code = code.parse().unwrap();
        said.entry(code).or_default().insert(by);
        let expectation = case.steps.iter().rev().find_map(|step| step.expectation.as_ref()).unwrap();
        let expected = format!("{expectation:?}");
        let is_told = expected.contains(&format!("krb {code}")) || expected.contains(&format!("\"{code}\""));
        assert!(is_told || (code, by) == (90, "unfounded-as"), "{}: {expected}", case.name);
    }
    assert_eq!(said.keys().copied().collect::<BTreeSet<_>>(), assigned());
    let mut never = Vec::new();
    for (code, by) in said {
        assert!(by.contains("unfounded-as") && by.contains("unfounded-tgs"), "{code}: {by:?}");
        assert_eq!(by.contains("mysql"), by.contains("postgres"), "{code}: on one database only");
        if !by.contains("kdc") && !by.contains("mysql") {
            never.push(code);
        }
    }
    let never_here = [4, 5, 29, 39, 40, 42]
        .into_iter()
        .chain(45..=49)
        .chain([51])
        .chain(62..=67)
        .chain(69..=81)
        .chain([85, 86, 90, 91, 100]);
    assert_eq!(never, never_here.collect::<Vec<_>>(), "what no cause is shown of");
}

/// Exactly these cases fail once the scenario is changed.
#[track_caller]
fn check_change(text: String, failing: &[String]) {
    let patterns: Vec<_> = failing.iter().map(String::as_str).collect();
    play(&[Source::new(NAME, text)]).failed_exactly(&patterns);
}

fn of(codes: &[i32], by: &str) -> Vec<String> {
    codes.iter().map(|code| format!("{NAME}/{code}/{by}")).collect()
}

#[test]
fn a_kdc_that_says_another_code_is_noticed() {
    let others: Vec<_> = assigned().into_iter().filter(|code| *code != 60).collect();
    let first = "preauthenticated = \"true\" }, then = { error = \"";
    let second = "message = \"tgs-req\" }, then = { error = \"";
    for (before, by) in [(first, "unfounded-as"), (second, "unfounded-tgs")] {
        let (from, to) = (format!("{before}{{code}}\""), format!("{before}60\""));
        check_change(replaced(&scenario(NAME).text, &from, &to), &of(&others, by));
    }
}

#[test]
fn a_request_with_nothing_wrong_is_not_refused() {
    let text = replaced(&scenario(NAME).text, "deviations = [\"{code.odd}\"]", "deviations = []");
    check_change(text, &of(&[3, 11, 12, 14, 15, 16, 26, 31, 36, 37, 41, 50, 61, 93], "kdc"));
}

#[test]
fn a_realm_that_knows_nothing_of_others_does_not_name_them() {
    let text = replaced(&scenario(NAME).text, "users_elsewhere = { \"partner.test\" = \"PARTNER.TEST\" }\n", "");
    check_change(text, &of(&[68], "kdc"));
}

#[test]
fn a_length_with_nothing_wrong_is_answered_and_any_that_no_message_has_is_not() {
    let odd = |word: &str| replaced(&scenario(NAME).text, "tcp-length-with-reserved-bit", word);
    check_change(odd("tcp-length-beyond-limit"), &[]);
    check_change(odd(""), &of(&[61], "kdc"));
}

#[test]
fn a_code_of_the_kdc_alone_needs_no_database() {
    let plan = make_plan(&[scenario(NAME)], &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
    for case in &plan.cases {
        let servers: Vec<_> = case.servers.keys().map(String::as_str).collect();
        let logs_in = case.steps.iter().any(|step| step.verb.word() == "connect");
        let expected = match case.name.rsplit_once('/').unwrap().1 {
            "mysql" => vec!["mysql"],
            "kdc" | "postgres" if logs_in => vec!["postgres"],
            _ => vec![],
        };
        assert_eq!(servers, expected, "{}", case.name);
    }
}

#[test]
fn a_ticket_with_nothing_wrong_is_not_refused() {
    let (mut text, mut bent) = (String::new(), 0);
    for line in scenario(NAME).text.lines() {
        match line.split_once("then = { deviation = ") {
            Some((before, _)) => {
                text.push_str(&format!("{before}then = {{ delay = \"1ms\" }} }}\n"));
                bent += 1;
            }
            None => text.push_str(&format!("{line}\n")),
        }
    }
    assert_eq!(bent, 13);
    let at_servers = [31, 32, 33, 36, 43, 60];
    let mut failing = of(&[17, 20, 28, 32, 33, 38, 43], "kdc");
    failing.extend(of(&at_servers, "mysql"));
    failing.extend(of(&at_servers, "postgres"));
    check_change(text, &failing);
}
