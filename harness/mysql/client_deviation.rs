//! Ways in which our client can be asked to break the protocol, or to let the server break it.

use crate::handshake::deviation::deviations;

deviations! {
    "MySQL client":
    /// Packets are taken in any order.
    IgnoresSequence = "ignores-sequence"
        breaks "MySQL Packets: the sequence id is incremented with each packet",
    /// OK is taken where the server has not proven itself, or has skipped a part of the exchange.
    TakesEarlyOk = "takes-early-ok"
        breaks "Connection Phase: OK comes when the plugin's exchange is complete",
    /// The password's scramble has a bit wrong.
    WrongScramble = "wrong-scramble"
        breaks "Native Authentication: SHA1(password) XOR SHA1(nonce, SHA1(SHA1(password)))",
    /// Data of a plugin are sent twice.
    AnswersTwice = "answers-twice"
        breaks "Protocol::AuthSwitchResponse: one packet answers one request",
    /// The login has a sequence id that is one too high.
    WrongSequence = "wrong-sequence"
        breaks "MySQL Packets: the sequence id is incremented with each packet",
    /// The connection ends where an AuthSwitchRequest is to be answered.
    LeavesAtSwitch = "leaves-at-switch"
        breaks "Protocol::AuthSwitchResponse: the client answers with the plugin's data",
    /// A packet in the clear stands behind the SSLRequest in place of a ClientHello.
    OctetsBeforeTls = "octets-before-tls"
        breaks "Protocol::SSLRequest: the TLS handshake follows at once",
    /// The login has a sequence id that is one too high.
    WrongSequenceId = "wrong-sequence-id"
        breaks "MySQL Packets: the sequence id is incremented with each packet (ER_NET_PACKETS_OUT_OF_ORDER)",
    /// The login ends behind two octets.
    TruncatedLogin = "truncated-login"
        breaks "Protocol::HandshakeResponse41: capabilities, packet size, character set and 23 octets come first",
    /// The login says that it has 16 MiB.
    OversizedLogin = "oversized-login"
        breaks "max_allowed_packet: a server takes no longer packet (ER_NET_PACKET_TOO_LARGE)",
    /// The login is sent twice.
    LoginTwice = "login-twice"
        breaks "Connection Phase: behind the login it is the server's turn",
    /// What a password plugin answers is one octet short.
    ShortScramble = "short-scramble"
        breaks "Authentication plugins: the answer of mysql_native_password has 20 octets, of caching_sha2_password 32",
    /// CLIENT_PLUGIN_AUTH is not set.
    WithoutPluginAuth = "without-plugin-auth"
        breaks "CLIENT_PLUGIN_AUTH: an account of another plugin needs it (ER_NOT_SUPPORTED_AUTH_MODE)",
    /// CLIENT_SSL is set although the server has not offered TLS.
    TlsNotOffered = "tls-not-offered"
        breaks "Capability negotiation: a client sets only what the server has offered",
    /// The character set of the login is another one than that of the SSLRequest.
    CharsetChanged = "charset-changed"
        breaks "Protocol::SSLRequest: its fields are those of the login that follows",
}
