//! What a client of ours can be asked to do wrong before it speaks any protocol: what it wants of TLS, of its tickets and of its
//! secrets. Each is another plan of the same client, so that one that does nothing wrong passes no check for it.

use crate::handshake::TlsVersion;
use crate::handshake::deviation::deviations;
use crate::scenario::party::{ChannelBinding, Client, ClientTls, GssMode, TlsMode, TlsRange};

deviations! {
    "client":
    /// TLS is taken if there is some, where it is obligatory.
    OptionalTls = "optional-tls"
        breaks "MySQL, --ssl-mode=REQUIRED, and PostgreSQL, sslmode=require: without TLS the attempt fails",
    /// There is no TLS, whatever is wanted.
    WithoutTls = "without-tls"
        breaks "MySQL, --ssl-mode, and PostgreSQL, sslmode: prefer and above ask for TLS",
    /// Any certificate is taken, where a chain or a name is to be checked.
    SkipsChain = "skips-chain"
        breaks "RFC 5280 §6: the path to a trust anchor is validated",
    /// The chain is checked and the name is not.
    SkipsName = "skips-name"
        breaks "RFC 6125 §6: the server's identity is checked against the name that was dialled",
    /// The chain and the name are checked where nothing is to be.
    ChecksTooMuch = "checks-too-much"
        breaks "MySQL, --ssl-mode=REQUIRED, and PostgreSQL, sslmode=require: the certificate is not verified",
    /// Versions below the lowest that is wanted are offered too.
    OffersOlderTls = "offers-older-tls"
        breaks "MySQL, --tls-version: only what is listed is offered",
    /// Versions above the highest that is wanted are offered too.
    OffersNewerTls = "offers-newer-tls"
        breaks "MySQL, --tls-version: only what is listed is offered",
    /// All suites are offered, whatever is wanted.
    OffersAllSuites = "offers-all-suites"
        breaks "MySQL, --ssl-cipher: only what is listed is offered",
    /// A secret goes over a clear connection as it is.
    SecretInClear = "secret-in-clear"
        breaks "MySQL, Client-Side Cleartext Pluggable Authentication: the password is sent as it is, so TLS is needed",
    /// GSS encryption is taken if there is some, where it is obligatory.
    OptionalGss = "optional-gss"
        breaks "PostgreSQL, gssencmode=require: without GSS encryption the attempt fails",
    /// GSS encryption is never asked for.
    WithoutGss = "without-gss"
        breaks "PostgreSQL, gssencmode: prefer and require ask for GSS encryption where there is a ticket",
    /// The server need not prove itself by Kerberos.
    WithoutMutual = "without-mutual"
        breaks "RFC 4120 §3.2.2: a client that needs proof sets MUTUAL-REQUIRED",
    /// Channel binding is done if it can be, where it is obligatory.
    OptionalBinding = "optional-binding"
        breaks "PostgreSQL, channel_binding=require: without channel binding the attempt fails",
    /// Channel binding is never done.
    WithoutBinding = "without-binding"
        breaks "RFC 5802 §6: a client that can bind and is offered -PLUS does",
    /// Tickets are not used.
    WithoutTickets = "without-tickets"
        breaks "Aurora, Kerberos authentication: an existing ticket is used",
    /// The password is not used.
    WithoutPassword = "without-password"
        breaks "Aurora, Kerberos authentication: with a password a ticket is fetched",
    /// Another user's name is given.
    AnotherLogin = "another-login"
        breaks "MySQL, Protocol::HandshakeResponse41, and PostgreSQL, StartupMessage: the user is the one that was asked for",
    /// No database is asked for.
    WithoutDatabase = "without-database"
        breaks "MySQL, CLIENT_CONNECT_WITH_DB, and PostgreSQL, StartupMessage: the database is the one that was asked for",
    /// Tickets that are to go after the login stay.
    KeepsTickets = "keeps-tickets"
        breaks "MySQL, Kerberos Pluggable Authentication: destroy_tickets = true destroys what was obtained",
    /// The KDC's time is not believed.
    IgnoresKdcTime = "ignores-kdc-time"
        breaks "krb5.conf, kdc_timesync: the client corrects for a KDC whose clock differs",
    /// Its own clock is an hour slow.
    SlowClock = "slow-clock"
        breaks "RFC 4120 §1.6: each host has a clock that is loosely synchronized to the others'",
}

impl Deviation {
    /// Does it.
    pub fn apply(self, client: &mut Client) {
        let ClientTls { mode, versions, suites, .. } = &mut client.tls;
        match self {
            Self::OptionalTls if *mode == TlsMode::Required => *mode = TlsMode::Preferred,
            Self::WithoutTls => *mode = TlsMode::Disabled,
            Self::SkipsChain if matches!(mode, TlsMode::VerifyCa | TlsMode::VerifyIdentity) => {
                *mode = TlsMode::Required
            }
            Self::SkipsName if *mode == TlsMode::VerifyIdentity => *mode = TlsMode::VerifyCa,
            Self::ChecksTooMuch if matches!(mode, TlsMode::Required | TlsMode::VerifyCa) => {
                *mode = TlsMode::VerifyIdentity;
            }
            Self::OffersOlderTls => *versions = TlsRange { min: TlsVersion::Tls1_0, ..*versions },
            Self::OffersNewerTls => *versions = TlsRange { max: TlsVersion::Tls1_3, ..*versions },
            Self::OffersAllSuites => suites.clear(),
            Self::SecretInClear => client.allow_cleartext = true,
            Self::OptionalGss if client.gssencmode == GssMode::Required => client.gssencmode = GssMode::Preferred,
            Self::WithoutGss => client.gssencmode = GssMode::Disabled,
            Self::WithoutMutual => client.mutual = false,
            Self::OptionalBinding if client.channel_binding == ChannelBinding::Required => {
                client.channel_binding = ChannelBinding::Preferred;
            }
            Self::WithoutBinding => client.channel_binding = ChannelBinding::Disabled,
            Self::WithoutTickets => client.offer.ticket = false,
            Self::WithoutPassword => client.offer.password = false,
            Self::AnotherLogin => client.login = "mallory".to_owned(),
            Self::WithoutDatabase => client.database = None,
            Self::KeepsTickets => client.destroy_tickets = false,
            Self::IgnoresKdcTime => client.kdc_timesync = false,
            Self::SlowClock => client.clock_seconds -= 3600,
            Self::OptionalTls
            | Self::SkipsChain
            | Self::SkipsName
            | Self::ChecksTooMuch
            | Self::OptionalGss
            | Self::OptionalBinding => {}
        }
    }
}
