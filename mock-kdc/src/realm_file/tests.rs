//! The realm file: what is read, what is refused, and that documentation and schema say the same.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use shakedown_krb5::Timestamp;
use shakedown_krb5::crypto::Etype;

use super::*;
use crate::realm::{AccountChecks, Fast, Kind, Preauth, TicketFlag};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn example() -> &'static str {
    let readme = include_str!("../../README.md");
    readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap()
}

fn read_here(text: &str) -> Result<RealmFile, InvalidFile> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/realm_file"));
    read_in(Surroundings { folder, now: NOW }, text)
}

#[test]
fn the_example_of_the_documentation_is_read() {
    let file = read_here(example()).unwrap();
    let realm = file.realm;
    assert_eq!((realm.name.as_str(), realm.flavor), ("CORP.EXAMPLE.COM", Flavor::ActiveDirectory));
    assert_eq!((realm.users.len(), realm.services.len()), (3, 2));
    assert_eq!(realm.etypes, [Etype::Aes256Sha1, Etype::Aes256Sha384]);
    assert_eq!((realm.account_checks, realm.fast), (AccountChecks::PasswordAgeAfterProof, Fast::No));
    let lockout = realm.lockout.unwrap();
    assert_eq!((lockout.attempts.get(), lockout.window.as_secs(), lockout.duration.as_secs()), (5, 1800, 1800));
    let mallory = &realm.users[1];
    assert!(mallory.disabled && mallory.locked_out && mallory.must_change_password);
    assert_eq!(mallory.preauth, Some(Preauth::NotRequired));
    assert_eq!(mallory.expires, Some(Timestamp::from_seconds(2_000_000_000)));
    assert_eq!(mallory.password_expires, Some(NOW.offset_seconds(-3600)));
    assert_eq!(mallory.refused_flags, [TicketFlag::Forwardable]);
    assert_eq!((realm.users[2].kind, realm.users[2].keys.len()), (Kind::Computer, 1));
    let trusts = realm.trusts;
    assert_eq!(
        (trusts.trusts[0].realm.as_str(), trusts.trusted_by[0].realm.as_str()),
        ("ONPREM.EXAMPLE.COM", "PARTNER.TEST")
    );
    assert_eq!(trusts.paths.path(b"FAR.TEST", b"CORP.EXAMPLE.COM")[1], b"ONPREM.EXAMPLE.COM");
    assert_eq!((trusts.hosts.len(), trusts.users.len()), (1, 1));
    assert_eq!(file.deviations, [Deviation::named("wrong-nonce").unwrap()]);
    assert_eq!((file.rules.len(), file.rules[0].when.nth), (1, Some(2)));
}

#[test]
fn what_is_left_out_has_the_default_of_the_flavor() {
    for flavor in Flavor::ALL {
        let text = format!("realm = 'R'\nflavor = '{}'\n[[users]]\nname = 'alice'\npassword = 'x'\n", flavor.word());
        let mut default = Realm::of(*flavor, "R");
        default.users = vec![User::new("alice", "x")];
        assert_eq!(format!("{:?}", read_here(&text).unwrap().realm), format!("{default:?}"));
    }
    assert_eq!(read_here("realm = 'R'").unwrap().realm.flavor, Flavor::Mit);
}

#[test]
fn a_file_that_cannot_be_used_is_refused_with_line_and_what_is_allowed() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = read_here(text).unwrap_err().to_string();
        assert!(found.starts_with(expected), "found {found}\nexpected {expected}");
    }
    let user = |rest: &str| format!("realm = 'R'\n[[users]]\nname = 'a'\n{rest}\n");
    check("", "line 1: missing field `realm`");
    check("realm = 'R'\nrealms = 1\n", "line 2: unknown field `realms`, expected one of `realm`, `flavor`, ");
    check(&user("password = 'p'\nlock = 1"), "line 5: unknown field `lock`, expected one of `name`, ");
    check("realm = 'R'\nflavor = 'ad'\n", "line 2: unknown flavor 'ad', expected one of mit, active-directory");
    check(
        "realm = 'R'\n\n[[rules]]\nthen = { split = [1] }\n",
        "line 3: then.split is for tcp alone, expected when.transport = \"tcp\"",
    );
    check("realm = 'R'\npreauth = 'yes'\n", "line 2: unknown pre-authentication 'yes', expected one of required, ");
    check(
        "realm = 'R'\n\netypes = []\n",
        "line 3: no encryption type, expected one or more of aes128-cts-hmac-sha1-96, ",
    );
    check(
        "realm = 'R'\netypes = [\n 'aes256-cts-hmac-sha1-96',\n 'des-cbc-md5',\n]\n",
        "line 4: des-cbc-md5 is weak (RFC 6649) and not served, expected one of aes128-cts-hmac-sha1-96 (17), ",
    );
    check(
        "realm = 'R'\netypes = ['aes']\n",
        "line 2: unknown encryption type 'aes', expected one of aes128-cts-hmac-sha1-96 (17), ",
    );
    check("realm = 'R'\ndeviations = ['x']\n", "line 2: unknown deviation 'x', expected one of wrong-nonce, ");
    check(
        "realm = 'R'\n[[users]]\nname = 'a@R'\npassword = 'p'\n",
        "line 3: 'a@R' is no name of a principal, expected ",
    );
    check(
        "realm = 'R'\n[[trusts]]\nrealm = 'S'\n",
        "line 3: a trust without a shared key, or with two, expected `password` or `keys`",
    );
    check("realm = 'R'\nbad_path = 'x'\n", "line 2: unknown end of a bad path 'x', expected one of policy, ");
    check(&user(""), "line 3: a user without a password, expected `password`, `keys` or `keytab`");
    check("realm = 'R'\nclock_skew = '5'\n", "line 2: '5' is no duration, expected one as 300s, 10m, 10h, 7d");
    check("realm = 'R'\nclock_skew = 300\n", "line 2: invalid type: integer `300`, expected a string");
    check("realm = 'R'\nlockout = 0\n", "line 2: no attempt at all, expected 1 or more");
    check("realm = 'R'\nlockout_window = '5m'\n", "line 2: a time of a lockout without `lockout`");
    check(&user("password = 'p'\nexpires = '1h'"), "line 5: '1h' is no time, expected seconds since 1970, or a time");
    check(&user("password = 'p'\nexpires = true"), "line 5: invalid type: boolean `true`, expected seconds since 1970");
    check(
        &user("password = 'p'\nrefused_flags = ['x']"),
        "line 5: unknown kind of ticket 'x', expected one of forwardable",
    );
    check(
        &user("keys = [{ etype = 'aes128-cts-hmac-sha1-96', key = 'abc' }]"),
        "line 4: no key of aes128-cts-hmac-sha1-96, expected 32 hexadecimal digits",
    );
    check(&user("keytab = 'nowhere.keytab'"), "line 4: keytab 'nowhere.keytab': No such file");
    check(&user("keytab = 'schema.json'"), "line 4: keytab 'schema.json': ");
    check("realm = 'R\n", "line 1: ");
}

#[test]
fn a_start_with_given_keys_derives_none() {
    use shakedown_krb5::keytab::{Entry, Keyblock, Keytab};
    let folder = tempfile::tempdir().unwrap();
    let entry = |name: &str, kvno, etype| Entry {
        principal: name.parse().unwrap(),
        timestamp: 0,
        kvno,
        key: Keyblock::new(etype, &[7; 16]),
    };
    let entries =
        vec![entry("alice@R", 3, 17), entry("alice@R", 4, 17), entry("alice@R", 4, 77), entry("bob@R", 9, 17)];
    std::fs::write(folder.path().join("k"), Keytab { entries }.write().unwrap()).unwrap();
    let surroundings = Surroundings { folder: folder.path(), now: NOW };
    let text = "realm = 'R'\n[[users]]\nname = 'alice'\nkeytab = 'k'\n";
    let realm = read_in(surroundings, text).unwrap().realm;
    let kvnos: Vec<_> = realm.users[0].keys.iter().map(|given| given.kvno).collect();
    assert_eq!(kvnos, [3, 4]);
    let kdc = crate::Kdc::new(&realm, &mut crate::SystemRandom).unwrap();
    let kept: Vec<_> = kdc.keytab("alice", 0).unwrap().entries.iter().map(|entry| entry.kvno).collect();
    assert_eq!(kept, [4, 3]);
    let other = read_in(surroundings, &text.replace("alice", "carol")).unwrap_err().to_string();
    assert!(other.starts_with("line 4: keytab 'k': it has no key of carol@R"), "{other}");
}

#[test]
fn no_error_quotes_a_password_or_a_key() {
    for written in
        ["['4711']", "4711", "4711.5", "{ a = '4711' }", "'4711", "\"4711\n\"", "4711-01-01", "'4711' '4711'"]
    {
        for key in ["password =", "keys = [{ etype = 'aes128-cts-hmac-sha1-96', key ="] {
            let text = format!("realm = 'R'\n[[users]]\nname = 'a'\n{key} {written} }}]\n");
            let shown = read_here(&text).unwrap_err().to_string();
            assert!(shown.starts_with("line ") && !shown.contains("4711"), "{text}: {shown}");
        }
    }
    let shown = read_here("realm = 'R'\npassword = '4711'\n").unwrap_err().to_string();
    assert!(!shown.contains("4711"), "{shown}");
    let read = read_here("realm='R'\n[[users]]\nname='a'\npassword='SECRET'").unwrap();
    assert!(!format!("{read:?}").contains("SECRET"));
}

#[test]
fn the_schema_takes_what_the_reader_takes() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let value = |text: &str| serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
    assert_eq!(problem(&schema, &schema, &value(example()), ""), None);
    for (text, expected) in [
        ("etypes = []", ": realm is missing"),
        ("realm = 'R'\nrealms = 1", ": realms is unknown"),
        ("realm = 'R'\nflavor = 'ad'", "/flavor: not one of the words"),
        ("realm = 1", "/realm: not of type string"),
        ("realm = 'R'\nlockout = 0", "/lockout: too small"),
        ("realm = 'R'\n[[users]]\nname = 'a'\nlock = 1", "/users/0: lock is unknown"),
        ("realm = 'R'\n[[users]]\nname = 'a'\nexpires = true", "/users/0/expires: none of the alternatives"),
    ] {
        assert!(read_here(text).is_err(), "{text}");
        assert_eq!(problem(&schema, &schema, &value(text), ""), Some(expected.to_owned()));
    }
}

/// The reader names all its keys when it meets an unknown one.
#[test]
fn the_schema_has_the_keys_of_the_reader() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    for (text, place) in [
        ("realm = 'R'\nzzz = 1", "/properties"),
        ("realm = 'R'\n[[users]]\nname = 'a'\nzzz = 1", "/$defs/user/properties"),
        ("realm = 'R'\n[[services]]\nname = 'a'\nzzz = 1", "/$defs/service/properties"),
        ("realm = 'R'\n[[trusts]]\nrealm = 'S'\nzzz = 1", "/$defs/trust/properties"),
        ("realm = 'R'\n[[paths]]\nzzz = 1", "/$defs/path/properties"),
        (
            "realm = 'R'\n[[rules]]\nwhen = { zzz = 1 }\nthen = { drop = true }",
            "/$defs/rule/properties/when/properties",
        ),
        ("realm = 'R'\n[[rules]]\nthen = { zzz = 1 }", "/$defs/rule/properties/then/properties"),
    ] {
        let shown = read_here(text).unwrap_err().to_string();
        let read: BTreeSet<_> =
            shown.split("expected one of ").nth(1).unwrap().split(", ").map(|key| key.trim_matches('`')).collect();
        let described: BTreeSet<_> =
            schema.pointer(place).unwrap().as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(read, described);
    }
    let words = |place: &str| -> Vec<String> {
        let list = schema.pointer(place).unwrap().as_array().unwrap();
        list.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(words("/properties/flavor/enum"), Flavor::ALL.iter().map(|word| word.word()).collect::<Vec<_>>());
    assert_eq!(words("/properties/fast/enum"), Fast::ALL.iter().map(|word| word.word()).collect::<Vec<_>>());
    assert_eq!(
        words("/properties/account_checks/enum"),
        AccountChecks::ALL.iter().map(|word| word.word()).collect::<Vec<_>>()
    );
    assert_eq!(words("/$defs/preauth/enum"), Preauth::ALL.iter().map(|word| word.word()).collect::<Vec<_>>());
    assert_eq!(words("/$defs/flags/items/enum"), TicketFlag::ALL.iter().map(|word| word.word()).collect::<Vec<_>>());
    assert_eq!(words("/$defs/etype/enum"), Etype::ALL.map(Etype::name));
}

/// As much of JSON Schema as ours uses, without patterns.
fn problem(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return problem(root, root.pointer(&reference[1..]).unwrap(), value, at);
    }
    if let Some(alternatives) = schema["anyOf"].as_array() {
        let fits = alternatives.iter().any(|schema| problem(root, schema, value, at).is_none());
        return (!fits).then(|| format!("{at}: none of the alternatives"));
    }
    let is_of_type = match schema["type"].as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        other => panic!("type {other}"),
    };
    if !is_of_type {
        return Some(format!("{at}: not of type {}", schema["type"].as_str().unwrap()));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        return Some(format!("{at}: not one of the words"));
    }
    if schema["minimum"].as_i64().is_some_and(|least| value.as_i64().unwrap() < least) {
        return Some(format!("{at}: too small"));
    }
    if let Some(list) = value.as_array() {
        let each = |(index, item)| problem(root, &schema["items"], item, &format!("{at}/{index}"));
        return list.iter().enumerate().find_map(each);
    }
    let object = value.as_object()?;
    let required = schema["required"].as_array().unwrap();
    let missing = required.iter().find(|key| !object.contains_key(key.as_str().unwrap()));
    if let Some(key) = missing {
        return Some(format!("{at}: {} is missing", key.as_str().unwrap()));
    }
    object.iter().find_map(|(key, value)| match schema["properties"].get(key) {
        Some(schema) => problem(root, schema, value, &format!("{at}/{key}")),
        None if schema["additionalProperties"].is_object() => {
            problem(root, &schema["additionalProperties"], value, &format!("{at}/{key}"))
        }
        None => Some(format!("{at}: {key} is unknown")),
    })
}
