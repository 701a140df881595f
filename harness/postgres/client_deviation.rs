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
}
