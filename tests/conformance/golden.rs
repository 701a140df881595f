//! What real servers said on a day that is written down, held against what the mocks say now. No server is needed for that:
//! `tests/support/record-conversations` records them again. What may differ has its explanation in `scenarios/explained`.

use shakedown::engine::play::{Until, play};
use shakedown::engine::twins::{Difference, Explained, conversations};
use shakedown::handshake::Transcript;
use shakedown::scenario::plan::Case;
use shakedown::scenario::{Explanations, Library, Source, make_plan};
use shakedown::testbed::{Backend, conversation};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A case as a product has played it.
struct Golden {
    /// `mariadb 10.11.19`.
    product: String,
    case: String,
    folder: PathBuf,
}

impl Golden {
    /// All that is recorded: `PRODUCT-VERSION/DATE/CASE`, one day of each product.
    fn all() -> Vec<Self> {
        let listed = std::fs::read_to_string(folder().join("conversations")).unwrap();
        let lines = listed.lines().filter(|line| !line.starts_with('#'));
        let recorded = lines.map(|line| {
            let (product, case) = line.split_once(' ').unwrap();
            let versions = entries(&folder());
            let of_product: Vec<_> =
                versions.iter().filter_map(|name| name.strip_prefix(&format!("{product}-"))).collect();
            let [version] = of_product[..] else { panic!("{product} is there in {of_product:?}") };
            let product_folder = folder().join(format!("{product}-{version}"));
            let days = entries(&product_folder);
            let [day] = &days[..] else { panic!("{product} was recorded on {days:?}") };
            assert_eq!(day.split('-').map(str::len).collect::<Vec<_>>(), [4, 2, 2], "{day}");
            let folder = product_folder.join(day).join(case.trim());
            Self { product: format!("{product} {version}"), case: case.trim().to_owned(), folder }
        });
        recorded.collect()
    }

    /// What was said in a step.
    fn step(&self, index: usize, name: &str) -> String {
        let file = self.folder.join(format!("{}-{name}.txt", index + 1));
        std::fs::read_to_string(&file).unwrap_or_else(|problem| panic!("{}: {problem}", file.display()))
    }

    /// What differs without an explanation, once `change` has been made to what was recorded.
    fn unexplained(&self, mock: &Mock, change: impl Fn(String) -> String) -> Vec<Difference> {
        let steps = &mock.cases[&self.case];
        let mut differences = Vec::new();
        for (index, (name, said)) in steps.iter().enumerate() {
            let recorded: Vec<Transcript> =
                change(self.step(index, name)).split("\n\n").map(|text| text.parse().unwrap()).collect();
            differences.extend(conversations(&self.case, name, said, &recorded, &mock.explained));
        }
        differences.retain(|difference| !matches!(difference.explained, Explained::By { .. }));
        differences
    }
}

/// What the mock says in each step of each case, with the step's name.
struct Mock {
    /// What is explained about any of the products: a case may have a server and a KDC.
    explained: Explanations,
    cases: BTreeMap<String, Vec<(String, Vec<Transcript>)>>,
}

impl Mock {
    fn play(backend: &str, recorded: &[Golden]) -> Self {
        let names: BTreeSet<_> = recorded.iter().map(|golden| golden.case.as_str()).collect();
        let mut sources = Source::built_in();
        let file = folder().join("scenarios/postgres/databases.toml");
        sources.push(Source::new("postgres/databases", std::fs::read_to_string(file).unwrap()));
        let mut plan = make_plan(&sources, &Library::built_in().unwrap(), &BTreeMap::new()).unwrap();
        plan.cases.retain(|case| names.contains(case.name.as_str()));
        let backend = Backend::parse(backend, None).unwrap();
        let materials = Arc::new(backend.materials(&plan.cases).unwrap().recorded());
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let play = |case: &Case| {
            let played = runtime.block_on(play(case, &backend, &materials, Until::Last));
            let steps = case.steps.iter().zip(&played.attempts).map(|(step, attempt)| {
                (
                    step.name.clone(),
                    conversation::of_step(
                        case,
                        &step.verb,
                        attempt.as_ref().map_or(&[][..], |attempt| &attempt.recordings),
                    ),
                )
            });
            (case.name.clone(), steps.collect())
        };
        let products: Vec<_> = recorded.iter().map(|golden| golden.product.clone()).collect();
        Self { explained: Explanations::built_in(&products).unwrap(), cases: plan.cases.iter().map(play).collect() }
    }
}

#[test]
fn mocks_say_what_the_real_servers_said() {
    let recorded = Golden::all();
    let mock = Mock::play("mock", &recorded);
    let products: BTreeSet<_> = recorded.iter().map(|golden| golden.product.split(' ').next().unwrap()).collect();
    assert_eq!((recorded.len(), products), (19, ["mariadb", "mit-krb5", "postgres"].into()));
    let differ: Vec<_> = recorded
        .iter()
        .map(|golden| (&golden.case, golden.unexplained(&mock, |text| text)))
        .filter(|(_, differences)| !differences.is_empty())
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}

#[test]
fn one_octet_that_the_real_servers_said_otherwise_would_be_found() {
    let recorded = Golden::all();
    let mock = Mock::play("mock", &recorded);
    let check = |case: &str, from: &str, to: &str, at: &str| {
        let golden = recorded.iter().find(|golden| golden.case == case).unwrap();
        let (step, _) = &mock.cases[case][0];
        assert_eq!(golden.step(0, step).matches(from).count(), 1, "{case}");
        let change = |text: String| text.replace(from, to);
        let found = golden.unexplained(&mock, change);
        assert_eq!(found.iter().map(|found| found.at.as_str()).collect::<Vec<_>>(), [at], "{case}");
    };
    check(
        "mysql/passwords/native/tls/right",
        "< OK seq=3 affected-rows=0 insert-id=0 status=0x0002",
        "< OK seq=3 affected-rows=0 insert-id=0 status=0x0003",
        "OK.status",
    );
    check("mysql/databases/native/all/absent", "Unknown database", "unknown database", "ERR.message");
    check("postgres/passwords/scram-plus/tls/right", "ISO, MDY", "ISO, DMY", "ParameterStatus[DateStyle].value");
    check("postgres/passwords/scram/clear/wrong", "R=auth_failed", "R=auth_fail", "ErrorResponse.R");
    check(
        "kerberos/kinit/aes256-cts-hmac-sha384-192/wrong-password",
        "e-text=PREAUTH_FAILED",
        "e-text=PREAUTH_FAILURE",
        "KRB-ERROR.e-text",
    );
}

#[test]
fn a_mock_that_departs_is_found_without_the_real_server() {
    let recorded = Golden::all();
    let departs = Mock::play("postgres=mock:error-message-byte", &recorded);
    let golden = recorded.iter().find(|golden| golden.case == "postgres/passwords/scram/clear/wrong").unwrap();
    let found = golden.unexplained(&departs, |text| text);
    assert_eq!(found.iter().map(|found| found.at.as_str()).collect::<Vec<_>>(), ["ErrorResponse.M"]);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn entries(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
