//! The log, in JSON.

use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::event::{Event, Exchange, Outcome, Transport};
use crate::log::Log;

/// Which events are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    /// The number of the first.
    pub(super) since: u64,
    /// How many at most.
    pub(super) limit: usize,
}

/// How many events are told at most.
const MAX_EVENTS: usize = 1000;

impl Window {
    /// From `since=0&limit=1000`.
    pub(super) fn read(query: &str) -> Result<Self, Refusal> {
        let mut window = Self { since: 0, limit: MAX_EVENTS };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let number = || value.parse::<u64>().ok();
            match key {
                "since" => window.since = number().ok_or_else(|| invalid(pair, "since=NUMBER"))?,
                "limit" => {
                    let limit = number().and_then(|number| usize::try_from(number).ok());
                    let limit = limit.filter(|limit| (1..=MAX_EVENTS).contains(limit));
                    window.limit = limit.ok_or_else(|| invalid(pair, "limit=NUMBER, 1 to 1000"))?;
                }
                _ => return Err(Refusal::bad(format!("unknown field `{key}`, expected one of `since`, `limit`"))),
            }
        }
        Ok(window)
    }
}

fn invalid(found: &str, expected: &str) -> Refusal {
    Refusal::bad(format!("found {found}, expected {expected}"))
}

/// The events from `since` on, and the number to go on with.
pub(super) fn read(log: &Log, window: Window) -> Value {
    let (first, events) = log.numbered_since(window.since);
    let events: Vec<_> = (first..).zip(events.iter()).take(window.limit).map(|(number, e)| event(number, e)).collect();
    json!({ "next": first + u64::try_from(events.len()).unwrap_or(u64::MAX), "events": events })
}

fn event(number: u64, event: &Event) -> Value {
    let Event { at, transport, exchange, client, service, etypes, outcome, repeated, rule } = event;
    let mut told = json!({
        "number": number,
        "at": at.seconds(),
        "transport": transport.map(|transport| if transport == Transport::Udp { "udp" } else { "tcp" }),
        "exchange": exchange.map(|exchange| if exchange == Exchange::As { "as" } else { "tgs" }),
        "client": client,
        "service": service,
        "etypes": etypes,
        "outcome": outcome.to_string(),
        "repeated": repeated,
        "rule": rule,
    });
    match outcome {
        Outcome::Issued { ticket_etype, session_etype, kvno } => {
            told["ticket_etype"] = (*ticket_etype).into();
            told["session_etype"] = (*session_etype).into();
            told["kvno"] = (*kvno).into();
        }
        Outcome::Refused { code, text } => {
            told["code"] = (*code).into();
            told["text"] = text.as_str().into();
        }
        Outcome::Dropped { .. } => {}
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_from_where_and_how_many() {
        let window = |query| Window::read(query).map_err(|refusal| refusal.problem);
        assert_eq!(window(""), Ok(Window { since: 0, limit: 1000 }));
        assert_eq!(window("since=7&limit=1"), Ok(Window { since: 7, limit: 1 }));
        assert_eq!(window("since=x"), Err("found since=x, expected since=NUMBER".to_owned()));
        assert_eq!(window("limit=1001"), Err("found limit=1001, expected limit=NUMBER, 1 to 1000".to_owned()));
        assert_eq!(window("sicne=1"), Err("unknown field `sicne`, expected one of `since`, `limit`".to_owned()));
    }
}
