//! KRB-ERROR (RFC 4120 §5.9.1).

use super::principal_name::write_name;
use super::{MethodData, PaData, PrincipalName, error_code};
use crate::der::{Codec, Error, Reader, Writer};
use crate::{Principal, Timestamp};
use std::time::Duration;

/// A refusal by a KDC or a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KrbError {
    /// `ctime` and `cusec` of the request; MIT's KDC leaves them out.
    pub client_time: Option<Timestamp>,
    /// `stime` and `susec`. libkrb5 takes its clock offset from here.
    pub server_time: Timestamp,
    /// One of [`error_code`].
    pub error_code: i32,
    /// The client's realm; with error 68 the realm to ask instead.
    pub crealm: Option<Vec<u8>>,
    /// The client.
    pub cname: Option<PrincipalName>,
    /// `realm` and `sname`, mandatory: krbtgt of the realm where the service is not known.
    pub server: Principal,
    /// Text for people; MIT writes a status word such as `CLIENT_NOT_FOUND`.
    pub e_text: Option<Vec<u8>>,
    /// What the code asks for: [`MethodData`] for 25.
    pub e_data: Option<Vec<u8>>,
}

impl KrbError {
    /// An error about a request for `server`, without the optional fields.
    #[must_use]
    pub const fn new(error_code: i32, server_time: Timestamp, server: Principal) -> Self {
        Self {
            client_time: None,
            server_time,
            error_code,
            crealm: None,
            cname: None,
            server,
            e_text: None,
            e_data: None,
        }
    }

    /// The pre-authentication data in `e_data`; empty where it is something else, as Active Directory's error details.
    #[must_use]
    pub fn method_data(&self) -> Vec<PaData> {
        self.e_data.as_deref().and_then(|data| MethodData::decode(data).ok()).map_or_else(Vec::new, |data| data.0)
    }

    /// `e_text` for people.
    #[must_use]
    pub fn text(&self) -> String {
        self.e_text.as_deref().map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default()
    }

    /// The name of the code in the specification.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        error_code::name(self.error_code)
    }
}

impl Codec for KrbError {
    const NAME: &'static str = "KRB-ERROR";

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut error = reader.application_sequence(30)?;
        error.field(0, "pvno", Reader::version)?;
        error.field(1, "msg-type", |r| r.message_type(30))?;
        let ctime = error.optional(2, "ctime", Reader::time)?;
        let cusec = error.optional(3, "cusec", Reader::microseconds)?.unwrap_or(0);
        let stime = error.field(4, "stime", Reader::time)?;
        let susec = error.field(5, "susec", Reader::microseconds)?;
        let error_code = error.field(6, "error-code", Reader::int32)?;
        let crealm = error.optional(7, "crealm", Reader::string)?.map(<[u8]>::to_vec);
        let cname = error.optional(8, "cname", PrincipalName::read)?;
        let realm = error.field(9, "realm", Reader::string)?.to_vec();
        Ok(Self {
            client_time: ctime.map(|ctime| ctime + Duration::from_micros(cusec.into())),
            server_time: stime + Duration::from_micros(susec.into()),
            error_code,
            crealm,
            cname,
            server: error.field(10, "sname", PrincipalName::read)?.at(realm),
            e_text: error.optional(11, "e-text", Reader::string)?.map(<[u8]>::to_vec),
            e_data: error.optional(12, "e-data", Reader::octets)?.map(<[u8]>::to_vec),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.application_sequence(30, |w| {
            w.field(0, |w| w.integer(5));
            w.field(1, |w| w.integer(30));
            w.optional(2, self.client_time, Writer::time);
            w.optional(3, self.client_time, |w, time| w.integer(time.subsec_micros().into()));
            w.field(4, |w| w.time(self.server_time));
            w.field(5, |w| w.integer(self.server_time.subsec_micros().into()));
            w.field(6, |w| w.integer(self.error_code.into()));
            w.optional(7, self.crealm.as_deref(), Writer::string);
            w.optional(8, self.cname.as_ref(), |w, name| name.write(w));
            w.field(9, |w| w.string(&self.server.realm));
            w.field(10, |w| write_name(w, &self.server));
            w.optional(11, self.e_text.as_deref(), Writer::string);
            w.optional(12, self.e_data.as_deref(), Writer::octets);
        });
    }
}
