//! IAM database authentication: what a cluster knows of it, and the token of a client.

use crate::iam::{Form, Policy};
use std::collections::BTreeMap;

/// IAM database authentication of a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerIam {
    /// The cluster's region.
    pub region: String,
    /// The account that it belongs to.
    pub account: String,
    /// Its resource identifier.
    pub resource: String,
    /// The names that tokens may be for.
    pub endpoints: Vec<String>,
    /// The access keys that AWS knows, by the scenario's names.
    pub keys: BTreeMap<String, IamKey>,
    /// How many logins by token are taken, if there is a limit.
    pub throttle: Option<IamThrottle>,
}

/// An access key that AWS knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IamKey {
    /// Whose it is.
    pub of: Principal,
    /// What they may.
    pub policy: Policy,
    /// When it ends, as seconds to the start of the case.
    pub ends_seconds: Option<i64>,
}

/// Whose an access key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Principal {
    /// An IAM user's, for good.
    User,
    /// A role's, for a time, with a session token.
    Role,
}

/// A limit to logins by token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IamThrottle {
    /// So many.
    pub logins: u32,
    /// In any time of that length.
    pub within_seconds: u32,
}

/// The token of a client. What is not said is as the server has it, so that the token is right.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Token {
    /// The access key that signs, by the scenario's name: one that the server does not list is unknown to AWS.
    pub key: String,
    /// Whose it is, if the server lists it.
    pub session: bool,
    /// The host that it is for; `None` is the one that is dialled.
    pub host: Option<String>,
    /// The port that it is for; `None` is the one that is dialled.
    pub port: Option<u16>,
    /// The region of its scope.
    pub region: String,
    /// The service of its scope; `None` is `rds-db`.
    pub service: Option<String>,
    /// The database user; `None` is the one that logs in.
    pub user: Option<String>,
    /// When it is made, as seconds to the client's clock at its login.
    pub made_seconds: i64,
    /// Its lifetime as it is written; `None` is the longest.
    pub expires: Option<String>,
    /// How it is written.
    pub form: Form,
}
