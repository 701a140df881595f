//! What the commands that play have in common: reports that fold what happens, and an end on every path.

use crate::cli::interrupt::Interruptions;
use crate::cli::say;
use crate::engine::event::{Event, Exit, Summary};
use crate::error::Error;
use crate::report::{self, Report};
use crate::testbed::Backend;
use std::io::ErrorKind;
use std::path::Path;

/// The reports of a run.
pub(super) struct Reports {
    all: Vec<Box<dyn Report>>,
    unwritten: Option<report::Error>,
}

impl Reports {
    /// What is printed, and the files of `folder` if one was asked for.
    pub(super) fn new(printed: Box<dyn Report>, folder: Option<&Path>) -> Result<Self, Error> {
        let mut all = Vec::new();
        if let Some(folder) = folder {
            let directory = report::Directory::create(folder).map_err(environment)?;
            all.push(Box::new(directory) as Box<dyn Report>);
        }
        all.push(printed);
        Ok(Self { all, unwritten: None })
    }

    /// Tells all of them. What cannot be written is said at the end.
    pub(super) fn handle(&mut self, event: &Event) {
        for report in &mut self.all {
            if let Err(problem) = report.handle(event) {
                self.unwritten.get_or_insert(problem);
            }
        }
    }

    /// The exit code, once all is written. `nothing` is what to say where nothing ran.
    pub(super) fn finish(self, summary: &Summary, nothing: &str) -> Result<u8, Error> {
        match self.unwritten {
            // Whoever reads standard output has gone, as `| head` does. The verdict stands.
            Some(report::Error::Stream { source, .. }) if source.kind() == ErrorKind::BrokenPipe => {}
            Some(problem) => return Err(environment(problem)),
            None => {}
        }
        if summary.exit() == Exit::NothingRan {
            say(nothing);
        }
        Ok(summary.exit().code())
    }
}

/// Plays to the end or to an interruption, and ends the backends on either way. Whoever interrupts gets no report, and nothing of
/// ours is left: what was playing is dropped, programs are ended.
pub(super) async fn played(
    playing: impl Future<Output = Result<Summary, Error>>,
    backends: impl IntoIterator<Item = Backend>,
) -> Result<Summary, Error> {
    let mut interruptions = Interruptions::listen()?;
    let summary = tokio::select! {
        summary = playing => summary,
        _ = interruptions.next() => Err(Error::Environment("interrupted".to_owned())),
    };
    for backend in backends {
        backend.stop().await;
    }
    summary
}

fn environment(problem: report::Error) -> Error {
    Error::Environment(problem.to_string())
}
