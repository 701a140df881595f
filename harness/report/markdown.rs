//! `summary.md`: a run on half a page, for a pull request or a job summary.

use crate::engine::event::{Summary, Verdict};
use crate::engine::twins::{Explained, Tally, Twin, Twins};
use crate::report::{Record, replay, twins};
use std::io::{self, Write};

/// Bad cases that are listed; the others are counted.
const LISTED_MAX: usize = 50;

/// Writes a run.
///
/// # Errors
/// `out` does not take it.
pub fn write(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Shakedown on {}\n", record.started.backend)?;
    writeln!(out, "{} in {:.2} s", record.summary, record.duration.as_secs_f64())?;
    for (question, reading) in &record.started.readings {
        writeln!(out, "\nReading of `{question}`: `{reading}`")?;
    }
    writeln!(out, "\n| scenario | pass | fail | known | fixed | skipped | error |")?;
    writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for (scenario, cases) in record.scenarios() {
        let summary: Summary = cases.iter().map(|case| case.verdict).collect();
        let counts = Verdict::ALL.map(|verdict| summary.count(verdict).to_string());
        writeln!(out, "| {} | {} |", cell(scenario), counts.join(" | "))?;
    }
    match &record.twins {
        Some(twins) => write_twins(twins, out),
        None => write_bad(record, out),
    }
}

/// How two backends compare, and what differs between them without an explanation.
fn write_twins(twins: &Twins, out: &mut dyn Write) -> io::Result<()> {
    for (side, Twin { backend, products }) in [("Left", &twins.left), ("Right", &twins.right)] {
        writeln!(out, "\n{side}: `{backend}` {}", cell(&products.join(", ")))?;
    }
    writeln!(out, "\n| scenario | compared | equal | explained | different | skipped | error |")?;
    writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for (scenario, cases) in twins::scenarios(twins) {
        let tally: Tally = cases.iter().copied().collect();
        let Tally { equal, explained, different, skipped, error } = tally;
        let compared = tally.compared();
        writeln!(
            out,
            "| {} | {compared} | {equal} | {explained} | {different} | {skipped} | {error} |",
            cell(scenario)
        )?;
    }
    let mut unexplained = Vec::new();
    for (scenario, cases) in twins::scenarios(twins) {
        let differences = twins::folded(scenario, &cases).into_iter();
        let without = differences.filter(|folded| !matches!(folded.what.explained, Explained::By { .. }));
        unexplained.extend(without.map(|folded| (scenario, folded)));
    }
    if unexplained.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| cases | step | where | left | right |")?;
    writeln!(out, "| --- | --- | --- | --- | --- |")?;
    for (scenario, twins::Folded { what, names, cases }) in unexplained.iter().take(LISTED_MAX) {
        let names = cell(&format!("{scenario}/{names} ({cases})"));
        let (step, at) = (cell(&what.step), cell(&what.at));
        let [left, right] = [&what.left, &what.right].map(|text| cell(&twins::shown(text.as_deref())));
        writeln!(out, "| {names} | {step} | {at} | {left} | {right} |")?;
    }
    if unexplained.len() > LISTED_MAX {
        writeln!(out, "\nand {} more", unexplained.len() - LISTED_MAX)?;
    }
    Ok(())
}

fn write_bad(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let bad: Vec<_> = record.cases.iter().filter(|case| case.verdict.is_bad()).collect();
    if bad.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n| case | verdict | expected | actual | replay |")?;
    writeln!(out, "| --- | --- | --- | --- | --- |")?;
    for case in bad.iter().take(LISTED_MAX) {
        let step = case.first_difference();
        let expected = step.and_then(|step| step.expected.client.as_ref()).map(ToString::to_string);
        let actual = step.and_then(|step| step.views.client.as_ref()).map(ToString::to_string).or(case.reason.clone());
        writeln!(
            out,
            "| {} | {} | {} | {} | `{}` |",
            cell(&case.name),
            case.verdict,
            cell(&expected.unwrap_or_default()),
            cell(&actual.unwrap_or_default()),
            replay::command(&record.started, &case.name).replace('|', "\\|"),
        )?;
    }
    if bad.len() > LISTED_MAX {
        writeln!(out, "\nand {} more", bad.len() - LISTED_MAX)?;
    }
    Ok(())
}

/// Text in which nothing ends the cell or starts a tag.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => cell.push(' '),
            '|' | '*' | '_' | '`' | '<' | '\\' => cell.extend(['\\', character]),
            _ => cell.push(character),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::CaseResult;
    use crate::report::sample;

    fn written(record: &Record) -> String {
        let mut text = Vec::new();
        write(record, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn the_summary_is_a_short_table() {
        assert_eq!(
            written(&sample::record()),
            "\
# Shakedown on mock

6 cases: 1 pass, 1 fail, 1 known, 1 fixed, 1 skipped, 1 error in 1.23 s

Reading of `dhe-on-v3`: `table`

| scenario | pass | fail | known | fixed | skipped | error |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| mysql/cipher-suites | 0 | 1 | 0 | 0 | 1 | 0 |
| mysql/passwords | 1 | 0 | 0 | 1 | 0 | 0 |
| postgres/kerberos-login | 0 | 0 | 1 | 0 | 0 | 0 |
| postgres/passwords | 0 | 0 | 0 | 0 | 0 | 1 |

| case | verdict | expected | actual | replay |
| --- | --- | --- | --- | --- |
| mysql/cipher-suites/3.04.0/tls1.0/ECDHE-RSA-AES128-SHA | fail | established TLS1.0 ECDHE-RSA-AES128-SHA by password | refused by server: alert handshake\\_failure | `shakedown run --filter 'mysql/cipher-suites/3.04.0/tls1.0/ECDHE-RSA-AES128-SHA'` |
| mysql/passwords/wrong | fixed |  | the server was too slow | `shakedown run --filter 'mysql/passwords/wrong'` |
| postgres/passwords/right | error |  | cannot listen on 127.0.0.1:0: too many open files | `shakedown run --filter 'postgres/passwords/right'` |
"
        );
    }

    #[test]
    fn a_run_without_bad_cases_has_no_list_of_them() {
        let mut record = sample::record();
        record.cases.retain(|case| !case.verdict.is_bad());
        assert!(!written(&record).contains("| case |"));
    }

    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let record = Record {
            cases: (0..LISTED_MAX + 3)
                .map(|index| CaseResult { name: index.to_string(), ..sample::failing() })
                .collect(),
            ..Record::default()
        };
        assert!(written(&record).ends_with("\nand 3 more\n"));
    }

    #[test]
    fn what_markdown_would_read_as_its_own_is_escaped() {
        assert_eq!(cell("a|b\n<i> `x` *y*"), "a\\|b \\<i> \\`x\\` \\*y\\*");
    }
}
