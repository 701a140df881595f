//! What was said in a step, message by message: the recordings of an attempt, read by the bystanders of their protocols.
//!
//! TLS and GSS-API encryption are seen as the change of what protects the octets, and stand in between as a line of their own
//! (`- tls`, `- gss`). What was asked of KDCs on the way stands where it happened.

use crate::handshake::transcript::Message;
use crate::handshake::{Bystander, Direction, Transcript};
use crate::net::{Protection, Recording, kdc};
use crate::scenario::plan::{Case, Verb};
use crate::scenario::profile::Protocol;
use crate::{mysql, postgres};

/// What was said in a step: a transcript for each connection, and one for all that a `kinit` asked.
#[must_use]
pub fn of_step(case: &Case, verb: &Verb, recordings: &[Recording]) -> Vec<Transcript> {
    let protocol = match verb {
        Verb::Connect { to, .. } => case.server_behind(to).map(|server| server.protocol()),
        _ => None,
    };
    match protocol {
        Some(protocol) => recordings.iter().map(|recording| of_connection(protocol, recording)).collect(),
        None if recordings.is_empty() => Vec::new(),
        None => vec![of_exchanges(recordings)],
    }
}

/// What was said on one connection, and to KDCs on the way.
#[must_use]
pub fn of_connection(protocol: Protocol, recording: &Recording) -> Transcript {
    let mut transcript = Transcript::default();
    let mut bystander: Box<dyn Bystander> = match protocol {
        Protocol::Mysql => Box::<mysql::transcript::Listener>::default(),
        Protocol::Postgres => Box::<postgres::transcript::Listener>::default(),
    };
    let mut protection = Protection::None;
    let mut exchanges = recording.exchanges.iter().peekable();
    for chunk in &recording.plain {
        // A ticket is fetched behind what asks for it and before what is said with it, a round trip away.
        while let Some(exchange) =
            exchanges.next_if(|exchange| exchange.plain.first().is_none_or(|asked| asked.at < chunk.at))
        {
            add_exchange(exchange, &mut transcript);
        }
        if chunk.protection != protection {
            protection = chunk.protection;
            bystander.secured();
            transcript.push(Message::new(Direction::Local, word(protection)));
        }
        bystander.hear(chunk.direction, &chunk.bytes, &mut transcript);
    }
    bystander.end(&mut transcript);
    exchanges.for_each(|exchange| add_exchange(exchange, &mut transcript));
    if recording.truncated {
        transcript.push(Message::truncated());
    }
    transcript
}

/// What was asked of KDCs, and what they answered.
#[must_use]
pub fn of_exchanges(exchanges: &[Recording]) -> Transcript {
    let mut transcript = Transcript::default();
    exchanges.iter().for_each(|exchange| add_exchange(exchange, &mut transcript));
    transcript
}

fn add_exchange(exchange: &Recording, transcript: &mut Transcript) {
    for chunk in &exchange.plain {
        transcript.push(kdc::transcript::message(chunk.direction, &chunk.bytes));
    }
}

const fn word(protection: Protection) -> &'static str {
    match protection {
        Protection::None => "clear",
        Protection::Tls => "tls",
        Protection::Gss => "gss",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Timestamp;
    use crate::scenario::party::Password;
    use crate::scenario::{Library, Source, make_plan};
    use crate::testbed::{Backend, Materials, Performed};
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::sync::Arc;

    /// What was said in a case.
    struct Heard {
        case: String,
        materials: Arc<Materials>,
        recordings: Vec<Recording>,
        transcripts: Vec<Transcript>,
    }

    /// Plays all cases of a built-in scenario on mocks and keeps what was said.
    async fn play(scenario: &str) -> Vec<Heard> {
        let sources = [Source::built_in_file(scenario).unwrap()];
        let plan = make_plan(&sources, &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
        let backend = Backend::mock();
        let materials = Arc::new(backend.materials(&plan.cases).unwrap().recorded());
        let mut all = Vec::new();
        for case in &plan.cases {
            let mut world = backend.world(case, &materials).await.unwrap();
            let (mut recordings, mut transcripts) = (Vec::new(), Vec::new());
            for step in &case.steps {
                let Performed::Attempt(attempt) = world.perform(&step.verb).await.unwrap() else {
                    panic!("{}", case.name)
                };
                transcripts.extend(of_step(case, &step.verb, &attempt.recordings));
                recordings.extend(attempt.recordings);
            }
            world.stop().await;
            all.push(Heard { case: case.name.clone(), materials: Arc::clone(&materials), recordings, transcripts });
        }
        all
    }

    /// Every case of these scenarios, played on mocks.
    async fn play_all() -> Vec<Heard> {
        let mut all = Vec::new();
        for scenario in [
            "mysql/passwords",
            "mysql/kerberos-login",
            "mysql/tls-versions",
            "postgres/passwords",
            "postgres/kerberos-login",
            "kerberos/kinit",
        ] {
            all.extend(play(scenario).await);
        }
        all
    }

    /// What must never be seen: each password of the run, and whatever clients and servers made from one.
    fn secrets(heard: &Heard) -> Vec<String> {
        let named = ["alice", "alice-in-the-directory", "mistyped"].map(|name| Password::Named(name.to_owned()));
        let mut secrets: Vec<String> =
            named.iter().map(|password| heard.materials.secrets().value(password).to_string()).collect();
        for chunk in heard.recordings.iter().flat_map(|recording| &recording.plain) {
            let text: String = chunk.bytes.iter().copied().map(char::from).collect();
            // SCRAM's nonces, proofs and signatures, and md5 and its 32 digits.
            for start in ["r=", "p=", "v=", "s=", "md5"] {
                let values = text.split(start).skip(1).map(|value| {
                    value.chars().take_while(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c)).collect::<String>()
                });
                secrets.extend(values.filter(|value| value.len() >= 20));
            }
        }
        secrets
    }

    #[tokio::test]
    async fn logins_of_every_method_are_read_to_their_end_and_show_no_secret() {
        let (mut seen, mut said_in_clear) = (BTreeSet::new(), 0);
        for heard in play_all().await {
            let text: String = heard.transcripts.iter().map(ToString::to_string).collect();
            let case = &heard.case;
            for secret in secrets(&heard) {
                assert!(!text.contains(&secret), "{case} shows a secret:\n{text}");
                let mut chunks = heard.recordings.iter().flat_map(|recording| &recording.plain);
                said_in_clear +=
                    usize::from(chunks.any(|chunk| String::from_utf8_lossy(&chunk.bytes).contains(&secret)));
            }
            // A scramble or a key as it is would not be ASCII.
            assert!(text.is_ascii(), "{case}:\n{text}");
            for word in ["Unreadable", "OutOfPlace", "Unknown ", "behind=", "truncated"] {
                assert!(!text.contains(word), "{case}: {word}\n{text}");
            }
            seen.extend(
                heard
                    .transcripts
                    .iter()
                    .flat_map(|transcript| &transcript.messages)
                    .map(|message| message.name.to_string()),
            );
        }
        let expected = [
            "AS-REP",
            "AS-REQ",
            "AuthMoreData",
            "AuthResponse",
            "AuthSwitchRequest",
            "AuthSwitchResponse",
            "AuthenticationCleartextPassword",
            "AuthenticationGSS",
            "AuthenticationGSSContinue",
            "AuthenticationMD5Password",
            "AuthenticationOk",
            "AuthenticationSASL",
            "AuthenticationSASLContinue",
            "AuthenticationSASLFinal",
            "BackendKeyData",
            "COM_QUERY",
            "COM_QUIT",
            "Column",
            "CommandComplete",
            "DataRow",
            "ERR",
            "EncryptionAnswer",
            "ErrorResponse",
            "GSSENCRequest",
            "GSSResponse",
            "Greeting",
            "KRB-ERROR",
            "Login",
            "OK",
            "OK-EOF",
            "ParameterStatus",
            "PasswordMessage",
            "PublicKeyRequest",
            "Query",
            "ReadyForQuery",
            "ResultSet",
            "Row",
            "RowDescription",
            "SASLInitialResponse",
            "SASLResponse",
            "SSLRequest",
            "StartupMessage",
            "TGS-REP",
            "TGS-REQ",
            "Terminate",
            "gss",
            "tls",
        ];
        assert_eq!(seen, expected.map(str::to_owned).into());
        // Passwords over TLS, SCRAM's parts and md5: the check above had something to find.
        assert!(said_in_clear > 80, "{said_in_clear}");
    }

    #[test]
    fn behind_proxies_the_protocol_is_that_of_the_server() {
        let text = r#"
title  = "x"
source = "x"
[server.db]
engine   = "aurora-postgresql 15"
accounts = { alice = { method = "md5", secret = "alice" } }
[proxy.front]
kind = "haproxy"
to   = "middle"
[proxy.middle]
kind = "haproxy"
to   = "db"
[client.app]
login  = "alice"
secret = "alice"
[axes]
one = ["x"]
[[step]]
connect = { from = "app", to = "front" }
then    = "established"
"#;
        let library = Library::built_in().unwrap();
        let plan = make_plan(&[Source::new("x", text)], &library, &BTreeMap::new()).unwrap();
        let (case, mut recording) = (&plan.cases[0], Recording::default());
        recording.plain(
            Timestamp::from_micros(0),
            Direction::FromClient,
            Protection::None,
            b"\0\0\0\x08\x04\xd2\x16\x2f",
        );
        let said = of_step(case, &case.steps[0].verb, &[recording]);
        assert_eq!(said.iter().map(ToString::to_string).collect::<String>(), "> SSLRequest\n");
    }

    /// What a protocol's bystander makes of these pieces.
    fn read(protocol: Protocol, pieces: &[(Direction, &[u8])]) -> Transcript {
        let mut recording = Recording::default();
        for (direction, octets) in pieces {
            recording.plain(Timestamp::from_micros(0), *direction, Protection::None, octets);
        }
        of_connection(protocol, &recording)
    }

    #[tokio::test]
    async fn real_logins_in_any_pieces_and_cut_anywhere_are_read_the_same() {
        for scenario in ["mysql/passwords", "postgres/passwords"] {
            let protocol = if scenario.starts_with("mysql") { Protocol::Mysql } else { Protocol::Postgres };
            for heard in play(scenario).await.into_iter().step_by(3) {
                let whole = &heard.recordings[0];
                let expected = of_connection(protocol, whole);
                for size in [1, 2, 7] {
                    let mut pieces = Recording::default();
                    for chunk in &whole.plain {
                        for piece in chunk.bytes.chunks(size) {
                            pieces.plain(chunk.at, chunk.direction, chunk.protection, piece);
                        }
                    }
                    assert_eq!(of_connection(protocol, &pieces), expected, "{} by {size}", heard.case);
                }
                for end in 0..whole.plain.len() {
                    let mut cut = Recording { plain: whole.plain[..=end].to_vec(), ..Recording::default() };
                    let last = cut.plain.last_mut().unwrap();
                    last.bytes.truncate(last.bytes.len() / 2);
                    let read = of_connection(protocol, &cut).messages;
                    let same = read.iter().zip(&expected.messages).take_while(|(left, right)| left == right).count();
                    // What was not cut is as it was, and at most one message each way is not complete.
                    assert!(read.len() - same <= 2, "{} cut in {end}", heard.case);
                    assert!(
                        read[same..].iter().all(|message| message.name == "Unreadable"),
                        "{} cut in {end}",
                        heard.case
                    );
                }
            }
        }
    }

    /// Pieces of anything, but often with a head that the protocols have.
    fn pieces() -> impl Strategy<Value = Vec<(bool, Vec<u8>)>> {
        let anything = proptest::collection::vec(any::<u8>(), 0..60);
        let mysql = (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..60)).prop_map(|(sequence, payload)| {
            [&[u8::try_from(payload.len()).unwrap(), 0, 0, sequence], payload.as_slice()].concat()
        });
        let heads = proptest::sample::select(b"RKSZENCTDAvpQPBEXHt".as_slice());
        let postgres = (heads, proptest::collection::vec(any::<u8>(), 0..60)).prop_map(|(kind, body)| {
            [&[kind, 0, 0, 0, u8::try_from(body.len() + 4).unwrap()], body.as_slice()].concat()
        });
        let startup = proptest::sample::select(vec![
            b"\0\0\0\x08\x04\xd2\x16\x2f".to_vec(),
            b"\0\0\0\x12\0\x03\0\0user\0alice\0".to_vec(),
            b"S".to_vec(),
            b"N".to_vec(),
        ]);
        proptest::collection::vec((any::<bool>(), prop_oneof![anything, mysql, postgres, startup]), 0..12)
    }

    proptest! {
        #[test]
        fn anything_in_any_pieces_is_read_the_same(pieces in pieces(), size in 1_usize..9) {
            let direction = |from_client: bool| if from_client { Direction::FromClient } else { Direction::ToClient };
            for protocol in [Protocol::Mysql, Protocol::Postgres] {
                let whole: Vec<_> = pieces.iter().map(|(from, octets)| (direction(*from), octets.as_slice())).collect();
                let cut: Vec<_> =
                    whole.iter().flat_map(|(from, octets)| octets.chunks(size).map(|piece| (*from, piece))).collect();
                let transcript = read(protocol, &whole);
                prop_assert_eq!(&read(protocol, &cut), &transcript);
                prop_assert_eq!(transcript.to_string().lines().count(), transcript.messages.len());
            }
        }

        #[test]
        fn anything_from_a_kdc_is_one_line(octets in proptest::collection::vec(any::<u8>(), 0..200), head in 0_usize..6) {
            let heads: [&[u8]; 6] = [b"", b"\x6a", b"\x6b", b"\x6c", b"\x6d", b"\x7e"];
            let octets = [heads[head], &octets].concat();
            prop_assert_eq!(kdc::transcript::message(Direction::ToClient, &octets).to_string().lines().count(), 1);
        }
    }

    #[test]
    fn a_million_octets_of_small_messages_stay_within_bounds() {
        let flood = [1, 0, 0, 0, 0].repeat(Recording::MOST / 5);
        let transcript = read(Protocol::Mysql, &[(Direction::ToClient, &flood)]);
        assert_eq!(transcript.messages.len(), Transcript::MOST + 1);
        assert_eq!(transcript.messages.last(), Some(&Message::truncated()));
        let flood = b"Z\0\0\0\x05I".repeat(Recording::MOST / 6);
        assert_eq!(read(Protocol::Postgres, &[(Direction::ToClient, &flood)]).messages.len(), Transcript::MOST + 1);
    }
}
