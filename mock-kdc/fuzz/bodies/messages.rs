//! Every message: what decodes also encodes, and decodes to the same again.

use shakedown_krb5::fast::{Armor, FastBody, FastFinished, FastReply, FastRequest, FastResponse};
use shakedown_krb5::messages::{
    ApReply, ApRequest, Authenticator, AuthorizationList, Checksum, Codec, EncApReplyPart, EncKdcReplyPart,
    EncTicketPart, EncryptedData, EncryptionKey, EtypeInfo, EtypeInfo2, KdcReply, KdcRequest, KrbError, MessageKind,
    MethodData, PaData, PreauthEncTimestamp, Ticket,
};

pub(crate) fn check(octets: &[u8]) {
    let _ = MessageKind::of(octets);
    round::<KdcRequest>(octets);
    round::<KdcReply>(octets);
    round::<KrbError>(octets);
    round::<ApRequest>(octets);
    round::<ApReply>(octets);
    round::<Ticket>(octets);
    round::<EncTicketPart>(octets);
    round::<EncKdcReplyPart>(octets);
    round::<EncApReplyPart>(octets);
    round::<Authenticator>(octets);
    round::<AuthorizationList>(octets);
    round::<Checksum>(octets);
    round::<EncryptedData>(octets);
    round::<EncryptionKey>(octets);
    round::<EtypeInfo>(octets);
    round::<EtypeInfo2>(octets);
    round::<MethodData>(octets);
    round::<PaData>(octets);
    round::<PreauthEncTimestamp>(octets);
    round::<Armor>(octets);
    round::<FastBody>(octets);
    round::<FastFinished>(octets);
    round::<FastReply>(octets);
    round::<FastRequest>(octets);
    round::<FastResponse>(octets);
    // What a KDC says beside an error is read by its code.
    if let Ok(error) = KrbError::decode(octets) {
        let _ = (error.method_data(), error.text(), error.name());
    }
}

fn round<M: Codec + PartialEq + std::fmt::Debug>(octets: &[u8]) {
    let Ok(read) = M::decode(octets) else { return };
    let written = read.to_octets();
    match M::decode(&written) {
        Ok(again) => assert_eq!(again, read, "{} came back as another", M::NAME),
        Err(error) => panic!("{} cannot be read after it was written: {error}", M::NAME),
    }
}
