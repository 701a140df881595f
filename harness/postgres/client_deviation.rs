//! Ways in which our client can be asked to break the protocol, or to let the server break it.

use crate::handshake::deviation::deviations;

deviations! {
    "PostgreSQL client":
    /// Octets in the clear behind `S` are dropped.
    TakesOctetsBehindS = "takes-octets-behind-s"
        breaks "PostgreSQL, SSL Session Encryption: a man in the middle is suspected (CVE-2021-23222)",
    /// The server's signature of SCRAM is not looked at.
    SkipsServerSignature = "skips-server-signature"
        breaks "RFC 5802 §5: the client authenticates the server by its signature",
    /// Any nonce of the server's is taken.
    TakesForeignNonce = "takes-foreign-nonce"
        breaks "RFC 5802 §5.1: the client verifies that the initial part of the nonce is its own",
    /// Any count of iterations up to a million is taken.
    TakesFewIterations = "takes-few-iterations"
        breaks "RFC 7677 §4: the iteration count is at least 4096",
    /// AuthenticationOk is taken before the server has shown its signature or its AP-REP.
    TakesEarlyOk = "takes-early-ok"
        breaks "RFC 5802 §3 and RFC 4120 §3.2.4: the exchange ends with the server's proof",
    /// A server that offers no -PLUS is told that this client cannot bind.
    SaysItCannotBind = "says-it-cannot-bind"
        breaks "RFC 5802 §6: a client that could bind and was not offered it says y",
    /// A key of any length is taken.
    TakesLongKey = "takes-long-key"
        breaks "PostgreSQL, BackendKeyData: four octets in protocol 3.0",
    /// The proof of SCRAM has a bit wrong, and the answer to MD5 a digit.
    WrongProof = "wrong-proof"
        breaks "RFC 5802 §3: ClientProof := ClientKey XOR ClientSignature",
    /// The first data of an exchange are sent twice.
    AnswersTwice = "answers-twice"
        breaks "PostgreSQL, Start-up: one message answers one request",
    /// A version that was not asked for is taken.
    TakesAnyVersion = "takes-any-version"
        breaks "PostgreSQL, NegotiateProtocolVersion: a version of the same major number that is not above the client's",
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
