//! SPNEGO: the two sides against each other, against the `krb5` crate, and with somebody in between.

use proptest::prelude::*;

use super::*;

const NO_INTEGRITY: Flags = Flags(Flags::MUTUAL);

fn offer(draft: &Draft, flags: Flags, mechanisms: &[Mechanism]) -> (SpnegoInitiator, Vec<u8>) {
    let settings = InitiatorSettings::new(flags);
    SpnegoInitiator::start(&draft.credential(), &settings, mechanisms, NOW, &mut Seeded(4))
}

/// All tokens of a negotiation, as each side sent them, and the two contexts.
fn negotiate(flags: Flags, mechanisms: &[Mechanism]) -> (Vec<Vec<u8>>, Context, Accepted) {
    negotiate_with(Acceptance::new(), flags, mechanisms)
}

fn negotiate_with(
    mut acceptance: Acceptance,
    flags: Flags,
    mechanisms: &[Mechanism],
) -> (Vec<Vec<u8>>, Context, Accepted) {
    let draft = Draft::new(Etype::Aes256Sha1);
    let acceptor = Acceptor::new(draft.keytab());
    let (mut initiator, token) = offer(&draft, flags, mechanisms);
    let (mut tokens, mut standing) = (vec![token], None);
    let accepted = loop {
        let reply = match acceptance.step(&acceptor, tokens.last().unwrap(), NOW, &mut Seeded(5)).unwrap() {
            Progress::Continue(reply) => reply,
            Progress::Done(mut accepted) => match accepted.reply.take() {
                Some(reply) => {
                    standing = Some(*accepted);
                    reply
                }
                None => break *accepted,
            },
        };
        tokens.push(reply);
        let step = initiator.step(tokens.last().unwrap(), NOW, &mut Seeded(6)).unwrap();
        match (step.token, standing.take()) {
            (Some(token), None) => tokens.push(token),
            (None, Some(accepted)) => {
                assert!(step.done);
                break accepted;
            }
            (token, accepted) => panic!("one side has ended: {token:02x?} {accepted:?}"),
        }
    };
    (tokens, initiator.into_context().unwrap(), accepted)
}

/// `init`, or the fields of a later token: `3 mech token mic`.
fn shape(token: &[u8]) -> String {
    if token[0] == 0x60 {
        return "init".to_owned();
    }
    let mut reader = crate::der::Reader::new("token", token).unwrap();
    reader
        .field(1, "token", |r| {
            let mut fields = r.sequence()?;
            let mut shape = Vec::new();
            let state = fields.optional(0, "state", |r| r.element().map(|state| state[2]))?;
            shape.extend(state.map(|state| state.to_string()));
            for (number, name) in [(1, "mech"), (2, "token"), (3, "mic")] {
                shape.extend(fields.optional(number, name, crate::der::Reader::element)?.map(|_| name.to_owned()));
            }
            Ok(shape.join(" "))
        })
        .unwrap()
}

#[test]
fn a_mic_goes_both_ways_where_kerberos_is_not_the_first_choice_and_nowhere_else() {
    use Mechanism::{Krb5, MicrosoftKrb5, NegoEx, Ntlmssp};
    #[track_caller]
    fn check(flags: Flags, mechanisms: &[Mechanism], expected: &[&str]) {
        let (tokens, mut initiator, mut accepted) = negotiate(flags, mechanisms);
        let found: Vec<_> = tokens.iter().map(|token| shape(token)).collect();
        assert_eq!(found, expected, "{flags:?} {mechanisms:?}");
        // Both sides count on from behind the MICs.
        let (mut sealed, mut plain) = (Vec::new(), Vec::new());
        initiator.wrap(b"text", &mut Seeded(8), &mut sealed);
        accepted.context.unwrap(&sealed, &mut plain).unwrap();
        let mut mic = Vec::new();
        accepted.context.mic(b"text", &mut mic);
        initiator.verify_mic(&mic, b"text").unwrap();
        assert_eq!((plain, accepted.client), (b"text".to_vec(), client()));
    }
    for first in [&[Krb5][..], &[MicrosoftKrb5, Krb5], &Mechanism::WINDOWS, &[Krb5, Ntlmssp]] {
        check(MUTUAL_FLAGS, first, &["init", "0 mech token"]);
        check(ONE_WAY_FLAGS, first, &["init", "0 mech"]);
    }
    for later in [&[Ntlmssp, Krb5][..], &[NegoEx, Ntlmssp, MicrosoftKrb5]] {
        check(MUTUAL_FLAGS, later, &["init", "3 mech", "1 token", "1 token mic", "0 mic"]);
        check(ONE_WAY_FLAGS, later, &["init", "3 mech", "1 token mic", "0 mic"]);
        // Integrity is always asked for: without it the offer cannot be protected.
        check(NO_INTEGRITY, later, &["init", "3 mech", "1 token", "1 token mic", "0 mic"]);
    }
}

/// An acceptor may want a MIC for the first choice too.
#[test]
fn a_mic_is_made_where_it_is_asked_for() {
    for (flags, expected) in [
        (MUTUAL_FLAGS, &["init", "3 mech token mic", "0 mic"][..]),
        (ONE_WAY_FLAGS, &["init", "3 mech", "1 mic", "0 mic"]),
    ] {
        let (tokens, ..) = negotiate_with(Acceptance::demanding_mic(), flags, &[Mechanism::Krb5]);
        let found: Vec<_> = tokens.iter().map(|token| shape(token)).collect();
        assert_eq!(found, expected, "{flags:?}");
    }
}

#[test]
fn who_asks_first_what_there_is_is_told() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let acceptor = Acceptor::new(draft.keytab());
    let mut acceptance = Acceptance::new();
    let hints = progress(acceptance.step(&acceptor, &[], NOW, &mut Seeded(5)));
    assert_eq!(hints.len(), 73);
    let (mut initiator, token) = offer(&draft, MUTUAL_FLAGS, &[Mechanism::Krb5]);
    let reply = progress(acceptance.step(&acceptor, &token, NOW, &mut Seeded(5)));
    assert!(initiator.step(&reply, NOW, &mut Seeded(6)).unwrap().done);
}

#[test]
fn the_answer_names_the_mechanism_as_it_was_offered() {
    let oid = |mechanism: Mechanism| mechanism.oid().to_vec();
    for (mechanisms, chosen) in [
        (&Mechanism::WINDOWS[..], Mechanism::MicrosoftKrb5),
        (&[Mechanism::Krb5, Mechanism::MicrosoftKrb5], Mechanism::Krb5),
        (&[Mechanism::Ntlmssp, Mechanism::MicrosoftKrb5], Mechanism::MicrosoftKrb5),
    ] {
        let (tokens, ..) = negotiate(MUTUAL_FLAGS, mechanisms);
        let found = tokens[1].windows(11).filter(|window| *window == oid(chosen)).count();
        assert_eq!(found, if chosen == Mechanism::Krb5 { 2 } else { 1 }, "{mechanisms:?}");
    }
}

#[test]
fn what_offers_no_kerberos_is_rejected() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let (mut initiator, token) = offer(&draft, MUTUAL_FLAGS, &[Mechanism::Ntlmssp, Mechanism::NegoEx]);
    let failure = Acceptance::new().step(&Acceptor::new(draft.keytab()), &token, NOW, &mut Seeded(5)).unwrap_err();
    assert_eq!(failure.cause, Cause::Malformed("spnego offers no krb5".to_owned()));
    let rejection = failure.reply.unwrap();
    assert_eq!(shape(&rejection), "2");
    let error = initiator.step(&rejection, NOW, &mut Seeded(6)).unwrap_err();
    assert_eq!(error, GssError::Broken("the acceptor rejects"));
    // Without any key there is nothing to negotiate about.
    let none = Acceptance::new().step(&Acceptor::new(keytab(&[])), &token, NOW, &mut Seeded(5)).unwrap_err();
    assert_eq!((none.cause, none.reply), (Cause::NoKeytab, None));
}

#[test]
fn a_refusal_by_kerberos_reaches_the_initiator() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let acceptor = Acceptor::new(keytab(&[(service(), 4, &key(Etype::Aes256Sha1, 77))]));
    for mechanisms in [&[Mechanism::Krb5][..], &[Mechanism::Ntlmssp, Mechanism::Krb5]] {
        let (mut initiator, mut token) = offer(&draft, MUTUAL_FLAGS, mechanisms);
        let mut acceptance = Acceptance::new();
        let failure = loop {
            match acceptance.step(&acceptor, &token, NOW, &mut Seeded(5)) {
                Ok(Progress::Continue(reply)) => {
                    token = initiator.step(&reply, NOW, &mut Seeded(6)).unwrap().token.unwrap();
                }
                Ok(Progress::Done(accepted)) => panic!("accepted: {accepted:?}"),
                Err(failure) => break failure,
            }
        };
        assert_eq!(failure.cause, Cause::Krb(44));
        let error = initiator.step(&failure.reply.unwrap(), NOW, &mut Seeded(6)).unwrap_err();
        assert_eq!(error, GssError::Refused(44));
    }
}

/// Replaces the list of mechanisms in a first token by another of the same length.
fn reordered(token: &[u8], from: &[Mechanism], to: &[Mechanism]) -> Vec<u8> {
    let list = |mechanisms: &[Mechanism]| mechanisms.iter().flat_map(|mechanism| mechanism.oid().to_vec()).collect();
    let (from, to): (Vec<u8>, Vec<u8>) = (list(from), list(to));
    let at = token.windows(from.len()).position(|window| *window == from).unwrap();
    let mut changed = token.to_vec();
    changed[at..at + to.len()].copy_from_slice(&to);
    changed
}

/// Somebody in between makes Kerberos the second choice. Both sides go on, until one verifies the other's MIC.
#[test]
fn a_changed_offer_is_found_out() {
    let (from, to) = ([Mechanism::Krb5, Mechanism::Ntlmssp], [Mechanism::Ntlmssp, Mechanism::Krb5]);
    for (flags, acceptor_finds) in [(MUTUAL_FLAGS, false), (ONE_WAY_FLAGS, true)] {
        let draft = Draft::new(Etype::Aes256Sha1);
        let acceptor = Acceptor::new(draft.keytab());
        // The initiator must not have begun with Kerberos already, or it would notice at once.
        let (mut initiator, token) = offer(&draft, flags, &to);
        let (mut initiator_of_from, _) = offer(&draft, flags, &from);
        let mut acceptance = Acceptance::new();
        let changed = reordered(&token, &to, &[Mechanism::NegoEx, Mechanism::Krb5]);
        let mut reply = progress(acceptance.step(&acceptor, &changed, NOW, &mut Seeded(5)));
        // Who sent a token for the first choice gets no answer to it, and stops; or has nothing more to say than a MIC.
        match initiator_of_from.step(&reply, NOW, &mut Seeded(6)) {
            Err(error) => assert_eq!(error, GssError::Broken("no token from the acceptor")),
            Ok(step) => {
                let mut acceptance = Acceptance::new();
                acceptance.step(&acceptor, &changed, NOW, &mut Seeded(5)).unwrap();
                let token = step.token.unwrap();
                let failure = acceptance.step(&acceptor, &token, NOW, &mut Seeded(5)).unwrap_err();
                assert_eq!(failure.cause, Cause::Malformed("no token of krb5".to_owned()));
            }
        }
        let token = initiator.step(&reply, NOW, &mut Seeded(6)).unwrap().token.unwrap();
        let next = acceptance.step(&acceptor, &token, NOW, &mut Seeded(5));
        if acceptor_finds {
            let failure = next.unwrap_err();
            let text = "mechListMIC does not fit what was offered";
            assert_eq!(failure.cause, Cause::Malformed(text.to_owned()));
            assert_eq!(shape(&failure.reply.unwrap()), "2");
        } else {
            reply = progress(next);
            let error = initiator.step(&reply, NOW, &mut Seeded(6)).unwrap_err();
            assert_eq!(error, GssError::Broken("mechListMIC does not fit what was offered"));
        }
    }
}

fn progress(step: Result<Progress, AcceptFailure>) -> Vec<u8> {
    match step.unwrap() {
        Progress::Continue(reply) => reply,
        Progress::Done(accepted) => accepted.reply.unwrap(),
    }
}

#[test]
fn a_mic_that_is_due_cannot_be_left_out() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let acceptor = Acceptor::new(draft.keytab());
    let (mut initiator, token) = offer(&draft, MUTUAL_FLAGS, &[Mechanism::Ntlmssp, Mechanism::Krb5]);
    let mut acceptance = Acceptance::new();
    let reply = progress(acceptance.step(&acceptor, &token, NOW, &mut Seeded(5)));
    let token = initiator.step(&reply, NOW, &mut Seeded(6)).unwrap().token.unwrap();
    let reply = progress(acceptance.step(&acceptor, &token, NOW, &mut Seeded(5)));
    // a1 . 30 . a0 03 0a 01 00: accepted, and nothing else.
    let bare = [0xa1, 0x07, 0x30, 0x05, 0xa0, 0x03, 0x0a, 0x01, 0x00];
    let failure = acceptance.step(&acceptor, &bare, NOW, &mut Seeded(5)).unwrap_err();
    assert_eq!(failure.cause, Cause::Malformed("mechListMIC is missing".to_owned()));
    // The initiator does not do without the acceptor's either: without its last field the token is good otherwise.
    let cut = without_mic(&reply);
    let error = initiator.step(&cut, NOW, &mut Seeded(6)).unwrap_err();
    assert_eq!(error, GssError::Broken("mechListMIC is missing"));
}

fn without_mic(token: &[u8]) -> Vec<u8> {
    use crate::der::{Reader, Writer};
    let mut fields = Vec::new();
    Reader::new("token", token)
        .unwrap()
        .field(1, "token", |r| {
            let mut response = r.sequence()?;
            while !response.is_empty() {
                let field = response.element()?;
                if field[0] != 0xa3 {
                    fields.extend_from_slice(field);
                }
            }
            Ok(())
        })
        .unwrap();
    let mut out = Vec::new();
    Writer::new(&mut out).field(1, |w| w.sequence(|w| w.raw(&fields)));
    out
}

#[test]
fn another_choice_than_the_first_must_ask_for_a_mic() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let (mut initiator, token) = offer(&draft, MUTUAL_FLAGS, &[Mechanism::Ntlmssp, Mechanism::Krb5]);
    let reply = progress(Acceptance::new().step(&Acceptor::new(draft.keytab()), &token, NOW, &mut Seeded(5)));
    let mut incomplete = reply;
    let state = incomplete.windows(3).position(|window| window == [0x0a, 1, 3]).unwrap() + 2;
    incomplete[state] = 1;
    let error = initiator.step(&incomplete, NOW, &mut Seeded(6)).unwrap_err();
    assert_eq!(error, GssError::Broken("the acceptor made another choice than the first and asks for no mechListMIC"));
}

#[test]
fn a_token_without_spnego_around_it_is_taken_in_its_place() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let (mut initiator, token) = start(&draft, MUTUAL_FLAGS);
    let mut acceptance = Acceptance::new();
    let step = acceptance.step(&Acceptor::new(draft.keytab()), &token, NOW, &mut Seeded(5)).unwrap();
    let Progress::Done(accepted) = step else { panic!("not done") };
    initiator.reply(&accepted.reply.unwrap()).unwrap();
    let again = acceptance.step(&Acceptor::new(draft.keytab()), &token, NOW, &mut Seeded(5)).unwrap_err();
    assert_eq!((again.cause, again.reply), (Cause::Malformed("a token after the last".to_owned()), None));
}

/// Kerberos is the first choice, but its token is yet to come.
#[test]
fn a_first_token_may_come_without_one_of_the_mechanism() {
    let draft = Draft::new(Etype::Aes256Sha1);
    let acceptor = Acceptor::new(draft.keytab());
    let bare = [
        crate::crypto::octets::octets("60 1b 06 06 2b 06 01 05 05 02 a0 11 30 0f a0 0d 30 0b"),
        Mechanism::Krb5.oid().to_vec(),
    ]
    .concat();
    let mut acceptance = Acceptance::new();
    let reply = progress(acceptance.step(&acceptor, &bare, NOW, &mut Seeded(5)));
    assert_eq!(shape(&reply), "1 mech");
    let (_, krb5) = start(&draft, MUTUAL_FLAGS);
    let mut token = Vec::new();
    crate::der::Writer::new(&mut token).field(1, |w| w.sequence(|w| w.field(2, |w| w.octets(&krb5))));
    let Progress::Done(accepted) = acceptance.step(&acceptor, &token, NOW, &mut Seeded(5)).unwrap() else {
        panic!("no MIC is due")
    };
    assert_eq!(shape(&accepted.reply.unwrap()), "0 token");
}

#[test]
fn each_truncation_of_each_token_is_refused() {
    for flags in [MUTUAL_FLAGS, ONE_WAY_FLAGS] {
        let draft = Draft::new(Etype::Aes256Sha1);
        let (tokens, ..) = negotiate(flags, &[Mechanism::Ntlmssp, Mechanism::Krb5]);
        for cut_at in 0..tokens.len() {
            // No token at all is a question, as the first.
            for length in usize::from(cut_at == 0)..tokens[cut_at].len() {
                let acceptor = Acceptor::new(draft.keytab());
                let (mut initiator, _) = offer(&draft, flags, &[Mechanism::Ntlmssp, Mechanism::Krb5]);
                let mut acceptance = Acceptance::new();
                for (number, token) in tokens[..cut_at].iter().enumerate() {
                    if number % 2 == 0 {
                        acceptance.step(&acceptor, token, NOW, &mut Seeded(5)).unwrap();
                    } else {
                        initiator.step(token, NOW, &mut Seeded(6)).unwrap();
                    }
                }
                let cut = &tokens[cut_at][..length];
                let refused = if cut_at % 2 == 0 {
                    acceptance.step(&acceptor, cut, NOW, &mut Seeded(5)).is_err()
                } else {
                    initiator.step(cut, NOW, &mut Seeded(6)).is_err()
                };
                assert!(refused, "token {cut_at} cut to {length}");
            }
        }
    }
}

#[test]
fn debug_shows_no_key() {
    let draft =
        Draft { session_key: Key::new(Etype::Aes128Sha1, &[0xab; 16]).unwrap(), ..Draft::new(Etype::Aes128Sha1) };
    let acceptor = Acceptor::new(draft.keytab());
    let (mut initiator, token) = offer(&draft, ONE_WAY_FLAGS, &[Mechanism::Ntlmssp, Mechanism::Krb5]);
    let mut acceptance = Acceptance::new();
    let reply = progress(acceptance.step(&acceptor, &token, NOW, &mut Seeded(5)));
    initiator.step(&reply, NOW, &mut Seeded(6)).unwrap();
    let shown = format!("{initiator:?} {acceptance:?}");
    assert!(!shown.contains("171, 171") && !shown.to_lowercase().contains("abab"), "{shown}");
}

proptest! {
    #[test]
    fn any_octets_at_any_moment(
        octets in prop::collection::vec(any::<u8>(), 0..100), when in 0..5usize, position in 0..10_000usize, octet: u8
    ) {
        let mechanisms = [Mechanism::Ntlmssp, Mechanism::Krb5];
        let draft = Draft::new(Etype::Aes128Sha1);
        let acceptor = Acceptor::new(draft.keytab());
        let (mut initiator, mut token) = offer(&draft, MUTUAL_FLAGS, &mechanisms);
        let mut acceptance = Acceptance::new();
        for turn in 0..=when {
            if turn == when {
                let mut changed = token.clone();
                let at = position % changed.len();
                changed[at] = octet;
                for bad in [&octets, &changed] {
                    if turn % 2 == 0 {
                        let _ = acceptance.step(&acceptor, bad, NOW, &mut Seeded(5));
                    } else {
                        let _ = initiator.step(bad, NOW, &mut Seeded(6));
                    }
                }
            } else if turn % 2 == 0 {
                match acceptance.step(&acceptor, &token, NOW, &mut Seeded(5)).unwrap() {
                    Progress::Continue(reply) => token = reply,
                    Progress::Done(_) => break,
                }
            } else {
                match initiator.step(&token, NOW, &mut Seeded(6)).unwrap().token {
                    Some(next) => token = next,
                    None => break,
                }
            }
        }
    }
}
