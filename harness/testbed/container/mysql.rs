//! MariaDB and MySQL in a container: the conventions of the official images, and the texts that a server from installed programs gets too.
//!
//! The scripts of an image set the data up by a `root` that the accounts of a plan have no place for. So the accounts are made by the last
//! start, by the file that the server carries out before it lets anybody in: it is empty until the last script of the first start fills it.

use crate::error::Error;
use crate::scenario::party::Image;
use crate::testbed::container::container::{File, Recipe, SERVER_FOLDER};
use crate::testbed::container::daemon::Facts;
use crate::testbed::process::mysql::{Brand, Installed, Place, is_set_up, option_file, statements};
use crate::testbed::process::product::Order;
use crate::testbed::secrets;
use std::net::{Ipv4Addr, SocketAddr};
use zeroize::Zeroizing;

/// The variables of the images that name their versions.
pub(super) const VERSIONS: [(&str, Brand); 2] = [("MARIADB_VERSION", Brand::MariaDb), ("MYSQL_VERSION", Brand::MySql)];

/// The user that the images run the server as.
const OWNER: &str = "mysql";

/// Where it listens.
const PORT: u16 = 3306;

/// Where the images read option files that somebody adds.
const OPTION_FILE: &str = "/etc/mysql/conf.d/shakedown.cnf";

/// The last script of the first start. It is read into the image's own, or run by itself.
const LAST_SCRIPT: &str = "cp /shakedown/server/accounts.sql /shakedown/server/init.sql\n";

/// What an image holds, by its environment.
pub(super) fn held(facts: &Facts) -> Option<Installed> {
    VERSIONS.into_iter().find_map(|(variable, brand)| {
        // `1:11.8.2+maria~ubu2404`, `8.4.6-1.el9`.
        let text = facts.environment.get(variable)?;
        let number = text.rsplit(':').next()?;
        let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
        Installed::in_an_image(brand, &number[..end])
    })
}

/// A container for an order.
///
/// # Errors
/// An account that the product cannot have.
pub(super) fn recipe(
    installed: &Installed,
    image: &Image,
    run: &str,
    name: &str,
    facts: &Facts,
    order: &Order,
) -> Result<Recipe, Error> {
    let place = Place {
        folder: SERVER_FOLDER.into(),
        address: SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT)),
        user: Some(OWNER.to_owned()),
    };
    let accounts = statements(installed, &order.planned, &|password| order.password(password).cloned())?;
    // Nobody knows the name of the address that clients come from, and to ask takes longer than a login may.
    let text = option_file(installed, &order.planned, &place) + "skip-name-resolve\n";
    let mut options = File::of_server("my.cnf", text);
    // The server ignores one that everybody could write, and the image's scripts read it as another user.
    (options.path, options.mode) = (OPTION_FILE.to_owned(), 0o644);
    let mut files = vec![
        options,
        File::of_server("init.sql", ""),
        File::of_server("accounts.sql", accounts.text()),
        File::of_first_start("shakedown.sh", LAST_SCRIPT),
    ];
    if let Some(certified) = &order.tls {
        files.push(File::of_server("ca.pem", certified.authority.as_str()));
        files.push(File::of_server("server.pem", certified.chain.as_str()));
        files.push(File::of_server("server.key", certified.key.as_str()));
    }
    let word = match installed.brand {
        Brand::MariaDb => "MARIADB",
        Brand::MySql => "MYSQL",
    };
    Ok(Recipe {
        image: image.clone(),
        run: run.to_owned(),
        name: name.to_owned(),
        owner: OWNER,
        port: PORT,
        command: facts.command.clone(),
        environment: vec![
            (format!("{word}_ROOT_PASSWORD"), secrets::made_up()),
            // Loading the names of time zones takes longer than all the rest.
            (format!("{word}_INITDB_SKIP_TZINFO"), Zeroizing::new("1".to_owned())),
            // What the image's files say of TLS does not count.
            ("OPENSSL_CONF".to_owned(), Zeroizing::new("/dev/null".to_owned())),
        ],
        files,
        // The server of the first start listens on no port.
        probe: |address| Box::pin(is_set_up(address)),
        starting: std::sync::Arc::new(tokio::sync::Semaphore::new(1)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held_by(variable: &str, version: &str) -> Option<String> {
        let environment = [(variable.to_owned(), version.to_owned())].into();
        held(&Facts { environment, command: Vec::new() }).map(|installed| installed.to_string())
    }

    #[test]
    fn an_image_says_what_it_holds() {
        assert_eq!(held_by("MARIADB_VERSION", "1:11.8.2+maria~ubu2404").as_deref(), Some("mariadb 11.8"));
        assert_eq!(held_by("MYSQL_VERSION", "8.4.6-1.el9").as_deref(), Some("mysql 8.4"));
        assert_eq!(held_by("MYSQL_VERSION", "innovation"), None);
        assert_eq!(held_by("PG_MAJOR", "17"), None);
    }
}
