//! What MariaDB and MySQL can play.

use crate::handshake::TlsVersion;
use crate::scenario::party::{Proof, Server, TlsMode, TlsRange};
use crate::scenario::plan::{Case, Verb};
use crate::testbed::abilities::{self, Abilities};
use crate::testbed::needs::Needs;
use crate::testbed::process::mysql::Installed;
use crate::tls::Suite;

/// Why a case cannot be played by a server of this product, if so: `mariadb 10.11 has no caching_sha2_password`.
///
/// It stands for every version of Aurora MySQL whose settings it can be given: which versions of TLS and which suites there are is
/// what sets them apart.
#[must_use]
pub fn lacks(installed: &Installed, case: &Case, server: &Server) -> Option<String> {
    let needs = Needs::of(case, server);
    abilities::lacks(&needs, &abilities(installed))
        .or_else(|| (server.clock_seconds != 0).then(|| format!("{installed} has the clock of this machine")))
        .or_else(|| plugins(installed, server))
        .or_else(|| greeting(installed, server))
        .or_else(|| agreement(installed, case, server))
}

/// What it has and can be given.
#[must_use]
pub fn abilities(installed: &Installed) -> Abilities {
    let mut abilities = Abilities::of_our_own(installed.to_string(), &["aurora-mysql *"]);
    if !installed.has_tls_version(TlsVersion::Tls1_0) {
        abilities.tls = TlsRange { min: TlsVersion::Tls1_2, max: TlsVersion::Tls1_3 };
    }
    abilities.suites.retain(|suite| installed.has_suite(suite));
    abilities.methods = installed.plugins().into_iter().map(str::to_owned).collect();
    abilities
}

/// Every account of the plan is made, whoever logs in.
fn plugins(installed: &Installed, server: &Server) -> Option<String> {
    let word = |proof: &Proof| match proof {
        Proof::Password { scheme, .. } => scheme.word(),
        Proof::Kerberos { .. } => "authentication_kerberos",
        Proof::Iam => "AWSAuthenticationPlugin",
        Proof::Trust => "accounts without a plugin",
    };
    let mut plugins = server.accounts.values().flat_map(|account| &account.proofs).map(word);
    let missing = plugins.find(|plugin| !installed.plugins().contains(plugin))?;
    Some(format!("{installed} has no {missing}"))
}

/// The greeting's plugin decides who is asked again.
fn greeting(installed: &Installed, server: &Server) -> Option<String> {
    let (fixed, wanted) = (installed.fixed_greeting()?, server.default_plugin.as_deref()?);
    (fixed != wanted).then(|| format!("{installed} greets with {fixed}, not with {wanted}"))
}

/// A server with fewer versions and suites than planned answers as the planned one does only where both agree with the client on the
/// same.
fn agreement(installed: &Installed, case: &Case, server: &Server) -> Option<String> {
    let tls = server.tls.as_ref()?;
    let connects = case.steps.iter().filter_map(|step| match &step.verb {
        Verb::Connect { from, to, .. } if case.server_behind(to).is_some_and(|named| **named == *server) => {
            case.clients.get(from)
        }
        _ => None,
    });
    for client in connects.filter(|client| client.tls.mode != TlsMode::Disabled) {
        let in_common =
            |version: &TlsVersion| tls.versions.contains(*version) && client.tls.versions.contains(*version);
        let newest = |has: &dyn Fn(TlsVersion) -> bool| {
            TlsVersion::ALL.into_iter().rfind(|version| in_common(version) && has(*version))
        };
        let planned = newest(&|_| true);
        if newest(&|version| installed.has_tls_version(version)) != planned {
            return Some(format!(
                "{installed} has no {}",
                planned.map_or("TLS".to_owned(), |version| version.to_string())
            ));
        }
        let best = |has: &dyn Fn(&str) -> bool| {
            let offers = |name: &&String| {
                let exists =
                    Suite::by_name(name).is_none_or(|suite| planned.is_some_and(|version| suite.exists_in(version)));
                exists && has(name) && (client.tls.suites.is_empty() || client.tls.suites.contains(name))
            };
            tls.suites.iter().find(offers)
        };
        let planned = best(&|_| true);
        if best(&|name| installed.has_suite(name)) != planned {
            return Some(format!("{installed} has no {}", planned.map_or("suite", String::as_str)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::process::mysql::plans::{case, mariadb, mysql_9};

    const NATIVE: &str = "accounts = { alice = { plugin = 'mysql_native_password', secret = 'x' } }";
    const SHA2: &str = "accounts = { alice = { plugin = 'caching_sha2_password', secret = 'x' } }\n\
                        parameters = { default_authentication_plugin = 'caching_sha2_password' }";

    fn check(installed: &Installed, server: &str, client: &str, expected: Option<&str>) {
        let case = case("aurora-mysql 3.04.0", server, client);
        let found = lacks(installed, &case, &case.servers["db"]);
        assert_eq!(found.as_deref(), expected, "{server} {client}");
    }

    #[test]
    fn mariadb_plays_every_version_and_suite_and_the_native_plugin_alone() {
        let pinned = |version: &str, suite: &str| {
            format!("tls = {{ mode = 'REQUIRED', versions = '{version}', suites = ['{suite}'] }}")
        };
        check(&mariadb(), NATIVE, &pinned("1.0", "DHE-RSA-AES128-SHA"), None);
        check(&mariadb(), NATIVE, &pinned("1.3", "TLS_AES_128_GCM_SHA256"), None);
        check(&mariadb(), NATIVE, &pinned("1.2", "AES256-SHA"), None);
        check(&mariadb(), SHA2, "", Some("mariadb 10.11 has no caching_sha2_password"));
        let greets = "parameters = { default_authentication_plugin = 'caching_sha2_password' }";
        let reason = "mariadb 10.11 has no caching_sha2_password";
        check(&mariadb(), greets, "", Some(reason));
        check(
            &mariadb(),
            &format!("{NATIVE}\n{greets}"),
            "",
            Some("mariadb 10.11 greets with mysql_native_password, not with caching_sha2_password"),
        );
        let rustls = format!("{NATIVE}\ntls = {{ provider = 'rustls' }}");
        check(&mariadb(), &rustls, "", Some("mariadb 10.11 does TLS with OpenSSL, not with rustls"));
        check(&mariadb(), &format!("{NATIVE}\nclock = '+1s'"), "", Some("mariadb 10.11 has the clock of this machine"));
    }

    #[test]
    fn mysql_9_plays_what_it_would_agree_on_as_planned() {
        let offer = |versions: &str, suites: &str| {
            format!("tls = {{ mode = 'REQUIRED', versions = '{versions}', suites = [{suites}] }}")
        };
        let mysql = mysql_9(None);
        check(&mysql, SHA2, &offer("1.2", "'DHE-RSA-AES256-GCM-SHA384'"), None);
        check(&mysql, SHA2, &offer("1.0-1.2", "'DHE-RSA-AES128-SHA', 'ECDHE-RSA-AES128-GCM-SHA256'"), None);
        check(&mysql, SHA2, "tls = { mode = 'DISABLED' }", None);
        check(&mysql, SHA2, &offer("1.3", "'TLS_AES_128_GCM_SHA256'"), None);
        check(&mysql, SHA2, &offer("1.0-1.1", "'DHE-RSA-AES128-SHA'"), Some("mysql 9.7 offers no TLS1.1"));
        check(&mysql, SHA2, &offer("1.2", "'DHE-RSA-AES128-SHA'"), Some("mysql 9.7 has no DHE-RSA-AES128-SHA"));
        // It has one of them, but the planned server would have preferred the other.
        let narrowed = SHA2
            .replace("parameters = {", "parameters = { ssl_cipher = 'DHE-RSA-AES128-SHA,DHE-RSA-AES128-GCM-SHA256',");
        let both = offer("1.2", "'DHE-RSA-AES128-GCM-SHA256', 'DHE-RSA-AES128-SHA'");
        check(&mysql, &narrowed, &both, Some("mysql 9.7 has no DHE-RSA-AES128-SHA"));
        check(&mysql, NATIVE, "tls = { mode = 'DISABLED' }", Some("mysql 9.7 has no mysql_native_password"));
    }
}
