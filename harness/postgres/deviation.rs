//! What a server can be asked to do wrong, one departure at a time.

use crate::handshake::deviation::deviations;

deviations! {
    "PostgreSQL":
    /// `28000` where a password is wrong.
    WrongPasswordIs28000 = "wrong-password-is-28000"
        breaks "PostgreSQL, Appendix A: 28P01 invalid_password",
    /// `XX000` where a password is wrong.
    WrongPasswordIsXx000 = "wrong-password-is-xx000"
        breaks "PostgreSQL, Appendix A: 28P01 invalid_password",
    /// `N` to an SSLRequest although TLS is available.
    RefuseTls = "refuse-tls"
        breaks "PostgreSQL, SSL Session Encryption: S if the server is willing to perform SSL",
    /// An ErrorResponse in the clear right behind `S`.
    BytesBehindTlsAccept = "bytes-behind-tls-accept"
        breaks "PostgreSQL, SSL Session Encryption: nothing is sent before the SSL start-up handshake",
    /// A `v=` of SCRAM that the server cannot have computed from the stored keys.
    WrongServerSignature = "wrong-server-signature"
        breaks "RFC 5802 §3: ServerSignature := HMAC(ServerKey, AuthMessage)",
    /// `i=1`.
    ScramOneIteration = "scram-one-iteration"
        breaks "RFC 7677 §4: the iteration count is at least 4096",
    /// `i=2147483647`, which would keep a client busy for hours.
    ScramHugeIterations = "scram-huge-iterations"
        breaks "RFC 5802 §9: a client bounds the iteration count it is willing to compute",
    /// A nonce that does not start with the client's.
    ScramForeignNonce = "scram-foreign-nonce"
        breaks "RFC 5802 §5.1: the client verifies that the initial part of the nonce is its own",
    /// No SCRAM-SHA-256-PLUS over TLS.
    StripChannelBinding = "strip-channel-binding"
        breaks "PostgreSQL, SASL Authentication: SCRAM-SHA-256-PLUS is offered over TLS",
    /// AuthenticationOk without any request.
    OkWithoutAsking = "ok-without-asking"
        breaks "PostgreSQL, Start-up: the method of pg_hba.conf is carried out",
    /// No AP-REP although the initiator asked for mutual authentication.
    OmitApRep = "omit-ap-rep"
        breaks "RFC 4121 §4.1.1.1 and RFC 4120 §3.2.4: mutual authentication is answered by an AP-REP",
    /// Only the minor version in NegotiateProtocolVersion.
    MinorOnlyVersion = "minor-only-version"
        breaks "PostgreSQL, libpq: NegotiateProtocolVersion carries the full version number",
    /// A BackendKeyData key of 32 octets under protocol 3.0.
    LongKeyInProtocol30 = "long-key-in-protocol-3.0"
        breaks "PostgreSQL, BackendKeyData: four octets in protocol 3.0",
    /// The text of an error begins with another octet.
    ErrorMessageByte = "error-message-byte"
        breaks "PostgreSQL, Error and Notice Message Fields: M is the message that the server's source has",
    /// `integer_datetimes` is reported as `off`.
    ParameterStatus = "parameter-status"
        breaks "PostgreSQL, Preset Options: integer_datetimes is always on since PostgreSQL 10",
    /// `i=10000000`, which would keep a client busy for seconds.
    ScramTenMillionIterations = "scram-ten-million-iterations"
        breaks "RFC 5802 §9: a client bounds the iteration count it is willing to compute",
    /// The last octet of the AP-REP is another one.
    ForgedApRep = "forged-ap-rep"
        breaks "RFC 4120 §3.2.5: the client decrypts the AP-REP with the session key and compares the time in it",
    /// A request for a password behind ReadyForQuery.
    RequestAfterOk = "request-after-ok"
        breaks "PostgreSQL, Start-up: AuthenticationOk ends the authentication",
    /// AuthenticationOk once more behind ReadyForQuery.
    SecondOk = "second-ok"
        breaks "PostgreSQL, Start-up: AuthenticationOk comes once",
    /// A message of a type that there is not before the first request.
    UnknownMessage = "unknown-message"
        breaks "PostgreSQL, Message Formats: the types of a backend's messages",
    /// The first request ends one octet early.
    TruncatedMessage = "truncated-message"
        breaks "PostgreSQL, Message Formats: the fields of an Authentication request",
    /// The length of the first request is 2147483647.
    OversizedMessage = "oversized-message"
        breaks "PostgreSQL, Message Formats: the length is that of the message; a client bounds that of a request",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_and_names_a_clause() {
        for deviation in Deviation::ALL {
            assert_eq!(deviation.word().parse(), Ok(*deviation));
            assert!(!deviation.clause().is_empty());
        }
        let error = "refuse".parse::<Deviation>().unwrap_err().to_string();
        assert!(error.contains("'refuse'") && error.contains("refuse-tls"), "{error}");
    }
}
