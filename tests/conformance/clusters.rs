//! Clusters: what is wrong about one is found by exactly the cases about it, the largest one is the largest, and the gap of a
//! failover is there and ends.

use crate::play::{play, replaced, scenario};
use shakedown::handshake::Outcome;
use shakedown::scenario::plan::Verb;
use shakedown::scenario::{Library, Source, make_plan};
use shakedown::testbed::{Backend, Performed};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

const SCENARIOS: [&str; 6] = ["endpoints", "failover", "port-change", "reboot", "roles", "size"];

#[test]
fn every_departure_of_a_cluster_is_found_by_the_cases_about_it() {
    let caught: &[(&str, &[&str])] = &[
        ("endpoint-stays", &["failover/*", "roles/{read-write,read-only}/{cluster,reader}"]),
        (
            "reader-leads-to-writer",
            &["endpoints/*/reader", "failover/*", "roles/{read-write,read-only}/reader", "size/*"],
        ),
        (
            "instance-leads-to-writer",
            &[
                "endpoints/*/instance-{2,3}",
                "failover/*",
                "reboot/kerberos",
                "roles/{read-write,read-only}/{first,second}",
            ],
        ),
        ("reader-accepts-writes", &["roles/{read-write,read-only}/{first,reader,second}"]),
        ("enabled-without-reboot", &["reboot/kerberos"]),
        ("kerberos-survives-port", &["port-change/kerberos/another"]),
    ];
    let listed: BTreeSet<_> = caught.iter().map(|(word, _)| *word).collect();
    let known = shakedown::scenario::party::ClusterDeviation::ALL;
    assert_eq!(listed, known.iter().map(|deviation| deviation.word()).collect());
    let (mut sources, mut patterns) = (Vec::new(), Vec::new());
    for (word, cases) in caught {
        for name in SCENARIOS {
            let Source { text, .. } = scenario(&format!("cluster/{name}"));
            let wrong = format!("[cluster.shop]\ndeviations = [\"{word}\"]\n");
            sources.push(Source::new(format!("{word}/{name}"), replaced(&text, "[cluster.shop]\n", &wrong)));
        }
        patterns.extend(cases.iter().map(|case| format!("{word}/{case}")));
    }
    play(&sources).failed_exactly(&patterns.iter().map(String::as_str).collect::<Vec<_>>());
}

fn problem(from: &str, to: &str) -> String {
    let Source { text, .. } = scenario("cluster/size");
    let source = Source::new("x", replaced(&text, from, to));
    let planned = make_plan(&[source], &Library::built_in().unwrap(), &BTreeMap::new());
    planned.map_or_else(|problem| problem.to_string(), |_| String::new())
}

#[test]
fn a_cluster_has_fifteen_readers_and_not_one_more() {
    assert_eq!(problem("readers  = 15", "readers  = \"15\""), "");
    for (from, to, expected) in [
        ("readers  = 15", "readers = 16", "a cluster has one writer and up to 15 readers, not '16', allowed: 0 to 15"),
        (
            "readers  = 15",
            "readers = 15\ncustom = { x = [\"shop-17\"] }",
            "unknown instance 'shop-17', allowed: shop-1,",
        ),
        (
            "readers  = 15",
            "readers = 15\ndeviations = \"x\"",
            "unknown deviation 'x', allowed: endpoint-stays, reader-",
        ),
        (
            "\n[client.app]",
            "\n[server.shop-3]\nengine = \"{db.engine}\"\n[client.app]",
            "two parties have the name 'shop-3'",
        ),
    ] {
        let found = problem(from, to);
        assert!(found.contains(expected), "{found}");
    }
}

#[tokio::test]
async fn between_two_writers_nobody_answers_and_the_gap_ends_with_the_new_one() {
    let sources = [scenario("cluster/failover")];
    let plan = make_plan(&sources, &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
    let case = &plan.cases[0];
    let backend = Backend::mock();
    let materials = Arc::new(backend.materials([case]).unwrap());
    let mut world = backend.world(case, &materials).await.unwrap();
    let step = |name: &str| &case.steps.iter().find(|step| step.name == name).unwrap().verb;
    let mut connects = 0;
    let gap_began = {
        world.perform(step("the-writer-ends")).await.unwrap();
        Instant::now()
    };
    let outcome = |performed: Performed| -> Outcome {
        let Performed::Attempt(attempt) = performed else { panic!("{performed:?}") };
        attempt.client
    };
    let to_the_cluster: &Verb = step("in-the-gap");
    for _ in 0..10 {
        let refused = outcome(world.perform(to_the_cluster).await.unwrap());
        assert_eq!(refused.to_string(), "refused by server: tcp refused");
        connects += 1;
    }
    world.perform(step("another-takes-its-place")).await.unwrap();
    let established = outcome(world.perform(step("after")).await.unwrap());
    let gap = gap_began.elapsed();
    assert!(established.is_established(), "{established}");
    assert!(!gap.is_zero(), "{connects} logins were refused within {gap:?}");
    world.stop().await;
}
