//! PostgreSQL in a container: the conventions of the official image, and the texts that a server from installed programs gets too.

use crate::error::Error;
use crate::scenario::party::Image;
use crate::testbed::container::container::{File, Recipe, SERVER_FOLDER};
use crate::testbed::container::daemon::Facts;
use crate::testbed::process::postgres::abilities::Build;
use crate::testbed::process::postgres::server::startup_message;
use crate::testbed::process::postgres::{SUPERUSER, configuration};
use crate::testbed::process::product::Order;
use crate::testbed::secrets;
use std::net::SocketAddr;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

/// The variable of the image that names its major version.
pub(super) const VERSION: &str = "PG_MAJOR";

/// The user that the image runs the server as.
const OWNER: &str = "postgres";

/// Where it listens.
const PORT: u16 = 5432;

/// Where the scripts of the image look for the server's socket.
const SOCKETS: &str = "/var/run/postgresql";

/// What an image holds, by its environment.
pub(super) fn held(facts: &Facts) -> Option<Build> {
    let major = facts.environment.get(VERSION)?.clone();
    // Whoever makes an image of it builds it with both.
    Some(Build { major, tls: true, gss: true })
}

/// A container for an order.
///
/// # Errors
/// A password that SQL cannot hold.
pub(super) fn recipe(image: &Image, run: &str, name: &str, facts: &Facts, order: &Order) -> Result<Recipe, Error> {
    let folder = Path::new(SERVER_FOLDER);
    let at = |name: &str| format!("{SERVER_FOLDER}/{name}");
    let mut files = vec![
        File::of_server("postgresql.conf", configuration::postgresql_conf(&order.planned, folder)),
        // Who comes through Docker's proxy or from its network has an address of that network.
        File::of_server("pg_hba.conf", configuration::pg_hba_conf(&order.planned.hba, &["all"])),
        File::of_first_start("shakedown.sql", configuration::statements(order)?.as_bytes()),
    ];
    if let Some(certified) = &order.tls {
        files.push(File::of_server("server.pem", certified.chain.as_str()));
        files.push(File::of_server("server.key", certified.key.as_str()));
    }
    if let Some(identity) = &order.kerberos {
        files.push(File::of_server("krb5.conf", identity.krb5_conf.as_str()));
        files.extend(identity.keytab.as_ref().map(|keytab| File::of_server("keytab", keytab.as_slice())));
    }
    let mut command = facts.command.clone();
    let settings = [
        format!("config_file={}", at("postgresql.conf")),
        format!("hba_file={}", at("pg_hba.conf")),
        "listen_addresses=*".to_owned(),
        format!("unix_socket_directories={SOCKETS}"),
    ];
    command.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    let plain = |text: &str| Zeroizing::new(text.to_owned());
    Ok(Recipe {
        image: image.clone(),
        run: run.to_owned(),
        name: name.to_owned(),
        owner: OWNER,
        port: PORT,
        command,
        environment: vec![
            ("POSTGRES_USER".to_owned(), plain(SUPERUSER)),
            ("POSTGRES_DB".to_owned(), plain("postgres")),
            ("POSTGRES_PASSWORD".to_owned(), secrets::made_up()),
            ("KRB5_CONFIG".to_owned(), plain(&at("krb5.conf"))),
            ("KRB5RCACHEDIR".to_owned(), plain("/tmp")),
            // What the image's files say of TLS does not count.
            ("OPENSSL_CONF".to_owned(), plain("/dev/null")),
        ],
        files,
        probe: |address| Box::pin(answers(address)),
        starting: std::sync::Arc::new(tokio::sync::Semaphore::new(1)),
    })
}

/// Whether a server answers there: with anything but that it is still starting. The server of the first start, which makes the roles,
/// listens on no port.
async fn answers(address: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(&startup_message()).await?;
        let mut answer = [0; 512];
        let length = stream.read(&mut answer).await?;
        Ok::<_, std::io::Error>(is_an_answer(&answer[..length]))
    };
    ask.await.unwrap_or(false)
}

/// `57P03`, cannot_connect_now (PostgreSQL documentation, appendix A).
fn is_an_answer(message: &[u8]) -> bool {
    !message.is_empty() && !message.windows(6).any(|window| window == b"C57P03")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_starting_does_not_answer_yet() {
        assert!(is_an_answer(b"R\0\0\0\x08\0\0\0\0"));
        assert!(is_an_answer(b"E\0\0\0\x20SFATAL\0VFATAL\0C28000\0Mno\0\0"));
        assert!(!is_an_answer(b"E\0\0\0\x20SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"));
        assert!(!is_an_answer(b""));
    }
}
