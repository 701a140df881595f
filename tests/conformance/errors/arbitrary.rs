//! Files that nobody would write: they are refused, and never panic.

use super::{SCENARIO, plan};
use proptest::prelude::*;
use shakedown::scenario::pattern::{OutcomePattern, ViewPattern};
use shakedown::scenario::trace_pattern::TracePattern;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,300}") {
        let _ = plan(&text);
    }

    #[test]
    fn a_scenario_with_octets_exchanged_or_left_out_never_panics(
        cuts in prop::collection::vec((0..SCENARIO.len(), 0..12_usize, "[\\[\\]{}=\"'.,#\\n a-z0-9*<>+…|()-]{0,4}"), 1..5),
    ) {
        let mut text = SCENARIO.to_owned();
        for (start, length, new) in cuts {
            let floor = |index: usize| (0..=index.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap();
            let (start, end) = (floor(start), floor(start + length));
            text.replace_range(start..end, &new);
        }
        let _ = plan(&text);
    }

    #[test]
    fn a_scenario_that_ends_anywhere_never_panics(end in 0..SCENARIO.len()) {
        let end = (0..=end).rev().find(|&i| SCENARIO.is_char_boundary(i)).unwrap();
        let _ = plan(&SCENARIO[..end]);
    }

    #[test]
    fn a_pattern_never_panics_and_is_read_back_as_it_is_shown(text in "(established|refused|timed out|…|connect|alert|[<>|(): ]|by|in|server|TLS1.2|\\PC){0,8}") {
        if let Ok(pattern) = text.parse::<OutcomePattern>() {
            prop_assert_eq!(pattern.to_string().parse(), Ok(pattern));
        }
        if let Ok(pattern) = text.parse::<ViewPattern>() {
            prop_assert_eq!(pattern.to_string().parse(), Ok(pattern));
        }
        if let Ok(pattern) = text.parse::<TracePattern>() {
            prop_assert_eq!(pattern.to_string().parse(), Ok(pattern));
        }
    }
}
