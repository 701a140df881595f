//! `--report DIR`: all files of a run in one directory.

use crate::engine::event::Event;
use crate::report::{Error, Record, Report, file, json, junit, markdown};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes `results.json`, `junit.xml` and `summary.md` when the run is over. A run that is broken off leaves what an earlier
/// one has written.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    record: Record,
}

impl Directory {
    /// Makes the directory where it is missing, before the run: nobody wants to learn at its end that it cannot be written.
    ///
    /// # Errors
    /// The directory cannot be made or takes no file.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        file::prepare_directory(&path)?;
        Ok(Self { path, record: Record::default() })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Report for Directory {
    fn handle(&mut self, event: &Event) -> Result<(), Error> {
        self.record.fold(event);
        if matches!(event, Event::RunFinished { .. }) { write(&self.record, &self.path) } else { Ok(()) }
    }
}

/// Writes the files of a run into a directory that exists.
///
/// # Errors
/// A file cannot be written. Each file is the old one or the new one, never a part.
pub fn write(record: &Record, directory: &Path) -> Result<(), Error> {
    type Format = fn(&Record, &mut dyn Write) -> io::Result<()>;
    let formats: [(&str, Format); 3] =
        [("results.json", json::write), ("junit.xml", junit::write), ("summary.md", markdown::write)];
    for (name, format) in formats {
        file::replace(&directory.join(name), |out| format(record, out))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use std::fs;

    #[test]
    fn the_files_are_there_when_the_run_is_over_and_not_before() {
        let parent = tempfile::tempdir().unwrap();
        let mut directory = Directory::create(parent.path().join("a/report")).unwrap();
        let events = sample::events();
        let (last, before) = events.split_last().unwrap();
        before.iter().for_each(|event| directory.handle(event).unwrap());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);

        directory.handle(last).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["junit.xml", "results.json", "summary.md"]);
        let results = json::read(&directory.path().join("results.json")).unwrap();
        assert_eq!(results, json::Results::from(&sample::record()));
    }

    #[test]
    fn a_directory_that_goes_away_is_an_error_that_names_the_file() {
        let parent = tempfile::tempdir().unwrap();
        let gone = parent.path().join("gone");
        let error = write(&sample::record(), &gone).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("cannot write report {}: ", gone.join("results.json").display())),
            "{error}"
        );
    }
}
