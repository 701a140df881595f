//! What is done once before the first server: the data folder that the others are copied from.

use super::SUPERUSER;
use super::programs::Programs;
use crate::error::Error;
use crate::testbed::process::folder::Folder;
use crate::testbed::process::owner::Owner;
use crate::testbed::process::setup;
use std::path::Path;
use zeroize::Zeroizing;

/// A data folder in which no server has ever run.
pub(super) async fn template(programs: &Programs, owner: Option<&Owner>) -> Result<Folder, Error> {
    let folder = Folder::for_server("postgres-template", owner)?;
    let mut initdb = setup::command(&programs.path("initdb"), folder.path(), owner);
    initdb.arg("-D").arg(folder.path().join("data")).args(["-U", SUPERUSER, "-A", "reject", "--no-sync"]);
    // What Aurora has, but for the rules of sorting, which take the longest to make. A short log is copied sooner.
    initdb.args(["--encoding=UTF8", "--locale=C", "--wal-segsize=1"]);
    setup::run(&format!("initdb of {}", programs.name), initdb, b"").await?;
    Ok(folder)
}

/// Copies the data folder of the template.
pub(super) async fn copy(template: &Folder, folder: &Folder, owner: Option<&Owner>) -> Result<(), Error> {
    let mut cp = setup::command(Path::new("cp"), folder.path(), owner);
    cp.arg("-Rp").arg(template.path().join("data")).arg(folder.path().join("data"));
    setup::run("cp of a data folder", cp, b"").await.map(drop)
}

/// Runs statements as the superuser, by the socket in the server's folder. They come by standard input, and no message of a failure
/// shows what is secret in them.
pub(super) async fn execute(
    programs: &Programs,
    folder: &Folder,
    owner: Option<&Owner>,
    port: u16,
    statements: &Zeroizing<String>,
) -> Result<(), Error> {
    let mut psql = setup::command(&programs.path("psql"), folder.path(), owner);
    // Terse: without the line that an error is in.
    psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse", "-U", SUPERUSER, "-d", "postgres"]);
    psql.arg("-h").arg(folder.path()).arg("-p").arg(port.to_string());
    setup::run(&format!("psql of {}", programs.name), psql, statements.as_bytes()).await.map(drop)
}
