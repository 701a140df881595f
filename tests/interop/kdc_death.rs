//! A KDC that ends while cases hold it is the environment's fault, and the next case gets another one.

use crate::real_kdc::is_installed;
use shakedown::scenario::{Library, Source, make_plan};
use shakedown::testbed::{Backend, Performed};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// The name of its realm is in no other test.
const DYING: &str = r#"
title  = "A ticket"
source = "RFC 4120, 3.1"
name   = "ticket"

[realm.corp]
realm = "DYING.EXAMPLE.COM"
users = { alice = { secret = "alice" } }

[client.app]
login = "alice"

[[step]]
kinit = { by = "app", user = "alice", realm = "corp" }
then  = "established"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_kdc_that_is_killed_is_named_and_replaced() {
    if !is_installed() {
        return;
    }
    let plan = make_plan(&[Source::new("dying", DYING)], &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
    let case = &plan.cases[0];
    let backend = Backend::parse("kdc=process", None).unwrap();
    let materials = Arc::new(backend.materials(&plan.cases).unwrap());
    let mut world = backend.world(case, &materials).await.unwrap();
    assert!(is_established(&world.perform(&case.steps[0].verb).await.unwrap()));

    let (process, folder) = kdc();
    let killed = Command::new("kill").args(["-KILL", &process.to_string()]).status().unwrap();
    assert!(killed.success());
    let problem = world.perform(&case.steps[0].verb).await.unwrap_err().to_string();
    assert!(problem.starts_with("MIT's KDC was ended by signal 9 (SIGKILL)"), "{problem}");

    let mut next = backend.world(case, &materials).await.unwrap();
    assert!(is_established(&next.perform(&case.steps[0].verb).await.unwrap()));
    let (_, second) = kdc();
    assert_ne!(folder, second);
    world.stop().await;
    next.stop().await;
    backend.stop().await;
    assert!(!folder.exists() && !second.exists(), "{} {}", folder.display(), second.display());
}

fn is_established(performed: &Performed) -> bool {
    matches!(performed, Performed::Attempt(attempt) if attempt.client.is_established())
}

/// The KDC of the realm that nobody else has: its process, which has not been killed, and its folder.
fn kdc() -> (u32, PathBuf) {
    let processes = std::fs::read_dir("/proc").unwrap();
    let mut numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let found = numbers.find_map(|process| {
        let folder = std::fs::read_link(Path::new("/proc").join(process.to_string()).join("cwd")).ok()?;
        let conf = std::fs::read_to_string(folder.join("kdc.conf")).ok()?;
        conf.contains("DYING.EXAMPLE.COM = {").then_some((process, folder))
    });
    found.expect("the KDC runs")
}
