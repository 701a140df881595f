//! Our files under MIT's tools, and MIT's files under our readers.
//!
//! Without the tools these tests say so and pass; with `SHAKEDOWN_REQUIRE_PEERS=1` their absence is a failure.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use shakedown_krb5::ccache::{CredentialCache, KdcOffset, Record};
use shakedown_krb5::keytab::{Entry, Keyblock, Keytab};

/// Whether `program` can be run; says why not, and fails where peers are required.
fn have(program: &str) -> bool {
    let found =
        Command::new(program).arg("--help").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok() {
        return true;
    }
    assert!(
        std::env::var_os("SHAKEDOWN_REQUIRE_PEERS").is_none_or(|v| v != "1"),
        "{program} is required and not installed"
    );
    eprintln!("skipped: {program} is not installed (Debian: krb5-user)");
    false
}

/// Runs a tool of MIT with a configuration of its own and returns what it printed.
fn run(folder: &Path, program: &str, arguments: &[&str], input: &str) -> String {
    let config = folder.join("krb5.conf");
    std::fs::write(&config, "[libdefaults]\ndefault_realm = CORP.EXAMPLE.COM\ndns_lookup_kdc = false\n").unwrap();
    let mut child = Command::new(program)
        .args(arguments)
        .env("KRB5_CONFIG", config)
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn keytab() -> Keytab {
    let entry = |principal: &str, kvno, etype, length: u8| Entry {
        principal: principal.parse().unwrap(),
        timestamp: 1_000_000_000,
        kvno,
        key: Keyblock::new(etype, &(0..length).collect::<Vec<_>>()),
    };
    Keytab {
        entries: vec![
            entry("alice@CORP.EXAMPLE.COM", 1, 17, 16),
            entry("postgres/db.test@CORP.EXAMPLE.COM", 2, 18, 32),
            entry("postgres/db.test@CORP.EXAMPLE.COM", 255, 19, 16),
            entry("postgres/db.test@CORP.EXAMPLE.COM", 256, 20, 32),
        ],
    }
}

#[test]
fn klist_shows_the_keys_of_a_keytab_of_ours() {
    if !have("klist") {
        return;
    }
    let folder = folder("klist-keytab");
    let path = folder.join("ours.keytab");
    std::fs::write(&path, keytab().write().unwrap()).unwrap();
    let shown = run(&folder, "klist", &["-k", "-e", "-K", path.to_str().unwrap()], "");
    for line in [
        "   1 alice@CORP.EXAMPLE.COM (aes128-cts-hmac-sha1-96)  (0x000102030405060708090a0b0c0d0e0f)",
        "   2 postgres/db.test@CORP.EXAMPLE.COM (aes256-cts-hmac-sha1-96)  (0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f)",
        " 255 postgres/db.test@CORP.EXAMPLE.COM (aes128-cts-hmac-sha256-128)  (0x000102030405060708090a0b0c0d0e0f)",
        " 256 postgres/db.test@CORP.EXAMPLE.COM (aes256-cts-hmac-sha384-192)  (0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f)",
    ] {
        assert!(shown.contains(line), "{line}\nis not in\n{shown}");
    }
}

#[test]
fn ktutil_reads_a_keytab_of_ours_and_we_read_what_it_writes() {
    if !have("ktutil") {
        return;
    }
    let folder = folder("ktutil");
    let (ours, theirs) = (folder.join("ours.keytab"), folder.join("theirs.keytab"));
    std::fs::write(&ours, keytab().write().unwrap()).unwrap();
    let _ = std::fs::remove_file(&theirs);
    let script = format!("rkt {}\ndelent 1\nwkt {}\nq\n", ours.display(), theirs.display());
    run(&folder, "ktutil", &[], &script);
    let mut read = Keytab::read(&std::fs::read(&theirs).unwrap()).unwrap();
    // ktutil puts the time of writing into each entry.
    read.entries.iter_mut().for_each(|entry| entry.timestamp = 1_000_000_000);
    assert_eq!(read.entries, keytab().entries[1..]);
}

#[test]
fn klist_shows_the_tickets_of_a_cache_of_ours() {
    if !have("klist") {
        return;
    }
    let folder = folder("klist-ccache");
    let path = folder.join("ours.ccache");
    std::fs::write(&path, cache().write().unwrap()).unwrap();
    let shown = run(&folder, "klist", &["-e", "-f", "-C", path.to_str().unwrap()], "");
    for line in [
        "Default principal: alice@CORP.EXAMPLE.COM",
        "09/09/01 01:46:40  09/09/01 11:46:40  postgres/db.test@CORP.EXAMPLE.COM",
        "renew until 09/10/01 01:46:40, Flags: FRA",
        "Etype (skey, tkt): aes128-cts-hmac-sha256-128, aes256-cts-hmac-sha384-192",
        "config: fast_avail(krbtgt/CORP.EXAMPLE.COM@CORP.EXAMPLE.COM) = yes",
    ] {
        assert!(shown.contains(line), "{line}\nis not in\n{shown}");
    }
    assert!(!shown.contains("removed/"), "{shown}");
}

/// A ticket for postgres/db.test, a configuration entry, and a ticket that was removed.
fn cache() -> CredentialCache {
    // Ticket (RFC 4120 §5.3) whose enc-part names etype 20: klist shows it without having the key.
    let ticket = [
        b"\x61\x41\x30\x3f\xa0\x03\x02\x01\x05".as_slice(), // [APPLICATION 1] SEQUENCE, tkt-vno [0] 5
        b"\xa1\x12\x1b\x10CORP.EXAMPLE.COM",                // realm [1]
        b"\xa2\x15\x30\x13\xa0\x03\x02\x01\x01",            // sname [2], name-type [0] 1
        b"\xa1\x0c\x30\x0a\x1b\x08postgres",                // name-string [1]
        b"\xa3\x0d\x30\x0b\xa0\x03\x02\x01\x14",            // enc-part [3], etype [0] 20
        b"\xa2\x04\x04\x02\x00\x00",                        // cipher [2]
    ]
    .concat();
    let service = Record {
        client: "alice@CORP.EXAMPLE.COM".parse().unwrap(),
        server: "postgres/db.test@CORP.EXAMPLE.COM".parse().unwrap(),
        key: Keyblock::new(19, &[7; 16]),
        auth_time: 1_000_000_000,
        start_time: 1_000_000_000,
        end_time: 1_000_036_000,
        renew_till: 1_000_086_400,
        is_skey: false,
        flags: 0x4020_0000 | 0x0080_0000,
        addresses: Vec::new(),
        authorization_data: Vec::new(),
        ticket,
        second_ticket: Vec::new(),
    };
    let mut removed = service.clone();
    removed.server = "removed/db.test@CORP.EXAMPLE.COM".parse().unwrap();
    (removed.auth_time, removed.end_time) = (u32::MAX, 0);
    let mut configuration = service.clone();
    configuration.server.realm = b"X-CACHECONF:".to_vec();
    configuration.server.components =
        ["krb5_ccache_conf_data", "fast_avail", "krbtgt/CORP.EXAMPLE.COM@CORP.EXAMPLE.COM"]
            .map(|c| c.as_bytes().to_vec())
            .to_vec();
    configuration.key = Keyblock::new(0, &[]);
    (configuration.auth_time, configuration.start_time, configuration.end_time) = (0, 0, 0);
    configuration.ticket = b"yes".to_vec();
    CredentialCache {
        principal: "alice@CORP.EXAMPLE.COM".parse().unwrap(),
        kdc_offset: Some(KdcOffset { seconds: 0, micros: 0 }),
        records: vec![configuration, removed, service],
    }
}
