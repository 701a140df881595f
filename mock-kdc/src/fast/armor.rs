//! The ticket that an AS-REQ is armored with (RFC 6113 §5.4.1.1).

use shakedown_krb5::crypto::{Etype, Key, usage};
use shakedown_krb5::der::Reader;
use shakedown_krb5::fast::{ARMOR_AP_REQUEST, Armor, armor_key};
use shakedown_krb5::messages::view::{AuthorizationElementView, ListView};
use shakedown_krb5::messages::{ApRequest, Authenticator, Codec, EncTicketPart, EncryptionKey, ad_type, error_code};
use shakedown_krb5::{Principal, Timestamp};

use crate::kdc::View;

/// The key of the tunnel, or the code of the error. In the order of MIT's krb5_rd_req, which does not look for replays
/// here.
pub(super) fn key(view: &View<'_>, armor: &Armor) -> Result<Key, i32> {
    if armor.armor_type != ARMOR_AP_REQUEST {
        return Err(error_code::PREAUTH_FAILED);
    }
    let shown = ApRequest::decode(&armor.armor_value).map_err(|_| error_code::GENERIC)?;
    let part = open_ticket(view, &shown)?;
    let session_key = usable(&part.key)?;
    let sealed = &shown.authenticator;
    let plain = sealed.open(&session_key, usage::AP_REQ_AUTHENTICATOR).map_err(|_| error_code::BAD_INTEGRITY)?;
    let authenticator = Authenticator::decode(&plain).map_err(|_| error_code::GENERIC)?;
    if authenticator.client != part.client {
        return Err(error_code::BADMATCH);
    }
    check_times(view, &part, authenticator.time)?;
    if !is_ticket_granting(view, shown.ticket.server()) {
        return Err(error_code::SERVER_NOMATCH);
    }
    let subkey = authenticator.subkey.as_ref().ok_or(error_code::POLICY)?;
    Ok(armor_key(&usable(subkey)?, &session_key))
}

/// Whether a ticket or authenticator says of itself that it is good for nothing but armor (RFC 6113 §5.4.1.1).
pub(crate) fn is_armor_only(lists: [Option<Elements<'_>>; 2]) -> bool {
    lists.into_iter().flatten().flat_map(|list| list.iter()).any(|element| match element.ad_type {
        ad_type::FX_ARMOR => true,
        ad_type::IF_RELEVANT => Reader::new("AD-IF-RELEVANT", element.ad_data)
            .and_then(|mut reader| Elements::read(&mut reader))
            .is_ok_and(|inner| inner.iter().any(|element| element.ad_type == ad_type::FX_ARMOR)),
        _ => false,
    })
}

type Elements<'a> = ListView<'a, AuthorizationElementView<'a>>;

fn open_ticket(view: &View<'_>, shown: &ApRequest) -> Result<EncTicketPart, i32> {
    let sealed = shown.ticket.enc_part();
    let account = view.database.find(shown.ticket.server()).ok_or(error_code::NOT_US)?;
    let mut keys = account.candidates(sealed.kvno, sealed.etype).peekable();
    if keys.peek().is_none() {
        return Err(error_code::BADKEYVER);
    }
    let plain =
        keys.find_map(|key| key.decrypt(usage::TICKET, &sealed.cipher).ok()).ok_or(error_code::BAD_INTEGRITY)?;
    EncTicketPart::decode(&plain).map_err(|_| error_code::GENERIC)
}

/// In whole seconds, as MIT compares them.
fn check_times(view: &View<'_>, part: &EncTicketPart, authenticator: Timestamp) -> Result<(), i32> {
    let skew = i64::try_from(view.realm.clock_skew.as_secs()).unwrap_or(i64::MAX);
    let now = view.now.seconds();
    if part.start_time.unwrap_or(part.auth_time).seconds().saturating_sub(now) > skew {
        return Err(error_code::TKT_NYV);
    }
    if now.saturating_sub(part.end_time.seconds()) > skew {
        return Err(error_code::TKT_EXPIRED);
    }
    if authenticator.seconds().abs_diff(now) > skew.unsigned_abs() {
        return Err(error_code::SKEW);
    }
    Ok(())
}

/// Whether it is a ticket for this realm's ticket-granting service, whoever issued it.
fn is_ticket_granting(view: &View<'_>, server: &Principal) -> bool {
    server.krbtgt_realm().is_some_and(|realm| realm == view.realm.name.as_bytes())
}

fn usable(key: &EncryptionKey) -> Result<Key, i32> {
    Etype::from_number(key.etype).and_then(|etype| Key::new(etype, &key.value).ok()).ok_or(error_code::GENERIC)
}
