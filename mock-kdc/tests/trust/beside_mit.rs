//! The same request with the same ticket of another realm, to our KDC and to MIT's: the same error and the same word, or
//! the same path in the ticket.

use mock_kdc::{Kdc, Rotation, SystemRandom, Trust};
use shakedown_krb5::messages::flags::{kdc_options, ticket};
use shakedown_krb5::transited::Capaths;

use crate::forged::{Forged, reading};
use crate::mit;
use crate::realms::{SERVICE, SHARED, now, realm};

/// The realm that is asked. It trusts a neighbour, its parent, a realm of another tree, and is trusted by its child.
const HERE: &str = "EAST.CORP.TEST";
const TRUSTS: [&str; 3] = ["ONPREM.TEST", "CORP.TEST", "/O=X500"];
const TRUSTED_BY: [&str; 2] = ["SUB.EAST.CORP.TEST", "CORP.TEST"];
const CAPATHS: &str = "[capaths]
 FAR.TEST = {
  EAST.CORP.TEST = ONPREM.TEST
 }
 EAST.CORP.TEST = {
  FAR.TEST = CORP.TEST
  BLOCKED.TEST = .
 }
[domain_realm]
 .corp.test = CORP.TEST
 .else.test = FAR.TEST
 .east.corp.test = EAST.CORP.TEST
";

fn ours() -> Kdc {
    let mut realm = realm(HERE, &TRUSTS, &TRUSTED_BY);
    let paths = Capaths::default()
        .with(b"FAR.TEST", HERE.as_bytes(), [&b"ONPREM.TEST"[..]])
        .with(HERE.as_bytes(), b"FAR.TEST", [&b"CORP.TEST"[..]])
        .with(HERE.as_bytes(), b"BLOCKED.TEST", []);
    realm.trusts.paths = paths;
    let hosts = [(".corp.test", "CORP.TEST"), (".else.test", "FAR.TEST"), (".east.corp.test", HERE)];
    realm.trusts.hosts = hosts.map(|(host, realm)| (host.to_owned(), realm.to_owned())).into();
    Kdc::new(&realm, &mut SystemRandom).unwrap()
}

#[test]
fn tickets_of_other_realms_are_taken_as_mit_s_kdc_takes_them() {
    let Some(theirs) = mit::start(HERE, &TRUSTS, &TRUSTED_BY, CAPATHS) else { return };
    let ours = ours();
    let service = crate::realms::service(HERE);
    let neighbour = Forged::good("alice@ONPREM.TEST", "ONPREM.TEST", HERE, &service);
    let sibling = Forged::good("alice@WEST.CORP.TEST", "CORP.TEST", HERE, &service);
    let far = Forged::good("alice@FAR.TEST", "ONPREM.TEST", HERE, &service);
    let x500 = Forged::good("alice@/O=X500", "/O=X500", HERE, &service);
    let through = |forged: &Forged, transited| Forged { transited, ..forged.clone() };
    let wanting = |wanted: &str| Forged { wanted: format!("{wanted}@{HERE}"), ..neighbour.clone() };
    let asking = |wanted: &str, name_type, options| Forged { name_type, options, ..wanting(wanted) };
    let canonicalize = kdc_options::CANONICALIZE;
    let requests = [
        ("neighbour", neighbour.clone()),
        ("neighbour, canonicalize", Forged { options: canonicalize, ..neighbour.clone() }),
        (
            "neighbour, whose way is not to be checked",
            Forged { options: kdc_options::DISABLE_TRANSITED_CHECK, ..neighbour.clone() },
        ),
        ("neighbour's client that came through itself", through(&neighbour, "ONPREM.TEST")),
        ("neighbour's client that came through elsewhere", through(&neighbour, "EVIL.TEST")),
        ("neighbour's client that came through here", through(&neighbour, HERE)),
        ("neighbour's client, nonsense of a way", through(&neighbour, ",,")),
        ("neighbour's client, a way with a gap", through(&neighbour, ",")),
        ("neighbour's client, another encoding of the way", Forged { tr_type: 2, ..neighbour.clone() }),
        ("sibling through the parent", sibling.clone()),
        ("sibling through the parent, who is named already", through(&sibling, "CORP.TEST")),
        ("sibling through the grandparent", through(&sibling, "TEST")),
        ("sibling with a gap", through(&sibling, ",")),
        ("sibling through a child of the parent", through(&sibling, "NORTH.CORP.TEST")),
        ("sibling, another encoding of the way", Forged { tr_type: 2, ..sibling.clone() }),
        ("far, along the written way", far.clone()),
        ("far, along another way", through(&far, "CORP.TEST")),
        ("far, not to be checked", Forged { options: kdc_options::DISABLE_TRANSITED_CHECK, ..far.clone() }),
        ("nobody knows whose client", Forged::good("alice@STRANGE.TEST", "ONPREM.TEST", HERE, &service)),
        (
            "sibling through the grandparent, checked by the parent",
            Forged { flags: ticket::TRANSITED_POLICY_CHECKED, ..through(&sibling, "TEST") },
        ),
        (
            "a client of here that wants nothing that there is",
            Forged::good("alice@EAST.CORP.TEST", "ONPREM.TEST", HERE, "nobody/db.test"),
        ),
        ("a client of here", Forged::good("alice@EAST.CORP.TEST", "ONPREM.TEST", HERE, &service)),
        ("x.500", x500.clone()),
        ("x.500 through a parent", through(&x500, "/O=Y")),
        ("another password", Forged { shared: "mistyped", ..neighbour.clone() }),
        ("a version that there is not", Forged { kvno: Some(2), ..neighbour.clone() }),
        ("no version", Forged { kvno: None, ..neighbour.clone() }),
        ("a realm that is not trusted", Forged::good("alice@SUB.EAST.CORP.TEST", "SUB.EAST.CORP.TEST", HERE, &service)),
        (
            "the ticket for the other direction",
            Forged { tgs: format!("krbtgt/CORP.TEST@{HERE}"), client: "alice@EAST.CORP.TEST", ..neighbour.clone() },
        ),
        ("unknown service", wanting("nobody/db.test")),
        ("onwards to the child", wanting("krbtgt/SUB.EAST.CORP.TEST")),
        ("onwards to the parent", wanting("krbtgt/CORP.TEST")),
        ("onwards to the sibling", wanting("krbtgt/WEST.CORP.TEST")),
        ("onwards to a grandchild", wanting("krbtgt/SUB.SUB.EAST.CORP.TEST")),
        ("onwards along a written way", wanting("krbtgt/FAR.TEST")),
        ("onwards where the way is direct and there is no key", wanting("krbtgt/BLOCKED.TEST")),
        ("onwards to another tree", wanting("krbtgt/ELSE.ORG")),
        ("back to where it came from", wanting("krbtgt/ONPREM.TEST")),
        ("a host of the parent", asking("postgres/db.corp.test", 3, canonicalize)),
        ("a host of the parent, canonicalize not set", asking("postgres/db.corp.test", 3, 0)),
        ("a host of the parent, as an instance", asking("postgres/db.corp.test", 2, canonicalize)),
        ("a host of the parent, as a principal", asking("postgres/db.corp.test", 1, canonicalize)),
        ("a host of the parent, of unknown type", asking("postgres/db.corp.test", 0, canonicalize)),
        ("a host of a far realm", asking("postgres/db.else.test", 3, canonicalize)),
        ("a host of here that there is not", asking("postgres/no.east.corp.test", 3, canonicalize)),
        ("a host without a dot", asking("postgres/corp", 3, canonicalize)),
        ("a host in capitals", asking("postgres/DB.CORP.TEST", 3, canonicalize)),
        ("a host of the parent, renewed", asking("postgres/db.corp.test", 3, canonicalize | kdc_options::RENEW)),
    ];
    let mut different = Vec::new();
    for (name, request) in requests {
        let octets = request.octets(now());
        let theirs = reading(theirs.answer(&octets));
        let ours = reading(ours.answer(&octets, now(), &mut SystemRandom).octets);
        println!("{name}: {theirs}");
        if ours != theirs {
            different.push(format!("{name}\n  ours   {ours}\n  theirs {theirs}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// One after the other as tickets of a path would be, each time with what MIT's KDC has written.
#[test]
fn each_realm_of_a_path_is_added_where_mit_s_kdc_adds_it() {
    let neighbours = [
        "EDU",
        "MIT.EDU",
        "ATHENA.MIT.EDU",
        "WASHINGTON.EDU",
        "CS.WASHINGTON.EDU",
        "/COM",
        "/COM/HP",
        "/COM/DEC",
        "A",
        "B",
    ];
    let capaths: Vec<String> = neighbours.iter().map(|realm| format!("  EAST.CORP.TEST = {realm}\n")).collect();
    let capaths = format!("[capaths]\n CLIENT = {{\n{} }}\n", capaths.concat());
    let Some(theirs) = mit::start(HERE, &neighbours, &[], &capaths) else { return };
    let mut realm = realm(HERE, &neighbours, &[]);
    realm.trusts.paths =
        Capaths::default().with(b"CLIENT", HERE.as_bytes(), neighbours.iter().map(|realm| realm.as_bytes()));
    let ours = Kdc::new(&realm, &mut SystemRandom).unwrap();
    let mut different = Vec::new();
    let befores = [
        "",
        "EDU",
        "MIT.EDU",
        "EDU,MIT.",
        "EDU,MIT.,ATHENA.",
        "EDU,MIT.,ATHENA.,WASHINGTON.EDU",
        "ATHENA.MIT.EDU",
        "ATHENA.MIT.EDU,CS.WASHINGTON.EDU",
        "A",
        "/COM",
        "/COM,/HP",
        "A, /COM",
        "/COM/HP",
        "/COM/HP, /COM/DEC",
        "B,A",
        "A,EDU,MIT.,B",
    ];
    for before in befores {
        for neighbour in neighbours {
            let service = crate::realms::service(HERE);
            let request = Forged {
                transited: before,
                flags: ticket::TRANSITED_POLICY_CHECKED,
                ..Forged::good("alice@CLIENT", neighbour, HERE, &service)
            };
            let octets = request.octets(now());
            let theirs = reading(theirs.answer(&octets));
            let ours = reading(ours.answer(&octets, now(), &mut SystemRandom).octets);
            if ours != theirs {
                different.push(format!("'{before}' and {neighbour}\n  ours   {ours}\n  theirs {theirs}"));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Both sides of a trust change the password when they come to it.
#[test]
fn a_rotated_key_of_a_trust_counts_by_its_version() {
    let Some(theirs) = mit::start(HERE, &["ONPREM.TEST"], &[], "") else { return };
    let ours = Kdc::new(&realm(HERE, &["ONPREM.TEST"], &[]), &mut SystemRandom).unwrap();
    let service = crate::realms::service(HERE);
    let good = Forged::good("alice@ONPREM.TEST", "ONPREM.TEST", HERE, &service);
    let mut readings = Vec::new();
    let mut check = |step: &str| {
        for (shared, kvno) in [
            (SHARED, Some(1)),
            (SHARED, Some(2)),
            (SHARED, None),
            (SERVICE, Some(1)),
            (SERVICE, Some(2)),
            (SERVICE, None),
        ] {
            let octets = Forged { shared, kvno, ..good.clone() }.octets(now());
            let theirs = reading(theirs.answer(&octets));
            let ours = reading(ours.answer(&octets, now(), &mut SystemRandom).octets);
            let old = if shared == SHARED { "old" } else { "new" };
            println!("{step}, {old} password, version {kvno:?}: {theirs}");
            if ours != theirs {
                readings.push(format!("{step}, {old} password, version {kvno:?}\n  ours   {ours}\n  theirs {theirs}"));
            }
        }
    };
    let name = format!("krbtgt/{HERE}@ONPREM.TEST");
    let new = mock_kdc::Password::new(SERVICE);
    check("before");
    theirs.administer(HERE, &format!("cpw -keepold -pw {SERVICE} {name}"));
    ours.set_password(&name, &new, Rotation::KeepOld).unwrap();
    check("old key kept");
    theirs.administer(HERE, &format!("purgekeys {name}"));
    let forgotten = Kdc::new(&realm(HERE, &["ONPREM.TEST"], &[]), &mut SystemRandom).unwrap();
    forgotten.set_password(&name, &new, Rotation::DropOld).unwrap();
    // Without a version MIT's KDC tries the two before the newest as well, whether they are there or not, and says of the last.
    let mut check = |step: &str, of: &[(&'static str, Option<u32>)]| {
        for &(shared, kvno) in of {
            let octets = Forged { shared, kvno, ..good.clone() }.octets(now());
            let theirs = reading(theirs.answer(&octets));
            let ours = reading(forgotten.answer(&octets, now(), &mut SystemRandom).octets);
            println!("{step}, {shared}, {kvno:?}: {theirs}");
            if ours != theirs {
                readings.push(format!("{step}, {shared}, {kvno:?}\n  ours   {ours}\n  theirs {theirs}"));
            }
        }
    };
    check("old key dropped", &[(SHARED, Some(1)), (SHARED, None), (SERVICE, Some(2)), (SERVICE, None)]);
    // 3 alone, then 3 and 4: what is tried last, 1 and 2, is not there.
    for (version, rotation, keeping) in [(3, Rotation::DropOld, ""), (4, Rotation::KeepOld, "-keepold ")] {
        theirs.administer(HERE, &format!("cpw {keeping}-pw {SERVICE} {name}"));
        forgotten.set_password(&name, &new, rotation).unwrap();
        check(&format!("version {version}"), &[(SHARED, None), (SERVICE, None)]);
    }
    assert!(readings.is_empty(), "{}", readings.join("\n"));
}

/// Trusts that go no further.
#[test]
fn a_trust_that_is_not_transitive_is_for_its_own_clients() {
    let mut realm = realm(HERE, &[], &["CORP.TEST"]);
    realm.trusts.trusts = vec![Trust { transitive: false, ..Trust::by_password("ONPREM.TEST", SHARED) }];
    realm.trusts.paths = Capaths::default().with(b"FAR.TEST", HERE.as_bytes(), [&b"ONPREM.TEST"[..]]);
    let kdc = Kdc::new(&realm, &mut SystemRandom).unwrap();
    let answer = |forged: Forged| reading(kdc.answer(&forged.octets(now()), now(), &mut SystemRandom).octets);
    let service = crate::realms::service(HERE);
    let own = Forged::good("alice@ONPREM.TEST", "ONPREM.TEST", HERE, &service);
    let onwards = Forged { wanted: format!("krbtgt/CORP.TEST@{HERE}"), ..own.clone() };
    let beyond = Forged { client: "alice@FAR.TEST", ..own.clone() };
    assert!(answer(own).starts_with("ticket of alice@ONPREM.TEST"));
    assert_eq!(answer(beyond), "28 NON_TRANSITIVE");
    assert_eq!(answer(onwards), "28 NON_TRANSITIVE");
}
