//! The rules that are in force, and how often each has had its say.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::rule::{Rule, Subject, Then};
use crate::kdc::Kdc;

/// The rules of a KDC, in order. The first that fits a request decides about it.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// Whether there are any: what every request asks first.
    any: AtomicBool,
    next: AtomicU64,
    list: RwLock<Vec<Standing>>,
}

#[derive(Debug)]
struct Standing {
    id: u64,
    rule: Arc<Rule>,
    seen: AtomicU64,
    applied: AtomicU64,
}

/// A rule in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleState {
    /// Its number, which no other rule of this KDC has or had.
    pub id: u64,
    /// The rule.
    pub rule: Arc<Rule>,
    /// How many requests fitted it, but for their number: new ones, or retransmissions where it is for those.
    pub seen: u64,
    /// How many it was applied to.
    pub applied: u64,
}

impl Rules {
    /// Replaces all; returns their numbers.
    pub(crate) fn set(&self, rules: Vec<Rule>) -> Vec<u64> {
        let standing: Vec<_> = rules.into_iter().map(|rule| self.number(rule)).collect();
        let ids = standing.iter().map(|standing| standing.id).collect();
        self.change(|list| *list = standing);
        ids
    }

    /// Adds one after all others; returns its number.
    pub(crate) fn add(&self, rule: Rule) -> u64 {
        let standing = self.number(rule);
        let id = standing.id;
        self.change(|list| list.push(standing));
        id
    }

    /// Takes one out; whether it was there.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut found = false;
        self.change(|list| {
            let before = list.len();
            list.retain(|standing| standing.id != id);
            found = list.len() < before;
        });
        found
    }

    /// All, with their counters.
    pub(crate) fn states(&self) -> Vec<RuleState> {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        let state = |standing: &Standing| RuleState {
            id: standing.id,
            rule: Arc::clone(&standing.rule),
            seen: standing.seen.load(Ordering::Relaxed),
            applied: standing.applied.load(Ordering::Relaxed),
        };
        list.iter().map(state).collect()
    }

    /// Whether there are any; costs nothing.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// What happens to the answer of a request: what the first rule says that fits it and has not been used up.
    /// Every rule that fits counts the request, whichever decides, so that the number of a request does not depend on
    /// other rules.
    pub(crate) fn decide(&self, subject: &Subject<'_>) -> Option<Decision> {
        if !self.any() {
            return None;
        }
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        let mut decision = None;
        for standing in list.iter().filter(|standing| standing.rule.when.fits(subject)) {
            let number = standing.seen.fetch_add(1, Ordering::Relaxed) + 1;
            if decision.is_none() && standing.takes(number) {
                decision = Some(Decision { id: standing.id, rule: Arc::clone(&standing.rule) });
            }
        }
        decision
    }

    /// The same rules with counters at zero.
    pub(crate) fn fork(&self) -> Self {
        let fork = Self::default();
        fork.set(self.states().into_iter().map(|state| Rule::clone(&state.rule)).collect());
        fork
    }

    fn number(&self, rule: Rule) -> Standing {
        let id = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        Standing { id, rule: Arc::new(rule), seen: AtomicU64::new(0), applied: AtomicU64::new(0) }
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Standing>)) {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut list);
        self.any.store(!list.is_empty(), Ordering::Release);
    }
}

impl Kdc {
    /// Replaces all rules; their counters begin at zero. Returns their numbers, in their order.
    pub fn set_rules(&self, rules: Vec<Rule>) -> Vec<u64> {
        self.rules.set(rules)
    }

    /// Adds a rule after all others; returns its number.
    pub fn add_rule(&self, rule: Rule) -> u64 {
        self.rules.add(rule)
    }

    /// Takes a rule out; whether there was one of that number.
    pub fn remove_rule(&self, id: u64) -> bool {
        self.rules.remove(id)
    }

    /// The rules in force, in their order, with their counters.
    #[must_use]
    pub fn rules(&self) -> Vec<RuleState> {
        self.rules.states()
    }
}

/// The rule that decided about a request.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    id: u64,
    rule: Arc<Rule>,
}

impl Decision {
    /// The rule's number.
    pub(crate) const fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn then(&self) -> &Then {
        &self.rule.then
    }
}

impl Standing {
    /// Whether the rule applies to the request of this number; if so, it is counted.
    fn takes(&self, number: u64) -> bool {
        let when = &self.rule.when;
        if when.nth.is_some_and(|nth| nth != number) {
            return false;
        }
        let most = when.times.unwrap_or(u64::MAX);
        let once_more = |applied| (applied < most).then_some(applied + 1);
        self.applied.fetch_update(Ordering::Relaxed, Ordering::Relaxed, once_more).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ForcedError, Pattern, When};
    use super::*;
    use crate::event::Exchange;

    fn request(client: &'static str) -> Subject<'static> {
        Subject {
            message: Some(Exchange::As),
            client: Some(client),
            service: None,
            transport: None,
            etypes: &[],
            preauthenticated: false,
            repeat: 0,
        }
    }

    fn rule(code: i32, when: When) -> Rule {
        let error = Some(ForcedError { code, text: None, data: None });
        Rule { when, then: Then { error, ..Then::default() } }
    }

    fn decides(rules: &Rules, client: &'static str) -> i32 {
        rules.decide(&request(client)).and_then(|decision| decision.then().error.as_ref().map(|e| e.code)).unwrap_or(0)
    }

    #[test]
    fn the_first_rule_that_fits_decides_and_all_that_fit_count() {
        let rules = Rules::default();
        assert_eq!(decides(&rules, "alice"), 0);
        let alice = || When { client: Some(Pattern::new("alice")), ..When::default() };
        rules.set(vec![
            rule(1, When { nth: Some(2), ..alice() }),
            rule(2, When { nth: Some(3), ..When::default() }),
            rule(3, When { times: Some(2), ..When::default() }),
        ]);
        // The second of alice is the third of all: the first rule wins, and the second rule's third is over.
        let found: Vec<_> =
            ["alice", "bob", "alice", "bob", "alice"].into_iter().map(|client| decides(&rules, client)).collect();
        assert_eq!(found, [3, 3, 1, 0, 0]);
        let counted: Vec<_> = rules.states().iter().map(|state| (state.id, state.seen, state.applied)).collect();
        assert_eq!(counted, [(1, 3, 1), (2, 5, 0), (3, 5, 2)]);
    }

    #[test]
    fn rules_come_and_go_and_their_numbers_do_not_come_again() {
        let rules = Rules::default();
        assert_eq!(rules.add(rule(1, When::default())), 1);
        assert_eq!(rules.add(rule(2, When::default())), 2);
        assert_eq!(decides(&rules, "alice"), 1);
        assert!(rules.remove(1) && !rules.remove(1));
        assert_eq!(decides(&rules, "alice"), 2);
        assert_eq!(rules.set(vec![rule(3, When::default())]), [3]);
        let fork = rules.fork();
        assert_eq!(decides(&fork, "alice"), 3);
        assert_eq!(rules.states()[0].seen, 0);
        rules.set(Vec::new());
        assert!(!rules.any());
        assert_eq!(decides(&rules, "alice"), 0);
    }
}
