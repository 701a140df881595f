//! How a connection attempt ended, by whom, and with which code.

use crate::handshake::channel::TlsVersion;
use std::borrow::Cow;
use std::fmt;

/// A party of a connection, as outcomes name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Who dials.
    Client,
    /// Who is dialled.
    Server,
    /// Who stands between.
    Proxy,
    /// The Kerberos key distribution centre.
    Kdc,
}

impl Side {
    /// All sides.
    pub const ALL: [Self; 4] = [Self::Client, Self::Server, Self::Proxy, Self::Kdc];

    /// The word in scenarios and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Proxy => "proxy",
            Self::Kdc => "kdc",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The three ways to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Logged in and ready for a query.
    Established,
    /// Somebody said no.
    Refused,
    /// A deadline passed.
    TimedOut,
}

impl Kind {
    /// The word in `results.json`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Established => "established",
            Self::Refused => "refused",
            Self::TimedOut => "timed_out",
        }
    }
}

/// How an attempt ended, in the eyes of one party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which of the three.
    pub kind: Kind,
    /// Who refused.
    pub by: Option<Side>,
    /// The code as the other side sees it: `1045 28000`, `28P01`, `krb 44`, `alert handshake_failure`, `eof`, `no_ticket`.
    /// For a timeout, the phase.
    pub code: Option<Cow<'static, str>>,
    /// What only this party knows of the reason: a server that answers `1045 28000` knows of `krb 44` or `wrong password`.
    pub cause: Option<Cow<'static, str>>,
    /// The text that went with the code on the wire.
    pub message: Option<String>,
    /// The TLS version in use when it ended, if any.
    pub tls: Option<TlsVersion>,
    /// The TLS suite in use when it ended, if any.
    pub suite: Option<String>,
    /// What proved the identity: `password`, `kerberos`, `iam`, `trust`.
    pub method: Option<Cow<'static, str>>,
    /// The phase in which the stream ended (`eof`, `reset`); `None` for every other code.
    pub phase: Option<Cow<'static, str>>,
}

impl Outcome {
    /// Logged in by `method`.
    pub fn established(method: impl Into<Cow<'static, str>>) -> Self {
        Self { method: Some(method.into()), ..Self::bare(Kind::Established) }
    }

    /// Refused by `by` with `code`.
    pub fn refused(by: Side, code: impl Into<Cow<'static, str>>) -> Self {
        Self { by: Some(by), code: Some(code.into()), ..Self::bare(Kind::Refused) }
    }

    /// A deadline passed in `phase`.
    pub fn timed_out(phase: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Some(phase.into()), ..Self::bare(Kind::TimedOut) }
    }

    /// With what only this party knows.
    #[must_use]
    pub fn because(self, cause: impl Into<Cow<'static, str>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// With the text that went over the wire.
    #[must_use]
    pub fn saying(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }

    /// With the phase in which the stream ended.
    #[must_use]
    pub fn in_phase(self, phase: impl Into<Cow<'static, str>>) -> Self {
        Self { phase: Some(phase.into()), ..self }
    }

    /// Whether the stream ended or was reset, and nobody said why.
    #[must_use]
    pub fn is_end_of_stream(&self) -> bool {
        self.kind == Kind::Refused && matches!(self.code.as_deref(), Some("eof" | "reset"))
    }

    /// With the TLS parameters in use.
    #[must_use]
    pub fn over(self, version: TlsVersion, suite: impl Into<String>) -> Self {
        Self { tls: Some(version), suite: Some(suite.into()), ..self }
    }

    /// Whether it ended in a login.
    #[must_use]
    pub fn is_established(&self) -> bool {
        self.kind == Kind::Established
    }

    const fn bare(kind: Kind) -> Self {
        Self {
            kind,
            by: None,
            code: None,
            cause: None,
            message: None,
            tls: None,
            suite: None,
            method: None,
            phase: None,
        }
    }
}

/// As scenarios write it: `established TLS1.2 SUITE by METHOD`, `refused by server: 1045 28000`, `refused by server: reset in
/// auth`, `timed out in tls`.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Established => {
                f.write_str("established")?;
                if let Some(version) = self.tls {
                    write!(f, " {version}")?;
                }
                if let Some(suite) = &self.suite {
                    write!(f, " {suite}")?;
                }
                match &self.method {
                    Some(method) => write!(f, " by {method}"),
                    None => Ok(()),
                }
            }
            Kind::Refused => {
                f.write_str("refused")?;
                if let Some(side) = self.by {
                    write!(f, " by {side}")?;
                }
                if let Some(code) = &self.code {
                    write!(f, ": {code}")?;
                }
                if let Some(phase) = &self.phase {
                    write!(f, " in {phase}")?;
                }
                match &self.cause {
                    Some(cause) => write!(f, " ({cause})"),
                    None => Ok(()),
                }
            }
            Kind::TimedOut => match &self.code {
                Some(phase) => write!(f, "timed out in {phase}"),
                None => f.write_str("timed out"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_reads_as_scenarios_write_it() {
        let check = |outcome: Outcome, text: &str| assert_eq!(outcome.to_string(), text);
        check(
            Outcome::established("password").over(TlsVersion::Tls1_2, "ECDHE-RSA-AES128-SHA"),
            "established TLS1.2 ECDHE-RSA-AES128-SHA by password",
        );
        check(Outcome::refused(Side::Server, "1045 28000"), "refused by server: 1045 28000");
        check(Outcome::refused(Side::Server, "1045 28000").because("krb 44"), "refused by server: 1045 28000 (krb 44)");
        check(Outcome::refused(Side::Server, "reset").in_phase("auth"), "refused by server: reset in auth");
        check(Outcome::timed_out("tls"), "timed out in tls");
    }
}
