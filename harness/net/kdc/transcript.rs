//! What is said between a client and a KDC, message by message (RFC 4120 §5.4, §5.9.1): everything that stands in the clear.
//!
//! Compared: types, options, names, realms, encryption types asked for and used, key versions, the types of pre-authentication
//! data in their order, the entries of ETYPE-INFO2, error codes and texts. Shown and not compared: nonces and times, which are
//! different each time. Hidden: encrypted parts, of which the encryption type and the key version are shown; the values of all
//! other pre-authentication data are not looked at.

use crate::handshake::Direction;
use crate::handshake::transcript::Message;
use shakedown_krb5::Timestamp;
use shakedown_krb5::der::Codec;
use shakedown_krb5::messages::{
    ApRequest, EncryptedData, EtypeInfo2, Exchange, KdcReply, KdcRequest, KrbError, PaData, Ticket, padata_type,
};

/// A request to a KDC, or its reply, without the length that TCP puts before it.
#[must_use]
pub fn message(direction: Direction, octets: &[u8]) -> Message {
    let read = match octets.first() {
        // Application tags of RFC 4120 §5.10.
        Some(0x6a | 0x6c) => KdcRequest::decode(octets).map(|request| of_request(direction, &request)),
        Some(0x6b | 0x6d) => KdcReply::decode(octets).map(|reply| of_reply(direction, &reply)),
        Some(0x7e) => KrbError::decode(octets).map(|error| of_error(direction, &error)),
        Some(tag) => {
            return Message::unreadable_der(
                direction,
                octets.len(),
                format!("no message of a KDC begins with {tag:#04x}"),
            );
        }
        None => return Message::unreadable_der(direction, 0, "empty"),
    };
    read.unwrap_or_else(|problem| Message::unreadable_der(direction, octets.len(), problem))
}

fn of_request(direction: Direction, request: &KdcRequest) -> Message {
    let name = match request.exchange {
        Exchange::As => "AS-REQ",
        Exchange::Tgs => "TGS-REQ",
    };
    let body = request.body();
    let mut message = Message::new(direction, name)
        .with("padata", types(&request.padata))
        .with("kdc-options", format!("{:#010x}", body.kdc_options));
    if let Some(client) = &body.cname {
        message = message.with("cname", text(&client.components)).with("cname-type", client.name_type);
    }
    message = message.with("realm", String::from_utf8_lossy(&body.realm));
    if let Some(service) = &body.sname {
        message = message.with("sname", text(&service.components)).with("sname-type", service.name_type);
    }
    for (name, time) in [("from", body.from), ("till", Some(body.till)), ("rtime", body.rtime)] {
        if let Some(time) = time {
            message = message.varying(name, seconds(time));
        }
    }
    message = message.varying("nonce", body.nonce).with("etypes", list(&body.etypes));
    if let Some(addresses) = &body.addresses {
        message = message.with("addresses", addresses.len());
    }
    if let Some(data) = &body.enc_authorization_data {
        message = encrypted(message, "enc-authorization-data", data);
    }
    if !body.additional_tickets.is_empty() {
        message = message.with("additional-tickets", body.additional_tickets.len());
    }
    if let Some(data) = request.padata(padata_type::ENC_TIMESTAMP)
        && let Ok(data) = EncryptedData::decode(data)
    {
        message = encrypted(message, "enc-timestamp", &data);
    }
    if let Some(octets) = request.padata(padata_type::TGS_REQ)
        && let Ok(shown) = ApRequest::decode(octets)
    {
        message = ticket(message.with("ap-options", format!("{:#010x}", shown.ap_options)), &shown.ticket);
        message = encrypted(message, "authenticator", &shown.authenticator);
    }
    message
}

fn of_reply(direction: Direction, reply: &KdcReply) -> Message {
    let name = match reply.exchange {
        Exchange::As => "AS-REP",
        Exchange::Tgs => "TGS-REP",
    };
    let mut message = Message::new(direction, name)
        .with("padata", types(&reply.padata))
        .with("crealm", String::from_utf8_lossy(&reply.client.realm))
        .with("cname", text(&reply.client.components))
        .with("cname-type", reply.client.name_type);
    message = etype_info(message, &reply.padata);
    message = ticket(message, &reply.ticket);
    encrypted(message, "enc-part", &reply.enc_part)
}

fn of_error(direction: Direction, error: &KrbError) -> Message {
    let mut message = Message::new(direction, "KRB-ERROR").with("code", error.error_code);
    if let Some(name) = error.name() {
        message = message.with("name", name);
    }
    if let Some(time) = error.client_time {
        message = message.varying("ctime", seconds(time));
    }
    message = message.varying("stime", seconds(error.server_time));
    if let Some(realm) = &error.crealm {
        message = message.with("crealm", String::from_utf8_lossy(realm));
    }
    if let Some(client) = &error.cname {
        message = message.with("cname", text(&client.components)).with("cname-type", client.name_type);
    }
    message = message
        .with("realm", String::from_utf8_lossy(&error.server.realm))
        .with("sname", text(&error.server.components))
        .with("sname-type", error.server.name_type);
    if error.e_text.is_some() {
        message = message.with("e-text", error.text());
    }
    let Some(data) = &error.e_data else { return message };
    let methods = error.method_data();
    if methods.is_empty() {
        return message.with("e-data-octets", data.len());
    }
    etype_info(message.with("e-data", types(&methods)), &methods)
}

/// `etype`, salt and parameters of each entry of an ETYPE-INFO2: what a client makes its key from.
fn etype_info(mut message: Message, padata: &[PaData]) -> Message {
    let Some(Ok(info)) = PaData::find(padata, padata_type::ETYPE_INFO2).map(EtypeInfo2::decode) else { return message };
    for (index, entry) in info.0.iter().enumerate() {
        message = message.with(format!("etype-info2[{index}]"), entry.etype);
        if let Some(salt) = &entry.salt {
            message = message.with(format!("salt[{index}]"), String::from_utf8_lossy(salt));
        }
        if let Some(parameters) = &entry.s2kparams {
            message = message.with(format!("s2kparams[{index}]"), hex(parameters));
        }
    }
    message
}

fn ticket(message: Message, ticket: &Ticket) -> Message {
    let server = ticket.server();
    let message = message
        .with("ticket-realm", String::from_utf8_lossy(&server.realm))
        .with("ticket-sname", text(&server.components))
        .with("ticket-sname-type", server.name_type);
    encrypted(message, "ticket", ticket.enc_part())
}

fn encrypted(message: Message, name: &'static str, data: &EncryptedData) -> Message {
    let message = message.with(format!("{name}-etype"), data.etype);
    let message = match data.kvno {
        Some(kvno) => message.with(format!("{name}-kvno"), kvno),
        None => message,
    };
    message.hiding(name, data.cipher.len())
}

fn types(padata: &[PaData]) -> String {
    list(&padata.iter().map(|data| data.padata_type).collect::<Vec<_>>())
}

fn list(numbers: &[i32]) -> String {
    numbers.iter().map(i32::to_string).collect::<Vec<_>>().join(",")
}

fn text(components: &[Vec<u8>]) -> String {
    components.iter().map(|component| String::from_utf8_lossy(component)).collect::<Vec<_>>().join("/")
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Seconds since 1970, with the fraction that the message had.
fn seconds(time: Timestamp) -> String {
    let micros = time.micros();
    format!("{}.{:06}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000))
}
