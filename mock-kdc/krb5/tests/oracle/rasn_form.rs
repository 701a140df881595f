//! The same message in the types of `rasn-kerberos`, name by name.

use rasn::types::{GeneralString, GeneralizedTime, OctetString, UtcTime};
use rasn_kerberos as rk;
use shakedown_krb5::messages::*;
use shakedown_krb5::{Principal, Timestamp};

/// A message that both implementations have.
pub(crate) trait RasnForm: Codec + PartialEq + std::fmt::Debug {
    /// What rasn encodes for it.
    fn rasn_octets(&self) -> Vec<u8>;
}

fn encode(value: &impl rasn::Encode) -> Vec<u8> {
    rasn::der::encode(value).unwrap()
}

fn string(octets: &[u8]) -> GeneralString {
    GeneralString::from_bytes(octets).unwrap()
}

fn octets(octets: &[u8]) -> OctetString {
    octets.to_vec().into()
}

fn flags(bits: u32) -> rk::KerberosFlags {
    rk::KerberosFlags::from_slice(&bits.to_be_bytes())
}

fn time(time: Timestamp) -> rk::KerberosTime {
    let moment: GeneralizedTime = UtcTime::from_timestamp(time.seconds(), 0).unwrap().fixed_offset();
    rk::KerberosTime(moment)
}

fn micros(time: Timestamp) -> rk::Microseconds {
    time.subsec_micros().into()
}

fn name(name: &PrincipalName) -> rk::PrincipalName {
    rk::PrincipalName { r#type: name.name_type, string: name.components.iter().map(|c| string(c)).collect() }
}

fn name_of(principal: &Principal) -> rk::PrincipalName {
    name(&principal.into())
}

fn encrypted(data: &EncryptedData) -> rk::EncryptedData {
    rk::EncryptedData { etype: data.etype, kvno: data.kvno, cipher: octets(&data.cipher) }
}

fn key(key: &EncryptionKey) -> rk::EncryptionKey {
    rk::EncryptionKey { r#type: key.etype, value: octets(&key.value) }
}

fn padata(list: &[PaData]) -> Vec<rk::PaData> {
    list.iter().map(|data| rk::PaData { r#type: data.padata_type, value: octets(&data.padata_value) }).collect()
}

fn addresses(list: &Option<Vec<HostAddress>>) -> Option<rk::HostAddresses> {
    let address =
        |address: &HostAddress| rk::HostAddress { addr_type: address.addr_type, address: octets(&address.address) };
    list.as_ref().map(|list| list.iter().map(address).collect())
}

fn authorization(list: &[AuthorizationElement]) -> rk::AuthorizationData {
    list.iter().map(|e| rk::AuthorizationDataValue { r#type: e.ad_type, data: octets(&e.ad_data) }).collect()
}

fn not_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn ticket(ticket: &Ticket) -> rk::Ticket {
    rk::Ticket {
        tkt_vno: 5.into(),
        realm: string(&ticket.server().realm),
        sname: name_of(ticket.server()),
        enc_part: encrypted(ticket.enc_part()),
    }
}

impl RasnForm for Ticket {
    fn rasn_octets(&self) -> Vec<u8> {
        encode(&ticket(self))
    }
}

impl RasnForm for KdcRequest {
    fn rasn_octets(&self) -> Vec<u8> {
        let body = self.body();
        let request = rk::KdcReq {
            pvno: 5.into(),
            msg_type: if self.exchange == Exchange::As { 10 } else { 12 }.into(),
            padata: not_empty(padata(&self.padata)),
            req_body: rk::KdcReqBody {
                kdc_options: rk::KdcOptions(flags(body.kdc_options)),
                cname: body.cname.as_ref().map(name),
                realm: string(&body.realm),
                sname: body.sname.as_ref().map(name),
                from: body.from.map(time),
                till: time(body.till),
                rtime: body.rtime.map(time),
                nonce: body.nonce,
                etype: body.etypes.clone(),
                addresses: addresses(&body.addresses),
                enc_authorization_data: body.enc_authorization_data.as_ref().map(encrypted),
                additional_tickets: not_empty(body.additional_tickets.iter().map(ticket).collect()),
            },
        };
        match self.exchange {
            Exchange::As => encode(&rk::AsReq(request)),
            Exchange::Tgs => encode(&rk::TgsReq(request)),
        }
    }
}

impl RasnForm for KdcReply {
    fn rasn_octets(&self) -> Vec<u8> {
        let reply = rk::KdcRep {
            pvno: 5.into(),
            msg_type: if self.exchange == Exchange::As { 11 } else { 13 }.into(),
            padata: not_empty(padata(&self.padata)),
            crealm: string(&self.client.realm),
            cname: name_of(&self.client),
            ticket: ticket(&self.ticket),
            enc_part: encrypted(&self.enc_part),
        };
        match self.exchange {
            Exchange::As => encode(&rk::AsRep(reply)),
            Exchange::Tgs => encode(&rk::TgsRep(reply)),
        }
    }
}

impl RasnForm for EncKdcReplyPart {
    fn rasn_octets(&self) -> Vec<u8> {
        let last = |last: &LastRequest| rk::LastReqValue { r#type: last.lr_type, value: time(last.time) };
        let part = rk::EncKdcRepPart {
            key: key(&self.key),
            last_req: self.last_request.iter().map(last).collect(),
            nonce: self.nonce,
            key_expiration: self.key_expiration.map(time),
            flags: rk::TicketFlags(flags(self.flags)),
            auth_time: time(self.auth_time),
            start_time: self.start_time.map(time),
            end_time: time(self.end_time),
            renew_till: self.renew_till.map(time),
            srealm: string(&self.server.realm),
            sname: name_of(&self.server),
            caddr: addresses(&self.addresses),
            encrypted_pa_data: self.encrypted_padata.as_deref().map(padata),
        };
        match self.tag {
            EncPartTag::As => encode(&rk::EncAsRepPart(part)),
            EncPartTag::Tgs => encode(&rk::EncTgsRepPart(part)),
        }
    }
}

impl RasnForm for EncTicketPart {
    fn rasn_octets(&self) -> Vec<u8> {
        encode(&rk::EncTicketPart {
            flags: rk::TicketFlags(flags(self.flags)),
            key: key(&self.key),
            crealm: string(&self.client.realm),
            cname: name_of(&self.client),
            transited: rk::TransitedEncoding {
                r#type: self.transited.tr_type,
                contents: octets(&self.transited.contents),
            },
            auth_time: time(self.auth_time),
            start_time: self.start_time.map(time),
            end_time: time(self.end_time),
            renew_till: self.renew_till.map(time),
            caddr: addresses(&self.addresses),
            authorization_data: self.authorization_data.as_deref().map(authorization),
        })
    }
}

impl RasnForm for ApRequest {
    fn rasn_octets(&self) -> Vec<u8> {
        encode(&rk::ApReq {
            pvno: 5.into(),
            msg_type: 14.into(),
            ap_options: rk::ApOptions(flags(self.ap_options)),
            ticket: ticket(&self.ticket),
            authenticator: encrypted(&self.authenticator),
        })
    }
}

impl RasnForm for Authenticator {
    fn rasn_octets(&self) -> Vec<u8> {
        let checksum = |c: &Checksum| rk::Checksum { r#type: c.cksumtype, checksum: octets(&c.checksum) };
        encode(&rk::Authenticator {
            authenticator_vno: 5.into(),
            crealm: string(&self.client.realm),
            cname: name_of(&self.client),
            cksum: self.checksum.as_ref().map(checksum),
            cusec: micros(self.time),
            ctime: time(self.time),
            subkey: self.subkey.as_ref().map(key),
            seq_number: self.seq_number,
            authorization_data: self.authorization_data.as_deref().map(authorization),
        })
    }
}

impl RasnForm for ApReply {
    fn rasn_octets(&self) -> Vec<u8> {
        encode(&rk::ApRep { pvno: 5.into(), msg_type: 15.into(), enc_part: encrypted(&self.enc_part) })
    }
}

impl RasnForm for EncApReplyPart {
    fn rasn_octets(&self) -> Vec<u8> {
        encode(&rk::EncApRepPart {
            ctime: time(self.time),
            cusec: micros(self.time),
            subkey: self.subkey.as_ref().map(key),
            seq_number: self.seq_number,
        })
    }
}

impl RasnForm for KrbError {
    fn rasn_octets(&self) -> Vec<u8> {
        encode(&rk::KrbError {
            pvno: 5.into(),
            msg_type: 30.into(),
            ctime: self.client_time.map(time),
            cusec: self.client_time.map(micros),
            stime: time(self.server_time),
            susec: micros(self.server_time),
            error_code: self.error_code,
            crealm: self.crealm.as_deref().map(string),
            cname: self.cname.as_ref().map(name),
            realm: string(&self.server.realm),
            sname: name_of(&self.server),
            e_text: self.e_text.as_deref().map(string),
            e_data: self.e_data.as_deref().map(octets),
        })
    }
}

impl RasnForm for MethodData {
    fn rasn_octets(&self) -> Vec<u8> {
        encode(&padata(&self.0))
    }
}

impl RasnForm for AuthorizationList {
    fn rasn_octets(&self) -> Vec<u8> {
        encode(&authorization(&self.0))
    }
}

impl RasnForm for PreauthEncTimestamp {
    fn rasn_octets(&self) -> Vec<u8> {
        encode(&rk::PaEncTsEnc { patimestamp: time(self.time), pausec: Some(micros(self.time)) })
    }
}

impl RasnForm for EtypeInfo {
    fn rasn_octets(&self) -> Vec<u8> {
        let entry = |e: &EtypeInfoEntry| rk::EtypeInfoEntry { etype: e.etype, salt: e.salt.as_deref().map(octets) };
        encode(&self.0.iter().map(entry).collect::<Vec<_>>())
    }
}

impl RasnForm for EtypeInfo2 {
    fn rasn_octets(&self) -> Vec<u8> {
        let entry = |e: &EtypeInfo2Entry| rk::EtypeInfo2Entry {
            etype: e.etype,
            salt: e.salt.as_deref().map(string),
            s2kparams: e.s2kparams.as_deref().map(octets),
        };
        encode(&self.0.iter().map(entry).collect::<Vec<_>>())
    }
}
