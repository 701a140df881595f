//! What a backend's server has and can be given, and what of a case's needs it lacks.
//!
//! Whoever starts a product says once what it can, and a case outside of that is skipped in words that name the product:
//! `mysql 9.7 offers no TLS1.0`. Both sides of each boundary are in the table of tests below.

use crate::handshake::TlsVersion;
use crate::scenario::Filter;
use crate::scenario::party::{Ca, CertificateKey, Keytab, TlsProvider, TlsRange, Validity};
use crate::testbed::needs::{Needs, ParameterNeed, TlsNeed};
use std::collections::BTreeMap;

/// What a server has and can be given. Begin with [`Abilities::of_our_own`] and take away or name what differs.
#[derive(Debug, Clone)]
pub struct Abilities {
    /// Its name in reasons: `postgres 15`, `mariadb 10.11`.
    pub product: String,
    /// The profiles that it can stand for, as patterns: `aurora-postgresql 15`, `aurora-mysql *`.
    pub plays: Vec<String>,
    /// The oldest and the newest TLS version that it can be made to accept. It can be kept to any part of that.
    pub tls: TlsRange,
    /// Suites that it can be made to accept, under OpenSSL's names. It can be kept to any of them.
    pub suites: Vec<String>,
    /// What carries TLS out there.
    pub provider: TlsProvider,
    /// Plugins (MySQL) or methods (PostgreSQL) that it has.
    pub methods: Vec<String>,
    /// Whether it encrypts with GSS-API.
    pub gss_encryption: bool,
    /// Which parameters it can be given.
    pub parameters: Parameters,
    /// What else can be set up for a case.
    pub adjusts: Vec<Adjustable>,
    /// What can be changed about it while a case is played, by the verbs of steps: `rotate`, `restart`.
    pub verbs: Vec<String>,
}

/// Which parameters a server can be given, under the names of the profile that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameters {
    /// Any.
    All,
    /// These; the others stay at their defaults.
    These(Vec<String>),
    /// None: they are set already, these to what is known. Of the others nothing is known but their defaults.
    Fixed(BTreeMap<String, String>),
}

/// What can be set up for a case, or is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjustable {
    /// Whether TLS is offered at all.
    TlsOff,
    /// Methods can be switched off.
    Methods,
    /// Accounts can `REQUIRE SSL`.
    RequireSsl,
    /// Accounts can be kept to databases.
    Databases,
    /// What is in the cache of `caching_sha2_password`.
    Cache,
    /// Certificates of any name and authority.
    Certificate,
    /// Keytabs with other keys than the right ones.
    Keytab,
}

impl Adjustable {
    /// All of it.
    pub const ALL: [Self; 7] =
        [Self::TlsOff, Self::Methods, Self::RequireSsl, Self::Databases, Self::Cache, Self::Certificate, Self::Keytab];
}

impl Abilities {
    /// Those of a server that we start ourselves, with OpenSSL and everything that this project has a name for: all versions,
    /// suites and parameters, and no method yet.
    #[must_use]
    pub fn of_our_own(product: impl Into<String>, plays: &[&str]) -> Self {
        Self {
            product: product.into(),
            plays: plays.iter().map(|pattern| (*pattern).to_owned()).collect(),
            tls: TlsRange { min: TlsVersion::Tls1_0, max: TlsVersion::Tls1_3 },
            suites: crate::tls::suite::ALL.iter().map(|suite| suite.name.to_owned()).collect(),
            provider: TlsProvider::OpenSsl,
            methods: Vec::new(),
            gss_encryption: false,
            parameters: Parameters::All,
            adjusts: Adjustable::ALL.to_vec(),
            verbs: Vec::new(),
        }
    }
}

/// The first of the needs that is not met, in words; `None` if all are.
#[must_use]
pub fn lacks(needs: &Needs, abilities: &Abilities) -> Option<String> {
    let Abilities { product, plays, tls: _, suites: _, provider, methods, gss_encryption, parameters, adjusts, verbs } =
        abilities;
    let stands_for = |pattern: &String| Filter::new(pattern).is_ok_and(|pattern| pattern.matches(&needs.engine));
    if !plays.iter().any(stands_for) {
        return Some(format!("{product} plays {}", plays.join(", ")));
    }
    if !needs.deviations.is_empty() {
        return Some(format!("{product} makes no deviation on demand: {}", needs.deviations.join(", ")));
    }
    if let Some(fault) = needs.network_faults.first() {
        return Some(format!("only mocks can be brought into this: {fault}"));
    }
    if needs.host_accounts {
        return Some(format!("{product} is given accounts of clients from anywhere alone"));
    }
    if let Some(verb) = needs.verbs.iter().find(|verb| !verbs.contains(verb)) {
        return Some(format!("{product} has no verb '{verb}'"));
    }
    if let Some(reason) = needs.tls.iter().find_map(|handshake| lacks_tls(handshake, abilities)) {
        return Some(reason);
    }
    if !needs.tls.is_empty() && needs.provider != *provider {
        return Some(format!("{product} does TLS with {}, not with {}", word(*provider), word(needs.provider)));
    }
    if let Some(method) = needs.methods.iter().find(|method| !methods.contains(method)) {
        return Some(format!("{product} has no {method}"));
    }
    if needs.gss_encryption && !gss_encryption {
        return Some(format!("{product} has no GSS encryption"));
    }
    if needs.gss_encryption_off && *gss_encryption {
        return Some(format!("{product} cannot be kept from offering GSS encryption"));
    }
    let lacking = |(name, need): (&String, &ParameterNeed)| lacks_parameter(name, need, product, parameters);
    if let Some(reason) = needs.parameters.iter().find_map(lacking) {
        return Some(reason);
    }
    let lacking = |(wanted, reason)| (!adjusts.contains(&wanted)).then(|| format!("{product} {reason}"));
    adjustments(needs).into_iter().find_map(lacking)
}

fn lacks_tls(need: &TlsNeed, abilities: &Abilities) -> Option<String> {
    let Abilities { product, tls, suites, .. } = abilities;
    let (oldest, newest) = need.accepted;
    if let Some(version) = need.version.filter(|version| !tls.contains(*version)) {
        return Some(format!("{product} offers no {version}"));
    }
    // It could not be kept to versions that it does not have.
    if newest < tls.min || tls.max < oldest {
        return Some(format!("{product} offers none of {oldest} to {newest}"));
    }
    if need.suites.is_empty() || need.suites.iter().any(|suite| suites.contains(suite)) {
        return None;
    }
    Some(match need.suites.as_slice() {
        [suite] => format!("{product} has no {suite}"),
        several => format!("{product} has none of {}", several.join(", ")),
    })
}

fn lacks_parameter(name: &str, need: &ParameterNeed, product: &str, parameters: &Parameters) -> Option<String> {
    let ParameterNeed { value, default } = need;
    match parameters {
        Parameters::All => None,
        Parameters::These(names) if value == default || names.iter().any(|known| known == name) => None,
        Parameters::These(_) => Some(format!("{product} cannot be given {name} = {value}")),
        Parameters::Fixed(known) => match known.get(name) {
            Some(known) if known == value => None,
            Some(known) => Some(format!("{product}'s {name} is {}, not {}", shown(known), shown(value))),
            None if value == default => None,
            None => Some(format!("{product}'s {name} is not known to be {}", shown(value))),
        },
    }
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "unset" } else { value }
}

/// What would have to be set up, and what is said where it cannot be.
fn adjustments(needs: &Needs) -> Vec<(Adjustable, String)> {
    let mut wanted = Vec::new();
    if needs.tls_off {
        wanted.push((Adjustable::TlsOff, "cannot be kept from offering TLS".to_owned()));
    }
    if let Some(method) = needs.methods_off.first() {
        wanted.push((Adjustable::Methods, format!("cannot switch {method} off")));
    }
    if let Some(account) = needs.require_ssl.first() {
        wanted.push((Adjustable::RequireSsl, format!("is not known to REQUIRE SSL of {account}")));
    }
    if let Some(account) = needs.kept_to_databases.first() {
        wanted.push((Adjustable::Databases, format!("is not known to keep {account} to some databases")));
    }
    if let Some(account) = needs.cached.first() {
        wanted.push((Adjustable::Cache, format!("does not tell whether it has the hash of {account} in its cache")));
    }
    if let Some(certificate) = &needs.certificate {
        let by = match certificate.ca {
            Ca::Own => "of its own authority",
            Ca::Other => "of another authority",
            Ca::SelfSigned => "that signs itself",
        };
        let when = match certificate.validity {
            Validity::Now => "",
            Validity::Expired => " that has ended",
            Validity::NotYet => " that has not begun",
        };
        let key = match certificate.key {
            CertificateKey::Rsa2048 => String::new(),
            key => format!(" with an {} key", key.word()),
        };
        let names = certificate.names.join(", ");
        let reason = format!("cannot be given a certificate of {names} {by}{when}{key}");
        wanted.push((Adjustable::Certificate, reason));
    }
    match needs.keytab {
        None | Some(Keytab::Current) => {}
        Some(Keytab::Absent | Keytab::OtherService | Keytab::WrongKey) => {
            wanted.push((Adjustable::Keytab, "cannot be given a keytab that is wrong".to_owned()));
        }
    }
    wanted
}

const fn word(provider: TlsProvider) -> &'static str {
    match provider {
        TlsProvider::OpenSsl => "OpenSSL",
        TlsProvider::Rustls => "rustls",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Library, Source, make_plan};

    const POSTGRES: &str = r#"
title  = "x"
source = "x"
[realm.corp]
realm = "CORP.EXAMPLE.COM"
[server.db]
engine   = "aurora-postgresql 15"
accounts = { alice = { ACCOUNT }, bob = { method = "md5", secret = "bob" } }
SERVER
[client.app]
login = "alice"
CLIENT
[axes]
one = ["x"]
[[step]]
connect = { from = "app", to = "db" }
then    = "THEN"
"#;

    /// What a product of these abilities lacks for a case of these words in place of the capital ones.
    fn lacking(words: &[(&str, &str)], change: impl FnOnce(&mut Abilities)) -> Option<String> {
        let defaults = [
            ("ACCOUNT", "method = \"scram-sha-256\", secret = \"alice\""),
            ("SERVER", ""),
            ("CLIENT", ""),
            ("THEN", "established"),
        ];
        let word = |text: String, (name, value): &(&str, &str)| text.replace(name, value);
        let text = words.iter().chain(&defaults).fold(POSTGRES.to_owned(), word);
        let text = words.iter().chain(&defaults).fold(text, word);
        let plan = make_plan(&[Source::new("x", text)], &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
        let mut abilities = Abilities::of_our_own("thing 1", &["aurora-postgresql 15"]);
        abilities.methods = vec!["scram-sha-256".to_owned()];
        change(&mut abilities);
        lacks(&Needs::of(&plan.cases[0], &plan.cases[0].servers["db"]), &abilities)
    }

    /// A product that can play a case, and the same without one ability: that is lacking, and nothing else.
    #[track_caller]
    fn check(words: &[(&str, &str)], can: impl Fn(&mut Abilities), cannot: impl Fn(&mut Abilities), expected: &str) {
        assert_eq!(lacking(words, &can), None, "with it");
        let without = |abilities: &mut Abilities| {
            can(abilities);
            cannot(abilities);
        };
        assert_eq!(lacking(words, without).as_deref(), Some(expected));
    }

    fn as_it_is(_: &mut Abilities) {}

    #[test]
    fn another_engine_is_not_played() {
        let only = |pattern: &str| {
            let pattern = pattern.to_owned();
            move |abilities: &mut Abilities| abilities.plays = vec![pattern.clone()]
        };
        check(&[], only("aurora-postgresql *"), only("aurora-postgresql 14"), "thing 1 plays aurora-postgresql 14");
        let both = |abilities: &mut Abilities| abilities.plays = vec!["a 1".to_owned(), "b *".to_owned()];
        check(&[], as_it_is, both, "thing 1 plays a 1, b *");
    }

    #[test]
    fn a_tls_version_that_both_would_agree_on_is_needed_whatever_is_expected() {
        let since = |min| move |abilities: &mut Abilities| abilities.tls.min = min;
        let (tls1_1, tls1_2) = (since(TlsVersion::Tls1_1), since(TlsVersion::Tls1_2));
        let old = [("CLIENT", "tls = { mode = \"require\", versions = \"1.1\" }")];
        check(&old, tls1_1, tls1_2, "thing 1 offers no TLS1.1");
        let refused = [old[0], ("THEN", "refused by server: alert handshake_failure")];
        check(&refused, tls1_1, tls1_2, "thing 1 offers no TLS1.1");
        // The newest that both have is enough.
        let range = [("CLIENT", "tls = { mode = \"require\", versions = \"1.0-1.2\" }")];
        check(&range, tls1_2, since(TlsVersion::Tls1_3), "thing 1 offers no TLS1.2");
        let without = [("CLIENT", "tls = { mode = \"disable\" }")];
        assert_eq!(lacking(&without, since(TlsVersion::Tls1_3)), None);
    }

    #[test]
    fn a_version_that_is_to_be_refused_needs_a_server_that_can_be_kept_to_others() {
        let words = [
            ("CLIENT", "tls = { mode = \"require\", versions = \"1.0\" }"),
            ("THEN", "refused by server: alert protocol_version"),
        ];
        let up_to = |max| move |abilities: &mut Abilities| abilities.tls = TlsRange { min: TlsVersion::Tls1_0, max };
        let (tls1_1, tls1_0) = (up_to(TlsVersion::Tls1_1), up_to(TlsVersion::Tls1_0));
        check(&words, tls1_1, tls1_0, "thing 1 offers none of TLS1.1 to TLS1.2");
    }

    #[test]
    fn one_of_the_suites_that_both_have_is_needed() {
        let with = |suites: &'static [&'static str]| {
            move |abilities: &mut Abilities| abilities.suites = suites.iter().map(|suite| (*suite).to_owned()).collect()
        };
        let client = |suites: &'static str| [("CLIENT", suites)];
        let one = client("tls = { mode = \"require\", versions = \"1.2\", suites = [\"DHE-RSA-AES128-SHA\"] }");
        let (dhe, ecdhe) = (with(&["DHE-RSA-AES128-SHA"]), with(&["ECDHE-RSA-AES128-SHA"]));
        check(&one, dhe, ecdhe, "thing 1 has no DHE-RSA-AES128-SHA");
        let two = "tls = { mode = \"require\", versions = \"1.2\", suites = [\"DHE-RSA-AES128-SHA\", \"DHE-RSA-AES256-SHA\"] }";
        check(&client(two), dhe, ecdhe, "thing 1 has none of DHE-RSA-AES128-SHA, DHE-RSA-AES256-SHA");
        // Which one of them comes out is said by the expectation.
        let expected = [("CLIENT", two), ("THEN", "established TLS1.2 DHE-RSA-AES256-SHA")];
        check(&expected, with(&["DHE-RSA-AES256-SHA"]), dhe, "thing 1 has no DHE-RSA-AES256-SHA");
        // A client that leaves it open: any that the version can carry.
        let open = client("tls = { mode = \"require\", versions = \"1.1\" }");
        check(
            &open,
            dhe,
            with(&["DHE-RSA-AES128-GCM-SHA256"]),
            "thing 1 has none of ECDHE-RSA-AES128-SHA, ECDHE-RSA-AES256-SHA, DHE-RSA-AES128-SHA, DHE-RSA-AES256-SHA",
        );
    }

    #[test]
    fn a_suite_that_is_to_be_refused_needs_a_server_that_can_be_kept_to_another() {
        let words = [
            ("SERVER", "parameters = { ssl_ciphers = \"ECDHE-RSA-AES128-SHA\" }"),
            ("CLIENT", "tls = { mode = \"require\", versions = \"1.2\", suites = [\"DHE-RSA-AES128-SHA\"] }"),
            ("THEN", "refused by server: alert handshake_failure"),
        ];
        let with = |suite: &'static str| move |abilities: &mut Abilities| abilities.suites = vec![suite.to_owned()];
        check(&words, with("ECDHE-RSA-AES128-SHA"), with("DHE-RSA-AES128-SHA"), "thing 1 has no ECDHE-RSA-AES128-SHA");
    }

    #[test]
    fn the_methods_of_accounts_that_log_in_are_needed_and_no_others() {
        let with = |method: &'static str| move |abilities: &mut Abilities| abilities.methods = vec![method.to_owned()];
        check(&[], with("scram-sha-256"), with("md5"), "thing 1 has no scram-sha-256");
        let by_md5 = [("ACCOUNT", "method = \"md5\", secret = \"alice\"")];
        check(&by_md5, with("md5"), with("scram-sha-256"), "thing 1 has no md5");
        let nobody = [("login = \"alice\"", "login = \"mallory\"\nsecret = \"mistyped\"")];
        check(&nobody, with("scram-sha-256"), with("md5"), "thing 1 has no scram-sha-256");
    }

    const KERBEROS: [(&str, &str); 2] =
        [("ACCOUNT", "method = \"gss\""), ("SERVER", "kerberos = { realm = \"corp\", keytab = \"KEYTAB\" }\nMORE")];

    fn takes_tickets(abilities: &mut Abilities) {
        abilities.methods = vec!["gss".to_owned()];
    }

    fn encrypts(abilities: &mut Abilities) {
        takes_tickets(abilities);
        abilities.gss_encryption = true;
    }

    fn in_the_clear(abilities: &mut Abilities) {
        abilities.gss_encryption = false;
    }

    fn adjusts_nothing(abilities: &mut Abilities) {
        abilities.adjusts = Vec::new();
    }

    #[test]
    fn gss_encryption_is_needed_by_a_client_that_may_use_it_where_the_server_has_a_key() {
        let joined = [KERBEROS[0], KERBEROS[1], ("KEYTAB", "current"), ("MORE", "")];
        let with = |mode| [&joined[..], &[("CLIENT", mode)]].concat();
        check(&with("transport = \"gss\""), encrypts, in_the_clear, "thing 1 has no GSS encryption");
        check(&with("gssencmode = \"prefer\""), encrypts, in_the_clear, "thing 1 has no GSS encryption");
        assert_eq!(lacking(&with("transport = \"clear\""), takes_tickets), None);
        assert_eq!(lacking(&[("CLIENT", "transport = \"gss\""), ("THEN", "refused")], as_it_is), None);
    }

    #[test]
    fn what_has_to_be_set_up_is_named_where_it_cannot_be() {
        let keytab = |keytab, more| [KERBEROS[0], KERBEROS[1], ("KEYTAB", keytab), ("MORE", more)];
        assert_eq!(
            lacking(&keytab("current", ""), |abilities| (takes_tickets(abilities), adjusts_nothing(abilities)).0),
            None
        );
        check(
            &keytab("wrong-key", ""),
            takes_tickets,
            adjusts_nothing,
            "thing 1 cannot be given a keytab that is wrong",
        );
        let off = keytab("current", "enabled = \"neither\"");
        check(&off, takes_tickets, adjusts_nothing, "thing 1 cannot switch gss off");
        let no_tls = [("SERVER", "tls = { offered = false }")];
        check(&no_tls, as_it_is, adjusts_nothing, "thing 1 cannot be kept from offering TLS");
        assert_eq!(lacking(&[no_tls[0], ("CLIENT", "transport = \"clear\"")], adjusts_nothing), None);
        let databases = [("ACCOUNT", "method = \"scram-sha-256\", secret = \"alice\", databases = [\"shop\"]")];
        check(&databases, as_it_is, adjusts_nothing, "thing 1 is not known to keep alice to some databases");
    }

    #[test]
    fn a_certificate_out_of_the_ordinary_is_needed_by_those_who_look_at_it() {
        let verifies = ("CLIENT", "tls = { mode = \"verify-full\" }");
        for (certificate, expected) in [
            ("{ names = [\"a.test\", \"b.test\"] }", "of a.test, b.test of its own authority"),
            ("{ ca = \"other\" }", "of db.test of another authority"),
            ("{ ca = \"self-signed\" }", "of db.test that signs itself"),
        ] {
            let server = format!("certificate = {certificate}");
            let reason = format!("thing 1 cannot be given a certificate {expected}");
            check(&[("SERVER", &server), verifies], as_it_is, adjusts_nothing, &reason);
            let takes_any = ("CLIENT", "tls = { mode = \"require\" }");
            assert_eq!(lacking(&[("SERVER", &server), takes_any], adjusts_nothing), None);
        }
        assert_eq!(lacking(&[("SERVER", "certificate = { names = [\"db.test\"] }"), verifies], adjusts_nothing), None);
    }

    #[test]
    fn a_parameter_that_is_not_at_its_default_is_needed_and_one_that_is_may_be_known_otherwise() {
        let forced = [("SERVER", "parameters = { \"rds.force_ssl\" = \"1\" }")];
        let given = |names: &'static [&'static str]| {
            move |abilities: &mut Abilities| {
                abilities.parameters = Parameters::These(names.iter().map(|name| (*name).to_owned()).collect());
            }
        };
        let known = |value: Option<&'static str>| {
            move |abilities: &mut Abilities| {
                let known = value.map(|value| ("rds.force_ssl".to_owned(), value.to_owned()));
                abilities.parameters = Parameters::Fixed(known.into_iter().collect());
            }
        };
        check(&forced, given(&["rds.force_ssl"]), given(&[]), "thing 1 cannot be given rds.force_ssl = 1");
        assert_eq!(lacking(&[], given(&[])), None);
        check(&forced, known(Some("1")), known(None), "thing 1's rds.force_ssl is not known to be 1");
        check(&forced, known(Some("1")), known(Some("0")), "thing 1's rds.force_ssl is 0, not 1");
        check(&[], known(None), known(Some("1")), "thing 1's rds.force_ssl is 1, not 0");
        assert_eq!(lacking(&[], known(Some("0"))), None);
    }

    #[test]
    fn deviations_verbs_and_providers_are_the_mocks_own_unless_it_is_said() {
        let deviation = crate::postgres::Deviation::ALL[0].word();
        let deviates = format!("deviations = [\"{deviation}\"]");
        let expected = format!("thing 1 makes no deviation on demand: {deviation}");
        assert_eq!(lacking(&[("SERVER", &deviates)], as_it_is), Some(expected));
        let restarts = [("[[step]]\nconnect", "[[step]]\nrestart = { party = \"db\" }\n[[step]]\nconnect")];
        let can = |abilities: &mut Abilities| abilities.verbs = vec!["restart".to_owned()];
        check(&restarts, can, |abilities| abilities.verbs.clear(), "thing 1 has no verb 'restart'");
        let rustls = [("SERVER", "tls = { provider = \"rustls\" }")];
        let by = |provider| move |abilities: &mut Abilities| abilities.provider = provider;
        let reason = "thing 1 does TLS with OpenSSL, not with rustls";
        check(&rustls, by(TlsProvider::Rustls), by(TlsProvider::OpenSsl), reason);
    }

    #[test]
    fn the_cache_of_password_hashes_is_needed_where_the_way_in_is_to_be_seen() {
        let plan = make_plan(&Source::built_in(), &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
        let lacking = |case: &str, adjusts: &[Adjustable]| {
            let case = plan.cases.iter().find(|planned| planned.name == case).unwrap();
            let mut abilities = Abilities::of_our_own("thing 1", &["aurora-mysql *"]);
            abilities.methods = vec!["caching_sha2_password".to_owned()];
            abilities.adjusts = adjusts.to_vec();
            lacks(&Needs::of(case, &case.servers["db"]), &abilities)
        };
        let reason = "thing 1 does not tell whether it has the hash of alice in its cache";
        for right in ["mysql/passwords/cached-sha2/tls/right", "mysql/passwords/caching-sha2/clear/right"] {
            assert_eq!(lacking(right, &[]).as_deref(), Some(reason));
            assert_eq!(lacking(right, &[Adjustable::Cache]), None);
        }
        assert_eq!(lacking("mysql/passwords/cached-sha2/tls/wrong", &[]), None);
    }

    #[test]
    fn an_account_that_requires_ssl_is_needed_by_who_logs_in_as_it() {
        let text = POSTGRES
            .replace("aurora-postgresql 15", "aurora-mysql 3.04.0")
            .replace("{ ACCOUNT }", "{ plugin = \"sha256_password\", secret = \"alice\", require_ssl = true }")
            .replace("method = \"md5\"", "plugin = \"mysql_native_password\"")
            .replace("THEN", "established");
        let lacking = |login: &str, adjusts: &[Adjustable]| {
            let text = text.replace("SERVER", "").replace("CLIENT", "").replace("login = \"alice\"", login);
            let plan = make_plan(&[Source::new("x", text)], &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
            let mut abilities = Abilities::of_our_own("thing 1", &["aurora-mysql *"]);
            abilities.methods = ["sha256_password", "mysql_native_password"].map(str::to_owned).to_vec();
            abilities.adjusts = adjusts.to_vec();
            lacks(&Needs::of(&plan.cases[0], &plan.cases[0].servers["db"]), &abilities)
        };
        let (alice, bob) = ("login = \"alice\"", "login = \"bob\"");
        assert_eq!(lacking(alice, &[Adjustable::RequireSsl]), None);
        assert_eq!(lacking(alice, &[]).as_deref(), Some("thing 1 is not known to REQUIRE SSL of alice"));
        assert_eq!(lacking(bob, &[]), None);
    }
}
