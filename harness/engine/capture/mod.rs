//! Keeps each conversation of a run in a folder: as text, as packets that Wireshark opens, and with the keys that it takes to
//! read what went over TLS.
//!
//! ```text
//! DIR/mysql/passwords/native/tls/right/1-connect.txt       what was said, message by message, without any secret
//!                                      1-connect.pcapng    what went over the wire, with the keys
//!                                      1-connect.keys      the keys alone (NSS key log), where there was TLS
//! ```
//!
//! Whoever has packets and keys has passwords: folders are for their owner only, and so are files.

mod packets;
mod pcapng;

use crate::engine::capture::packets::Packet;
use crate::error::Error;
use crate::handshake::{Direction, Transcript};
use crate::net::{Chunk, Recording};
use crate::scenario::plan::{Case, Verb};
use crate::scenario::profile::Protocol;
use crate::testbed::environment::{create_private_folder, write_private};
use crate::testbed::{Attempt, Materials, conversation};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The folder in which conversations are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    folder: PathBuf,
}

impl Capture {
    /// Makes the folder if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(folder: &Path) -> Result<Self, Error> {
        create_private_folder(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// A folder in this one, for one of two backends.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        Self { folder: self.folder.join(part(name)) }
    }

    /// Writes what was recorded of the steps of a case that were performed.
    ///
    /// # Errors
    /// A file or folder cannot be written.
    pub fn write(&self, case: &Case, attempts: &[Option<Attempt>], materials: &Materials) -> Result<(), Error> {
        let folder = self.folder_of(&case.name);
        for (index, (step, attempt)) in case.steps.iter().zip(attempts).enumerate() {
            let Some(attempt) = attempt else { continue };
            if attempt.recordings.is_empty() {
                continue;
            }
            create_private_folder(&folder)?;
            let write = |ending: &str, contents: &[u8]| {
                let name = format!("{}-{}.{ending}", index + 1, part(&step.name));
                write_private(&folder.join(name), contents)
            };
            write("txt", text(&conversation::of_step(case, &step.verb, &attempt.recordings)).as_bytes())?;
            let keys = materials.take_keys(&client_randoms(&attempt.recordings));
            if !keys.is_empty() {
                write("keys", keys.as_bytes())?;
            }
            write("pcapng", &file(service(case, &step.verb), &attempt.recordings, &keys))?;
        }
        Ok(())
    }

    /// Where the conversations of a case are.
    #[must_use]
    pub fn folder_of(&self, case: &str) -> PathBuf {
        let mut folder = self.folder.clone();
        folder.extend(case.split('/').map(part));
        folder
    }
}

/// Transcripts with an empty line between each two.
fn text(transcripts: &[Transcript]) -> String {
    transcripts.iter().map(Transcript::to_string).collect::<Vec<_>>().join("\n")
}

/// A protocol by the port at which Wireshark expects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Mysql,
    Postgres,
    Kdc,
}

impl Service {
    const fn port(self) -> u16 {
        match self {
            Self::Mysql => 3306,
            Self::Postgres => 5432,
            Self::Kdc => 88,
        }
    }
}

/// What stands behind the connections of a step.
fn service(case: &Case, verb: &Verb) -> Service {
    match verb {
        Verb::Connect { to, .. } => match case.server_behind(to).map(|server| server.protocol()) {
            Some(Protocol::Postgres) => Service::Postgres,
            _ => Service::Mysql,
        },
        _ => Service::Kdc,
    }
}

/// A file for Wireshark: everything that went over the wire, in order of time.
fn file(service: Service, recordings: &[Recording], keys: &str) -> Vec<u8> {
    let mut packets: Vec<Packet> = Vec::new();
    let mut shown_elsewhere = BTreeSet::new();
    let exchanges =
        recordings.iter().flat_map(|recording| &recording.exchanges).map(|exchange| (Service::Kdc, exchange));
    for (service, recording) in recordings.iter().map(|recording| (service, recording)).chain(exchanges) {
        if let Some((_, server)) = recording.addresses {
            shown_elsewhere.insert((server, service.port()));
        }
        packets::of_recording(recording, service.port(), &mut packets);
    }
    packets.sort_by_key(|packet| packet.at);
    let mut comment =
        "Packets made from what was sent and received; lengths and acknowledgements are not the network's.".to_owned();
    for (server, port) in shown_elsewhere {
        let _ = write!(comment, " {server} is shown as port {port}.");
    }
    let mut file = pcapng::Writer::new(&comment);
    file.keys(keys);
    for packet in &packets {
        file.packet(packet.at, &packet.octets);
    }
    file.finish()
}

/// The random numbers of all ClientHellos: by these the keys of a session are found.
fn client_randoms(recordings: &[Recording]) -> BTreeSet<[u8; 32]> {
    let mut randoms = BTreeSet::new();
    for recording in recordings {
        let from_client = |chunk: &&Chunk| chunk.direction == Direction::FromClient;
        let said: Vec<u8> = recording.wire.iter().filter(from_client).flat_map(|chunk| &chunk.bytes).copied().collect();
        let mut rest = said.as_slice();
        while let Some(begin) = client_hello(rest) {
            randoms.extend(rest[begin + BEFORE_RANDOM..].first_chunk::<32>());
            rest = &rest[begin + BEFORE_RANDOM..];
        }
    }
    randoms
}

/// What stands before the random number of a ClientHello: the header of the record (5 octets), that of the message in it (4),
/// the version (2).
const BEFORE_RANDOM: usize = 11;

/// Where a ClientHello begins, with its record.
fn client_hello(octets: &[u8]) -> Option<usize> {
    let is_hello = |window: &[u8]| matches!(window, [0x16, 3, _, _, _, 1, 0, _, _, 3, _]);
    octets.windows(BEFORE_RANDOM).position(is_hello)
}

/// A part of a name as it can stand in any file system. What is no letter, digit or one of `-_.+,` is written as `%` and its
/// number, so that two names stay two; one that is too long is cut, and a hash of it stands behind.
fn part(name: &str) -> String {
    /// File systems allow 255 octets; what is put before and behind is far shorter than the rest.
    const LONGEST: usize = 160;
    let mut part = String::new();
    for octet in name.bytes() {
        let dots_only = name.bytes().all(|octet| octet == b'.');
        if octet.is_ascii_alphanumeric() || (b"-_.+,".contains(&octet) && !dots_only) {
            part.push(char::from(octet));
        } else {
            let _ = write!(part, "%{octet:02X}");
        }
    }
    if part.is_empty() {
        part.push('%');
    }
    if part.len() > LONGEST {
        // FNV-1a (<http://www.isthe.com/chongo/tech/comp/fnv/>).
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        part.truncate(LONGEST);
        let _ = write!(part, "%{hash:016x}");
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::Timestamp;

    #[test]
    fn no_name_leads_out_of_the_folder_and_two_names_are_two_files() {
        let capture = Capture { folder: "/dir".into() };
        let check = |name: &str, path: &str| assert_eq!(capture.folder_of(name), Path::new(path), "{name}");
        check("mysql/tls-1.0/AES128-SHA", "/dir/mysql/tls-1.0/AES128-SHA");
        check("../../etc", "/dir/%2E%2E/%2E%2E/etc");
        check("/etc//x", "/dir/%/etc/%/x");
        check("a b\\c:d%e", "/dir/a%20b%5Cc%3Ad%25e");
        check("a\0b/é", "/dir/a%00b/%C3%A9");
        let long = |end: char| part(&("x".repeat(300) + &end.to_string()));
        assert_ne!(long('a'), long('b'));
        assert!(long('a').len() < 200);
    }

    #[test]
    fn a_client_hello_is_found_wherever_it_was_cut() {
        let hello = [&[0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3][..], &[7; 32], &[0; 20]].concat();
        for cut in 0..=hello.len() {
            let mut recording = Recording::default();
            recording.wire(Timestamp::from_micros(0), Direction::FromClient, b"before");
            recording.wire(Timestamp::from_micros(0), Direction::FromClient, &hello[..cut]);
            recording.wire(Timestamp::from_micros(0), Direction::ToClient, b"between");
            recording.wire(Timestamp::from_micros(0), Direction::FromClient, &hello[cut..]);
            assert_eq!(client_randoms(&[recording]), BTreeSet::from([[7; 32]]), "{cut}");
        }
        assert!(client_randoms(&[Recording::default()]).is_empty());
    }
}
