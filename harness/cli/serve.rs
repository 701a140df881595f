//! `shakedown serve`: the mocks of one case, kept up for any client until the program is told to end.

use crate::cli::interrupt::Interruptions;
use crate::cli::{OneCaseArguments, runtime};
use crate::error::{Error, exit};
use crate::testbed::environment::{self, Folder};
use crate::testbed::{Materials, World};
use clap::Args;
use mock_kdc::SystemRandom;
use mock_kdc::control::{self, ControlHandle, Controlled, Token};
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    #[command(flatten)]
    case: OneCaseArguments,
    /// Write what clients need into this folder and leave it there [default: a folder that goes with the program]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Serves until SIGINT or SIGTERM.
pub(super) fn serve(arguments: ServeArguments) -> Result<u8, Error> {
    let case = arguments.case.one_case()?;
    let folder = match &arguments.dir {
        Some(path) => Folder::at(path)?,
        None => Folder::create()?,
    };
    runtime()?.block_on(async {
        // Before anything stands, so that whoever reads `ready` can end it and nothing is left.
        let mut interruptions = Interruptions::listen()?;
        let materials = Arc::new(Materials::prepare([&case])?);
        let mut world = World::of_mocks(&case, &materials, &arguments.case.listen()?).await?;
        let mut text = format!("case {}\n", case.name);
        for (name, server) in world.servers() {
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "server {name}: {} as {} on {}",
                server.planned.profile, server.planned.host, server.address
            );
        }
        for (name, proxy) in world.proxies() {
            let _ = writeln!(
                text,
                "proxy {name}: {} as {} on {}",
                proxy.planned.kind.word(),
                proxy.planned.host,
                proxy.address
            );
        }
        for (name, address) in world.realms() {
            let _ = writeln!(text, "realm {name}: KDC on {address}, UDP and TCP");
        }
        // Kept until the end: a control API goes with its handle.
        let mut controls = Vec::new();
        for (name, controlled) in world.controlled() {
            let control = control(name, controlled, &folder).await?;
            let _ = writeln!(
                text,
                "realm {name}: control http://{}, token in {}",
                control.0.address(),
                control.1.display()
            );
            controls.push(control);
        }
        let login = arguments.case.login(&case)?;
        world.arrive(&case, &login.from, &folder).await?;
        let variables = world.variables(&login.from, &login.to, login.host.as_deref(), &folder)?;
        let file = env_file(&variables, &folder)?;
        let _ = writeln!(text, "files in {}", folder.path().display());
        let _ = writeln!(text, "environment of client {} in {}", login.from, file.display());
        let _ = writeln!(text, "ready");
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|problem| Error::Environment(format!("standard output: {problem}")))?;
        drop(out);
        interruptions.next().await;
        Ok(exit::SUCCESS)
    })
}

/// The control API of a realm's KDC, on loopback always, and the file that its token is in.
async fn control(name: &str, controlled: Controlled, folder: &Folder) -> Result<(ControlHandle, PathBuf), Error> {
    let cannot = |problem: std::io::Error| Error::Environment(format!("the control API of realm {name}: {problem}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot)?;
    let token = Token::random(&mut SystemRandom);
    let path = folder.path().join(format!("control-{name}.token"));
    token.write_to(&path).map_err(cannot)?;
    Ok((control::serve(listener, controlled, token).map_err(cannot)?, path))
}

/// The variables as a file that a POSIX shell reads with `.`; only its owner can read it, as it may hold a password.
fn env_file(variables: &environment::Variables, folder: &Folder) -> Result<PathBuf, Error> {
    let mut text = String::new();
    for (name, value) in variables.iter() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "export {name}='{}'", value.replace('\'', r"'\''"));
    }
    let path: &Path = &folder.write("environment.sh", text.as_bytes())?;
    Ok(path.to_owned())
}
