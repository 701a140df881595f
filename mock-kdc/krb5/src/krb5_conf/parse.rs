//! Line by line, as MIT's prof_parse.c reads them.
//!
//! * Before the first line that begins with `[`, everything is skipped.
//! * `[name]` begins a section at the top, `name = {` or `name =` and a line with `{` a subsection, `}` ends it.
//! * `name = value`: blanks around the value do not count; in quotes they do, with `\n`, `\t`, `\b` and `\` before anything
//!   else; what follows the closing quote does not.
//! * `;` and `#` begin a comment at the start of a line only.
//! * `*` after a section's name, after `}` or after a relation's name: nothing is added later.
//! * `include FILE` and `includedir DIRECTORY` at the very start of a line, anywhere.

use super::InvalidConfiguration;
use super::profile::{Relation, Section};
use std::sync::Arc;

/// Where included files come from.
pub trait Loader {
    /// The text of a file.
    ///
    /// # Errors
    /// Why it cannot be had.
    fn file(&mut self, path: &str) -> Result<String, String>;

    /// The names of the files in a directory, in any order. Which of them count is decided here.
    ///
    /// # Errors
    /// Why they cannot be had.
    fn directory(&mut self, path: &str) -> Result<Vec<String>, String>;
}

/// Has no files: each `include` is an error.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoIncludes;

impl Loader for NoIncludes {
    fn file(&mut self, _path: &str) -> Result<String, String> {
        Err("files are not included here".to_owned())
    }

    fn directory(&mut self, _path: &str) -> Result<Vec<String>, String> {
        Err("files are not included here".to_owned())
    }
}

/// How deep files may include each other. MIT has no bound and runs out of its stack where a file includes itself.
pub const MAX_INCLUDE_DEPTH: usize = 16;

/// How many subsections may stand in each other. MIT has no bound.
const MAX_SECTION_DEPTH: usize = 64;

/// MIT reads lines into a buffer of 2,048 octets and takes what does not fit for another line.
const MAX_LINE: usize = 2046;

pub(super) fn file(
    name: &str,
    text: &str,
    loader: &mut dyn Loader,
    depth: usize,
    root: &mut Section,
) -> Result<(), InvalidConfiguration> {
    let mut parser =
        Parser { file: name.into(), line: 0, expects: Expect::FirstSection, path: Vec::new(), discard: None };
    for line in text.split_terminator('\n') {
        parser.line += 1;
        if line.len() > MAX_LINE {
            return Err(parser.fail(format!("a line of {} octets, at most {MAX_LINE} are read", line.len())));
        }
        // What MIT's library sees of a line ends at a NUL.
        let line = line.split('\0').next().unwrap_or_default();
        match directive(line) {
            Some(("include", path)) => parser.include(path, loader, depth, root)?,
            Some((_, path)) => parser.include_directory(path, loader, depth, root)?,
            None => parser.read(line, root)?,
        }
    }
    Ok(())
}

/// `include` or `includedir` and what is included.
fn directive(line: &str) -> Option<(&'static str, &str)> {
    ["include", "includedir"].into_iter().find_map(|word| {
        let rest = line.strip_prefix(word).filter(|rest| rest.starts_with(is_blank))?;
        Some((word, rest.trim_start_matches(is_blank).trim_end_matches('\r')))
    })
}

struct Parser {
    file: Arc<str>,
    line: usize,
    expects: Expect,
    /// The section that lines belong to, from the top on; empty before the first.
    path: Vec<String>,
    /// From how deep on everything is passed over, because that section was final before.
    discard: Option<usize>,
}

enum Expect {
    FirstSection,
    Line,
    Brace,
}

impl Parser {
    fn read(&mut self, line: &str, root: &mut Section) -> Result<(), InvalidConfiguration> {
        match self.expects {
            Expect::FirstSection if line.starts_with("module") && line[6..].starts_with(is_blank) => {
                Err(self.fail("'module' loads a program in place of a file, which is not done here"))
            }
            Expect::FirstSection if !line.starts_with('[') => Ok(()),
            Expect::FirstSection | Expect::Line => {
                self.expects = Expect::Line;
                self.statement(line.trim_start_matches(is_blank).trim_end_matches('\r'), root)
            }
            Expect::Brace if line.trim_start_matches(is_blank).starts_with('{') => {
                self.expects = Expect::Line;
                Ok(())
            }
            Expect::Brace => Err(self.fail("expected '{' in the line after 'name ='")),
        }
    }

    fn statement(&mut self, line: &str, root: &mut Section) -> Result<(), InvalidConfiguration> {
        match line.chars().next() {
            None | Some(';' | '#') => Ok(()),
            Some('[') => self.begin_section(&line[1..], root),
            Some('}') => self.end_subsection(&line[1..], root),
            Some(_) => self.relation(line, root),
        }
    }

    fn begin_section(&mut self, line: &str, root: &mut Section) -> Result<(), InvalidConfiguration> {
        if self.path.len() > 1 {
            return Err(self.fail(format!("section inside of '{}', which '}}' has not ended", self.path.join("/"))));
        }
        let Some((name, rest)) = line.split_once(']') else {
            return Err(self.fail("section without ']', expected [name]"));
        };
        let (is_final, rest) = rest.strip_prefix('*').map_or((false, rest), |rest| (true, rest));
        if !rest.chars().all(is_blank) {
            return Err(self.fail(format!("'{rest}' after [{name}], expected nothing")));
        }
        self.path = vec![name.to_owned()];
        let section = root.sections.entry(name.to_owned()).or_default();
        self.discard = section.is_final.then_some(1);
        section.is_final |= is_final;
        Ok(())
    }

    fn end_subsection(&mut self, rest: &str, root: &mut Section) -> Result<(), InvalidConfiguration> {
        if self.path.len() < 2 {
            return Err(self.fail("'}' where no subsection has begun"));
        }
        if rest.starts_with('*') && self.discard.is_none() {
            self.section(root).is_final = true;
        }
        self.path.pop();
        if self.discard.is_some_and(|depth| self.path.len() < depth) {
            self.discard = None;
        }
        Ok(())
    }

    fn relation(&mut self, line: &str, root: &mut Section) -> Result<(), InvalidConfiguration> {
        let Some((name, value)) = line.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(self.fail(format!("'{line}', expected name = value")));
        };
        let name = name.trim_end_matches(is_blank);
        if name.contains(is_blank) {
            return Err(self.fail(format!("blank within the name '{name}', expected name = value")));
        }
        let (name, is_final) = name.split_once('*').map_or((name, false), |(name, _)| (name, true));
        let value = value.trim_start_matches(is_blank);
        if value.is_empty() {
            self.expects = Expect::Brace;
        }
        if value.is_empty() || value.strip_prefix('{').is_some_and(|rest| rest.chars().all(is_blank)) {
            return self.begin_subsection(name, is_final, root);
        }
        if self.discard.is_some() {
            return Ok(());
        }
        let value = value.strip_prefix('"').map_or_else(|| value.trim_end_matches(is_blank).to_owned(), unquoted);
        let relation = Relation { value, file: Arc::clone(&self.file), line: self.line };
        let section = self.section(root);
        if section.final_relations.iter().any(|known| known == name) {
            return Ok(());
        }
        section.relations.entry(name.to_owned()).or_default().push(relation);
        if is_final {
            section.final_relations.push(name.to_owned());
        }
        Ok(())
    }

    fn begin_subsection(&mut self, name: &str, is_final: bool, root: &mut Section) -> Result<(), InvalidConfiguration> {
        if self.path.len() >= MAX_SECTION_DEPTH {
            return Err(self.fail(format!("more than {MAX_SECTION_DEPTH} sections in each other")));
        }
        if self.discard.is_none() {
            let section = self.section(root).sections.entry(name.to_owned()).or_default();
            let was_final = section.is_final;
            section.is_final |= is_final;
            self.discard = was_final.then_some(self.path.len() + 1);
        }
        self.path.push(name.to_owned());
        Ok(())
    }

    /// The section that lines belong to. Nothing is discarded here, so that all of the path exists.
    fn section<'a>(&self, root: &'a mut Section) -> &'a mut Section {
        self.path.iter().fold(root, |section, name| section.sections.entry(name.clone()).or_default())
    }

    fn include(
        &self,
        path: &str,
        loader: &mut dyn Loader,
        depth: usize,
        root: &mut Section,
    ) -> Result<(), InvalidConfiguration> {
        if depth >= MAX_INCLUDE_DEPTH {
            return Err(self.fail(format!("files include each other more than {MAX_INCLUDE_DEPTH} deep")));
        }
        let text = loader.file(path).map_err(|problem| self.fail(format!("cannot include '{path}': {problem}")))?;
        file(path, &text, loader, depth + 1, root)
    }

    fn include_directory(
        &self,
        path: &str,
        loader: &mut dyn Loader,
        depth: usize,
        root: &mut Section,
    ) -> Result<(), InvalidConfiguration> {
        let mut names =
            loader.directory(path).map_err(|problem| self.fail(format!("cannot include '{path}': {problem}")))?;
        names.retain(|name| is_included(name));
        names.sort_unstable();
        names.iter().try_for_each(|name| self.include(&format!("{path}/{name}"), loader, depth, root))
    }

    fn fail(&self, problem: impl Into<String>) -> InvalidConfiguration {
        InvalidConfiguration { file: self.file.to_string(), line: self.line, problem: problem.into() }
    }
}

/// Which files of a directory count: `*.conf`, and names of letters, digits, `-` and `_`; none that begins with a dot.
fn is_included(name: &str) -> bool {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    !name.starts_with('.') && (name.ends_with(".conf") || (!name.is_empty() && name.bytes().all(plain)))
}

/// What isspace() of C says.
const fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// Up to the closing quote, or the end of the line where there is none.
fn unquoted(text: &str) -> String {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next().filter(|character| *character != '"') {
        match character {
            '\\' => match characters.next() {
                Some('n') => value.push('\n'),
                Some('t') => value.push('\t'),
                Some('b') => value.push('\x08'),
                Some(other) => value.push(other),
                None => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::super::Profile;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[track_caller]
    fn check(text: &str, path: &[&str], expected: &[&str]) {
        let profile = Profile::parse("k", text).unwrap();
        let found: Vec<_> = profile.values(path).into_iter().map(|relation| relation.value.as_str()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn blanks_quotes_and_comments_are_as_in_mits_library() {
        let x = &["s", "x"];
        check("x = 0\n no section yet\n[s]\nx = 1\n", x, &["1"]);
        check("[s]\n  x\t=\t a b \r\n", x, &["a b"]);
        check("[s]\nx = \" a \\\"b\\\" \\t\\n\\q\\\\\" rest\n", x, &[" a \"b\" \t\nq\\"]);
        check("[s]\nx = \"open\n", x, &["open"]);
        check("[s]\n# x = 1\n ; x = 2\nx = 3 # no comment\n", x, &["3 # no comment"]);
        check("[s]\nx = {a}\nx == b\n", x, &["{a}", "= b"]);
        check("[s]* \nx = 1", x, &["1"]);
    }

    #[test]
    fn subsections_begin_in_the_same_line_or_the_next() {
        let x = &["s", "a", "b", "x"];
        check("[s]\na = {\n b =\n  { anything\n x = 1\n }\n} anything\n", x, &["1"]);
        check("[s]\na = {\n b = {  \n x = 1\n", x, &["1"]);
        check("[s]\nx = 1\na =\n", &["s", "x"], &["1"]);
        check("[s]\na = 1\na = {\nb = {\nx = 2\n}\n}\n", &["s", "a"], &["1"]);
    }

    #[test]
    fn final_sections_and_relations_take_nothing_more() {
        check("[s]*\nx = 1\n[t]\n[s]\nx = 2\n", &["s", "x"], &["1"]);
        check("[s]\nx* = 1\nx = 2\n", &["s", "x"], &["1"]);
        check("[s]\na* = {\nx = 1\n}\na = {\nx = 2\nb = {\nx = 3\n}\n}\ny = 4\n", &["s", "a", "x"], &["1"]);
        check("[s]\na = {\nx = 1\n}*\na = {\nx = 2\nb = {\nx = 3\n}\n}\ny = 4\n", &["s", "y"], &["4"]);
    }

    #[test]
    fn what_is_no_statement_is_refused_by_line() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(Profile::parse("k", text).unwrap_err().to_string(), expected);
        }
        check("[s]\nx\n", "k:2: 'x', expected name = value");
        check("[s]\n = 1\n", "k:2: '= 1', expected name = value");
        check("[s]\nx y = 1\n", "k:2: blank within the name 'x y', expected name = value");
        check("[s\n", "k:1: section without ']', expected [name]");
        check("[s] x\n", "k:1: ' x' after [s], expected nothing");
        check("[s]\n}\n", "k:2: '}' where no subsection has begun");
        check("[s]\na = {\n[t]\n", "k:3: section inside of 's/a', which '}' has not ended");
        check("[s]\na =\nx = 1\n", "k:3: expected '{' in the line after 'name ='");
        check("module /lib/x.so:1\n", "k:1: 'module' loads a program in place of a file, which is not done here");
        check("include /etc/x\n", "k:1: cannot include '/etc/x': files are not included here");
        check(&format!("[s]\nx = {}", "a".repeat(3000)), "k:2: a line of 3004 octets, at most 2046 are read");
        check(&format!("[s]\n{}", "a = {\n".repeat(100)), "k:65: more than 64 sections in each other");
    }

    struct Files(BTreeMap<&'static str, &'static str>);

    impl Loader for Files {
        fn file(&mut self, path: &str) -> Result<String, String> {
            self.0.get(path).map(|text| (*text).to_owned()).ok_or_else(|| "there is none".to_owned())
        }

        fn directory(&mut self, path: &str) -> Result<Vec<String>, String> {
            let own = |file: &&str| file.strip_prefix(path)?.strip_prefix('/').map(str::to_owned);
            Ok(self.0.keys().filter_map(own).collect())
        }
    }

    #[test]
    fn included_files_share_the_tree_and_not_the_place_in_it() {
        let mut files = Files(BTreeMap::from([
            ("/f", "skipped = 1\n[s]\nx = f\n[t]\n"),
            ("/d/b.conf", "[s]\nx = b\n"),
            ("/d/a", "[s]\nx = a\n"),
            ("/d/a~", "[s]\nx = never\n"),
            ("/d/.h.conf", "[s]\nx = never\n"),
            ("/loop", "include /loop\n"),
            ("/bad", "[s]\nx\n"),
        ]));
        let mut read = |text: &str| Profile::parse_with("k", text, &mut files);
        let profile = read("[s]\na = {\ninclude /f\nincludedir /d\ny = 1\n}\nx = own\n").unwrap();
        let found: Vec<_> =
            profile.values(&["s", "x"]).into_iter().map(|r| (r.value.as_str(), &*r.file, r.line)).collect();
        assert_eq!(found, [("f", "/f", 3), ("a", "/d/a", 2), ("b", "/d/b.conf", 2), ("own", "k", 7)]);
        assert_eq!(profile.value(&["s", "a", "y"]).unwrap().value, "1");
        let failed = |result: Result<Profile, InvalidConfiguration>| result.unwrap_err().to_string();
        assert_eq!(failed(read("include /loop\n")), "/loop:1: files include each other more than 16 deep");
        assert_eq!(failed(read("\ninclude /none\n")), "k:2: cannot include '/none': there is none");
        assert_eq!(failed(read("include /bad\n")), "/bad:2: 'x', expected name = value");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "([\\[\\]{}=*\"\\\\#a-c \\t\\r\\n;\0é]|include |includedir |\\[s\\]\n){0,60}") {
            let _ = Profile::parse("k", &text);
            let _ = Profile::parse("k", &format!("[s]\n{text}"));
        }

        #[test]
        fn a_value_in_quotes_is_read_as_it_was(value in "[^\0\r\n]{0,40}") {
            let quoted: String = value
                .chars()
                .map(|c| match c {
                    '"' | '\\' => format!("\\{c}"),
                    other => other.to_string(),
                })
                .collect();
            let profile = Profile::parse("k", &format!("[s]\nx = \"{quoted}\"\n")).unwrap();
            prop_assert_eq!(&profile.value(&["s", "x"]).unwrap().value, &value);
        }
    }
}
