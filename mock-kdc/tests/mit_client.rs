//! MIT's kinit, kvno and klist against the KDC.
//!
//! Without the tools these tests say so and pass; with `SHAKEDOWN_REQUIRE_PEERS=1` their absence is a failure.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, OnceLock};

use mock_kdc::krb5_conf::krb5_conf;
use mock_kdc::{Deviation, Flavor, Handle, Kdc, Listener, Realm, Service, SystemRandom, Transport, User};
use shakedown_krb5::Principal;
use shakedown_krb5::ccache::CredentialCache;
use shakedown_krb5::crypto::Etype;

const PASSWORD: &str = "correct horse";

/// Whether MIT's clients are there; says why not, and fails where peers are required.
fn have_clients() -> bool {
    let quiet = |name: &str| {
        Command::new(name).arg("-V").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()
    };
    match ["kinit", "klist", "kvno"].into_iter().find(|name| quiet(name).is_err()) {
        None => true,
        Some(missing) => {
            assert!(std::env::var_os("SHAKEDOWN_REQUIRE_PEERS").is_none_or(|v| v != "1"), "{missing} is required");
            eprintln!("skipped: {missing} is not installed (Debian: krb5-user)");
            false
        }
    }
}

/// A KDC, and a folder with what a client of it needs.
struct World {
    handle: Handle,
    runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
}

/// What a client says and how it ends.
struct Said {
    succeeded: bool,
    text: String,
}

impl World {
    fn new() -> Self {
        Self::with_settings("")
    }

    /// With further lines for `[libdefaults]`.
    fn with_settings(settings: &str) -> Self {
        Self::of(new_kdc(), settings)
    }

    fn of(kdc: Kdc, settings: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let handle = runtime.block_on(async { Listener::bind_loopback().await.unwrap().serve(Arc::new(kdc)) });
        let folder = tempfile::tempdir().unwrap();
        let text = krb5_conf("CORP.EXAMPLE.COM", handle.address(), &["db.test".to_owned()]);
        let text = text.replace("[libdefaults]\n", &format!("[libdefaults]\n{settings}\n"));
        std::fs::write(folder.path().join("krb5.conf"), text).unwrap();
        Self { handle, runtime, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, program: &str, arguments: &[&str], input: &str) -> Said {
        use std::io::Write as _;
        let mut child = Command::new(program)
            .args(arguments)
            .env("KRB5_CONFIG", self.path("krb5.conf"))
            .env("KRB5CCNAME", self.path("ccache"))
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A client that needs no password may be gone before it is given one.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        Said { succeeded: status.success(), text }
    }

    fn kinit(&self, arguments: &[&str], password: &str) -> Said {
        self.run("kinit", arguments, &format!("{password}\n"))
    }

    fn cache(&self) -> CredentialCache {
        CredentialCache::read(&std::fs::read(self.path("ccache")).unwrap()).unwrap()
    }

    /// `as-req krb-error`, and so on, of all that was asked.
    fn trace(&self) -> String {
        self.handle.log().since(0).iter().flat_map(mock_kdc::Event::trace).collect::<Vec<_>>().join(" ")
    }

    fn write_keytab(&self, principal: &str) -> String {
        let path = self.path("keytab");
        std::fs::write(&path, self.handle.kdc().keytab(principal, 1).unwrap().write().unwrap()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn end(self) {
        self.runtime.block_on(self.handle.stop());
    }
}

impl Said {
    #[track_caller]
    fn succeeds(&self) -> &Self {
        assert!(self.succeeded, "{}", self.text);
        self
    }

    #[track_caller]
    fn fails_with(&self, text: &str) {
        assert!(!self.succeeded && self.text.contains(text), "{}", self.text);
    }
}

/// The keys are made once for all tests of this file; each has a KDC and a log of its own.
fn new_kdc() -> Kdc {
    static KDC: OnceLock<Kdc> = OnceLock::new();
    let kdc = KDC.get_or_init(|| {
        let mut realm = Realm::new("CORP.EXAMPLE.COM");
        realm.users.push(User::new("alice", PASSWORD));
        realm.users.push(User {
            salt: Some(b"another salt".to_vec()),
            etypes: Some(vec![Etype::Aes256Sha1]),
            ..User::new("bob", PASSWORD)
        });
        realm.users.push(User {
            disabled: true,
            etypes: Some(vec![Etype::Aes256Sha1]),
            ..User::new("locked", PASSWORD)
        });
        realm.services.push(Service::new("postgres/db.test"));
        realm.services.push(Service {
            kvno: 3,
            etypes: Some(vec![Etype::Aes128Sha256]),
            ..Service::new("mysql/db.test")
        });
        Kdc::new(&realm, &mut SystemRandom).unwrap()
    });
    kdc.fork()
}

#[test]
fn each_encryption_type_logs_in_and_gets_a_service_ticket() {
    if !have_clients() {
        return;
    }
    for etype in Etype::AES {
        let name = etype.name();
        let world =
            World::with_settings(&format!("    permitted_enctypes = {name}\n    default_tkt_enctypes = {name}"));
        world.kinit(&["alice"], PASSWORD).succeeds();
        world.run("kvno", &["postgres/db.test"], "").succeeds();
        // The client's settings decide about session keys; the first key of a service about its tickets.
        let tickets: Vec<_> = world.cache().tickets().map(|ticket| ticket.key.etype).collect();
        assert_eq!(tickets, [etype.number(); 2], "{name}");
        let shown = world.run("klist", &["-e"], "");
        let line = format!("Etype (skey, tkt): {name}, aes256-cts-hmac-sha1-96");
        assert_eq!(shown.succeeds().text.matches(&line).count(), 2, "{}", shown.text);
        assert_eq!(world.trace(), "as-req krb-error as-req as-rep tgs-req tgs-rep");
        world.end();
    }
}

#[test]
fn what_kinit_and_kvno_write_is_what_we_read() {
    if !have_clients() {
        return;
    }
    let world = World::new();
    world.kinit(&["-f", "-p", "-l", "600", "-r", "3600", "alice"], PASSWORD).succeeds();
    world.run("kvno", &["mysql/db.test"], "").succeeds();
    let cache = world.cache();
    assert_eq!(cache.principal.to_string(), "alice@CORP.EXAMPLE.COM");
    let tgt = cache.find(&Principal::krbtgt(b"CORP.EXAMPLE.COM")).unwrap();
    let (life, renewable) = (tgt.end_time - tgt.start_time, tgt.renew_till - tgt.start_time);
    assert!((599..=601).contains(&life) && (3599..=3601).contains(&renewable), "{life} {renewable}");
    // forwardable, proxiable, renewable, initial, pre-authenticated, with a checksum of the request.
    assert_eq!(tgt.flags, 0x50e1_0000);
    let service = cache.find(&"mysql/db.test@CORP.EXAMPLE.COM".parse().unwrap()).unwrap();
    assert_eq!((service.end_time, service.flags), (tgt.end_time, 0x50a9_0000));
    world.end();
}

#[test]
fn the_service_s_keytab_opens_the_ticket() {
    if !have_clients() {
        return;
    }
    let world = World::new();
    world.kinit(&["alice"], PASSWORD).succeeds();
    let keytab = world.write_keytab("mysql/db.test");
    let said = world.run("kvno", &["-k", &keytab, "mysql/db.test"], "");
    assert!(
        said.succeeds().text.contains("mysql/db.test@CORP.EXAMPLE.COM: kvno = 3, keytab entry valid"),
        "{}",
        said.text
    );
    // The counter-check: a keytab of somebody else does not.
    let keytab = world.write_keytab("postgres/db.test");
    assert!(!world.run("kvno", &["-k", &keytab, "mysql/db.test"], "").succeeded);
    world.end();
}

#[test]
fn refusals_are_told_in_mit_s_words() {
    if !have_clients() {
        return;
    }
    let world = World::new();
    world.kinit(&["alice"], "wrong").fails_with("Password incorrect");
    world.kinit(&["nobody"], PASSWORD).fails_with("not found in Kerberos database");
    world.kinit(&["locked"], PASSWORD).fails_with("credentials have been revoked");
    world.kinit(&["alice"], PASSWORD).succeeds();
    world
        .run("kvno", &["nobody/db.test"], "")
        .fails_with("Server nobody/db.test@CORP.EXAMPLE.COM not found in Kerberos database");
    world.end();
}

#[test]
fn an_encryption_type_that_the_realm_does_not_have_is_refused() {
    if !have_clients() {
        return;
    }
    let world = World::with_settings("    permitted_enctypes = camellia256-cts-cmac");
    world.kinit(&["alice"], PASSWORD).fails_with("KDC has no support for encryption type");
    world.end();
}

#[test]
fn a_keytab_logs_in_as_a_password_does() {
    if !have_clients() {
        return;
    }
    let world = World::new();
    let keytab = world.write_keytab("alice");
    world.kinit(&["-k", "-t", &keytab, "alice"], "").succeeds();
    world.run("klist", &["-s"], "").succeeds();
    world.end();
}

#[test]
fn a_salt_that_is_not_the_default_is_told() {
    if !have_clients() {
        return;
    }
    let world = World::new();
    world.kinit(&["bob"], PASSWORD).succeeds();
    world.end();
}

#[test]
fn udp_comes_first_unless_the_client_is_told_otherwise() {
    if !have_clients() {
        return;
    }
    for (settings, expected) in [("", Transport::Udp), ("    udp_preference_limit = 1", Transport::Tcp)] {
        let world = World::with_settings(settings);
        world.kinit(&["alice"], PASSWORD).succeeds();
        world.run("kvno", &["postgres/db.test"], "").succeeds();
        let used: Vec<_> = world.handle.log().since(0).iter().map(|event| event.transport).collect();
        assert_eq!(used, [Some(expected); 3]);
        world.end();
    }
}

#[test]
fn a_ticket_is_renewed() {
    if !have_clients() {
        return;
    }
    let world = World::new();
    world.kinit(&["-r", "1h", "-l", "10m", "alice"], PASSWORD).succeeds();
    world.kinit(&["-R"], "").succeeds();
    assert_eq!(world.trace(), "as-req krb-error as-req as-rep tgs-req tgs-rep");
    world.end();
}

#[test]
fn a_kdc_whose_clock_is_hours_ahead_is_followed() {
    if !have_clients() {
        return;
    }
    let world = World::new();
    world.handle.kdc().set_clock_offset(36_000);
    world.kinit(&["alice"], PASSWORD).succeeds();
    let offset = world.cache().kdc_offset.unwrap().seconds;
    assert!((35_999..=36_001).contains(&offset), "{offset}");
    world.run("kvno", &["postgres/db.test"], "").succeeds();
    // With that offset in mind, a clock that is put right again is one that is off.
    world.handle.kdc().set_clock_offset(0);
    world.run("kvno", &["mysql/db.test"], "").fails_with("");
    let last = world.handle.log().since(0).pop().unwrap();
    assert_eq!(last.outcome.to_string(), "krb 33");
    world.end();
}

#[test]
fn an_active_directory_is_spoken_to_as_clients_speak_to_one() {
    if !have_clients() {
        return;
    }
    let mut realm = Realm::of(Flavor::ActiveDirectory, "CORP.EXAMPLE.COM");
    realm.etypes = vec![Etype::Aes256Sha1];
    realm.users = vec![
        User { upn: Some("alice.liddell@example.com".to_owned()), ..User::new("Alice", PASSWORD) },
        User { must_change_password: true, ..User::new("newcomer", PASSWORD) },
        User { aliases: vec!["postgres/db.test".to_owned()], ..User::computer("DB01$", PASSWORD) },
    ];
    realm.services = vec![Service::new("kadmin/changepw")];
    let world = World::of(Kdc::new(&realm, &mut SystemRandom).unwrap(), "");
    let client = || world.cache().principal.to_string();
    // Another case and the canonical name, the name of a user, the same before the realm's name.
    world.kinit(&["alice"], PASSWORD).succeeds();
    assert_eq!(client(), "alice@CORP.EXAMPLE.COM");
    world.kinit(&["-C", "alice"], PASSWORD).succeeds();
    assert_eq!(client(), "Alice@CORP.EXAMPLE.COM");
    for name in ["alice.liddell@example.com", "ALICE@corp.example.com"] {
        world.kinit(&["-C", "-E", name], PASSWORD).succeeds();
        assert_eq!(client(), "Alice@CORP.EXAMPLE.COM");
    }
    world.kinit(&["-E", "alice.liddell@example.com"], PASSWORD).succeeds();
    assert_eq!(client(), "alice.liddell\\@example.com@CORP.EXAMPLE.COM");
    world.run("kvno", &["postgres/db.test"], "").succeeds();
    world.run("kvno", &["newcomer"], "").fails_with("valid for user2user only");
    world.kinit(&["DB01$"], PASSWORD).succeeds();
    world.kinit(&["alice"], "wrong").fails_with("Password incorrect");
    world.kinit(&["newcomer"], PASSWORD).fails_with("Password expired");
    world.end();
}

#[test]
fn a_ticket_that_begins_later_is_validated() {
    if !have_clients() {
        return;
    }
    let world = World::new();
    world.kinit(&["-s", "2s", "-l", "1h", "alice"], PASSWORD).succeeds();
    let flags = || world.run("klist", &["-f"], "").text.split("Flags: ").nth(1).unwrap().trim().to_owned();
    // D: may be postdated, d: is, i: invalid, I: initial, A: pre-authenticated.
    assert_eq!(flags(), "DdiIA");
    world.kinit(&["-v"], "").fails_with("Ticket not yet valid");
    world.handle.kdc().set_clock_offset(10);
    world.kinit(&["-v"], "").succeeds();
    assert_eq!(flags().replace('T', ""), "DdIA");
    world.end();
}

#[test]
fn a_ticket_that_has_ended_is_stored_and_is_none() {
    if !have_clients() {
        return;
    }
    let world = World::new();
    world.handle.kdc().set_deviations(&[Deviation::named("end-time-in-the-past").unwrap()]);
    world.kinit(&["alice"], PASSWORD).succeeds();
    assert!(!world.run("klist", &["-s"], "").succeeded);
    world.handle.kdc().set_deviations(&[]);
    world.kinit(&["alice"], PASSWORD).succeeds();
    world.run("klist", &["-s"], "").succeeds();
    world.end();
}
