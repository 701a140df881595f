//! `gss` authentication by SPNEGO, as Windows and some drivers begin it. What the server says is what PostgreSQL 15.20 with
//! MIT krb5 1.20.1 said to the same offers, observed on 2026-11-21.

use super::conversation::{Counter, NOW};
use super::kerberos::{STRIP, kerberized, right_keytab, ticket};
use shakedown::handshake::{Context, Handshake, Input, Step, Trace};
use shakedown::postgres::ServerHandshake;
use shakedown_krb5::gss::{Flags, InitiatorSettings, Mechanism, SpnegoInitiator};
use std::sync::Arc;

/// A server that has asked for a token.
fn asked() -> ServerHandshake {
    let mut machine = ServerHandshake::new(Arc::new(kerberized(&STRIP, right_keytab())), "127.0.0.1");
    say(&mut machine, Input::Start);
    let startup = b"\0\0\0\x28\0\x03\0\0user\0kerberos\0database\0kerberos\0\0";
    let startup = [&u32::try_from(startup.len()).unwrap().to_be_bytes(), &startup[4..]].concat();
    let (said, _) = say(&mut machine, Input::Bytes(&startup));
    assert_eq!(said, b"R\0\0\0\x08\0\0\0\x07");
    machine
}

fn say(machine: &mut ServerHandshake, input: Input<'_>) -> (Vec<u8>, bool) {
    let (mut out, mut trace, mut random) = (Vec::new(), Trace::new(), Counter(0));
    let mut cx = Context { now: NOW, out: &mut out, trace: &mut trace, random: &mut random };
    let step = machine.handle(input, &mut cx).expect("no nonsense");
    (out, matches!(step, Step::Finish(_)))
}

/// Sends a token; returns the one that comes back, and what is behind it.
fn pass(machine: &mut ServerHandshake, token: &[u8]) -> (Option<Vec<u8>>, Vec<u8>, bool) {
    let length = u32::try_from(token.len() + 4).unwrap().to_be_bytes();
    let (said, finished) = say(machine, Input::Bytes(&[b"p", &length[..], token].concat()));
    let length = |at: usize| usize::try_from(u32::from_be_bytes(said[at..at + 4].try_into().unwrap())).unwrap();
    if said.len() > 9 && said[0] == b'R' && length(5) == 8 {
        let end = 1 + length(1);
        (Some(said[9..end].to_vec()), said[end..].to_vec(), finished)
    } else {
        (None, said, finished)
    }
}

fn offer(flags: u32, mechanisms: &[Mechanism]) -> (SpnegoInitiator, Vec<u8>) {
    let settings = InitiatorSettings::new(Flags(flags | Flags::INTEG));
    SpnegoInitiator::start(&ticket("kerberos"), &settings, mechanisms, NOW, &mut Counter(7))
}

const AUTHENTICATION_OK: &[u8] = b"R\0\0\0\x08\0\0\0\0";
const REJECT: [u8; 9] = [0xa1, 0x07, 0x30, 0x05, 0xa0, 0x03, 0x0a, 0x01, 0x02];

#[test]
fn spnego_logs_in_whichever_place_kerberos_has_in_it() {
    use Mechanism::{Krb5, MicrosoftKrb5, Ntlmssp};
    // How many tokens come back: PostgreSQL 15 sent as many.
    for (mechanisms, flags, expected) in [
        (&[Krb5][..], Flags::MUTUAL, 1),
        (&[Krb5], 0, 1),
        (&[MicrosoftKrb5, Krb5, Ntlmssp], Flags::MUTUAL, 1),
        (&[Ntlmssp, Krb5], Flags::MUTUAL, 2),
        (&[Ntlmssp, Krb5], 0, 2),
        (&[Ntlmssp, MicrosoftKrb5], Flags::MUTUAL, 2),
    ] {
        let mut machine = asked();
        let (mut initiator, mut token) = offer(flags, mechanisms);
        let mut replies = 0;
        let rest = loop {
            let (reply, rest, _) = pass(&mut machine, &token);
            replies += usize::from(reply.is_some());
            let step = reply.map(|reply| initiator.step(&reply, NOW, &mut Counter(8)).unwrap());
            match step.and_then(|step| step.token) {
                Some(next) => token = next,
                None => break rest,
            }
        };
        assert_eq!(replies, expected, "{mechanisms:?} {flags}");
        assert!(rest.starts_with(AUTHENTICATION_OK), "{mechanisms:?} {flags}: {}", rest.escape_ascii());
        initiator.into_context().unwrap();
    }
}

#[test]
fn an_offer_without_kerberos_or_with_another_mic_is_rejected() {
    let refused = |(reply, rest, finished): (Option<Vec<u8>>, Vec<u8>, bool)| {
        assert_eq!(reply.unwrap(), REJECT);
        assert!(finished && rest.escape_ascii().to_string().contains("GSSAPI authentication failed"));
    };
    refused(pass(&mut asked(), &offer(0, &[Mechanism::Ntlmssp]).1));
    for flags in [Flags::MUTUAL, 0] {
        let mut machine = asked();
        let (mut initiator, mut token) = offer(flags, &[Mechanism::Ntlmssp, Mechanism::Krb5]);
        for _ in 0..if flags == 0 { 1 } else { 2 } {
            let (reply, ..) = pass(&mut machine, &token);
            token = initiator.step(&reply.unwrap(), NOW, &mut Counter(8)).unwrap().token.unwrap();
        }
        // The MIC is what that token ends with.
        *token.last_mut().unwrap() ^= 1;
        refused(pass(&mut machine, &token));
    }
}

/// Who sends nothing is told what there is: MIT's library asks nobody whether that is wanted.
#[test]
fn an_empty_token_is_answered_with_hints() {
    let mut machine = asked();
    let (reply, ..) = pass(&mut machine, b"");
    assert_eq!(reply.unwrap().len(), 73);
    let (mut initiator, token) = offer(Flags::MUTUAL, &[Mechanism::Krb5]);
    let (reply, rest, _) = pass(&mut machine, &token);
    assert!(initiator.step(&reply.unwrap(), NOW, &mut Counter(8)).unwrap().done && rest.starts_with(AUTHENTICATION_OK));
}
