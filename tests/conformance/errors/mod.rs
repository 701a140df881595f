//! What is said about a file that cannot be understood: place, problem, what was written, what is allowed.

mod arbitrary;
mod head;
mod parties;
mod proxies;
mod steps;

use shakedown::error::exit;
use shakedown::scenario::{Library, Source, make_plan};
use std::collections::BTreeMap;
use std::sync::LazyLock;

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::built_in().expect("it was built with these"));

const SCENARIO: &str = r#"title  = "A scenario"
source = "its source"
name   = "{engine}/{db}"
shows  = ["S3-01"]
exclude = [{ cells = 1, when = { engine = "2.11.0", db = "b" }, why = "because" }]

[axes]
engine = ["2.09.3", "2.11.0"]
db     = [{ name = "a", code = "1045" }, "b"]

[reading]
question = { default = "one", or = ["other"] }

[realm.corp]
realm = "CORP.EXAMPLE.COM"
users = { alice = { secret = "alice" } }

[server.db]
engine     = "aurora-mysql {engine}"
accounts   = { alice = { plugin = "mysql_native_password", secret = "alice" } }
parameters = { require_secure_transport = "ON" }
clock      = "+1h"

[client.app]
login = "alice"
tls   = { mode = "REQUIRED", versions = "1.0-1.2" }

[[step]]
name    = "login"
connect = { from = "app", to = "db" }
expect  = [
  { cells = 2, when = { engine = "2.09.3" }, then = "established" },
  { cells = 1, then = "refused by server: 1045 28000", server = "eof", trace = "… error" },
]

[[step]]
kinit = { by = "app", user = "alice", realm = "corp" }
then  = "established"
"#;

fn plan(text: &str) -> Result<(), String> {
    make_plan(&[Source::new("x", text)], &LIBRARY, &BTreeMap::new()).map(|_| ()).map_err(|error| {
        assert_eq!(error.exit_code(), exit::USAGE, "{error}");
        error.to_string()
    })
}

/// Replaces `from` by `to` in the scenario and holds the error against `expected`, which begins with line and column.
#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    assert_eq!(SCENARIO.matches(from).count(), 1, "'{from}' is to stand once in the scenario");
    assert_eq!(plan(&SCENARIO.replace(from, to)), Err(format!("scenarios/x.toml:{expected}")), "{to}");
}

#[test]
fn the_scenario_itself_is_understood() {
    assert_eq!(plan(SCENARIO), Ok(()));
}
