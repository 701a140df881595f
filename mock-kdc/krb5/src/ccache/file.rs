//! The file format, version 4.
//!
//! ```text
//! file       = 05 04 header-length:u16 { tag:u16 length:u16 octets[length] } principal { credential }
//! principal  = name-type:u32 components:u32 data(realm) { data(component) }
//! credential = principal(client) principal(server) etype:u16 data(key) authtime:u32 starttime:u32 endtime:u32 renew-till:u32
//!              is-skey:u8 flags:u32 list(addresses) list(authorization data) data(ticket) data(second ticket)
//! list       = count:u32 { number:u16 data }
//! data       = length:u32 octets[length]
//! ```
//! All numbers are big-endian. Header tag 1 (DeltaTime) holds seconds and microseconds, signed. Version 3 has no header
//! and its etype twice. Version 2 has no header and its etype once, and version 1 in addition no name type and counts the realm
//! as a component; both have the byte order of the machine that wrote them, which is taken to be this one.

use super::{CredentialCache, KdcOffset, Keyblock, Record, TypedData};
use crate::Principal;
use crate::file::{MalformedFile, Reader, Unwritable};
use crate::principal::name_type;

const VERSION_4: [u8; 2] = [5, 4];
const DELTA_TIME: u16 = 1;

/// The versions that are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
    Three,
    Four,
}

impl CredentialCache {
    /// Reads a credential cache file.
    ///
    /// # Errors
    /// What does not follow the format, with field and offset.
    pub fn read(octets: &[u8]) -> Result<Self, MalformedFile> {
        let mut reader = Reader::new("credential cache", octets);
        let version = match reader.take(2, "version")? {
            [5, 4] => Version::Four,
            [5, 3] => Version::Three,
            [5, 2] => Version::Two,
            [5, 1] => Version::One,
            other => {
                let problem = format!("{:02x} {:02x}, expected 05 01 to 05 04", other[0], other[1]);
                return Err(reader.fail("version", 0, problem));
            }
        };
        if matches!(version, Version::One | Version::Two) {
            reader.use_native_order();
        }
        let kdc_offset = if version == Version::Four { read_header(&mut reader)? } else { None };
        let principal = read_name(&mut reader, version)?;
        let mut records = Vec::new();
        while reader.left() > 0 {
            records.push(read_record(&mut reader, version)?);
        }
        Ok(Self { principal, kdc_offset, records })
    }

    /// Writes a credential cache file of version 4.
    ///
    /// # Errors
    /// [`Unwritable`] for a record that does not fit the format's fields.
    pub fn write(&self) -> Result<Vec<u8>, Unwritable> {
        let refuse =
            |name: &Principal, field| Unwritable { file: "credential cache", principal: name.to_string(), field };
        let mut file = VERSION_4.to_vec();
        match self.kdc_offset {
            Some(offset) => {
                file.extend(12_u16.to_be_bytes());
                file.extend(DELTA_TIME.to_be_bytes());
                file.extend(8_u16.to_be_bytes());
                file.extend(offset.seconds.to_be_bytes());
                file.extend(offset.micros.to_be_bytes());
            }
            None => file.extend(0_u16.to_be_bytes()),
        }
        write_name(&self.principal, &mut file).map_err(|field| refuse(&self.principal, field))?;
        for record in &self.records {
            record.write(&mut file)?;
        }
        Ok(file)
    }

    /// Whether [`Record::write`] may be appended to a file that begins with these octets.
    #[must_use]
    pub fn can_be_appended_to(file: &[u8]) -> bool {
        file.starts_with(&VERSION_4)
    }
}

impl Record {
    /// Appends the octets that this record has in a file of version 4.
    ///
    /// # Errors
    /// [`Unwritable`] if it does not fit the format's fields.
    pub fn write(&self, file: &mut Vec<u8>) -> Result<(), Unwritable> {
        write_record(self, file).map_err(|field| Unwritable {
            file: "credential cache",
            principal: self.server.to_string(),
            field,
        })
    }
}

fn read_header(reader: &mut Reader<'_>) -> Result<Option<KdcOffset>, MalformedFile> {
    let length = usize::from(reader.u16("header length")?);
    let mut header = reader.sub(length, "header")?;
    let mut kdc_offset = None;
    while header.left() > 0 {
        let tag = header.u16("header tag")?;
        let length = usize::from(header.u16("header field length")?);
        let mut field = header.sub(length, "header field")?;
        if tag == DELTA_TIME {
            kdc_offset = Some(KdcOffset { seconds: field.i32("DeltaTime")?, micros: field.i32("DeltaTime")? });
        }
    }
    Ok(kdc_offset)
}

fn read_name(reader: &mut Reader<'_>, version: Version) -> Result<Principal, MalformedFile> {
    let name_type = if version == Version::One { name_type::UNKNOWN } else { reader.i32("name type")? };
    let at = reader.offset();
    let mut count = reader.u32("component count")?;
    if version == Version::One {
        count = count.checked_sub(1).ok_or_else(|| {
            reader.fail("component count", at, "0, expected at least 1, as version 1 counts the realm")
        })?;
    }
    // Each component takes four octets at least: a count beyond that is refused before anything is read for it.
    if usize::try_from(count).map_or(true, |count| count > reader.left() / 4) {
        return Err(reader.fail(
            "component count",
            at,
            format!("{count} components cannot be in {} octets", reader.left()),
        ));
    }
    let realm = reader.counted32("realm")?.to_vec();
    let components =
        (0..count).map(|_| Ok(reader.counted32("component")?.to_vec())).collect::<Result<Vec<_>, MalformedFile>>()?;
    Ok(Principal { components, realm, name_type })
}

fn write_name(name: &Principal, file: &mut Vec<u8>) -> Result<(), &'static str> {
    file.extend(name.name_type.to_be_bytes());
    write_length(name.components.len(), "component count", file)?;
    write_data(&name.realm, "realm", file)?;
    for component in &name.components {
        write_data(component, "component", file)?;
    }
    Ok(())
}

fn read_record(reader: &mut Reader<'_>, version: Version) -> Result<Record, MalformedFile> {
    Ok(Record {
        client: read_name(reader, version)?,
        server: read_name(reader, version)?,
        key: read_key(reader, version)?,
        auth_time: reader.u32("authtime")?,
        start_time: reader.u32("starttime")?,
        end_time: reader.u32("endtime")?,
        renew_till: reader.u32("renew-till")?,
        is_skey: reader.u8("is-skey")? != 0,
        flags: reader.u32("flags")?,
        addresses: read_list(reader, "addresses")?,
        authorization_data: read_list(reader, "authorization data")?,
        ticket: reader.counted32("ticket")?.to_vec(),
        second_ticket: reader.counted32("second ticket")?.to_vec(),
    })
}

fn write_record(record: &Record, file: &mut Vec<u8>) -> Result<(), &'static str> {
    write_name(&record.client, file)?;
    write_name(&record.server, file)?;
    write_key(&record.key, file)?;
    file.extend(record.auth_time.to_be_bytes());
    file.extend(record.start_time.to_be_bytes());
    file.extend(record.end_time.to_be_bytes());
    file.extend(record.renew_till.to_be_bytes());
    file.push(u8::from(record.is_skey));
    file.extend(record.flags.to_be_bytes());
    write_list(&record.addresses, "addresses", file)?;
    write_list(&record.authorization_data, "authorization data", file)?;
    write_data(&record.ticket, "ticket", file)?;
    write_data(&record.second_ticket, "second ticket", file)
}

fn read_key(reader: &mut Reader<'_>, version: Version) -> Result<Keyblock, MalformedFile> {
    let etype = reader.i16("encryption type")?;
    if version == Version::Three {
        reader.i16("encryption type, repeated")?;
    }
    Ok(Keyblock::new(i32::from(etype), reader.counted32("key")?))
}

fn write_key(key: &Keyblock, file: &mut Vec<u8>) -> Result<(), &'static str> {
    file.extend(i16::try_from(key.etype).map_err(|_| "encryption type")?.to_be_bytes());
    write_data(key.octets(), "key", file)
}

fn read_list(reader: &mut Reader<'_>, field: &'static str) -> Result<Vec<TypedData>, MalformedFile> {
    let at = reader.offset();
    let count = reader.u32(field)?;
    // Each takes six octets at least.
    if usize::try_from(count).map_or(true, |count| count > reader.left() / 6) {
        return Err(reader.fail(field, at, format!("{count} of them cannot be in {} octets", reader.left())));
    }
    (0..count)
        .map(|_| Ok(TypedData { number: reader.i16(field)?, octets: reader.counted32(field)?.to_vec() }))
        .collect()
}

fn write_list(list: &[TypedData], field: &'static str, file: &mut Vec<u8>) -> Result<(), &'static str> {
    write_length(list.len(), field, file)?;
    for item in list {
        file.extend(item.number.to_be_bytes());
        write_data(&item.octets, field, file)?;
    }
    Ok(())
}

fn write_data(octets: &[u8], field: &'static str, file: &mut Vec<u8>) -> Result<(), &'static str> {
    write_length(octets.len(), field, file)?;
    file.extend_from_slice(octets);
    Ok(())
}

fn write_length(length: usize, field: &'static str, file: &mut Vec<u8>) -> Result<(), &'static str> {
    file.extend(u32::try_from(length).map_err(|_| field)?.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::golden::KINIT;
    use super::*;

    /// Where the first record, a configuration entry, ends in [`KINIT`].
    const RECORD_END: usize = 32;

    #[test]
    fn version_3_has_no_header_and_its_encryption_type_twice() {
        let (principal, etype, others) = (&KINIT[6..20].concat()[..], KINIT[20], &KINIT[21..RECORD_END].concat()[..]);
        let three = CredentialCache::read(&[b"\x05\x03", principal, etype, etype, others].concat()).unwrap();
        let four = CredentialCache::read(&KINIT[..RECORD_END].concat()).unwrap();
        assert_eq!((three.principal, three.records), (four.principal, four.records));
        assert_eq!(three.kdc_offset, None);
    }

    /// Version 4 in the words of an older one: `octets` as fields of which some are numbers, to be turned round.
    fn older(version: u8, fields: &[&[u8]]) -> Vec<u8> {
        let turned = |field: &[u8]| match field {
            [a, b, c, d] => u32::from_be_bytes([*a, *b, *c, *d]).to_ne_bytes().to_vec(),
            [a, b] => u16::from_be_bytes([*a, *b]).to_ne_bytes().to_vec(),
            // A length and what it counts.
            counted if counted.len() > 4 => {
                let (length, text) = counted.split_at(4);
                [u32::from_be_bytes(length.try_into().unwrap()).to_ne_bytes().as_slice(), text].concat()
            }
            other => other.to_vec(),
        };
        std::iter::once(vec![5, version]).chain(fields.iter().map(|field| turned(field))).flatten().collect()
    }

    #[test]
    fn versions_1_and_2_have_this_machines_byte_order_and_version_1_counts_the_realm() {
        let four = CredentialCache::read(&KINIT[..RECORD_END].concat()).unwrap();
        let two = CredentialCache::read(&older(2, &KINIT[6..RECORD_END])).unwrap();
        assert_eq!((&two.principal, &two.records), (&four.principal, &four.records));
        assert_eq!(two.principal.name_type, 1);
        // Without the three name types, and with counts that are higher by one.
        let mut fields = KINIT[6..RECORD_END].to_vec();
        for (name, count) in [(8, b"\0\0\0\x04"), (4, b"\0\0\0\x02"), (0, b"\0\0\0\x02")] {
            fields[name + 1] = count;
            fields.remove(name);
        }
        let one = CredentialCache::read(&older(1, &fields)).unwrap();
        assert_eq!((&one.principal, &one.records), (&four.principal, &four.records));
        assert_eq!(one.principal.name_type, 0);
    }

    #[test]
    fn what_is_appended_is_one_more_record() {
        let mut cache = CredentialCache::read(&KINIT.concat()).unwrap();
        let mut file = cache.write().unwrap();
        assert!(CredentialCache::can_be_appended_to(&file) && !CredentialCache::can_be_appended_to(b"\x05\x03"));
        let record = cache.records[1].clone();
        record.write(&mut file).unwrap();
        cache.records.push(record);
        assert_eq!(CredentialCache::read(&file), Ok(cache));
    }

    #[test]
    fn unknown_header_fields_are_skipped() {
        let header: &[u8] = &[5, 4, 0, 18, 0, 9, 0, 2, 7, 7, 0, 1, 0, 8, 0, 0, 0, 60, 0, 0, 0, 5];
        let cache = CredentialCache::read(&[header, &KINIT[6..10].concat()].concat()).unwrap();
        assert_eq!(cache.kdc_offset, Some(KdcOffset { seconds: 60, micros: 5 }));
    }

    #[test]
    fn a_malformed_file_is_refused_with_place_and_reason() {
        #[track_caller]
        fn check(octets: &[u8], expected: &str) {
            assert_eq!(CredentialCache::read(octets).unwrap_err().to_string(), expected);
        }
        check(b"", "credential cache: version at offset 0: 2 octets expected, 0 left");
        check(b"\x05\x05", "credential cache: version at offset 0: 05 05, expected 05 01 to 05 04");
        check(
            b"\x05\x01\0\0\0\0",
            "credential cache: component count at offset 2: 0, expected at least 1, as version 1 counts the realm",
        );
        check(b"\x05\x04\x00\x02\x00", "credential cache: header at offset 4: 2 octets expected, 1 left");
        check(
            b"\x05\x04\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff\x00\x00\x00\x00",
            "credential cache: component count at offset 8: 4294967295 components cannot be in 4 octets",
        );
    }

    #[test]
    fn a_file_cut_anywhere_but_between_records_is_refused() {
        let whole = KINIT.concat();
        let (principal, configuration) = (KINIT[..10].concat().len(), KINIT[..RECORD_END].concat().len());
        for length in 0..whole.len() {
            let expected = length == principal || length == configuration;
            assert_eq!(CredentialCache::read(&whole[..length]).is_ok(), expected, "cut after {length} octets");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            principal in a_name(),
            offset in proptest::option::of(any::<(i32, i32)>()),
            records in proptest::collection::vec(a_record(), 0..5),
        ) {
            let kdc_offset = offset.map(|(seconds, micros)| KdcOffset { seconds, micros });
            let cache = CredentialCache { principal, kdc_offset, records };
            let octets = cache.write().unwrap();
            let read = CredentialCache::read(&octets).unwrap();
            prop_assert_eq!(&read, &cache);
            prop_assert_eq!(read.write().unwrap(), octets);
        }

        #[test]
        fn any_octets_are_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = CredentialCache::read(&octets);
            let _ = CredentialCache::read(&[&KINIT[..10].concat(), &octets[..]].concat());
        }

        #[test]
        fn one_changed_octet_never_makes_more_than_the_file_holds(place in 0_usize..800, value: u8) {
            let mut octets = KINIT.concat();
            let place = place % octets.len();
            octets[place] = value;
            if let Ok(cache) = CredentialCache::read(&octets) {
                let held: usize = cache.records.iter().map(|r| r.key.octets().len() + r.ticket.len()).sum();
                prop_assert!(held <= octets.len());
            }
        }
    }

    fn some_octets() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(any::<u8>(), 0..40)
    }

    fn a_name() -> impl Strategy<Value = Principal> {
        (any::<i32>(), proptest::collection::vec(some_octets(), 0..4), some_octets())
            .prop_map(|(name_type, components, realm)| Principal { components, realm, name_type })
    }

    fn a_list() -> impl Strategy<Value = Vec<TypedData>> {
        let item = (any::<i16>(), some_octets()).prop_map(|(number, octets)| TypedData { number, octets });
        proptest::collection::vec(item, 0..3)
    }

    fn a_record() -> impl Strategy<Value = Record> {
        let key = (any::<i16>(), some_octets()).prop_map(|(etype, key)| Keyblock::new(i32::from(etype), &key));
        let numbers = any::<(u32, u32, u32, u32, bool, u32)>();
        (a_name(), a_name(), key, numbers, a_list(), a_list(), some_octets(), some_octets()).prop_map(
            |(client, server, key, numbers, addresses, authorization_data, ticket, second_ticket)| {
                let (auth_time, start_time, end_time, renew_till, is_skey, flags) = numbers;
                Record {
                    client,
                    server,
                    key,
                    auth_time,
                    start_time,
                    end_time,
                    renew_till,
                    is_skey,
                    flags,
                    addresses,
                    authorization_data,
                    ticket,
                    second_ticket,
                }
            },
        )
    }
}
