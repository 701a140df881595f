//! Open questions of the documents, and which answer a plan is made under.

use crate::error::ScenarioError;
use crate::scenario::file::Reading;
use crate::scenario::source::Source;
use crate::scenario::written::Text;
use std::collections::BTreeMap;

/// The open questions of a scenario with their answers, the default first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readings {
    questions: BTreeMap<String, Vec<String>>,
}

impl Readings {
    pub(crate) fn new(written: BTreeMap<Text, Reading>, source: &Source) -> Result<Self, ScenarioError> {
        let mut questions = BTreeMap::new();
        for (question, reading) in written {
            let Reading { default, or } = reading;
            let mut answers = vec![default.text];
            for other in or.items {
                if answers.contains(&other.text) {
                    return Err(source.error(&other.span, "answer given twice").writing(other.text));
                }
                answers.push(other.text);
            }
            questions.insert(question.text, answers);
        }
        Ok(Self { questions })
    }

    /// The default answer to each question.
    pub(crate) fn defaults(&self) -> BTreeMap<String, String> {
        self.questions.iter().map(|(question, answers)| (question.clone(), answers[0].clone())).collect()
    }

    /// The answers of a plan: those chosen where this scenario asks, the default everywhere else. `None` if a choice is no
    /// answer to a question of this scenario.
    pub(crate) fn chosen(&self, choices: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
        let mut readings = self.defaults();
        for (question, answer) in choices {
            let Some(answers) = self.questions.get(question) else { continue };
            if !answers.contains(answer) {
                return Err(format!("unknown reading '{question}={answer}', allowed are {}", answers.join(", ")));
            }
            readings.insert(question.clone(), answer.clone());
        }
        Ok(readings)
    }

    /// Whether the question is asked here.
    pub(crate) fn asks(&self, question: &str) -> bool {
        self.questions.contains_key(question)
    }

    /// `dhe-on-v3=note` of a selector.
    pub(crate) fn choice(&self, text: &Text, source: &Source) -> Result<(String, String), ScenarioError> {
        let (question, answer) = text.text.split_once('=').unwrap_or((&text.text, ""));
        let known = self.questions.get(question).is_some_and(|answers| answers.iter().any(|known| known == answer));
        if known {
            return Ok((question.to_owned(), answer.to_owned()));
        }
        let all = self
            .questions
            .iter()
            .flat_map(|(question, answers)| answers.iter().map(move |a| format!("{question}={a}")));
        let allowed: Vec<_> = all.collect();
        let allowed = if allowed.is_empty() { "none, as there is no [reading]".to_owned() } else { allowed.join(", ") };
        Err(source.error(&text.span, "unknown reading").writing(&text.text).allowing(allowed))
    }
}
