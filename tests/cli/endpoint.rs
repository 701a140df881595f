//! `shakedown run --backend endpoint` before a mock of ours: what it plays, what it skips and why, what it must play.

use crate::arguments;
use crate::program::{Files, Ran, SMALL, program, to_its_end};
use shakedown::scenario::{Library, Source, make_plan};
use shakedown::testbed::{Materials, World};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

/// The server of the small scenario, whose alice has the password of the test.
struct Mock {
    runtime: Runtime,
    world: World,
}

const SECRET: &str = "a-secret-of-this-test";

impl Mock {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let library = Library::built_in().unwrap();
        let case = make_plan(&[Source::new("small", SMALL)], &library, &BTreeMap::new()).unwrap().cases.remove(0);
        let secrets = BTreeMap::from([("alice".to_owned(), Zeroizing::new(SECRET.to_owned()))]);
        let materials = Arc::new(Materials::prepare([&case]).unwrap().supplied(secrets, None));
        let world = runtime.block_on(World::of_mocks(&case, &materials, &BTreeMap::new())).unwrap();
        Self { runtime, world }
    }

    fn port(&self) -> String {
        self.world.address("db").unwrap().port().to_string()
    }

    fn stop(self) {
        self.runtime.block_on(self.world.stop());
    }
}

/// Plays the small scenario with an environment that describes the endpoint.
fn run(path: &Path, more: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = program();
    command.arg("run").arg(path).args(["--backend", "endpoint"]).args(more);
    for (name, value) in variables {
        command.env(format!("SHAKEDOWN_ENDPOINT_{name}"), value);
    }
    command.env("THE_SECRET", SECRET);
    to_its_end(command)
}

#[test]
fn the_environment_alone_describes_an_endpoint_and_its_secret_is_never_printed() {
    let (_files, path) = Files::small(SMALL);
    let mock = Mock::start();
    let port = mock.port();
    let described = [
        ("PLAYS", "aurora-mysql 2.11.0, aurora-mysql 3.*"),
        ("HOST", "db.test"),
        ("ADDRESS", "127.0.0.1"),
        ("PORT", &port),
        ("SECRETS", "{ alice = \"${THE_SECRET}\" }"),
        ("ALLOW", "{ failed-login = 1 }"),
    ];
    let ran = run(&path, &["--trace"], &described).exits_with(0);
    assert!(ran.out.contains("2 cases: 2 pass in "), "{ran:?}");
    assert!(!ran.err.contains("says"), "its version would cost an aborted handshake: {}", ran.err);

    let asked = [&described[..5], &[("ALLOW", "{ failed-login = 1, aborted-handshake = 1 }")]].concat();
    let ran = run(&path, &["--trace"], &asked).exits_with(0);
    assert!(ran.err.starts_with("shakedown: the endpoint says 8.0.28\n"), "{}", ran.err);

    // The counter-check: another secret is refused, and no secret is told either way.
    let wrong = [&described[..4], &[("SECRETS", "{ alice = \"another-secret\" }"), described[5]]].concat();
    let ran = run(&path, &["--trace"], &wrong).exits_with(1);
    assert!(ran.out.contains("fail  small/right\n"), "{ran:?}");
    for said in [&ran.out, &ran.err] {
        assert!(!said.contains(SECRET) && !said.contains("another-secret"), "{said}");
    }
    mock.stop();
}

#[test]
fn what_is_spent_and_what_is_elsewhere_is_skipped_and_a_case_that_is_required_fails() {
    let (files, path) = Files::small(SMALL);
    let mock = Mock::start();
    let port = mock.port();
    let endpoint = |more: &str| {
        let text =
            format!("plays = 'aurora-mysql 3.04.0'\nhost = 'db.test'\naddress = '127.0.0.1'\nport = {port}\n{more}");
        files.write("endpoint.toml", format!("{text}\n[secrets]\nalice = \"${{THE_SECRET}}\"\n"))
    };
    let play = |file: &Path, required: &[&str]| {
        let required = required.iter().flat_map(|pattern| ["--require", pattern]);
        let more: Vec<&str> = ["--endpoint", file.to_str().unwrap()].into_iter().chain(required).collect();
        run(&path, &more, &[])
    };
    let spent = "costs a failed login, and the endpoint file allows no more of them";
    let file = endpoint("");
    for required in [&[][..], &["small/right"]] {
        let ran = play(&file, required).exits_with(0);
        assert!(ran.out.contains(&format!("skipped 1: {spent}\n2 cases: 1 pass, 1 skipped in ")), "{ran:?}");
    }
    let report = files.path().join("report");
    let ran = run(
        &path,
        &["--endpoint", file.to_str().unwrap(), "--require", "small/wrong", "--report", report.to_str().unwrap()],
        &[],
    )
    .exits_with(1);
    assert!(ran.out.contains(&format!("    why         required, but skipped: {spent}\n")), "{ran:?}");
    assert!(ran.out.contains("2 cases: 1 pass, 1 fail in "), "{ran:?}");
    for name in ["results.json", "junit.xml", "summary.md"] {
        let text = std::fs::read_to_string(report.join(name)).unwrap();
        assert!(text.contains("required, but skipped: "), "{name}: {text}");
        assert!(!text.contains(SECRET), "{name}");
    }
    let ran = play(&endpoint("[allow]\nfailed-login = 1"), &["small/**"]).exits_with(0);
    assert!(ran.out.contains("2 cases: 2 pass in "), "{ran:?}");

    // All skipped is nothing played; all skipped and required is a failure.
    let other = files.write("other.toml", "plays = 'aurora-mysql 2.11.0'\nhost = '127.0.0.1'\n");
    let ran = play(&other, &[]).exits_with(4);
    assert!(ran.out.contains("skipped 2: backend plays aurora-mysql 2.11.0\n"), "{ran:?}");
    play(&other, &["**"]).exits_with(1);
    mock.stop();
}

/// No packet goes to either address: the system refuses to send to the first, and nobody is at the second.
#[test]
fn who_reaches_nobody_is_not_refused() {
    let clear = r#"title  = "Refused by whomever"
source = "a test"
[server.db]
engine   = "aurora-postgresql 15"
accounts = { alice = { method = "trust" } }
[client.app]
login = "alice"
[[step]]
connect = { from = "app", to = "db" }
then    = "refused"
"#;
    let kinit = r#"title  = "Without a ticket for whatever reason"
source = "a test"
[realm.corp]
realm = "CORP.EXAMPLE.COM"
users = { alice = { secret = "alice" } }
[server.db]
engine   = "aurora-postgresql 15"
kerberos = { realm = "corp" }
accounts = { alice = { by = "kerberos" } }
[client.app]
login = "alice"
[[step]]
kinit = { by = "app", user = "alice", realm = "corp" }
then  = "refused"
"#;
    let (files, _) = Files::small(SMALL);
    let endpoint = "plays = 'aurora-postgresql 15'\nhost = 'db.test'\naddress = '255.255.255.255'\ncleartext = 'allowed'\n\
        [secrets]\nalice = 'a-secret'\n[realms]\n'CORP.EXAMPLE.COM' = '127.0.0.1:1'\n\
        [allow]\nfailed-login = 2\naborted-handshake = 2\n";
    let endpoint = files.write("nowhere.toml", endpoint);
    for (name, scenario) in [("clear.toml", clear), ("kinit.toml", kinit)] {
        let file = files.write(name, scenario);
        let ran = run(&file, &["--endpoint", endpoint.to_str().unwrap()], &[]).exits_with(3);
        assert!(ran.out.contains("1 case: 0 pass, 1 error in "), "{ran:?}");
        assert!(ran.out.contains("the client reaches nobody: "), "{ran:?}");
    }
}

/// A mistyped secret must not cost an account more than the file allows: what is not foreseen is charged when it happens.
#[test]
fn a_wrong_secret_in_the_file_ends_the_run_when_no_more_failed_logins_are_allowed() {
    let (files, _) = Files::small(SMALL);
    let four = SMALL
        .replace("who = [", "time = [\"1\", \"2\", \"3\", \"4\"]\nwho = [")
        .replace("{who}\"\n", "{who}-{time}\"\n");
    let path = files.write("four.toml", four.replace("cells = 1", "cells = 4"));
    let mock = Mock::start();
    let port = mock.port();
    let endpoint = |secret: &'static str, allowed: &'static str| {
        let of = [("PLAYS", "aurora-mysql 3.04.0"), ("HOST", "db.test"), ("ADDRESS", "127.0.0.1")];
        let described = [&of[..], &[("PORT", port.as_str()), ("SECRETS", secret), ("ALLOW", allowed)]].concat();
        run(&path, &["--jobs", "1", "--filter", "four/right-*"], &described)
    };
    let ran = endpoint("{ alice = \"another-secret\" }", "{ failed-login = 1 }").exits_with(1);
    assert!(ran.out.contains("4 cases: 0 pass, 2 fail, 2 skipped in "), "{ran:?}");
    let reason = "the endpoint refuses logins that it should not, and its file allows no more failed ones";
    assert!(ran.out.contains(&format!("skipped 2: {reason}\n")), "{ran:?}");
    let ran = endpoint("{ alice = \"${THE_SECRET}\" }", "{ failed-login = 0 }").exits_with(0);
    assert!(ran.out.contains("4 cases: 4 pass in "), "{ran:?}");
    mock.stop();
}

#[test]
fn a_replay_is_told_where_the_endpoint_is() {
    let (files, path) = Files::small(SMALL);
    let mock = Mock::start();
    let text =
        format!("plays = 'aurora-mysql 3.04.0'\nhost = '127.0.0.1'\nport = {}\n[secrets]\nalice = 'no'\n", mock.port());
    let file = files.write("endpoint.toml", text);
    let ran = crate::program::shakedown(arguments!["run", &path, "--backend", "endpoint", "--endpoint", &file]);
    let ran = ran.exits_with(1);
    assert!(ran.out.contains(&format!("--backend endpoint --endpoint {}", file.display())), "{ran:?}");
    mock.stop();
}
