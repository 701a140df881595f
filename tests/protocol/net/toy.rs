//! A protocol that is just long enough to need everything: an optional upgrade, a password, a verdict.
//!
//! ```text
//!   client ──▶ "tls\n"                 server
//!          ◀── (TLS) ──▶
//!   client ──▶ "secret WORD\n"
//!          ◀── "welcome\n" | "denied\n"
//!   client ──▶ "bye\n"
//! ```

use shakedown::handshake::{Context, Direction, Error, EventName, Handshake, Input, Outcome, Side, Step, TlsOffer};

/// The client.
#[derive(Default)]
pub(crate) struct ToyClient {
    pub(crate) tls: bool,
    /// Send something with the request, as MySQL's client does with its ClientHello.
    pub(crate) secret: &'static str,
    pub(crate) alpn: Option<&'static [u8]>,
    /// Stay after the login instead of saying goodbye.
    pub(crate) linger: bool,
    pub(crate) unread: Vec<u8>,
    pub(crate) outcome: Option<Outcome>,
}

impl ToyClient {
    pub(crate) fn new(tls: bool, secret: &'static str) -> Self {
        Self { tls, secret, ..Self::default() }
    }

    fn login(&mut self, cx: &mut Context<'_>) -> Step {
        cx.out.extend_from_slice(format!("secret {}\n", self.secret).as_bytes());
        cx.trace.push(cx.now, Direction::FromClient, EventName::Login);
        Step::Receive
    }
}

fn line(unread: &mut Vec<u8>) -> Option<String> {
    let end = unread.iter().position(|&octet| octet == b'\n')?;
    let rest = unread.split_off(end + 1);
    let line = std::mem::replace(unread, rest);
    Some(String::from_utf8_lossy(&line[..end]).into_owned())
}

impl Handshake for ToyClient {
    fn handle(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        match input {
            Input::Start if self.tls => {
                cx.out.extend_from_slice(b"tls\n");
                cx.trace.push(cx.now, Direction::FromClient, EventName::TlsRequest);
                Ok(Step::StartTls(TlsOffer { alpn: self.alpn }))
            }
            Input::Start | Input::Secured(_) => Ok(self.login(cx)),
            Input::Bytes(bytes) => {
                self.unread.extend_from_slice(bytes);
                match line(&mut self.unread).as_deref() {
                    None if self.unread.len() > 64 => Err(Error::peer("a line of more than 64 octets")),
                    None => Ok(Step::Receive),
                    Some("welcome") => {
                        cx.trace.push(cx.now, Direction::ToClient, EventName::AuthOk);
                        let outcome = Outcome::established("password");
                        if self.linger {
                            self.outcome = Some(outcome);
                            return Ok(Step::Receive);
                        }
                        cx.out.extend_from_slice(b"bye\n");
                        Ok(Step::Finish(outcome))
                    }
                    Some("denied") => {
                        cx.trace.push_with(cx.now, Direction::ToClient, EventName::Error, "denied");
                        Ok(Step::Finish(Outcome::refused(Side::Server, "denied")))
                    }
                    Some(other) => Err(Error::peer(format!("unknown answer of {} octets", other.len()))),
                }
            }
            Input::Closed => {
                let refused = Outcome::refused(Side::Server, "eof");
                Ok(Step::Finish(self.outcome.clone().unwrap_or(refused)))
            }
            Input::Ticket(_) => Err(Error::Misuse("no ticket was asked for")),
        }
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }
}

/// The server. Its password is `open`.
#[derive(Default)]
pub(crate) struct ToyServer {
    pub(crate) alpn: Option<&'static [u8]>,
    /// Never answers a secret.
    pub(crate) mute: bool,
    pub(crate) unread: Vec<u8>,
    pub(crate) outcome: Option<Outcome>,
}

impl Handshake for ToyServer {
    fn handle(&mut self, input: Input<'_>, cx: &mut Context<'_>) -> Result<Step, Error> {
        if let Input::Bytes(bytes) = input {
            self.unread.extend_from_slice(bytes);
        }
        if let Input::Closed = input {
            let refused = Outcome::refused(Side::Client, "eof");
            return Ok(Step::Finish(self.outcome.clone().unwrap_or(refused)));
        }
        while let Some(line) = line(&mut self.unread) {
            match line.as_str() {
                "tls" => {
                    cx.trace.push(cx.now, Direction::FromClient, EventName::TlsRequest);
                    return Ok(Step::StartTls(TlsOffer { alpn: self.alpn }));
                }
                "secret open" if !self.mute => {
                    cx.trace.push(cx.now, Direction::FromClient, EventName::Login);
                    cx.trace.push(cx.now, Direction::ToClient, EventName::AuthOk);
                    cx.out.extend_from_slice(b"welcome\n");
                    self.outcome = Some(Outcome::established("password"));
                }
                "bye" => {
                    let outcome = self.outcome.clone().ok_or_else(|| Error::peer("a goodbye before the login"))?;
                    return Ok(Step::Finish(outcome));
                }
                line if line.starts_with("secret ") && !self.mute => {
                    cx.trace.push(cx.now, Direction::FromClient, EventName::Login);
                    cx.trace.push_with(cx.now, Direction::ToClient, EventName::Error, "denied");
                    cx.out.extend_from_slice(b"denied\n");
                    return Ok(Step::Finish(Outcome::refused(Side::Server, "denied")));
                }
                _ if self.mute => {}
                _ => return Err(Error::peer("an unknown line")),
            }
        }
        if self.unread.len() > 64 { Err(Error::peer("a line of more than 64 octets")) } else { Ok(Step::Receive) }
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    fn take_unread(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.unread)
    }
}
