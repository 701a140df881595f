//! One server: its folder, its start, its roles.

use super::programs::Programs;
use super::{SUPERUSER, configuration, set_up};
use crate::error::Error;
use crate::testbed::process::folder::Folder;
use crate::testbed::process::owner::Owner;
use crate::testbed::process::ports::{self, Unstarted};
use crate::testbed::process::product::{KEYTAB, Order, Running};
use crate::testbed::process::setup;
use crate::testbed::process::signal::Signal;
use crate::testbed::process::supervised::Supervised;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Where clients come from.
const LOOPBACK: [&str; 2] = ["127.0.0.1/32", "::1/128"];

/// How long it may take until it answers.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// Starts a server as ordered and makes its roles.
pub(super) async fn start(
    programs: &Programs,
    owner: Option<&Owner>,
    template: &Folder,
    order: &Order,
) -> Result<Running, Error> {
    let folder = Folder::for_server("postgres", owner)?;
    set_up::copy(template, &folder, owner).await?;
    folder.write("data/postgresql.conf", configuration::postgresql_conf(&order.planned, folder.path()).as_bytes())?;
    folder.write("data/pg_hba.conf", configuration::pg_hba_conf(&order.planned.hba, &LOOPBACK).as_bytes())?;
    if let Some(certified) = &order.tls {
        folder.write("server.pem", certified.chain.as_bytes())?;
        folder.write("server.key", certified.key.as_bytes())?;
    }
    if let Some(identity) = &order.kerberos {
        folder.write("krb5.conf", identity.krb5_conf.as_bytes())?;
        if let Some(keytab) = &identity.keytab {
            folder.write(KEYTAB, keytab)?;
        }
    }
    let on_port = |port| {
        let socket = folder.path().join(format!(".s.PGSQL.{port}"));
        let launched = launch(programs, owner, &folder, order, port);
        async move {
            let program = launched?;
            match program.await_ready(START_PATIENCE, || answers(socket.clone())).await {
                Ok(()) => Ok((program, port)),
                Err(_) if program.log().contains("Address already in use") => Err(Unstarted::PortTaken),
                Err(problem) => Err(problem.into()),
            }
        }
    };
    let (program, port) = ports::on_a_free_one(on_port).await?;
    set_up::execute(programs, &folder, owner, port, &configuration::statements(order)?).await?;
    Ok(Running { address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), program, folder })
}

fn launch(
    programs: &Programs,
    owner: Option<&Owner>,
    folder: &Folder,
    order: &Order,
    port: u16,
) -> Result<Supervised, Error> {
    let mut postgres = setup::command(&programs.path("postgres"), folder.path(), owner);
    postgres.arg("-D").arg(folder.path().join("data")).arg("-p").arg(port.to_string());
    // What the machine's files say of TLS and Kerberos does not count.
    postgres.env("OPENSSL_CONF", "/dev/null");
    postgres.env("KRB5_CONFIG", folder.path().join("krb5.conf")).env("KRB5RCACHEDIR", folder.path());
    if order.planned.kerberos.as_ref().is_some_and(|kerberos| !kerberos.replay_cache) {
        postgres.env("KRB5RCACHENAME", "none:");
    }
    // An end at once: its data are needed by nobody. It still waits for its children.
    let program = Supervised::start(&programs.name, postgres, folder.path(), Signal::Quit)?;
    let file = folder.path().join("data/postmaster.pid");
    Ok(program.afterwards(move || release_memory(&file)))
}

/// Gives the memory back that a server shared with its children and could not give back itself, because it was killed: its file is
/// only there then. The seventh line has the key and the number of the segment (PostgreSQL, `src/include/utils/pidfile.h`).
fn release_memory(file: &Path) {
    let Ok(lines) = std::fs::read_to_string(file) else { return };
    if let Some(segment) = lines.lines().nth(6).and_then(|line| line.split_whitespace().nth(1)) {
        // What cannot be given back is 56 bytes.
        let _ = Command::new("ipcrm").args(["-m", segment]).stderr(Stdio::null()).status();
    }
}

/// Whether a server lets the superuser in by the socket of its folder: while it starts it answers with an error.
#[cfg(unix)]
async fn answers(socket: PathBuf) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let ask = async {
        let mut stream = tokio::net::UnixStream::connect(socket).await?;
        stream.write_all(&startup_message()).await?;
        stream.read_u8().await
    };
    ask.await.is_ok_and(|kind| kind == b'R')
}

#[cfg(not(unix))]
async fn answers(socket: PathBuf) -> bool {
    let _ = socket;
    false
}

/// StartupMessage of protocol 3.0 (PostgreSQL documentation, "Message Formats"): length, version, parameters, an empty name.
pub(in crate::testbed) fn startup_message() -> Vec<u8> {
    let mut message = vec![0, 0, 0, 0, 0, 3, 0, 0];
    for word in ["user", SUPERUSER, "database", "postgres", ""] {
        message.extend(word.as_bytes());
        message.push(0);
    }
    let length = u32::try_from(message.len()).expect("it is a short one");
    message[..4].copy_from_slice(&length.to_be_bytes());
    message
}
