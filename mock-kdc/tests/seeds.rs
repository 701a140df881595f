//! The seeds of the fuzz targets, replayed: nothing in them may panic or come back as something else.

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;

use std::fs;
use std::path::Path;

/// Feeds each seed of a target to its body, whole and cut after each octet.
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut seeds = 0;
    for entry in fs::read_dir(&folder).expect("each target has seeds") {
        let path = entry.expect("the folder can be read").path();
        let octets = fs::read(&path).expect("a seed can be read");
        check(&octets);
        for length in 0..octets.len().min(2048) {
            check(&octets[..length]);
        }
        seeds += 1;
    }
    assert!(seeds > 0, "no seeds in {}", folder.display());
}

#[test]
fn messages() {
    replay("messages", bodies::messages::check);
}

#[test]
fn kdc() {
    replay("kdc", bodies::kdc::check);
}

#[test]
fn client() {
    replay("client", bodies::client::check);
}

#[test]
fn keytab() {
    replay("keytab", bodies::keytab::check);
}

#[test]
fn krb5_conf() {
    replay("krb5_conf", bodies::krb5_conf::check);
}

#[test]
fn transited() {
    replay("transited", bodies::transited::check);
}

#[test]
fn pac() {
    replay("pac", bodies::pac::check);
}

#[test]
fn ccache() {
    replay("ccache", bodies::ccache::check);
}

#[test]
fn gss() {
    replay("gss", bodies::gss::check);
}

#[test]
fn spnego() {
    replay("spnego", bodies::spnego::check);
}

#[test]
fn framing() {
    replay("framing", bodies::framing::check);
}

/// Writes those seeds that are ours: `cargo test -p mock-kdc --test seeds -- --ignored`. The others are what MIT's programs sent
/// and wrote.
#[test]
#[ignore = "writes the seeds"]
fn sow() {
    for (target, name, octets) in bodies::sown() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target).join(name);
        fs::write(path, octets).expect("the folder is there");
    }
}
