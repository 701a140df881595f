//! What a client can be asked to do wrong, one departure at a time. They are there to show that a server refuses them, as the
//! real one does.

use crate::handshake::deviation::deviations;

deviations! {
    "PostgreSQL client":
    /// An octet in the clear behind an SSLRequest, before the answer.
    OctetsBeforeTls = "octets-before-tls"
        breaks "PostgreSQL, SSL Session Encryption: nothing is sent before the answer to the SSLRequest (CVE-2021-23214)",
    /// An SSLRequest in place of the StartupMessage, over TLS as well.
    TlsRequestTwice = "tls-request-twice"
        breaks "PostgreSQL, SSL Session Encryption: a StartupMessage follows the handshake",
    /// Protocol 4.0.
    UnknownProtocol = "unknown-protocol"
        breaks "PostgreSQL, Message Formats: the major version of a StartupMessage is 3",
    /// A StartupMessage without the NUL at its end.
    StartupWithoutEnd = "startup-without-end"
        breaks "PostgreSQL, Message Formats: a NUL is the last octet of a StartupMessage",
    /// A StartupMessage whose length word is 10005.
    OversizedStartup = "oversized-startup"
        breaks "PostgreSQL, pqcomm.h: MAX_STARTUP_PACKET_LENGTH is 10000",
    /// A StartupMessage without `user`.
    WithoutUser = "without-user"
        breaks "PostgreSQL, Message Formats: user is required",
    /// A Query in place of the first answer to a request.
    UnknownMessage = "unknown-message"
        breaks "PostgreSQL, Start-up: the answer to a request is of the type p",
    /// The length word of the first answer to a request is 65536.
    OversizedMessage = "oversized-message"
        breaks "PostgreSQL, libpq.h: PG_MAX_AUTH_TOKEN_LENGTH is 65535",
    /// The first answer to a request ends one octet early.
    TruncatedMessage = "truncated-message"
        breaks "PostgreSQL, Message Formats: PasswordMessage and SASLInitialResponse",
    /// The first answer to a request is sent twice.
    AnswerTwice = "answer-twice"
        breaks "PostgreSQL, SASL Authentication: behind an answer it is the server's turn",
    /// A mechanism that the server has not offered.
    UnknownMechanism = "unknown-mechanism"
        breaks "PostgreSQL, SASL Authentication: the client chooses one of the server's mechanisms",
    /// Channel binding is not used over TLS, and the server is told that it has not offered it.
    StripChannelBinding = "strip-channel-binding"
        breaks "RFC 5802 §6: with gs2-cbind-flag y, a server that offers channel binding has to fail the authentication",
    /// client-final has another nonce than server-first.
    ForeignNonce = "foreign-nonce"
        breaks "RFC 5802 §5.1: the server verifies that the nonce is the one of its own first message",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_and_names_a_clause() {
        for deviation in Deviation::ALL {
            assert_eq!(deviation.word().parse(), Ok(*deviation));
            assert!(deviation.clause().len() > 20);
        }
    }
}
