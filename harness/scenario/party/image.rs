//! What a container is made of.

use std::fmt;

/// An image by name and tag: `postgres:17`, `registry.test:5000/databases/mysql:8.4`. INVARIANT: both are as Docker writes them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Image {
    name: String,
    tag: String,
}

/// How long a name may be: what clients and registries agree on.
const NAME_MAX: usize = 255;

/// How long a tag may be (OCI Distribution Specification, "Pulling manifests").
const TAG_MAX: usize = 128;

impl Image {
    /// Reads `NAME:TAG`. Without a tag it would be another one every few months.
    ///
    /// # Errors
    /// What is wrong with it, in a few words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        // A colon before the last slash belongs to the port of a registry.
        let behind = text.rfind('/').map_or(0, |slash| slash + 1);
        let colon = text[behind..].find(':').ok_or("image without a tag")? + behind;
        let (name, tag) = (&text[..colon], &text[colon + 1..]);
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let is_name = name.split('/').all(|part| part.starts_with(|c: char| c.is_ascii_alphanumeric()))
            && name.chars().all(|c| (is_word(c) && !c.is_ascii_uppercase()) || matches!(c, '/' | ':'));
        let is_tag = tag.chars().all(is_word) && !tag.starts_with(['.', '-']) && !tag.is_empty();
        if !is_name || name.len() > NAME_MAX {
            return Err("image with an impossible name");
        }
        if !is_tag || tag.len() > TAG_MAX {
            return Err("image with an impossible tag");
        }
        Ok(Self { name: name.to_owned(), tag: tag.to_owned() })
    }

    /// `postgres`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `17`.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }
}

/// `postgres:17`.
impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_a_name_and_a_tag() {
        for (text, name, tag) in [
            ("postgres:17", "postgres", "17"),
            ("bitnami/mariadb:11.4-debian_1", "bitnami/mariadb", "11.4-debian_1"),
            ("registry.test:5000/databases/mysql:8.4", "registry.test:5000/databases/mysql", "8.4"),
        ] {
            let image = Image::parse(text).unwrap();
            assert_eq!((image.name(), image.tag()), (name, tag));
            assert_eq!(image.to_string(), text);
        }
    }

    #[test]
    fn what_docker_would_not_take_is_refused_here() {
        assert_eq!(Image::parse("postgres"), Err("image without a tag"));
        assert_eq!(Image::parse("registry.test:5000/mysql"), Err("image without a tag"));
        for name in ["Postgres:17", ":17", "a//b:1", "/a:1", "a b:1", "a?x=1:1", "-a:1", "postgres@sha256:00"] {
            assert_eq!(Image::parse(name), Err("image with an impossible name"), "{name}");
        }
        for tag in ["postgres:", "postgres:.1", "postgres:-1", "postgres:1 2", "postgres:1:2", "postgres:1@x"] {
            assert_eq!(Image::parse(tag), Err("image with an impossible tag"), "{tag}");
        }
        assert!(Image::parse(&format!("{}:1", "a".repeat(NAME_MAX))).is_ok());
        assert!(Image::parse(&format!("{}:1", "a".repeat(NAME_MAX + 1))).is_err());
        assert!(Image::parse(&format!("a:{}", "1".repeat(TAG_MAX))).is_ok());
        assert!(Image::parse(&format!("a:{}", "1".repeat(TAG_MAX + 1))).is_err());
    }
}
