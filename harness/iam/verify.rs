//! What a cluster makes of a token: each check by itself, in the order in which AWS's own page has them, the signature computed
//! anew.
//!
//! A parameter that is not one of Signature Version 4 is let pass if it is signed, as by any service of AWS.

use super::cluster::{AccessKey, Cluster};
use super::deviation::Deviation;
use super::policy::{self, Policy};
use super::refusal::Refusal;
use super::signature::{ALGORITHM, Scope, Signed, TERMINATOR, host_header};
use super::throttle::Throttle;
use super::token::Written;
use super::{LIFETIME_SECONDS, SERVICE, SKEW_SECONDS};
use crate::handshake::Timestamp;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};
use subtle::ConstantTimeEq;

/// A cluster that knows access keys. `Debug` shows the cluster only.
pub struct Verifier {
    cluster: Cluster,
    /// Where it listens; nobody knows before it does.
    port: OnceLock<u16>,
    keys: BTreeMap<String, AccessKey>,
    throttle: Option<Throttle>,
    deviations: Vec<Deviation>,
    /// Signatures that were taken, for whoever is asked to take none twice.
    used: Mutex<HashSet<String>>,
}

impl Verifier {
    /// A cluster. Until [`Self::listen_on`] no token is for its port.
    #[must_use]
    pub fn new(cluster: Cluster, keys: impl IntoIterator<Item = AccessKey>) -> Self {
        let keys = keys.into_iter().map(|key| (key.credentials.access_key_id.clone(), key)).collect();
        Self { cluster, port: OnceLock::new(), keys, throttle: None, deviations: Vec::new(), used: Mutex::default() }
    }

    /// With a limit to logins by token.
    #[must_use]
    pub fn throttled(self, throttle: Throttle) -> Self {
        Self { throttle: Some(throttle), ..self }
    }

    /// With checks that it is to leave out.
    #[must_use]
    pub fn deviating(self, deviations: Vec<Deviation>) -> Self {
        Self { deviations, ..self }
    }

    /// Says on which port the cluster listens; what was said first stays.
    pub fn listen_on(&self, port: u16) {
        let _ = self.port.set(port);
    }

    /// Whether a token is taken only where TLS protects it.
    #[must_use]
    pub fn needs_tls(&self) -> bool {
        !self.deviates(Deviation::AcceptsTokenInTheClear)
    }

    /// Whether `token` lets `user` in at `now`.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn verify(&self, user: &str, token: &[u8], now: Timestamp) -> Result<(), Refusal> {
        if let Some(throttle) = &self.throttle {
            self.hold(throttle.takes(now), Deviation::NeverThrottles, Refusal::Throttled)?;
        }
        let written = Written::parse(token).ok_or(Refusal::Malformed)?;
        self.hold(!written.repeats_a_parameter(), Deviation::AcceptsRepeatedParameter, Refusal::Repeated)?;
        self.form(token, &written)?;
        let said = self.said(&written, user)?;
        self.time(&said, now)?;
        let (access_key_id, scope) = credential(said.credential).ok_or(Refusal::Scope)?;
        self.claims(&said, &scope, user)?;
        let Some(key) = self.keys.get(access_key_id) else {
            return self.hold(false, Deviation::AcceptsUnknownKey, Refusal::UnknownKey);
        };
        let is_over = key.ends.is_some_and(|ends| ends <= now);
        self.hold(!is_over, Deviation::AcceptsExpiredKey, Refusal::KeyExpired)?;
        self.session(key, written.value(SESSION))?;
        self.hold(self.is_signed(&said, &scope, key), Deviation::AcceptsAnySignature, Refusal::Signature)?;
        self.permission(&key.policy, user)?;
        self.first_use(said.signature)
    }

    fn deviates(&self, deviation: Deviation) -> bool {
        self.deviations.contains(&deviation)
    }

    /// A check that a deviation leaves out.
    fn hold(&self, holds: bool, overlooked: Deviation, refusal: Refusal) -> Result<(), Refusal> {
        if holds || self.deviates(overlooked) { Ok(()) } else { Err(refusal) }
    }

    /// A check that there is only by a deviation.
    fn allow(&self, is_usual: bool, refused: Deviation, refusal: Refusal) -> Result<(), Refusal> {
        if is_usual || !self.deviates(refused) { Ok(()) } else { Err(refusal) }
    }

    /// Every parameter that has to be there.
    fn said<'w>(&self, written: &'w Written, user: &'w str) -> Result<Said<'w>, Refusal> {
        let value = |name| written.value(name).ok_or(Refusal::Missing);
        let guessed = |name, usual| match value(name) {
            Err(_) if self.deviates(Deviation::FillsInMissingParameters) => Ok(usual),
            found => found,
        };
        Ok(Said {
            written,
            action: guessed("Action", ACTION)?,
            user: guessed("DBUser", user)?,
            algorithm: guessed("X-Amz-Algorithm", ALGORITHM)?,
            credential: value("X-Amz-Credential")?,
            date: value("X-Amz-Date")?,
            expires: guessed("X-Amz-Expires", "900")?,
            signed_headers: guessed("X-Amz-SignedHeaders", "host")?,
            signature: value("X-Amz-Signature")?,
        })
    }

    fn time(&self, said: &Said<'_>, now: Timestamp) -> Result<(), Refusal> {
        let made = iso_8601(said.date).ok_or(Refusal::Date)?;
        let is_number = said.expires.len() <= 9 && said.expires.bytes().all(|octet| octet.is_ascii_digit());
        let expires = said.expires.parse::<u32>().ok().filter(|&seconds| is_number && seconds > 0);
        let expires = expires.ok_or(Refusal::Lifetime)?;
        self.hold(expires <= LIFETIME_SECONDS, Deviation::AcceptsLongLifetime, Refusal::Lifetime)?;
        self.allow(expires == LIFETIME_SECONDS, Deviation::RefusesShortLifetime, Refusal::Lifetime)?;
        let ahead = made.seconds() - now.seconds();
        self.allow(ahead <= 0, Deviation::RefusesSkew, Refusal::NotYetValid)?;
        self.hold(ahead <= SKEW_SECONDS, Deviation::AcceptsTokenOfTheFuture, Refusal::NotYetValid)?;
        self.hold(-ahead <= i64::from(expires), Deviation::AcceptsExpiredToken, Refusal::Expired)
    }

    /// What a token says by itself.
    fn claims(&self, said: &Said<'_>, scope: &Scope, user: &str) -> Result<(), Refusal> {
        let Written { host, port, path, .. } = said.written;
        self.hold(said.algorithm == ALGORITHM, Deviation::AcceptsOtherAlgorithm, Refusal::Algorithm)?;
        self.hold(said.action == ACTION, Deviation::AcceptsOtherAction, Refusal::Action)?;
        self.hold(path == "/", Deviation::AcceptsOtherPath, Refusal::Path)?;
        self.hold(scope.terminator == TERMINATOR, Deviation::AcceptsOtherTerminator, Refusal::Scope)?;
        let is_of_the_day = said.date.get(..8) == Some(&scope.date);
        self.hold(is_of_the_day, Deviation::AcceptsOtherScopeDate, Refusal::Scope)?;
        self.hold(scope.region == self.cluster.region, Deviation::AcceptsOtherRegion, Refusal::Region)?;
        self.hold(scope.service == SERVICE, Deviation::AcceptsOtherService, Refusal::Service)?;
        let is_close = self.deviates(Deviation::AcceptsUserInOtherCase) && said.user.eq_ignore_ascii_case(user);
        self.hold(said.user == user || is_close, Deviation::AcceptsOtherUser, Refusal::User)?;
        let is_host = self.cluster.hosts.iter().any(|known| known.eq_ignore_ascii_case(host));
        self.hold(is_host, Deviation::AcceptsOtherHost, Refusal::Host)?;
        let is_port = self.port.get().is_some_and(|known| known.to_string() == *port);
        self.hold(is_port, Deviation::AcceptsOtherPort, Refusal::Port)?;
        self.hold(said.signed_headers == "host", Deviation::AcceptsUnsignedHost, Refusal::SignedHeaders)
    }

    /// What is given has to be the key's own.
    fn session(&self, key: &AccessKey, given: Option<&str>) -> Result<(), Refusal> {
        let own = key.credentials.session_token.as_ref();
        self.allow(own.is_none(), Deviation::RefusesSessionTokens, Refusal::SessionToken)?;
        match (own, given) {
            (None, None) => Ok(()),
            (Some(_), None) => self.hold(false, Deviation::AcceptsMissingSessionToken, Refusal::SessionToken),
            (own, Some(given)) => {
                let is_own = own.is_some_and(|own| own.as_bytes().ct_eq(given.as_bytes()).into());
                self.hold(is_own, Deviation::AcceptsOtherSessionToken, Refusal::SessionToken)
            }
        }
    }

    /// Compared in constant time.
    fn is_signed(&self, said: &Said<'_>, scope: &Scope, key: &AccessKey) -> bool {
        let Written { host, port, path, parameters } = said.written;
        let forgives = self.deviates(Deviation::AcceptsUnsignedParameter);
        let is_signed =
            |(name, _): &&(String, String)| name != "X-Amz-Signature" && (!forgives || KNOWN.contains(&name.as_str()));
        let header = [("host", host_header(host, port))];
        let headers = if said.signed_headers.is_empty() { &[][..] } else { &header[..] };
        let expected = Signed {
            algorithm: said.algorithm,
            date: said.date,
            scope,
            path,
            parameters: &parameters.iter().filter(is_signed).cloned().collect::<Vec<_>>(),
            headers,
            signed_headers: said.signed_headers,
        }
        .signature(&key.credentials.secret_access_key);
        expected.as_bytes().ct_eq(said.signature.as_bytes()).into()
    }

    fn permission(&self, policy: &Policy, user: &str) -> Result<(), Refusal> {
        let wanted = self.cluster.arn(user);
        let is_allowed = if self.deviates(Deviation::RefusesWildcards) {
            policy.allow.contains(&wanted)
        } else if self.deviates(Deviation::IgnoresResource) {
            policy.allow.iter().any(|pattern| policy::matches(user_of(pattern), user))
        } else {
            policy.allows(&wanted)
        };
        self.hold(is_allowed, Deviation::IgnoresMissingPermission, Refusal::Policy)?;
        self.hold(!policy.denies(&wanted), Deviation::IgnoresDenial, Refusal::Policy)
    }

    /// However a token is written, it is the same; but for a cluster that is asked to see a difference.
    fn form(&self, token: &[u8], written: &Written) -> Result<(), Refusal> {
        let Written { host, parameters, .. } = written;
        let is_in_order = parameters.first().is_some_and(|(name, _)| name == "Action");
        self.allow(is_in_order, Deviation::RefusesOtherOrder, Refusal::Malformed)?;
        let is_small = !host.bytes().any(|octet| octet.is_ascii_uppercase());
        self.allow(is_small, Deviation::RefusesHostInCapitals, Refusal::Malformed)?;
        let is_escape = |three: &[u8]| three[0] == b'%' && three[1..].iter().any(u8::is_ascii_lowercase);
        self.allow(!token.windows(3).any(is_escape), Deviation::RefusesSmallEscapes, Refusal::Malformed)
    }

    fn first_use(&self, signature: &str) -> Result<(), Refusal> {
        if !self.deviates(Deviation::RefusesSecondUse) {
            return Ok(());
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.insert(signature.to_owned()) { Ok(()) } else { Err(Refusal::Used) }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

/// The parameters of a token.
struct Said<'w> {
    written: &'w Written,
    action: &'w str,
    user: &'w str,
    algorithm: &'w str,
    credential: &'w str,
    date: &'w str,
    expires: &'w str,
    signed_headers: &'w str,
    signature: &'w str,
}

/// What a token is for.
const ACTION: &str = "connect";

const SESSION: &str = "X-Amz-Security-Token";

/// The parameters that have a meaning.
const KNOWN: [&str; 8] = [
    "Action",
    "DBUser",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    SESSION,
];

/// Access key and scope of `AKID/20150830/us-east-1/rds-db/aws4_request`.
fn credential(text: &str) -> Option<(&str, Scope)> {
    let mut parts = text.split('/');
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let access_key_id = next()?;
    let mut owned = || next().map(str::to_owned);
    let scope = Scope { date: owned()?, region: owned()?, service: owned()?, terminator: owned()? };
    parts.next().is_none().then_some((access_key_id, scope))
}

/// `20150830T123600Z`.
fn iso_8601(text: &str) -> Option<Timestamp> {
    let (day, time) = text.split_once('T')?;
    (day.len() == 8).then(|| Timestamp::from_generalized(format!("{day}{time}").as_bytes()))?
}

/// The user in a resource's pattern, whatever the cluster.
fn user_of(pattern: &str) -> &str {
    pattern.rsplit_once('/').map_or(pattern, |(_, user)| user)
}
