//! MIT's library and ours side by side: the same krb5.conf, the same values; the same parameters, the same verdict.
//!
//! Without Python and libkrb5 these tests say that they are skipped; with SHAKEDOWN_REQUIRE_PEERS=1 they fail instead.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use shakedown_krb5::client::{AsExchange, AsSettings, KerberosFailure, Secret, rejected};
use shakedown_krb5::crypto::{Etype, string_to_key};
use shakedown_krb5::krb5_conf::{ClientConfiguration, Profile, duration};
use shakedown_krb5::messages::{Codec, EtypeInfo2, EtypeInfo2Entry, KrbError, MethodData, PaData, padata_type};
use shakedown_krb5::{Principal, Random, Timestamp};
use std::fmt::Debug;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// MIT's library behind a pipe.
struct Oracle {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    /// `None`, with the reason printed, where there is none.
    fn start() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mit_library/oracle.py");
        let started = Command::new("python3").args(["-B", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut oracle = started.ok().map(|mut process| Self {
            questions: process.stdin.take().unwrap(),
            answers: BufReader::new(process.stdout.take().unwrap()),
            process,
        });
        let answers = oracle.as_mut().is_some_and(|oracle| oracle.asked("span", &["1h"]).is_some_and(|a| a == "3600"));
        if answers {
            return oracle;
        }
        let required = std::env::var_os("SHAKEDOWN_REQUIRE_PEERS").is_some_and(|value| value == "1");
        assert!(!required, "no python3 with libkrb5.so.3, but SHAKEDOWN_REQUIRE_PEERS=1");
        eprintln!("SKIPPED: no python3 with libkrb5.so.3 (Debian: python3 libkrb5-3)");
        None
    }

    fn asked(&mut self, word: &str, arguments: &[&str]) -> Option<String> {
        self.answer(word, &arguments.iter().map(|argument| argument.as_bytes()).collect::<Vec<_>>())
    }

    fn asked_octets(&mut self, word: &str, arguments: &[&[u8]]) -> String {
        self.answer(word, arguments).unwrap_or_else(|| panic!("no answer to {word}"))
    }

    fn answer(&mut self, word: &str, arguments: &[&[u8]]) -> Option<String> {
        let mut line = word.to_owned();
        for argument in arguments {
            line.push_str(" =");
            argument.iter().for_each(|octet| line.push_str(&format!("{octet:02x}")));
        }
        writeln!(self.questions, "{line}").ok()?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).ok()?;
        answer.ends_with('\n').then(|| answer.trim_end().to_owned())
    }

    #[track_caller]
    fn ask(&mut self, word: &str, arguments: &[&str]) -> String {
        self.asked(word, arguments).unwrap_or_else(|| panic!("no answer to {word} {arguments:?}"))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// So many values of a strategy, always the same ones.
fn drawn<T: Debug>(count: usize, strategy: &impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn hex(text: &str) -> String {
    text.bytes().map(|octet| format!("{octet:02x}")).collect()
}

const PATHS: [&str; 9] = ["s/x", "s/y", "t/x", "s/a/x", "s/a/y", "s/b/x", "s/a/b/x", "t/a/x", "s/a"];

fn ours(text: &str) -> String {
    let Ok(profile) = Profile::parse("krb5.conf", text) else { return "!".to_owned() };
    let of_path = |path: &&str| {
        let values = profile.values(&path.split('/').collect::<Vec<_>>());
        let values: Vec<_> = values.into_iter().map(|relation| format!("={}", hex(&relation.value))).collect();
        if values.is_empty() { "-".to_owned() } else { values.join(",") }
    };
    PATHS.iter().map(of_path).collect::<Vec<_>>().join(" ")
}

#[test]
fn texts_have_the_same_values_or_are_refused_both() {
    let Some(mut oracle) = Oracle::start() else { return };
    let line = prop_oneof![
        8 => "[ \t]{0,2}[xyab][ \t]{0,2}=[ \t]{0,2}[a-c1 \"\\\\{}=#;ntb]{0,8}[ \t\r]{0,2}",
        3 => "[ ]{0,1}[ab] ?= ?\\{? ?",
        3 => "[ ]{0,1}\\}[ a]{0,1}",
        3 => "\\[[st]\\][ \t]{0,1}",
        1 => "[ ]{0,1}\\{",
        1 => "[#;] ?[xy] = 1",
        1 => "[ \tx=\\[\\]]{0,3}",
    ];
    let texts = proptest::collection::vec(line, 0..14).prop_map(|lines| format!("[s]\n{}\n", lines.join("\n")));
    let (mut read, mut refused) = (0, 0);
    for text in drawn(4000, &texts) {
        let mits = oracle.ask("profile", &[&[&*text], &PATHS[..]].concat());
        assert_eq!(ours(&text), mits, "{text:?}");
        *(if mits == "!" { &mut refused } else { &mut read }) += 1;
    }
    assert!(read > 400 && refused > 400, "{read} read, {refused} refused: one of the two is not tried");
}

#[test]
fn sections_that_are_final_and_texts_before_the_first_are_read_alike() {
    let Some(mut oracle) = Oracle::start() else { return };
    for text in [
        "x = 1\n [s]\nx = 2\n",
        "[s]* \nx = 1\n[t]\nx = 2\n",
        "[s]\na* = {\nx = 1\n}\nx* = 3\n",
        "[s]\na = {\nx = 1\n}*\n",
        "[s] x\n",
        "[s]*x\n",
        "module /lib/none.so\n",
        "[s]\nmodule = 1\nx = 5\n",
        "include /nonexistent\n",
        "[s]\n include = 1\nx = 1\n",
        "[s]\nx = \"a\\\\\\\"b\" rest\ny = \"\n",
        "[s]\nx = \\\"1\ny = 1\\",
        "",
    ] {
        let mits = oracle.ask("profile", &[&[text], &PATHS[..]].concat());
        assert_eq!(ours(text), mits, "{text:?}");
    }
}

#[test]
fn spans_of_time_are_the_same() {
    let Some(mut oracle) = Oracle::start() else { return };
    let spans = prop_oneof![
        "[0-9dhms: \\-]{0,9}",
        "([0-9]{1,3} ?d)? ?([0-9]{1,2} ?h)? ?([0-9]{1,2} ?m)? ?([0-9]{1,2} ?s)?",
        "([0-9]{1,2}-)?[0-9]{1,3}:[0-9]{1,3}(:[0-9]{1,2})?"
    ];
    let mut read = 0;
    for text in drawn(6000, &spans) {
        let mits = oracle.ask("span", &[&text]);
        let ours = duration(&text).map_or_else(|| "!".to_owned(), |span| span.as_secs().to_string());
        if ours == "!" && text.contains('-') {
            // MIT takes each number with a sign, as in 1h-5m; nobody means that.
            continue;
        }
        assert_eq!(ours, mits, "{text:?}");
        read += usize::from(mits != "!");
    }
    assert!(read > 600, "{read} are spans: too few are tried");
}

#[test]
fn lists_of_encryption_types_are_the_same() {
    let Some(mut oracle) = Oracle::start() else { return };
    let names = [
        "DEFAULT",
        "aes",
        "AES",
        "rc4",
        "des3",
        "camellia",
        "aes256-cts",
        "aes128-cts-hmac-sha1-96",
        "aes256-sha2",
        "aes128-sha2",
        "arcfour-hmac",
        "rc4-hmac",
        "arcfour-hmac-md5",
        "des3-cbc-sha1",
        "des3-hmac-sha1",
        "des3-cbc-sha1-kd",
        "camellia128-cts",
        "camellia256-cts-cmac",
        "arcfour-hmac-exp",
        "rc4-hmac-exp",
        "arcfour-hmac-md5-exp",
        "des-cbc-crc",
        "des-cbc-md5",
        "des",
        "aes128-sha1",
        "aes256-sha1",
        "aes128-cts-hmac-sha256-128",
        "aes256-cts-hmac-sha384-192",
        "aes256-cts-hmac-sha1-96",
        "aes128-cts",
        "camellia256-cts",
        "camellia128-cts-cmac",
        "unknown",
    ];
    let word = (prop_oneof![Just(""), Just("+"), Just("-")], proptest::sample::select(names.to_vec()))
        .prop_map(|(sign, name)| format!("{sign}{name}"));
    let lists = (proptest::collection::vec(word, 1..6), prop_oneof![Just(" "), Just(","), Just(", ")], any::<bool>());
    let each = names.iter().flat_map(|name| [false, true].map(|weak| (vec![(*name).to_owned()], " ", weak)));
    for (words, separator, weak) in each.chain(drawn(800, &lists)) {
        let text =
            format!("[libdefaults]\nallow_weak_crypto = {weak}\npermitted_enctypes = {}\n", words.join(separator));
        let mits = oracle.ask("etypes", &[&text]);
        let read = Profile::parse("k", &text).and_then(ClientConfiguration::new);
        let ours = read.map_or_else(
            |_| "!".to_owned(),
            |read| read.permitted_etypes.iter().map(i32::to_string).collect::<Vec<_>>().join(","),
        );
        assert_eq!(ours, mits, "{text}");
    }
}

#[test]
fn the_realms_of_hosts_are_the_same() {
    let Some(mut oracle) = Oracle::start() else { return };
    let name = "\\.?[abc](\\.[abc]){0,2}";
    let maps = proptest::collection::vec((name, "[PQR]"), 0..5);
    for (map, host) in drawn(1500, &(maps, prop_oneof!["[abcA](\\.[abc]){0,3}", "1\\.2\\.3\\.[0-9]"])) {
        let lines: String = map.iter().map(|(name, realm)| format!("{name} = {realm}\n")).collect();
        let text = format!("[libdefaults]\ndns_lookup_realm = false\n[domain_realm]\n1.2.3.4 = P\n{lines}");
        let mits = oracle.ask("realm", &[&text, &host]);
        let read = ClientConfiguration::new(Profile::parse("k", &text).unwrap()).unwrap();
        let ours = read.realm_of_host(&host).map_or_else(|| "-".to_owned(), hex);
        assert_eq!(ours, mits, "{host} with\n{text}");
    }
}

#[test]
fn settings_of_applications_are_looked_up_in_the_same_order() {
    let Some(mut oracle) = Oracle::start() else { return };
    let layers = ["mysql = {\nR = {\no = 1\n}\n}\n", "mysql = {\no = 2\n}\n", "R = {\no = 3\n}\n", "o = 4\n"];
    for chosen in 0..16 {
        let lines = layers.iter().enumerate().filter(|(bit, _)| chosen >> bit & 1 == 1).map(|(_, text)| *text);
        let text = format!("[appdefaults]\n{}", lines.collect::<String>());
        let profile = Profile::parse("k", &text).unwrap();
        for (application, realm) in [("mysql", "R"), ("mysql", "Q"), ("psql", "R"), ("psql", "Q")] {
            let mits = oracle.ask("application", &[&text, application, realm, "o"]);
            let found = profile.app_default(application, Some(realm), "o").map_or("", |relation| &relation.value);
            assert_eq!(format!("={}", hex(found)), mits, "{application} {realm} with\n{text}");
        }
    }
}

/// Nothing here depends on what is drawn.
struct Sevens;

impl Random for Sevens {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// Whether our client goes on with these parameters of a KDC.
fn goes_on(etype: Etype, parameters: &[u8]) -> bool {
    let entry =
        EtypeInfo2Entry { etype: etype.number(), salt: Some(b"salt".to_vec()), s2kparams: Some(parameters.to_vec()) };
    let hints = MethodData(vec![
        PaData::new(padata_type::ETYPE_INFO2, &EtypeInfo2(vec![entry])),
        PaData::empty(padata_type::ENC_TIMESTAMP),
    ]);
    let error =
        KrbError { e_data: Some(hints.to_octets()), ..KrbError::new(25, Timestamp::EPOCH, Principal::krbtgt(b"R")) };
    let mut exchange = AsExchange::new(AsSettings::new(Principal::new(&["alice"], "R"), Secret::password("password")));
    exchange.next(None, Timestamp::EPOCH, &mut Sevens).unwrap();
    match exchange.next(Some(&error.to_octets()), Timestamp::EPOCH, &mut Sevens) {
        Ok(_) => true,
        Err(KerberosFailure::Rejected(rejected::S2K_PARAMS)) => false,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn parameters_of_string_to_key_are_refused_alike() {
    let Some(mut oracle) = Oracle::start() else { return };
    for etype in Etype::ALL.into_iter().filter(|etype| (17..=20).contains(&etype.number())) {
        let default = etype.default_iterations();
        let counts = [0, 1, default - 1, default, default + 1, 40_000, 0x0100_0000, u32::MAX].map(u32::to_be_bytes);
        let lengths: [&[u8]; 4] = [b"\0\0\x7f", b"\0\0\x7f\0\0", b"\x7f", b"\0\0\x7f\0\0\0\0\0"];
        for parameters in counts.iter().map(|count| &count[..]).chain(lengths) {
            let mits =
                oracle.asked_octets("s2k", &[etype.number().to_string().as_bytes(), b"password", b"salt", parameters]);
            assert_eq!(goes_on(etype, parameters), mits != "!", "{etype} {parameters:?}");
            if mits != "!" {
                let ours = string_to_key(etype, b"password", b"salt", Some(parameters)).unwrap();
                assert_eq!(ours.bytes().iter().map(|octet| format!("{octet:02x}")).collect::<String>(), mits);
            }
        }
    }
}
