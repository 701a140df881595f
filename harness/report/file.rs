//! A file that is there completely or not at all.

use crate::report::Error;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Puts what `write` writes in the place of `path`. The text goes to a temporary name in the same directory first, to the disk
/// after that, and gets its name last: whoever opens `path` sees the old content or the new one. Of a failure nothing remains.
///
/// # Errors
/// The directory or the file cannot be written, or `write` fails. What stood at `path` before still stands there.
pub fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let temporary = Temporary(temporary_name(path));
    let written = (|| {
        let mut out = BufWriter::new(File::create(&temporary.0)?);
        write(&mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&temporary.0, path)
    })();
    written.map_err(|source| Error::NotWritable { path: path.to_owned(), source })
}

/// Makes a directory (and those above it) where it is missing, and makes sure that files can be put into it, so that a run
/// does not find out at its end.
///
/// # Errors
/// It cannot be made, is no directory, or takes no file.
pub fn prepare_directory(path: &Path) -> Result<(), Error> {
    let probe = Temporary(temporary_name(&path.join("probe")));
    fs::create_dir_all(path)
        .and_then(|()| File::create(&probe.0))
        .map(drop)
        .map_err(|source| Error::NotWritable { path: path.to_owned(), source })
}

/// `results.json` → `.results.json.4711.tmp`: out of the way of `*.json`, and of another run that writes to the same place.
fn temporary_name(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

/// A file that goes when this goes; after it was renamed there is nothing left to remove.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nobody can be told, and the next run writes over it.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_half_way_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("results.json");
        replace(&path, |out| out.write_all(b"old")).unwrap();

        let error = replace(&path, |out| {
            out.write_all(&[b'n'; 100_000])?;
            Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on device"))
        })
        .unwrap_err();

        assert_eq!(error.to_string(), format!("cannot write report {}: no space left on device", path.display()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(directory.path()), ["results.json"]);
    }

    #[test]
    fn the_new_text_takes_the_place_of_a_longer_old_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("summary.md");
        replace(&path, |out| out.write_all(b"a long text")).unwrap();
        replace(&path, |out| out.write_all(b"short")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "short");
        assert_eq!(names(directory.path()), ["summary.md"]);
    }

    #[test]
    fn until_it_is_complete_nothing_stands_under_the_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("junit.xml");
        replace(&path, |out| {
            out.write_all(b"half")?;
            out.flush()?;
            assert!(!path.exists());
            out.write_all(b" and half")
        })
        .unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "half and half");
    }

    #[test]
    fn a_missing_directory_is_made_and_a_file_in_its_place_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let nested = directory.path().join("a/b");
        prepare_directory(&nested).unwrap();
        assert_eq!(names(&nested), [""; 0]);

        let occupied = directory.path().join("occupied");
        fs::write(&occupied, "").unwrap();
        let error = prepare_directory(&occupied).unwrap_err();
        assert!(error.to_string().starts_with(&format!("cannot write report {}: ", occupied.display())), "{error}");
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
