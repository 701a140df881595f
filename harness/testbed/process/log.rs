//! What a program says: its last words, in memory only.

use std::collections::VecDeque;
use std::io::{PipeWriter, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How much is kept.
const KEPT_MAX: usize = 64 * 1024;

/// How much of that a message shows.
const LINES_MAX: usize = 6;

/// How long it is waited for the last words of a program that has ended, in case somebody else still holds its pipe.
const LAST_WORDS_PATIENCE: Duration = Duration::from_millis(200);

/// The end of a program's output.
#[derive(Debug, Clone, Default)]
pub(in crate::testbed) struct Log(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    said: Mutex<Said>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct Said {
    kept: VecDeque<u8>,
    /// Whether nobody can say anything any more.
    is_all: bool,
}

impl Log {
    /// A log and the pipe into it, which is read until the last program that has it is gone.
    pub(super) fn open() -> std::io::Result<(Self, PipeWriter)> {
        let (mut reader, writer) = std::io::pipe()?;
        let log = Self::default();
        let kept = log.clone();
        std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut chunk) {
                kept.keep(&chunk[..length]);
            }
            kept.said().is_all = true;
            kept.0.ended.notify_all();
        })?;
        Ok((log, writer))
    }

    /// More of it.
    pub(in crate::testbed) fn keep(&self, bytes: &[u8]) {
        let kept = &mut self.said().kept;
        kept.extend(bytes);
        let surplus = kept.len().saturating_sub(KEPT_MAX);
        kept.drain(..surplus);
    }

    /// All that is kept.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(self.said().kept.make_contiguous()).into_owned()
    }

    /// Waits a moment for the end of the pipe: what a program says before it ends may be read after it has ended.
    pub(super) fn settle(&self) {
        // Who waits in vain has what is there.
        let _ = self.0.ended.wait_timeout_while(self.said(), LAST_WORDS_PATIENCE, |said| !said.is_all);
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last lines behind a colon, for a message; nothing if there are none.
    pub(in crate::testbed) fn last_lines(&self) -> String {
        let text = self.text();
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(LINES_MAX)..];
        if last.is_empty() { String::new() } else { format!(": {}", last.join(" | ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_and_the_beginning_dropped() {
        let log = Log::default();
        assert_eq!(log.last_lines(), "");
        for number in 0..20_000 {
            log.keep(format!("line {number}\n").as_bytes());
        }
        assert!(log.text().len() <= KEPT_MAX);
        assert!(log.last_lines().starts_with(": line 19994 | line 19995 | "), "{}", log.last_lines());
        assert!(log.last_lines().ends_with(" | line 19999"));
    }
}
