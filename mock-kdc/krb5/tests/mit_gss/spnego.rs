//! SPNEGO with MIT's on the other side, in both roles, with and without MICs.

use shakedown_krb5::crypto::Etype;
use shakedown_krb5::gss::{
    Acceptance, Accepted, Acceptor, Cause, Flags, GssError, InitiatorSettings, Mechanism, Progress, SpnegoInitiator,
};

use crate::peer::{Answer, Peer};
use crate::ticket::{Draft, Seeded, client, service, wall_clock};
use crate::{MUTUAL, ONE_WAY, exchange};

const NTLM_FIRST: [Mechanism; 2] = [Mechanism::Ntlmssp, Mechanism::Krb5];

fn offer(draft: &Draft, flags: u32, mechanisms: &[Mechanism]) -> (SpnegoInitiator, Vec<u8>) {
    let settings = InitiatorSettings::new(Flags(flags));
    SpnegoInitiator::start(&draft.credential(), &settings, mechanisms, wall_clock(), &mut Seeded::from_clock())
}

#[test]
fn mit_accepts_what_we_offer() {
    use Mechanism::{Krb5, MicrosoftKrb5, NegoEx, Ntlmssp};
    let Some(mut peer) = Peer::start("spnego_initiator") else { return };
    let lists: [(&[Mechanism], [usize; 2]); 6] = [
        // How many tokens go, with mutual authentication and without.
        (&[Krb5], [2, 2]),
        (&[MicrosoftKrb5, Krb5], [2, 2]),
        (&Mechanism::WINDOWS, [2, 2]),
        (&NTLM_FIRST, [5, 4]),
        (&[NegoEx, Ntlmssp, MicrosoftKrb5, Krb5], [5, 4]),
        (&[Ntlmssp, MicrosoftKrb5], [5, 4]),
    ];
    for etype in Etype::ALL {
        for (mechanisms, counts) in lists {
            for (flags, expected) in [MUTUAL, ONE_WAY].into_iter().zip(counts) {
                let draft = Draft::new(etype);
                let path = peer.keytab(&draft.keytab());
                let (mut initiator, token) = offer(&draft, flags, mechanisms);
                let mut count = 1;
                let mut answer = peer.accept(&path, &token);
                loop {
                    let (reply, accepted) = match answer {
                        Answer::Continue(reply) => (Some(reply), false),
                        Answer::Accepted { client: name, service: target, reply, .. } => {
                            assert_eq!((name, target), (client().to_string(), service().to_string()));
                            (reply, true)
                        }
                        refused => panic!("{mechanisms:?}: {refused:?}"),
                    };
                    let Some(reply) = reply else { break };
                    count += 1;
                    let step = initiator.step(&reply, wall_clock(), &mut Seeded::from_clock()).unwrap();
                    let Some(token) = step.token else {
                        assert!(step.done && accepted);
                        break;
                    };
                    count += 1;
                    answer = peer.go_on(&token);
                }
                assert_eq!(count, expected, "{mechanisms:?} {flags}");
                exchange(etype, &mut initiator.into_context().unwrap(), &mut peer);
            }
        }
    }
}

/// MIT's initiator always begins with Kerberos here, so that it makes a MIC only where it gets one.
#[test]
fn mit_s_mic_is_what_we_demand() {
    let Some(mut peer) = Peer::start("spnego_acceptor") else { return };
    for etype in Etype::ALL {
        let draft = Draft::new(etype);
        let cache = peer.cache(&draft.credential());
        for (acceptance, expected) in [(Acceptance::new(), 2), (Acceptance::demanding_mic(), 3)] {
            let token = peer.init(&cache, &service(), MUTUAL, "spnego");
            let (tokens, mut accepted) = accept(acceptance, &draft, token, &mut peer);
            assert_eq!(tokens, expected);
            assert_eq!((&accepted.client, &accepted.service), (&client(), &service()));
            exchange(etype, &mut accepted.context, &mut peer);
        }
    }
}

/// How many tokens went, and the context.
fn accept(mut acceptance: Acceptance, draft: &Draft, first: Vec<u8>, peer: &mut Peer) -> (usize, Accepted) {
    let acceptor = Acceptor::new(draft.keytab());
    let (mut token, mut count) = (first, 1);
    loop {
        let step = acceptance.step(&acceptor, &token, wall_clock(), &mut Seeded::from_clock()).unwrap();
        let (reply, accepted) = match step {
            Progress::Continue(reply) => (reply, None),
            Progress::Done(mut accepted) => match accepted.reply.take() {
                Some(reply) => (reply, Some(accepted)),
                None => return (count, *accepted),
            },
        };
        count += 1;
        match (peer.step(&reply), accepted) {
            (Answer::Done, Some(accepted)) => return (count, *accepted),
            (Answer::Continue(next) | Answer::Last(next), None) => token = next,
            (answer, accepted) => panic!("{answer:?} {accepted:?}"),
        }
        count += 1;
    }
}

/// Somebody in between changes what was offered: MIT's MIC is over the changed list, ours over what we sent.
#[test]
fn a_changed_offer_is_found_out() {
    let Some(mut peer) = Peer::start("spnego_changed") else { return };
    let draft = Draft::new(Etype::Aes256Sha1);
    let changed = |token: &[u8]| {
        let (from, to) = (Mechanism::Ntlmssp.oid(), Mechanism::NegoEx.oid());
        let at = token.windows(from.len()).position(|window| window == from).unwrap();
        [&token[..at], to, &token[at + from.len()..]].concat()
    };
    // With mutual authentication MIT's MIC comes first, and we find it out; without, MIT does.
    for (flags, we_find) in [(MUTUAL, true), (ONE_WAY, false)] {
        let path = peer.keytab(&draft.keytab());
        let (mut initiator, token) = offer(&draft, flags, &NTLM_FIRST);
        let Answer::Continue(reply) = peer.accept(&path, &changed(&token)) else { panic!("no MIC is asked for") };
        let step = initiator.step(&reply, wall_clock(), &mut Seeded::from_clock()).unwrap();
        match (peer.go_on(&step.token.unwrap()), we_find) {
            (Answer::Continue(reply), true) => {
                let error = initiator.step(&reply, wall_clock(), &mut Seeded::from_clock()).unwrap_err();
                assert_eq!(error, GssError::Broken("mechListMIC does not fit what was offered"));
            }
            (Answer::Refused { reply, .. }, false) => {
                let error = initiator.step(&reply.unwrap(), wall_clock(), &mut Seeded::from_clock()).unwrap_err();
                assert_eq!(error, GssError::Broken("the acceptor rejects"));
            }
            (answer, _) => panic!("{answer:?}"),
        }
    }
}

/// What is refused within SPNEGO is refused by both, with the same tokens.
#[test]
fn we_refuse_what_mit_refuses() {
    let Some(mut peer) = Peer::start("spnego_refused") else { return };
    let draft = Draft::new(Etype::Aes256Sha1);
    let path = peer.keytab(&draft.keytab());
    let mut check = |name: &str, tokens: &[Vec<u8>]| {
        let acceptor = Acceptor::new(draft.keytab()).without_replay_cache();
        let mut acceptance = Acceptance::new();
        for (number, token) in tokens.iter().enumerate() {
            let theirs = if number == 0 { peer.accept(&path, token) } else { peer.go_on(token) };
            let ours = acceptance.step(&acceptor, token, wall_clock(), &mut Seeded::from_clock());
            match (theirs, ours) {
                (Answer::Continue(theirs), Ok(Progress::Continue(ours))) => {
                    assert!(number + 1 < tokens.len(), "{name}: not refused");
                    assert_eq!(theirs[4..9], ours[4..9], "{name}");
                }
                (Answer::Refused { reply: theirs, .. }, Err(ours)) => {
                    assert_eq!(number + 1, tokens.len(), "{name}");
                    assert_eq!(theirs, ours.reply, "{name}");
                    assert!(matches!(ours.cause, Cause::Malformed(_)), "{name}: {:?}", ours.cause);
                }
                (theirs, ours) => panic!("{name}: MIT {theirs:?}, we {ours:?}"),
            }
        }
    };
    let (mut initiator, first) = offer(&draft, ONE_WAY, &NTLM_FIRST);
    check("no krb5", &[offer(&draft, MUTUAL, &[Mechanism::Ntlmssp, Mechanism::NegoEx]).1]);
    let mut acceptance = Acceptance::new();
    let step = acceptance.step(&Acceptor::new(draft.keytab()), &first, wall_clock(), &mut Seeded::from_clock());
    let Ok(Progress::Continue(reply)) = step else { panic!("no MIC is asked for") };
    let second = initiator.step(&reply, wall_clock(), &mut Seeded::from_clock()).unwrap().token.unwrap();
    // The MIC is the last field of that token; its last octet is changed.
    let mut wrong = second;
    *wrong.last_mut().unwrap() ^= 1;
    check("wrong mic", &[first.clone(), wrong]);
    // MIT answers this one with the initiator's own negState, and so the initiator says what the answer is to be.
    check("nothing in the second token", &[first.clone(), vec![0xa1, 0x07, 0x30, 0x05, 0xa0, 0x03, 0x0a, 0x01, 0x02]]);
}

/// Asked what there is, both say the same, octet by octet.
#[test]
fn our_hints_are_mit_s() {
    let Some(mut peer) = Peer::start("spnego_hints") else { return };
    let draft = Draft::new(Etype::Aes256Sha1);
    let path = peer.keytab(&draft.keytab());
    let Answer::Continue(theirs) = peer.accept(&path, &[]) else { panic!("no hints") };
    let acceptor = Acceptor::new(draft.keytab());
    let step = Acceptance::new().step(&acceptor, &[], wall_clock(), &mut Seeded::from_clock());
    let Ok(Progress::Continue(ours)) = step else { panic!("no hints") };
    assert_eq!(theirs, ours);
}
