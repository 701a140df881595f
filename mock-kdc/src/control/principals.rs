//! Principals and their keys.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::Controlled;
use super::entries::{Added, Change, NewKeys, NewPrincipal};
use super::refusal::{Refusal, Written, json as reply};
use crate::administration::PrincipalState;
use crate::random::SystemRandom;

type Answered = Result<Response, Refusal>;

pub(super) async fn list(State(controlled): State<Controlled>) -> Response {
    let states: Vec<_> = controlled.kdc().principals(now_seconds()).iter().map(told).collect();
    reply(StatusCode::OK, &json!(states))
}

pub(super) async fn show(State(controlled): State<Controlled>, Path(name): Path<String>) -> Answered {
    let state = controlled.kdc().principal_state(&name, now_seconds()).map_err(Refusal::missing)?;
    Ok(reply(StatusCode::OK, &told(&state)))
}

pub(super) async fn add(State(controlled): State<Controlled>, Written(entry): Written<NewPrincipal>) -> Answered {
    let (name, added) = (entry.name.clone(), entry.read()?);
    let kdc = Arc::clone(controlled.kdc());
    // Making keys of a password takes long by design.
    apart(move || {
        let made = match added {
            Added::User(user) => kdc.add_user(&user),
            Added::Service(service) => kdc.add_service(&service, &mut SystemRandom),
        };
        made.map_err(Refusal::bad)?;
        let state = kdc.principal_state(&name, now_seconds()).map_err(Refusal::missing)?;
        Ok(reply(StatusCode::CREATED, &told(&state)))
    })
    .await
}

pub(super) async fn change(
    State(controlled): State<Controlled>,
    Path(name): Path<String>,
    Written(change): Written<Change>,
) -> Answered {
    for alteration in change.read()? {
        controlled.kdc().alter(&name, alteration).map_err(Refusal::missing)?;
    }
    show(State(controlled), Path(name)).await
}

pub(super) async fn remove(
    State(controlled): State<Controlled>,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    controlled.kdc().remove(&name).map_err(Refusal::missing)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn rotate(
    State(controlled): State<Controlled>,
    Path(name): Path<String>,
    Written(keys): Written<NewKeys>,
) -> Answered {
    let rotation = keys.rotation()?;
    let kdc = Arc::clone(controlled.kdc());
    apart(move || {
        let kvno = match &keys.password {
            Some(password) => kdc.set_password(&name, password, rotation),
            None => kdc.rotate_service_key(&name, rotation, &mut SystemRandom),
        };
        Ok(reply(StatusCode::OK, &json!({ "kvno": kvno.map_err(Refusal::missing)? })))
    })
    .await
}

/// A keytab, in octets.
pub(super) async fn keytab(State(controlled): State<Controlled>, Path(name): Path<String>) -> Answered {
    let timestamp = u32::try_from(now_seconds()).unwrap_or(u32::MAX);
    let keytab = controlled.kdc().keytab(&name, timestamp).map_err(Refusal::missing)?;
    let octets = keytab.write().map_err(Refusal::bad)?;
    let headers = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, octets).into_response())
}

/// Runs what takes long where it holds up no connection.
async fn apart(work: impl FnOnce() -> Answered + Send + 'static) -> Answered {
    let failed = |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the work was not finished");
    tokio::task::spawn_blocking(work).await.map_err(failed)?
}

fn told(state: &PrincipalState) -> Value {
    let seconds = |time: Option<shakedown_krb5::Timestamp>| time.map(shakedown_krb5::Timestamp::seconds);
    let keys: Vec<_> = state
        .keys
        .iter()
        .map(|(kvno, etypes)| json!({ "kvno": kvno, "etypes": etypes.iter().map(|e| e.name()).collect::<Vec<_>>() }))
        .collect();
    json!({
        "name": state.name,
        "kind": state.kind.word(),
        "keys": keys,
        "preauth": state.preauth.word(),
        "disabled": state.disabled,
        "locked_out": state.locked_out,
        "valid_from": seconds(state.valid_from),
        "expires": seconds(state.expires),
        "password_expires": seconds(state.password_expires),
        "must_change_password": state.must_change_password,
    })
}

fn now_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
