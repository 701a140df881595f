//! The handful of statements that drivers send on connecting. Not SQL: whatever is not understood is refused, not guessed.

use crate::postgres::error_fields::ErrorFields;

/// A statement that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Statement {
    /// Nothing but white space or comments.
    Empty,
    /// `SELECT` of expressions, without a table.
    Select(Vec<Column>),
    /// `SHOW name`.
    Show(String),
    /// `SET name TO value`.
    Set { name: String, value: String },
    /// `SET SESSION CHARACTERISTICS …`, `SET TRANSACTION …`: accepted, as no statement here could tell the difference.
    SetTransaction,
    /// `RESET name`, or all of them.
    Reset(Option<String>),
    /// `DISCARD ALL`.
    DiscardAll,
    /// `DEALLOCATE name`, or all of them.
    Deallocate(Option<String>),
    /// `BEGIN`, `START TRANSACTION`; the tag.
    Begin(&'static str),
    /// `COMMIT`, `END`.
    Commit,
    /// `ROLLBACK`, `ABORT`.
    Rollback,
}

/// A column of a `SELECT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name, as PostgreSQL makes it up.
    pub(super) name: String,
    /// Its value.
    pub(super) value: Expression,
}

/// What can stand in a `SELECT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Integer(i32),
    Text(String),
    Version,
    CurrentUser,
    CurrentDatabase,
    CurrentSchema,
    BackendPid,
    IsInRecovery,
    Setting(String),
}

impl Statement {
    /// Reads all statements of a query string.
    ///
    /// # Errors
    /// 42601 or 0A000 for the first that is not understood.
    pub(super) fn read_all(query: &str) -> Result<Vec<Self>, ErrorFields> {
        let tokens = tokens(query)?;
        let mut statements = Vec::new();
        for part in tokens.split(|token| token.kind == Kind::Symbol(';')) {
            if !part.is_empty() {
                statements.push(Self::read(part)?);
            }
        }
        Ok(statements)
    }

    fn read(tokens: &[Token]) -> Result<Self, ErrorFields> {
        let words: Vec<&str> = tokens.iter().map_while(Token::word).collect();
        let only = words.len() == tokens.len();
        Ok(match words.as_slice() {
            ["select"] if only => Self::Select(Vec::new()),
            ["select", ..] => Self::Select(columns(&tokens[1..]).ok_or_else(|| unsupported(&tokens[0]))?),
            ["show", "transaction", "isolation", "level"] if only => Self::Show("transaction_isolation".to_owned()),
            ["show", "time", "zone"] if only => Self::Show("TimeZone".to_owned()),
            ["show", ..] => match name(&tokens[1..]) {
                Some((name, [])) if name != "all" => Self::Show(name),
                _ => return Err(unsupported(&tokens[0])),
            },
            ["set", "local", ..] => return Err(unsupported(&tokens[0])),
            ["set", "transaction" | "session", "characteristics" | "isolation" | "read", ..] => Self::SetTransaction,
            ["set", "session", ..] => assignment(&tokens[2..]).ok_or_else(|| unsupported(&tokens[0]))?,
            ["set", ..] => assignment(&tokens[1..]).ok_or_else(|| unsupported(&tokens[0]))?,
            ["reset", "all"] if only => Self::Reset(None),
            ["reset", ..] => match name(&tokens[1..]) {
                Some((name, [])) => Self::Reset(Some(name)),
                _ => return Err(unsupported(&tokens[0])),
            },
            ["discard", "all"] if only => Self::DiscardAll,
            ["deallocate", "all"] | ["deallocate", "prepare", "all"] if only => Self::Deallocate(None),
            ["deallocate", ..] => match tokens {
                [_, named] if named.name().is_some() => Self::Deallocate(named.name()),
                _ => return Err(unsupported(&tokens[0])),
            },
            ["begin", ..] => Self::Begin("BEGIN"),
            ["start", "transaction", ..] => Self::Begin("START TRANSACTION"),
            ["commit" | "end"] | ["commit" | "end", "transaction" | "work"] if only => Self::Commit,
            ["rollback" | "abort"] | ["rollback" | "abort", "transaction" | "work"] if only => Self::Rollback,
            [first, ..] if KEYWORDS.contains(first) => return Err(unsupported(&tokens[0])),
            _ => return Err(syntax_error(&tokens[0])),
        })
    }
}

/// Words that begin a statement of PostgreSQL which we do not have.
const KEYWORDS: [&str; 40] = [
    "alter",
    "analyze",
    "call",
    "checkpoint",
    "close",
    "cluster",
    "comment",
    "commit",
    "copy",
    "create",
    "deallocate",
    "declare",
    "delete",
    "do",
    "drop",
    "end",
    "execute",
    "explain",
    "fetch",
    "grant",
    "import",
    "insert",
    "listen",
    "load",
    "lock",
    "merge",
    "move",
    "notify",
    "prepare",
    "reassign",
    "refresh",
    "reindex",
    "release",
    "revoke",
    "rollback",
    "savepoint",
    "security",
    "table",
    "unlisten",
    "update",
];

fn columns(tokens: &[Token]) -> Option<Vec<Column>> {
    tokens.split(|token| token.kind == Kind::Symbol(',')).map(column).collect()
}

fn column(tokens: &[Token]) -> Option<Column> {
    let (value, name, rest) = expression(tokens)?;
    let name = match rest {
        [] => name.to_owned(),
        [keyword, alias] if keyword.word() == Some("as") => alias.name()?,
        _ => return None,
    };
    Some(Column { name, value })
}

fn expression(tokens: &[Token]) -> Option<(Expression, &'static str, &[Token])> {
    const UNNAMED: &str = "?column?";
    let (first, rest) = tokens.split_first()?;
    let call = match rest {
        [open, close, rest @ ..] if open.is('(') && close.is(')') => Some(rest),
        _ => None,
    };
    Some(match (&first.kind, call) {
        (Kind::Number, None) => (Expression::Integer(first.text.parse().ok()?), UNNAMED, rest),
        (Kind::Text, None) => (Expression::Text(first.text.clone()), UNNAMED, rest),
        (Kind::Word, None) => match (first.text.as_str(), rest) {
            ("current_user", _) => (Expression::CurrentUser, "current_user", rest),
            ("session_user", _) => (Expression::CurrentUser, "session_user", rest),
            ("user", _) => (Expression::CurrentUser, "user", rest),
            ("current_catalog", _) => (Expression::CurrentDatabase, "current_catalog", rest),
            ("current_schema", _) => (Expression::CurrentSchema, "current_schema", rest),
            ("current_setting", [open, name, close, rest @ ..])
                if open.is('(') && name.kind == Kind::Text && close.is(')') =>
            {
                (Expression::Setting(name.text.clone()), "current_setting", rest)
            }
            _ => return None,
        },
        (Kind::Word, Some(rest)) => match first.text.as_str() {
            "version" => (Expression::Version, "version", rest),
            "current_database" => (Expression::CurrentDatabase, "current_database", rest),
            "current_schema" => (Expression::CurrentSchema, "current_schema", rest),
            "pg_backend_pid" => (Expression::BackendPid, "pg_backend_pid", rest),
            "pg_is_in_recovery" => (Expression::IsInRecovery, "pg_is_in_recovery", rest),
            _ => return None,
        },
        _ => return None,
    })
}

/// What is behind `SET` and `SET SESSION`.
fn assignment(tokens: &[Token]) -> Option<Statement> {
    let words: Vec<&str> = tokens.iter().map_while(Token::word).take(2).collect();
    let (name, value) = match words.as_slice() {
        // A number here is an offset, which PostgreSQL shows in a form of its own.
        ["time", "zone"] if tokens.get(2).is_some_and(|token| token.kind != Kind::Number) => {
            ("TimeZone".to_owned(), &tokens[2..])
        }
        ["names"] => ("client_encoding".to_owned(), &tokens[1..]),
        _ => {
            let (name, rest) = name(tokens)?;
            let (equals, value) = rest.split_first()?;
            (equals.is('=') || equals.word() == Some("to")).then_some((name, value))?
        }
    };
    // `SET search_path TO a, b` is kept as PostgreSQL shows it.
    let mut shown = String::new();
    for (index, token) in value.iter().enumerate() {
        match token.kind {
            Kind::Symbol(',') if index % 2 == 1 => shown.push_str(", "),
            Kind::Text | Kind::Quoted if index % 2 == 0 && name == "search_path" => {
                shown.push_str(&quoted(&token.text))
            }
            Kind::Word | Kind::Number | Kind::Text | Kind::Quoted if index % 2 == 0 => shown.push_str(&token.text),
            _ => return None,
        }
    }
    (value.len() % 2 == 1).then_some(Statement::Set { name, value: shown })
}

/// `quote_identifier`: in double quotes where it would not be read back otherwise.
fn quoted(name: &str) -> String {
    let plain = |c: char| matches!(c, 'a'..='z' | '_' | '0'..='9' | '$');
    if name.chars().all(plain) && name.starts_with(|c: char| matches!(c, 'a'..='z' | '_')) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// A parameter's name, with a dot in it or not.
fn name(tokens: &[Token]) -> Option<(String, &[Token])> {
    match tokens {
        [space, dot, name, rest @ ..] if dot.is('.') => Some((format!("{}.{}", space.name()?, name.name()?), rest)),
        [name, rest @ ..] => Some((name.name()?, rest)),
        [] => None,
    }
}

fn syntax_error(token: &Token) -> ErrorFields {
    ErrorFields::error("42601", format!("syntax error at or near \"{}\"", token.shown())).position(token.position).at(
        "scan.l",
        1188,
        "scanner_yyerror",
    )
}

fn unsupported(token: &Token) -> ErrorFields {
    ErrorFields::error("0A000", "this server answers only the statements that clients send on connecting")
        .position(token.position)
}

/// A piece of a statement. Words are in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    kind: Kind,
    text: String,
    /// Characters from the start of the query, counted from 1.
    position: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Number,
    /// In single quotes.
    Text,
    /// In double quotes.
    Quoted,
    Symbol(char),
}

impl Token {
    fn word(&self) -> Option<&str> {
        (self.kind == Kind::Word).then_some(self.text.as_str())
    }

    fn name(&self) -> Option<String> {
        matches!(self.kind, Kind::Word | Kind::Quoted).then(|| self.text.clone())
    }

    fn is(&self, symbol: char) -> bool {
        self.kind == Kind::Symbol(symbol)
    }

    fn shown(&self) -> &str {
        &self.text
    }
}

fn tokens(query: &str) -> Result<Vec<Token>, ErrorFields> {
    let mut tokens = Vec::new();
    let mut characters = query.chars().enumerate().peekable();
    while let Some((index, character)) = characters.next() {
        let position = index + 1;
        let token = |kind, text| Token { kind, text, position };
        match character {
            _ if character.is_whitespace() => {}
            '-' if characters.peek().is_some_and(|(_, next)| *next == '-') => {
                for (_, character) in characters.by_ref() {
                    if character == '\n' {
                        break;
                    }
                }
            }
            '\'' | '"' => {
                let mut text = String::new();
                loop {
                    match characters.next() {
                        Some((_, next)) if next == character => {
                            // A quote that is doubled is one of the text.
                            if characters.next_if(|(_, next)| *next == character).is_none() {
                                break;
                            }
                            text.push(character);
                        }
                        Some((_, next)) => text.push(next),
                        None => {
                            let what = if character == '"' { "identifier" } else { "string" };
                            let rest: String = query.chars().skip(index).collect();
                            let message = format!("unterminated quoted {what} at or near \"{rest}\"");
                            return Err(ErrorFields::error("42601", message).position(position).at(
                                "scan.l",
                                1188,
                                "scanner_yyerror",
                            ));
                        }
                    }
                }
                tokens.push(token(if character == '"' { Kind::Quoted } else { Kind::Text }, text));
            }
            _ if character.is_alphabetic() || character == '_' => {
                let mut text = character.to_lowercase().to_string();
                while let Some((_, next)) =
                    characters.next_if(|(_, next)| next.is_alphanumeric() || *next == '_' || *next == '$')
                {
                    text.extend(next.to_lowercase());
                }
                tokens.push(token(Kind::Word, text));
            }
            _ if character.is_ascii_digit()
                || (character == '-' && characters.peek().is_some_and(|(_, next)| next.is_ascii_digit())) =>
            {
                let mut text = character.to_string();
                while let Some((_, next)) = characters.next_if(|(_, next)| next.is_ascii_digit()) {
                    text.push(next);
                }
                tokens.push(token(Kind::Number, text));
            }
            symbol => tokens.push(token(Kind::Symbol(symbol), symbol.to_string())),
        }
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(query: &str) -> Statement {
        let mut statements = Statement::read_all(query).unwrap_or_else(|error| panic!("{query}: {error:?}"));
        assert_eq!(statements.len(), 1, "{query}");
        statements.remove(0)
    }

    fn select(name: &str, value: Expression) -> Statement {
        Statement::Select(vec![Column { name: name.to_owned(), value }])
    }

    fn set(name: &str, value: &str) -> Statement {
        Statement::Set { name: name.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn what_drivers_send_is_understood() {
        let check = |query: &str, expected: Statement| assert_eq!(one(query), expected, "{query}");
        check("SELECT 1", select("?column?", Expression::Integer(1)));
        check("select -5 as five;", select("five", Expression::Integer(-5)));
        check("SELECT 'it''s'", select("?column?", Expression::Text("it's".to_owned())));
        check("select version()", select("version", Expression::Version));
        check("select current_user -- who", select("current_user", Expression::CurrentUser));
        check("SELECT current_setting('TimeZone')", select("current_setting", Expression::Setting("TimeZone".into())));
        check("SHOW TRANSACTION ISOLATION LEVEL", Statement::Show("transaction_isolation".to_owned()));
        check("show server_version", Statement::Show("server_version".to_owned()));
        check("SET extra_float_digits = 3", set("extra_float_digits", "3"));
        check("SET application_name = 'PostgreSQL JDBC Driver'", set("application_name", "PostgreSQL JDBC Driver"));
        check("SET SESSION datestyle TO 'ISO'", set("datestyle", "ISO"));
        check("set client_encoding to 'UTF8'", set("client_encoding", "UTF8"));
        check("SET NAMES 'utf8'", set("client_encoding", "utf8"));
        check("SET TIME ZONE 'UTC'", set("TimeZone", "UTC"));
        check("SET search_path TO a, \"B\"", set("search_path", "a, \"B\""));
        check("SET my.var = 1", set("my.var", "1"));
        check("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", Statement::SetTransaction);
        check("BEGIN ISOLATION LEVEL SERIALIZABLE", Statement::Begin("BEGIN"));
        check("begin transaction", Statement::Begin("BEGIN"));
        check("START TRANSACTION", Statement::Begin("START TRANSACTION"));
        check("COMMIT", Statement::Commit);
        check("ROLLBACK;", Statement::Rollback);
        check("RESET ALL", Statement::Reset(None));
        check("DISCARD ALL", Statement::DiscardAll);
        check("DEALLOCATE ALL", Statement::Deallocate(None));
    }

    #[test]
    fn several_statements_are_told_apart_outside_of_quotes() {
        assert_eq!(Statement::read_all("SELECT 1; SELECT ';'").unwrap().len(), 2);
        assert_eq!(Statement::read_all("").unwrap(), []);
        assert_eq!(Statement::read_all(" ; -- nothing").unwrap(), []);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let check = |query: &str, code: &str| assert_eq!(Statement::read_all(query).unwrap_err().code, code, "{query}");
        check("garbage", "42601");
        check("SELECT 'open", "42601");
        check("'text'", "42601");
        check("SELECT * FROM pg_type", "0A000");
        check("SELECT 99999999999", "0A000");

        check("SET LOCAL x = 1", "0A000");
        check("SET x", "0A000");
        check("CREATE TABLE t ()", "0A000");
        check("COMMIT PREPARED 'x'", "0A000");
    }

    proptest! {
        #[test]
        fn arbitrary_text_does_not_panic(query in "\\PC{0,60}") {
            let _ = Statement::read_all(&query);
        }
    }
}
