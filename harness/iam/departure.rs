//! What a client can be asked to do wrong when it makes a token, one thing at a time, and what it may do in more than one way.

use crate::handshake::deviation::deviations;

mod words {
    use super::deviations;

    deviations! {
        "token":
        /// One digit of the signature is another one.
        SignatureDigit = "token-signature-digit"
            breaks "Signature Version 4: both signatures have to be the same",
        /// The signature lacks its last digit.
        SignatureShort = "token-signature-short"
            breaks "Signature Version 4: the signature has 64 hexadecimal digits",
        /// One octet of what is signed is another one behind the signature's back.
        OctetChanged = "token-octet-changed"
            breaks "Signature Version 4: the signature is about every parameter",
        /// It is signed with another secret than the access key's.
        OtherSecret = "token-other-secret"
            breaks "Signature Version 4: the signature is made with the secret of the access key",
        /// A parameter is added behind the signature's back.
        ParameterAdded = "token-parameter-added"
            breaks "Signature Version 4: the canonical query string holds every parameter but the signature",
        /// `DBUser` stands there twice, both signed.
        ParameterRepeated = "token-parameter-repeated"
            breaks "Signature Version 4: each parameter of the authentication stands there once",
        /// Signed for another user, who is replaced behind the signature's back by the right one.
        UserReplaced = "token-user-replaced"
            breaks "Signature Version 4: the signature is about every parameter",
        /// Signed for another host, which is replaced behind the signature's back by the right one.
        HostReplaced = "token-host-replaced"
            breaks "Signature Version 4: the header host has to be signed",
        /// The date, and the day of the scope with it, is replaced behind the signature's back by that of now.
        DateReplaced = "token-date-replaced"
            breaks "Signature Version 4: the signature is about the date",
        /// Another algorithm is named, and signed.
        OtherAlgorithm = "token-other-algorithm"
            breaks "Signature Version 4: the algorithm is AWS4-HMAC-SHA256",
        /// Another action is named, and signed.
        OtherAction = "token-other-action"
            breaks "Aurora User Guide, IAM: the action is connect",
        /// The scope ends in another word, and is signed.
        OtherTerminator = "token-other-terminator"
            breaks "Signature Version 4: the credential scope ends in aws4_request",
        /// The scope is of the day before, and is signed.
        ScopeOfYesterday = "token-scope-of-yesterday"
            breaks "Signature Version 4: the date of the credential scope is that of X-Amz-Date",
        /// The path is another one, and is signed.
        OtherPath = "token-other-path"
            breaks "Signature Version 4: the canonical URI is the path of the request, which is /",
        /// The date is none: a 31st of February, signed.
        ImpossibleDate = "token-impossible-date"
            breaks "Signature Version 4: X-Amz-Date is a time of ISO 8601",
        /// The signature is about no header.
        HostUnsigned = "token-host-unsigned"
            breaks "Signature Version 4: the header host has to be signed",
        /// `Action` is not there.
        WithoutAction = "token-without-action"
            breaks "Aurora User Guide, IAM: the action is connect",
        /// `DBUser` is not there.
        WithoutUser = "token-without-user"
            breaks "Aurora User Guide, IAM: the token is for a database user",
        /// `X-Amz-Algorithm` is not there.
        WithoutAlgorithm = "token-without-algorithm"
            breaks "Signature Version 4, query parameters: X-Amz-Algorithm is required",
        /// `X-Amz-Credential` is not there.
        WithoutCredential = "token-without-credential"
            breaks "Signature Version 4, query parameters: X-Amz-Credential is required",
        /// `X-Amz-Date` is not there.
        WithoutDate = "token-without-date"
            breaks "Signature Version 4, query parameters: X-Amz-Date is required",
        /// `X-Amz-Expires` is not there.
        WithoutExpires = "token-without-expires"
            breaks "Signature Version 4, query parameters: X-Amz-Expires is required",
        /// `X-Amz-SignedHeaders` is not there.
        WithoutSignedHeaders = "token-without-signed-headers"
            breaks "Signature Version 4, query parameters: X-Amz-SignedHeaders is required",
        /// `X-Amz-Signature` is not there.
        WithoutSignature = "token-without-signature"
            breaks "Signature Version 4, query parameters: X-Amz-Signature is required",
        /// The session token of a temporary key is not there.
        WithoutSession = "token-without-session"
            breaks "IAM User Guide, temporary credentials: requests have to hold the session token",
        /// One letter of the session token is another one, and is signed.
        SessionChanged = "token-session-changed"
            breaks "IAM User Guide, temporary credentials: the session token is validated",
        /// One letter of the session token is another one behind the signature's back.
        SessionReplaced = "token-session-replaced"
            breaks "Signature Version 4: the session token is part of the canonical query string",
        /// A user's key comes with a session token, signed.
        SessionAdded = "token-session-added"
            breaks "IAM User Guide, temporary credentials: a session token belongs to a temporary key",
        /// The second half of it is not there.
        Truncated = "token-truncated"
            breaks "Signature Version 4, query parameters: each of them is required",
        /// It is longer than anybody reads.
        Oversized = "token-oversized"
            breaks "Signature Version 4: the signature is about every parameter",
        /// It is no URL at all.
        Garbled = "token-garbled"
            breaks "Aurora User Guide, IAM: a token is a string that Signature Version 4 made",
    }
}

pub use words::Deviation as Departure;

/// How a token is written. All of it is the same to whoever verifies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Form {
    /// As botocore writes it.
    #[default]
    Usual,
    /// The parameters in the opposite order (AWS's SDK for Java has yet another one than botocore).
    Reversed,
    /// Escapes with small letters.
    SmallEscapes,
}
