//! What a cluster can be asked to overlook, or to refuse, where it should not: each check of a token left out by itself.
//!
//! They are there to show that an expectation notices.

use crate::handshake::deviation::deviations;

deviations! {
    "IAM":
    /// Whatever the signature is.
    AcceptsAnySignature = "accepts-any-signature"
        breaks "Signature Version 4: the service calculates the signature too, and both have to be the same",
    /// A token that has ended.
    AcceptsExpiredToken = "accepts-expired-token"
        breaks "Aurora User Guide, IAM: a token has a lifetime of 15 minutes",
    /// A token from more than five minutes ahead.
    AcceptsTokenOfTheFuture = "accepts-token-of-the-future"
        breaks "Signature Version 4: a signature of a time to come is not yet current",
    /// A token that says that it is good for longer than 15 minutes.
    AcceptsLongLifetime = "accepts-long-lifetime"
        breaks "Aurora User Guide, IAM: a token has a lifetime of 15 minutes",
    /// A token for another host.
    AcceptsOtherHost = "accepts-other-host"
        breaks "Aurora User Guide, IAM: the token is for the endpoint that is connected to",
    /// A token for another port.
    AcceptsOtherPort = "accepts-other-port"
        breaks "Aurora User Guide, IAM: the token is for the port that is connected to",
    /// A token whose scope is another region.
    AcceptsOtherRegion = "accepts-other-region"
        breaks "Signature Version 4: the credential scope names the region of the service",
    /// A token whose scope is another service.
    AcceptsOtherService = "accepts-other-service"
        breaks "Aurora User Guide, IAM: the action is rds-db:connect, of the service rds-db",
    /// A token whose scope ends in another word.
    AcceptsOtherTerminator = "accepts-other-terminator"
        breaks "Signature Version 4: the credential scope ends in aws4_request",
    /// A token whose scope is of another day than its date.
    AcceptsOtherScopeDate = "accepts-other-scope-date"
        breaks "Signature Version 4: the date of the credential scope is that of X-Amz-Date",
    /// A token that names another algorithm.
    AcceptsOtherAlgorithm = "accepts-other-algorithm"
        breaks "Signature Version 4: the algorithm is AWS4-HMAC-SHA256",
    /// A token for another action than connecting.
    AcceptsOtherAction = "accepts-other-action"
        breaks "Aurora User Guide, IAM: the action is connect",
    /// A token for another user.
    AcceptsOtherUser = "accepts-other-user"
        breaks "Aurora User Guide, IAM: the token is for the database user that logs in",
    /// A token for the user in other letters.
    AcceptsUserInOtherCase = "accepts-user-in-other-case"
        breaks "Aurora User Guide, IAM: the database user's name is case-sensitive",
    /// A token for another path.
    AcceptsOtherPath = "accepts-other-path"
        breaks "Signature Version 4: the canonical URI is the path of the request, which is /",
    /// A token of an access key that nobody has.
    AcceptsUnknownKey = "accepts-unknown-key"
        breaks "Signature Version 4: the access key identifies who signs",
    /// A token of a temporary key without the session token that belongs to it.
    AcceptsMissingSessionToken = "accepts-missing-session-token"
        breaks "IAM User Guide, temporary credentials: requests have to hold the session token",
    /// A token with a session token that is not the key's.
    AcceptsOtherSessionToken = "accepts-other-session-token"
        breaks "IAM User Guide, temporary credentials: the session token is validated",
    /// A token of a temporary key that has ended.
    AcceptsExpiredKey = "accepts-expired-key"
        breaks "IAM User Guide, temporary credentials: after they expire, AWS takes no request made with them",
    /// Whatever no policy allows.
    IgnoresMissingPermission = "ignores-missing-permission"
        breaks "IAM User Guide, policy evaluation: what is not allowed is denied",
    /// A permission for another cluster.
    IgnoresResource = "ignores-resource"
        breaks "Aurora User Guide, IAM policy: the resource names the cluster's resource identifier",
    /// What a policy denies.
    IgnoresDenial = "ignores-denial"
        breaks "IAM User Guide, policy evaluation: an explicit deny overrides any allow",
    /// A token to which somebody added a parameter.
    AcceptsUnsignedParameter = "accepts-unsigned-parameter"
        breaks "Signature Version 4: the canonical query string holds every parameter but the signature",
    /// A token that has a parameter twice.
    AcceptsRepeatedParameter = "accepts-repeated-parameter"
        breaks "Signature Version 4: each parameter of the authentication stands there once",
    /// A token that lacks a parameter, which is taken for what it usually is.
    FillsInMissingParameters = "fills-in-missing-parameters"
        breaks "Signature Version 4, query parameters: each of them is required",
    /// A token whose signature is not about the host.
    AcceptsUnsignedHost = "accepts-unsigned-host"
        breaks "Signature Version 4: the header host has to be signed",
    /// A token over a connection in the clear.
    AcceptsTokenInTheClear = "accepts-token-in-the-clear"
        breaks "Aurora User Guide, IAM: connections have to use SSL",
    /// More logins than the throttle lets through.
    NeverThrottles = "never-throttles"
        breaks "Aurora User Guide, IAM recommendations: more new connections than an instance can take are throttled",
    /// A token that has been used is refused.
    RefusesSecondUse = "refuses-second-use"
        breaks "Aurora User Guide, IAM: a token can be used for any number of connections while it is good",
    /// Parameters in another order than botocore's are refused.
    RefusesOtherOrder = "refuses-other-order"
        breaks "Signature Version 4: parameters are sorted before they are signed",
    /// A host in capital letters is refused.
    RefusesHostInCapitals = "refuses-host-in-capitals"
        breaks "RFC 3986 section 3.2.2: the host is case-insensitive",
    /// Escapes with small letters are refused.
    RefusesSmallEscapes = "refuses-small-escapes"
        breaks "RFC 3986 section 2.1: the digits of an escape are case-insensitive",
    /// A lifetime that is not the longest is refused.
    RefusesShortLifetime = "refuses-short-lifetime"
        breaks "Signature Version 4, query parameters: X-Amz-Expires is at most the lifetime",
    /// A token of a temporary key is refused.
    RefusesSessionTokens = "refuses-session-tokens"
        breaks "Aurora User Guide, IAM: the credentials are of an IAM user or role",
    /// A token of a clock that is a little ahead is refused.
    RefusesSkew = "refuses-skew"
        breaks "Signature Version 4: clocks may differ by a few minutes",
    /// A pattern of a policy is read letter by letter.
    RefusesWildcards = "refuses-wildcards"
        breaks "Aurora User Guide, IAM policy: the resource may have wildcards",
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
        let error = "accepts".parse::<Deviation>().unwrap_err().to_string();
        assert!(error.starts_with("unknown IAM deviation 'accepts', allowed are accepts-any-signature"), "{error}");
    }
}
