//! The three examples of the format's description parse, expand and count as written there.

use shakedown::scenario::party::Password;
use shakedown::scenario::plan::Verb;
use shakedown::scenario::{Case, Library, Plan, Source, make_plan};
use std::collections::BTreeMap;

fn plan(name: &str, text: &str, readings: &[(&str, &str)]) -> Plan {
    let library = Library::built_in().expect("it was built with these");
    let readings = readings.iter().map(|&(q, a)| (q.to_owned(), a.to_owned())).collect::<BTreeMap<_, _>>();
    make_plan(&[Source::new(name, text)], &library, &readings).unwrap_or_else(|error| panic!("{error}"))
}

fn outcomes(plan: &Plan, step: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for case in &plan.cases {
        *counts
            .entry(case.steps[step].expectation.as_ref().expect("the step is judged").client.to_string())
            .or_default() += 1;
    }
    counts
}

fn counts(plan: &Plan, step: &str) -> Vec<usize> {
    plan.rules.iter().filter(|rule| rule.step == step).map(|rule| rule.cells).collect()
}

#[test]
fn example_1_is_a_matrix_of_288_cells() {
    let plan = plan("mysql/cipher-suites", include_str!("examples/matrix.toml"), &[]);
    assert_eq!(plan.cases.len(), 288);
    assert_eq!(counts(&plan, "connect"), [128, 20, 70, 50, 40]);
    let established =
        |case: &&Case| case.steps[0].expectation.as_ref().unwrap().client.to_string().starts_with("established");
    assert_eq!(plan.cases.iter().filter(established).count(), 120);
    assert_eq!(plan.cases[0].name, "mysql/cipher-suites/2.07.9/tls1.0/DHE-RSA-AES128-SHA");
    assert_eq!(plan.cases[287].name, "mysql/cipher-suites/3.04.0/tls1.2/ECDHE-RSA-AES256-GCM-SHA384");
    assert_eq!(plan.cases[0].shown(), ["S3-41", "S3-53", "S3-37"]);
    assert_eq!(plan.readings, BTreeMap::from([("dhe-on-v3".to_owned(), "table".to_owned())]));
}

#[test]
fn example_1_under_the_other_reading_refuses_20_cells_more() {
    let plan = plan("mysql/cipher-suites", include_str!("examples/matrix.toml"), &[("dhe-on-v3", "note")]);
    let established: usize = outcomes(&plan, 0).iter().filter(|(o, _)| o.starts_with("est")).map(|(_, n)| n).sum();
    assert_eq!(established, 100);
}

#[test]
fn example_2_is_steps() {
    let plan = plan("kerberos/keytab-rotation", include_str!("examples/steps.toml"), &[]);
    assert_eq!(plan.cases.len(), 12);
    let case = plan.cases.iter().find(|case| case.name == "kerberos/keytab-rotation/postgres/keytab-new-only").unwrap();
    let verbs: Vec<_> = case.steps.iter().map(|step| step.verb.word()).collect();
    assert_eq!(verbs, ["kinit", "connect", "rotate", "connect", "kinit", "connect"]);
    let cached = case.steps[3].expectation.as_ref().unwrap();
    assert_eq!(cached.client.to_string(), "refused by server: 28000");
    assert_eq!(cached.server.as_ref().unwrap().to_string(), "krb 44");
    assert!(case.steps[2].expectation.is_none());
    assert_eq!(counts(&plan, "cached-ticket"), [4, 2, 2, 2, 2]);
    assert_eq!(counts(&plan, "fresh-ticket"), [6, 2, 2, 2]);
    let kerberos = case.servers["db"].kerberos.as_ref().unwrap();
    assert_eq!(kerberos.spn, "postgres/db.test");
    assert_eq!(kerberos.realm.services.keys().collect::<Vec<_>>(), ["postgres/db.test"]);
}

#[test]
fn example_3_is_a_cube_with_holes() {
    let plan = plan("iam/exclusivity", include_str!("examples/cube.toml"), &[]);
    assert_eq!(plan.cases.len(), 2 * 4 * 4 * 4 * 3 - 64 - 32);
    assert_eq!(plan.excluded.iter().map(|excluded| excluded.cells).collect::<Vec<_>>(), [64, 32]);
    assert_eq!(counts(&plan, "connect"), [16, 16, 8, 8, 4, 8, 36, 32, 16, 18, 16, 8, 20, 8, 4, 4, 18, 12, 8, 10, 18]);
}

#[test]
fn parties_of_a_step_may_vary_and_a_step_may_be_left_out() {
    let text = r#"
title  = "one server or the other"
source = "none"
[axes]
target = ["old", "new"]
[realm.corp]
realm = "CORP"
[server.old]
engine   = "aurora-mysql 2.11.0"
accounts = { alice = { secret = "one" } }
[server.new]
engine   = "aurora-mysql 3.04.0"
accounts = { alice = { secret = "other" } }
[client.app]
login = "alice"
[[step]]
when  = { target = "new" }
kinit = { by = "app", user = "alice", realm = "corp" }
then  = "established"
[[step]]
connect = { from = "app", to = "{target}" }
then    = "established by password"
"#;
    let plan = plan("x", text, &[]);
    let [old, new] = plan.cases.as_slice() else { panic!("{} cases", plan.cases.len()) };
    assert_eq!((old.name.as_str(), new.name.as_str()), ("x/old", "x/new"));
    assert_eq!((old.steps.len(), new.steps.len()), (1, 2));
    assert_eq!(
        old.steps[0].verb,
        Verb::Connect { from: "app".into(), to: "old".into(), host: None, former_port: false, replay: false }
    );
    // The secret of the client is that of its account on the server that it connects to.
    assert_eq!(old.clients["app"].password, Some(Password::Named("one".into())));
    assert_eq!(new.clients["app"].password, Some(Password::Named("other".into())));
}
