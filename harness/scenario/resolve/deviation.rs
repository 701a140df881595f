//! Departures from the protocol that a party is asked to make: words that its mock has, found wrong while the file is read.

use crate::error::ScenarioError;
use crate::iam;
use crate::scenario::party::{ClientDeviation, ClientKind};
use crate::scenario::profile::Protocol;
use crate::scenario::template::Filling;
use crate::scenario::written::List;

/// Those of a server, what it makes of tokens included. PostgreSQL's mock makes one at a time.
pub(super) fn of_server(
    written: &List,
    protocol: Protocol,
    filling: &Filling<'_>,
) -> Result<Vec<String>, ScenarioError> {
    match protocol {
        Protocol::Mysql => {
            let words = crate::mysql::Deviation::ALL.iter().map(|known| known.word());
            known(written, &words.chain(of_iam()).collect::<Vec<_>>(), filling)
        }
        Protocol::Postgres => {
            let words = crate::postgres::Deviation::ALL.iter().map(|known| known.word());
            let found = known(written, &words.chain(of_iam()).collect::<Vec<_>>(), filling)?;
            match filling.words(written)?.get(1) {
                Some(second) => Err(filling.error(second, "a PostgreSQL mock makes one deviation at a time, not also")),
                None => Ok(found),
            }
        }
    }
}

/// Those of whoever verifies tokens.
fn of_iam() -> impl Iterator<Item = &'static str> {
    iam::Deviation::ALL.iter().map(|known| known.word())
}

/// Those of a KDC.
pub(super) fn of_realm(written: &List, filling: &Filling<'_>) -> Result<Vec<String>, ScenarioError> {
    known(written, &mock_kdc::Deviation::ALL.map(mock_kdc::Deviation::name), filling)
}

/// Those of a client of ours, whatever it speaks: what another protocol has changes nothing.
pub(super) fn of_client(
    written: &List,
    kind: &ClientKind,
    filling: &Filling<'_>,
) -> Result<Vec<String>, ScenarioError> {
    if let ClientKind::Command { .. } = kind {
        return of_nobody(written, filling);
    }
    let mut words: Vec<&str> = shakedown_krb5::client::Deviation::ALL.iter().map(|known| known.word()).collect();
    words.extend(shakedown_krb5::client::Lenience::ALL.iter().map(|known| known.word()));
    words.extend(ClientDeviation::ALL.iter().map(|known| known.word()));
    words.extend(crate::mysql::ClientDeviation::ALL.iter().map(|known| known.word()));
    words.extend(crate::postgres::ClientDeviation::ALL.iter().map(|known| known.word()));
    words.extend(iam::Departure::ALL.iter().map(|known| known.word()));
    known(written, &words, filling)
}

/// Those of a program or a proxy: there is none, and a word without effect would be believed to have one.
pub(super) fn of_nobody(written: &List, filling: &Filling<'_>) -> Result<Vec<String>, ScenarioError> {
    match filling.words(written)?.first() {
        Some(word) => Err(filling.error(word, "only servers, realms and built-in clients make deviations, not")),
        None => Ok(Vec::new()),
    }
}

fn known(written: &List, words: &[&str], filling: &Filling<'_>) -> Result<Vec<String>, ScenarioError> {
    let listed: Vec<_> = words.iter().map(|word| (*word, *word)).collect();
    let written = filling.words(written)?;
    written.iter().map(|word| filling.one_of(word, "deviation", &listed).map(str::to_owned)).collect()
}
