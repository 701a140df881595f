//! A reply that is taken apart, bent and put together again.

use shakedown_krb5::crypto::{Key, KeyUsage, usage};
use shakedown_krb5::der::{Codec as _, Element};
use shakedown_krb5::messages::{EncryptedData, EtypeInfo2, Exchange, MethodData, PaData, padata_type};
use shakedown_krb5::{Random, Timestamp};
use zeroize::Zeroizing;

use super::{Bend, Deviation};

/// What the parts of a reply are encrypted with. `Debug` shows no key.
#[derive(Debug, Clone)]
pub struct Seals {
    /// Of the client's part.
    pub reply_key: Key,
    /// For which usage.
    pub reply_usage: KeyUsage,
    /// Of the ticket.
    pub ticket_key: Key,
    /// Of the ticket-granting service, which a PAC is signed with.
    pub kdc_key: Option<Key>,
}

/// What a departure may depend on.
pub(crate) struct Circumstances<'a> {
    /// The KDC's time.
    pub(crate) now: Timestamp,
    /// The exchange of the request, if it could be read.
    pub(crate) exchange: Option<Exchange>,
    /// Of a reply with a ticket.
    pub(crate) seals: Option<&'a Seals>,
}

/// First octet of a KRB-ERROR.
const KRB_ERROR: u8 = 0x7e;
/// enc-part of KDC-REP.
const REPLY_ENC_PART: u8 = 6;
/// ticket of KDC-REP.
const TICKET: u8 = 5;
/// enc-part of Ticket.
const TICKET_ENC_PART: u8 = 3;
/// padata of KDC-REP.
const PADATA: u8 = 2;
/// e-data of KRB-ERROR.
const E_DATA: u8 = 12;
/// cipher of EncryptedData.
const CIPHER: u8 = 2;

/// Makes all departures, in their order; `None` where nothing is to be sent. What a departure does not concern is left
/// as it is.
pub(crate) fn bend(
    deviations: &[Deviation],
    octets: Vec<u8>,
    around: &Circumstances<'_>,
    random: &mut dyn Random,
) -> Option<Vec<u8>> {
    let concerns = |deviation: &Deviation| around.exchange.is_none_or(|exchange| deviation.concerns(exchange));
    let bends: Vec<&Bend> = deviations.iter().filter(|d| concerns(d)).flat_map(|d| d.bends()).collect();
    if bends.iter().any(|bend| matches!(bend, Bend::Silence)) {
        return None;
    }
    let mut octets = match Element::decode(&octets) {
        Ok(mut message) => {
            if message.tag == KRB_ERROR {
                bend_error(&bends, &mut message, around);
            } else {
                bend_reply(&bends, &mut message, around, random);
            }
            message.to_octets()
        }
        // Nothing that this KDC makes; there may still be octets to cut.
        Err(_) => octets,
    };
    for bend in bends {
        if let Bend::Octets(bend) = bend {
            bend(&mut octets);
        }
    }
    Some(octets)
}

fn bend_error(bends: &[&Bend], message: &mut Element, around: &Circumstances<'_>) {
    for bend in bends {
        match bend {
            Bend::Hints(bend) => {
                let found = message.field(E_DATA).and_then(Element::octets);
                if let Some(MethodData(mut padata)) = found.and_then(|octets| MethodData::decode(octets).ok()) {
                    bend_hints(*bend, &mut padata);
                    message.set_field(E_DATA, Element::octet_string(&MethodData(padata).to_octets()));
                }
            }
            Bend::Error(bend) => bend(message, around),
            _ => {}
        }
    }
}

fn bend_hints(bend: fn(&mut Vec<shakedown_krb5::messages::EtypeInfo2Entry>), padata: &mut [PaData]) {
    for data in padata.iter_mut().filter(|data| data.padata_type == padata_type::ETYPE_INFO2) {
        if let Ok(EtypeInfo2(mut entries)) = EtypeInfo2::decode(&data.padata_value) {
            bend(&mut entries);
            data.padata_value = EtypeInfo2(entries).to_octets();
        }
    }
}

fn bend_reply(bends: &[&Bend], message: &mut Element, around: &Circumstances<'_>, random: &mut dyn Random) {
    if let Some(seals) = around.seals {
        bend_ticket(bends, message, seals, around, random);
        bend_part(bends, message, seals, around, random);
    }
    for bend in bends {
        match bend {
            Bend::Hints(bend) => {
                let found = message.field(PADATA).map(Element::to_octets);
                if let Some(MethodData(mut padata)) = found.and_then(|octets| MethodData::decode(&octets).ok()) {
                    bend_hints(*bend, &mut padata);
                    message.set_field(PADATA, Element::of(&MethodData(padata)));
                }
            }
            Bend::Reply(bend) => bend(message, around),
            _ => {}
        }
    }
}

fn bend_ticket(
    bends: &[&Bend],
    message: &mut Element,
    seals: &Seals,
    around: &Circumstances<'_>,
    random: &mut dyn Random,
) {
    if !bends.iter().any(|bend| matches!(bend, Bend::Ticket(_))) {
        return;
    }
    let Some(sealed) = message.field_mut(TICKET).and_then(|ticket| ticket.field_mut(TICKET_ENC_PART)) else { return };
    reseal(sealed, &seals.ticket_key, usage::TICKET, usage::TICKET, random, |plain| {
        let mut part = Element::decode(plain).ok()?;
        for bend in bends {
            if let Bend::Ticket(bend) = bend {
                bend(&mut part, around);
            }
        }
        Some(part.to_octets())
    });
}

fn bend_part(
    bends: &[&Bend],
    message: &mut Element,
    seals: &Seals,
    around: &Circumstances<'_>,
    random: &mut dyn Random,
) {
    let concerned = |bend: &&Bend| matches!(bend, Bend::Part(_) | Bend::PartOctets(_) | Bend::Usage(_));
    if !bends.iter().any(concerned) {
        return;
    }
    let Some(sealed) = message.field_mut(REPLY_ENC_PART) else { return };
    let other = bends.iter().fold(seals.reply_usage, |usage, bend| match bend {
        Bend::Usage(bend) => bend(usage),
        _ => usage,
    });
    reseal(sealed, &seals.reply_key, seals.reply_usage, other, random, |plain| {
        let mut part = Element::decode(plain).ok()?;
        for bend in bends {
            if let Bend::Part(bend) = bend {
                bend(&mut part, around);
            }
        }
        let mut octets = part.to_octets();
        for bend in bends {
            if let Bend::PartOctets(bend) = bend {
                bend(&mut octets);
            }
        }
        Some(octets)
    });
}

/// Replaces the cipher of an EncryptedData.
fn reseal(
    sealed: &mut Element,
    key: &Key,
    from: KeyUsage,
    to: KeyUsage,
    random: &mut dyn Random,
    change: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) {
    let opened = EncryptedData::decode(&sealed.to_octets()).ok().and_then(|data| data.open(key, from).ok());
    let changed = opened.and_then(|plain| change(&plain)).map(Zeroizing::new);
    // INVARIANT: the KDC has made the reply with these keys a moment ago.
    debug_assert!(changed.is_some(), "a reply opens with the keys that it was made with");
    if let Some(changed) = changed {
        sealed.set_field(CIPHER, Element::octet_string(&key.encrypt(to, &changed, random)));
    }
}
