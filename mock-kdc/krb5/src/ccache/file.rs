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
//! All numbers are big-endian. Header tag 1 (DeltaTime) holds seconds and microseconds, signed. Version 3 has no header and its etype twice.
//! Versions 1 and 2 have the byte order of the machine that wrote them and are refused.

use super::{CredentialCache, KdcOffset, Keyblock, Name, Record, TypedData};
use crate::Principal;
use crate::file::{MalformedFile, Reader, Unwritable};

const VERSION_4: [u8; 2] = [5, 4];
const DELTA_TIME: u16 = 1;

/// The two versions that are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
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
            [5, old @ (1 | 2)] => {
                let problem =
                    format!("05 {old:02x} has the byte order of the machine that wrote it, expected 05 04 or 05 03");
                return Err(reader.fail("version", 0, problem));
            }
            other => {
                let problem = format!("{:02x} {:02x}, expected 05 04 or 05 03", other[0], other[1]);
                return Err(reader.fail("version", 0, problem));
            }
        };
        let kdc_offset = if version == Version::Four { read_header(&mut reader)? } else { None };
        let principal = read_name(&mut reader)?;
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
            |name: &Name, field| Unwritable { file: "credential cache", principal: name.principal.to_string(), field };
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
            write_record(record, &mut file).map_err(|field| refuse(&record.server, field))?;
        }
        Ok(file)
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

fn read_name(reader: &mut Reader<'_>) -> Result<Name, MalformedFile> {
    let name_type = reader.i32("name type")?;
    let at = reader.offset();
    let count = reader.u32("component count")?;
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
    Ok(Name { name_type, principal: Principal { components, realm } })
}

fn write_name(name: &Name, file: &mut Vec<u8>) -> Result<(), &'static str> {
    file.extend(name.name_type.to_be_bytes());
    write_length(name.principal.components.len(), "component count", file)?;
    write_data(&name.principal.realm, "realm", file)?;
    for component in &name.principal.components {
        write_data(component, "component", file)?;
    }
    Ok(())
}

fn read_record(reader: &mut Reader<'_>, version: Version) -> Result<Record, MalformedFile> {
    Ok(Record {
        client: read_name(reader)?,
        server: read_name(reader)?,
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
