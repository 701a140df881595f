//! The client's part of an authentication: what a plugin answers to the server's data.
//!
//! Knows nothing of packets: whether the first answer goes into the login or behind an AuthSwitchRequest is the client
//! machine's business.

use crate::handshake::{Context, Error, EventName, TicketRequest};
use crate::mysql::auth::kerberos::{Negotiation, ServiceName, TokenKind, token_kind};
use crate::mysql::auth::sha2_password::{
    CACHING_KEY_REQUEST, FAST_AUTH_SUCCESS, PERFORM_FULL_AUTHENTICATION, SHA256_KEY_REQUEST,
};
use crate::mysql::auth::{ClientPlugin, Nonce, PublicKey, clear_password, native_password, read_nonce, sha2_password};
use crate::mysql::settings::{Cleartext, ClientSettings, PrincipalRule};
use shakedown_krb5::gss::GssError;
use std::borrow::Cow;
use zeroize::Zeroizing;

/// A plugin that has given its first answer.
#[derive(Debug)]
pub struct Answerer {
    expect: Expect,
    plugin: ClientPlugin,
    was_switched: bool,
}

#[derive(Debug)]
enum Expect {
    /// OK or ERR, nothing of the plugin's.
    Verdict,
    /// Caching: "fast" or "full".
    FastOrFull(Nonce),
    /// The server's RSA key.
    PublicKey(Nonce),
    /// The acceptor's AP-REP.
    ApRep(Box<Negotiation>),
    /// ERR, after a KRB-ERROR of the acceptor.
    Refusal,
}

/// What a plugin starts with. Without `Debug`, since it may hold the secret.
pub enum Begin {
    /// This answer.
    Answer(Answerer, Zeroizing<Vec<u8>>),
    /// A ticket is needed first.
    NeedTicket(TicketRequest),
    /// The client will not.
    GiveUp {
        /// The code of the outcome.
        code: &'static str,
        /// Why.
        cause: Cow<'static, str>,
    },
}

/// What a plugin says to AuthMoreData. Without `Debug`, since it may hold the secret.
pub enum Answer {
    /// Nothing yet.
    Wait,
    /// This.
    Send(Zeroizing<Vec<u8>>),
    /// The client will not.
    GiveUp {
        /// The code of the outcome.
        code: &'static str,
        /// Why.
        cause: Cow<'static, str>,
    },
}

impl Answerer {
    /// Starts `plugin` with the server's first data.
    ///
    /// # Errors
    /// The data are not what the plugin needs.
    pub fn begin(
        plugin: ClientPlugin,
        data: &[u8],
        settings: &ClientSettings,
        is_secure: bool,
    ) -> Result<Begin, Error> {
        let secret = settings.secret.octets();
        let answer = |expect, first: Vec<u8>| {
            Ok(Begin::Answer(Self { expect, plugin, was_switched: false }, Zeroizing::new(first)))
        };
        match plugin {
            ClientPlugin::NativePassword => {
                let nonce = read_nonce("mysql_native_password data", data)?;
                answer(Expect::Verdict, native_password::scramble(secret, &nonce))
            }
            ClientPlugin::CachingSha2Password => {
                let nonce = read_nonce("caching_sha2_password data", data)?;
                let expect = if secret.is_empty() { Expect::Verdict } else { Expect::FastOrFull(nonce) };
                answer(expect, sha2_password::scramble(secret, &nonce))
            }
            ClientPlugin::Sha256Password => {
                let nonce = read_nonce("sha256_password data", data)?;
                if secret.is_empty() || is_secure {
                    answer(Expect::Verdict, clear_password::answer(secret))
                } else {
                    answer(Expect::PublicKey(nonce), vec![SHA256_KEY_REQUEST])
                }
            }
            ClientPlugin::ClearPassword => {
                let allowed = match settings.cleartext {
                    Cleartext::Never => Err("the cleartext plugin is not enabled"),
                    Cleartext::OverTls if !is_secure => Err("the cleartext plugin is allowed over tls only"),
                    Cleartext::OverTls | Cleartext::Always => Ok(()),
                };
                match allowed {
                    Ok(()) => answer(Expect::Verdict, clear_password::answer(secret)),
                    Err(cause) => Ok(Begin::GiveUp { code: "cleartext_forbidden", cause: cause.into() }),
                }
            }
            ClientPlugin::Kerberos => {
                let names = ServiceName::decode(data)?;
                let client = match settings.kerberos.principal {
                    PrincipalRule::UserAtRealm => Some(names.user(&settings.user)),
                    PrincipalRule::CacheDefault => None,
                };
                Ok(Begin::NeedTicket(TicketRequest { client, service: names.service()? }))
            }
        }
    }

    /// A plugin that sent nothing, since the greeting's data were not meant for it.
    #[must_use]
    pub const fn without_data(plugin: ClientPlugin) -> Self {
        Self { expect: Expect::Verdict, plugin, was_switched: false }
    }

    /// Kerberos, the AP-REQ sent.
    #[must_use]
    pub fn kerberos(begun: Negotiation) -> Self {
        let expect = if begun.is_complete() { Expect::Verdict } else { Expect::ApRep(Box::new(begun)) };
        Self { expect, plugin: ClientPlugin::Kerberos, was_switched: false }
    }

    /// The same, asked for by an AuthSwitchRequest.
    #[must_use]
    pub fn switched(self) -> Self {
        Self { was_switched: true, ..self }
    }

    /// Asked by an AuthSwitchRequest for a plugin that there is not, and waiting for what the server makes of that.
    #[must_use]
    pub fn without_plugin(self) -> Self {
        Self { expect: Expect::Verdict, was_switched: true, ..self }
    }

    /// Whether an AuthSwitchRequest asked for this plugin.
    #[must_use]
    pub const fn was_switched(&self) -> bool {
        self.was_switched
    }

    /// How a login by this plugin is called in outcomes.
    #[must_use]
    pub const fn method(&self, settings: &ClientSettings) -> &'static str {
        match self.plugin {
            ClientPlugin::Kerberos => "kerberos",
            ClientPlugin::ClearPassword => settings.secret.method(),
            _ => "password",
        }
    }

    /// How a trace calls these data of the server.
    #[must_use]
    pub fn name_of(&self, data: &[u8]) -> (EventName, Option<&'static str>) {
        match (&self.expect, data) {
            (Expect::FastOrFull(_), [FAST_AUTH_SUCCESS]) => (EventName::AuthData, Some("fast")),
            (Expect::FastOrFull(_), [PERFORM_FULL_AUTHENTICATION]) => (EventName::AuthData, Some("full")),
            (Expect::PublicKey(_), _) => (EventName::AuthData, Some("public-key")),
            _ => match token_kind(data) {
                TokenKind::ApRep => (EventName::ApRep, None),
                TokenKind::KrbError => (EventName::KrbError, None),
                TokenKind::ApReq | TokenKind::Other => (EventName::AuthData, None),
            },
        }
    }

    /// Takes AuthMoreData, without its first octet.
    ///
    /// # Errors
    /// None is awaited, or not this.
    pub fn more_data(
        &mut self,
        data: &[u8],
        settings: &ClientSettings,
        is_secure: bool,
        cx: &mut Context<'_>,
    ) -> Result<Answer, Error> {
        let secret = settings.secret.octets();
        match std::mem::replace(&mut self.expect, Expect::Verdict) {
            Expect::Verdict | Expect::Refusal => {
                Err(Error::peer(format!("{} sent data that nobody waits for", self.plugin)))
            }
            Expect::FastOrFull(nonce) => match data {
                [FAST_AUTH_SUCCESS] => Ok(Answer::Wait),
                [PERFORM_FULL_AUTHENTICATION] if is_secure => {
                    Ok(Answer::Send(Zeroizing::new(clear_password::answer(secret))))
                }
                [PERFORM_FULL_AUTHENTICATION] if settings.request_public_key => {
                    self.expect = Expect::PublicKey(nonce);
                    Ok(Answer::Send(Zeroizing::new(vec![CACHING_KEY_REQUEST])))
                }
                [PERFORM_FULL_AUTHENTICATION] => Ok(Answer::GiveUp {
                    code: "cleartext_forbidden",
                    cause: "the password is wanted without tls, and the server's key may not be asked for".into(),
                }),
                _ => Err(Error::peer("neither fast nor full authentication of caching_sha2_password")),
            },
            Expect::PublicKey(nonce) => {
                PublicKey::from_pem(data)?.seal(secret, &nonce).map(|block| Answer::Send(Zeroizing::new(block)))
            }
            Expect::ApRep(mut begun) => match begun.reply(data, cx) {
                Ok(()) if begun.is_complete() => Ok(Answer::Wait),
                Ok(()) => Err(Error::peer("one token of the acceptor does not complete the context")),
                // The server has not accepted; what it says to the login comes next.
                Err(GssError::Refused(_)) => {
                    self.expect = Expect::Refusal;
                    Ok(Answer::Wait)
                }
                Err(error) => Err(Error::peer(format!("acceptor's token: {error}"))),
            },
        }
    }

    /// Says that the server has sent OK.
    ///
    /// # Errors
    /// The plugin was not through.
    pub fn finish(&self) -> Result<(), Error> {
        match self.expect {
            Expect::Verdict => Ok(()),
            Expect::FastOrFull(_) => Err(Error::peer("OK without a word of the cache")),
            Expect::PublicKey(_) => Err(Error::peer("OK instead of the public key")),
            Expect::Refusal => Err(Error::peer("OK behind a KRB-ERROR")),
            Expect::ApRep(_) => Err(Error::peer("OK without the AP-REP that mutual authentication asked for")),
        }
    }
}
