//! The server side of SCRAM, with the refusals of PostgreSQL 15 word for word (`auth-scram.c`).

use super::verifier::ScramVerifier;
use super::{SCRAM_SHA_256, SCRAM_SHA_256_PLUS};
use crate::postgres::error_fields::ErrorFields;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// A server in the middle of the exchange.
#[derive(Debug)]
pub struct ScramServer {
    verifier: ScramVerifier,
    /// Whether no proof will do, because there is no such role or no password.
    doomed: bool,
    /// `tls-server-end-point`, over TLS.
    end_point: Option<Vec<u8>>,
    /// Kept from client-first.
    plus: bool,
    flag: u8,
    first_bare: String,
    /// Kept from server-first.
    nonce: String,
    server_first: String,
}

impl ScramServer {
    /// Against the verifier of a role.
    #[must_use]
    pub fn new(verifier: ScramVerifier, end_point: Option<Vec<u8>>) -> Self {
        Self {
            verifier,
            doomed: false,
            end_point,
            plus: false,
            flag: 0,
            first_bare: String::new(),
            nonce: String::new(),
            server_first: String::new(),
        }
    }

    /// For a role without a usable password: looks the same to a client and fails at the end.
    #[must_use]
    pub fn doomed(verifier: ScramVerifier, end_point: Option<Vec<u8>>) -> Self {
        Self { doomed: true, ..Self::new(verifier, end_point) }
    }

    /// What is offered, best first.
    #[must_use]
    pub const fn mechanisms(&self) -> &'static [&'static str] {
        if self.end_point.is_some() { &[SCRAM_SHA_256_PLUS, SCRAM_SHA_256] } else { &[SCRAM_SHA_256] }
    }

    /// Takes the mechanism that the client chose.
    ///
    /// # Errors
    /// It was not offered.
    pub fn choose(&mut self, mechanism: &[u8]) -> Result<(), ErrorFields> {
        if !self.mechanisms().iter().any(|offered| offered.as_bytes() == mechanism) {
            return Err(ErrorFields::error("08P01", "client selected an invalid SASL authentication mechanism").at(
                "auth-scram.c",
                256,
                "scram_init",
            ));
        }
        self.plus = mechanism == SCRAM_SHA_256_PLUS.as_bytes();
        Ok(())
    }

    /// Reads client-first and answers with server-first, the server's part of the nonce being given.
    ///
    /// # Errors
    /// What PostgreSQL would report.
    pub fn first(&mut self, message: &[u8], server_nonce: &str) -> Result<&str, ErrorFields> {
        const ROUTINE: &str = "read_client_first_message";
        let text = text(message)?;
        let text = &*text;
        let mut input = Input(text);
        self.flag = input.character().unwrap_or(0);
        match self.flag {
            b'n' | b'y' => {
                if self.plus {
                    return Err(malformed(
                        "The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel binding data.",
                        if self.flag == b'n' { 956 } else { 978 },
                        ROUTINE,
                    ));
                }
                if self.flag == b'y' && self.end_point.is_some() {
                    return Err(ErrorFields::error("28000", "SCRAM channel binding negotiation error")
                        .detail("The client supports SCRAM channel binding but thinks the server does not.  However, this server does support channel binding.")
                        .at("auth-scram.c", 985, ROUTINE));
                }
                if input.character() != Some(b',') {
                    return Err(malformed(
                        format!("Comma expected, but found character \"{}\".", input.shown_previous(text)),
                        if self.flag == b'n' { 963 } else { 993 },
                        ROUTINE,
                    ));
                }
            }
            b'p' => {
                if !self.plus {
                    return Err(malformed(
                        "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel binding data.",
                        1007,
                        ROUTINE,
                    ));
                }
                input = Input(text);
                let kind = input.value(b'p')?;
                if kind != "tls-server-end-point" {
                    return Err(ErrorFields::error(
                        "08P01",
                        format!("unsupported SCRAM channel-binding type \"{kind}\""),
                    )
                    .at("auth-scram.c", 1019, ROUTINE));
                }
            }
            other => {
                return Err(malformed(format!("Unexpected channel-binding flag \"{}\".", shown(other)), 1025, ROUTINE));
            }
        }
        match input.peek() {
            Some(b'a') => {
                return Err(ErrorFields::error("0A000", "client uses authorization identity, but it is not supported")
                    .at("auth-scram.c", 1036, ROUTINE));
            }
            Some(b',') => {
                input.character();
            }
            other => {
                let found = shown(other.unwrap_or(0));
                return Err(malformed(
                    format!("Unexpected attribute \"{found}\" in client-first-message."),
                    1040,
                    ROUTINE,
                ));
            }
        }
        input.0.clone_into(&mut self.first_bare);
        if input.peek() == Some(b'm') {
            return Err(ErrorFields::error("0A000", "client requires an unsupported SCRAM extension").at(
                "auth-scram.c",
                1057,
                ROUTINE,
            ));
        }
        input.value(b'n')?;
        let client_nonce = input.value(b'r')?;
        if !client_nonce.bytes().all(|octet| matches!(octet, 0x21..=0x2b | 0x2d..=0x7e)) {
            return Err(ErrorFields::error("08P01", "non-printable characters in SCRAM nonce").at(
                "auth-scram.c",
                1071,
                ROUTINE,
            ));
        }
        while !input.0.is_empty() {
            input.any()?;
        }
        self.nonce = format!("{client_nonce}{server_nonce}");
        self.server_first =
            format!("r={},s={},i={}", self.nonce, STANDARD.encode(self.verifier.salt()), self.verifier.iterations());
        Ok(&self.server_first)
    }

    /// Reads client-final. `Some` is server-final, `None` a wrong proof.
    ///
    /// # Errors
    /// What PostgreSQL would report.
    pub fn last(&mut self, message: &[u8]) -> Result<Option<String>, ErrorFields> {
        const ROUTINE: &str = "read_client_final_message";
        let text = text(message)?;
        let text = &*text;
        let mut input = Input(text);
        let binding = input.value(b'c')?;
        if self.plus {
            let mut expected = b"p=tls-server-end-point,,".to_vec();
            expected.extend_from_slice(self.end_point.as_deref().unwrap_or_default());
            if binding != STANDARD.encode(expected) {
                return Err(ErrorFields::error("28000", "SCRAM channel binding check failed").at(
                    "auth-scram.c",
                    1317,
                    ROUTINE,
                ));
            }
        } else if !matches!((binding, self.flag), ("biws", b'n') | ("eSws", b'y')) {
            return Err(ErrorFields::error(
                "08P01",
                "unexpected SCRAM channel-binding attribute in client-final-message",
            )
            .at("auth-scram.c", 1335, ROUTINE));
        }
        let nonce = input.value(b'r')?;
        let (without_proof, proof) = loop {
            let before = input.0;
            let (attribute, value) = input.any()?;
            if attribute == b'p' {
                // The comma in front of `p=` is not part of client-final-message-without-proof.
                break (&text[..text.len() - before.len() - 1], value);
            }
        };
        let proof: Option<[u8; 32]> = STANDARD.decode(proof).ok().and_then(|proof| proof.try_into().ok());
        let Some(proof) = proof else {
            return Err(malformed("Malformed proof in client-final-message.", 1353, ROUTINE));
        };
        if !input.0.is_empty() {
            return Err(malformed("Garbage found at the end of client-final-message.", 1361, ROUTINE));
        }
        if nonce != self.nonce {
            return Err(ErrorFields::error("08P01", "invalid SCRAM response").detail("Nonce does not match.").at(
                "auth-scram.c",
                404,
                "scram_exchange",
            ));
        }
        let auth_message = format!("{},{},{without_proof}", self.first_bare, self.server_first);
        let right = self.verifier.accepts(auth_message.as_bytes(), &proof) && !self.doomed;
        Ok(right.then(|| format!("v={}", STANDARD.encode(self.verifier.server_signature(auth_message.as_bytes())))))
    }
}

/// Octets outside of UTF-8 become a character that is no more printable than they are; nothing right has any.
fn text(message: &[u8]) -> Result<Cow<'_, str>, ErrorFields> {
    if message.is_empty() {
        return Err(malformed("The message is empty.", 366, "scram_exchange"));
    }
    if message.contains(&0) {
        return Err(malformed("Message length does not match input length.", 371, "scram_exchange"));
    }
    Ok(String::from_utf8_lossy(message))
}

fn malformed(detail: impl Into<Cow<'static, str>>, line: u32, routine: &'static str) -> ErrorFields {
    ErrorFields::error("08P01", "malformed SCRAM message").detail(detail).at("auth-scram.c", line, routine)
}

/// `sanitize_char`.
fn shown(octet: u8) -> String {
    if matches!(octet, 0x21..=0x7e) { format!("'{}'", char::from(octet)) } else { format!("0x{octet:02x}") }
}

/// What is left of a message, read as `read_attr_value` and `read_any_attr` do.
struct Input<'a>(&'a str);

impl<'a> Input<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.bytes().next()
    }

    /// The next character if it is ASCII; nothing that is allowed is not.
    fn character(&mut self) -> Option<u8> {
        let first = self.peek()?;
        self.0 = self.0.get(1..).unwrap_or_default();
        Some(first)
    }

    fn shown_previous(&self, whole: &str) -> String {
        let position = whole.len() - self.0.len();
        shown(position.checked_sub(1).and_then(|index| whole.as_bytes().get(index)).copied().unwrap_or(0))
    }

    fn value(&mut self, attribute: u8) -> Result<&'a str, ErrorFields> {
        const ROUTINE: &str = "read_attr_value";
        let name = char::from(attribute);
        if self.peek() != Some(attribute) {
            let found = shown(self.peek().unwrap_or(0));
            return Err(malformed(format!("Expected attribute \"{name}\" but found \"{found}\"."), 712, ROUTINE));
        }
        self.0 = &self.0[1..];
        if self.peek() != Some(b'=') {
            return Err(malformed(format!("Expected character \"=\" for attribute \"{name}\"."), 720, ROUTINE));
        }
        Ok(self.until_comma())
    }

    fn any(&mut self) -> Result<(u8, &'a str), ErrorFields> {
        const ROUTINE: &str = "read_any_attr";
        let attribute = match self.peek() {
            None => return Err(malformed("Attribute expected, but found end of string.", 825, ROUTINE)),
            Some(letter) if letter.is_ascii_alphabetic() => letter,
            Some(other) => {
                let found = shown(other);
                return Err(malformed(
                    format!("Attribute expected, but found invalid character \"{found}\"."),
                    838,
                    ROUTINE,
                ));
            }
        };
        self.0 = &self.0[1..];
        if self.peek() != Some(b'=') {
            let name = char::from(attribute);
            return Err(malformed(format!("Expected character \"=\" for attribute \"{name}\"."), 848, ROUTINE));
        }
        Ok((attribute, self.until_comma()))
    }

    /// The value behind `=`, which is at the front.
    fn until_comma(&mut self) -> &'a str {
        let rest = &self.0[1..];
        let (value, rest) = rest.split_once(',').unwrap_or((rest, ""));
        self.0 = rest;
        value
    }
}
