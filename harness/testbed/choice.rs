//! One case by name, for those who want a world and no run.

use crate::error::Error;
use crate::scenario::{Case, Library, Source, make_plan};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A case of a scenario: of a file if the name ends in `.toml`, else of one that is built in (`mysql/passwords`). Without a
/// case's name it is the first.
///
/// # Errors
/// The file cannot be understood, or there is no such scenario or case.
pub fn one_case(scenario: &str, case: Option<&str>) -> Result<Case, Error> {
    let sources = if scenario.ends_with(".toml") {
        Source::from_paths(&[PathBuf::from(scenario)])?
    } else {
        Source::built_in().into_iter().filter(|source| source.name == scenario).collect()
    };
    if sources.is_empty() {
        return Err(Error::Usage(format!("no scenario '{scenario}'; `shakedown check` shows those that there are")));
    }
    let cases = make_plan(&sources, &Library::built_in()?, &BTreeMap::new())?.cases;
    let count = cases.len();
    let mut cases = cases.into_iter();
    match case {
        Some(name) => cases.find(|case| case.name == name).ok_or_else(|| {
            let those = "`shakedown run --list` shows them";
            Error::Usage(format!("'{scenario}' has no case '{name}' among its {count}; {those}"))
        }),
        None => cases.next().ok_or_else(|| Error::Usage(format!("the scenario '{scenario}' has no case"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_found_by_its_name_or_is_the_first() {
        let first = one_case("mysql/cipher-suites", None).unwrap();
        assert_eq!(first.name, "mysql/cipher-suites/2.07.9/tls1.0/DHE-RSA-AES128-SHA");
        let name = "mysql/cipher-suites/3.04.0/tls1.2/ECDHE-RSA-AES128-SHA";
        assert_eq!(one_case("mysql/cipher-suites", Some(name)).unwrap().name, name);
    }

    #[test]
    fn what_is_not_there_is_said() {
        let problem = |scenario, case| one_case(scenario, case).unwrap_err().to_string();
        assert!(problem("mysql/cipher", None).starts_with("no scenario 'mysql/cipher'"));
        assert!(problem("tls/providers", Some("x")).starts_with("'tls/providers' has no case 'x'"));
        assert!(problem("nowhere.toml", None).contains("nowhere.toml"));
    }
}
