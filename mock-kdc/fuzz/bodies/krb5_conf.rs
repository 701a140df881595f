//! krb5.conf: a client makes settings of any text, or says in which line it cannot.

use shakedown_krb5::krb5_conf::{ClientConfiguration, Profile};

pub(crate) fn check(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let Ok(profile) = Profile::parse("krb5.conf", &text) else { return };
    let _ = (profile.app_default_is_true("mysql", Some("R"), "destroy_tickets"), profile.subsections(&["realms"]));
    let Ok(configuration) = ClientConfiguration::new(profile) else { return };
    for realm in configuration.realms() {
        let _ = (configuration.kdcs(realm), configuration.primary_kdcs(realm), configuration.ticket_defaults(realm));
        assert!(configuration.path(realm, "OTHER").len() <= text.len() + 2, "a path that is longer than the file");
    }
    let _ = (configuration.realm_of_host("db.test"), configuration.needs_dns());
}
