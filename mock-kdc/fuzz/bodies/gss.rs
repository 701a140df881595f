//! GSS-API's krb5 mechanism: an acceptor, an initiator and both sides of a context are given anything.
//!
//! The first octet says what the others are.

use super::fixed::{NOW, Seeded, credential, keytab};
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::gss::{Acceptor, Context, Flags, Initiator};

const FLAGS: Flags = Flags(Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE | Flags::CONF | Flags::INTEG);

pub(crate) fn check(octets: &[u8]) {
    let Some((what, token)) = octets.split_first() else { return };
    let etype = Etype::ALL[usize::from(*what >> 2) % Etype::ALL.len()];
    match what & 3 {
        0 => {
            let acceptor = Acceptor::new(keytab());
            if let Ok(accepted) = acceptor.accept(token, NOW, &mut Seeded(4)) {
                assert!(accepted.reply.is_none_or(|reply| reply.len() < 1024));
            }
        }
        1 => {
            let (mut initiator, _) = Initiator::start(&credential(etype), FLAGS, NOW, &mut Seeded(5));
            let _ = initiator.reply(token);
        }
        2 => {
            let (_, mut acceptor) = contexts(etype);
            let mut plain = Vec::new();
            if acceptor.unwrap(token, &mut plain).is_ok() {
                assert!(plain.len() <= token.len(), "{} octets of {}", plain.len(), token.len());
            }
        }
        _ => {
            let (mut initiator, _) = contexts(etype);
            let _ = initiator.verify_mic(token, b"a message");
        }
    }
}

/// An established context, initiator and acceptor.
pub(crate) fn contexts(etype: Etype) -> (Context, Context) {
    let (mut initiator, token) = Initiator::start(&credential(etype), FLAGS, NOW, &mut Seeded(5));
    let accepted = Acceptor::new(keytab()).accept(&token, NOW, &mut Seeded(6)).expect("the token is a good one");
    initiator.reply(&accepted.reply.expect("mutual authentication was asked for")).expect("the reply is a good one");
    (initiator.into_context().expect("both have proven themselves"), accepted.context)
}

/// Good tokens of each kind and encryption type.
pub(crate) fn sown() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (index, etype) in Etype::ALL.into_iter().enumerate() {
        let (mut initiator, token) = Initiator::start(&credential(etype), FLAGS, NOW, &mut Seeded(5));
        let accepted = Acceptor::new(keytab()).accept(&token, NOW, &mut Seeded(6)).expect("the token is a good one");
        let reply = accepted.reply.expect("mutual authentication was asked for");
        initiator.reply(&reply).expect("the reply is a good one");
        let (mut initiator, mut acceptor) =
            (initiator.into_context().expect("both have proven themselves"), accepted.context);
        let (mut wrap, mut mic) = (Vec::new(), Vec::new());
        initiator.wrap(b"a message", &mut Seeded(7), &mut wrap);
        acceptor.mic(b"a message", &mut mic);
        for (what, (name, token)) in
            [("ap-req", token), ("ap-rep", reply), ("wrap", wrap), ("mic", mic)].into_iter().enumerate()
        {
            let first = u8::try_from(index << 2 | what).expect("there are few etypes");
            seeds.push(("gss", format!("{name}-{}", etype.number()), [&[first][..], &token].concat()));
        }
    }
    seeds
}
