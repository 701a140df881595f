//! The files beside scenarios: profiles, sets, catalogue, and what the README tells authors.

use shakedown::scenario::profiles::Profiles;
use shakedown::scenario::requirements::Catalogue;
use shakedown::scenario::sets::Sets;
use shakedown::scenario::{KnownFailures, Library, Source, make_plan};
use std::collections::BTreeMap;

const README: &str = include_str!("../../scenarios/README.md");

const PROFILE: &str = r#"line     = "some-mysql"
protocol = "mysql"
source   = "a document"

[suites]
few = ["ECDHE-RSA-AES128-SHA"]

[parameter.tls_version]
effect   = "tls-minimum"
versions = "< 3"
values   = ["TLSv1", "TLSv1.2"]

[[version]]
version        = "2.0"
server_version = "5.7.12"
tls            = "1.0-1.2"
suites         = ["few", "DHE-RSA-AES128-SHA"]
plugins        = ["mysql_native_password"]
reading        = { "question=other" = { suites = [] } }

[[version]]
version        = "3.0"
server_version = "8.0.23"
tls            = "1.2"
suites         = ["few"]
plugins        = ["caching_sha2_password"]
"#;

fn profiles(text: &str) -> Result<Profiles, String> {
    let mut profiles = Profiles::default();
    profiles.add(&Source::new("profiles/some", text)).map_err(|error| error.to_string())?;
    Ok(profiles)
}

#[test]
fn a_profile_is_looked_up_by_line_version_and_reading() {
    let profiles = profiles(PROFILE).unwrap();
    let suites = |engine: &str, readings: &[(&str, &str)]| {
        let readings = readings.iter().map(|&(question, answer)| (question.to_owned(), answer.to_owned())).collect();
        profiles.get(engine, &readings).map(|profile| profile.suites)
    };
    assert_eq!(suites("some-mysql 2.0", &[]).unwrap(), ["ECDHE-RSA-AES128-SHA", "DHE-RSA-AES128-SHA"]);
    assert_eq!(suites("some-mysql 2.0", &[("question", "one")]).unwrap().len(), 2);
    assert_eq!(suites("some-mysql 2.0", &[("question", "other")]).unwrap().len(), 0);
    assert_eq!(suites("some-mysql 2.1", &[]).unwrap_err(), "some-mysql 2.0|3.0");
    assert_eq!(suites("another 2.0", &[]).unwrap_err(), "some-mysql 2.0|3.0");
    assert_eq!(profiles.engines(), ["some-mysql 2.0", "some-mysql 3.0"]);
}

#[test]
fn a_parameter_exists_in_its_versions_only() {
    let profiles = profiles(PROFILE).unwrap();
    let set = |engine: &str, value: &str| {
        let profile = profiles.get(engine, &BTreeMap::new()).unwrap();
        let settings = profile.settings(&BTreeMap::from([("tls_version".to_owned(), value.to_owned())]));
        settings.map(|settings| settings.tls.min.number()).map_err(|error| error.to_string())
    };
    assert_eq!(set("some-mysql 2.0", "TLSv1.2"), Ok("1.2"));
    assert_eq!(set("some-mysql 2.0", ""), Ok("1.0"));
    assert_eq!(
        set("some-mysql 2.0", "TLSv1.1"),
        Err("unknown value of tls_version 'TLSv1.1', allowed: TLSv1, TLSv1.2".into())
    );
    assert_eq!(
        set("some-mysql 3.0", "TLSv1.2"),
        Err("some-mysql 3.0 has no parameter 'tls_version', allowed: ".into())
    );
    assert_eq!(set("some-mysql 3.0", ""), Ok("1.2"));
}

#[test]
fn a_profile_that_cannot_be_understood_is_refused() {
    let check = |from: &str, to: &str, expected: &str| {
        assert!(PROFILE.contains(from), "{from}");
        let error = profiles(&PROFILE.replacen(from, to, 1)).unwrap_err();
        assert_eq!(error, format!("scenarios/profiles/some.toml:{expected}"), "{to}");
    };
    check("\"mysql\"", "\"oracle\"", "2:12: unknown protocol 'oracle', allowed: mysql, postgres");
    check(
        "tls-minimum",
        "tls",
        "9:12: unknown effect 'tls', allowed: tls-minimum, tls-maximum, suites, cipher-list, secure-transport, default-plugin",
    );
    check("\"< 3\"", "\"3\"", "10:12: versions are '< VERSION' or '>= VERSION', not '3'");
    check("\"TLSv1\", ", "\"1.0\", ", "11:13: no TLS version '1.0', allowed: TLSv1, TLSv1.1, …");
    check("\"2.0\"", "\"two\"", "14:18: 'two' is no version, expected numbers separated by dots");
    check("\"3.0\"", "\"2\"", "22:18: version given twice '2'");
    check("1.0-1.2", "1.2-1.0", "16:18: the oldest version comes first, not in '1.2-1.0'");
    check("question=other", "question", "19:20: a reading is QUESTION=ANSWER, not 'question'");
    check("[\"mysql_native_password\"]", "[]", "18:18: an engine without plugins");
    check(
        "server_version",
        "sever_version",
        "15:1: unknown key 'sever_version', allowed: version, server_version, tls, suites, plugins, reading",
    );
}

#[test]
fn sets_and_catalogue_that_cannot_be_understood_are_refused() {
    let sets = |text: &str| Sets::parse(&Source::new("sets", text)).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(sets("a = [\"x\", \"y\"]"), Ok(()));
    assert_eq!(sets("a = [\"x\", \"x\"]"), Err("scenarios/sets.toml:1:11: value given twice 'x'".into()));

    let catalogue = |text: &str| {
        let text = format!("document = {{ S0 = \"a page\" }}\n{text}");
        Catalogue::parse(&Source::new("requirements", text)).map(|_| ()).map_err(|error| error.to_string())
    };
    let entry = |id: &str, strength: &str| {
        format!("[[requirement]]\nid = \"{id}\"\nstatement = \"s\"\nsection = \"t\"\nstrength = \"{strength}\"\n")
    };
    let wrong = |expected: &str| Err(format!("scenarios/requirements.toml:{expected}"));
    assert_eq!(catalogue(&entry("S0-01", "stated")), Ok(()));
    assert_eq!(catalogue(&entry("S0-01", "said")), wrong("6:12: unknown strength 'said', allowed: stated, inferred"));
    assert_eq!(catalogue(&entry("S1-01", "stated")), wrong("3:6: no document for 'S1-01'"));
    assert_eq!(catalogue(&entry("S0-01", "stated").repeat(2)), wrong("8:6: requirement given twice 'S0-01'"));
}

#[test]
fn the_example_for_authors_is_understood() {
    let example = README.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let library = Library::built_in().unwrap();
    let plan =
        make_plan(&[Source::new("example", example)], &library, &BTreeMap::new()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(plan.cases.len(), 4);
}

#[test]
fn every_key_of_a_party_is_explained_to_authors() {
    let library = Library::built_in().unwrap();
    for table in ["realm.x", "server.x", "client.x", "proxy.x", "cluster.x"] {
        let text = format!("title = \"t\"\nsource = \"s\"\n[{table}]\nno_such_key = 1\n");
        let error = make_plan(&[Source::new("x", text)], &library, &BTreeMap::new()).unwrap_err().to_string();
        let keys = error.split_once("allowed: ").unwrap().1;
        let section = README.split(&format!("### `[{}]`", table.replace(".x", ".NAME"))).nth(1).unwrap();
        let section = section.split("\n#").next().unwrap();
        for key in keys.split(", ").filter(|key| !["clock", "deviations"].contains(key)) {
            assert!(section.contains(&format!("`{key}`")), "{table}: {key}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn a_profile_with_octets_exchanged_or_left_out_never_panics(
        start in 0..PROFILE.len(),
        length in 0..20_usize,
        new in "[\\[\\]{}=\"'.,#\\n a-z0-9<>-]{0,6}",
    ) {
        let end = (start + length).min(PROFILE.len());
        let mut text = PROFILE.to_owned();
        text.replace_range(start..end, &new);
        if let Ok(profiles) = profiles(&text) {
            for engine in profiles.engines() {
                let _ = profiles.get(&engine, &BTreeMap::new()).map(|profile| profile.settings(&BTreeMap::new()));
            }
        }
        let _ = Sets::parse(&Source::new("sets", text.as_str()));
        let _ = Catalogue::parse(&Source::new("requirements", text.as_str()));
        let _ = KnownFailures::parse(&Source::new("known-failing", text.as_str()));
    }
}
