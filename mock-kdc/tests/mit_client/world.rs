//! A realm of a flavor, its KDC on a port, and MIT's clients beside it.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, OnceLock};

use mock_kdc::krb5_conf::krb5_conf;
use mock_kdc::{Flavor, Handle, Kdc, Listener, Realm, Service, SystemRandom, User};
use shakedown_krb5::ccache::CredentialCache;
use shakedown_krb5::crypto::{Etype, usage};
use shakedown_krb5::messages::{Codec as _, EncTicketPart, Ticket};
use shakedown_krb5::{Principal, Timestamp};

pub(crate) const REALM: &str = "CORP.EXAMPLE.COM";
pub(crate) const PASSWORD: &str = "correct horse";
/// All that clients can have, in the order of the KDC.
pub(crate) const ETYPES: [Etype; 5] =
    [Etype::Aes256Sha1, Etype::Aes128Sha1, Etype::Aes256Sha384, Etype::Aes128Sha256, Etype::Rc4Hmac];
/// Longer than any datagram of an Active Directory.
const MANY_GROUPS: std::ops::Range<u32> = 2000..2400;

/// Whether MIT's clients are there; says why not, and fails where peers are required.
fn have_clients() -> bool {
    static MISSING: OnceLock<Option<&str>> = OnceLock::new();
    let quiet = |name: &str| {
        Command::new(name).arg("-V").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()
    };
    let missing = MISSING.get_or_init(|| ["kinit", "klist", "kvno"].into_iter().find(|name| quiet(name).is_err()));
    if let Some(missing) = missing {
        assert!(std::env::var_os("SHAKEDOWN_REQUIRE_PEERS").is_none_or(|v| v != "1"), "{missing} is required");
        eprintln!("skipped: {missing} is not installed (Debian: krb5-user)");
    }
    missing.is_none()
}

/// Plays a test in a new realm of each flavor, which differ in what the flavors differ in.
pub(crate) fn in_each_flavor(settings: &str, test: impl Fn(&World)) {
    for flavor in Flavor::ALL {
        in_realm(&kdc(*flavor), settings, &test);
    }
}

/// Plays a test with a copy of this KDC that has a log of its own, and further lines for `[libdefaults]`.
pub(crate) fn in_realm(kdc: &Kdc, settings: &str, test: impl FnOnce(&World)) {
    if !have_clients() {
        return;
    }
    let world = World::of(kdc.fork(), settings);
    test(&world);
    world.runtime.block_on(world.handle.stop());
}

/// A KDC, and a folder with what a client of it needs.
pub(crate) struct World {
    pub(crate) flavor: Flavor,
    pub(crate) handle: Handle,
    runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
}

/// What a client says and how it ends.
pub(crate) struct Said {
    pub(crate) succeeded: bool,
    pub(crate) text: String,
}

impl World {
    fn of(kdc: Kdc, settings: &str) -> Self {
        let flavor = kdc.realm().flavor;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let handle = runtime.block_on(async { Listener::bind_loopback().await.unwrap().serve(Arc::new(kdc)) });
        let world = Self { flavor, handle, runtime, folder: tempfile::tempdir().unwrap() };
        world.configure(settings);
        world
    }

    /// Writes krb5.conf with these lines in `[libdefaults]`. Clients of 1.21 and later are told to use RC4 still.
    pub(crate) fn configure(&self, settings: &str) {
        let text = krb5_conf(REALM, self.handle.address(), &["db.test".to_owned()]);
        let lines = format!("[libdefaults]\n    allow_rc4 = true\n{settings}\n");
        std::fs::write(self.path("krb5.conf"), text.replace("[libdefaults]\n", &lines)).unwrap();
    }

    pub(crate) fn is_ad(&self) -> bool {
        self.flavor == Flavor::ActiveDirectory
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a program. What libkrb5 says of its steps comes after what the program says.
    pub(crate) fn run(&self, program: &str, arguments: &[&str], input: &str) -> Said {
        use std::io::Write as _;
        let trace = self.path("trace");
        let _ = std::fs::remove_file(&trace);
        let mut child = Command::new(program)
            .args(arguments)
            .env("KRB5_CONFIG", self.path("krb5.conf"))
            .env("KRB5CCNAME", self.path("ccache"))
            .env("KRB5_TRACE", &trace)
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A client that needs no password may be gone before it is given one.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let mut text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        text.push_str(&std::fs::read_to_string(&trace).unwrap_or_default());
        Said { succeeded: status.success(), text }
    }

    pub(crate) fn kinit(&self, arguments: &[&str], password: &str) -> Said {
        self.run("kinit", arguments, &format!("{password}\n"))
    }

    pub(crate) fn kvno(&self, arguments: &[&str]) -> Said {
        self.run("kvno", arguments, "")
    }

    pub(crate) fn cache(&self) -> CredentialCache {
        CredentialCache::read(&std::fs::read(self.path("ccache")).unwrap()).unwrap()
    }

    /// The flags that klist shows of the only ticket.
    pub(crate) fn flags(&self) -> String {
        let shown = self.run("klist", &["-f"], "");
        let mut flags = shown.text.split("Flags: ").skip(1);
        let first = flags.next().unwrap().split_whitespace().next().unwrap().to_owned();
        assert!(flags.next().is_none(), "{}", shown.text);
        first
    }

    /// What kvno makes of the words of MIT's KDC, and of an error without any.
    pub(crate) fn words_for_unknown_service(&self, service: &str) -> String {
        if self.is_ad() {
            "Server not found in Kerberos database".to_owned()
        } else {
            format!("Server {service}@{REALM} not found in Kerberos database")
        }
    }

    /// `as-req krb-error`, and so on, of all that was asked.
    pub(crate) fn trace(&self) -> String {
        self.trace_after(0)
    }

    /// The same without the first so many exchanges.
    pub(crate) fn trace_after(&self, count: usize) -> String {
        self.handle.log().since(0).iter().skip(count).flat_map(mock_kdc::Event::trace).collect::<Vec<_>>().join(" ")
    }

    /// `krb 25`, and so on.
    pub(crate) fn last_outcome(&self) -> String {
        self.handle.log().since(0).pop().unwrap().outcome.to_string()
    }

    pub(crate) fn write_keytab(&self, principal: &str) -> String {
        let path = self.path(&format!("{}.keytab", principal.replace('/', "-")));
        std::fs::write(&path, self.handle.kdc().keytab(principal, 1).unwrap().write().unwrap()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What is in the ticket for a service, which only the service can read.
    pub(crate) fn opened(&self, service: &str) -> EncTicketPart {
        let name: Principal = format!("{service}@{REALM}").parse().unwrap();
        let cache = self.cache();
        let ticket = Ticket::decode(&cache.find(&name).unwrap().ticket).unwrap();
        let sealed = ticket.enc_part();
        let keytab = self.handle.kdc().keytab(service, 0).unwrap();
        let keys = keytab.entries.iter().filter_map(|entry| entry.key.key());
        let key = keys.into_iter().find(|key| key.etype().number() == sealed.etype).unwrap();
        EncTicketPart::decode(&key.decrypt(usage::TICKET, &sealed.cipher).unwrap()).unwrap()
    }
}

impl Said {
    #[track_caller]
    pub(crate) fn succeeds(&self) -> &Self {
        assert!(self.succeeded, "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn fails(&self) -> &Self {
        assert!(!self.succeeded, "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn fails_with(&self, text: &str) {
        self.fails().says(text);
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.text.contains(text), "'{text}' is not in\n{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn does_not_say(&self, text: &str) -> &Self {
        assert!(!self.text.contains(text), "'{text}' is in\n{}", self.text);
        self
    }
}

/// The realm that most tests use; its keys are made once.
pub(crate) fn kdc(flavor: Flavor) -> Kdc {
    static KDCS: OnceLock<[Kdc; 2]> = OnceLock::new();
    let make = |flavor| Kdc::new(&realm(flavor), &mut SystemRandom).unwrap();
    let all = KDCS.get_or_init(|| [Flavor::Mit, Flavor::ActiveDirectory].map(make));
    all.iter().find(|kdc| kdc.realm().flavor == flavor).unwrap().fork()
}

/// With accounts of every state, and a service for each encryption type.
pub(crate) fn realm(flavor: Flavor) -> Realm {
    let mut realm = Realm::of(flavor, REALM);
    realm.etypes = ETYPES.to_vec();
    realm.upn_suffixes = vec!["example.com".to_owned()];
    realm.postdated = true;
    let user = |name| User { etypes: Some(vec![Etype::Aes256Sha1]), ..User::new(name, PASSWORD) };
    let past = Some(Timestamp::from_seconds(1_600_000_000));
    realm.users = vec![
        User { etypes: None, upn: Some("alice.liddell@example.com".to_owned()), ..User::new("alice", PASSWORD) },
        User { salt: Some(b"another salt".to_vec()), ..user("bob") },
        User { groups: MANY_GROUPS.collect(), ..user("carol") },
        User { disabled: true, ..user("disabled") },
        User { locked_out: true, ..user("locked") },
        User { expires: past, ..user("ended") },
        User { password_expires: past, ..user("stale") },
        User { must_change_password: true, ..user("newcomer") },
        User { valid_from: Some(Timestamp::from_seconds(4_000_000_000)), ..user("early") },
    ];
    if flavor == Flavor::ActiveDirectory {
        let aliases = vec!["host/db01.test".to_owned(), "shared/db.test".to_owned()];
        realm.users.push(User { kind: mock_kdc::Kind::Computer, aliases, ..user("DB01$") });
    }
    realm.services = vec![
        Service::new("postgres/db.test"),
        Service { kvno: 3, etypes: Some(vec![Etype::Aes128Sha256]), ..Service::new("mysql/db.test") },
        Service::new("host/client.test"),
        Service::new("kadmin/changepw"),
    ];
    realm.services.extend(ETYPES.map(|etype| {
        let both = Some(vec![etype]);
        Service { etypes: both.clone(), session_etypes: both, ..Service::new(&service_of(etype)) }
    }));
    realm
}

/// The service whose tickets, and session keys with it, have this encryption type alone.
pub(crate) fn service_of(etype: Etype) -> String {
    format!("etype{}/db.test", etype.number())
}

/// As klist shows it.
pub(crate) fn shown(etype: Etype) -> String {
    if etype == Etype::Rc4Hmac { "DEPRECATED:arcfour-hmac".to_owned() } else { etype.name().to_owned() }
}
