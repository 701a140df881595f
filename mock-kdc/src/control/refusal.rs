//! What is answered to a request that cannot be served: a status, and `{"error": "…"}`.

use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

/// The largest body that is read, in octets.
const MAX_BODY: usize = 256 * 1024;

/// Why a request is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) problem: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, problem: impl Into<String>) -> Self {
        Self { status, problem: problem.into() }
    }

    /// What was written cannot be.
    pub(super) fn bad(problem: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, problem.to_string())
    }

    /// There is nothing of that name.
    pub(super) fn missing(problem: impl ToString) -> Self {
        Self::new(StatusCode::NOT_FOUND, problem.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &serde_json::json!({ "error": self.problem }));
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A response in JSON, on lines of its own for who reads it in a terminal.
pub(super) fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    let mut text = serde_json::to_string_pretty(value).expect("a Value is written without fail");
    text.push('\n');
    (status, [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], text).into_response()
}

/// The body of a request, in JSON whatever its content type says.
pub(super) struct Written<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Written<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let body = axum::body::to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| {
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a body of more than {MAX_BODY} octets"))
        })?;
        serde_json::from_slice(&body).map(Self).map_err(Refusal::bad)
    }
}
