//! `shakedown run --report DIR`: three files that are complete or not there, for programs and for people.

use crate::arguments;
use crate::program::{Files, SMALL, failing, names, shakedown};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn results(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join("results.json")).unwrap()).unwrap()
}

/// The keys of an object, in order of the alphabet.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn three_files_and_nothing_else_are_written_into_a_folder_that_is_made() {
    let (files, path) = Files::small(failing());
    let folder = files.path().join("a/b");
    shakedown(arguments!["run", &path, "--report", &folder]).exits_with(1);
    assert_eq!(names(&folder), ["junit.xml", "results.json", "summary.md"]);

    let junit = fs::read_to_string(folder.join("junit.xml")).unwrap();
    assert!(junit.contains("tests=\"2\"") && junit.contains("failures=\"1\""), "{junit}");
    let summary = fs::read_to_string(folder.join("summary.md")).unwrap();
    assert!(summary.contains("small/wrong"), "{summary}");

    // A second run takes the place of the first one.
    fs::write(&path, SMALL).unwrap();
    shakedown(arguments!["run", &path, "--report", &folder]).exits_with(0);
    assert_eq!(names(&folder), ["junit.xml", "results.json", "summary.md"]);
    assert_eq!(results(&folder)["summary"]["pass"], 2);
}

#[test]
fn results_are_of_the_schema_that_is_promised() {
    let (files, path) = Files::small(failing());
    let folder = files.path().join("report");
    shakedown(arguments!["run", &path, "--report", &folder]).exits_with(1);
    let results = results(&folder);
    assert_eq!(results["schema"], 1);
    assert_eq!(
        results["summary"],
        serde_json::json!({ "pass": 1, "fail": 1, "known": 0, "fixed": 0, "skipped": 0, "error": 0 })
    );
    let [right, wrong] = results["cases"].as_array().unwrap().as_slice() else { panic!("{results}") };
    for case in [right, wrong] {
        for key in ["name", "scenario", "axes", "requirements", "verdict", "steps", "source"] {
            assert!(case.get(key).is_some(), "{key} is missing in {case}");
        }
    }
    assert_eq!((&right["verdict"], &wrong["verdict"]), (&"pass".into(), &"fail".into()));
    assert_eq!((&wrong["name"], &wrong["scenario"]), (&"small/wrong".into(), &"small".into()));
    assert_eq!(wrong["axes"], serde_json::json!({ "who": "wrong" }));
    assert_eq!(wrong["requirements"], serde_json::json!(["S3-02"]));
    assert_eq!(wrong["source"], serde_json::json!({ "file": path.to_str().unwrap(), "line": 18 }));

    let step = &wrong["steps"][0];
    for key in ["name", "expected", "views", "connections", "phases_us", "verdict"] {
        assert!(step.get(key).is_some(), "{key} is missing in {step}");
    }
    assert_eq!(step["name"], "connect");
    assert_eq!(step["expected"]["kind"], "established");
    assert_eq!(keys(&step["views"]), ["client", "kdc", "server"]);
    let client = &step["views"]["client"];
    for key in ["kind", "by", "code", "tls", "suite", "method"] {
        assert!(client.get(key).is_some(), "{key} is missing in {client}");
    }
    assert_eq!((&client["kind"], &client["by"]), (&"refused".into(), &"server".into()));
    assert_eq!((&client["code"], &client["tls"]), (&"1045 28000".into(), &Value::Null));
    assert_eq!(step["views"]["kdc"], Value::Null);
    let events: Vec<_> = step["connections"][0]["trace"].as_array().unwrap().iter().map(|e| &e["event"]).collect();
    assert_eq!(events, ["connect", "greeting", "login", "error"]);
    let phases = &right["steps"][0]["phases_us"];
    assert!(["tcp", "auth", "ready"].iter().all(|phase| phases[phase].is_u64()), "{phases}");
}

#[test]
fn a_folder_that_cannot_be_written_is_found_out_before_anything_is_played() {
    let (files, path) = Files::small(SMALL);
    let occupied = files.write("occupied", "what stood here");
    let ran = shakedown(arguments!["run", &path, "--report", occupied.join("report")]).exits_with(3);
    assert_eq!(ran.out, "");
    assert_eq!(fs::read_to_string(&occupied).unwrap(), "what stood here");
    assert_eq!(names(files.path()), ["occupied", "scenarios"]);
}

/// The name of a report is taken by a folder: the others are written whole, that one is not, and nothing is left half done.
#[test]
fn a_file_that_cannot_be_written_leaves_no_half_file() {
    let (files, path) = Files::small(SMALL);
    let folder = files.path().join("report");
    fs::create_dir_all(folder.join("junit.xml/taken")).unwrap();
    let ran = shakedown(arguments!["run", &path, "--report", &folder]).exits_with(3);
    assert!(ran.err.contains(&format!("cannot write report {}", folder.join("junit.xml").display())), "{}", ran.err);
    assert_eq!(names(&folder)[..1], ["junit.xml"]);
    assert!(names(&folder).iter().all(|name| !name.ends_with(".tmp")), "{:?}", names(&folder));
    assert_eq!(results(&folder)["summary"]["pass"], 2);
    assert!(ran.out.contains("2 cases: 2 pass in "), "the verdict is told all the same: {}", ran.out);
}

#[test]
fn a_run_of_nothing_reports_nothing_as_passed() {
    let files = Files::new();
    let folder = files.path().join("report");
    shakedown(arguments!["run", "--filter", "no/such", "--report", &folder]).exits_with(4);
    assert_eq!(results(&folder)["cases"], serde_json::json!([]));
}

/// The secrets of the run are made up; a client that is told them writes them down where only this test looks.
#[cfg(unix)]
#[test]
fn no_secret_stands_in_any_output_or_report() {
    let files = Files::new();
    let notes = files.path().join("notes");
    let client = files.write(
        "client",
        format!(
            "echo $SHAKEDOWN_PASSWORD >> '{}'\nprintf '{{\"error\": \"no thanks\"}}\\n'\necho no >&2\nexit 1\n",
            notes.display()
        ),
    );
    let client = format!("[client.app]\nkind = \"command\"\nargv = [\"sh\", \"{}\"]\n", client.display());
    let text = failing().replace("[client.app]\n", &client);
    files.write("scenarios/noted.toml", text);
    // The same with our own client, whose traces and words are in the reports too; and Kerberos, which has keys and tickets.
    files.write("scenarios/own.toml", failing());
    let kinit = failing()
        .replace("[server.db]", "[realm.corp]\nrealm = \"CORP.EXAMPLE.COM\"\nusers = { alice = { secret = \"alice\" } }\n[server.db]")
        .replace("[[step]]\n", "[[step]]\nkinit = { by = \"app\", user = \"alice\", realm = \"corp\", secret = \"{who.secret}\" }\nthen = \"established\"\n\n[[step]]\n");
    files.write("scenarios/kinit.toml", kinit);

    let folder = files.path().join("report");
    let ran =
        shakedown(arguments!["run", files.path().join("scenarios"), "--trace", "--report", &folder]).exits_with(1);
    let noted = fs::read_to_string(&notes).unwrap();
    let secrets: Vec<_> = noted.lines().collect();
    assert!(secrets.len() == 2 && secrets[0] != secrets[1], "right and mistyped, once each: {}", secrets.len());
    for secret in secrets {
        assert_eq!(secret.len(), 24);
        for (place, text) in [("standard output", &ran.out), ("standard error", &ran.err)] {
            assert!(!text.contains(secret), "a secret stands in {place}");
        }
        for name in names(&folder) {
            let text = fs::read_to_string(folder.join(&name)).unwrap();
            assert!(text.contains("noted/wrong") && text.contains("kinit/wrong"), "{name} is not about this run");
            assert!(!text.contains(secret), "a secret stands in {name}");
        }
    }
}
