//! The accounts and databases of a plan as SQL, for the file that a server carries out before it lets anybody in (`init-file`).

use crate::error::Error;
use crate::scenario::party::{self, PasswordScheme, Proof};
use crate::testbed::process::mysql::{Brand, Product};
use crate::testbed::secrets::Secrets;
use std::collections::BTreeSet;
use std::fmt;
use zeroize::Zeroizing;

/// An account that the last statement makes. Nobody can log in to it, since it is locked: being told so shows that all statements
/// have been carried out.
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

/// The statements that make the accounts and databases of a plan, and remove the accounts of a new server: a `root` without a
/// password would let anybody in.
///
/// # Errors
/// The plan has an account that the product cannot have, or a name that the file cannot hold.
pub fn statements(product: &Product, server: &party::Server, secrets: &Secrets) -> Result<Statements, Error> {
    let mut lines = Lines(Zeroizing::default());
    match product.brand {
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
        let proof = identified(product.brand, account, secrets)?;
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
    lines.add(&format!("CREATE USER {}@'localhost' ACCOUNT LOCK", setup.as_str()));
    Ok(Statements(lines.0))
}

/// What stands behind `IDENTIFIED`.
fn identified(brand: Brand, account: &party::Account, secrets: &Secrets) -> Result<Zeroizing<String>, Error> {
    let [Proof::Password { scheme, password, .. }] = account.proofs.as_slice() else {
        return Err(Error::Usage("an account of a real server has a password and nothing else".to_owned()));
    };
    let secret = secrets.value(password);
    let text = match (brand, scheme, secret.is_empty()) {
        // An empty string is no password; a hash of one would be a password that is empty.
        (Brand::MariaDb, PasswordScheme::MysqlNativePassword, true) => "VIA mysql_native_password USING ''".to_owned(),
        (Brand::MariaDb, PasswordScheme::MysqlNativePassword, false) => {
            format!("VIA mysql_native_password USING PASSWORD({})", literal(&secret).as_str())
        }
        (Brand::MySql, PasswordScheme::CachingSha2Password | PasswordScheme::Sha256Password, _) => {
            format!("WITH {} BY {}", scheme.word(), literal(&secret).as_str())
        }
        (brand, scheme, _) => return Err(Error::Usage(format!("{} has no {}", brand.word(), scheme.word()))),
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
