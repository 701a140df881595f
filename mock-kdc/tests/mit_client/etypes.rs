//! Each encryption type as that of the reply, of the session key and of the ticket.

use crate::world::{ETYPES, PASSWORD, in_each_flavor, service_of, shown};

#[test]
fn each_encryption_type_logs_in_and_gets_a_service_ticket() {
    for etype in ETYPES {
        let name = etype.name();
        let settings = format!("    permitted_enctypes = {name}\n    default_tkt_enctypes = {name}");
        in_each_flavor(&settings, |world| {
            world.kinit(&["alice"], PASSWORD).succeeds();
            world.kvno(&["postgres/db.test"]).succeeds();
            // The client's settings decide about session keys; the first key of a service about its tickets.
            let tickets: Vec<_> = world.cache().tickets().map(|ticket| ticket.key.etype).collect();
            assert_eq!(tickets, [etype.number(); 2], "{name}");
            let listed = world.run("klist", &["-e"], "");
            let line = format!("Etype (skey, tkt): {}, aes256-cts-hmac-sha1-96", shown(etype));
            assert_eq!(listed.succeeds().text.matches(&line).count(), 2, "{}", listed.text);
            // In between, a reply with a PAC may be too long for a datagram.
            let trace = world.trace();
            assert!(trace.starts_with("as-req krb-error as-req "), "{trace}");
            assert!(trace.ends_with(" as-req as-rep tgs-req tgs-rep"), "{trace}");
        });
    }
}

#[test]
fn a_service_of_each_encryption_type_has_tickets_of_it_that_its_keytab_opens() {
    let all = ETYPES.map(|etype| etype.name()).join(" ");
    in_each_flavor(&format!("    permitted_enctypes = {all}"), |world| {
        for etype in ETYPES {
            world.kinit(&["alice"], PASSWORD).succeeds();
            let service = service_of(etype);
            let keytab = world.write_keytab(&service);
            world.kvno(&["-k", &keytab, &service]).succeeds().says("keytab entry valid");
            let line = format!("Etype (skey, tkt): {0}, {0}", shown(etype));
            world.run("klist", &["-e"], "").succeeds().says(&line);
            world.run("klist", &["-k", "-e", &keytab], "").succeeds().says(&format!("({})", shown(etype)));
            // Active Directory's say who the client is, whatever they are encrypted with.
            let authorization = world.opened(&service).authorization_data;
            assert_eq!(authorization.is_some(), world.is_ad(), "{service}");
        }
    });
}

#[test]
fn an_encryption_type_that_the_realm_does_not_have_is_refused() {
    in_each_flavor("    permitted_enctypes = camellia256-cts-cmac", |world| {
        world.kinit(&["alice"], PASSWORD).fails_with("KDC has no support for encryption type");
    });
}
