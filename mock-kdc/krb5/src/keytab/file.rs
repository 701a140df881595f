//! The file format, version 2.
//!
//! ```text
//! file   = 05 02 { record }
//! record = length:i32 entry[length]            a negative length is a hole of that size, 0 ends the file
//! entry  = components:u16 counted(realm) { counted(component) } name-type:u32 timestamp:u32
//!          kvno8:u8 etype:u16 counted(key) [ kvno:u32 ]
//! ```
//! `counted` is a 16-bit length and as many octets; all numbers are big-endian. The 32-bit kvno is read when at least
//! four octets are left and it is not zero. Version 1 (`05 01`) has the byte order of the machine that wrote it and is
//! refused.

use super::{Entry, Keyblock, Keytab};
use crate::Principal;
use crate::file::{MalformedFile, Reader, Unwritable};

const VERSION_2: [u8; 2] = [5, 2];

impl Keytab {
    /// Reads a keytab file.
    ///
    /// # Errors
    /// What does not follow the format, with field and offset.
    pub fn read(octets: &[u8]) -> Result<Self, MalformedFile> {
        let mut reader = Reader::new("keytab", octets);
        match reader.take(2, "version")? {
            version if version == VERSION_2 => {}
            [5, 1] => {
                let problem = "05 01 has the byte order of the machine that wrote it and is not read, expected 05 02";
                return Err(reader.fail("version", 0, problem));
            }
            other => {
                return Err(reader.fail("version", 0, format!("{:02x} {:02x}, expected 05 02", other[0], other[1])));
            }
        }
        let mut entries = Vec::new();
        while reader.left() > 0 {
            let at = reader.offset();
            let length = reader.i32("record length")?;
            // A writer that shrinks a file may leave fewer octets than a hole announces; what is not there holds no
            // key.
            let size = usize::try_from(length.unsigned_abs())
                .map_err(|_| reader.fail("record length", at, "does not fit this machine"))?;
            match length {
                0 => break,
                ..0 => drop(reader.take(size.min(reader.left()), "hole")?),
                1.. => entries.push(read_entry(reader.sub(size, "record")?)?),
            }
        }
        Ok(Self { entries })
    }

    /// Writes a keytab file.
    ///
    /// # Errors
    /// [`Unwritable`] for an entry that does not fit the format's length fields.
    pub fn write(&self) -> Result<Vec<u8>, Unwritable> {
        let mut file = VERSION_2.to_vec();
        for entry in &self.entries {
            let mut record = Vec::new();
            let refuse = |field| Unwritable { file: "keytab", principal: entry.principal.to_string(), field };
            write_entry(entry, &mut record).map_err(refuse)?;
            file.extend(i32::try_from(record.len()).map_err(|_| refuse("record length"))?.to_be_bytes());
            file.append(&mut record);
        }
        Ok(file)
    }
}

fn read_entry(mut record: Reader<'_>) -> Result<Entry, MalformedFile> {
    let at = record.offset();
    let count = record.u16("component count")?;
    if count == 0 {
        return Err(record.fail("component count", at, "0, expected at least 1"));
    }
    let realm = record.counted16("realm")?.to_vec();
    let components =
        (0..count).map(|_| Ok(record.counted16("component")?.to_vec())).collect::<Result<Vec<_>, MalformedFile>>()?;
    let name_type = record.i32("name type")?;
    let timestamp = record.u32("timestamp")?;
    let mut kvno = u32::from(record.u8("kvno")?);
    let etype = record.i16("encryption type")?;
    let key = Keyblock::new(i32::from(etype), record.counted16("key")?);
    if record.left() >= 4 {
        match record.u32("32-bit kvno")? {
            0 => {}
            wide => kvno = wide,
        }
    }
    Ok(Entry { principal: Principal { components, realm, name_type }, timestamp, kvno, key })
}

/// The error names the field that is too long.
fn write_entry(entry: &Entry, record: &mut Vec<u8>) -> Result<(), &'static str> {
    let [.., low] = entry.kvno.to_be_bytes();
    let count = u16::try_from(entry.principal.components.len()).map_err(|_| "component count")?;
    record.extend(count.to_be_bytes());
    write_counted(&entry.principal.realm, "realm", record)?;
    for component in &entry.principal.components {
        write_counted(component, "component", record)?;
    }
    record.extend(entry.principal.name_type.to_be_bytes());
    record.extend(entry.timestamp.to_be_bytes());
    record.push(low);
    record.extend(i16::try_from(entry.key.etype).map_err(|_| "encryption type")?.to_be_bytes());
    write_counted(entry.key.octets(), "key", record)?;
    record.extend(entry.kvno.to_be_bytes());
    Ok(())
}

fn write_counted(octets: &[u8], field: &'static str, record: &mut Vec<u8>) -> Result<(), &'static str> {
    record.extend(u16::try_from(octets.len()).map_err(|_| field)?.to_be_bytes());
    record.extend_from_slice(octets);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Written by MIT krb5 1.20.1: ktutil, `addent -password -p alice -k 1 -e aes256-cts-hmac-sha1-96` (password
    /// `alice-pw`), `addent -key -p postgres/db.test -k 300 -e aes128-cts-hmac-sha256-128`, `wkt`.
    const TWO_KEYS: &[&[u8]] = &[
        b"\x05\x02",                                                         // version
        b"\x00\x00\x00\x4c",                                                 // record length: 76
        b"\x00\x01",                                                         // component count, the realm not counted
        b"\x00\x10CORP.EXAMPLE.COM",                                         // realm
        b"\x00\x05alice",                                                    // component
        b"\x00\x00\x00\x01",                                                 // name type: NT-PRINCIPAL
        b"\x6b\x01\x8f\xbe",                                                 // timestamp
        b"\x01",                                                             // kvno, 8 bits
        b"\x00\x12",                                                         // encryption type: 18
        b"\x00\x20",                                                         // key length
        b"\x43\x94\x08\x38\xfa\xf6\x4f\xad\x13\x1a\x86\x7e\x98\xca\x18\x6b", // key
        b"\x16\xaf\x35\x47\xd9\x84\x39\x9e\xbc\xeb\x7c\x8e\xc9\xab\x1b\x44",
        b"\x00\x00\x00\x01",                                                 // kvno, 32 bits
        b"\x00\x00\x00\x48",                                                 // record length: 72
        b"\x00\x02",                                                         // component count
        b"\x00\x10CORP.EXAMPLE.COM",                                         // realm
        b"\x00\x08postgres",                                                 // component
        b"\x00\x07db.test",                                                  // component
        b"\x00\x00\x00\x01",                                                 // name type: NT-PRINCIPAL
        b"\x6b\x01\x8f\xbe",                                                 // timestamp
        b"\x2c",                                                             // kvno, the low 8 bits of 300
        b"\x00\x13",                                                         // encryption type: 19
        b"\x00\x10",                                                         // key length
        b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", // key
        b"\x00\x00\x01\x2c",                                                 // kvno, 32 bits: 300
    ];

    /// What `kadmin ktremove` of MIT krb5 1.20.1 leaves of an entry: its octets zero, its length negative.
    const HOLE: &[&[u8]] = &[b"\xff\xff\xff\xb8", &[0; 72]];

    #[test]
    fn a_keytab_of_ktutil_is_read_and_written_octet_for_octet() {
        let keytab = Keytab::read(&TWO_KEYS.concat()).unwrap();
        let shown: Vec<_> = keytab
            .entries
            .iter()
            .map(|e| (e.principal.to_string(), e.kvno, e.key.etype, e.key.octets().len()))
            .collect();
        let expected = [
            ("alice@CORP.EXAMPLE.COM".to_owned(), 1, 18, 32),
            ("postgres/db.test@CORP.EXAMPLE.COM".to_owned(), 300, 19, 16),
        ];
        assert_eq!(shown, expected);
        assert_eq!(keytab.write().unwrap(), TWO_KEYS.concat());
    }

    #[test]
    fn holes_are_skipped_and_a_length_of_zero_ends_the_file() {
        let (version, entry) = (TWO_KEYS[0], TWO_KEYS[1..13].concat());
        let read = |parts: &[&[u8]]| Keytab::read(&parts.concat()).unwrap().entries.len();
        assert_eq!(read(&[version, &HOLE.concat(), &entry, &HOLE.concat(), &entry]), 2);
        assert_eq!(read(&[version, &entry, &[0; 4], &entry]), 1);
        assert_eq!(read(&[version, &entry, &i32::MIN.to_be_bytes()]), 1);
        assert_eq!(read(&[version]), 0);
    }

    #[test]
    fn the_short_kvno_counts_where_the_long_one_is_absent_or_zero() {
        let mut short = TWO_KEYS[1..12].concat();
        short[3] -= 4;
        let mut zero = [&TWO_KEYS[1..12].concat()[..], &[0; 4]].concat();
        for entry in [&mut short, &mut zero] {
            let place = 4 + 2 + 18 + 7 + 4 + 4;
            entry[place] = 9;
            assert_eq!(Keytab::read(&[TWO_KEYS[0], entry].concat()).unwrap().entries[0].kvno, 9);
        }
    }

    #[test]
    fn a_malformed_file_is_refused_with_place_and_reason() {
        #[track_caller]
        fn check(octets: &[u8], expected: &str) {
            assert_eq!(Keytab::read(octets).unwrap_err().to_string(), expected);
        }
        check(b"", "keytab: version at offset 0: 2 octets expected, 0 left");
        check(b"PK\x03\x04", "keytab: version at offset 0: 50 4b, expected 05 02");
        check(
            &[5, 1],
            "keytab: version at offset 0: 05 01 has the byte order of the machine that wrote it and is not read, expected 05 02",
        );
        check(&[5, 2, 0, 0, 0, 9, 1], "keytab: record at offset 6: 9 octets expected, 1 left");
        check(&[5, 2, 0, 0, 0, 2, 0, 0], "keytab: component count at offset 6: 0, expected at least 1");
        check(&[5, 2, 0, 0, 0, 5, 0, 1, 0, 2, b'R'], "keytab: realm at offset 10: 2 octets expected, 1 left");
    }

    #[test]
    fn an_entry_that_the_format_has_no_room_for_is_named() {
        let mut keytab = Keytab::read(&TWO_KEYS.concat()).unwrap();
        keytab.entries[0].key = Keyblock::new(18, &[7; 65_535]);
        assert!(keytab.write().is_ok());
        keytab.entries[0].key = Keyblock::new(18, &[7; 65_536]);
        assert_eq!(
            keytab.write().unwrap_err().to_string(),
            "keytab: key of alice@CORP.EXAMPLE.COM does not fit the width of its field"
        );
    }

    #[test]
    fn a_file_cut_anywhere_but_between_records_is_refused() {
        let whole = TWO_KEYS.concat();
        for length in 0..whole.len() {
            let expected = length == 2 || length == 2 + 4 + 76;
            assert_eq!(Keytab::read(&whole[..length]).is_ok(), expected, "cut after {length} octets");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(entries in proptest::collection::vec(an_entry(), 0..8)) {
            let keytab = Keytab { entries };
            let octets = keytab.write().unwrap();
            let read = Keytab::read(&octets).unwrap();
            prop_assert_eq!(&read, &keytab);
            prop_assert_eq!(read.write().unwrap(), octets);
        }

        #[test]
        fn any_octets_are_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = Keytab::read(&octets);
            let _ = Keytab::read(&[TWO_KEYS[0], &octets].concat());
        }

        #[test]
        fn one_changed_octet_never_makes_more_than_the_file_holds(place in 0_usize..158, value: u8) {
            let mut octets = TWO_KEYS.concat();
            octets[place] = value;
            if let Ok(keytab) = Keytab::read(&octets) {
                let held: usize = keytab.entries.iter().map(|e| e.key.octets().len() + e.principal.realm.len()).sum();
                prop_assert!(held <= octets.len());
            }
        }
    }

    fn an_entry() -> impl Strategy<Value = Entry> {
        let octets = || proptest::collection::vec(any::<u8>(), 0..40);
        let components = proptest::collection::vec(octets(), 1..4);
        (components, octets(), any::<(i32, u32, u32, i16)>(), octets()).prop_map(
            |(components, realm, (name_type, timestamp, kvno, etype), key)| Entry {
                principal: Principal { components, realm, name_type },
                timestamp,
                kvno,
                key: Keyblock::new(i32::from(etype), &key),
            },
        )
    }
}
