//! What a client library is like, as far as a server or a KDC can tell.

/// A client library in one version on one platform. What plays it is our own client: a model of it, not the library.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientProfile {
    /// `libmysqlclient 8.0.28 windows`.
    pub name: String,
    /// The authentication plugins that it has.
    pub plugins: Vec<String>,
    /// What it does when it is asked for another one.
    pub without_plugin: WithoutPlugin,
    /// Where its tickets come from.
    pub tickets: TicketOrigin,
    /// How it wraps what it says to the acceptor.
    pub token: TokenForm,
    /// Whether it asks the server to prove itself, unless the scenario says otherwise.
    pub mutual: bool,
    /// Whether it looks for `destroy_tickets` of krb5.conf.
    pub destroys_tickets: bool,
    /// What it says about itself when it logs in.
    pub attributes: Vec<(String, String)>,
}

/// What a client does that is asked for a plugin which it does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WithoutPlugin {
    /// It ends the connection without a word.
    Close,
    /// It answers with an empty packet and waits.
    EmptyPacket,
}

/// Where a client's tickets come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketOrigin {
    /// A credential cache, which it fills by the password if it has one, as krb5.conf says.
    Gssapi,
    /// Whoever is logged in to the operating system, whatever the login name; no password and no krb5.conf matter.
    Session,
}

/// How a client wraps its AP-REQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenForm {
    /// As RFC 1964 has it.
    Krb5,
    /// In a negotiation (RFC 4178), offered as Windows does.
    Spnego,
}
