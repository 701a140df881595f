//! A krb5.conf as a tree of sections and relations.

use super::{InvalidConfiguration, Loader, NoIncludes, parse};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The sections of one or several files, of which the first has the first word (as with `KRB5_CONFIG=first:second`).
#[derive(Debug, Clone, Default)]
pub struct Profile {
    files: Vec<Section>,
}

/// A value, and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// The value, without quotes.
    pub value: String,
    /// The file that it stands in.
    pub file: Arc<str>,
    /// The line, from 1 on.
    pub line: usize,
}

/// What stands between braces, or after a name in brackets.
#[derive(Debug, Clone, Default)]
pub(super) struct Section {
    pub(super) relations: BTreeMap<String, Vec<Relation>>,
    pub(super) sections: BTreeMap<String, Section>,
    /// Nothing that comes later, here or in another file, adds to it.
    pub(super) is_final: bool,
    /// Names of relations that nothing adds to any more.
    pub(super) final_relations: Vec<String>,
}

impl Profile {
    /// Reads one file that includes no other. `name` is what errors call it.
    ///
    /// # Errors
    /// A line that MIT's library refuses, and each `include`.
    pub fn parse(name: &str, text: &str) -> Result<Self, InvalidConfiguration> {
        Self::parse_with(name, text, &mut NoIncludes)
    }

    /// Reads one file and those that it includes.
    ///
    /// # Errors
    /// A line that MIT's library refuses, or an `include` that `loader` does not have.
    pub fn parse_with(name: &str, text: &str, loader: &mut dyn Loader) -> Result<Self, InvalidConfiguration> {
        let mut root = Section::default();
        parse::file(name, text, loader, 0, &mut root)?;
        Ok(Self { files: vec![root] })
    }

    /// With another file after this one.
    #[must_use]
    pub fn then(mut self, later: Self) -> Self {
        self.files.extend(later.files);
        self
    }

    /// All values of a relation, as `["realms", "CORP.EXAMPLE.COM", "kdc"]`, in the order in which they are written
    /// (`profile_get_values`).
    #[must_use]
    pub fn values(&self, path: &[&str]) -> Vec<&Relation> {
        let Some((name, sections)) = path.split_last() else { return Vec::new() };
        let found = self.find(sections);
        found.into_iter().filter_map(|section| section.relations.get(*name)).flatten().collect()
    }

    /// The first value of a relation, which is the one that counts where one is wanted (`profile_get_string`).
    #[must_use]
    pub fn value(&self, path: &[&str]) -> Option<&Relation> {
        self.values(path).into_iter().next()
    }

    /// The names of the subsections of a section, each once, by name.
    #[must_use]
    pub fn subsections(&self, path: &[&str]) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.find(path).into_iter().flat_map(|section| section.sections.keys().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names of the relations of a section, each once, by name.
    #[must_use]
    pub fn relations(&self, path: &[&str]) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.find(path).into_iter().flat_map(|section| section.relations.keys().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The section in each file up to and including the one in which it, or one around it, is final.
    fn find(&self, path: &[&str]) -> Vec<&Section> {
        let mut found = Vec::new();
        for file in &self.files {
            let (mut section, mut is_final) = (Some(file), false);
            for name in path {
                section = section.and_then(|section| section.sections.get(*name));
                is_final |= section.is_some_and(|section| section.is_final);
            }
            found.extend(section);
            if is_final {
                break;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(text: &str) -> Profile {
        Profile::parse("krb5.conf", text).unwrap()
    }

    fn values(profile: &Profile, path: &[&str]) -> Vec<String> {
        profile.values(path).into_iter().map(|relation| relation.value.clone()).collect()
    }

    #[test]
    fn several_values_of_one_name_are_a_list_and_the_first_counts_where_one_is_wanted() {
        let profile = profile("[realms]\nR = {\nkdc = a\nkdc = b\n}\n[other]\nx = 1\n[realms]\nR = {\nkdc = c\n}\n");
        assert_eq!(values(&profile, &["realms", "R", "kdc"]), ["a", "b", "c"]);
        assert_eq!(profile.value(&["realms", "R", "kdc"]).unwrap().line, 3);
        assert_eq!(profile.subsections(&["realms"]), ["R"]);
        assert!(profile.values(&["realms", "Q", "kdc"]).is_empty() && profile.values(&[]).is_empty());
        assert_eq!(profile.relations(&["other"]), ["x"]);
    }

    #[test]
    fn a_later_file_adds_unless_the_section_is_final() {
        let open = profile("[s]\nx = 1\n").then(profile("[s]\nx = 2\n[t]\ny = 3\n"));
        assert_eq!(
            (values(&open, &["s", "x"]), values(&open, &["t", "y"])),
            (vec!["1".into(), "2".into()], vec!["3".into()])
        );
        let closed = profile("[s]*\nx = 1\n").then(profile("[s]\nx = 2\nz = 1\n[t]\ny = 3\n"));
        assert_eq!((values(&closed, &["s", "x"]), values(&closed, &["s", "z"]).len()), (vec!["1".into()], 0));
        assert_eq!(values(&closed, &["t", "y"]), ["3"]);
    }
}
