//! Ways in which a server can be asked to break the protocol, each named after the clause that it breaks.
//!
//! They are there to show that a client, or an expectation, notices.

use crate::handshake::deviation::deviations;

deviations! {
    "MySQL":
    /// A wrong password is answered with 1044 42000.
    WrongErrorCode = "wrong-error-code"
        breaks "Server Error Reference: ER_ACCESS_DENIED_ERROR is 1045, SQLSTATE 28000",
    /// The greeting lacks the SSL bit although TLS is available.
    NoSslBit = "no-ssl-bit"
        breaks "Protocol::HandshakeV10: a server that supports TLS sends CLIENT_SSL",
    /// The answer to the login has a sequence id that is one too high.
    WrongSequenceId = "wrong-sequence-id"
        breaks "MySQL Packets: the sequence id is incremented with each packet",
    /// Error packets after the greeting have no SQLSTATE.
    NoSqlState = "no-sqlstate"
        breaks "ERR_Packet: with CLIENT_PROTOCOL_41 the SQLSTATE follows the error code",
    /// The nonce of an AuthSwitchRequest has 20 octets and no NUL behind them.
    NonceWithoutNul = "nonce-without-nul"
        breaks "Protocol::AuthSwitchRequest: plugin data of the password plugins are 20 octets and a NUL",
    /// A wrong secret is answered with OK.
    AcceptsWrongSecret = "accepts-wrong-secret"
        breaks "Connection Phase: OK is sent only when authentication succeeded",
    /// A right secret is answered with 1045.
    RefusesRightSecret = "refuses-right-secret"
        breaks "Connection Phase: a successful authentication ends in OK",
    /// OK is sent without the AP-REP that mutual authentication asked for.
    NoApRep = "no-ap-rep"
        breaks "RFC 4121 section 4.1: with mutual authentication the acceptor answers with an AP-REP",
    /// `require_secure_transport` is on and connections in clear are let in.
    SecureTransportNotEnforced = "secure-transport-not-enforced"
        breaks "require_secure_transport: clear connections fail with ER_SECURE_TRANSPORT_REQUIRED (3159)",
    /// The client is asked for the cleartext plugin, whatever the account's plugin is.
    AsksForCleartext = "asks-for-cleartext"
        breaks "Authentication plugins: the server asks for the client plugin of the account's plugin",
    /// The text of an error begins with another octet.
    ErrorMessageByte = "error-message-byte"
        breaks "Server Error Reference: Access denied for user '%s'@'%s' (using password: %s)",
    /// The OK behind the login says that a transaction is active.
    StatusFlag = "status-flag"
        breaks "SERVER_STATUS_flags_enum: SERVER_STATUS_IN_TRANS while a transaction is active",
    /// An error in place of the greeting has an SQLSTATE.
    SqlStateBeforeGreeting = "sqlstate-before-greeting"
        breaks "ERR_Packet: the SQLSTATE is for clients with CLIENT_PROTOCOL_41, which nobody has agreed on before the login",
    /// A packet in the clear stands behind the greeting, where TLS may begin.
    OctetsBeforeTls = "octets-before-tls"
        breaks "Connection Phase: behind the greeting it is the client's turn; nothing comes in clear before TLS",
    /// The greeting is of protocol 9.
    OldProtocol = "old-protocol"
        breaks "Protocol::Handshake: HandshakeV10 since 3.21; version 9 has no capabilities and no salt of 20 octets",
    /// The OK behind the login has two octets.
    TruncatedPacket = "truncated-packet"
        breaks "OK_Packet: two counts, the status and the warnings follow the header",
    /// The OK behind the login says that it has 16 MiB.
    OversizedPacket = "oversized-packet"
        breaks "MySQL Packets: the length is that of the payload; a client bounds it by max_allowed_packet",
    /// A packet of a type that there is not stands in place of the OK behind the login.
    UnknownPacket = "unknown-packet"
        breaks "Connection Phase: the answer to a login is OK, ERR, AuthSwitchRequest, AuthMoreData or AuthNextFactor",
    /// OK is sent twice.
    SecondOk = "second-ok"
        breaks "Connection Phase: OK ends it, and the next word is the client's",
    /// An AuthSwitchRequest stands behind OK.
    AuthSwitchAfterOk = "auth-switch-after-ok"
        breaks "Connection Phase: OK ends it; another method is asked for before that, and once",
    /// The nonce of an AuthSwitchRequest has 19 octets and a NUL behind them.
    ShortScramble = "short-scramble"
        breaks "Authentication plugins: the scramble of the password plugins has 20 octets",
    /// The last octet of the AP-REP is another one.
    ForgedApRep = "forged-ap-rep"
        breaks "RFC 4120 section 3.2.5: the client decrypts the AP-REP with the session key and compares the time in it",
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
        let error = "no-ssl".parse::<Deviation>().unwrap_err().to_string();
        assert!(
            error.starts_with("unknown MySQL deviation 'no-ssl', allowed are wrong-error-code, no-ssl-bit"),
            "{error}"
        );
    }
}
