//! The fields of ErrorResponse and NoticeResponse.
//!
//! Source: PostgreSQL documentation, "Error and Notice Message Fields". Texts, order and the places in the source are those
//! of PostgreSQL 15.

use crate::handshake::{Error, Reader, Writer};
use std::borrow::Cow;

/// What an ErrorResponse or a NoticeResponse says. Written in the order of PostgreSQL 15: S V C M D H P F L R.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorFields {
    /// `S` and `V`: `FATAL`, `ERROR`, `WARNING`, `NOTICE`.
    pub severity: Cow<'static, str>,
    /// `C`: the SQLSTATE.
    pub code: Cow<'static, str>,
    /// `M`.
    pub message: Cow<'static, str>,
    /// What need not be there.
    pub further: Box<Further>,
}

/// The fields that an ErrorResponse may lack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Further {
    /// `D`.
    pub detail: Option<Cow<'static, str>>,
    /// `H`.
    pub hint: Option<Cow<'static, str>>,
    /// `P`: a character of the statement, counted from 1.
    pub position: Option<Cow<'static, str>>,
    /// `F`.
    pub file: Option<Cow<'static, str>>,
    /// `L`.
    pub line: Option<Cow<'static, str>>,
    /// `R`.
    pub routine: Option<Cow<'static, str>>,
}

impl ErrorFields {
    /// Ends the connection.
    pub fn fatal(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("FATAL", code, message)
    }

    /// Ends the statement. While a client is logging in, the server makes it `FATAL`.
    pub fn error(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("ERROR", code, message)
    }

    /// Ends nothing; goes into a NoticeResponse.
    pub fn warning(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("WARNING", code, message)
    }

    fn new(severity: &'static str, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { severity: severity.into(), code: code.into(), message: message.into(), further: Box::default() }
    }

    /// With a detail.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.further.detail = Some(detail.into());
        self
    }

    /// With a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.further.hint = Some(hint.into());
        self
    }

    /// With a place in the statement.
    #[must_use]
    pub fn position(mut self, character: usize) -> Self {
        self.further.position = Some(character.to_string().into());
        self
    }

    /// With the place in PostgreSQL's source that reports it (15.20).
    #[must_use]
    pub fn at(mut self, file: &'static str, line: u32, routine: &'static str) -> Self {
        self.further.file = Some(file.into());
        self.further.line = Some(line.to_string().into());
        self.further.routine = Some(routine.into());
        self
    }

    /// Appends the body of the message.
    pub fn encode(&self, writer: &mut Writer<'_>) {
        let mut field = |kind: u8, value: &str| {
            // A NUL would end the field early; none of the texts has one, but a name that a client sent could.
            let value = value.split('\0').next().unwrap_or_default();
            writer.u8(kind).nul_terminated(value.as_bytes());
        };
        field(b'S', &self.severity);
        field(b'V', &self.severity);
        field(b'C', &self.code);
        field(b'M', &self.message);
        let optional = [
            (b'D', &self.further.detail),
            (b'H', &self.further.hint),
            (b'P', &self.further.position),
            (b'F', &self.further.file),
            (b'L', &self.further.line),
            (b'R', &self.further.routine),
        ];
        for (kind, value) in optional {
            if let Some(value) = value {
                field(kind, value);
            }
        }
        writer.u8(0);
    }

    /// Reads the body of the message. Fields of unknown kinds are skipped, as the documentation demands.
    ///
    /// # Errors
    /// The list has no end, or severity, code or message is missing.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new("ErrorResponse", body);
        let mut fields = Self::new("", "", "");
        let (mut severity, mut code, mut message) = (None, None, None);
        loop {
            let kind = reader.u8("field type")?;
            if kind == 0 {
                break;
            }
            let value: Cow<'static, str> =
                String::from_utf8_lossy(reader.until_nul("field value")?).into_owned().into();
            match kind {
                // `V` is the same word untranslated, so it wins.
                b'S' if severity.is_none() => severity = Some(value),
                b'V' => severity = Some(value),
                b'C' => code = Some(value),
                b'M' => message = Some(value),
                b'D' => fields.further.detail = Some(value),
                b'H' => fields.further.hint = Some(value),
                b'P' => fields.further.position = Some(value),
                b'F' => fields.further.file = Some(value),
                b'L' => fields.further.line = Some(value),
                b'R' => fields.further.routine = Some(value),
                _ => {}
            }
        }
        reader.finish()?;
        fields.severity = severity.ok_or_else(|| reader.malformed("S", "the severity is missing"))?;
        fields.code = code.ok_or_else(|| reader.malformed("C", "the SQLSTATE is missing"))?;
        fields.message = message.ok_or_else(|| reader.malformed("M", "the message is missing"))?;
        if fields.code.len() != 5 || !fields.code.bytes().all(|octet| octet.is_ascii_alphanumeric()) {
            return Err(reader.malformed("C", "a SQLSTATE has five letters or digits"));
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(fields: &ErrorFields) -> Vec<u8> {
        let mut body = Vec::new();
        fields.encode(&mut Writer::new(&mut body));
        body
    }

    #[test]
    fn fields_come_in_the_order_of_postgresql_15() {
        // Captured from PostgreSQL 15.20: an unsupported channel binding flag.
        let captured = b"SFATAL\0VFATAL\0C08P01\0Mmalformed SCRAM message\0DUnexpected channel-binding flag \"'q'\".\0\
            Fauth-scram.c\0L1025\0Rread_client_first_message\0\0";
        let fields = ErrorFields::fatal("08P01", "malformed SCRAM message")
            .detail("Unexpected channel-binding flag \"'q'\".")
            .at("auth-scram.c", 1025, "read_client_first_message");
        assert_eq!(encoded(&fields), captured);
        assert_eq!(ErrorFields::decode(captured), Ok(fields));
    }

    #[test]
    fn a_position_stands_before_the_file() {
        // Captured from PostgreSQL 15.20: the statement `garbage`.
        let captured =
            b"SERROR\0VERROR\0C42601\0Msyntax error at or near \"garbage\"\0P1\0Fscan.l\0L1188\0Rscanner_yyerror\0\0";
        let fields = ErrorFields::error("42601", "syntax error at or near \"garbage\"").position(1).at(
            "scan.l",
            1188,
            "scanner_yyerror",
        );
        assert_eq!(encoded(&fields), captured);
    }

    #[test]
    fn what_is_missing_is_named() {
        let check = |body: &[u8], field: &str| {
            let error = ErrorFields::decode(body).unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        };
        check(b"C28000\0Mno\0\0", "S at offset");
        check(b"SFATAL\0Mno\0\0", "C at offset");
        check(b"SFATAL\0C28000\0\0", "M at offset");
        check(b"SFATAL\0C2800\0Mno\0\0", "five letters");
        check(b"SFATAL\0C28000\0Mno\0", "field type");
        check(b"SFATAL\0C28000\0Mno", "no terminating NUL");
        check(b"SFATAL\0C28000\0Mno\0\0x", "too many");
    }

    #[test]
    fn an_unknown_field_is_skipped_and_a_nul_cannot_be_smuggled_in() {
        assert!(ErrorFields::decode(b"SFATAL\0zwhat\0C28000\0Mno\0\0").is_ok());
        let fields = ErrorFields::fatal("28000", "role \"a\0C00000\" does not exist");
        assert_eq!(ErrorFields::decode(&encoded(&fields)).unwrap().message, "role \"a");
    }

    proptest! {
        #[test]
        fn arbitrary_octets_do_not_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ErrorFields::decode(&body);
        }

        #[test]
        fn what_is_written_is_read_back(
            message in "[^\0]{0,40}", detail in proptest::option::of("[^\0]{1,20}"), hint in proptest::option::of("[^\0]{1,20}")
        ) {
            let mut fields = ErrorFields::error("0A000", message);
            fields.further.detail = detail.map(Into::into);
            fields.further.hint = hint.map(Into::into);
            let body = encoded(&fields);
            prop_assert_eq!(ErrorFields::decode(&body), Ok(fields));
            for end in 0..body.len() {
                prop_assert!(ErrorFields::decode(&body[..end]).is_err());
            }
        }
    }
}
