//! What a server checks once it knows who somebody is, in mysqld's order (`acl_authenticate`): REQUIRE SSL, account lock,
//! `require_secure_transport`, the last connection, database. That order is why 3159 tells that the password was right.

use crate::mysql::account::{Account, DatabaseAccess};
use crate::mysql::condition::Condition;
use crate::mysql::deviation::Deviation;
use crate::mysql::reply::ErrPacket;
use crate::mysql::settings::ServerSettings;
use std::borrow::Cow;

/// A refusal: what is sent, and what only the server knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The error packet.
    pub error: ErrPacket,
    /// The cause in the server's own view.
    pub cause: Cow<'static, str>,
}

/// Who is at the door.
#[derive(Debug, Clone, Copy)]
pub struct Visitor<'a> {
    /// The login name.
    pub user: &'a str,
    /// The client's address.
    pub host: &'a str,
    /// Whether the client sent anything that may be a password.
    pub used_password: bool,
    /// Whether the connection is under TLS.
    pub secure: bool,
    /// The database that the login names.
    pub database: Option<&'a str>,
}

/// Lets a visitor in who has proven to be `account`, or says why not.
///
/// # Errors
/// The first check that fails.
pub fn check(settings: &ServerSettings, account: &Account, visitor: &Visitor<'_>) -> Result<(), Denial> {
    let Visitor { user, host, .. } = *visitor;
    if account.require_ssl && !visitor.secure {
        return Err(access_denied(user, host, visitor.used_password, "account requires tls"));
    }
    if account.locked {
        let text = format!("Access denied for user '{user}'@'{host}'. Account is locked.");
        return Err(Denial { error: ErrPacket::new(3118, b"HY000", text), cause: "account locked".into() });
    }
    if settings.require_secure_transport && !visitor.secure && !settings.deviates(Deviation::SecureTransportNotEnforced)
    {
        let text = "Connections using insecure transport are prohibited while --require_secure_transport=ON.";
        return Err(Denial { error: ErrPacket::new(3159, b"HY000", text), cause: "tls required".into() });
    }
    if let Some(denial) = settings.condition.and_then(Condition::behind_authentication) {
        return Err(denial);
    }
    match visitor.database {
        Some(database) => database_access(settings, account, user, database)
            .map_err(|error| Denial { error, cause: "database".into() }),
        None => Ok(()),
    }
}

/// The database that describes the others.
pub const INFORMATION_SCHEMA: &str = "information_schema";

/// Whether `account` may use `database`: 1044 if it may not, 1049 if there is none.
///
/// # Errors
/// The packet that says so.
pub fn database_access(
    settings: &ServerSettings,
    account: &Account,
    user: &str,
    database: &str,
) -> Result<(), ErrPacket> {
    // Everybody sees in it what they may see elsewhere. Its name is the only one whose case does not matter.
    if database.eq_ignore_ascii_case(INFORMATION_SCHEMA) {
        return Ok(());
    }
    if let DatabaseAccess::Only(allowed) = &account.databases
        && !allowed.contains(database)
    {
        let text = format!("Access denied for user '{user}'@'%' to database '{database}'");
        return Err(ErrPacket::new(1044, b"42000", text));
    }
    if settings.databases.contains(database) {
        Ok(())
    } else {
        Err(ErrPacket::new(1049, b"42000", format!("Unknown database '{database}'")))
    }
}

/// 1045, with a cause.
pub fn access_denied(user: &str, host: &str, used_password: bool, cause: impl Into<Cow<'static, str>>) -> Denial {
    let used = if used_password { "YES" } else { "NO" };
    let text = format!("Access denied for user '{user}'@'{host}' (using password: {used})");
    Denial { error: ErrPacket::new(1045, b"28000", text), cause: cause.into() }
}
