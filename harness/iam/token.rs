//! A token taken apart. Every length is bounded, since it comes from whoever wants to log in.

use super::uri::decode;

/// The longest token that is looked at, in octets. Session tokens have no limit that AWS names; those seen have one to four thousand.
pub const MAX_OCTETS: usize = 16 * 1024;

/// More parameters than any token has.
const MAX_PARAMETERS: usize = 32;

/// A token as it was written, its parameters decoded.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub host: String,
    pub port: String,
    pub path: String,
    /// In the order written, the signature included.
    pub parameters: Vec<(String, String)>,
}

impl Written {
    /// `None` if it is no such URL, or a parameter's name or value is not encoded as one.
    pub(super) fn parse(token: &[u8]) -> Option<Self> {
        if token.len() > MAX_OCTETS {
            return None;
        }
        let (address, query) = std::str::from_utf8(token).ok()?.split_once('?')?;
        let (authority, path) = address.split_at(address.find('/')?);
        let (host, port) = authority.rsplit_once(':')?;
        if host.is_empty() || port.is_empty() {
            return None;
        }
        let mut parameters = Vec::new();
        for parameter in query.split('&') {
            if parameters.len() == MAX_PARAMETERS {
                return None;
            }
            let (name, value) = parameter.split_once('=')?;
            parameters.push((decode(name)?, decode(value)?));
        }
        Some(Self { host: host.to_owned(), port: port.to_owned(), path: path.to_owned(), parameters })
    }

    /// The value of a parameter, of the first of that name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a name stands there twice: whoever reads the first and whoever reads the last would not mean the same.
    pub(super) fn repeats_a_parameter(&self) -> bool {
        let mut names: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        names.sort();
        names.windows(2).any(|pair| pair[0] == pair[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_apart() {
        let written = Written::parse(b"db.test:3306/?Action=connect&DBUser=a%20b&X-Amz-Credential=k%2fx").unwrap();
        assert_eq!((written.host.as_str(), written.port.as_str(), written.path.as_str()), ("db.test", "3306", "/"));
        assert_eq!(written.value("DBUser"), Some("a b"));
        assert_eq!(written.value("X-Amz-Credential"), Some("k/x"));
        assert_eq!(written.value("dbuser"), None);
        assert!(!written.repeats_a_parameter());
        assert!(Written::parse(b"h:1/?a=1&b=2&a=3").unwrap().repeats_a_parameter());
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let no_tokens: [&[u8]; 9] =
            [b"", b"secret", b"h:1/", b"h/?a=b", b":1/?a=b", b"h:/?a=b", b"h:1/?a", b"h:1/?a=%", b"h:1/?a=\xFF"];
        for wrong in no_tokens {
            assert!(Written::parse(wrong).is_none(), "{}", String::from_utf8_lossy(wrong));
        }
    }

    #[test]
    fn lengths_are_bounded() {
        let of_length = |octets: usize| format!("h:1/?a={}", "x".repeat(octets - 7)).into_bytes();
        assert!(Written::parse(&of_length(MAX_OCTETS)).is_some());
        assert!(Written::parse(&of_length(MAX_OCTETS + 1)).is_none());
        let of_parameters = |count: usize| format!("h:1/?{}", vec!["a=b"; count].join("&")).into_bytes();
        assert!(Written::parse(&of_parameters(MAX_PARAMETERS)).is_some());
        assert!(Written::parse(&of_parameters(MAX_PARAMETERS + 1)).is_none());
    }

    proptest::proptest! {
        #[test]
        fn any_octets_are_read_without_a_panic(octets in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = Written::parse(&octets);
        }
    }
}
