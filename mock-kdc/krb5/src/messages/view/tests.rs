//! The owned types are made of views, and so their tests are the views' as well; here is what only views have.

use super::*;
use crate::messages::flags::ticket;
use crate::messages::{AuthorizationElement, Codec as _, EncTicketPart, EncryptionKey, HostAddress, Transited};
use crate::{Principal, Timestamp};

fn principal() -> Principal {
    "postgres/db\\/x@R".parse().unwrap()
}

fn part() -> EncTicketPart {
    EncTicketPart {
        flags: ticket::INITIAL,
        key: EncryptionKey::new(18, b"SECRETSECRETSECRETSECRETSECRET!!"),
        client: principal(),
        transited: Transited { tr_type: 1, contents: b"A,B".to_vec() },
        auth_time: Timestamp::from_seconds(1),
        start_time: Some(Timestamp::from_seconds(2)),
        end_time: Timestamp::from_seconds(3),
        renew_till: None,
        addresses: Some(vec![HostAddress { addr_type: 2, address: vec![127, 0, 0, 1] }]),
        authorization_data: Some(vec![AuthorizationElement { ad_type: 1, ad_data: vec![7; 200] }]),
    }
}

#[test]
fn a_view_writes_what_the_owned_type_writes() {
    let octets = part().to_octets();
    let mut again = Vec::new();
    EncTicketPartView::decode(&octets).unwrap().write(&mut crate::der::Writer::new(&mut again));
    assert_eq!(again, octets);
}

#[test]
fn authorization_data_can_be_written_by_somebody_else() {
    let octets = part().to_octets();
    let mut other = Vec::new();
    let added = AuthorizationElementView { ad_type: 128, ad_data: b"a PAC" };
    let view = EncTicketPartView::decode(&octets).unwrap();
    let elements = |w: &mut crate::der::Writer<'_>| {
        added.write(w);
        added.write(w);
    };
    view.write_with(&mut crate::der::Writer::new(&mut other), Some(elements));
    let read = EncTicketPart::decode(&other).unwrap();
    assert_eq!(read.authorization_data, Some(vec![added.to_owned(), added.to_owned()]));
    assert_eq!(EncTicketPart { authorization_data: part().authorization_data, ..read }, part());
}

#[test]
fn names_are_equal_wherever_they_lie() {
    let owned = principal();
    let held = PrincipalView::from(&owned);
    let given = NameView::new(0, &[b"postgres", b"db/x"]).at(b"R");
    let mut octets = Vec::new();
    held.name.write(&mut crate::der::Writer::new(&mut octets));
    let encoded = NameView::decode(&octets).unwrap().at(b"R");
    let accounts = std::collections::HashSet::from([owned.clone()]);
    for view in [held, given, encoded] {
        assert_eq!(view, owned);
        assert_eq!(view.to_string(), owned.to_string());
        let mut appended = "before ".to_owned();
        view.append_to(&mut appended);
        assert_eq!(appended, format!("before {view}"));
        assert_eq!(view.to_owned(), owned);
        assert_ne!(view, "postgres/db/x@R".parse::<Principal>().unwrap());
        assert!(accounts.contains(&view as &dyn Named));
        assert!(!accounts.contains(&view.name.at(b"S") as &dyn Named));
        assert_eq!(view.krbtgt_realm(), None);
    }
    assert_eq!(PrincipalView::from(&Principal::krbtgt(b"R")).krbtgt_realm(), Some(&b"R"[..]));
    assert_eq!(NameView::new(0, &[b"krbtgt", b"R", b"x"]).at(b"R").krbtgt_realm(), None);
}

#[test]
fn debug_shows_no_key() {
    let shown = format!("{:?}", EncTicketPartView::decode(&part().to_octets()).unwrap());
    assert!(!shown.contains("SECRET") && !shown.contains("83, 69"), "{shown}");
}
