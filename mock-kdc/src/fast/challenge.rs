//! PA-ENCRYPTED-CHALLENGE: the client proves its password within the tunnel, and the KDC that it knows it too
//! (RFC 6113 §5.4.6).

use shakedown_krb5::crypto::{Key, usage};
use shakedown_krb5::fast::ChallengeKeys;
use shakedown_krb5::messages::{Codec, EncryptedData, PaData, PreauthEncTimestamp, padata_type};
use shakedown_krb5::{Random, Timestamp};

use super::Tunnel;
use crate::database::Account;

/// The time in a client's challenge, and which of its keys it is under; nothing if it is under none of those that the
/// client offers to use, or no time.
pub(crate) fn check_challenge<'a>(
    tunnel: &Tunnel,
    value: &[u8],
    client: &'a Account,
    mut offered: impl Iterator<Item = i32>,
) -> Option<(Timestamp, &'a Key)> {
    let sealed = EncryptedData::decode(value).ok()?;
    let (plain, key) = offered.find_map(|number| {
        let key = client.newest().keys.iter().find(|key| key.etype().number() == number)?;
        let challenge = ChallengeKeys::new(tunnel.key(), key);
        Some((sealed.open(&challenge.client, usage::ENCRYPTED_CHALLENGE_CLIENT).ok()?, key))
    })?;
    Some((PreauthEncTimestamp::decode(&plain).ok()?.time, key))
}

/// Appends the KDC's own, under the same key of the client.
pub(crate) fn answer_challenge(
    tunnel: &Tunnel,
    key: &Key,
    now: Timestamp,
    random: &mut dyn Random,
    padata: &mut Vec<u8>,
) {
    let challenge = ChallengeKeys::new(tunnel.key(), key);
    let stamp = PreauthEncTimestamp { time: now };
    let sealed = EncryptedData::seal(&challenge.kdc, usage::ENCRYPTED_CHALLENGE_KDC, &stamp, random);
    PaData::new(padata_type::ENCRYPTED_CHALLENGE, &sealed).encode(padata);
}
