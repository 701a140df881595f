//! Deliberate departures from the protocol: each bends one named thing of a reply.
//!
//! A departure is a line of a table: its name, the clause that it departs from, what a client has to make of it, and
//! what it bends. The tables are `part` (what only the client can read), `clear` (what everybody can read),
//! `ticket` and `pac` (what only the service and KDCs can read), `error` (KRB-ERROR and the hints in it) and `octets` (the message as
//! a whole). The good reply is made first and taken apart afterwards, so that nothing on its way knows of departures.

mod bent;
mod clear;
mod error;
mod octets;
mod pac;
mod part;
mod ticket;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use shakedown_krb5::crypto::KeyUsage;
use shakedown_krb5::der::Element;
use shakedown_krb5::messages::{EtypeInfo2Entry, Exchange};
use shakedown_krb5::{Principal, Timestamp};

pub use bent::Seals;
pub(crate) use bent::{Circumstances, bend};

/// One departure from the protocol.
#[derive(Clone, Copy)]
pub struct Deviation(&'static Line);

/// What a client has to make of a departure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Demand {
    /// The specification has clients refuse it, or nothing can be done with such a reply.
    Refuse,
    /// It is within the specification, or cannot be seen by a client: clients must take it.
    Tolerate,
    /// The specification leaves it to the client.
    Free,
}

/// A name that no deviation has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown deviation '{0}', expected one of {list}", list = Deviation::ALL.map(Deviation::name).join(", "))]
pub struct UnknownDeviation(pub String);

/// A line of a table.
pub(crate) struct Line {
    name: &'static str,
    clause: &'static str,
    demand: Demand,
    /// Whether only one of the exchanges has it.
    exchange: Option<Exchange>,
    /// What is wrong with the reply.
    what: &'static str,
    bends: &'static [Bend],
}

/// How a reply is bent.
pub(crate) enum Bend {
    /// EncKDCRepPart, before it is encrypted.
    Part(fn(&mut Element, &Circumstances<'_>)),
    /// The encoding of EncKDCRepPart, before it is encrypted.
    PartOctets(fn(&mut Vec<u8>)),
    /// EncTicketPart, before it is encrypted.
    Ticket(fn(&mut Element, &Circumstances<'_>)),
    /// The key usage that EncKDCRepPart is encrypted for.
    Usage(fn(KeyUsage) -> KeyUsage),
    /// KDC-REP as a whole.
    Reply(fn(&mut Element, &Circumstances<'_>)),
    /// KRB-ERROR.
    Error(fn(&mut Element, &Circumstances<'_>)),
    /// ETYPE-INFO2, in KRB-ERROR and in AS-REP.
    Hints(fn(&mut Vec<EtypeInfo2Entry>)),
    /// The message that is sent.
    Octets(fn(&mut Vec<u8>)),
    /// Nothing is sent.
    Silence,
}

const TABLES: [&[Line]; 6] = [part::LINES, clear::LINES, ticket::LINES, pac::LINES, error::LINES, octets::LINES];

const COUNT: usize = part::LINES.len()
    + clear::LINES.len()
    + ticket::LINES.len()
    + pac::LINES.len()
    + error::LINES.len()
    + octets::LINES.len();

impl Deviation {
    /// All of them.
    pub const ALL: [Self; COUNT] = {
        let mut all = [Self(&TABLES[0][0]); COUNT];
        let (mut table, mut line, mut place) = (0, 0, 0);
        while table < TABLES.len() {
            if line < TABLES[table].len() {
                all[place] = Self(&TABLES[table][line]);
                line += 1;
                place += 1;
            } else {
                table += 1;
                line = 0;
            }
        }
        all
    };

    /// The one that is called so; for names that are written in the program.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self, UnknownDeviation> {
        name.parse()
    }

    /// As scenario and realm files write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// The clause that it departs from, or that allows it.
    #[must_use]
    pub const fn clause(self) -> &'static str {
        self.0.clause
    }

    /// What a client has to make of it.
    #[must_use]
    pub const fn demand(self) -> Demand {
        self.0.demand
    }

    /// What is wrong with the reply, in words.
    #[must_use]
    pub const fn what(self) -> &'static str {
        self.0.what
    }

    /// Whether it can be seen in the reply of this exchange. A departure that concerns KRB-ERROR alone shows in the
    /// AS exchange, where there is one that clients read more of than its code.
    #[must_use]
    pub fn concerns(self, exchange: Exchange) -> bool {
        self.0.exchange.is_none_or(|only| only == exchange)
    }

    pub(crate) const fn bends(self) -> &'static [Bend] {
        self.0.bends
    }
}

impl PartialEq for Deviation {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Deviation {}

impl Hash for Deviation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Deviation({})", self.name())
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Deviation {
    type Err = UnknownDeviation;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|deviation| deviation.name() == name)
            .ok_or_else(|| UnknownDeviation(name.to_owned()))
    }
}

/// A name for what nobody has: none of a test's principals is called so.
fn elsewhere(realm: &str) -> Principal {
    Principal::new(&["another", "service"], realm)
}

/// An hour, in seconds: more than any tolerance of clocks.
const HOUR: i64 = 3600;

/// A year, in seconds: longer than any ticket.
const YEAR: i64 = 365 * 86_400;

/// Sets or clears bits of a field with flags.
fn change_flags(message: &mut Element, field: u8, set: u32, clear: u32) {
    let found = message.field(field).and_then(Element::octets).and_then(|octets| octets.get(1..5));
    let found = found.and_then(|octets| <[u8; 4]>::try_from(octets).ok()).map_or(0, u32::from_be_bytes);
    message.set_field(field, Element::flags(found & !clear | set));
}

fn realm_of(message: &Element, field: u8) -> Vec<u8> {
    message.field(field).and_then(Element::octets).map(<[u8]>::to_vec).unwrap_or_default()
}

/// A time moved by so many seconds.
fn at(now: Timestamp, seconds: i64) -> Element {
    Element::time(now.offset_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_deviation_has_a_name_of_its_own() {
        for deviation in Deviation::ALL {
            assert_eq!(deviation.name().parse(), Ok(deviation));
            assert!(deviation.clause().contains('§') && !deviation.bends().is_empty(), "{deviation}");
            assert!(!deviation.what().ends_with('.') && deviation.what().len() > 10, "{deviation}");
        }
        let names: std::collections::HashSet<_> = Deviation::ALL.into_iter().collect();
        assert_eq!(names.len(), Deviation::ALL.len());
        let refused = "wrong".parse::<Deviation>().unwrap_err().to_string();
        assert!(
            refused.starts_with("unknown deviation 'wrong', expected one of wrong-nonce, wrong-service, "),
            "{refused}"
        );
    }
}
