//! All of a reply that is not random is as MIT's KDC makes it.

use mock_kdc::Kdc;
use shakedown_krb5::Timestamp;
use shakedown_krb5::crypto::{Etype, Key, KeyUsage, usage};
use shakedown_krb5::messages::flags::kdc_options;
use shakedown_krb5::messages::{Codec as _, EncKdcReplyPart, HostAddress, KdcReply, PaData, padata_type};

use crate::against_mit::{login, ours, reading, within_one_second};
use crate::mit::{self, MitKdc};
use crate::request::{AsRequest, PASSWORD, TgsRequest, key};
use crate::world::new_kdc;

/// All of a reply that is not random: lives are counted from the start.
fn shape(octets: &[u8], key: &Key, usage: KeyUsage) -> String {
    if octets[0] == 0x7e {
        return reading(Some(octets.to_vec()));
    }
    let reply = KdcReply::decode(octets).unwrap();
    let part = EncKdcReplyPart::decode(&reply.enc_part.open(key, usage).unwrap()).unwrap();
    let start = part.start_time.unwrap_or(part.auth_time);
    let types = |padata: &[PaData]| -> Vec<_> {
        // FAST, which MIT's can do beside.
        padata.iter().map(|data| data.padata_type).filter(|number| *number != padata_type::FX_FAST).collect()
    };
    format!(
        "padata {:?} kvno {:?} etype {} ticket {} {:?} {} | {:?} {:?} session {} flags {:08x} start {} end {} renewable {:?} {} addresses {} expires {} padata {:?}",
        types(&reply.padata),
        reply.enc_part.kvno,
        reply.enc_part.etype,
        reply.ticket.enc_part().etype,
        reply.ticket.enc_part().kvno,
        reply.ticket.server(),
        part.tag,
        part.last_request,
        part.key.etype,
        part.flags,
        part.start_time.is_some(),
        part.end_time.since(start).as_secs(),
        part.renew_till.map(|till| till.since(start).as_secs()),
        part.server,
        part.addresses.is_some(),
        part.key_expiration.is_some(),
        part.encrypted_padata.as_deref().map(types),
    )
}

#[test]
fn as_replies_are_made_as_mit_s_are() {
    let Some(theirs) = mit::start() else { return };
    let kdc = new_kdc();
    let differences = within_one_second(|now| as_differences(&theirs, &kdc, now));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn as_differences(theirs: &MitKdc, kdc: &Kdc, now: Timestamp) -> Vec<String> {
    let good = AsRequest::good(now);
    let address = HostAddress { addr_type: 2, address: vec![127, 0, 0, 1] };
    let key = key("alice", PASSWORD, Etype::Aes256Sha1);
    let option = |options| AsRequest { options, ..good.clone() };
    let long = |options, rtime| AsRequest { options, rtime: Some(now.offset_seconds(rtime)), ..good.clone() };
    let postdated = kdc_options::ALLOW_POSTDATE | kdc_options::POSTDATED | kdc_options::RENEWABLE;
    let mut differences = Vec::new();
    for (name, request) in [
        ("good", good.clone()),
        ("checksum", AsRequest { wants_checksum: true, ..good.clone() }),
        ("forwardable, proxiable", option(kdc_options::FORWARDABLE | kdc_options::PROXIABLE)),
        ("renewable for a day", long(kdc_options::RENEWABLE, 86_400)),
        ("renewable for an hour", long(kdc_options::RENEWABLE, 3600)),
        ("renewable for half an hour", long(kdc_options::RENEWABLE, 1800)),
        ("renewable for a month", long(kdc_options::RENEWABLE, 30 * 86_400)),
        ("renewable, no end", option(kdc_options::RENEWABLE)),
        ("a day, or renewable", AsRequest { till: now.offset_seconds(86_400), ..option(kdc_options::RENEWABLE_OK) }),
        ("a day", AsRequest { till: now.offset_seconds(86_400), ..good.clone() }),
        ("no end", AsRequest { till: Timestamp::EPOCH, ..good.clone() }),
        ("for an address", AsRequest { addresses: Some(vec![address]), ..good.clone() }),
        ("another order of etypes", AsRequest { etypes: vec![20, 18, 17, 19], ..good.clone() }),
        ("may be postdated", option(kdc_options::ALLOW_POSTDATE)),
        ("postdated", AsRequest { from: Some(now.offset_seconds(600)), ..long(postdated, 86_400) }),
        ("for a service", AsRequest { server: Some("postgres/db.test"), ..good.clone() }),
    ] {
        let octets = request.octets();
        let key =
            if request.etypes[0] == 20 { &crate::request::key("alice", PASSWORD, Etype::Aes256Sha384) } else { &key };
        let theirs = shape(&theirs.answer(&octets).unwrap(), key, usage::AS_REP);
        let ours = shape(&ours(kdc, &octets).unwrap(), key, usage::AS_REP);
        if theirs != ours {
            differences.push(format!("{name}:\n  MIT  {theirs}\n  ours {ours}"));
        }
    }
    differences
}

#[test]
fn tgs_replies_are_made_as_mit_s_are() {
    let Some(theirs) = mit::start() else { return };
    let kdc = new_kdc();
    let differences = within_one_second(|now| tgs_differences(&theirs, &kdc, now));
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn tgs_differences(theirs: &MitKdc, kdc: &Kdc, now: Timestamp) -> Vec<String> {
    let options = kdc_options::FORWARDABLE | kdc_options::PROXIABLE | kdc_options::RENEWABLE;
    let their_tgt = login(|request| theirs.answer(request), options);
    let our_tgt = login(|request| ours(kdc, request), options);
    let mut differences = Vec::new();
    for (name, server, options, till) in [
        ("good", "postgres/db.test", 0, 600),
        ("another service", "mysql/db.test", 0, 600),
        ("all that the ticket has", "postgres/db.test", options, 600),
        ("longer than the ticket", "postgres/db.test", options, 86_400),
        ("forwarded", "krbtgt/CORP.EXAMPLE.COM", kdc_options::FORWARDED | kdc_options::FORWARDABLE, 600),
        ("proxy", "postgres/db.test", kdc_options::PROXY, 600),
        ("renewed for the last time", "krbtgt/CORP.EXAMPLE.COM", kdc_options::RENEW, 600),
        ("renewed", "krbtgt/CORP.EXAMPLE.COM", kdc_options::RENEW | kdc_options::RENEWABLE, 600),
        ("renewed into another", "postgres/db.test", kdc_options::RENEW, 600),
        ("canonicalized", "postgres/db.test", kdc_options::CANONICALIZE, 600),
    ] {
        let request = |tgt| {
            let till = now.offset_seconds(till);
            TgsRequest { server: Some(server), options, till, ..TgsRequest::good(tgt, now) }.octets()
        };
        let theirs = theirs.answer(&request(&their_tgt)).unwrap();
        let theirs = shape(&theirs, &their_tgt.key, usage::TGS_REP_SESSION_KEY);
        let ours = shape(&ours(kdc, &request(&our_tgt)).unwrap(), &our_tgt.key, usage::TGS_REP_SESSION_KEY);
        if theirs != ours {
            differences.push(format!("{name}:\n  MIT  {theirs}\n  ours {ours}"));
        }
    }
    differences
}
