//! What a KDC was asked and what it answered, whoever tells it: the mock itself, or the relay in front of a real one.

use crate::handshake::{Direction, EventName, Outcome, Side, Timestamp, Trace};
use mock_kdc::event;
use shakedown_krb5::messages::error_code;

/// A request and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// When the request came, on the base clock.
    pub at: Timestamp,
    /// `as-req` or `tgs-req`; `None` if it is neither.
    pub asked: Option<EventName>,
    /// The answer.
    pub answer: Answer,
}

/// How a KDC answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// With a ticket.
    Ticket,
    /// With a KRB-ERROR.
    Error {
        /// RFC 4120 §7.5.9.
        code: i32,
        /// Its e-text.
        text: String,
    },
    /// Not at all, for the reason that is known.
    Nothing(String),
}

impl Exchange {
    /// What the KDC was asked and answered, as a trace.
    #[must_use]
    pub fn trace(exchanges: &[Self]) -> Trace {
        let mut trace = Trace::new();
        for Self { at, asked, answer } in exchanges {
            let Some(asked) = *asked else { continue };
            trace.push(*at, Direction::FromClient, asked);
            match answer {
                Answer::Ticket if asked == EventName::AsReq => trace.push(*at, Direction::ToClient, EventName::AsRep),
                Answer::Ticket => trace.push(*at, Direction::ToClient, EventName::TgsRep),
                Answer::Error { code, .. } => {
                    trace.push_with(*at, Direction::ToClient, EventName::KrbError, code.to_string());
                }
                Answer::Nothing(_) => {}
            }
        }
        trace
    }

    /// What the KDC answered last; `None` if it was not asked.
    #[must_use]
    pub fn view(exchanges: Vec<Self>) -> Option<Outcome> {
        Some(Self::last(exchanges)?.outcome())
    }

    /// The last exchange with an answer. A demand for pre-authentication, or for the same again over TCP, is none but a
    /// question.
    #[must_use]
    pub fn last(exchanges: Vec<Self>) -> Option<Self> {
        let asks_for_more = |answer: &Answer| {
            matches!(answer, Answer::Error { code: error_code::PREAUTH_REQUIRED | error_code::RESPONSE_TOO_BIG, .. })
        };
        exchanges.into_iter().rfind(|exchange| !asks_for_more(&exchange.answer))
    }

    /// Its answer.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        match self.answer {
            Answer::Ticket => Outcome::established("kerberos"),
            Answer::Error { code, text } => Outcome::refused(Side::Kdc, format!("krb {code}")).saying(text),
            Answer::Nothing(reason) => Outcome::refused(Side::Kdc, "no answer").because(reason),
        }
    }
}

impl From<event::Event> for Exchange {
    fn from(event: event::Event) -> Self {
        Self {
            at: event.at,
            asked: event.exchange.map(|exchange| match exchange {
                event::Exchange::As => EventName::AsReq,
                event::Exchange::Tgs => EventName::TgsReq,
            }),
            answer: match event.outcome {
                event::Outcome::Issued { .. } => Answer::Ticket,
                event::Outcome::Refused { code, text } => Answer::Error { code, text },
                event::Outcome::Dropped { reason } => Answer::Nothing(reason),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(asked: EventName, answer: Answer) -> Exchange {
        Exchange { at: Timestamp::EPOCH, asked: Some(asked), answer }
    }

    fn error(code: i32, text: &str) -> Answer {
        Answer::Error { code, text: text.to_owned() }
    }

    #[test]
    fn the_last_answer_counts_and_a_demand_is_none() {
        let demand = || asked(EventName::AsReq, error(25, "NEEDED_PREAUTH"));
        let view = |exchanges: Vec<Exchange>| Exchange::view(exchanges).map(|outcome| outcome.to_string());
        assert_eq!(view(vec![]), None);
        assert_eq!(view(vec![demand()]), None);
        let refused = asked(EventName::AsReq, error(24, "PREAUTH_FAILED"));
        assert_eq!(view(vec![demand(), refused]).as_deref(), Some("refused by kdc: krb 24"));
        let issued = || asked(EventName::TgsReq, Answer::Ticket);
        let too_big = asked(EventName::TgsReq, error(52, ""));
        assert_eq!(view(vec![issued(), too_big]).as_deref(), Some("established by kerberos"));
        let unknown = asked(EventName::TgsReq, error(7, "LOOKING_UP_SERVER"));
        assert_eq!(view(vec![issued(), unknown]).as_deref(), Some("refused by kdc: krb 7"));
        let silent = asked(EventName::AsReq, Answer::Nothing("it is silent".to_owned()));
        assert_eq!(view(vec![silent]).as_deref(), Some("refused by kdc: no answer (it is silent)"));
    }

    #[test]
    fn exchanges_read_as_a_trace() {
        let unreadable = Exchange { asked: None, ..asked(EventName::AsReq, Answer::Nothing(String::new())) };
        let trace = Exchange::trace(&[
            unreadable,
            asked(EventName::AsReq, error(25, "")),
            asked(EventName::AsReq, Answer::Ticket),
            asked(EventName::TgsReq, Answer::Ticket),
            asked(EventName::TgsReq, Answer::Nothing(String::new())),
        ]);
        assert_eq!(trace.to_string(), "as-req> krb-error<(25) as-req> as-rep< tgs-req> tgs-rep< tgs-req>");
    }
}
