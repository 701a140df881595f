//! How the client answers authentication requests, and when it believes AuthenticationOk.

use super::{
    ChannelBinding, Cleartext, ClientDeviation, ClientHandshake, ClientSettings, KerberosSettings, Progress, Transport,
};
use crate::handshake::Secret;
use crate::handshake::{Context, Direction, Error, EventName, TicketRequest};
use crate::postgres::auth::md5::Md5Verifier;
use crate::postgres::auth::scram::{self, Binding, ScramClient};
use crate::postgres::client_deviation::Deviation;
use crate::postgres::frame;
use crate::postgres::reply::Authentication;
use shakedown_krb5::Principal;
use shakedown_krb5::gss::{GssError, Initiator};
use shakedown_krb5::principal::name_type;
use std::borrow::Cow;

/// How far an authentication has come.
#[derive(Debug)]
pub(super) enum Login {
    /// Nothing was asked for.
    Unasked,
    /// A password went out in clear or hashed; nothing proves the server.
    Sent { method: &'static str },
    /// client-first went out.
    ScramStarted(Box<ScramClient>),
    /// client-final went out.
    ScramProven(Box<ScramClient>),
    /// The server's signature was right.
    ScramVerified { bound: bool },
    /// The AP-REQ went out.
    Gss(Box<Initiator>),
    /// The acceptor answered with a KRB-ERROR; only an ErrorResponse can follow.
    GssRefused(i32),
}

impl Login {
    /// What is known of the reason when an ErrorResponse comes now.
    pub(super) fn refusal(&self) -> Option<String> {
        match self {
            Self::GssRefused(code) => Some(format!("krb {code}")),
            _ => None,
        }
    }
}

impl KerberosSettings {
    /// The service's principal: `postgres/db.test`.
    pub(super) fn principal(&self) -> Principal {
        Principal::new(&[&self.service, &self.host], &self.realm).with_name_type(name_type::SRV_HST)
    }
}

impl ClientHandshake {
    /// Answers one request.
    pub(super) fn authenticate(
        &self,
        login: Login,
        request: Authentication<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Progress, Error> {
        match (login, request) {
            (Login::Unasked, Authentication::CleartextPassword) => {
                cx.trace.push_with(cx.now, Direction::ToClient, EventName::AuthRequest, "password");
                Ok(self.answer_password(cx, |secret| secret.octets().to_vec(), true))
            }
            (Login::Unasked, Authentication::Md5Password(salt)) => {
                cx.trace.push_with(cx.now, Direction::ToClient, EventName::AuthRequest, "md5");
                let user = &self.settings.user;
                Ok(self.answer_password(
                    cx,
                    |secret| Md5Verifier::new(user, secret.octets()).response(salt).to_vec(),
                    false,
                ))
            }
            (Login::Unasked, Authentication::Sasl(mechanisms)) => {
                cx.trace.push_with(cx.now, Direction::ToClient, EventName::AuthRequest, "scram-sha-256");
                self.start_scram(&mechanisms, cx)
            }
            (Login::ScramStarted(mut client), Authentication::SaslContinue(server_first)) => {
                cx.trace.push(cx.now, Direction::ToClient, EventName::AuthData);
                let secret = self.settings.secret.as_ref().ok_or(Error::Misuse("SCRAM without a secret"))?;
                if self.settings.deviates(Deviation::TakesForeignNonce) {
                    client.take_any_nonce();
                }
                let mut proof = client.prove(server_first, secret, &self.settings.scram_iterations)?;
                if self.settings.deviates(Deviation::WrongProof) {
                    // The first digit of the proof, not the last ones, which may hold no whole octet.
                    let at = proof.rfind("p=").map_or(0, |at| at + 2);
                    let other = if proof[at..].starts_with('A') { "B" } else { "A" };
                    proof.replace_range(at..=at, other);
                }
                frame::message(cx.out, b'p', |writer| {
                    writer.bytes(proof.as_bytes());
                });
                cx.trace.push(cx.now, Direction::FromClient, EventName::AuthData);
                Ok(Progress::Waiting(Login::ScramProven(client)))
            }
            (Login::ScramProven(mut client), Authentication::SaslFinal(server_final)) => {
                cx.trace.push(cx.now, Direction::ToClient, EventName::AuthData);
                let verified = client.verify(server_final);
                if !self.settings.deviates(Deviation::SkipsServerSignature) {
                    verified?;
                }
                let bound = client.mechanism() == scram::SCRAM_SHA_256_PLUS;
                Ok(Progress::Waiting(Login::ScramVerified { bound }))
            }
            // Without SSPI, libpq answers a request for it by raw Kerberos as well.
            (Login::Unasked, Authentication::Gss | Authentication::Sspi) => {
                cx.trace.push_with(cx.now, Direction::ToClient, EventName::AuthRequest, "gss");
                Ok(match &self.settings.kerberos {
                    None => Progress::Refused("no_ticket"),
                    Some(_) if self.settings.channel_binding == ChannelBinding::Require => {
                        Progress::Refused("channel_binding")
                    }
                    Some(kerberos) => Progress::Ticket(TicketRequest {
                        client: kerberos.client.clone(),
                        service: kerberos.principal(),
                    }),
                })
            }
            (Login::Gss(mut initiator), Authentication::GssContinue(token)) => {
                let login = match initiator.reply(token) {
                    Ok(()) => {
                        cx.trace.push(cx.now, Direction::ToClient, EventName::ApRep);
                        Login::Gss(initiator)
                    }
                    Err(GssError::Refused(code)) => {
                        cx.trace.push_with(cx.now, Direction::ToClient, EventName::KrbError, code.to_string());
                        Login::GssRefused(code)
                    }
                    Err(error) => return Err(Error::peer(format!("gss: {error}"))),
                };
                Ok(Progress::Waiting(login))
            }
            (_, Authentication::Other(kind)) => {
                Err(Error::Unsupported(format!("authentication request {kind}").into()))
            }
            (login, request) => Err(Error::peer(format!(
                "authentication request {request} while {awaited}",
                request = name(&request),
                awaited = match login {
                    Login::Unasked => "none has begun",
                    Login::Sent { .. } | Login::ScramVerified { .. } => "AuthenticationOk is awaited",
                    Login::ScramStarted(_) => "SASLContinue is awaited",
                    Login::ScramProven(_) => "SASLFinal is awaited",
                    Login::Gss(_) => "GSSContinue is awaited",
                    Login::GssRefused(_) => "an ErrorResponse is awaited",
                }
            ))),
        }
    }

    fn answer_password(
        &self,
        cx: &mut Context<'_>,
        answer: impl FnOnce(&Secret) -> Vec<u8>,
        cleartext: bool,
    ) -> Progress {
        let ClientSettings { secret, channel_binding, cleartext: allowed, .. } = &*self.settings;
        let Some(secret) = secret else { return Progress::Refused("no_password") };
        if *channel_binding == ChannelBinding::Require {
            return Progress::Refused("channel_binding");
        }
        let forbidden = match allowed {
            Cleartext::Allow => false,
            Cleartext::Encrypted => self.transport == Transport::Clear,
            Cleartext::Forbid => true,
        };
        if cleartext && forbidden {
            return Progress::Refused("cleartext_forbidden");
        }
        let answer = answer(secret);
        frame::message(cx.out, b'p', |writer| {
            writer.nul_terminated(&answer);
        });
        cx.trace.push(cx.now, Direction::FromClient, EventName::AuthData);
        Progress::Waiting(Login::Sent { method: secret.method() })
    }

    fn start_scram(&self, mechanisms: &[Cow<'_, str>], cx: &mut Context<'_>) -> Result<Progress, Error> {
        let offers = |mechanism: &str| mechanisms.iter().any(|offered| offered == mechanism);
        let plus = offers(scram::SCRAM_SHA_256_PLUS);
        if !plus && !offers(scram::SCRAM_SHA_256) {
            return Err(Error::Unsupported("none of the server's SASL mechanisms is known".into()));
        }
        if plus && self.tls.is_none() {
            return Err(Error::peer("SCRAM-SHA-256-PLUS is offered on a connection without TLS"));
        }
        if self.settings.secret.is_none() {
            return Ok(Progress::Refused("no_password"));
        }
        let end_point = self.tls.as_ref().and_then(|tls| tls.server_end_point.clone());
        let strips = self.settings.deviations.contains(&ClientDeviation::StripChannelBinding);
        let binding = match (self.settings.channel_binding, end_point) {
            (_, Some(_)) if strips => Binding::NotOffered,
            (ChannelBinding::Disable, _) | (ChannelBinding::Prefer, None) => Binding::Unsupported,
            (ChannelBinding::Prefer | ChannelBinding::Require, Some(hash)) if plus => Binding::ServerEndPoint(hash),
            (ChannelBinding::Prefer, Some(_)) if self.settings.deviates(Deviation::SaysItCannotBind) => {
                Binding::Unsupported
            }
            (ChannelBinding::Prefer, Some(_)) => Binding::NotOffered,
            (ChannelBinding::Require, _) => return Ok(Progress::Refused("channel_binding")),
        };
        let mut nonce = [0; scram::NONCE_OCTETS];
        cx.random.fill(&mut nonce);
        let client = ScramClient::start(binding, nonce);
        let first = client.first();
        let times = if self.settings.deviates(Deviation::AnswersTwice) { 2 } else { 1 };
        for _ in 0..times {
            frame::message(cx.out, b'p', |writer| {
                writer
                    .nul_terminated(client.mechanism().as_bytes())
                    .u32_be(u32::try_from(first.len()).expect("client-first has about 50 octets"))
                    .bytes(first.as_bytes());
            });
        }
        cx.trace.push(cx.now, Direction::FromClient, EventName::AuthData);
        Ok(Progress::Waiting(Login::ScramStarted(Box::new(client))))
    }

    /// What has been proven once AuthenticationOk is there; `None` where channel binding was required and not done.
    pub(super) fn conclude(&self, login: Login) -> Result<Option<&'static str>, Error> {
        let mut bound = false;
        let method = match login {
            Login::Unasked if self.transport == Transport::Gss => "kerberos",
            Login::Unasked => "trust",
            Login::Sent { method } => method,
            Login::ScramVerified { bound: plus } => {
                bound = plus;
                self.settings.secret.as_ref().map_or("password", Secret::method)
            }
            Login::ScramStarted(_) | Login::ScramProven(_) if self.settings.deviates(Deviation::TakesEarlyOk) => {
                "password"
            }
            Login::Gss(_) if self.settings.deviates(Deviation::TakesEarlyOk) => "kerberos",
            Login::ScramStarted(_) | Login::ScramProven(_) => {
                return Err(Error::peer("AuthenticationOk before the server has shown its signature"));
            }
            Login::Gss(initiator) if initiator.is_complete() => "kerberos",
            Login::Gss(_) => return Err(Error::peer("AuthenticationOk before the AP-REP of mutual authentication")),
            Login::GssRefused(code) => {
                return Err(Error::peer(format!("AuthenticationOk behind a KRB-ERROR token ({code})")));
            }
        };
        Ok((bound || self.settings.channel_binding != ChannelBinding::Require).then_some(method))
    }
}

fn name(request: &Authentication<'_>) -> &'static str {
    match request {
        Authentication::Ok => "Ok",
        Authentication::CleartextPassword => "CleartextPassword",
        Authentication::Md5Password(_) => "MD5Password",
        Authentication::Gss => "GSS",
        Authentication::GssContinue(_) => "GSSContinue",
        Authentication::Sspi => "SSPI",
        Authentication::Sasl(_) => "SASL",
        Authentication::SaslContinue(_) => "SASLContinue",
        Authentication::SaslFinal(_) => "SASLFinal",
        Authentication::Other(_) => "of unknown type",
    }
}
