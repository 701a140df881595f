//! Clients.

use super::iam;
use super::realm::{clock_seconds, etypes, number, password, seconds, texts};
use super::server::{PROVIDERS, RUSTLS_SUITES};
use super::{deviation, network};
use crate::error::ScenarioError;
use crate::handshake::{Direction, TlsVersion};
use crate::scenario::client_profiles::ClientProfiles;
use crate::scenario::file;
use crate::scenario::party::{
    Ca, ChannelBinding, Client, ClientKind, ClientKrb5, ClientTls, GssMode, NameMatching, Offer, Password,
    PostgresProtocol, Proof, Server, SessionWanted, TlsMode, TlsProvider, TlsRange,
};
use crate::scenario::profile::Protocol;
use crate::scenario::template::Filling;
use crate::scenario::words::tls_range;
use crate::scenario::written::{List, Text};

/// MySQL's words and libpq's.
const TLS_MODES: [(&str, TlsMode); 11] = [
    ("DISABLED", TlsMode::Disabled),
    ("PREFERRED", TlsMode::Preferred),
    ("REQUIRED", TlsMode::Required),
    ("VERIFY_CA", TlsMode::VerifyCa),
    ("VERIFY_IDENTITY", TlsMode::VerifyIdentity),
    ("disable", TlsMode::Disabled),
    ("allow", TlsMode::Allowed),
    ("prefer", TlsMode::Preferred),
    ("require", TlsMode::Required),
    ("verify-ca", TlsMode::VerifyCa),
    ("verify-full", TlsMode::VerifyIdentity),
];

/// The authority that is trusted.
pub(super) const TRUSTED: [(&str, Option<Ca>); 3] =
    [("own", Some(Ca::Own)), ("other", Some(Ca::Other)), ("none", None)];

const GSS_MODES: [(&str, GssMode); 3] =
    [("disable", GssMode::Disabled), ("prefer", GssMode::Preferred), ("require", GssMode::Required)];

const SESSIONS: [(&str, SessionWanted); 3] =
    [("any", SessionWanted::Any), ("read-write", SessionWanted::ReadWrite), ("read-only", SessionWanted::ReadOnly)];

const CHANNEL_BINDINGS: [(&str, ChannelBinding); 3] = [
    ("disable", ChannelBinding::Disabled),
    ("prefer", ChannelBinding::Preferred),
    ("require", ChannelBinding::Required),
];

const PROTOCOLS: [(&str, PostgresProtocol); 2] = [("3.0", PostgresProtocol::V3_0), ("3.2", PostgresProtocol::V3_2)];

/// A client. `reached` are the servers that it connects to: without a secret of its own it has that of its account there.
pub(super) fn resolve(
    written: &file::Client,
    filling: &Filling<'_>,
    reached: &[&Server],
    profiles: &ClientProfiles,
) -> Result<Client, ScenarioError> {
    let file::Client {
        kind,
        argv,
        login,
        secret,
        database,
        tls,
        gssencmode,
        target_session_attrs,
        sslnegotiation,
        transport,
        offer,
        token,
        allow_cleartext,
        mutual,
        channel_binding,
        protocol,
        kdc_timesync,
        destroy_tickets,
        network,
        deadline,
        krb5,
        clock,
        deviations,
    } = written;
    let login = filling.text(login)?.text;
    let transport = resolve_transport(transport.as_ref(), tls.as_ref(), gssencmode.as_ref(), filling)?;
    let own = filling.optional(secret.as_ref())?.map(|secret| password(&secret));
    let offer = match filling.optional(offer.as_ref())? {
        Some(offer) => resolve_offer(&offer, filling)?,
        None => Offer { password: true, token: false, ticket: true },
    };
    let channel_binding = match filling.optional(channel_binding.as_ref())? {
        Some(text) => filling.one_of(&text, "channel binding", &CHANNEL_BINDINGS)?,
        None => ChannelBinding::Preferred,
    };
    let session = match filling.optional(target_session_attrs.as_ref())? {
        Some(text) => filling.one_of(&text, "target_session_attrs", &SESSIONS)?,
        None => SessionWanted::Any,
    };
    let direct_tls = match filling.optional(sslnegotiation.as_ref())? {
        Some(text) => filling.one_of(&text, "sslnegotiation", &[("postgres", false), ("direct", true)])?,
        None => false,
    };
    let protocol = match filling.optional(protocol.as_ref())? {
        Some(text) => filling.one_of(&text, "version of the protocol", &PROTOCOLS)?,
        None => PostgresProtocol::V3_0,
    };
    let speaks_postgres = reached.iter().any(|server| server.protocol() == Protocol::Postgres);
    let is_profile = kind.as_ref().filter(|_| speaks_postgres);
    let kind = resolve_kind(kind.as_ref(), argv, filling, profiles)?;
    if let (Some(written), Some(profile)) = (is_profile, kind.profile()) {
        return Err(filling.error(written, format!("'{}' speaks MySQL alone, not to PostgreSQL; as", profile.name)));
    }
    if let (Some(written), true) = (sslnegotiation, direct_tls && !reached.is_empty() && !speaks_postgres) {
        return Err(filling.error(written, "only PostgreSQL's clients have sslnegotiation ="));
    }
    let asks_for_proof = kind.profile().map_or(speaks_postgres, |profile| profile.mutual);
    let (deviations, of_tls) = deviation::of_client(deviations, &kind, filling)?;
    if let (Some(weakness), TlsProvider::Rustls) = (of_tls.first(), transport.tls.provider) {
        let problem = format!("rustls checks what it is given, so that a client with it has no '{weakness}':");
        return Err(filling.source.error(&written.deviations.span, problem));
    }
    Ok(Client {
        deviations,
        kind,
        password: own.or_else(|| reached.iter().find_map(|server| account_password(server, &login))),
        login,
        database: filling.optional(database.as_ref())?.map(|text| text.text),
        tls: ClientTls { deviations: of_tls, ..transport.tls },
        gssencmode: transport.gssencmode,
        session,
        direct_tls,
        offer,
        token: iam::of_client(token.as_ref(), reached, filling)?,
        allow_cleartext: filling.flag(allow_cleartext.as_ref(), transport.cleartext)?,
        // libpq always asks the server to prove itself, MySQL's own client library never does.
        mutual: filling.flag(mutual.as_ref(), asks_for_proof)?,
        channel_binding,
        protocol,
        kdc_timesync: filling.flag(kdc_timesync.as_ref(), true)?,
        destroy_tickets: filling.flag(destroy_tickets.as_ref(), false)?,
        network: network::fault(network.as_ref(), Direction::FromClient, filling)?,
        deadline: network::deadline(deadline.as_ref(), filling)?,
        krb5: resolve_krb5(krb5.as_ref(), filling)?,
        clock_seconds: clock_seconds(clock.as_ref(), filling)?,
    })
}

fn account_password(server: &Server, login: &str) -> Option<Password> {
    server.accounts.get(login)?.proofs.iter().find_map(|proof| match proof {
        Proof::Password { password, .. } => Some(password.clone()),
        _ => None,
    })
}

fn resolve_kind(
    kind: Option<&Text>,
    argv: &List,
    filling: &Filling<'_>,
    profiles: &ClientProfiles,
) -> Result<ClientKind, ScenarioError> {
    let kind = filling.optional(kind)?;
    let is_command = kind.as_ref().is_some_and(|kind| kind.text == "command");
    let argv_span = Text { text: String::new(), span: argv.span.clone() };
    match kind {
        Some(kind) if is_command => {
            let argv = texts(filling.list(argv)?);
            if argv.is_empty() {
                Err(filling.error(&kind, "no 'argv' for kind"))
            } else {
                Ok(ClientKind::Command { argv })
            }
        }
        _ if !argv.items.is_empty() => Err(filling.source.error(&argv_span.span, "'argv' without kind = \"command\"")),
        Some(kind) if kind.text == "builtin" => Ok(ClientKind::BuiltIn),
        // A client, its version and its platform.
        Some(kind) if kind.text.contains(' ') => profiles
            .get(&kind.text)
            .map(ClientKind::Profile)
            .map_err(|allowed| filling.error(&kind, "unknown client profile").allowing(allowed)),
        Some(kind) => Err(filling
            .error(&kind, "unknown kind")
            .allowing("builtin, command, or a client profile such as libmysqlclient 8.0.25 unix")),
        None => Ok(ClientKind::BuiltIn),
    }
}

/// `password`, `token`, `ticket`, or some of them joined by `-and-`.
fn resolve_offer(offer: &Text, filling: &Filling<'_>) -> Result<Offer, ScenarioError> {
    let mut resolved = Offer { password: false, token: false, ticket: false };
    for word in offer.text.split("-and-") {
        match word {
            "password" => resolved.password = true,
            "token" => resolved.token = true,
            "ticket" => resolved.ticket = true,
            _ => {
                let allowed = "password, token, ticket, or some of them joined by -and-";
                return Err(filling.error(offer, "unknown offer").allowing(allowed));
            }
        }
    }
    Ok(resolved)
}

struct Transport {
    tls: ClientTls,
    gssencmode: GssMode,
    /// Whether a secret is sent in the clear when asked for, so that the server decides.
    cleartext: bool,
}

/// `transport` says what is required, without a fall-back, and stands in place of `tls.mode` and `gssencmode`.
fn resolve_transport(
    transport: Option<&Text>,
    tls: Option<&file::ClientTls>,
    gssencmode: Option<&Text>,
    filling: &Filling<'_>,
) -> Result<Transport, ScenarioError> {
    let mode = tls.and_then(|tls| tls.mode.as_ref());
    let mut resolved = Transport { tls: resolve_tls(tls, filling)?, gssencmode: GssMode::Disabled, cleartext: false };
    if let Some(gssencmode) = filling.optional(gssencmode)? {
        resolved.gssencmode = filling.one_of(&gssencmode, "gssencmode", &GSS_MODES)?;
    }
    let Some(transport) = filling.optional(transport)? else { return Ok(resolved) };
    if mode.is_some() || gssencmode.is_some() {
        return Err(filling.error(&transport, "'tls.mode' and 'gssencmode' cannot stand beside transport"));
    }
    let (mode, gssencmode) = match transport.text.as_str() {
        "clear" => (TlsMode::Disabled, GssMode::Disabled),
        "tls" => (TlsMode::Required, GssMode::Disabled),
        "gss" => (TlsMode::Disabled, GssMode::Required),
        _ => return Err(filling.error(&transport, "unknown transport").allowing("clear, tls, gss")),
    };
    resolved.tls.mode = mode;
    Ok(Transport { gssencmode, cleartext: true, ..resolved })
}

fn resolve_krb5(written: Option<&file::ClientKrb5>, filling: &Filling<'_>) -> Result<ClientKrb5, ScenarioError> {
    let Some(file::ClientKrb5 { etypes: own_etypes, clockskew, udp_preference_limit }) = written else {
        return Ok(ClientKrb5::default());
    };
    Ok(ClientKrb5 {
        etypes: etypes(own_etypes, filling)?,
        clock_skew_seconds: seconds(clockskew.as_ref(), filling)?,
        udp_preference_limit: number(udp_preference_limit.as_ref(), filling)?,
    })
}

fn resolve_tls(written: Option<&file::ClientTls>, filling: &Filling<'_>) -> Result<ClientTls, ScenarioError> {
    let mut tls = ClientTls {
        mode: TlsMode::Preferred,
        versions: TlsRange { min: TlsVersion::Tls1_0, max: TlsVersion::Tls1_3 },
        suites: Vec::new(),
        provider: TlsProvider::OpenSsl,
        trust: Some(Ca::Own),
        matches: NameMatching::San,
        deviations: Vec::new(),
    };
    let Some(file::ClientTls { mode, versions, suites, provider, ca, matches }) = written else { return Ok(tls) };
    if let Some(mode) = filling.optional(mode.as_ref())? {
        tls.mode = filling.one_of(&mode, "TLS mode", &TLS_MODES)?;
    }
    if let Some(provider) = filling.optional(provider.as_ref())? {
        tls.provider = filling.one_of(&provider, "TLS provider", &PROVIDERS)?;
    }
    let is_rustls = tls.provider == TlsProvider::Rustls;
    match filling.optional(versions.as_ref())? {
        Some(versions) => {
            tls.versions = tls_range(&versions.text).map_err(|problem| filling.error(&versions, problem))?;
            if is_rustls && tls.versions.min < TlsVersion::Tls1_2 {
                return Err(filling.error(&versions, "rustls has TLS 1.2 and 1.3 only, not"));
            }
        }
        None if is_rustls => tls.versions.min = TlsVersion::Tls1_2,
        None => {}
    }
    let suites = suites_of(suites, filling)?;
    if let Some(missing) = suites.iter().find(|suite| is_rustls && !RUSTLS_SUITES.contains(&suite.text.as_str())) {
        return Err(filling.error(missing, "rustls has no suite").allowing(RUSTLS_SUITES.join(", ")));
    }
    tls.suites = texts(suites);
    if let Some(ca) = filling.optional(ca.as_ref())? {
        tls.trust = filling.one_of(&ca, "authority", &TRUSTED)?;
    }
    if let Some(matches) = filling.optional(matches.as_ref())? {
        let words = [("san", NameMatching::San), ("common-name", NameMatching::CommonName)];
        tls.matches = filling.one_of(&matches, "part of a certificate", &words)?;
        if is_rustls && tls.matches == NameMatching::CommonName {
            return Err(filling.error(&matches, "rustls looks at alternative names only, not at"));
        }
    }
    Ok(tls)
}

/// Suites that are offered. None of them is a mistake: it would be all of them.
pub(super) fn suites_of(list: &List, filling: &Filling<'_>) -> Result<Vec<Text>, ScenarioError> {
    let suites = filling.list(list)?;
    if suites.is_empty() && !list.span.is_empty() {
        return Err(filling.source.error(&list.span, "no suite in 'suites'; without the key it is all of them"));
    }
    Ok(suites)
}
