//! From which version on a client library can do Kerberos, as the documents have it, and who says of itself that it is older.
//!
//! A server cannot refuse by version; all that it learns is what a library puts into its connect attributes.

/// Name of the library, its system as it tells it (any where it tells none), the first version, and who says so.
const FLOORS: [(&str, &str, [u32; 3], &str); 5] = [
    ("libmysql", "Win", [8, 0, 27], "S0-02"),
    ("libmysql", "", [8, 0, 26], "S0-01"),
    ("mysql-connector-python", "Win", [8, 0, 27], "S1-07"),
    ("mysql-connector-python", "", [8, 0, 26], "S1-07"),
    ("MySQL Connector/J", "", [8, 0, 26], "S1-07"),
];

/// What is wrong with a library that says `libmysql 8.0.25 Linux`, if it is too old. Versions are compared number by number; one that
/// is none is not judged.
#[must_use]
pub fn below(said: &str) -> Option<String> {
    let floor = FLOORS.iter().find(|(name, system, ..)| {
        let rest = said.strip_prefix(name).and_then(|rest| rest.strip_prefix(' '));
        rest.is_some_and(|rest| rest.split_once(' ').map_or("", |(_, told)| told).starts_with(system))
    });
    let (name, _, first, requirement) = floor?;
    let version = said.get(name.len() + 1..)?.split(' ').next()?;
    let numbers: Option<Vec<u32>> = version.split('.').map(|number| number.parse().ok()).collect();
    let [major, minor, patch] = first;
    let is_old = numbers? < first.to_vec();
    is_old.then(|| format!("{said} is below {major}.{minor}.{patch}, from which on it can do Kerberos ({requirement})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_too_old_below_its_floor_and_not_at_it() {
        let check = |said: &str, expected: Option<&str>| {
            let found = below(said);
            assert_eq!(found.as_deref().map(|text| text.split(" is below ").nth(1).unwrap()), expected, "{said}");
        };
        let unix = "8.0.26, from which on it can do Kerberos (S0-01)";
        check("libmysql 8.0.25 Linux", Some(unix));
        check("libmysql 5.7.44 linux-glibc2.12", Some(unix));
        check("libmysql 8.0.26 Linux", None);
        check("libmysql 8.0.26 Win64", Some("8.0.27, from which on it can do Kerberos (S0-02)"));
        check("libmysql 8.0.27 Win64", None);
        check("libmysql 26.10.0 Linux", None);
        check("MySQL Connector/J 8.0.25", Some("8.0.26, from which on it can do Kerberos (S1-07)"));
        check("MySQL Connector/J 8.0.26", None);
        check("mysql-connector-python 8.0.9 Debian-12", Some("8.0.26, from which on it can do Kerberos (S1-07)"));
        check("libmysql new Linux", None);
        check("libmysqlx 1.0 Linux", None);
        check("", None);
    }
}
