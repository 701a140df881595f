//! How far a run is: a bar that moves on a terminal, plain lines elsewhere.

use crate::engine::event::{CaseResult, Event, Summary, Verdict};
use crate::report::text::printable;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal, Write};

/// Says how far the run is, and at once what went wrong.
pub struct Progress {
    look: Look,
    cases: usize,
    summary: Summary,
}

enum Look {
    /// A bar, with bad cases printed above it.
    Bar(ProgressBar),
    /// A line for each bad case and each tenth of the run.
    Lines(Box<dyn Write + Send>),
}

impl Progress {
    /// A bar where standard error is a terminal, lines where it is not.
    #[must_use]
    pub fn to_standard_error() -> Self {
        if io::stderr().is_terminal() { Self::bar() } else { Self::lines(Box::new(io::stderr())) }
    }

    /// Lines to `out`.
    #[must_use]
    pub fn lines(out: Box<dyn Write + Send>) -> Self {
        Self { look: Look::Lines(out), cases: 0, summary: Summary::default() }
    }

    fn bar() -> Self {
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}")
            .expect("the template is a constant that a test parses");
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr()).with_style(style);
        Self { look: Look::Bar(bar), cases: 0, summary: Summary::default() }
    }

    pub(crate) fn handle(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => {
                self.cases = started.cases;
                match &mut self.look {
                    Look::Bar(bar) => bar.set_length(started.cases as u64),
                    Look::Lines(out) => writeln!(out, "{} cases on {}", started.cases, started.backend)?,
                }
            }
            Event::CaseStarted { .. } | Event::Compared(_) => {}
            Event::CaseFinished(case) => self.finished(case)?,
            Event::RunFinished { .. } => {
                if let Look::Bar(bar) = &self.look {
                    bar.finish_and_clear();
                }
            }
        }
        Ok(())
    }

    fn finished(&mut self, case: &CaseResult) -> io::Result<()> {
        self.summary.add(case.verdict);
        let line = case.verdict.is_bad().then(|| line(case));
        match &mut self.look {
            Look::Bar(bar) => {
                if let Some(line) = line {
                    bar.suspend(|| writeln!(io::stderr(), "{line}"))?;
                }
                bar.set_message(counts(&self.summary));
                bar.inc(1);
            }
            Look::Lines(out) => {
                if let Some(line) = line {
                    writeln!(out, "{line}")?;
                }
                let done = self.summary.total();
                if tenths(done, self.cases) > tenths(done - 1, self.cases) {
                    writeln!(out, "{done}/{}{}", self.cases, counts(&self.summary))?;
                }
            }
        }
        Ok(())
    }
}

fn line(case: &CaseResult) -> String {
    let step = case.first_difference().and_then(|step| step.explanation.as_deref());
    match step.or(case.reason.as_deref()) {
        Some(why) => format!("{}  {}: {}", case.verdict, case.name, printable(why)),
        None => format!("{}  {}", case.verdict, case.name),
    }
}

/// ` 2 fail, 1 error`: what spoils the run so far.
fn counts(summary: &Summary) -> String {
    let bad = Verdict::ALL.into_iter().filter(|verdict| verdict.is_bad() && summary.count(*verdict) > 0);
    let counts: Vec<String> = bad.map(|verdict| format!("{} {verdict}", summary.count(verdict))).collect();
    if counts.is_empty() { String::new() } else { format!(" {}", counts.join(", ")) }
}

fn tenths(done: usize, cases: usize) -> usize {
    done * 10 / cases.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::RunStarted;
    use crate::report::sample;
    use std::sync::{Arc, Mutex};

    #[test]
    fn a_log_says_at_once_what_goes_wrong_and_every_so_often_how_far_it_is() {
        assert_eq!(
            lines(&sample::events()),
            "\
6 cases on mock
1/6
fail  mysql/cipher-suites/3.04.0/tls1.0/ECDHE-RSA-AES128-SHA: the outcome differs: refused instead of established
2/6 1 fail
3/6 1 fail
fixed  mysql/passwords/wrong: the server was too slow
4/6 1 fail, 1 fixed
5/6 1 fail, 1 fixed
error  postgres/passwords/right: cannot listen on 127.0.0.1:0: too many open files
6/6 1 fail, 1 fixed, 1 error
"
        );
    }

    #[test]
    fn a_long_run_gets_ten_lines() {
        let started = Event::RunStarted(RunStarted { cases: 288, backend: "mock".to_owned(), ..RunStarted::default() });
        let passed = Event::CaseFinished(Box::new(CaseResult { verdict: Verdict::Pass, ..sample::failing() }));
        let events: Vec<Event> = std::iter::once(started).chain(std::iter::repeat_n(passed, 288)).collect();
        let lines = lines(&events);
        assert_eq!(lines.lines().count(), 1 + 10);
        assert!(lines.ends_with("\n288/288\n"));
    }

    #[test]
    fn more_cases_than_announced_do_no_harm() {
        let passed = Event::CaseFinished(Box::new(CaseResult { verdict: Verdict::Pass, ..sample::failing() }));
        assert_eq!(lines(&[passed.clone(), passed]), "1/0\n2/0\n");
    }

    #[test]
    fn a_bar_takes_a_whole_run() {
        let mut progress = Progress::bar();
        let Look::Bar(bar) = &progress.look else { panic!("a bar was asked for") };
        bar.set_draw_target(ProgressDrawTarget::hidden());
        let bar = bar.clone();
        let (bad, others): (Vec<_>, Vec<_>) = sample::events()
            .into_iter()
            .partition(|event| matches!(event, Event::CaseFinished(case) if case.verdict.is_bad()));
        assert_eq!(bad.len(), 3, "these print to standard error");
        let (last, before) = others.split_last().unwrap();
        before.iter().for_each(|event| progress.handle(event).unwrap());
        assert_eq!((bar.position(), bar.length(), bar.is_finished()), (3, Some(6), false));
        progress.handle(last).unwrap();
        assert!(bar.is_finished());
    }

    fn lines(events: &[Event]) -> String {
        let written = Written::default();
        let mut progress = Progress::lines(Box::new(written.clone()));
        for event in events {
            progress.handle(event).unwrap();
        }
        String::from_utf8(written.0.lock().unwrap().clone()).unwrap()
    }

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
