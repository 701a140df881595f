//! Files before they are understood, and places in them.

use crate::error::{Error, ScenarioError};
use include_dir::{Dir, include_dir};
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Everything below `scenarios/`, so that the program runs without its sources.
static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// Folders and files below `scenarios/` that are no scenarios.
const NOT_SCENARIOS: [&str; 7] =
    ["profiles", "explained", "clients.toml", "sets.toml", "requirements.toml", "faults.toml", "known-failing.toml"];

/// The longest file that is read, in octets. A scenario is written by hand.
const FILE_LIMIT: u64 = 1 << 20;

/// The text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path below the root of scenarios, without `.toml`: `mysql/cipher-suites`.
    pub name: String,
    /// As errors and reports name it.
    pub file: PathBuf,
    /// The content.
    pub text: String,
}

impl Source {
    /// A text that stands in no file.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let name = name.into();
        Self { file: format!("scenarios/{name}.toml").into(), name, text: text.into() }
    }

    /// All scenarios that are built in, by name.
    #[must_use]
    pub fn built_in() -> Vec<Self> {
        let mut sources = Vec::new();
        collect_built_in(&BUILT_IN, &mut sources);
        sources.retain(|source| is_scenario(Path::new(&format!("{}.toml", source.name))));
        sources.sort_by(|a, b| a.name.cmp(&b.name));
        sources
    }

    /// The built-in profiles.
    #[must_use]
    pub fn built_in_profiles() -> Vec<Self> {
        let mut sources = Vec::new();
        if let Some(folder) = BUILT_IN.get_dir("profiles") {
            collect_built_in(folder, &mut sources);
        }
        sources
    }

    /// The built-in files of explained differences, by name.
    #[must_use]
    pub fn built_in_explanations() -> Vec<Self> {
        let mut sources = Vec::new();
        if let Some(folder) = BUILT_IN.get_dir("explained") {
            collect_built_in(folder, &mut sources);
        }
        sources.sort_by(|a, b| a.name.cmp(&b.name));
        sources
    }

    /// One built-in file, by its name without `.toml`.
    ///
    /// # Errors
    /// There is none.
    pub fn built_in_file(name: &str) -> Result<Self, Error> {
        let file = BUILT_IN.get_file(format!("{name}.toml"));
        let text = file.and_then(|file| file.contents_utf8());
        text.map(|text| Self::new(name, text)).ok_or_else(|| Error::Internal(format!("no built-in file '{name}.toml'")))
    }

    /// One file. Its name is the path below the nearest folder called `scenarios`, or the file's own name.
    ///
    /// # Errors
    /// It cannot be read, is too long, or is no UTF-8.
    pub fn read(file: &Path) -> Result<Self, Error> {
        let components: Vec<_> = file.components().collect();
        let root = components.iter().rposition(|component| component.as_os_str() == "scenarios");
        let start = root.map_or(components.len().saturating_sub(1), |root| root + 1);
        Self::read_as(file, &components[start..].iter().collect::<PathBuf>())
    }

    /// Scenario files and folders of them. A folder is a root: names are paths below it.
    ///
    /// # Errors
    /// One of them cannot be read, or a folder holds no scenario.
    pub fn from_paths(paths: &[PathBuf]) -> Result<Vec<Self>, Error> {
        let mut sources = Vec::new();
        for path in paths {
            if !path.is_dir() {
                sources.push(Self::read(path)?);
                continue;
            }
            let mut files = Vec::new();
            collect_files(path, &mut files)?;
            files.sort();
            let before = sources.len();
            for file in files {
                let below = file.strip_prefix(path).unwrap_or(&file).to_owned();
                if is_scenario(&below) {
                    // Below a root's own sub-folder, the name still begins at the root.
                    let inside = path.components().any(|component| component.as_os_str() == "scenarios");
                    sources.push(if inside { Self::read(&file)? } else { Self::read_as(&file, &below)? });
                }
            }
            if sources.len() == before {
                return Err(Error::Usage(format!("no scenario in '{}'", path.display())));
            }
        }
        Ok(sources)
    }

    fn read_as(file: &Path, below: &Path) -> Result<Self, Error> {
        let cannot =
            |problem: &dyn std::fmt::Display| Error::Usage(format!("cannot read '{}': {problem}", file.display()));
        let about = std::fs::metadata(file).map_err(|error| cannot(&error))?;
        // A device has no end, and a pipe may never have one.
        if !about.is_file() {
            return Err(cannot(&"it is no regular file"));
        }
        let mut octets = Vec::new();
        let opened = std::fs::File::open(file).map_err(|error| cannot(&error))?;
        opened.take(FILE_LIMIT + 1).read_to_end(&mut octets).map_err(|error| cannot(&error))?;
        if octets.len() as u64 > FILE_LIMIT {
            return Err(cannot(&format!("{} octets, allowed are {FILE_LIMIT}", about.len())));
        }
        let name = below.with_extension("");
        let parts: Vec<_> = name.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        let source = |text| Self { name: parts.join("/"), file: file.to_owned(), text };
        String::from_utf8(octets).map(source).map_err(|error| {
            let end = error.utf8_error().valid_up_to();
            let readable = source(String::from_utf8_lossy(&error.as_bytes()[..end]).into_owned());
            readable.error(&(end..end), "no UTF-8 from here on").into()
        })
    }

    /// The line and column of an offset, both counted from 1; columns count characters.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// Something that is wrong at a place.
    #[must_use]
    pub fn error(&self, span: &Range<usize>, problem: impl Into<String>) -> ScenarioError {
        let (line, column) = self.position(span.start);
        ScenarioError { file: self.file.clone(), line, column, written: None, allowed: None, problem: problem.into() }
    }

    /// Reads the text as TOML into `T`.
    ///
    /// # Errors
    /// It is no TOML or not of that shape.
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, ScenarioError> {
        toml::from_str(&self.text).map_err(|error| self.explain(&error))
    }

    /// An error of the TOML reader in our own words.
    fn explain(&self, error: &toml::de::Error) -> ScenarioError {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().replace('\n', ", ");
        let Some((problem, rest)) = message.split_once(" field `") else { return self.error(&span, message) };
        let (field, expected) = rest.split_once('`').unwrap_or((rest, ""));
        match problem {
            "unknown" => {
                let allowed = expected.rsplit_once("expected ").map_or("none", |(_, list)| list);
                let allowed = allowed.trim_start_matches("one of ").replace('`', "").replace(" or ", ", ");
                self.error(&span, "unknown key").writing(field).allowing(allowed)
            }
            "missing" => self.error(&span, format!("missing key '{field}'")),
            "duplicate" => self.error(&span, "key given twice").writing(field),
            _ => self.error(&span, message),
        }
    }
}

fn is_scenario(below: &Path) -> bool {
    let first = below.components().next().map(|component| component.as_os_str().to_string_lossy());
    below.extension().is_some_and(|extension| extension == "toml")
        && !first.is_some_and(|first| NOT_SCENARIOS.contains(&first.as_ref()))
}

fn collect_built_in(folder: &Dir<'_>, sources: &mut Vec<Source>) {
    for file in folder.files() {
        if let (Some("toml"), Some(text)) = (file.path().extension().and_then(|e| e.to_str()), file.contents_utf8()) {
            let name = file.path().with_extension("");
            let parts: Vec<_> = name.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            sources.push(Source::new(parts.join("/"), text));
        }
    }
    for inner in folder.dirs() {
        collect_built_in(inner, sources);
    }
}

fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let cannot = |error| Error::Usage(format!("cannot read '{}': {error}", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        // A symbolic link to a folder is not followed, so that there is no way round in a circle.
        if entry.file_type().map_err(cannot)?.is_dir() {
            collect_files(&entry.path(), files)?;
        // A pipe or a device that happens to lie here would be waited for. What is not there is an error when it is read.
        } else if std::fs::metadata(entry.path()).map_or(true, |found| found.is_file()) {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_not_octets() {
        let source = Source::new("x", "a = 1\nü = 'ä' # x\n");
        assert_eq!(source.position(0), (1, 1));
        assert_eq!(source.position(6), (2, 1));
        assert_eq!(source.position(8), (2, 2));
        assert_eq!(source.position(7), (2, 1), "inside of a character");
        assert_eq!(source.position(usize::MAX), (3, 1));
    }

    #[test]
    fn a_name_begins_below_the_folder_called_scenarios() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("scenarios").join("mysql");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("one.toml"), "x").unwrap();
        std::fs::write(root.path().join("two.toml"), "x").unwrap();
        std::fs::create_dir_all(root.path().join("scenarios/profiles")).unwrap();
        std::fs::write(root.path().join("scenarios/profiles/p.toml"), "x").unwrap();
        let names = |path: PathBuf| {
            let sources = Source::from_paths(&[path]).unwrap();
            sources.into_iter().map(|source| source.name).collect::<Vec<_>>()
        };
        assert_eq!(names(folder.join("one.toml")), ["mysql/one"]);
        assert_eq!(names(folder), ["mysql/one"]);
        assert_eq!(names(root.path().join("scenarios")), ["mysql/one"]);
        assert_eq!(names(root.path().join("two.toml")), ["two"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_an_end_is_not_read_to_it() {
        let problem = Source::from_paths(&[PathBuf::from("/dev/zero")]).unwrap_err();
        assert_eq!(problem.to_string(), "cannot read '/dev/zero': it is no regular file");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_in_a_folder_is_passed_by() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("one.toml"), "x").unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.path().join("two.toml")).unwrap();
        let sources = Source::from_paths(&[root.path().to_owned()]).unwrap();
        assert_eq!(sources.into_iter().map(|source| source.name).collect::<Vec<_>>(), ["one"]);
    }

    #[test]
    fn a_folder_without_a_scenario_and_a_file_that_is_not_there_are_errors() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(Source::from_paths(&[root.path().to_owned()]), Err(Error::Usage(_))));
        assert!(matches!(Source::from_paths(&[root.path().join("x.toml")]), Err(Error::Usage(_))));
    }
}
