//! The server's part of an authentication: what an account's plugin says and what it makes of the answers.
//!
//! Knows nothing of packets: whether the plugin's first words go out as greeting, as AuthSwitchRequest or not at all is the
//! server machine's business.

use crate::handshake::Secret;
use crate::handshake::Timestamp;
use crate::mysql::account::{Account, Credentials};
use crate::mysql::auth::sha2_password::{CACHING_KEY_REQUEST, PERFORM_FULL_AUTHENTICATION, SHA256_KEY_REQUEST};
use crate::mysql::auth::{Nonce, ServerPlugin, clear_password};
use crate::mysql::settings::ServerSettings;
use shakedown_krb5::{Principal, Random};
use std::borrow::Cow;

/// What an exchange may look at.
pub struct Scene<'a> {
    /// The server.
    pub settings: &'a ServerSettings,
    /// The login name.
    pub user: &'a str,
    /// What the account's plugin checks against.
    pub credentials: &'a Credentials,
    /// The nonce that the client was told last.
    pub nonce: &'a Nonce,
    /// Whether the connection is under TLS.
    pub secure: bool,
    /// The server's time.
    pub now: Timestamp,
}

/// Where an exchange stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// The plugin's first data from the client.
    ExpectFirst,
    /// SHA-2: the whole password, or a request for the key, or an RSA block.
    ExpectPassword,
    /// SHA-2: an RSA block, after the key was sent.
    ExpectRsaBlock,
}

/// What came of a piece of data.
pub enum Progress {
    /// AuthMoreData to send; more is awaited. Also says what it is, for the trace.
    Ask(Vec<u8>, &'static str),
    /// The client is who it says it is.
    Accepted(Proof),
    /// It is not; with the server's cause.
    Refused(Cow<'static, str>),
    /// It is not, and the acceptor has a token to say so, which a client waits for that wanted proof of the server.
    RefusedBy(Vec<u8>, Cow<'static, str>),
    /// What came is nothing that the plugin can judge; with what is wrong about it.
    Unreadable(&'static str),
}

/// Octets of what `mysql_native_password` answers.
const NATIVE_SCRAMBLE: usize = 20;

/// What is sent before OK.
pub enum Proof {
    /// Nothing.
    Plain,
    /// `caching_sha2_password`: "found in the cache".
    FastAuthSuccess,
    /// Kerberos: the AP-REP token.
    Reply(Vec<u8>),
}

impl Exchange {
    /// Takes data from the client.
    pub fn data(&mut self, data: &[u8], scene: &Scene<'_>, random: &mut dyn Random) -> Progress {
        let result = match scene.credentials {
            Credentials::NativePassword(_) if !matches!(data.len(), 0 | NATIVE_SCRAMBLE) => {
                return Progress::Unreadable("a scramble of another length than 20 octets");
            }
            Credentials::NativePassword(verifier) => verifier.verify(scene.nonce, data).map_err(Cow::from),
            Credentials::CachingSha2Password(_) | Credentials::Sha256Password(_) => return self.sha2(data, scene),
            Credentials::Pam(verifier) => verifier.verify_password(data).map_err(Cow::from),
            Credentials::Iam(verifier) if !scene.secure && verifier.needs_tls() => Err("iam without tls".into()),
            Credentials::Iam(verifier) => verifier.verify(scene.user, clear_password::secret(data), scene.now),
            Credentials::Kerberos { realm } => return kerberos(data, realm, scene, random),
        };
        match result {
            Ok(()) => Progress::Accepted(Proof::Plain),
            Err(cause) => Progress::Refused(cause),
        }
    }

    fn sha2(&mut self, data: &[u8], scene: &Scene<'_>) -> Progress {
        let (verifier, is_caching) = match scene.credentials {
            Credentials::CachingSha2Password(verifier) => (verifier, true),
            Credentials::Sha256Password(verifier) => (verifier, false),
            _ => return Progress::Refused("not a SHA-2 account".into()),
        };
        if *self == Self::ExpectFirst {
            // Both plugins: an empty packet or a single NUL is "no password".
            if data.is_empty() || data == [0] {
                return if verifier.is_empty() {
                    Progress::Accepted(Proof::Plain)
                } else {
                    Progress::Refused("no password".into())
                };
            }
            if is_caching {
                if data.len() != 32 {
                    return Progress::Refused("scramble of a wrong length".into());
                }
                if scene.settings.proven.contains(scene.user, verifier) && verifier.verify_scramble(scene.nonce, data) {
                    return Progress::Accepted(Proof::FastAuthSuccess);
                }
                *self = Self::ExpectPassword;
                return Progress::Ask(vec![PERFORM_FULL_AUTHENTICATION], "full");
            }
        }
        let key_request = if is_caching { CACHING_KEY_REQUEST } else { SHA256_KEY_REQUEST };
        let checked = if *self != Self::ExpectRsaBlock && data == [key_request] {
            let Some(rsa) = &scene.settings.rsa else { return Progress::Refused("no RSA key".into()) };
            *self = Self::ExpectRsaBlock;
            return Progress::Ask(rsa.public_pem().to_vec(), "public-key");
        } else if scene.secure && *self != Self::ExpectRsaBlock {
            verifier.verify_password(data)
        } else {
            match &scene.settings.rsa {
                Some(rsa) => {
                    rsa.open(data, scene.nonce).and_then(|with_nul| verifier.verify_password(until_nul(&with_nul)))
                }
                None => Err("no RSA key"),
            }
        };
        match checked {
            Ok(()) => {
                if is_caching {
                    scene.settings.proven.insert(scene.user, verifier.clone());
                }
                Progress::Accepted(Proof::Plain)
            }
            Err(cause) => Progress::Refused(cause.into()),
        }
    }
}

/// The password is a C string: whatever a client put behind its NUL does not count.
fn until_nul(octets: &[u8]) -> &[u8] {
    octets.iter().position(|&octet| octet == 0).map_or(octets, |end| &octets[..=end])
}

fn kerberos(token: &[u8], realm: &str, scene: &Scene<'_>, random: &mut dyn Random) -> Progress {
    let Some(service) = &scene.settings.kerberos else { return Progress::Refused("no keytab".into()) };
    if token.is_empty() {
        return Progress::Refused("no token".into());
    }
    match service.acceptor.accept(token, scene.now, random) {
        // Case counts: the directory may not care, the comparison does.
        Ok(accepted) if accepted.client == Principal::new(&[scene.user], realm) => {
            Progress::Accepted(accepted.reply.map_or(Proof::Plain, Proof::Reply))
        }
        Ok(_) => Progress::Refused("wrong principal".into()),
        Err(failure) => {
            let cause = failure.cause.to_string().into();
            match failure.reply {
                Some(token) => Progress::RefusedBy(token, cause),
                None => Progress::Refused(cause),
            }
        }
    }
}

/// An account for a user who does not exist, with a password that nobody knows: it goes through everything that a real one
/// goes through, so that a stranger learns nothing.
pub fn decoy_account(settings: &ServerSettings, user: &str, random: &mut dyn Random) -> Account {
    let mut password = [0; 32];
    random.fill(&mut password);
    let password = Secret::password(password);
    let credentials = Credentials::password(decoy_plugin(settings, user), &password)
        .or_else(|| Credentials::password(ServerPlugin::NativePassword, &password))
        .expect("the native plugin has passwords");
    Account::new(credentials)
}

/// The plugin that a user is asked for who does not exist: always the same for one name, so that a stranger cannot tell
/// (mysqld's `decoy_user`). Only what is loaded and what needs no directory.
fn decoy_plugin(settings: &ServerSettings, user: &str) -> ServerPlugin {
    let candidates: Vec<_> =
        [ServerPlugin::CachingSha2Password, ServerPlugin::NativePassword, ServerPlugin::Sha256Password]
            .into_iter()
            .filter(|plugin| settings.plugins.contains(plugin))
            .collect();
    let mut hash = openssl::sha::Sha256::new();
    hash.update(&settings.decoy_seed.to_le_bytes());
    hash.update(user.as_bytes());
    let first = usize::from(hash.finish()[0]);
    match candidates.len() {
        0 => settings.default_plugin,
        count => candidates[first % count],
    }
}
