//! Plans and products for the tests beside this file.

use crate::scenario::party::Server;
use crate::scenario::plan::Case;
use crate::scenario::source::Source;
use crate::scenario::{Library, make_plan};
use crate::testbed::process::mysql::{Brand, Installed};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// MariaDB of Debian 12.
pub(super) fn mariadb() -> Installed {
    Installed::assumed(Brand::MariaDb, "10.11.19", None)
}

/// MySQL 9.7, in a system of its own if that is named.
pub(super) fn mysql_9(root: Option<&str>) -> Installed {
    Installed::assumed(Brand::MySql, "9.7.4", root.map(Path::new))
}

/// A case of one login to a server of this engine, with more lines for either party.
pub(super) fn case(engine: &str, server: &str, client: &str) -> Case {
    let text = format!(
        "title = 'x'\nsource = 'x'\n[server.db]\nengine = '{engine}'\n{server}\n[client.app]\nlogin = 'alice'\n{client}\n\
         [axes]\none = ['x']\n[[step]]\nconnect = {{ from = 'app', to = 'db' }}\nthen = 'refused'\n"
    );
    let plan = make_plan(&[Source::new("x", text)], &Library::built_in().unwrap(), &BTreeMap::new());
    plan.unwrap().cases.remove(0)
}

/// The server of such a case.
pub(super) fn server(engine: &str, lines: &str) -> Arc<Server> {
    Arc::clone(&case(engine, lines, "secret = 'x'").servers["db"])
}
