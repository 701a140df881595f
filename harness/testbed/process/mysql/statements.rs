//! The accounts and databases of a plan as SQL, for the file that a server carries out before it lets anybody in (`init-file`).

use crate::error::Error;
use crate::scenario::party::{self, Password, Proof};
use crate::testbed::process::mysql::{Brand, Installed};
use std::collections::BTreeSet;
use std::fmt;
use zeroize::Zeroizing;

/// An account that the last statement makes. Nobody can log in to it, since it is locked: being told so shows that all statements
/// have been carried out. It is there from wherever one asks: a container is asked by the network.
pub const SETUP_ACCOUNT: &str = "shakedown-setup";

/// Statements, one a line. They hold secrets and are not printed.
#[derive(Clone)]
pub struct Statements(Zeroizing<String>);

impl Statements {
    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Statements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Statements({} lines)", self.0.lines().count())
    }
}

/// Who knows the values of passwords.
pub type Passwords<'a> = dyn Fn(&Password) -> Result<Zeroizing<String>, Error> + 'a;

/// The statements that make the accounts and databases of a plan, and remove the accounts of a new server: a `root` without a
/// password would let anybody in.
///
/// # Errors
/// The plan has an account that the product cannot have, or a name that the file cannot hold.
pub fn statements(
    installed: &Installed,
    server: &party::Server,
    password: &Passwords<'_>,
) -> Result<Statements, Error> {
    let mut lines = Lines(Zeroizing::default());
    match installed.brand {
        Brand::MariaDb => lines.add("DELETE FROM mysql.global_priv WHERE user IN ('root', '')"),
        Brand::MySql => lines.add("DELETE FROM mysql.user WHERE user = 'root'"),
    }
    lines.add("FLUSH PRIVILEGES");
    let databases: BTreeSet<&String> = server.accounts.values().flat_map(|account| &account.databases).collect();
    for database in databases {
        lines.add(&format!("CREATE DATABASE IF NOT EXISTS {}", identifier(database)?));
    }
    for (name, account) in &server.accounts {
        let user = format!("{}@'%'", literal(name).as_str());
        let proof = identified(installed, account, password)?;
        let transport = if account.require_ssl { "SSL" } else { "NONE" };
        lines.add(&Zeroizing::new(format!("CREATE USER {user} IDENTIFIED {} REQUIRE {transport}", proof.as_str())));
        // The least that lets an account into a database, and so the least that differs from one that may use all of them.
        if account.databases.is_empty() {
            lines.add(&format!("GRANT SELECT ON *.* TO {user}"));
        }
        for database in &account.databases {
            lines.add(&format!("GRANT SELECT ON {}.* TO {user}", identifier(&as_pattern(database))?));
        }
    }
    let setup = literal(SETUP_ACCOUNT);
    lines.add(&format!("CREATE USER {}@'%' ACCOUNT LOCK", setup.as_str()));
    Ok(Statements(lines.0))
}

/// What stands behind `IDENTIFIED`.
fn identified(
    installed: &Installed,
    account: &party::Account,
    password: &Passwords<'_>,
) -> Result<Zeroizing<String>, Error> {
    let [Proof::Password { scheme, password: name, .. }] = account.proofs.as_slice() else {
        return Err(Error::Usage(format!("an account of {installed} has a password and nothing else")));
    };
    if !installed.plugins().contains(&scheme.word()) {
        return Err(Error::Usage(format!("{installed} has no {}", scheme.word())));
    }
    let secret = password(name)?;
    let text = match (installed.brand, secret.is_empty()) {
        // An empty text is no password; the hash of one would be a password that is empty.
        (Brand::MariaDb, true) => format!("VIA {} USING ''", scheme.word()),
        (Brand::MariaDb, false) => format!("VIA {} USING PASSWORD({})", scheme.word(), literal(&secret).as_str()),
        (Brand::MySql, _) => format!("WITH {} BY {}", scheme.word(), literal(&secret).as_str()),
    };
    Ok(Zeroizing::new(text))
}

struct Lines(Zeroizing<String>);

impl Lines {
    fn add(&mut self, statement: &str) {
        // A text that grows leaves its secrets behind where it was: it is copied by hand into one that is overwritten.
        let mut grown = Zeroizing::new(String::with_capacity(self.0.len() + statement.len() + 2));
        grown.push_str(&self.0);
        grown.push_str(statement);
        grown.push_str(";\n");
        self.0 = grown;
    }
}

/// A string in SQL, on one line: either product reads its file line by line.
fn literal(text: &str) -> Zeroizing<String> {
    let mut quoted = Zeroizing::new(String::with_capacity(2 * text.len() + 2));
    quoted.push('\'');
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("''"),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\0' => quoted.push_str("\\0"),
            '\u{1A}' => quoted.push_str("\\Z"),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

/// A name in SQL. MySQL's reader of the file takes a quote inside of backquotes for the beginning of a string, and gives up.
///
/// # Errors
/// The name has a quote, or is not on one line.
fn identifier(name: &str) -> Result<String, Error> {
    if name.is_empty() || name.contains(|c: char| matches!(c, '\'' | '"') || c.is_control()) {
        return Err(Error::Usage(format!("{name:?} is no name for a database: no quotes, no control characters")));
    }
    Ok(format!("`{}`", name.replace('`', "``")))
}

/// In `GRANT … ON name.*` the name is a pattern.
fn as_pattern(name: &str) -> String {
    name.replace('\\', "\\\\").replace('_', "\\_").replace('%', "\\%")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::process::mysql::plans::{mariadb, mysql_9, server};
    use proptest::prelude::*;

    fn of(installed: &Installed, engine: &str, accounts: &str, secret: &str) -> Result<Statements, Error> {
        let server = server(engine, &format!("accounts = {{ {accounts} }}"));
        statements(installed, &server, &|password| {
            Ok(Zeroizing::new(if *password == Password::Empty { String::new() } else { secret.to_owned() }))
        })
    }

    #[test]
    fn mariadb_gets_its_accounts_by_method_with_their_databases() {
        let accounts = "alice = { plugin = 'mysql_native_password', secret = 'alice', databases = ['app', 'my_b`x'] }, \
                        bob = { plugin = 'mysql_native_password', secret = '', require_ssl = true }";
        let expected = r"DELETE FROM mysql.global_priv WHERE user IN ('root', '');
FLUSH PRIVILEGES;
CREATE DATABASE IF NOT EXISTS `app`;
CREATE DATABASE IF NOT EXISTS `my_b``x`;
CREATE USER 'alice'@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('it''s \\ secret') REQUIRE NONE;
GRANT SELECT ON `app`.* TO 'alice'@'%';
GRANT SELECT ON `my\_b``x`.* TO 'alice'@'%';
CREATE USER 'bob'@'%' IDENTIFIED VIA mysql_native_password USING '' REQUIRE SSL;
GRANT SELECT ON *.* TO 'bob'@'%';
CREATE USER 'shakedown-setup'@'%' ACCOUNT LOCK;
";
        let made = of(&mariadb(), "aurora-mysql 3.04.0", accounts, r"it's \ secret").unwrap();
        assert_eq!(made.text(), expected);
    }

    #[test]
    fn mysql_9_gets_its_accounts_by_plugin() {
        let accounts = "alice = { plugin = 'caching_sha2_password', secret = 'alice' }, \
                        bob = { plugin = 'sha256_password', secret = '' }";
        let made = of(&mysql_9(None), "aurora-mysql 3.04.0", accounts, "pw").unwrap();
        assert!(made.text().starts_with("DELETE FROM mysql.user WHERE user = 'root';\nFLUSH PRIVILEGES;\n"));
        let has = |line: &str| assert!(made.text().lines().any(|found| found == line), "{line}\n{}", made.text());
        has("CREATE USER 'alice'@'%' IDENTIFIED WITH caching_sha2_password BY 'pw' REQUIRE NONE;");
        has("CREATE USER 'bob'@'%' IDENTIFIED WITH sha256_password BY '' REQUIRE NONE;");
    }

    #[test]
    fn what_a_product_does_not_have_is_refused_by_name() {
        let native = "alice = { plugin = 'mysql_native_password', secret = 'alice' }";
        let problem = of(&mysql_9(None), "aurora-mysql 3.04.0", native, "pw").unwrap_err();
        assert_eq!(problem.to_string(), "mysql 9.7 has no mysql_native_password");
        let quoted = "alice = { plugin = 'mysql_native_password', secret = 'alice', databases = [\"it's\"] }";
        let problem = of(&mariadb(), "aurora-mysql 3.04.0", quoted, "pw").unwrap_err();
        assert!(problem.to_string().contains("no quotes"), "{problem}");
    }

    #[test]
    fn statements_are_printed_without_their_secrets() {
        let native = "alice = { plugin = 'mysql_native_password', secret = 'alice' }";
        let made = of(&mariadb(), "aurora-mysql 3.04.0", native, "hunter2").unwrap();
        assert!(made.text().contains("hunter2"));
        assert_eq!(format!("{made:?}"), "Statements(5 lines)");
    }

    /// Reads a string as the manuals have it ("String Literals"), and gives what stands behind it.
    fn read(sql: &str) -> Option<(String, &str)> {
        let mut text = String::new();
        let mut rest = sql.strip_prefix('\'')?.chars();
        loop {
            match rest.next()? {
                '\'' if rest.as_str().starts_with('\'') => text.push(rest.next()?),
                '\'' => return Some((text, rest.as_str())),
                '\\' => text.push(match rest.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    '0' => '\0',
                    'Z' => '\u{1A}',
                    other => other,
                }),
                c => text.push(c),
            }
        }
    }

    #[test]
    fn the_reader_of_these_tests_knows_an_end_from_a_quote() {
        assert_eq!(read(r"'a''b\'c\\' REQUIRE"), Some((r"a'b'c\".to_owned(), " REQUIRE")));
        assert_eq!(read("'open"), None);
    }

    proptest! {
        #[test]
        fn a_text_in_quotes_is_read_back_and_stays_on_its_line(text in any::<String>(), behind in "[a-z' \\\\]{0,9}") {
            let quoted = literal(&text);
            prop_assert!(!quoted.contains(['\n', '\r', '\0']));
            let statement = format!("{} {behind}", quoted.as_str());
            let (read, rest) = read(&statement).unwrap();
            prop_assert_eq!(read, text);
            prop_assert_eq!(rest, format!(" {behind}"));
        }
    }
}
