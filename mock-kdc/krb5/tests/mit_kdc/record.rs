//! Records what kinit, kvno and krb5kdc really say to each other.

use crate::realm::{self, ALICE_PASSWORD, Realm, program, run};
use shakedown_krb5::messages::MessageKind;
use std::io::Write;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

#[test]
#[ignore = "writes tests/golden; run it to record the files anew"]
fn record_the_golden_files() {
    for (directory, settings) in [("mit-default", ""), ("mit-aes256-sha2", " permitted_enctypes = aes256-sha2\n")] {
        let realm = realm::start(&[]).expect("recording needs MIT Kerberos");
        let relay = Relay::start(realm.port);
        realm.point_clients_at(relay.port, settings);
        kinit(&realm, "alice", ALICE_PASSWORD, true);
        run(realm.command("kvno").arg("postgres/db.test"));
        assert!(!realm.command("kvno").arg("no/such").output().unwrap().status.success());
        kinit(&realm, "alice", "wrong", false);
        kinit(&realm, "mallory", "any", false);
        write(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(directory), &relay.stop());
    }
}

fn kinit(realm: &Realm, who: &str, password: &str, succeeds: bool) {
    // -k -t and other ways to give a password exist, but this is the one that people use.
    let mut child = realm.command("kinit").arg(who).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    assert_eq!(child.wait().unwrap().success(), succeeds, "kinit {who}");
}

/// One file per message, numbered in the order in which they passed.
fn write(target: &Path, messages: &[Vec<u8>]) {
    let text = |arguments: &[&str]| {
        let output = std::process::Command::new(program(arguments[0]).unwrap()).args(&arguments[1..]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let (date, version) = (text(&["date", "-u", "+%Y-%m-%d"]), text(&["klist", "-V"]));
    std::fs::create_dir_all(target).unwrap();
    for (index, message) in messages.iter().enumerate() {
        let kind = MessageKind::of(message).unwrap().to_string();
        let mut file = format!("# {kind}; recorded {date} from {version}\n");
        for line in message.chunks(32) {
            line.iter().for_each(|octet| file.push_str(&format!("{octet:02x}")));
            file.push('\n');
        }
        let name = format!("{:02}-{}.hex", index + 1, kind.replace(' ', "-"));
        std::fs::write(target.join(name), file).unwrap();
    }
}

/// Passes datagrams on to the KDC and back, one conversation at a time, and keeps them.
struct Relay {
    port: u16,
    messages: Arc<Mutex<Vec<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Relay {
    fn start(kdc: u16) -> Self {
        let front = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = front.local_addr().unwrap().port();
        let (messages, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (kept, stopped) = (messages.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let patience = Some(Duration::from_millis(100));
            front.set_read_timeout(patience).unwrap();
            let mut buffer = vec![0; 65536];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, client)) = front.recv_from(&mut buffer) else { continue };
                kept.lock().unwrap().push(buffer[..length].to_vec());
                let back = UdpSocket::bind("127.0.0.1:0").unwrap();
                back.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                back.send_to(&buffer[..length], ("127.0.0.1", kdc)).unwrap();
                let length = back.recv(&mut buffer).unwrap();
                kept.lock().unwrap().push(buffer[..length].to_vec());
                front.send_to(&buffer[..length], client).unwrap();
            }
        });
        Self { port, messages, stop, thread }
    }

    fn stop(self) -> Vec<Vec<u8>> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
        std::mem::take(&mut self.messages.lock().unwrap())
    }
}
