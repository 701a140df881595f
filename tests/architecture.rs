//! Who imports whom, held against the table in `harness/ARCHITECTURE.md`.
//!
//! The table is the rule and this test reads it, so that the page cannot become a wish. What the page does not name is
//! refused: a new module needs a row.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Crates of ours, by the name that the table uses.
const CRATES: [(&str, &str); 2] = [("shakedown_krb5", "krb5"), ("mock_kdc", "mock_kdc")];

#[test]
fn every_module_imports_only_what_the_table_allows() {
    let table = table();
    let mut offences = Vec::new();
    for (module, file) in harness_files() {
        let text = fs::read_to_string(&file).expect("a source file is readable");
        let allowed =
            &table.get(&module).unwrap_or_else(|| panic!("module '{module}' has no row in ARCHITECTURE.md")).0;
        for import in imports(&text) {
            if import != module && !allowed.contains("everything") && !allowed.contains(&import) {
                offences.push(format!("{}: {module} imports {import}", file.display()));
            }
        }
    }
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn the_table_has_no_circle() {
    let table = table();
    for start in table.keys() {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&String> = table[start].0.iter().collect();
        while let Some(next) = open.pop() {
            assert_ne!(next, start, "'{start}' imports itself by way of others");
            if seen.insert(next) {
                open.extend(table.get(next).into_iter().flat_map(|row| row.0.iter()));
            }
        }
    }
}

#[test]
fn the_crates_below_do_not_know_the_harness() {
    for (folder, forbidden) in
        [("mock-kdc/krb5/src", &["shakedown::", "mock_kdc::"][..]), ("mock-kdc/src", &["shakedown::"][..])]
    {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&file).expect("a source file is readable");
            for name in forbidden {
                assert!(!text.contains(name), "{} names {name}", file.display());
            }
        }
    }
}

#[test]
fn a_forbidden_import_is_found() {
    let found =
        imports("use crate::{handshake::Outcome, mysql};\nuse shakedown_krb5::Key;\nlet x = crate::net::drive();");
    let expected = ["handshake", "krb5", "mysql", "net"].map(str::to_owned);
    assert_eq!(found, BTreeSet::from(expected));
}

/// The row of each module, and nothing else of the page.
struct Row(BTreeSet<String>);

fn table() -> BTreeMap<String, Row> {
    let page = fs::read_to_string(root().join("harness/ARCHITECTURE.md")).expect("the page is there");
    let (_, section) = page.split_once("# Who may import whom").expect("the page has the section");
    let rows: BTreeMap<_, _> = section
        .lines()
        .skip_while(|line| !line.starts_with("| ---"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
            let names = cells[1].split(',').map(|name| name.trim().trim_matches('`').to_owned()).collect();
            (cells[0].trim_matches('`').to_owned(), Row(names))
        })
        .collect();
    assert!(rows.len() > 5, "the table was not read");
    rows
}

/// Each file of the library with the module that it belongs to.
fn harness_files() -> Vec<(String, PathBuf)> {
    let base = root().join("harness");
    rust_files(&base)
        .into_iter()
        .filter_map(|file| {
            let relative = file.strip_prefix(&base).expect("the file lies below");
            let first = relative.iter().next().expect("a path has a part").to_string_lossy();
            let module = first.trim_end_matches(".rs").to_owned();
            (!["lib", "main", "build"].contains(&module.as_str())).then_some((module, file))
        })
        .collect()
}

/// The modules of ours that a source text names, by `crate::…`, `crate::{…}` or a crate's name.
fn imports(text: &str) -> BTreeSet<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for (position, _) in code.match_indices("crate::") {
        let rest = &code[position + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(group_heads(group)),
            None => found.extend(head(rest)),
        }
    }
    for (name, word) in CRATES {
        if code.contains(&format!("{name}::")) {
            found.insert(word.to_owned());
        }
    }
    found
}

/// The first names of `a::b, c::{d, e}}`.
fn group_heads(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut at_head = true;
    let mut heads = Vec::new();
    for (index, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_head = true,
            c if at_head && !c.is_whitespace() => {
                heads.extend(head(&group[index..]));
                at_head = false;
            }
            _ => {}
        }
    }
    heads
}

/// The name at the start, unless it is a type or function of the crate's root.
fn head(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    name.starts_with(|c: char| c.is_lowercase()).then_some(name)
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is readable") {
            let path = entry.expect("the entry is readable").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
