//! Any message that both implementations can hold.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use shakedown_krb5::messages::*;
use shakedown_krb5::{Principal, Timestamp};

fn string() -> impl Strategy<Value = Vec<u8>> {
    // Long enough that lengths of one, two and three octets occur.
    prop_oneof![9 => vec(0u8..0x80, 0..20), 1 => vec(0u8..0x80, 120..300)]
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![9 => vec(any::<u8>(), 0..40), 1 => vec(any::<u8>(), 120..300)]
}

/// Whole seconds from 1970 to 9999.
fn time() -> impl Strategy<Value = Timestamp> {
    (0i64..253_402_300_800).prop_map(Timestamp::from_seconds)
}

fn precise_time() -> impl Strategy<Value = Timestamp> {
    (0i64..253_402_300_800_000_000).prop_map(Timestamp::from_micros)
}

fn number() -> impl Strategy<Value = i32> {
    prop_oneof![-200i32..300, any::<i32>()]
}

fn name() -> impl Strategy<Value = PrincipalName> {
    (number(), vec(string(), 0..4)).prop_map(|(name_type, components)| PrincipalName { name_type, components })
}

fn principal() -> impl Strategy<Value = Principal> {
    (name(), string()).prop_map(|(name, realm)| name.at(realm))
}

fn encrypted_data() -> impl Strategy<Value = EncryptedData> {
    (number(), of(any::<u32>()), octets()).prop_map(|(etype, kvno, cipher)| EncryptedData { etype, kvno, cipher })
}

fn key() -> impl Strategy<Value = EncryptionKey> {
    (number(), octets()).prop_map(|(etype, value)| EncryptionKey::new(etype, &value))
}

fn checksum() -> impl Strategy<Value = Checksum> {
    (number(), octets()).prop_map(|(cksumtype, checksum)| Checksum { cksumtype, checksum })
}

fn padata() -> impl Strategy<Value = Vec<PaData>> {
    vec((number(), octets()).prop_map(|(padata_type, padata_value)| PaData { padata_type, padata_value }), 0..4)
}

fn addresses() -> impl Strategy<Value = Option<Vec<HostAddress>>> {
    of(vec((number(), octets()).prop_map(|(addr_type, address)| HostAddress { addr_type, address }), 0..3))
}

fn authorization_data() -> impl Strategy<Value = Vec<AuthorizationElement>> {
    vec((number(), octets()).prop_map(|(ad_type, ad_data)| AuthorizationElement { ad_type, ad_data }), 0..4)
}

fn exchange() -> impl Strategy<Value = Exchange> {
    prop_oneof![Just(Exchange::As), Just(Exchange::Tgs)]
}

pub(crate) fn method_data() -> impl Strategy<Value = MethodData> {
    padata().prop_map(MethodData)
}

pub(crate) fn authorization_list() -> impl Strategy<Value = AuthorizationList> {
    authorization_data().prop_map(AuthorizationList)
}

pub(crate) fn preauth_timestamp() -> impl Strategy<Value = PreauthEncTimestamp> {
    precise_time().prop_map(|time| PreauthEncTimestamp { time })
}

pub(crate) fn etype_info() -> impl Strategy<Value = EtypeInfo> {
    vec((number(), of(octets())).prop_map(|(etype, salt)| EtypeInfoEntry { etype, salt }), 0..4).prop_map(EtypeInfo)
}

pub(crate) fn etype_info2() -> impl Strategy<Value = EtypeInfo2> {
    let entry = (number(), of(string()), of(octets()));
    vec(entry.prop_map(|(etype, salt, s2kparams)| EtypeInfo2Entry { etype, salt, s2kparams }), 0..4)
        .prop_map(EtypeInfo2)
}

pub(crate) fn ticket() -> impl Strategy<Value = Ticket> {
    (principal(), encrypted_data()).prop_map(|(server, enc_part)| Ticket::new(server, enc_part))
}

pub(crate) fn kdc_request() -> impl Strategy<Value = KdcRequest> {
    let who = (of(name()), string(), of(name()));
    let when = (of(time()), time(), of(time()));
    let rest = (vec(number(), 0..8), addresses(), of(encrypted_data()), vec(ticket(), 0..2));
    (exchange(), padata(), any::<(u32, u32)>(), who, when, rest).prop_map(
        |(exchange, padata, (kdc_options, nonce), (cname, realm, sname), (from, till, rtime), rest)| {
            let (etypes, addresses, enc_authorization_data, additional_tickets) = rest;
            let body = KdcRequestBody {
                kdc_options,
                cname,
                realm,
                sname,
                from,
                till,
                rtime,
                nonce,
                etypes,
                addresses,
                enc_authorization_data,
                additional_tickets,
            };
            KdcRequest::new(exchange, padata, body)
        },
    )
}

pub(crate) fn kdc_reply() -> impl Strategy<Value = KdcReply> {
    (exchange(), padata(), principal(), ticket(), encrypted_data()).prop_map(
        |(exchange, padata, client, ticket, enc_part)| KdcReply { exchange, padata, client, ticket, enc_part },
    )
}

pub(crate) fn enc_kdc_reply_part() -> impl Strategy<Value = EncKdcReplyPart> {
    let tag = prop_oneof![Just(EncPartTag::As), Just(EncPartTag::Tgs)];
    let last_request = (number(), time()).prop_map(|(lr_type, time)| LastRequest { lr_type, time });
    let times = (of(time()), time(), of(time()), time(), of(time()));
    (tag, key(), vec(last_request, 0..3), any::<(u32, u32)>(), times, principal(), addresses(), of(padata())).prop_map(
        |(tag, key, last_request, (nonce, flags), times, server, addresses, encrypted_padata)| {
            let (key_expiration, auth_time, start_time, end_time, renew_till) = times;
            EncKdcReplyPart {
                tag,
                key,
                last_request,
                nonce,
                key_expiration,
                flags,
                auth_time,
                start_time,
                end_time,
                renew_till,
                server,
                addresses,
                encrypted_padata,
            }
        },
    )
}

pub(crate) fn enc_ticket_part() -> impl Strategy<Value = EncTicketPart> {
    let transited = (number(), octets()).prop_map(|(tr_type, contents)| Transited { tr_type, contents });
    let times = (time(), of(time()), time(), of(time()));
    (any::<u32>(), key(), principal(), transited, times, addresses(), of(authorization_data())).prop_map(
        |(flags, key, client, transited, times, addresses, authorization_data)| {
            let (auth_time, start_time, end_time, renew_till) = times;
            EncTicketPart {
                flags,
                key,
                client,
                transited,
                auth_time,
                start_time,
                end_time,
                renew_till,
                addresses,
                authorization_data,
            }
        },
    )
}

pub(crate) fn ap_request() -> impl Strategy<Value = ApRequest> {
    (any::<u32>(), ticket(), encrypted_data()).prop_map(|(ap_options, ticket, authenticator)| ApRequest {
        ap_options,
        ticket,
        authenticator,
    })
}

pub(crate) fn authenticator() -> impl Strategy<Value = Authenticator> {
    (principal(), of(checksum()), precise_time(), of(key()), of(any::<u32>()), of(authorization_data())).prop_map(
        |(client, checksum, time, subkey, seq_number, authorization_data)| Authenticator {
            client,
            checksum,
            time,
            subkey,
            seq_number,
            authorization_data,
        },
    )
}

pub(crate) fn ap_reply() -> impl Strategy<Value = ApReply> {
    encrypted_data().prop_map(|enc_part| ApReply { enc_part })
}

pub(crate) fn enc_ap_reply_part() -> impl Strategy<Value = EncApReplyPart> {
    (precise_time(), of(key()), of(any::<u32>())).prop_map(|(time, subkey, seq_number)| EncApReplyPart {
        time,
        subkey,
        seq_number,
    })
}

pub(crate) fn krb_error() -> impl Strategy<Value = KrbError> {
    let times = (of(precise_time()), precise_time());
    (times, number(), of(string()), of(name()), principal(), of(string()), of(octets())).prop_map(
        |((client_time, server_time), error_code, crealm, cname, server, e_text, e_data)| KrbError {
            client_time,
            server_time,
            error_code,
            crealm,
            cname,
            server,
            e_text,
            e_data,
        },
    )
}
