//! What PostgreSQL cannot play of what a plan asks for.

use super::SUPERUSER;
use crate::scenario::party;
use crate::scenario::plan::Case;
use crate::testbed::abilities::{self, Abilities};
use crate::testbed::needs::Needs;

/// The engine line that it stands for, each version for its own.
const LINE: &str = "aurora-postgresql";

/// What of a PostgreSQL decides what it can play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::testbed) struct Build {
    /// `15`.
    pub(in crate::testbed) major: String,
    /// Whether it has GSS-API.
    pub(in crate::testbed) gss: bool,
    /// Whether it has TLS.
    pub(in crate::testbed) tls: bool,
}

/// Why a case cannot be played, if so.
pub(in crate::testbed) fn lacks(build: &Build, case: &Case, server: &party::Server) -> Option<String> {
    let product = format!("postgres {}", build.major);
    let profile = &server.profile;
    if profile.line != LINE || profile.version.to_string() != build.major {
        return Some(format!("{product} does not play {profile}"));
    }
    if server.tls.is_some() && !build.tls {
        return Some(format!("this {product} was built without TLS"));
    }
    if server.kerberos.is_some() && !build.gss {
        return Some(format!("this {product} was built without GSS-API"));
    }
    if server.accounts.contains_key(SUPERUSER) {
        return Some(format!("{SUPERUSER} is the superuser of every {product} here"));
    }
    abilities::lacks(&Needs::of(case, server), &of(build, product))
}

fn of(build: &Build, product: String) -> Abilities {
    let mut abilities = Abilities::of_our_own(product, &[&format!("{LINE} {}", build.major)]);
    let methods = ["trust", "password", "md5", "scram-sha-256", "gss"];
    let has = |method: &&str| build.gss || *method != "gss";
    abilities.methods = methods.into_iter().filter(has).map(str::to_owned).collect();
    abilities.gss_encryption = build.gss;
    // It reads its keytab for each connection.
    abilities.verbs = vec!["rotate".to_owned()];
    abilities
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Library, Source, make_plan};
    use std::collections::BTreeMap;

    const SCENARIO: &str = r#"
title  = "x"
source = "x"
[realm.corp]
realm = "CORP.EXAMPLE.COM"
users = { alice = { secret = "alice" } }
[server.db]
engine   = "aurora-postgresql 15"
host     = "db.test"
kerberos = { realm = "corp", spn = "postgres/db.test" }
accounts = { alice = { method = "gss", realm = "corp" } }
[client.app]
login = "alice"
offer = "ticket"
[axes]
one = ["x"]
[[step]]
connect = { from = "app", to = "db" }
then    = "established"
"#;

    /// Why a PostgreSQL 15 does not play the scenario with something replaced.
    fn reason(what: &str, by: &str, change: impl FnOnce(&mut Build)) -> Option<String> {
        assert!(SCENARIO.contains(what));
        let source = Source::new("x", SCENARIO.replace(what, by));
        let case = make_plan(&[source], &Library::built_in().unwrap(), &BTreeMap::new()).unwrap().cases.remove(0);
        let mut build = Build { major: "15".to_owned(), gss: true, tls: true };
        change(&mut build);
        lacks(&build, &case, &case.servers["db"])
    }

    #[test]
    fn each_version_plays_itself() {
        assert_eq!(reason("x", "x", |_| {}), None);
        let other = reason("aurora-postgresql 15", "aurora-postgresql 13", |_| {});
        assert_eq!(other.as_deref(), Some("postgres 15 does not play aurora-postgresql 13"));
        let newer = reason("x", "x", |build| build.major = "16".to_owned());
        assert_eq!(newer.as_deref(), Some("postgres 16 does not play aurora-postgresql 15"));
    }

    #[test]
    fn what_it_was_built_without_it_cannot_play() {
        let without = reason("x", "x", |build| build.gss = false);
        assert_eq!(without.as_deref(), Some("this postgres 15 was built without GSS-API"));
        let without = reason("x", "x", |build| build.tls = false);
        assert_eq!(without.as_deref(), Some("this postgres 15 was built without TLS"));
    }

    #[test]
    fn tokens_and_the_other_tls_library_are_not_its_own() {
        let tokens = reason(
            "accounts = { alice = { method = \"gss\", realm = \"corp\" } }",
            "iam = { region = \"eu-central-1\" }\naccounts = { alice = { by = \"iam\" } }",
            |_| {},
        );
        assert_eq!(tokens.as_deref(), Some("postgres 15 has no pam"));
        let rustls = reason("[client.app]", "tls = { provider = \"rustls\" }\n[client.app]", |_| {});
        assert_eq!(rustls.as_deref(), Some("postgres 15 does TLS with OpenSSL, not with rustls"));
    }
}
