//! What a program has left behind: processes and files that can only come from it, as it had a temporary folder of its own.

use std::path::Path;
use std::time::{Duration, Instant};

/// How long the clean-up after a program that was killed may take.
const DEADLINE: Duration = Duration::from_secs(40);

/// Processes that have this temporary folder in their environment or arguments, or work in it: each with its id and arguments.
pub(crate) fn processes(temporary: &Path) -> Vec<String> {
    let temporary = std::fs::canonicalize(temporary).unwrap();
    let name = temporary.to_str().unwrap();
    let mentions = |file: &Path| std::fs::read(file).is_ok_and(|text| String::from_utf8_lossy(&text).contains(name));
    let ids = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let entry = entry.unwrap();
        entry.file_name().to_str()?.parse::<u32>().ok().map(|_| entry.path())
    });
    ids.filter(|process| {
        std::fs::read_link(process.join("cwd")).is_ok_and(|at| at.starts_with(&temporary))
            || mentions(&process.join("environ"))
            || mentions(&process.join("cmdline"))
    })
    .map(|process| {
        let arguments = std::fs::read(process.join("cmdline")).unwrap_or_default();
        format!("{} {}", process.display(), String::from_utf8_lossy(&arguments).replace('\0', " "))
    })
    .collect()
}

/// The names of the files and folders.
pub(crate) fn files(temporary: &Path) -> Vec<String> {
    std::fs::read_dir(temporary).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Nothing is left now.
#[track_caller]
pub(crate) fn is_nothing(temporary: &Path) {
    assert_eq!((processes(temporary), files(temporary)), (Vec::new(), Vec::new()));
}

/// Nothing is left after a while.
#[track_caller]
pub(crate) fn becomes_nothing(temporary: &Path) {
    let deadline = Instant::now() + DEADLINE;
    while !processes(temporary).is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20)); // the pace of the question, not the wait
    }
    is_nothing(temporary);
}
