//! MIT's kinit and kvno, and our client over UDP, between realms of which each is ours or MIT's.

use std::net::{SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use mock_kdc::krb5_conf::{Section, krb5_conf_of};
use mock_kdc::{Handle, Kdc, Listener, SystemRandom};
use shakedown_krb5::transited::Capaths;

use crate::mit::{self, MitRealm};
use crate::realms::{DIR, ONPREM, PASSWORD, code, host, login, realm, service, ticket};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Ours,
    Mit,
}

/// A realm that stands on a port.
enum Standing {
    Ours(Handle),
    Mit(MitRealm),
}

/// Realms that stand, and a folder for their clients.
struct World {
    runtime: tokio::runtime::Runtime,
    realms: Vec<(&'static str, Standing)>,
    folder: tempfile::TempDir,
}

/// Name, whose, which realms it trusts, which trust it.
type Plan = (&'static str, Whose, &'static [&'static str], &'static [&'static str]);

impl World {
    fn new(plan: &[Plan]) -> Option<Self> {
        if !mit::have(&["kinit", "kvno"]) {
            return None;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut realms = Vec::new();
        for (name, whose, trusts, trusted_by) in plan {
            let standing = match whose {
                Whose::Ours => {
                    let kdc = Kdc::new(&realm(name, trusts, trusted_by), &mut SystemRandom).unwrap();
                    Standing::Ours(
                        runtime.block_on(async { Listener::bind_loopback().await.unwrap().serve(Arc::new(kdc)) }),
                    )
                }
                Whose::Mit => Standing::Mit(mit::start(name, trusts, trusted_by, "")?),
            };
            realms.push((*name, standing));
        }
        let world = Self { runtime, realms, folder: tempfile::tempdir().unwrap() };
        world.write_configuration();
        Some(world)
    }

    fn write_configuration(&self) {
        let places: Vec<_> = self.realms.iter().map(|(name, standing)| ([host(name)], [standing.address()])).collect();
        let sections: Vec<_> = self
            .realms
            .iter()
            .zip(&places)
            .map(|((realm, _), (domains, kdcs))| Section { realm, kdcs, domains })
            .collect();
        let text = krb5_conf_of(&sections, &Capaths::default());
        std::fs::write(self.folder.path().join("krb5.conf"), text).unwrap();
    }

    fn run(&self, program: &str, argument: &str, input: &str) -> Result<(), String> {
        use std::io::Write as _;
        let mut child = Command::new(program)
            .arg(argument)
            .env("KRB5_CONFIG", self.folder.path().join("krb5.conf"))
            .env("KRB5CCNAME", self.folder.path().join("ccache"))
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(said) }
    }

    /// MIT's client: kinit, then kvno for a service of another realm.
    fn their_ticket(&self, client: &str, wanted: &str) -> Result<(), String> {
        self.run("kinit", client, &format!("{PASSWORD}\n")).unwrap();
        self.run("kvno", wanted, "")
    }

    /// Our client, by UDP.
    fn our_ticket(&self, client: &str, wanted: &str) -> Result<String, shakedown_krb5::client::KerberosFailure> {
        let answer = |realm: &[u8], request: &[u8]| self.answer(realm, request);
        let tgt = login(client, answer).unwrap();
        ticket(tgt, wanted, &Capaths::default(), answer).map(|(_, asked)| asked)
    }

    fn answer(&self, realm: &[u8], request: &[u8]) -> Option<Vec<u8>> {
        let (_, standing) = self.realms.iter().find(|(name, _)| name.as_bytes() == realm)?;
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        socket.connect(standing.address()).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket.send(request).unwrap();
        let mut buffer = [0; 65_535];
        let length = socket.recv(&mut buffer).ok()?;
        Some(buffer[..length].to_vec())
    }

    /// What our KDC of a realm was asked and answered.
    fn trace(&self, realm: &str) -> String {
        let (_, standing) = self.realms.iter().find(|(name, _)| *name == realm).unwrap();
        let Standing::Ours(handle) = standing else { panic!("{realm} is not ours") };
        handle.log().since(0).iter().flat_map(mock_kdc::Event::trace).collect::<Vec<_>>().join(" ")
    }

    fn end(self) {
        for (_, standing) in self.realms {
            if let Standing::Ours(handle) = standing {
                self.runtime.block_on(handle.stop());
            }
        }
    }
}

impl Standing {
    fn address(&self) -> SocketAddr {
        match self {
            Self::Ours(handle) => handle.address(),
            Self::Mit(realm) => realm.address,
        }
    }
}

fn name(service_realm: &str) -> String {
    format!("{}@{service_realm}", service(service_realm))
}

/// A one-way trust with each of the two sides ours or MIT's.
#[test]
fn either_side_of_a_one_way_trust_can_be_mit_s() {
    for (directory, on_premises) in
        [(Whose::Ours, Whose::Mit), (Whose::Mit, Whose::Ours), (Whose::Ours, Whose::Ours), (Whose::Mit, Whose::Mit)]
    {
        let plan: [Plan; 2] = [(DIR, directory, &[ONPREM], &[]), (ONPREM, on_premises, &[], &[DIR])];
        let Some(world) = World::new(&plan) else { return };
        let about = format!("directory {directory:?}, on-premises {on_premises:?}");
        world.their_ticket("alice@ONPREM.TEST", &name(DIR)).unwrap_or_else(|said| panic!("{about}: {said}"));
        let asked = world.our_ticket("alice@ONPREM.TEST", &name(DIR)).unwrap();
        assert_eq!(asked, "ONPREM.TEST DIR.TEST", "{about}");
        let said = world.their_ticket("alice@DIR.TEST", &name(ONPREM)).unwrap_err();
        assert!(said.contains("Server krbtgt/ONPREM.TEST@DIR.TEST not found in Kerberos database"), "{about}: {said}");
        assert_eq!(code(world.our_ticket("alice@DIR.TEST", &name(ONPREM))), 7, "{about}");
        world.end();
    }
}

/// Both directions, the directory's name known by `[domain_realm]` only.
#[test]
fn a_two_way_trust_is_two_one_way_trusts() {
    let plan: [Plan; 2] = [(DIR, Whose::Ours, &[ONPREM], &[ONPREM]), (ONPREM, Whose::Mit, &[DIR], &[DIR])];
    let Some(world) = World::new(&plan) else { return };
    world.their_ticket("alice@ONPREM.TEST", &name(DIR)).unwrap();
    world.their_ticket("alice@DIR.TEST", &name(ONPREM)).unwrap();
    world.end();
}

/// Child, parent and child, each in turn MIT's.
#[test]
fn three_realms_of_a_hierarchy_lead_from_child_to_child() {
    const PARENT: &str = "CORP.TEST";
    const WEST: &str = "WEST.CORP.TEST";
    const EAST: &str = "EAST.CORP.TEST";
    use Whose::{Mit, Ours};
    for [west, parent, east] in [[Ours, Ours, Ours], [Mit, Ours, Ours], [Ours, Mit, Ours], [Ours, Ours, Mit]] {
        let plan: [Plan; 3] = [
            (WEST, west, &[PARENT], &[PARENT]),
            (PARENT, parent, &[WEST, EAST], &[WEST, EAST]),
            (EAST, east, &[PARENT], &[PARENT]),
        ];
        let Some(world) = World::new(&plan) else { return };
        let about = format!("{west:?} {parent:?} {east:?}");
        world.their_ticket("alice@WEST.CORP.TEST", &name(EAST)).unwrap_or_else(|said| panic!("{about}: {said}"));
        let asked = world.our_ticket("alice@WEST.CORP.TEST", &name(EAST)).unwrap();
        assert_eq!(asked, "WEST.CORP.TEST CORP.TEST EAST.CORP.TEST", "{about}");
        world.end();
    }
}

/// Where there is no trust, MIT's client asks our KDC as often as ours does: once, as no other way is written.
#[test]
fn our_client_gives_up_where_mit_s_does() {
    let plan: [Plan; 2] = [(DIR, Whose::Ours, &[], &[]), (ONPREM, Whose::Ours, &[], &[])];
    let trace = |theirs: bool| {
        let world = World::new(&plan)?;
        if theirs {
            world.their_ticket("alice@ONPREM.TEST", &name(DIR)).unwrap_err();
        } else {
            assert_eq!(code(world.our_ticket("alice@ONPREM.TEST", &name(DIR))), 7);
        }
        let trace = world.trace(ONPREM);
        world.end();
        Some(trace)
    };
    let (Some(theirs), Some(ours)) = (trace(true), trace(false)) else { return };
    assert_eq!(ours, theirs);
}
