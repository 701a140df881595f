//! KRB-ERROR (RFC 4120 §5.9.1).

use super::view::{KrbErrorView, NameView, PrincipalView, View as _};
use super::{MethodData, PaData, PrincipalName, error_code};
use crate::der::{Codec, Error, Reader, Writer};
use crate::{Principal, Timestamp};

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
        let error = KrbErrorView::read(reader)?;
        let octets = |octets: Option<&[u8]>| octets.map(<[u8]>::to_vec);
        Ok(Self {
            client_time: error.client_time,
            server_time: error.server_time,
            error_code: error.error_code,
            crealm: octets(error.crealm),
            cname: error.cname.map(NameView::to_owned),
            server: error.server.to_owned(),
            e_text: octets(error.e_text),
            e_data: octets(error.e_data),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        let view = KrbErrorView {
            client_time: self.client_time,
            server_time: self.server_time,
            error_code: self.error_code,
            crealm: self.crealm.as_deref(),
            cname: self.cname.as_ref().map(NameView::from),
            server: PrincipalView::from(&self.server),
            e_text: self.e_text.as_deref(),
            e_data: self.e_data.as_deref(),
        };
        view.write(writer);
    }
}
