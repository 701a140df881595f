//! Checks that an acceptor can be asked to leave out, one by one, so that it can be seen that something depends on each.

/// A check that is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lenience {
    /// A ticket that has ended is taken.
    ExpiredTickets,
    /// A ticket that has not begun is taken.
    EarlyTickets,
    /// An authenticator of any time is taken.
    AnyTime,
    /// An authenticator is taken twice.
    Replays,
    /// Somebody else's ticket is taken.
    AnotherClient,
    /// A ticket that came through any realms is taken.
    AnyRealms,
    /// A ticket that was not validated is taken.
    InvalidTickets,
    /// No proof is given to who asks for it.
    NoProof,
}

impl Lenience {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ExpiredTickets,
        Self::EarlyTickets,
        Self::AnyTime,
        Self::Replays,
        Self::AnotherClient,
        Self::AnyRealms,
        Self::InvalidTickets,
        Self::NoProof,
    ];

    /// The word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        self.line().0
    }

    /// The clause that is broken.
    #[must_use]
    pub const fn clause(self) -> &'static str {
        self.line().1
    }

    const fn line(self) -> (&'static str, &'static str) {
        match self {
            Self::ExpiredTickets => ("takes-expired-tickets", "RFC 4120 §3.2.3: the end time is not past (32)"),
            Self::EarlyTickets => ("takes-early-tickets", "RFC 4120 §3.2.3: the start time is not ahead (33)"),
            Self::AnyTime => ("takes-any-time", "RFC 4120 §3.2.3: the clocks differ by the tolerance at most (37)"),
            Self::Replays => ("takes-replays", "RFC 4120 §3.2.3: no authenticator is taken twice (34)"),
            Self::AnotherClient => {
                ("takes-anothers-ticket", "RFC 4120 §3.2.3: the authenticator's client is the ticket's (36)")
            }
            Self::AnyRealms => ("takes-any-realms", "RFC 4120 §2.7: the transited realms are checked (12)"),
            Self::InvalidTickets => {
                ("takes-invalid-tickets", "RFC 4120 §2.2: a ticket with INVALID is not used before it is validated")
            }
            Self::NoProof => ("proves-nothing", "RFC 4120 §3.2.4: mutual authentication is answered by an AP-REP"),
        }
    }
}
