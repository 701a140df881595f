//! The command that plays one case again.

use crate::engine::event::RunStarted;
use std::borrow::Cow;

/// `shakedown run --filter 'NAME'`, ready to be pasted into a shell.
#[must_use]
pub fn command(run: &RunStarted, case: &str) -> String {
    let mut command = String::from(if run.is_comparison { "shakedown diff" } else { "shakedown run" });
    for argument in &run.arguments {
        command.push(' ');
        command.push_str(&word(argument));
    }
    command.push_str(" --filter ");
    command.push_str(&quoted(&globset::escape(case)));
    command
}

fn word(argument: &str) -> Cow<'_, str> {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./=:,+@%".contains(character);
    if !argument.is_empty() && argument.chars().all(plain) {
        Cow::Borrowed(argument)
    } else {
        Cow::Owned(quoted(argument))
    }
}

/// In a shell nothing is special between single quotes, except for a single quote.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str], case: &str, expected: &str) {
        let run = RunStarted {
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            ..Default::default()
        };
        assert_eq!(command(&run, case), expected);
    }

    #[test]
    fn the_command_replays_just_that_case() {
        check(&[], "mysql/passwords/right", "shakedown run --filter 'mysql/passwords/right'");
        check(
            &["tests/interop", "--reading", "dhe-on-v3=note"],
            "a/b",
            "shakedown run tests/interop --reading dhe-on-v3=note --filter 'a/b'",
        );
    }

    #[test]
    fn what_is_special_to_a_shell_or_a_glob_loses_its_meaning() {
        check(&["my scenarios", ""], "a/*", "shakedown run 'my scenarios' '' --filter 'a/[*]'");
        check(&["$(rm)"], "it's", r"shakedown run '$(rm)' --filter 'it'\''s'");
    }
}
