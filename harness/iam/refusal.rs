//! Why a token is refused.

use std::fmt;

/// Why a token lets nobody in. A cluster never tells its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// More logins than the cluster takes.
    Throttled,
    /// No URL of this kind.
    Malformed,
    /// A parameter that stands there twice.
    Repeated,
    /// A parameter that is not there.
    Missing,
    /// Another algorithm.
    Algorithm,
    /// Another action.
    Action,
    /// Another path.
    Path,
    /// No date.
    Date,
    /// A date too far ahead.
    NotYetValid,
    /// No lifetime, or one that is too long.
    Lifetime,
    /// The lifetime is over.
    Expired,
    /// A credential that is none, its terminator or its day included.
    Scope,
    /// Another region.
    Region,
    /// Another service.
    Service,
    /// Another database user than the one that logs in.
    User,
    /// Another host.
    Host,
    /// Another port.
    Port,
    /// Other headers than the host are signed.
    SignedHeaders,
    /// An access key that nobody has.
    UnknownKey,
    /// A temporary key that has ended.
    KeyExpired,
    /// No session token, another one, or one for a key that has none.
    SessionToken,
    /// Another signature.
    Signature,
    /// The policy does not allow it, or denies it.
    Policy,
    /// A token that was used before, which is a reason for nobody but a [`Deviation`](crate::iam::Deviation).
    Used,
}

impl Refusal {
    /// The cause in the server's view.
    #[must_use]
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Throttled => "iam throttled",
            Self::Malformed => "iam malformed",
            Self::Repeated => "iam repeated parameter",
            Self::Missing => "iam missing parameter",
            Self::Algorithm => "iam algorithm",
            Self::Action => "iam action",
            Self::Path => "iam path",
            Self::Date => "iam date",
            Self::NotYetValid => "iam not yet valid",
            Self::Lifetime => "iam lifetime",
            Self::Expired => "iam expired",
            Self::Scope => "iam scope",
            Self::Region => "iam region",
            Self::Service => "iam service",
            Self::User => "iam user",
            Self::Host => "iam host",
            Self::Port => "iam port",
            Self::SignedHeaders => "iam signed headers",
            Self::UnknownKey => "iam unknown key",
            Self::KeyExpired => "iam key expired",
            Self::SessionToken => "iam session token",
            Self::Signature => "iam signature",
            Self::Policy => "iam policy",
            Self::Used => "iam used before",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.cause())
    }
}
