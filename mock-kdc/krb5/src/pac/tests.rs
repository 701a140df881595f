//! Against PACs that Windows has made, and against our own changed in every place.

use proptest::prelude::*;

use super::*;
use crate::Timestamp;
use crate::crypto::octets::{Seeded, octets};
use crate::crypto::{Etype, Key};
use crate::messages::view::NameView;

fn windows_2003() -> Vec<u8> {
    uncommented(include_str!("golden/windows-2003.txt"))
}

fn logon_info_2008() -> Vec<u8> {
    uncommented(include_str!("golden/windows-2008-logon-info.txt"))
}

fn uncommented(text: &str) -> Vec<u8> {
    octets(&text.lines().filter_map(|line| line.split('#').next()).collect::<String>())
}

/// UPN info of Windows Server 2008 (`s4u_pac_regular` in the same file of MIT's).
const UPN_INFO_2008: &str = "1200 1000 1000 2800 00000000 00000000 77003200 6b003800 75004000 61006200 63000000 00000000 \
    41004300 4d004500 2e004300 4f004d00";

const AUTH_TIME: Timestamp = Timestamp::from_seconds(1_120_440_609);

fn rc4(text: &str) -> Key {
    Key::new(Etype::Rc4Hmac, &octets(text)).unwrap()
}

fn service_key() -> Key {
    rc4("d217faeae5e6b5f95ccc94077ab8a5fc")
}

fn kdc_key() -> Key {
    rc4("b286757148af7fd252c53603a150b7e7")
}

#[test]
fn a_pac_of_windows_is_intact_and_about_its_client() {
    let windows = windows_2003();
    let pac = Pac::parse(&windows).unwrap();
    assert_eq!(pac.buffers().map(|buffer| buffer.kind).collect::<Vec<_>>(), [1, 10, 6, 7]);
    assert_eq!(pac.verify_server(&service_key()), Ok(()));
    assert_eq!(pac.verify_kdc(&kdc_key()), Ok(()));
    assert_eq!(pac.verify_server(&kdc_key()), Err(PacError::Signature(kind::SERVER_CHECKSUM)));
    assert_eq!(pac.verify_kdc(&service_key()), Err(PacError::Signature(kind::KDC_CHECKSUM)));
    let aes = Key::random(Etype::Aes256Sha1, &mut Seeded(1));
    let kind = kind::SERVER_CHECKSUM;
    assert_eq!(pac.verify_server(&aes), Err(PacError::ChecksumType { kind, found: -138, expected: 16 }));

    let is_of = |components: &[&[u8]], time| pac.is_of(NameView::new(1, components), time).unwrap();
    assert!(is_of(&[b"w2003final$"], AUTH_TIME));
    for (components, time) in [
        (&[&b"w2003final"[..]][..], AUTH_TIME),
        (&[b"w2003final$$"], AUTH_TIME),
        (&[b"w2003", b"final$"], AUTH_TIME),
        (&[], AUTH_TIME),
        (&[b"w2003final$"], AUTH_TIME.offset_seconds(1)),
    ] {
        assert!(!is_of(components, time), "{components:?}");
    }
}

#[test]
fn the_logon_info_of_windows_is_read_and_written_octet_for_octet() {
    let windows = windows_2003();
    let buffer = Pac::parse(&windows).unwrap().find(kind::LOGON_INFO).unwrap();
    let info = LogonInfo::decode(buffer.octets).unwrap();
    let domain: Sid = "S-1-5-21-3048156945-3961193616-3706469200".parse().unwrap();
    let expected = LogonInfo {
        logon_time: FileTime(0x01c5_7d4f_cba6_df30),
        password_last_set: FileTime(0x01c5_7362_594e_3cc0),
        password_can_change: FileTime(0x01c5_7362_594e_3cc0),
        logon_count: 101,
        primary_group_id: 516,
        groups: vec![Group::enabled(516)],
        user_flags: 0x20,
        logon_server: "W2003FINAL".to_owned(),
        logon_domain_name: "WIN2K3THINK".to_owned(),
        user_account_control: 0x2100,
        extra_sids: vec![("S-1-5-9".parse().unwrap(), 7)],
        ..LogonInfo::new("W2003FINAL$", 1005, domain)
    };
    assert_eq!(info, expected);
    assert_eq!(expected.encode(), buffer.octets);

    let newer = logon_info_2008();
    let info = LogonInfo::decode(&newer).unwrap();
    assert_eq!((info.effective_name.as_str(), info.full_name.as_str(), info.user_id), ("w2k8u", "w2k8u", 1142));
    assert_eq!((info.logon_server.as_str(), info.logon_domain_name.as_str()), ("WDC", "ACME"));
    assert_eq!(info.encode(), newer);
}

#[test]
fn the_other_names_of_windows_are_read_and_written_octet_for_octet() {
    let windows = octets(UPN_INFO_2008);
    let info = UpnDnsInfo::decode(&windows).unwrap();
    assert_eq!((info.upn.as_str(), info.dns_domain.as_str()), ("w2k8u@abc", "ACME.COM"));
    assert_eq!((info.upn_is_constructed, &info.account), (false, &None));
    assert_eq!(info.encode().unwrap(), windows);
    let newer = UpnDnsInfo { account: Some(("w2k8u".to_owned(), "S-1-5-21-1-2-3-1104".parse().unwrap())), ..info };
    assert_eq!(UpnDnsInfo::decode(&newer.encode().unwrap()), Ok(newer));
}

/// A PAC of a ticket for a service, with all that there is.
fn ours(server: &Key, kdc: &Key, ticket: Option<&[u8]>) -> Vec<u8> {
    let info = LogonInfo {
        groups: vec![Group::enabled(513), Group::enabled(512)],
        resource_group_domain: Some(Sid::of_domain("RESOURCES")),
        resource_groups: vec![Group { rid: 1500, attributes: 0x2000_0007 }],
        extra_sids: vec![("S-1-18-1".parse().unwrap(), 7), (Sid::of_domain("OLD").with_rid(1104), 7)],
        ..LogonInfo::new("alice", 1104, Sid::of_domain("CORP.EXAMPLE.COM"))
    };
    let info = info.encode();
    let requestor = Sid::of_domain("CORP.EXAMPLE.COM").with_rid(1104).octets();
    let auth_time = FileTime::from_timestamp(AUTH_TIME);
    let pieces = [
        Piece::LogonInfo { octets: &info, logon_time: auth_time },
        Piece::ClientInfo { auth_time, client: NameView::new(1, &[b"alice"]) },
        Piece::Octets(kind::ATTRIBUTES_INFO, &Attributes::GivenImplicitly.octets()),
        Piece::Octets(kind::REQUESTOR, &requestor),
    ];
    // Not at the beginning of the buffer, as within a ticket.
    let mut out = b"before".to_vec();
    Signed { server, kdc, ticket }.write(pieces.into_iter(), &mut out);
    out.split_off(6)
}

#[test]
fn what_is_signed_verifies_with_every_etype_and_with_no_other_key() {
    for server in Etype::ALL {
        for kdc in Etype::ALL {
            let (server, kdc) = (Key::random(server, &mut Seeded(1)), Key::random(kdc, &mut Seeded(2)));
            let octets = ours(&server, &kdc, Some(b"ticket"));
            let pac = Pac::parse(&octets).unwrap();
            assert_eq!(pac.verify_server(&server), Ok(()));
            assert_eq!(pac.verify_kdc(&kdc), Ok(()));
            assert_eq!(pac.verify_full(&kdc), Ok(()));
            assert_eq!(pac.verify_ticket(&kdc, b"ticket"), Ok(()));
            assert_eq!(pac.verify_ticket(&kdc, b"tickets"), Err(PacError::Signature(kind::TICKET_CHECKSUM)));
            assert_eq!(pac.verify_full(&Key::random(kdc.etype(), &mut Seeded(3))), Err(PacError::Signature(19)));
            assert!(pac.is_of(NameView::new(1, &[b"alice"]), AUTH_TIME).unwrap());
            let info = LogonInfo::decode(pac.find(kind::LOGON_INFO).unwrap().octets).unwrap();
            assert_eq!((info.logon_time.seconds(), info.extra_sids.len()), (AUTH_TIME.seconds(), 2));
            let attributes = pac.find(kind::ATTRIBUTES_INFO).unwrap();
            assert_eq!(Attributes::decode(attributes.octets), Ok(Attributes::GivenImplicitly));
        }
    }
    let octets = ours(&service_key(), &kdc_key(), None);
    assert_eq!(Pac::parse(&octets).unwrap().verify_full(&kdc_key()), Err(PacError::Missing(kind::FULL_CHECKSUM)));
}

#[test]
fn each_changed_octet_and_each_truncation_is_noticed() {
    let (server, kdc) =
        (Key::random(Etype::Aes256Sha1, &mut Seeded(1)), Key::random(Etype::Aes128Sha256, &mut Seeded(2)));
    let octets = ours(&server, &kdc, Some(b"ticket"));
    let intact = |octets: &[u8]| {
        let pac = Pac::parse(octets)?;
        pac.verify_server(&server)?;
        pac.verify_kdc(&kdc)?;
        pac.verify_full(&kdc)?;
        pac.verify_ticket(&kdc, b"ticket")
    };
    assert_eq!(intact(&octets), Ok(()));
    for position in 0..octets.len() {
        let mut changed = octets.clone();
        changed[position] ^= 0x40;
        assert!(intact(&changed).is_err(), "octet {position}");
        assert!(intact(&octets[..position]).is_err(), "cut to {position}");
    }
}

#[test]
fn a_table_that_points_elsewhere_is_refused() {
    let windows = windows_2003();
    let with = |position: usize, octets: &[u8]| {
        let mut changed = windows.clone();
        changed[position..position + octets.len()].copy_from_slice(octets);
        Pac::parse(&changed).map(|_| ())
    };
    assert_eq!(with(0, &[4]), Ok(()));
    let bad = |what| Err(PacError::Malformed(what));
    assert_eq!(with(0, &[0]), bad("number of buffers"));
    assert_eq!(with(0, &[65]), bad("number of buffers"));
    assert_eq!(with(4, &[1]), bad("version"));
    // The offset of the first buffer: within the table, not a multiple of eight, beyond the end, beyond all.
    assert_eq!(with(16, &[0x40]), bad("place of a buffer"));
    assert_eq!(with(16, &[0x4c]), bad("place of a buffer"));
    assert_eq!(with(16, &[0, 9]), bad("place of a buffer"));
    assert_eq!(with(16, &[0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), bad("place of a buffer"));
    assert_eq!(with(12, &[0xff, 0xff, 0xff, 0xff]), bad("place of a buffer"));
    // The type of the second buffer: now there are two of the first one's.
    let mut twice = windows.clone();
    twice[24] = 1;
    assert_eq!(Pac::parse(&twice).unwrap().find(1), Err(PacError::Twice(1)));
    // A signature upon the other.
    let mut upon = windows.clone();
    upon[64] = 0x40;
    assert!(Pac::parse(&upon).unwrap().verify_server(&service_key()).is_err());
}

proptest! {
    #[test]
    fn any_octets_are_read_without_a_panic(
        header in prop::bool::ANY, random in prop::collection::vec(any::<u8>(), 0..300), at: prop::sample::Index, octet: u8
    ) {
        let mut all = vec![random.clone()];
        let mut windows = windows_2003();
        let at = at.index(windows.len());
        windows[at] = octet;
        all.push(windows);
        if header {
            all.push([&logon_info_2008()[..8], &random].concat());
        }
        for octets in all {
            if let Ok(pac) = Pac::parse(&octets) {
                let _ = (pac.verify_server(&service_key()), pac.verify_kdc(&kdc_key()), pac.verify_full(&kdc_key()));
                let _ = pac.is_of(NameView::new(1, &[b"alice"]), AUTH_TIME);
                for buffer in pac.buffers() {
                    let _ = LogonInfo::decode(buffer.octets);
                }
            }
            let _ = (LogonInfo::decode(&octets), UpnDnsInfo::decode(&octets), ClientInfo::decode(&octets));
        }
    }

    #[test]
    fn a_logon_info_is_read_as_it_was_written(
        names in prop::array::uniform8("[a-zA-Z$ äß]{0,12}"), numbers in prop::array::uniform6(any::<u32>()),
        groups in prop::collection::vec(any::<(u32, u32)>(), 0..9), others in prop::collection::vec(any::<u32>(), 0..4)
    ) {
        let [a, b, c, d, e, f, g, h] = names;
        let groups: Vec<_> = groups.into_iter().map(|(rid, attributes)| Group { rid, attributes }).collect();
        let domain = Sid::new(5, &others).unwrap();
        let info = LogonInfo {
            full_name: b, logon_script: c, profile_path: d, home_directory: e, home_directory_drive: f,
            logon_server: g, logon_domain_name: h, user_flags: numbers[1], user_account_control: numbers[2],
            primary_group_id: numbers[3], logon_count: numbers[4] as u16, bad_password_count: numbers[5] as u16,
            extra_sids: others.iter().map(|number| (domain.with_rid(*number), 7)).collect(),
            resource_group_domain: (!groups.is_empty()).then(|| domain.clone()),
            resource_groups: groups.clone(), groups,
            ..LogonInfo::new(&a, numbers[0], domain)
        };
        prop_assert_eq!(LogonInfo::decode(&info.encode()), Ok(info));
    }
}
