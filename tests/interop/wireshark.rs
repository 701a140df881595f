//! Captured conversations before Wireshark: it sees logins that went over TLS with their keys, and does not without.

use crate::peer::skip;
use crate::program::Run;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Versions, key exchanges and ciphers in which Wireshark decrypts differently, and both TLS libraries of ours.
const MYSQL: [&str; 5] = [
    "mysql/cipher-suites/3.04.0/tls1.0/ECDHE-RSA-AES128-SHA",
    "mysql/cipher-suites/3.04.0/tls1.1/DHE-RSA-AES256-SHA",
    "mysql/cipher-suites/3.04.0/tls1.2/ECDHE-RSA-AES256-SHA384",
    "mysql/cipher-suites/3.04.0/tls1.2/DHE-RSA-AES128-GCM-SHA256",
    "tls/providers/server-rustls/client-rustls/ECDHE-RSA-AES128-GCM-SHA256",
];
const POSTGRES: &str = "postgres/passwords/scram/tls/right";
const KINIT: &str = "kerberos/kinit/aes256-cts-hmac-sha1-96/wrong-password";
const KERBEROS_LOGIN: &str = "mysql/kerberos-login/3.04.0/by-password/one-way/tls";

#[test]
fn wireshark_reads_a_captured_mysql_login_with_its_keys_only() {
    let Some(capture) = Captured::of(&MYSQL) else { return };
    let login = ["mysql.user", "mysql.caps.cp", "mysql.query"];
    for case in MYSQL {
        with_its_keys_only(
            &capture,
            case,
            "mysql.user == \"alice\" || mysql.query",
            &login,
            "alice\t0\t\n\t\tSELECT 1\n",
        );
    }
}

#[test]
fn wireshark_reads_a_captured_postgresql_login_with_its_keys_only() {
    let Some(capture) = Captured::of(&[POSTGRES]) else { return };
    let startup = ["pgsql.type", "pgsql.parameter_name", "pgsql.parameter_value"];
    with_its_keys_only(
        &capture,
        POSTGRES,
        "pgsql.type == \"Startup message\"",
        &startup,
        "Startup message\tuser,database,application_name\talice,postgres,shakedown\n",
    );
}

/// What a filter finds with the keys in the file, without any, and with the keys beside it.
#[track_caller]
fn with_its_keys_only(capture: &Captured, case: &str, filter: &str, fields: &[&str], expected: &str) {
    let whole = capture.file(case, "1-connect.pcapng");
    assert_eq!(tshark(&whole, filter, fields, &[]), expected, "{case}");
    // That a login is there is seen without keys, in clear and encrypted alike.
    let without = capture.folder.path().join("without-keys.pcapng");
    std::fs::write(&without, without_keys(&std::fs::read(&whole).unwrap())).unwrap();
    assert_eq!(tshark(&without, filter, fields, &[]), "", "{case}");
    assert!(tshark(&without, "tls.handshake.type == 1", &["frame.number"], &[]).lines().count() == 1, "{case}");
    let keys = format!("tls.keylog_file:{}", capture.file(case, "1-connect.keys").display());
    assert_eq!(tshark(&without, filter, fields, &["-o", &keys]), expected, "{case}");
}

#[test]
fn wireshark_reads_what_is_asked_of_a_kdc() {
    let Some(capture) = Captured::of(&[KINIT, KERBEROS_LOGIN]) else { return };
    let fields = ["udp.dstport", "kerberos.msg_type", "kerberos.error_code"];
    // AS-REQ, pre-authentication required, AS-REQ, pre-authentication failed.
    let said = tshark(&capture.file(KINIT, "1-kinit.pcapng"), "kerberos && udp.dstport == 88", &fields, &[]);
    assert_eq!(said, "88\t10\t\n88\t10\t\n");
    let said = tshark(&capture.file(KINIT, "1-kinit.pcapng"), "kerberos && udp.srcport == 88", &fields[1..], &[]);
    assert_eq!(said, "30\t25\n30\t24\n");
    // What a login asks on its way is in its file, between what is said to the server.
    let file = capture.file(KERBEROS_LOGIN, "1-connect.pcapng");
    let said = tshark(&file, "kerberos && udp", &["kerberos.msg_type"], &[]);
    // The TGS-REQ (12) has an AP-REQ (14) in it.
    assert_eq!(said, "10\n30\n10\n11\n12,14\n13\n");
}

#[test]
fn what_a_program_says_to_a_mock_is_captured_too() {
    if Command::new("psql").arg("--version").output().is_err() {
        return skip("psql is not installed");
    }
    let case = "psql-tls/tls1.2/ECDHE-RSA-AES256-GCM-SHA384";
    let Some(capture) = Captured::of_paths(&["tests/interop/scenarios/psql-tls.toml"], &[case]) else { return };
    let startup = ["pgsql.parameter_name", "pgsql.parameter_value"];
    let file = capture.file(case, "1-connect.pcapng");
    let said = tshark(&file, "tls && pgsql.type == \"Startup message\"", &startup, &[]);
    let expected = ["user,database,", "\talice,"];
    assert!(expected.iter().all(|expected| said.contains(expected)) && said.lines().count() == 1, "{said}");
}

/// A folder of conversations with our mocks.
struct Captured {
    folder: tempfile::TempDir,
}

impl Captured {
    fn of(cases: &[&str]) -> Option<Self> {
        Self::of_paths(&[], cases)
    }

    /// Plays cases, all of which have to pass. `None`, with the reason printed, where Wireshark is not installed.
    fn of_paths(paths: &[&str], filters: &[&str]) -> Option<Self> {
        if Command::new("tshark").arg("--version").output().is_err() {
            skip("tshark is not installed (tests/support/install-peers installs it on Debian)");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut arguments = paths.to_vec();
        arguments.extend(["--capture", folder.path().to_str().unwrap()]);
        arguments.extend(filters.iter().flat_map(|filter| ["--filter", filter]));
        let run = Run::play(&arguments, &BTreeMap::new());
        assert!(run.code == Some(0) && run.count("pass") >= filters.len(), "{}", run.printed);
        Some(Self { folder })
    }

    fn file(&self, case: &str, name: &str) -> PathBuf {
        self.folder.path().join(case).join(name)
    }
}

/// What tshark finds: a line for each packet that the filter lets through, its fields separated by tabs.
fn tshark(file: &Path, filter: &str, fields: &[&str], options: &[&str]) -> String {
    let output = Command::new("tshark")
        .args(["-n", "-r"])
        .arg(file)
        .args(options)
        .args(["-Y", filter, "-T", "fields"])
        .args(fields.iter().flat_map(|field| ["-e", field]))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A file of PCAP-NG without its Decryption Secrets Block.
fn without_keys(file: &[u8]) -> Vec<u8> {
    const DECRYPTION_SECRETS: u32 = 10;
    let word = |octets: &[u8]| u32::from_le_bytes(octets[..4].try_into().unwrap());
    let (mut rest, mut kept, mut removed) = (file, Vec::new(), 0);
    while !rest.is_empty() {
        let (block, behind) = rest.split_at(usize::try_from(word(&rest[4..])).unwrap());
        if word(block) == DECRYPTION_SECRETS {
            removed += 1;
        } else {
            kept.extend_from_slice(block);
        }
        rest = behind;
    }
    assert_eq!(removed, 1);
    kept
}
