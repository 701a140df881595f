//! What is said about the head of a file: keys, axes, selectors, counts and requirements.

use super::{LIBRARY, SCENARIO, check};
use shakedown::error::Error;
use shakedown::scenario::{Source, make_plan};
use std::collections::BTreeMap;

#[test]
fn keys_and_types() {
    check(
        "login = ",
        "logn = ",
        "25:1: unknown key 'logn', allowed: kind, argv, login, secret, database, tls, gssencmode, target_session_attrs, sslnegotiation, transport, offer, token, allow_cleartext, mutual, channel_binding, protocol, kdc_timesync, destroy_tickets, network, deadline, krb5, clock, deviations",
    );
    check(
        "[realm.corp]",
        "[realms.corp]",
        "14:2: unknown key 'realms', allowed: title, source, name, shows, exclude, axes, reading, realm, server, cluster, client, proxy, step, during",
    );
    check("or = [\"other\"]", "ro = [\"other\"]", "12:31: unknown key 'ro', allowed: default, or");
    check("source = \"its source\"\n", "", "1:1: missing key 'source'");
    check("login = \"alice\"\n", "", "24:1: missing key 'login'");
    check("title  = \"A scenario\"", "title = [\"A\"]", "1:9: invalid type: array, expected a string");
    check("login = \"alice\"", "login = 1.5", "25:9: invalid type: floating point `1.5`, expected a string");
    check("cells = 2", "cells = \"2\"", "32:13: invalid type: string \"2\", expected u64");
    check(
        "or = [\"other\"]",
        "or = { a = \"b\" }",
        "12:36: invalid type: table, expected a string or a list of strings",
    );
    check("db     = [", "db     = [[\"a\"], ", "9:10: invalid type: array, expected a string or a table with 'name'");
    check(
        "engine = [\"2.09.3\", \"2.11.0\"]",
        "engine = \"2.09.3\"",
        "8:10: invalid type: string \"2.09.3\", expected a list of values or { set = NAME }",
    );
    check("title  = \"A scenario\"", "title = \"A", "1:11: invalid basic string, expected `\"`");
    check("login = \"alice\"", "login = \"alice\"\nlogin = \"bob\"", "26:1: duplicate key");
}

#[test]
fn axes_and_templates() {
    check("\"{engine}/{db}\"", "\"{version}\"", "3:10: unknown axis in a template 'version', allowed: engine, db");
    check("\"{engine}/{db}\"", "\"{db.code}\"", "3:10: value 'b' of axis 'db' has no field 'code', allowed: name");
    check("\"{engine}/{db}\"", "\"{engine\"", "3:10: '{' without '}' in '{engine'");
    check(
        "\"{engine}/{db}\"",
        "\"{engine}\"",
        "3:10: the cells engine=2.09.3 db=a and engine=2.09.3 db=b have one name: 'x/2.09.3'",
    );
    check("[\"2.09.3\", \"2.11.0\"]", "[]", "8:1: an axis without values 'engine'");
    check("[\"2.09.3\", \"2.11.0\"]", "[\"2.09.3\", \"2.09.3\"]", "8:21: value given twice '2.09.3'");
    check("[\"2.09.3\", \"2.11.0\"]", "{ set = \"suites\" }", "8:18: unknown set 'suites', allowed: aurora-suites");
    check("{ name = \"a\", code", "{ nam = \"a\", code", "9:11: missing key 'name' in the value of an axis");
    check("engine = [\"2.09.3\"", "reading = [\"2.09.3\"", "8:1: not allowed as the name of an axis 'reading'");
    let many = (0..400).map(|number| format!("\"{number}\"")).collect::<Vec<_>>().join(", ");
    check(
        "[\"2.09.3\", \"2.11.0\"]",
        &format!("[\"2.09.3\", \"2.11.0\"]\na = [{many}]\nb = [{many}]"),
        "10:1: more than 100000 cells",
    );
}

#[test]
fn selectors() {
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { enginee = \"2.09.3\" }",
        "32:25: unknown axis in a selector 'enginee', allowed: engine, db, reading",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { engine = \"2.10\" }",
        "32:34: matches no value of 'engine': '2.10', allowed: 2.09.3, 2.11.0",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { engine = [\"2.09.3\", \"3*\"] }",
        "32:45: matches no value of 'engine': '3*', allowed: 2.09.3, 2.11.0",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { db = \"< 2\" }",
        "32:30: 'a' of 'db' is no version and cannot be compared with '< 2'",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { engine = \"< two\" }",
        "32:34: no version to compare with in '< two'",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { engine = \"two+\" }",
        "32:34: no version in front of '+' in 'two+'",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { engine = [] }",
        "32:34: a selector without values matches nothing",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { db.spn = \"x\" }",
        "32:25: invalid type: table, expected a string or a list of strings",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { \"db.spn\" = \"x\" }",
        "32:25: no value of the axis has the field of 'db.spn'",
    );
    check(
        "when = { engine = \"2.09.3\" }",
        "when = { reading = \"question=no\" }",
        "32:35: unknown reading 'question=no', allowed: question=one, question=other",
    );
}

#[test]
fn counts_of_rules_and_exclusions() {
    check("cells = 2", "cells = 3", "32:13: the rule decides 2 cells, not '3'");
    check("cells = 2, ", "", "32:3: missing key 'cells', obligatory with two rules or more; it decides 2");
    check("when = { engine = \"2.09.3\" }, then", "then", "32:13: the rule decides 3 cells, not '2'");
    check(
        "{ cells = 1, then = \"refused",
        "{ cells = 1, when = { engine = \"2.09.3\" }, then = \"refused",
        "28:1: no rule decides the cell engine=2.11.0 db=a",
    );
    check(
        "then = \"established\" },",
        "then = \"established\" },\n{ cells = 0, when = { engine = \"2.09.3\" }, then = \"established\" },",
        "33:1: the rule decides no cell",
    );
    check(
        "cells = 1, when = { engine = \"2.11.0\"",
        "cells = 2, when = { engine = \"2.11.0\"",
        "5:22: the entry excludes 1 cells, not '2'",
    );
    check(
        "engine = \"2.11.0\", db = \"b\"",
        "reading = \"question=one\"",
        "5:34: cells cannot be excluded by a reading",
    );
}

#[test]
fn requirements() {
    check("shows  = [\"S3-01\"]", "shows = [\"S3-65\"]", "4:10: unknown requirement 'S3-65', allowed: S3-01 to S3-64");
    check(
        "shows  = [\"S3-01\"]",
        "shows = [\"S3-01\", \"X\"]",
        "4:19: unknown requirement 'X', allowed: the entries of scenarios/requirements.toml",
    );
    check(
        "name = \"a\", code",
        "name = \"a\", shows = \"S9-01\", code",
        "1:1: unknown requirement, shown by value 'a' of axis 'db': 'S9-01', allowed: the entries of scenarios/requirements.toml",
    );
    check(
        "then = \"established\" },",
        "then = \"established\", shows = \"S0-99\" },",
        "28:1: unknown requirement 'S0-99', allowed: S0-01 to S0-26",
    );
}

#[test]
fn two_files_with_one_case_and_choices_that_answer_nothing() {
    let twice = [Source::new("x", SCENARIO), Source::new("x", SCENARIO)];
    let error = make_plan(&twice, &LIBRARY, &BTreeMap::new()).unwrap_err().to_string();
    assert_eq!(
        error,
        "scenarios/x.toml:1:1: two cases have one name, the other is at scenarios/x.toml:1: 'x/2.09.3/a'"
    );
    let choose = |question: &str, answer: &str| {
        let choices = BTreeMap::from([(question.to_owned(), answer.to_owned())]);
        make_plan(&[Source::new("x", SCENARIO)], &LIBRARY, &choices).map(|plan| plan.readings)
    };
    assert_eq!(choose("question", "other").unwrap()["question"], "other");
    assert_eq!(
        choose("question", "no"),
        Err(Error::Usage("unknown reading 'question=no', allowed are one, other".into()))
    );
    assert_eq!(choose("who", "one"), Err(Error::Usage("no scenario asks the question 'who'".into())));
}
