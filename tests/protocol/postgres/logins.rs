//! Each method, right and wrong, with the exact trace on both sides.

use super::{Conversation, server};
use shakedown::postgres::{
    ChannelBinding, Cleartext, ClientSettings, Databases, GssEncMode, KerberosSettings, Secret, SslMode,
};

fn client(user: &str, password: &str, ssl_mode: SslMode) -> ClientSettings {
    ClientSettings {
        secret: Some(Secret::password(password)),
        ssl_mode,
        database: Some("app".to_owned()),
        ..ClientSettings::new(user)
    }
}

const TLS: &str = "TLS1.2 ECDHE-RSA-AES128-GCM-SHA256";
const END: &str = "auth-ok< parameter< ready<";

fn check(conversation: &Conversation, client: &str, server: &str, trace: &str) {
    assert_eq!(conversation.client(), client);
    assert_eq!(conversation.server(), server);
    assert_eq!(conversation.trace, trace);
    assert_eq!(conversation.server_trace, trace, "the server saw the same");
}

#[test]
fn scram_in_clear() {
    let scram = "startup> auth-request<(scram-sha-256) auth-data> auth-data< auth-data>";
    let hold = |password| {
        Conversation::hold(client("alice", password, SslMode::Disable), server(&["host all all scram-sha-256"]))
    };
    check(
        &hold("wonderland"),
        "established by password",
        "established by password",
        &format!("{scram} auth-data< {END}"),
    );
    check(
        &hold("looking-glass"),
        "refused by server: 28P01",
        "refused by server: 28P01 (wrong password)",
        &format!("{scram} error<(28P01)"),
    );
}

#[test]
fn scram_over_tls_binds_the_channel() {
    let conversation =
        Conversation::hold(client("alice", "wonderland", SslMode::Require), server(&["hostssl all all scram-sha-256"]));
    check(
        &conversation,
        &format!("established {TLS} by password"),
        &format!("established {TLS} by password"),
        &format!(
            "tls-request> tls-accept< startup> auth-request<(scram-sha-256) auth-data> auth-data< auth-data> auth-data< {END}"
        ),
    );
    let said = conversation.from_client.escape_ascii().to_string();
    assert!(said.contains("SCRAM-SHA-256-PLUS") && said.contains("p=tls-server-end-point"), "{said}");
}

#[test]
fn channel_binding_can_be_switched_off_and_required() {
    let hold = |channel_binding, ssl_mode, rules: &[&str]| {
        let settings = ClientSettings { channel_binding, ..client("alice", "wonderland", ssl_mode) };
        Conversation::hold(settings, server(rules))
    };
    let scram = ["host all all scram-sha-256"];
    let off = hold(ChannelBinding::Disable, SslMode::Require, &scram);
    assert_eq!(off.client(), format!("established {TLS} by password"));
    assert!(off.from_client.windows(3).any(|window| window == b"n,,"));
    let clear = hold(ChannelBinding::Require, SslMode::Disable, &scram);
    assert_eq!(clear.client(), "refused by client: channel_binding");
    assert_eq!(clear.server(), "refused by client: eof");
    for rule in ["host all all password", "host all all trust"] {
        let other = hold(ChannelBinding::Require, SslMode::Require, &[rule]);
        assert_eq!(other.client(), "refused by client: channel_binding", "{rule}");
    }
    let required = hold(ChannelBinding::Require, SslMode::Require, &scram);
    assert_eq!(required.client(), format!("established {TLS} by password"));
}

#[test]
fn cleartext_passwords() {
    let hold = |user, password| {
        Conversation::hold(client(user, password, SslMode::Disable), server(&["host all all password"]))
    };
    let trace = "startup> auth-request<(password) auth-data>";
    for user in ["alice", "maria"] {
        check(
            &hold(user, "wonderland"),
            "established by password",
            "established by password",
            &format!("{trace} {END}"),
        );
        check(
            &hold(user, "looking-glass"),
            "refused by server: 28P01",
            "refused by server: 28P01 (wrong password)",
            &format!("{trace} error<(28P01)"),
        );
    }
    check(
        &hold("nobody", "wonderland"),
        "refused by server: 28P01",
        "refused by server: 28P01 (no such role)",
        &format!("{trace} error<(28P01)"),
    );
}

#[test]
fn a_client_may_keep_its_secret_to_itself() {
    let hold = |cleartext, ssl_mode| {
        let settings = ClientSettings { cleartext, ..client("alice", "wonderland", ssl_mode) };
        let conversation = Conversation::hold(settings, server(&["host all all password"]));
        let told = conversation.from_client.windows(10).any(|window| window == b"wonderland");
        (conversation.client(), told)
    };
    let refused = ("refused by client: cleartext_forbidden".to_owned(), false);
    assert_eq!(hold(Cleartext::Encrypted, SslMode::Disable), refused);
    assert_eq!(hold(Cleartext::Encrypted, SslMode::Require), (format!("established {TLS} by password"), true));
    assert_eq!(hold(Cleartext::Allow, SslMode::Disable), ("established by password".to_owned(), true));
    assert!(!hold(Cleartext::Forbid, SslMode::Require).1);
}

#[test]
fn md5_passwords() {
    let hold =
        |user, password| Conversation::hold(client(user, password, SslMode::Disable), server(&["host all all md5"]));
    let trace = "startup> auth-request<(md5) auth-data>";
    check(
        &hold("maria", "wonderland"),
        "established by password",
        "established by password",
        &format!("{trace} {END}"),
    );
    check(
        &hold("maria", "looking-glass"),
        "refused by server: 28P01",
        "refused by server: 28P01 (wrong password)",
        &format!("{trace} error<(28P01)"),
    );
}

#[test]
fn the_rule_md5_asks_for_scram_where_the_role_has_no_md5_verifier() {
    let hold = |user, rule| Conversation::hold(client(user, "wonderland", SslMode::Disable), server(&[rule]));
    let alice = hold("alice", "host all all md5");
    assert!(alice.trace.contains("auth-request<(scram-sha-256)"), "{}", alice.trace);
    assert_eq!(alice.client(), "established by password");
    // And a role with an MD5 verifier cannot log in by SCRAM at all.
    let maria = hold("maria", "host all all scram-sha-256");
    assert_eq!(maria.client(), "refused by server: 28P01");
}

#[test]
fn a_role_that_does_not_exist_goes_through_the_whole_of_scram() {
    let hold = || Conversation::hold(client("nobody", "x", SslMode::Disable), server(&["host all all scram-sha-256"]));
    check(
        &hold(),
        "refused by server: 28P01",
        "refused by server: 28P01 (no such role)",
        "startup> auth-request<(scram-sha-256) auth-data> auth-data< auth-data> error<(28P01)",
    );
}

#[test]
fn trust_asks_for_nothing_and_the_role_must_exist() {
    let rules = ["host all all trust"];
    check(
        &Conversation::hold(client("kerberos", "", SslMode::Disable), server(&rules)),
        "established by trust",
        "established by trust",
        &format!("startup> {END}"),
    );
    check(
        &Conversation::hold(client("nobody", "", SslMode::Disable), server(&rules)),
        "refused by server: 28000",
        "refused by server: 28000",
        "startup> auth-ok< error<(28000)",
    );
    let mut locked = server(&rules);
    locked.accounts.get_mut("alice").unwrap().can_login = false;
    let locked = Conversation::hold(client("alice", "", SslMode::Disable), locked);
    assert_eq!(locked.client.unwrap().message.unwrap(), "role \"alice\" is not permitted to log in");
}

#[test]
fn a_database_that_does_not_exist_is_told_behind_authentication_ok() {
    let mut settings = server(&["host all all scram-sha-256"]);
    settings.databases = Databases::These(vec!["other".to_owned()]);
    check(
        &Conversation::hold(client("alice", "wonderland", SslMode::Disable), settings),
        "refused by server: 3D000",
        "refused by server: 3D000",
        "startup> auth-request<(scram-sha-256) auth-data> auth-data< auth-data> auth-data< auth-ok< error<(3D000)",
    );
}

#[test]
fn a_connection_without_a_rule_is_refused_with_its_protection_in_the_text() {
    let hold = |ssl_mode, rule: &str| {
        let outcome = Conversation::hold(client("alice", "wonderland", ssl_mode), server(&[rule])).client.unwrap();
        (outcome.code.unwrap().into_owned(), outcome.message.unwrap())
    };
    assert_eq!(
        hold(SslMode::Disable, "hostssl all all trust"),
        (
            "28000".to_owned(),
            "no pg_hba.conf entry for host \"127.0.0.1\", user \"alice\", database \"app\", no encryption".to_owned()
        )
    );
    assert!(hold(SslMode::Require, "hostnossl all all trust").1.ends_with(", SSL encryption"));
    assert_eq!(
        hold(SslMode::Disable, "host all all reject").1,
        "pg_hba.conf rejects connection for host \"127.0.0.1\", user \"alice\", database \"app\", no encryption"
    );
}

#[test]
fn a_client_without_a_secret_leaves() {
    let settings = ClientSettings { ssl_mode: SslMode::Disable, ..ClientSettings::new("maria") };
    for (rule, method) in [("password", "password"), ("md5", "md5"), ("scram-sha-256", "scram-sha-256")] {
        check(
            &Conversation::hold(settings.clone(), server(&[&format!("host all all {rule}")])),
            "refused by client: no_password",
            "refused by client: eof",
            &format!("startup> auth-request<({method})"),
        );
    }
}

#[test]
fn sslmode_decides_what_a_refusal_of_tls_means() {
    let hold = |ssl_mode| {
        let mut settings = server(&["host all all trust"]);
        settings.tls = false;
        Conversation::hold(client("alice", "", ssl_mode), settings)
    };
    check(
        &hold(SslMode::Prefer),
        "established by trust",
        "established by trust",
        &format!("tls-request> tls-refuse< startup> {END}"),
    );
    check(&hold(SslMode::Allow), "established by trust", "established by trust", &format!("startup> {END}"));
    for mode in [SslMode::Require, SslMode::VerifyCa, SslMode::VerifyFull] {
        check(&hold(mode), "refused by client: tls_refused", "refused by client: eof", "tls-request> tls-refuse<");
    }
}

#[test]
fn gssencmode_decides_what_a_refusal_of_gss_means() {
    let hold = |gss_enc_mode, kerberos| {
        let settings = ClientSettings { gss_enc_mode, kerberos, ..client("alice", "wonderland", SslMode::Prefer) };
        Conversation::hold(settings, server(&["host all all trust"]))
    };
    let ticket = || Some(KerberosSettings::new("db.test"));
    let tls = format!("tls-request> tls-accept< startup> {END}");
    let established = format!("established {TLS} by trust");
    check(&hold(GssEncMode::Prefer, None), &established, &established, &tls);
    check(&hold(GssEncMode::Disable, ticket()), &established, &established, &tls);
    check(
        &hold(GssEncMode::Prefer, ticket()),
        &established,
        &established,
        &format!("gssenc-request> gssenc-refuse< {tls}"),
    );
    check(
        &hold(GssEncMode::Require, ticket()),
        "refused by client: gss_refused",
        "refused by client: eof",
        "gssenc-request> gssenc-refuse<",
    );
    check(&hold(GssEncMode::Require, None), "refused by client: no_ticket", "refused by client: eof", "");
}

#[test]
fn a_settings_error_comes_behind_authentication_ok() {
    let hold = |name: &str, value: &str| {
        let parameters = vec![(name.to_owned(), value.to_owned())];
        let settings = ClientSettings { parameters, ..client("alice", "", SslMode::Disable) };
        let conversation = Conversation::hold(settings, server(&["host all all trust"]));
        (conversation.client(), conversation.trace)
    };
    let refused = |code: &str| (format!("refused by server: {code}"), format!("startup> auth-ok< error<({code})"));
    assert_eq!(hold("foo", "1"), refused("42704"));
    assert_eq!(hold("DateStyle", "bogus"), refused("22023"));
    assert_eq!(hold("options", "-z"), refused("42601"));
    assert_eq!(hold("options", "-c geqo=off").0, "established by trust");
}

/// Texts and order as PostgreSQL 15.20 has them for a role without the attribute.
#[test]
fn a_role_that_may_not_replicate_is_told_so() {
    let hold = |replication: &str, rule: &str| {
        let parameters = vec![("replication".to_owned(), replication.to_owned())];
        let settings = ClientSettings { parameters, ..client("alice", "", SslMode::Disable) };
        let outcome = Conversation::hold(settings, server(&[rule])).client.unwrap();
        (outcome.code.unwrap_or_default().into_owned(), outcome.message.unwrap_or_default())
    };
    let told = |code: &str, message: &str| (code.to_owned(), message.to_owned());
    let refused = told("42501", "must be superuser or replication role to start walsender");
    assert_eq!(hold("database", "host all all trust"), refused);
    assert_eq!(hold("true", "host replication alice trust"), refused);
    let host = "host \"127.0.0.1\", user \"alice\", no encryption";
    let no_entry = format!("no pg_hba.conf entry for replication connection from {host}");
    assert_eq!(hold("true", "host all all trust"), told("28000", &no_entry));
    let rejected = format!("pg_hba.conf rejects replication connection for {host}");
    assert_eq!(hold("true", "host replication all reject"), told("28000", &rejected));
    assert_eq!(hold("off", "host all all trust"), told("", ""));
}

#[test]
fn an_iam_token_is_judged_by_somebody_else() {
    use shakedown::handshake::Timestamp;
    use shakedown::postgres::TokenCheck;
    use std::sync::Arc;
    #[derive(Debug)]
    struct Only;
    impl TokenCheck for Only {
        fn check(&self, user: &str, token: &[u8], _now: Timestamp) -> Result<(), std::borrow::Cow<'static, str>> {
            if user == "alice" && token == b"token" { Ok(()) } else { Err("signature".into()) }
        }
    }
    let hold = |token: &str| {
        let settings = ClientSettings { secret: Some(Secret::token(token)), ..client("alice", "", SslMode::Disable) };
        let mut server = server(&["host all all pam"]);
        server.tokens = Some(Arc::new(Only));
        Conversation::hold(settings, server)
    };
    assert_eq!(
        (hold("token").client(), hold("token").server()),
        ("established by iam".into(), "established by iam".into())
    );
    let wrong = hold("other");
    assert_eq!(wrong.server(), "refused by server: 28000 (signature)");
    assert_eq!(wrong.client.unwrap().message.unwrap(), "PAM authentication failed for user \"alice\"");
}
