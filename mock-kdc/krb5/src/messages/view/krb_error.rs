//! KRB-ERROR (RFC 4120 §5.9.1).

use super::{NameView, PrincipalView, View};
use crate::Timestamp;
use crate::der::{Error, Reader, Writer};
use std::time::Duration;

/// A refusal by a KDC or a service.
#[derive(Debug, Clone, Copy)]
pub struct KrbErrorView<'a> {
    /// `ctime` and `cusec` of the request; MIT's KDC leaves them out.
    pub client_time: Option<Timestamp>,
    /// `stime` and `susec`. libkrb5 takes its clock offset from here.
    pub server_time: Timestamp,
    /// One of [`crate::messages::error_code`].
    pub error_code: i32,
    /// The client's realm; with error 68 the realm to ask instead.
    pub crealm: Option<&'a [u8]>,
    /// The client.
    pub cname: Option<NameView<'a>>,
    /// `realm` and `sname`, mandatory: krbtgt of the realm where the service is not known.
    pub server: PrincipalView<'a>,
    /// Text for people; MIT writes a status word such as `CLIENT_NOT_FOUND`.
    pub e_text: Option<&'a [u8]>,
    /// What the code asks for: METHOD-DATA for 25.
    pub e_data: Option<&'a [u8]>,
}

impl KrbErrorView<'_> {
    /// Appends the encoding.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.application_sequence(30, |w| {
            w.field(0, |w| w.integer(5));
            w.field(1, |w| w.integer(30));
            w.optional(2, self.client_time, Writer::time);
            w.optional(3, self.client_time, |w, time| w.integer(time.subsec_micros().into()));
            w.field(4, |w| w.time(self.server_time));
            w.field(5, |w| w.integer(self.server_time.subsec_micros().into()));
            w.field(6, |w| w.integer(self.error_code.into()));
            w.optional(7, self.crealm, Writer::string);
            w.optional(8, self.cname, |w, name| name.write(w));
            w.field(9, |w| w.string(self.server.realm));
            w.field(10, |w| self.server.name.write(w));
            w.optional(11, self.e_text, Writer::string);
            w.optional(12, self.e_data, Writer::octets);
        });
    }
}

impl<'a> View<'a> for KrbErrorView<'a> {
    const NAME: &'static str = "KRB-ERROR";

    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut error = reader.application_sequence(30)?;
        error.field(0, "pvno", Reader::version)?;
        error.field(1, "msg-type", |r| r.message_type(30))?;
        let ctime = error.optional(2, "ctime", Reader::time)?;
        let cusec = error.optional(3, "cusec", Reader::microseconds)?.unwrap_or(0);
        let stime = error.field(4, "stime", Reader::time)?;
        let susec = error.field(5, "susec", Reader::microseconds)?;
        let error_code = error.field(6, "error-code", Reader::int32)?;
        let crealm = error.optional(7, "crealm", Reader::string)?;
        let cname = error.optional(8, "cname", NameView::read)?;
        let realm = error.field(9, "realm", Reader::string)?;
        Ok(Self {
            client_time: ctime.map(|ctime| ctime + Duration::from_micros(cusec.into())),
            server_time: stime + Duration::from_micros(susec.into()),
            error_code,
            crealm,
            cname,
            server: error.field(10, "sname", NameView::read)?.at(realm),
            e_text: error.optional(11, "e-text", Reader::string)?,
            e_data: error.optional(12, "e-data", Reader::octets)?,
        })
    }
}
