//! Which method a connection has to log in by: the rules of `pg_hba.conf`.
//!
//! The first rule that matches decides; there is no second try after a failed authentication.
//! Source: PostgreSQL documentation, "The pg_hba.conf File".

use std::fmt;
use std::str::FromStr;

/// One line. Written as in `pg_hba.conf` without the address column: `hostssl all alice scram-sha-256`,
/// `hostgssenc all all gss include_realm=0 krb_realm=CORP.EXAMPLE.COM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which transports it matches.
    pub record: Record,
    /// Which databases it matches.
    pub database: Names,
    /// Which roles it matches.
    pub user: Names,
    /// What is asked for.
    pub method: Method,
}

impl Rule {
    /// A rule for every database and every role.
    #[must_use]
    pub const fn all(record: Record, method: Method) -> Self {
        Self { record, database: Names::All, user: Names::All, method }
    }

    /// A rule for one role in every database.
    #[must_use]
    pub fn role(record: Record, user: &str, method: Method) -> Self {
        Self { record, database: Names::All, user: Names::These(vec![user.to_owned()]), method }
    }

    fn matches(&self, encryption: Encryption, user: &str, target: Target<'_>) -> bool {
        self.record.matches(encryption)
            && match (&self.database, target) {
                (Names::All, Target::Database(_)) => true,
                (Names::These(names), Target::Database(database)) => {
                    names.iter().any(|name| name == database || (name == "sameuser" && user == database))
                }
                (Names::All, Target::Replication) => false,
                (Names::These(names), Target::Replication) => names.iter().any(|name| name == "replication"),
            }
            && match &self.user {
                Names::All => true,
                Names::These(names) => names.iter().any(|name| name == user),
            }
    }
}

/// The method of the first rule that matches; `None` is the implicit reject.
#[must_use]
pub fn decide<'r>(rules: &'r [Rule], encryption: Encryption, user: &str, target: Target<'_>) -> Option<&'r Method> {
    rules.iter().find(|rule| rule.matches(encryption, user, target)).map(|rule| &rule.method)
}

/// What a connection wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A database of this name, for logical replication too.
    Database(&'a str),
    /// Physical replication, which `all` does not mean: only a rule that names `replication` does.
    Replication,
}

/// The first column of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Record {
    /// `host`: any TCP connection.
    Host,
    /// `hostssl`: TLS only.
    HostSsl,
    /// `hostnossl`: anything but TLS, GSS encryption included.
    HostNoSsl,
    /// `hostgssenc`: GSS encryption only.
    HostGssEnc,
    /// `hostnogssenc`: anything but GSS encryption, TLS included.
    HostNoGssEnc,
}

impl Record {
    const ALL: [(&'static str, Self); 5] = [
        ("host", Self::Host),
        ("hostssl", Self::HostSsl),
        ("hostnossl", Self::HostNoSsl),
        ("hostgssenc", Self::HostGssEnc),
        ("hostnogssenc", Self::HostNoGssEnc),
    ];

    fn matches(self, encryption: Encryption) -> bool {
        match self {
            Self::Host => true,
            Self::HostSsl => encryption == Encryption::Tls,
            Self::HostNoSsl => encryption != Encryption::Tls,
            Self::HostGssEnc => encryption == Encryption::Gss,
            Self::HostNoGssEnc => encryption != Encryption::Gss,
        }
    }
}

/// What protects a connection, as rules see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encryption {
    /// Nothing.
    Clear,
    /// TLS.
    Tls,
    /// GSS-API.
    Gss,
}

/// As the server's refusals say it (PostgreSQL 14 and later).
impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Clear => "no encryption",
            Self::Tls => "SSL encryption",
            Self::Gss => "GSS encryption",
        })
    }
}

/// The database or user column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Names {
    /// `all`.
    All,
    /// `alice,bob`; among databases `sameuser` is the one named like the role.
    These(Vec<String>),
}

impl Names {
    fn read(text: &str) -> Self {
        if text.split(',').any(|name| name == "all") {
            Self::All
        } else {
            Self::These(text.split(',').map(str::to_owned).collect())
        }
    }
}

/// The method column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// `reject`: the explicit refusal.
    Reject,
    /// `trust`: nothing is asked for.
    Trust,
    /// `password`: in clear.
    Password,
    /// `md5`: MD5 where the role's verifier is one, SCRAM otherwise, as the real server does.
    Md5,
    /// `scram-sha-256`.
    ScramSha256,
    /// `gss`.
    Gss(GssOptions),
    /// `pam`: a cleartext password judged by somebody else ([`TokenCheck`](super::TokenCheck)); RDS checks IAM tokens so.
    Pam,
}

/// Options of the method `gss`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GssOptions {
    /// Whether the realm is part of the name that is compared with the role (`include_realm`, default 1).
    pub include_realm: bool,
    /// The only realm allowed (`krb_realm`).
    pub krb_realm: Option<String>,
    /// Whether realm and name are compared regardless of case (the parameter `krb_caseins_users`, off by default).
    pub case_insensitive: bool,
}

impl Default for GssOptions {
    fn default() -> Self {
        Self { include_realm: true, krb_realm: None, case_insensitive: false }
    }
}

impl GssOptions {
    /// Whether `principal` (`alice@CORP.EXAMPLE.COM`) may be `role`. The error says why not.
    ///
    /// # Errors
    /// The realm is another one, or the name is not the role's.
    pub fn check(&self, principal: &str, role: &str) -> Result<(), &'static str> {
        let same = |a: &str, b: &str| if self.case_insensitive { a.eq_ignore_ascii_case(b) } else { a == b };
        let (name, realm) = match principal.split_once('@') {
            Some((name, realm)) => (name, Some(realm)),
            None => (principal, None),
        };
        if let Some(allowed) = self.krb_realm.as_deref().filter(|allowed| !allowed.is_empty()) {
            match realm {
                Some(realm) if same(realm, allowed) => {}
                _ => return Err("realm not allowed"),
            }
        }
        let presented = if self.include_realm { principal } else { name };
        if same(presented, role) { Ok(()) } else { Err("principal is not the role") }
    }
}

/// A line that is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no pg_hba rule '{line}': {problem}")]
pub struct InvalidRule {
    /// What was written.
    pub line: String,
    /// What is wrong and what is allowed.
    pub problem: String,
}

impl FromStr for Rule {
    type Err = InvalidRule;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let invalid = |problem: String| InvalidRule { line: line.to_owned(), problem };
        let mut words = line.split_whitespace();
        let mut next = |column: &str| words.next().ok_or_else(|| invalid(format!("{column} is missing")));
        let record = next("record type")?;
        let (database, user, method) = (next("database")?, next("user")?, next("method")?);
        let (_, record) = Record::ALL.into_iter().find(|(word, _)| *word == record).ok_or_else(|| {
            invalid(format!("record type '{record}', allowed are host, hostssl, hostnossl, hostgssenc, hostnogssenc"))
        })?;
        let mut method = match method {
            "reject" => Method::Reject,
            "trust" => Method::Trust,
            "password" => Method::Password,
            "md5" => Method::Md5,
            "scram-sha-256" => Method::ScramSha256,
            "gss" => Method::Gss(GssOptions::default()),
            "pam" => Method::Pam,
            other => {
                return Err(invalid(format!(
                    "method '{other}', allowed are reject, trust, password, md5, scram-sha-256, gss, pam"
                )));
            }
        };
        for option in words {
            match (&mut method, option.split_once('=')) {
                (Method::Gss(gss), Some(("include_realm", value @ ("0" | "1")))) => gss.include_realm = value == "1",
                (Method::Gss(gss), Some(("krb_realm", realm))) => gss.krb_realm = Some(realm.to_owned()),
                _ => {
                    return Err(invalid(format!(
                        "option '{option}', allowed are include_realm=0|1 and krb_realm=REALM, for gss"
                    )));
                }
            }
        }
        Ok(Self { record, database: Names::read(database), user: Names::read(user), method })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(lines: &[&str]) -> Vec<Rule> {
        lines.iter().map(|line| line.parse().unwrap()).collect()
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let rules = rules(&["hostssl all alice md5", "hostssl all all scram-sha-256", "host all alice trust"]);
        let check =
            |encryption, user, expected| assert_eq!(decide(&rules, encryption, user, Target::Database("db")), expected);
        check(Encryption::Tls, "alice", Some(&Method::Md5));
        check(Encryption::Tls, "bob", Some(&Method::ScramSha256));
        check(Encryption::Clear, "alice", Some(&Method::Trust));
        check(Encryption::Clear, "bob", None);
    }

    #[test]
    fn a_record_type_matches_its_transports_and_no_other() {
        let check = |record: &str, expected: [bool; 3]| {
            let rules = rules(&[&format!("{record} all all trust")]);
            let found = [Encryption::Clear, Encryption::Tls, Encryption::Gss]
                .map(|encryption| decide(&rules, encryption, "u", Target::Database("d")).is_some());
            assert_eq!(found, expected, "{record}");
        };
        check("host", [true, true, true]);
        check("hostssl", [false, true, false]);
        check("hostnossl", [true, false, true]);
        check("hostgssenc", [false, false, true]);
        check("hostnogssenc", [true, true, false]);
    }

    #[test]
    fn a_database_column_may_name_several_and_sameuser() {
        let rules = rules(&["host one,two all trust", "host sameuser all md5"]);
        assert_eq!(decide(&rules, Encryption::Clear, "alice", Target::Database("two")), Some(&Method::Trust));
        assert_eq!(decide(&rules, Encryption::Clear, "alice", Target::Database("alice")), Some(&Method::Md5));
        assert_eq!(decide(&rules, Encryption::Clear, "alice", Target::Database("bob")), None);
    }

    #[test]
    fn physical_replication_needs_a_rule_that_names_it() {
        let rules = rules(&["host all all trust", "host replication alice md5", "host replication all reject"]);
        let decide = |user, target| decide(&rules, Encryption::Clear, user, target);
        assert_eq!(decide("alice", Target::Replication), Some(&Method::Md5));
        assert_eq!(decide("bob", Target::Replication), Some(&Method::Reject));
        assert_eq!(decide("alice", Target::Database("replication")), Some(&Method::Trust));
        assert_eq!(super::decide(&rules[..1], Encryption::Clear, "alice", Target::Replication), None);
    }

    #[test]
    fn a_line_that_is_no_rule_says_what_is_allowed() {
        let check = |line: &str, part: &str| {
            let error = line.parse::<Rule>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        check("host all all", "method is missing");
        check("local all all trust", "hostnogssenc");
        check("host all all ldap", "scram-sha-256");
        check("host all all gss include_realm=yes", "include_realm=0|1");
        check("host all all md5 krb_realm=X", "for gss");
    }

    #[test]
    fn a_principal_is_held_against_the_role() {
        let check = |options: &str, principal, role, expected| {
            let Method::Gss(gss) = format!("host all all gss {options}").parse::<Rule>().unwrap().method else {
                panic!("not gss")
            };
            assert_eq!(gss.check(principal, role).is_ok(), expected, "{options} {principal} {role}");
        };
        check("", "alice@A", "alice@A", true);
        check("", "alice@A", "alice", false);
        check("", "alice@A", "alice@a", false);
        check("include_realm=0", "alice@A", "alice", true);
        check("include_realm=0", "alice@B", "alice", true);
        check("include_realm=0 krb_realm=A", "alice@B", "alice", false);
        check("include_realm=0 krb_realm=A", "alice@A", "alice", true);
        check("include_realm=0 krb_realm=A", "alice", "alice", false);
        let insensitive = GssOptions { case_insensitive: true, ..GssOptions::default() };
        assert_eq!(insensitive.check("Alice@A", "alice@a"), Ok(()));
    }
}
