//! The parts of a message that follow from where a server happens to run and not from what it has to say.
//!
//! | part | reads | becomes |
//! | --- | --- | --- |
//! | the host of an account | `'alice'@'127.0.0.1'`, `alice@localhost` | `'alice'@'HOST'`, `alice@HOST` |
//! | a host by name or address | `host "127.0.0.1"`, `127.0.0.1`, `localhost`, `::1` | `host "HOST"`, `HOST` |
//! | a port | `port 5432`, `127.0.0.1:5432` | `port PORT`, `HOST:PORT` |
//! | a version | `10.11.14-MariaDB-0+deb12u2`, `15.14` | `VERSION` |
//!
//! Everything else is compared to the octet: the name of a user, a file, a plugin, the numbers that are no version.

/// A text without these parts.
pub(super) fn without_templates(text: &str) -> String {
    let mut without = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(first) = rest.chars().next() {
        let is_start = !before.is_some_and(is_word);
        let taken = match () {
            () if first == '@' => account_host(rest),
            () if is_start && first == 'p' => port(rest),
            () if is_start => host(rest).or_else(|| version(rest)),
            () => None,
        };
        let (octets, put) = taken.unwrap_or_else(|| (first.len_utf8(), rest[..first.len_utf8()].to_owned()));
        without.push_str(&put);
        before = rest[..octets].chars().next_back();
        rest = &rest[octets..];
    }
    without
}

/// Characters of which a word is made; a template begins where one begins.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.' | '-')
}

/// `@'…'`, `@name`.
fn account_host(text: &str) -> Option<(usize, String)> {
    let behind = &text[1..];
    if let Some(quoted) = behind.strip_prefix('\'') {
        let length = quoted.find('\'')?;
        return Some((length + 3, "@'HOST'".to_owned()));
    }
    let length = span(behind, |c| is_word(c) || c == ':');
    let name = behind[..length].trim_end_matches(['.', ':', '-']);
    // A realm is no host: it is written in capitals.
    let is_host = !name.is_empty() && !name.chars().any(|c| c.is_ascii_uppercase());
    is_host.then(|| (1 + name.len(), "@HOST".to_owned()))
}

/// `port 5432`.
fn port(text: &str) -> Option<(usize, String)> {
    let number = text.strip_prefix("port ")?;
    let length = span(number, |c| c.is_ascii_digit());
    (length > 0).then(|| ("port ".len() + length, "port PORT".to_owned()))
}

/// `localhost`, `127.0.0.1`, `::1`, and a port behind it.
fn host(text: &str) -> Option<(usize, String)> {
    let length = span(text, |c| is_word(c) || c == ':');
    let word = text[..length].trim_end_matches(['.', ':', '-']);
    if word.parse::<std::net::IpAddr>().is_ok() || word == "localhost" {
        return Some((word.len(), "HOST".to_owned()));
    }
    let (host, port) = word.rsplit_once(':')?;
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_host = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok();
    (is_port && is_host).then(|| (word.len(), "HOST:PORT".to_owned()))
}

/// Numbers joined by full stops, and what is joined to them.
fn version(text: &str) -> Option<(usize, String)> {
    let numbers = span(text, |c| c.is_ascii_digit() || c == '.');
    let numbers = text[..numbers].trim_end_matches('.');
    let parts: Vec<_> = numbers.split('.').collect();
    if parts.len() < 2 || parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    let length = span(text, |c| is_word(c) || matches!(c, '+' | '~'));
    let word = text[..length].trim_end_matches(['.', '-']);
    Some((word.len(), "VERSION".to_owned()))
}

/// How many octets at the beginning are of these characters.
fn span(text: &str, is_of: impl Fn(char) -> bool) -> usize {
    text.find(|character| !is_of(character)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(without_templates(text), expected, "{text}");
    }

    #[test]
    fn what_follows_from_where_a_server_runs_is_left_out() {
        let denied = "Access denied for user 'alice'@'HOST' (using password: YES)";
        check("Access denied for user 'alice'@'localhost' (using password: YES)", denied);
        check("Access denied for user 'alice'@'127.0.0.1' (using password: YES)", denied);
        check(
            "no pg_hba.conf entry for host \"127.0.0.1\", user \"alice\", database \"alice\", no encryption",
            "no pg_hba.conf entry for host \"HOST\", user \"alice\", database \"alice\", no encryption",
        );
        check("could not connect to localhost:5432", "could not connect to HOST:PORT");
        check("listening on 127.0.0.1, port 5432.", "listening on HOST, port PORT.");
        check("listening on ::1", "listening on HOST");
        check("MariaDB 10.11.14-MariaDB-0+deb12u2 (Debian)", "MariaDB VERSION (Debian)");
        check("protocol 3.0: server supports 2.0 to 3.0.", "protocol VERSION: server supports VERSION to VERSION.");
    }

    #[test]
    fn everything_else_stays() {
        for text in [
            "",
            "password authentication failed for user \"alice\"",
            "Plugin 'caching_sha2_password' is not loaded",
            "principal alice@CORP.EXAMPLE.COM is unknown",
            "error 17 in line 3. Too many (4096) of them… at 50 %",
            "report 12, support 3",
            "file.2.txt and sha256.",
            "an @ alone, 'quoted'@",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn one_octet_elsewhere_makes_a_difference() {
        let left = without_templates("Access denied for user 'alice'@'localhost' (using password: YES)");
        let right = without_templates("Access denied for user 'alice'@'localhost' (using password: YEs)");
        assert_ne!(left, right);
    }
}
