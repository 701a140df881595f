//! What departures and rules make of an answer; how it is sent is the listener's part.

use std::sync::PoisonError;

use shakedown_krb5::messages::view::{KdcRequestView, View as _};
use shakedown_krb5::messages::{Codec as _, KrbError, PrincipalName, error_code, padata_type};
use shakedown_krb5::{Principal, Random};

use super::Sending;
use super::rule::{Subject, Then};
use crate::deviation::{self, Circumstances};
use crate::event::Entry;
use crate::kdc::Kdc;
use crate::worker::Desk;

impl Kdc {
    /// Whether there are departures or rules.
    pub(crate) fn is_faulty(&self) -> bool {
        self.rules.any() || !self.deviations.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Does to the answer on `desk` what departures and rules say. The same request has come `repeat` times before; the
    /// answer to one that comes again is bent already.
    pub(crate) fn fail(&self, request: &[u8], repeat: u32, desk: &mut Desk, random: &mut dyn Random) {
        let request = KdcRequestView::decode(request).ok();
        let deviations = self.deviations.read().unwrap_or_else(PoisonError::into_inner);
        if repeat == 0 && !deviations.is_empty() {
            let always = Then { deviations: deviations.clone(), ..Then::default() };
            self.apply(&always, request.as_ref(), desk, random);
        }
        drop(deviations);
        let Entry { exchange, client, service, transport, etypes, .. } = &desk.entry;
        let subject = Subject {
            message: *exchange,
            client: client.get(),
            service: service.get(),
            transport: *transport,
            etypes,
            preauthenticated: request.as_ref().is_some_and(proves),
            repeat,
        };
        if let Some(decision) = self.rules.decide(&subject) {
            self.apply(decision.then(), request.as_ref(), desk, random);
            desk.entry.rule = Some(decision.id());
        }
    }

    fn apply(&self, then: &Then, request: Option<&KdcRequestView<'_>>, desk: &mut Desk, random: &mut dyn Random) {
        let Desk { out, entry, sending, .. } = desk;
        let around = Circumstances { now: entry.at, exchange: entry.exchange, seals: out.seals.as_ref() };
        let (client, server) = self.parties(request);
        let octets = Some(std::mem::take(&mut out.reply)).filter(|octets| !octets.is_empty());
        let applied = apply(then, octets, client.as_ref(), &server, &around, random);
        if let Some((code, text)) = applied.refused {
            entry.refuse(code, &text);
        }
        out.reply = applied.octets.unwrap_or_default();
        *sending = applied.sending;
    }

    /// Client and service as an error names them.
    fn parties(&self, request: Option<&KdcRequestView<'_>>) -> (Option<Principal>, Principal) {
        let body = request.map(|request| request.body.to_owned());
        let named =
            |name: Option<PrincipalName>| name.zip(body.as_ref()).map(|(name, body)| name.at(body.realm.clone()));
        let client = named(body.as_ref().and_then(|body| body.cname.clone()));
        let server = named(body.as_ref().and_then(|body| body.sname.clone()));
        (client, server.unwrap_or_else(|| Principal::krbtgt(self.realm().name.as_bytes())))
    }
}

/// Whether a request proves who asks: by pre-authentication, or by a ticket.
fn proves(request: &KdcRequestView<'_>) -> bool {
    const PROOFS: [i32; 3] = [padata_type::TGS_REQ, padata_type::ENC_TIMESTAMP, padata_type::ENCRYPTED_CHALLENGE];
    PROOFS.into_iter().any(|proof| request.padata(proof).is_some())
}

/// The answer after a rule was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Applied {
    /// What is sent.
    octets: Option<Vec<u8>>,
    /// The error that took the answer's place: its code and text.
    refused: Option<(i32, String)>,
    sending: Sending,
}

/// Does all of `then` to an answer. `client` and `server` are those of the request, for an error.
fn apply(
    then: &Then,
    octets: Option<Vec<u8>>,
    client: Option<&Principal>,
    server: &Principal,
    around: &Circumstances<'_>,
    random: &mut dyn Random,
) -> Applied {
    let mut octets = octets;
    let mut refused = None;
    if let Some(forced) = &then.error {
        let text =
            forced.text.clone().unwrap_or_else(|| error_code::name(forced.code).unwrap_or("SCRIPTED").to_owned());
        let error = KrbError {
            crealm: client.map(|client| client.realm.clone()),
            cname: client.map(Into::into),
            e_text: Some(text.clone().into_bytes()),
            e_data: forced.data.clone(),
            ..KrbError::new(forced.code, around.now, server.clone())
        };
        octets = Some(error.to_octets());
        refused = Some((forced.code, text));
    }
    if !then.deviations.is_empty() {
        octets = octets.and_then(|octets| deviation::bend(&then.deviations, octets, around, random));
    }
    if let Some(length) = then.garbage {
        let mut garbage = vec![0; length];
        random.fill(&mut garbage);
        octets = Some(garbage);
    }
    if let (Some(length), Some(octets)) = (then.truncate, &mut octets) {
        octets.truncate(length);
    }
    Applied { octets, refused, sending: Sending { delay: then.delay, delivery: then.delivery.clone() } }
}

#[cfg(test)]
mod tests {
    use shakedown_krb5::Timestamp;

    use super::super::ForcedError;
    use super::*;

    struct Counting(u8);

    impl Random for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for octet in bytes {
                self.0 = self.0.wrapping_add(1);
                *octet = self.0;
            }
        }
    }

    fn done(then: &Then) -> Applied {
        let (client, server) = (Principal::new(&["alice"], "R"), Principal::krbtgt(b"R"));
        let now = Timestamp::from_seconds(1_700_000_000);
        let around = Circumstances { now, exchange: None, seals: None };
        apply(then, Some(b"an answer".to_vec()), Some(&client), &server, &around, &mut Counting(0))
    }

    #[test]
    fn an_error_takes_the_answer_s_place() {
        let error = ForcedError { code: 29, text: None, data: Some(vec![1, 2]) };
        let applied = done(&Then { error: Some(error), ..Then::default() });
        let found = KrbError::decode(&applied.octets.unwrap()).unwrap();
        assert_eq!((found.error_code, found.text()), (29, "KDC_ERR_SVC_UNAVAILABLE".to_owned()));
        assert_eq!((found.server, found.e_data), (Principal::krbtgt(b"R"), Some(vec![1, 2])));
        assert_eq!(applied.refused, Some((29, "KDC_ERR_SVC_UNAVAILABLE".to_owned())));
    }

    #[test]
    fn octets_are_replaced_and_cut_in_this_order() {
        let applied = done(&Then { garbage: Some(5), truncate: Some(3), ..Then::default() });
        assert_eq!((applied.octets, applied.refused), (Some(vec![1, 2, 3]), None));
        assert_eq!(done(&Then::default()).octets, Some(b"an answer".to_vec()));
        let silent = Then { deviations: vec!["silent".parse().unwrap()], ..Then::default() };
        assert_eq!(done(&silent).octets, None);
    }
}
