//! Which layer a connection gets: GSSENCRequest, SSLRequest, and the one octet that answers each.

use super::{ClientHandshake, GssEncMode, SslMode, State, Transport};
use crate::handshake::{Context, Direction, Error, EventName, Step, TlsOffer};
use crate::postgres::client_deviation::Deviation;
use crate::postgres::error_fields::ErrorFields;
use crate::postgres::frame;
use crate::postgres::startup::{self, GSSENC_REQUEST, SSL_REQUEST};

impl ClientHandshake {
    pub(super) fn start(&mut self, cx: &mut Context<'_>) -> Result<Step, Error> {
        if self.settings.direct_tls
            && matches!(self.settings.ssl_mode, SslMode::Disable | SslMode::Allow | SslMode::Prefer)
        {
            return Err(Error::Misuse("direct TLS needs sslmode require, verify-ca or verify-full"));
        }
        match (self.settings.gss_enc_mode, &self.settings.kerberos) {
            (GssEncMode::Disable, _) | (GssEncMode::Prefer, None) => self.ask_for_tls(cx),
            (GssEncMode::Require, None) => Ok(self.refuse("no_ticket", None)),
            (GssEncMode::Prefer | GssEncMode::Require, Some(_)) => {
                startup::request(cx.out, GSSENC_REQUEST);
                cx.trace.push(cx.now, Direction::FromClient, EventName::GssencRequest);
                self.state = State::ExpectGssAnswer;
                Ok(Step::Receive)
            }
        }
    }

    pub(super) fn ask_for_tls(&mut self, cx: &mut Context<'_>) -> Result<Step, Error> {
        match self.settings.ssl_mode {
            SslMode::Disable | SslMode::Allow => Ok(self.send_startup(cx)),
            _ if self.settings.direct_tls => Ok(self.start_tls()),
            SslMode::Prefer | SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                startup::request(cx.out, SSL_REQUEST);
                cx.trace.push(cx.now, Direction::FromClient, EventName::TlsRequest);
                self.state = State::ExpectTlsAnswer;
                Ok(Step::Receive)
            }
        }
    }

    pub(super) fn start_tls(&mut self) -> Step {
        self.transport = Transport::Tls;
        self.state = State::ExpectTls;
        let offered = self.settings.alpn || self.settings.direct_tls;
        Step::StartTls(TlsOffer { alpn: offered.then_some(b"postgresql") })
    }

    /// The one octet that answers GSSENCRequest.
    pub(super) fn gss_answer(&mut self, cx: &mut Context<'_>) -> Result<Step, Error> {
        match self.inbox.kind() {
            None => Ok(Step::Receive),
            Some(b'G') => {
                self.inbox.octet();
                self.nothing_behind("G")?;
                cx.trace.push(cx.now, Direction::ToClient, EventName::GssencAccept);
                self.transport = Transport::Gss;
                self.state = State::ExpectEncryptionTicket;
                self.need_ticket()
            }
            Some(b'N') => {
                self.inbox.octet();
                self.nothing_behind("N")?;
                cx.trace.push(cx.now, Direction::ToClient, EventName::GssencRefuse);
                if self.settings.gss_enc_mode == GssEncMode::Require {
                    return Ok(self.refuse("gss_refused", None));
                }
                if self.settings.direct_tls {
                    // libpq opens another connection, because direct TLS has to come first on one.
                    self.transport = Transport::Gss;
                    return Ok(self.refuse("gss_refused", None));
                }
                self.ask_for_tls(cx)
            }
            Some(other) => self.odd_answer(other, "GSSENCRequest", "G, N", cx),
        }
    }

    /// The one octet that answers SSLRequest.
    pub(super) fn tls_answer(&mut self, cx: &mut Context<'_>) -> Result<Step, Error> {
        match self.inbox.kind() {
            None => Ok(Step::Receive),
            Some(b'S') => {
                self.inbox.octet();
                cx.trace.push(cx.now, Direction::ToClient, EventName::TlsAccept);
                self.transport = Transport::Tls;
                self.nothing_behind("S")?;
                Ok(self.start_tls())
            }
            Some(b'N') => {
                self.inbox.octet();
                self.nothing_behind("N")?;
                cx.trace.push(cx.now, Direction::ToClient, EventName::TlsRefuse);
                if self.settings.ssl_mode == SslMode::Prefer {
                    return Ok(self.send_startup(cx));
                }
                Ok(self.refuse("tls_refused", None))
            }
            Some(other) => self.odd_answer(other, "SSLRequest", "S, N", cx),
        }
    }

    /// An ErrorResponse in place of the octet (a server that cannot fork, or is too old), or nonsense.
    pub(super) fn odd_answer(
        &mut self,
        octet: u8,
        request: &'static str,
        allowed: &'static str,
        cx: &mut Context<'_>,
    ) -> Result<Step, Error> {
        if octet != b'E' {
            return Err(Error::peer(format!("'{}' answers {request}, allowed are {allowed}, E", octet.escape_ascii())));
        }
        match self.inbox.message(frame::AUTHENTICATION_LIMIT)? {
            None => Ok(Step::Receive),
            Some(message) => {
                let fields = ErrorFields::decode(message.body)?;
                Ok(self.refused_by_server(&fields, None, cx))
            }
        }
    }

    /// Whatever stands behind the octet before the layer is up was not protected by it (CVE-2021-23222).
    pub(super) fn nothing_behind(&mut self, octet: &'static str) -> Result<(), Error> {
        if self.settings.deviates(Deviation::TakesOctetsBehindS) {
            while self.inbox.kind().is_some() {
                self.inbox.octet();
            }
        }
        match self.inbox.unread().len() {
            0 => Ok(()),
            count => Err(Error::peer(format!("{count} unencrypted octets behind '{octet}'"))),
        }
    }
}
