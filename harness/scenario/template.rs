//! `{axis}` and `{axis.field}` in the texts of a scenario, filled in for one cell.

use crate::error::ScenarioError;
use crate::scenario::matrix::Matrix;
use crate::scenario::source::Source;
use crate::scenario::written::{List, Text};

/// One cell of a matrix, ready to fill templates in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filling<'a> {
    pub source: &'a Source,
    pub matrix: &'a Matrix,
    pub cell: &'a [usize],
}

impl Filling<'_> {
    /// A text with its templates filled in. It still stands where it stood.
    pub(crate) fn text(&self, template: &Text) -> Result<Text, ScenarioError> {
        let mut filled = String::with_capacity(template.text.len());
        let mut rest = template.text.as_str();
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            let inner = &rest[open + 1..];
            let close = inner
                .find('}')
                .ok_or_else(|| self.source.error(&template.span, "'{' without '}' in").writing(&template.text))?;
            filled.push_str(self.lookup(&inner[..close], template)?);
            rest = &inner[close + 1..];
        }
        filled.push_str(rest);
        Ok(Text { text: filled, span: template.span.clone() })
    }

    /// A text that may be missing.
    pub(crate) fn optional(&self, template: Option<&Text>) -> Result<Option<Text>, ScenarioError> {
        template.map(|template| self.text(template)).transpose()
    }

    /// Each text of a list.
    pub(crate) fn list(&self, templates: &List) -> Result<Vec<Text>, ScenarioError> {
        templates.items.iter().map(|template| self.text(template)).collect()
    }

    /// A list whose entries may each hold several words: an axis' field that is a list itself.
    pub(crate) fn words(&self, templates: &List) -> Result<Vec<Text>, ScenarioError> {
        let filled = self.list(templates)?;
        let split = |text: &Text| {
            let words: Vec<_> = text.text.split_whitespace().map(str::to_owned).collect();
            words.into_iter().map(|word| Text { text: word, span: text.span.clone() }).collect::<Vec<_>>()
        };
        Ok(filled.iter().flat_map(split).collect())
    }

    /// Something that is wrong with a text, for this cell.
    pub(crate) fn error(&self, text: &Text, problem: impl Into<String>) -> ScenarioError {
        self.source.error(&text.span, problem).writing(&text.text)
    }

    /// One of some words.
    pub(crate) fn one_of<T: Copy>(&self, text: &Text, what: &str, words: &[(&str, T)]) -> Result<T, ScenarioError> {
        words.iter().find(|(word, _)| *word == text.text).map(|&(_, meaning)| meaning).ok_or_else(|| {
            let mut allowed: Vec<_> = words.iter().map(|&(word, _)| word).collect();
            allowed.dedup();
            self.error(text, format!("unknown {what}")).allowing(allowed.join(", "))
        })
    }

    /// `true` or `false`; `default` where nothing is written.
    pub(crate) fn flag(&self, template: Option<&Text>, default: bool) -> Result<bool, ScenarioError> {
        match self.optional(template)? {
            Some(text) => self.one_of(&text, "truth value", &[("true", true), ("false", false)]),
            None => Ok(default),
        }
    }

    fn lookup(&self, reference: &str, template: &Text) -> Result<&str, ScenarioError> {
        let (axis, field) = match reference.split_once('.') {
            Some((axis, field)) => (axis, Some(field)),
            None => (reference, None),
        };
        let at = |problem: String| self.source.error(&template.span, problem);
        let index = self
            .matrix
            .axis(axis)
            .ok_or_else(|| at("unknown axis in a template".to_owned()).writing(axis).allowing(self.matrix.names()))?;
        let value = &self.matrix.axes[index].values[self.cell[index]];
        let Some(field) = field else { return Ok(&value.name) };
        if field == "name" {
            return Ok(&value.name);
        }
        value.fields.get(field).map(String::as_str).ok_or_else(|| {
            let fields: Vec<_> = ["name"].into_iter().chain(value.fields.keys().map(String::as_str)).collect();
            at(format!("value '{}' of axis '{axis}' has no field", value.name))
                .writing(field)
                .allowing(fields.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::matrix::{ResolvedAxis, Value};

    fn check(template: &str, expected: Result<&str, &str>) {
        let source = Source::new("x", template);
        let values = vec![Value { name: "mysql".to_owned(), fields: [("code".to_owned(), "1045".to_owned())].into() }];
        let matrix = Matrix { axes: vec![ResolvedAxis { name: "db".to_owned(), values }] };
        let filling = Filling { source: &source, matrix: &matrix, cell: &[0] };
        let filled = filling.text(&Text { text: template.to_owned(), span: 0..template.len() });
        match expected {
            Ok(text) => assert_eq!(filled.unwrap().text, text),
            Err(problem) => assert_eq!(filled.unwrap_err().to_string(), format!("scenarios/x.toml:1:1: {problem}")),
        }
    }

    #[test]
    fn names_and_fields_are_filled_in() {
        check("", Ok(""));
        check("plain", Ok("plain"));
        check("{db}", Ok("mysql"));
        check("{db.name}-{db.code}!", Ok("mysql-1045!"));
        check("}{db}", Ok("}mysql"));
    }

    #[test]
    fn what_does_not_exist_is_an_error() {
        check("{engine}", Err("unknown axis in a template 'engine', allowed: db"));
        check("{db.spn}", Err("value 'mysql' of axis 'db' has no field 'spn', allowed: name, code"));
        check("a {db", Err("'{' without '}' in 'a {db'"));
    }
}
