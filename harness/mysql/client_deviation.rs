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
}
