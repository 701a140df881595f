//! `shakedown run --capture`: what is written, and who may read it.

use crate::arguments;
use crate::program::{Files, SMALL, names, shakedown};
use std::fs;
use std::path::Path;

#[test]
fn each_step_of_each_case_is_kept_as_text_and_as_packets() {
    let (files, path) = Files::small(SMALL);
    let folder = files.path().join("kept/here");
    shakedown(arguments!["run", &path, "--capture", &folder]).exits_with(0);
    assert_eq!(names(&folder.join("small")), ["right", "wrong"]);
    // In the clear, there are no keys.
    assert_eq!(names(&folder.join("small/wrong")), ["1-connect.pcapng", "1-connect.txt"]);
    let said = fs::read_to_string(folder.join("small/wrong/1-connect.txt")).unwrap();
    let words: Vec<_> = said.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(words, ["< Greeting", "> Login", "< ERR"]);
    assert!(said.contains("user=alice answer=(hidden, 20 octets)"), "{said}");
    assert!(said.contains("code=1045 state=28000 message="), "{said}");
    let packets = fs::read(folder.join("small/right/1-connect.pcapng")).unwrap();
    assert_eq!(packets[..4], [0x0A, 0x0D, 0x0D, 0x0A]);
}

#[test]
fn over_tls_the_keys_are_kept_too() {
    let (files, path) = Files::small(SMALL.replace("transport = \"clear\"", "transport = \"tls\""));
    let folder = files.path().join("kept");
    shakedown(arguments!["run", &path, "--capture", &folder]).exits_with(0);
    assert_eq!(names(&folder.join("small/wrong")), ["1-connect.keys", "1-connect.pcapng", "1-connect.txt"]);
    let keys = fs::read_to_string(folder.join("small/wrong/1-connect.keys")).unwrap();
    assert!(keys.starts_with("CLIENT_RANDOM ") && keys.lines().count() == 1, "{} lines", keys.lines().count());
}

#[cfg(unix)]
#[test]
fn only_their_owner_can_read_them() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (files, path) = Files::small(SMALL);
    let folder = files.path().join("kept");
    shakedown(arguments!["run", &path, "--capture", &folder]).exits_with(0);
    for below in ["", "small", "small/right"] {
        assert_eq!(mode(&folder.join(below)), 0o700, "{below}");
    }
    for file in names(&folder.join("small/right")) {
        assert_eq!(mode(&folder.join("small/right").join(&file)), 0o600, "{file}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_the_environment_s_fault_and_nothing_is_played() {
    let (files, path) = Files::small(SMALL);
    let in_the_way = files.write("file", "");
    let ran = shakedown(arguments!["run", &path, "--capture", &in_the_way.join("below")]).exits_with(3);
    assert!(ran.err.contains("cannot make the folder") && ran.out.is_empty(), "{}{}", ran.err, ran.out);
}
