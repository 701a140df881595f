//! How a client makes a token.

use super::credentials::Credentials;
use super::departure::{Departure, Form};
use super::signature::{ALGORITHM, Scope, Signed, TERMINATOR, host_header};
use super::token::MAX_OCTETS;
use super::uri::encode;
use super::{LIFETIME_SECONDS, SERVICE};
use crate::handshake::{Secret, Timestamp};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The host as it is dialled; the signature has it in lower case.
    pub host: String,
    /// The port that is dialled.
    pub port: u16,
    /// The region of the credential scope.
    pub region: String,
    /// The service of the credential scope: `rds-db`.
    pub service: String,
    /// The database user.
    pub user: String,
    /// When it is made; whole seconds are written.
    pub made: Timestamp,
    /// For how many seconds it is good, as it is written.
    pub expires: String,
}

impl Claims {
    /// Those of a token that lets `user` connect to `host` for 15 minutes from `made` on.
    pub fn new(
        host: impl Into<String>,
        port: u16,
        region: impl Into<String>,
        user: impl Into<String>,
        made: Timestamp,
    ) -> Self {
        Self {
            host: host.into(),
            port,
            region: region.into(),
            service: SERVICE.to_owned(),
            user: user.into(),
            made,
            expires: LIFETIME_SECONDS.to_string(),
        }
    }
}

/// A token, octet by octet as botocore's `generate_db_auth_token` makes it.
#[must_use]
pub fn make(claims: &Claims, credentials: &Credentials) -> Secret {
    make_departing(claims, credentials, Form::Usual, &[], claims.made)
}

/// A token in another form, or one with which something is wrong. `now` is the time that a date is replaced by.
#[must_use]
pub fn make_departing(
    claims: &Claims,
    credentials: &Credentials,
    form: Form,
    departures: &[Departure],
    now: Timestamp,
) -> Secret {
    let departs = |departure| departures.contains(&departure);
    let mut written = signed(claims, credentials, &departs);
    change(&mut written, claims, now, &departs);
    let mut token = url(&written, form);
    if departs(Departure::Truncated) {
        // Where it is cut, no letter is in the way: what is not ASCII is escaped.
        let half = token.len() / 2;
        token.truncate(half);
    }
    if departs(Departure::Oversized) {
        _ = write!(token, "&X-Padding={}", "x".repeat(MAX_OCTETS));
    }
    if departs(Departure::Garbled) {
        *token = token.replace(['?', '&', '='], ".");
    }
    Secret::token(std::mem::take(&mut *token))
}

/// A token before it is put together.
struct Draft {
    host: String,
    port: String,
    path: String,
    parameters: Vec<(String, String)>,
}

impl Draft {
    fn change(&mut self, name: &str, change: impl FnOnce(&mut String)) {
        if let Some((_, value)) = self.parameters.iter_mut().find(|(known, _)| known == name) {
            change(value);
        }
    }

    fn remove(&mut self, name: &str) {
        self.parameters.retain(|(known, _)| known != name);
    }
}

/// Everything that the signature is about, and the signature.
fn signed(claims: &Claims, credentials: &Credentials, departs: &dyn Fn(Departure) -> bool) -> Draft {
    let Claims { host, port, region, service, user, made, expires } = claims;
    let Credentials { access_key_id, secret_access_key, session_token } = credentials;
    let mut date = iso_8601(*made);
    let day = if departs(Departure::ScopeOfYesterday) { iso_8601(made.offset_seconds(-86_400)) } else { date.clone() };
    if departs(Departure::ImpossibleDate) {
        date.replace_range(4..8, "0231");
    }
    let word =
        |departure, other: &str, usual: &str| if departs(departure) { other.to_owned() } else { usual.to_owned() };
    let scope = Scope {
        date: day[..8].to_owned(),
        region: region.clone(),
        service: service.clone(),
        terminator: word(Departure::OtherTerminator, "aws5_request", TERMINATOR),
    };
    let algorithm = word(Departure::OtherAlgorithm, "AWS4-HMAC-SHA512", ALGORITHM);
    let signed_headers = if departs(Departure::HostUnsigned) { "" } else { "host" };
    let session =
        if departs(Departure::SessionAdded) { Some("c3RyYXk=") } else { session_token.as_ref().map(|t| t.as_str()) };
    let parameter = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut parameters = vec![
        parameter("Action", &word(Departure::OtherAction, "describe", "connect")),
        parameter("DBUser", &word(Departure::UserReplaced, "somebody", user)),
        parameter("X-Amz-Algorithm", &algorithm),
        parameter("X-Amz-Credential", &format!("{access_key_id}/{}", scope.text())),
        parameter("X-Amz-Date", &date),
        parameter("X-Amz-Expires", expires),
        parameter("X-Amz-SignedHeaders", signed_headers),
    ];
    parameters.extend(session.map(|session| parameter("X-Amz-Security-Token", session)));
    if departs(Departure::ParameterRepeated) {
        parameters.insert(2, parameter("DBUser", "admin"));
    }
    let path = word(Departure::OtherPath, "/x", "/");
    let mut draft = Draft { host: host.clone(), port: port.to_string(), path, parameters };
    for (departure, name) in [
        (Departure::WithoutAction, "Action"),
        (Departure::WithoutUser, "DBUser"),
        (Departure::WithoutAlgorithm, "X-Amz-Algorithm"),
        (Departure::WithoutCredential, "X-Amz-Credential"),
        (Departure::WithoutDate, "X-Amz-Date"),
        (Departure::WithoutExpires, "X-Amz-Expires"),
        (Departure::WithoutSignedHeaders, "X-Amz-SignedHeaders"),
        (Departure::WithoutSession, SESSION),
    ] {
        if departs(departure) {
            draft.remove(name);
        }
    }
    if departs(Departure::SessionChanged) {
        draft.change(SESSION, other_letter);
    }
    let host = word(Departure::HostReplaced, "elsewhere.test", &draft.host);
    let header = [("host", host_header(&host, &draft.port))];
    let headers = if departs(Departure::HostUnsigned) { &[][..] } else { &header[..] };
    let secret = if departs(Departure::OtherSecret) {
        Zeroizing::new(format!("{}x", secret_access_key.as_str()))
    } else {
        secret_access_key.clone()
    };
    let signature = Signed {
        algorithm: &algorithm,
        date: &date,
        scope: &scope,
        path: &draft.path,
        parameters: &draft.parameters,
        headers,
        signed_headers,
    }
    .signature(&secret);
    if !departs(Departure::WithoutSignature) {
        draft.parameters.push(("X-Amz-Signature".to_owned(), signature));
    }
    draft
}

/// What happens behind the signature's back.
fn change(draft: &mut Draft, claims: &Claims, now: Timestamp, departs: &dyn Fn(Departure) -> bool) {
    if departs(Departure::SignatureDigit) {
        draft.change("X-Amz-Signature", |signature| {
            let last = if signature.ends_with('0') { "1" } else { "0" };
            signature.replace_range(signature.len() - 1.., last);
        });
    }
    if departs(Departure::SignatureShort) {
        draft.change("X-Amz-Signature", |signature| _ = signature.pop());
    }
    if departs(Departure::OctetChanged) {
        // The first digit of the lifetime, which stays one that is allowed.
        draft.change("X-Amz-Expires", |expires| expires.replace_range(..1, "8"));
    }
    if departs(Departure::UserReplaced) {
        draft.change("DBUser", |user| user.clone_from(&claims.user));
    }
    if departs(Departure::ParameterAdded) {
        draft.parameters.push(("X-Extra".to_owned(), "1".to_owned()));
    }
    if departs(Departure::DateReplaced) {
        let renewed = iso_8601(now);
        // The day of the scope with it: between yesterday's and today's token the scope would tell.
        draft.change("X-Amz-Credential", |credential| {
            let scope = credential.split('/').nth(1).map(str::to_owned);
            if let Some(day) = scope {
                *credential = credential.replacen(&format!("/{day}/"), &format!("/{}/", &renewed[..8]), 1);
            }
        });
        draft.change("X-Amz-Date", |date| *date = renewed);
    }
    if departs(Departure::SessionReplaced) {
        draft.change(SESSION, other_letter);
    }
}

const SESSION: &str = "X-Amz-Security-Token";

/// `20150830T123600Z`.
fn iso_8601(time: Timestamp) -> String {
    let text = time.generalized();
    let text: String = text.iter().map(|&octet| char::from(octet)).collect();
    format!("{}T{}", &text[..8], &text[8..])
}

/// The first letter becomes another one.
fn other_letter(text: &mut String) {
    let other = if text.starts_with('A') { "B" } else { "A" };
    if text.is_char_boundary(1) && !text.is_empty() {
        text.replace_range(..1, other);
    }
}

fn url(draft: &Draft, form: Form) -> Zeroizing<String> {
    let Draft { host, port, path, parameters } = draft;
    let small = |text: String| match form {
        Form::SmallEscapes => with_small_escapes(&text),
        Form::Usual | Form::Reversed => text,
    };
    let mut query: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", small(encode(value)))).collect();
    if form == Form::Reversed {
        query.reverse();
    }
    Zeroizing::new(format!("{host}:{port}{path}?{}", query.join("&")))
}

fn with_small_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| {
        let (digits, rest) = part.split_at(part.len().min(2));
        all + "%" + &digits.to_ascii_lowercase() + rest
    })
}
