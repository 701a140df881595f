//! MIT's kinit and kvno within FAST (RFC 6113) against the KDC. What they say on KRB5_TRACE is the proof that they did.
//!
//! Without the tools these tests say so and pass; with `SHAKEDOWN_REQUIRE_PEERS=1` their absence is a failure.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use std::process::{Command, Output, Stdio};
use std::sync::{Arc, OnceLock};

use mock_kdc::krb5_conf::krb5_conf;
use mock_kdc::{Fast, Handle, Kdc, Listener, Preauth, Realm, Service, SystemRandom, User};
use shakedown_krb5::crypto::Etype;

const PASSWORD: &str = "correct horse";

/// What libkrb5 says when it puts a request into the tunnel, and when it takes a reply out of it.
const ENCODES: &str = "Encoding request body and padata into FAST request";
const DECODES: &str = "Decoding FAST response";
/// Only a reply that came through the tunnel has a key that strengthens the reply key.
const STRENGTHENED: &str = "FAST reply key: ";

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
    fn new(fast: Fast) -> Self {
        Self::with_settings(fast, "")
    }

    /// With further lines for `[libdefaults]`.
    fn with_settings(fast: Fast, settings: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let handle = runtime.block_on(async { Listener::bind_loopback().await.unwrap().serve(Arc::new(kdc(fast))) });
        let folder = tempfile::tempdir().unwrap();
        let text = krb5_conf("CORP.EXAMPLE.COM", handle.address(), &["db.test".to_owned()]);
        let text = text.replace("[libdefaults]\n", &format!("[libdefaults]\n{settings}\n"));
        std::fs::write(folder.path().join("krb5.conf"), text).unwrap();
        for service in ["host/client.test", "postgres/db.test"] {
            let keytab = handle.kdc().keytab(service, 1).unwrap().write().unwrap();
            std::fs::write(folder.path().join(service.split('/').next().unwrap()), keytab).unwrap();
        }
        Self { handle, runtime, folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, program: &str, arguments: &[&str], input: &str) -> Said {
        use std::io::Write as _;
        let mut child = Command::new(program)
            .args(arguments)
            .env("KRB5_CONFIG", self.path("krb5.conf"))
            .env("KRB5CCNAME", self.path("ccache"))
            .env("KRB5_TRACE", "/dev/stderr")
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

    /// Gets a ticket for the host of the client, which armors the requests of its users.
    fn armor(&self) -> String {
        let (keytab, cache) = (self.path("host"), self.path("armor"));
        self.run("kinit", &["-k", "-t", &keytab, "-c", &cache, "host/client.test"], "").succeeds();
        cache
    }

    fn kinit(&self, armor: &str, user: &str, password: &str) -> Said {
        self.run("kinit", &["-T", armor, user], &format!("{password}\n"))
    }

    /// `as-req krb-error`, and so on, of all that was asked after so much.
    fn trace(&self, after: usize) -> String {
        self.handle.log().since(0).iter().skip(after).flat_map(mock_kdc::Event::trace).collect::<Vec<_>>().join(" ")
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
    fn fails(&self) -> &Self {
        assert!(!self.succeeded, "{}", self.text);
        self
    }

    #[track_caller]
    fn says(&self, text: &str) -> &Self {
        assert!(self.text.contains(text), "'{text}' is not in\n{}", self.text);
        self
    }

    #[track_caller]
    fn does_not_say(&self, text: &str) -> &Self {
        assert!(!self.text.contains(text), "'{text}' is in\n{}", self.text);
        self
    }
}

/// The keys are made once for each setting; each test has a KDC and a log of its own.
fn kdc(fast: Fast) -> Kdc {
    static KDCS: OnceLock<[Kdc; 3]> = OnceLock::new();
    let make = |fast| {
        let mut realm = Realm::new("CORP.EXAMPLE.COM");
        realm.fast = fast;
        let etypes = if fast == Fast::Offered { None } else { Some(vec![Etype::Aes256Sha1]) };
        realm.users.push(User { etypes: etypes.clone(), ..User::new("alice", PASSWORD) });
        realm.users.push(User { etypes, preauth: Some(Preauth::NotRequired), ..User::new("bob", PASSWORD) });
        realm.services.push(Service::new("postgres/db.test"));
        realm.services.push(Service::new("host/client.test"));
        Kdc::new(&realm, &mut SystemRandom).unwrap()
    };
    let all = KDCS.get_or_init(|| [Fast::No, Fast::Offered, Fast::Required].map(make));
    all.iter().find(|kdc| kdc.realm().fast == fast).unwrap().fork()
}

#[test]
fn kinit_proves_the_password_within_the_tunnel() {
    if !have_clients() {
        return;
    }
    let world = World::new(Fast::Offered);
    let armor = world.armor();
    let before = world.handle.log().since(0).len();
    let said = world.kinit(&armor, "alice", PASSWORD);
    said.succeeds().says(ENCODES).says(DECODES).says("Preauth module encrypted_challenge (138)");
    said.says(STRENGTHENED).says("FAST armor key: ").does_not_say("encrypted_timestamp");
    assert_eq!(world.trace(before), "as-req krb-error as-req as-rep");
    world
        .run("klist", &["-C"], "")
        .says("config: fast_avail")
        .says("config: pa_type(krbtgt/CORP.EXAMPLE.COM@CORP.EXAMPLE.COM) = 138");
    world.end();
}

#[test]
fn the_tunnel_may_have_any_etype_and_so_may_the_password() {
    if !have_clients() {
        return;
    }
    for host in Etype::AES {
        for user in Etype::AES {
            // The armor is made of the first etype, the reply key of the other.
            let world = World::with_settings(Fast::Offered, &format!("    permitted_enctypes = {host}"));
            let armor = world.armor();
            let text = std::fs::read_to_string(world.path("krb5.conf")).unwrap();
            let permitted = format!("permitted_enctypes = {user} {host}");
            std::fs::write(world.path("krb5.conf"), text.replace(&format!("permitted_enctypes = {host}"), &permitted))
                .unwrap();
            world.kinit(&armor, "alice", PASSWORD).succeeds().says(STRENGTHENED);
            world.run("kvno", &["postgres/db.test"], "").succeeds().says(STRENGTHENED);
            world.end();
        }
    }
}

#[test]
fn kvno_goes_through_the_tunnel_of_its_own_ticket() {
    if !have_clients() {
        return;
    }
    let world = World::new(Fast::Offered);
    // Without armor too: that the KDC knows FAST is protected by the reply key.
    world.run("kinit", &["alice"], &format!("{PASSWORD}\n")).succeeds().does_not_say(ENCODES);
    world.run("kvno", &["postgres/db.test"], "").succeeds().says(ENCODES).says(DECODES).says(STRENGTHENED);
    let keytab = world.path("postgres");
    world.run("kvno", &["-k", &keytab, "postgres/db.test"], "").succeeds().says("keytab entry valid");
    // An error comes through the tunnel as well.
    let said = world.run("kvno", &["nobody/db.test"], "");
    said.fails().says(DECODES).says("Server nobody/db.test@CORP.EXAMPLE.COM not found in Kerberos database");
    world.end();
}

#[test]
fn a_wrong_password_is_told_within_the_tunnel() {
    if !have_clients() {
        return;
    }
    let world = World::new(Fast::Offered);
    let armor = world.armor();
    let said = world.kinit(&armor, "alice", "wrong");
    said.fails().says(DECODES).says("encrypted_challenge").says("Password incorrect");
    world.kinit(&armor, "nobody", "wrong").fails().says(DECODES).says("not found in Kerberos database");
    world.end();
}

#[test]
fn an_account_without_preauthentication_gets_its_ticket_through_the_tunnel() {
    if !have_clients() {
        return;
    }
    let world = World::new(Fast::Offered);
    let armor = world.armor();
    let said = world.kinit(&armor, "bob", PASSWORD);
    said.succeeds().says(STRENGTHENED).says(STRENGTHENED).does_not_say("encrypted_challenge (138) (real) returned: 0");
    world.end();
}

#[test]
fn a_realm_that_does_not_offer_fast_does_without() {
    if !have_clients() {
        return;
    }
    let world = World::new(Fast::No);
    let armor = world.armor();
    world.kinit(&armor, "alice", PASSWORD).succeeds().does_not_say(ENCODES).says("encrypted_timestamp");
    // kvno tries it all the same, and makes nothing of a reply that does not come through the tunnel.
    world.run("kvno", &["postgres/db.test"], "").succeeds().says(ENCODES).does_not_say(STRENGTHENED);
    world.end();
}

#[test]
fn a_realm_that_requires_armor_refuses_passwords_without() {
    if !have_clients() {
        return;
    }
    let world = World::new(Fast::Required);
    let said = world.run("kinit", &["alice"], &format!("{PASSWORD}\n"));
    said.fails().says("KDC policy rejects request");
    let armor = world.armor();
    world.kinit(&armor, "alice", PASSWORD).succeeds().says(STRENGTHENED);
    world.run("kvno", &["postgres/db.test"], "").succeeds().says(STRENGTHENED);
    world.end();
}

#[test]
fn armor_that_has_ended_is_no_armor() {
    if !have_clients() {
        return;
    }
    let world = World::new(Fast::Offered);
    let armor = world.armor();
    world.handle.kdc().set_clock_offset(36_000 + 400);
    let before = world.handle.log().since(0).len();
    world.kinit(&armor, "alice", PASSWORD).fails();
    assert_eq!(world.handle.log().since(0)[before].outcome.to_string(), "krb 32");
    world.end();
}
