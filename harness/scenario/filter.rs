//! Which cases: patterns of case names, as `--filter` and known failures have them.

use globset::{GlobBuilder, GlobMatcher};

/// A pattern of case names. `*` and `?` stand for characters within one part of the path, `**` for any number of parts,
/// `{a,b}` for either. A pattern that names a folder or a scenario means all below it: `mysql/cipher-suites`.
#[derive(Debug, Clone)]
pub struct Filter {
    matchers: [GlobMatcher; 2],
}

impl Filter {
    /// Understands a pattern.
    ///
    /// # Errors
    /// It is none.
    pub fn new(pattern: &str) -> Result<Self, &'static str> {
        let matcher = |pattern: &str| {
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            glob.map(|glob| glob.compile_matcher()).map_err(|_| "no pattern of case names")
        };
        let pattern = pattern.trim_end_matches('/');
        Ok(Self { matchers: [matcher(pattern)?, matcher(&format!("{pattern}/**"))?] })
    }

    /// Whether a case is meant.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.matchers.iter().any(|matcher| matcher.is_match(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_within_one_part_of_the_path() {
        let check = |pattern: &str, name: &str| Filter::new(pattern).unwrap().matches(name);
        let name = "mysql/cipher-suites/3.04.0/tls1.0/DHE-RSA-AES128-SHA";
        for pattern in [
            name,
            "**",
            "mysql/**",
            "mysql/cipher-suites/**",
            "mysql/cipher-suites",
            "mysql/",
            "*/cipher-suites/**",
            "mysql/cipher-suites/3.*/tls1.?/DHE-*",
            "mysql/cipher-suites/{3.04.0,3.01.0}/**",
            "**/DHE-RSA-AES128-SHA",
        ] {
            assert!(check(pattern, name), "{pattern}");
        }
        for pattern in
            ["mysql/cipher", "mysql/*/DHE-RSA-AES128-SHA", "cipher-suites/**", "**/AES128-SHA", "postgres/**", ""]
        {
            assert!(!check(pattern, name), "{pattern}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        assert!(Filter::new("mysql/[").is_err());
    }
}
