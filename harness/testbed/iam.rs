//! Access keys of a run, the clusters that know them, and the tokens that clients make with them.

use crate::handshake::{Secret, Timestamp};
use crate::iam::{self, AccessKey, Claims, Cluster, Credentials, Departure, Deviation, Throttle, Verifier};
use crate::scenario::party::{self, Password, Principal, ServerIam, Token};
use crate::testbed::attempt::Dialled;
use crate::testbed::materials::Materials;
use std::time::Duration;

/// The cluster of a mock, if it has IAM.
pub(super) fn verifier(server: &party::Server, materials: &Materials) -> Option<Verifier> {
    let planned = server.iam.as_ref()?;
    let ServerIam { region, account, resource, endpoints, keys, throttle } = planned;
    let cluster = Cluster {
        region: region.clone(),
        account: account.clone(),
        resource: resource.clone(),
        hosts: endpoints.clone(),
    };
    let began = materials.clock().base();
    let keys = keys.iter().map(|(name, key)| AccessKey {
        credentials: credentials(name, key.of == Principal::Role, materials),
        ends: key.ends_seconds.map(|seconds| began.offset_seconds(seconds)),
        policy: key.policy.clone(),
    });
    let deviations = server.deviations.iter().filter_map(|word| word.parse::<Deviation>().ok()).collect();
    let verifier = Verifier::new(cluster, keys).deviating(deviations);
    Some(match throttle {
        Some(limit) => {
            let within = Duration::from_secs(u64::from(limit.within_seconds));
            verifier.throttled(Throttle::new(limit.logins as usize, within))
        }
        None => verifier,
    })
}

/// What a client has in place of a password, at `now` of its clock.
pub(super) fn token(client: &party::Client, dialled: Dialled<'_>, now: Timestamp, materials: &Materials) -> Secret {
    let Token { key, session, host, port, region, service, user, made_seconds, expires, form } = &client.token;
    let mut claims = Claims::new(
        host.as_deref().unwrap_or(dialled.host),
        port.unwrap_or(dialled.address.port()),
        region.as_str(),
        user.as_deref().unwrap_or(&client.login),
        now.offset_seconds(*made_seconds),
    );
    if let Some(service) = service {
        claims.service.clone_from(service);
    }
    if let Some(expires) = expires {
        claims.expires.clone_from(expires);
    }
    let departures: Vec<_> = client.deviations.iter().filter_map(|word| word.parse::<Departure>().ok()).collect();
    iam::make_departing(&claims, &credentials(key, *session, materials), *form, &departures, now)
}

/// What a mock is to do wrong apart from tokens.
pub(super) fn protocol_deviations(server: &party::Server) -> impl Iterator<Item = &str> {
    server.deviations.iter().map(String::as_str).filter(|word| word.parse::<Deviation>().is_err())
}

/// The access key of that name, the same for the whole run.
fn credentials(name: &str, has_session: bool, materials: &Materials) -> Credentials {
    let secret = |part: &str| materials.secrets().value(&Password::Named(format!("iam/{name}/{part}")));
    let prefix = if has_session { "ASIA" } else { "AKIA" };
    let id = secret("id").chars().take(16).collect::<String>().to_ascii_uppercase();
    let credentials = Credentials::of_user(format!("{prefix}{id}"), secret("secret").as_str());
    if has_session {
        // As long as those of STS, with the characters of base64 that have to be escaped.
        let session = secret("session").repeat(30);
        return credentials.with_session(format!("{session}/+=="));
    }
    credentials
}
