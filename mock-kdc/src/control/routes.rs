//! Which path and method does what.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use super::refusal::{Refusal, Written, json as reply};
use super::{Controlled, Token, events, principals, prometheus};
use crate::deviation::Deviation;
use crate::fault::{Rule, RuleState};

/// How long an answer may take, with the body of the request.
const ANSWER: Duration = Duration::from_secs(30);
/// How many rules there may be.
const MAX_RULES: usize = 1000;

/// The paths, as an error tells them.
const PATHS: &str = "/health, /principals, /principals/NAME, /keys/NAME, /keytab/NAME, /clock, /rules, /rules/NUMBER, \
                     /deviations, /log, /metrics";

type Answered = Result<Response, Refusal>;

pub(super) fn router(controlled: Controlled, token: Token) -> Router {
    let token = Arc::new(token);
    Router::new()
        .route("/health", get(health))
        .route("/principals", get(principals::list).post(principals::add))
        .route("/principals/{*name}", get(principals::show).patch(principals::change).delete(principals::remove))
        .route("/keys/{*name}", post(principals::rotate))
        .route("/keytab/{*name}", get(principals::keytab))
        .route("/clock", get(clock).put(set_clock))
        .route("/rules", get(rules).put(set_rules).post(add_rule).delete(remove_rules))
        .route("/rules/{number}", axum::routing::delete(remove_rule))
        .route("/deviations", get(deviations).put(set_deviations))
        .route("/log", get(log))
        .route("/metrics", get(metrics))
        .fallback(|| async { Refusal::missing(format!("no such path, expected one of {PATHS}")) })
        .method_not_allowed_fallback(|request: Request| async move {
            let problem = format!("{} has no method {}", request.uri().path(), request.method());
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, problem)
        })
        .layer(middleware::from_fn(move |request, next| guard(Arc::clone(&token), request, next)))
        .with_state(controlled)
}

/// Lets in who has the token, and nobody for too long.
async fn guard(token: Arc<Token>, request: Request, next: Next) -> Response {
    let is_in = |request: &Request| {
        let header = request.headers().get(header::AUTHORIZATION);
        header.is_some_and(|header| token.is_in(header.as_bytes()))
    };
    if request.uri().path() != "/health" && !is_in(&request) {
        let problem = "expected the header 'Authorization: Bearer TOKEN', with the token that was made at start";
        return Refusal::new(StatusCode::UNAUTHORIZED, problem).into_response();
    }
    match tokio::time::timeout(ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::new(StatusCode::REQUEST_TIMEOUT, "the request took too long").into_response(),
    }
}

async fn health() -> Response {
    reply(StatusCode::OK, &json!({ "status": "ok" }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    offset_seconds: i64,
}

async fn clock(State(controlled): State<Controlled>) -> Response {
    reply(StatusCode::OK, &json!({ "offset_seconds": controlled.kdc().clock_offset() }))
}

async fn set_clock(state: State<Controlled>, Written(clock): Written<Clock>) -> Response {
    state.kdc().set_clock_offset(clock.offset_seconds);
    self::clock(state).await
}

async fn rules(State(controlled): State<Controlled>) -> Response {
    let rules: Vec<_> = controlled.kdc().rules().iter().map(rule).collect();
    reply(StatusCode::OK, &json!(rules))
}

fn rule(state: &RuleState) -> serde_json::Value {
    let RuleState { id, rule, seen, applied } = state;
    json!({ "number": id, "rule": &**rule, "seen": seen, "applied": applied })
}

async fn set_rules(state: State<Controlled>, Written(rules): Written<Vec<Rule>>) -> Answered {
    if rules.len() > MAX_RULES {
        return Err(Refusal::bad(format!("{} rules, expected at most {MAX_RULES}", rules.len())));
    }
    state.kdc().set_rules(rules);
    Ok(self::rules(state).await)
}

async fn add_rule(State(controlled): State<Controlled>, Written(rule): Written<Rule>) -> Answered {
    if controlled.kdc().rules().len() >= MAX_RULES {
        return Err(Refusal::bad(format!("there are {MAX_RULES} rules, expected at most as many")));
    }
    let number = controlled.kdc().add_rule(rule);
    Ok(reply(StatusCode::CREATED, &json!({ "number": number })))
}

async fn remove_rules(State(controlled): State<Controlled>) -> StatusCode {
    controlled.kdc().set_rules(Vec::new());
    StatusCode::NO_CONTENT
}

async fn remove_rule(State(controlled): State<Controlled>, Path(number): Path<String>) -> Result<StatusCode, Refusal> {
    let unknown = || Refusal::missing(format!("no rule of number '{number}'"));
    let id = number.parse().map_err(|_| unknown())?;
    if controlled.kdc().remove_rule(id) { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviations {
    deviations: Vec<String>,
}

async fn deviations(State(controlled): State<Controlled>) -> Response {
    let known = Deviation::ALL.map(|deviation| {
        let demand = format!("{:?}", deviation.demand()).to_lowercase();
        json!({ "name": deviation.name(), "clause": deviation.clause(), "clients": demand, "what": deviation.what() })
    });
    let names: Vec<_> = controlled.kdc().deviations().into_iter().map(Deviation::name).collect();
    reply(StatusCode::OK, &json!({ "deviations": names, "known": known.as_slice() }))
}

async fn set_deviations(State(controlled): State<Controlled>, Written(written): Written<Deviations>) -> Answered {
    let deviations: Vec<Deviation> =
        written.deviations.iter().map(|name| name.parse()).collect::<Result<_, _>>().map_err(Refusal::bad)?;
    controlled.kdc().set_deviations(&deviations);
    let names: Vec<_> = deviations.into_iter().map(Deviation::name).collect();
    Ok(reply(StatusCode::OK, &json!({ "deviations": names })))
}

async fn log(State(controlled): State<Controlled>, RawQuery(query): RawQuery) -> Answered {
    let window = events::Window::read(query.as_deref().unwrap_or_default())?;
    Ok(reply(StatusCode::OK, &events::read(controlled.responder.log(), window)))
}

async fn metrics(State(controlled): State<Controlled>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], prometheus::text(&controlled))
        .into_response()
}
