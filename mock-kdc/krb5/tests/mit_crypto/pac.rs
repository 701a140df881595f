//! PACs of ours in MIT's hands, and of MIT's in ours.

use shakedown_krb5::Timestamp;
use shakedown_krb5::crypto::{Etype, Key};
use shakedown_krb5::messages::view::NameView;
use shakedown_krb5::pac::{FileTime, LogonInfo, Pac, Piece, Sid, Signed, kind};

use crate::Seeded;
use crate::peer::{Answer, Peer, hexadecimal, shown};

const AUTH_TIME: i64 = 1_700_000_000;
const MODIFIED: i64 = 41;
/// KRB5KRB_AP_WRONG_PRINC, which has no number on the wire.
const WRONG_PRINCIPAL: i64 = 144;

fn ours(server: &Key, kdc: &Key) -> Vec<u8> {
    let info = LogonInfo::new("alice", 1104, Sid::of_domain("CORP.EXAMPLE.COM")).encode();
    let auth_time = FileTime::from_timestamp(Timestamp::from_seconds(AUTH_TIME));
    let pieces = [
        Piece::LogonInfo { octets: &info, logon_time: auth_time },
        Piece::ClientInfo { auth_time, client: NameView::new(1, &[b"alice"]) },
    ];
    let mut pac = Vec::new();
    Signed { server, kdc, ticket: None }.write(pieces.into_iter(), &mut pac);
    pac
}

fn verify(peer: &mut Peer, pac: &[u8], time: i64, name: &str, server: &Key, kdc: &Key) -> Answer {
    peer.ask(&format!("pac_verify {} {time} {name} {} {}", hexadecimal(pac), shown(server), shown(kdc)))
}

fn pairs() -> impl Iterator<Item = (Key, Key)> {
    let key = |etype, seed| Key::random(etype, &mut Seeded(seed));
    Etype::ALL.into_iter().flat_map(move |server| Etype::ALL.map(|kdc| (key(server, 1), key(kdc, 2))))
}

#[test]
fn mit_verifies_what_we_have_signed() {
    let Some(mut peer) = Peer::start() else { return };
    for (server, kdc) in pairs() {
        let pac = ours(&server, &kdc);
        assert_eq!(verify(&mut peer, &pac, AUTH_TIME, "alice@R", &server, &kdc), Ok(Vec::new()));
        let types = peer.ask(&format!("pac_parse {}", hexadecimal(&pac))).unwrap();
        assert_eq!(types, [1u32, 10, 6, 7].map(u32::to_be_bytes).concat());
        assert_eq!(verify(&mut peer, &pac, AUTH_TIME + 1, "alice@R", &server, &kdc), Err(WRONG_PRINCIPAL));
        assert_eq!(verify(&mut peer, &pac, AUTH_TIME, "alicia@R", &server, &kdc), Err(WRONG_PRINCIPAL));
        let other = Key::random(server.etype(), &mut Seeded(3));
        assert_eq!(verify(&mut peer, &pac, AUTH_TIME, "alice@R", &other, &kdc), Err(MODIFIED));
        let other = Key::random(kdc.etype(), &mut Seeded(3));
        assert_eq!(verify(&mut peer, &pac, AUTH_TIME, "alice@R", &server, &other), Err(MODIFIED));
    }
}

#[test]
fn we_verify_what_mit_has_signed() {
    let Some(mut peer) = Peer::start() else { return };
    for (server, kdc) in pairs() {
        let info = LogonInfo::new("alice", 1104, Sid::of_domain("CORP.EXAMPLE.COM")).encode();
        // One buffer: count, version, type, size, offset, content.
        let size = u32::try_from(info.len()).unwrap().to_le_bytes();
        let unsigned = [&[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0][..], &size, &[24, 0, 0, 0, 0, 0, 0, 0], &info].concat();
        let command =
            format!("pac_sign {} {AUTH_TIME} alice@R {} {}", hexadecimal(&unsigned), shown(&server), shown(&kdc));
        let signed = peer.ask(&command).unwrap();
        let pac = Pac::parse(&signed).unwrap();
        assert_eq!((pac.verify_server(&server), pac.verify_kdc(&kdc)), (Ok(()), Ok(())));
        assert!(pac.is_of(NameView::new(1, &[b"alice"]), Timestamp::from_seconds(AUTH_TIME)).unwrap());
        assert_eq!(pac.find(kind::LOGON_INFO).unwrap().octets, info);
        assert!(pac.verify_server(&Key::random(server.etype(), &mut Seeded(3))).is_err());
    }
}
