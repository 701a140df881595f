//! Which core runs what, and for how long it did.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The core of all servers.
pub(crate) const SERVER_CORE: &str = "0";
const GENERATOR_CORE: &str = "1";

/// Puts this process on the generator's core; whether that was possible, and servers can have theirs.
pub(crate) fn pin_generator() -> bool {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let process = std::process::id().to_string();
    let pinned = Command::new("taskset").args(["-cp", GENERATOR_CORE, &process]).stdout(Stdio::null()).status();
    cores > 1 && pinned.is_ok_and(|status| status.success())
}

/// How long the threads of a process have been running, by its scheduler's count in nanoseconds.
pub(crate) fn time_of(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("the process runs, on Linux");
    let of_thread = |thread: fs::DirEntry| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    };
    Duration::from_nanos(threads.filter_map(|thread| of_thread(thread.ok()?)).sum())
}
