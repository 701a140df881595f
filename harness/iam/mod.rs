//! IAM database authentication: tokens that are made from an access key, and what a cluster makes of them. No input or output.
//!
//! A token is a pre-signed URL of the service `rds-db` without its scheme, signed by AWS Signature Version 4:
//!
//! ```text
//! HOST:PORT/?Action=connect&DBUser=USER
//!   &X-Amz-Algorithm=AWS4-HMAC-SHA256
//!   &X-Amz-Credential=ACCESS_KEY_ID%2FYYYYMMDD%2FREGION%2Frds-db%2Faws4_request
//!   &X-Amz-Date=YYYYMMDDTHHMMSSZ&X-Amz-Expires=900&X-Amz-SignedHeaders=host
//!  [&X-Amz-Security-Token=SESSION]&X-Amz-Signature=HEX
//! ```
//!
//! [`Claims`] are what a token says, [`make`] signs them for a client, [`Verifier`] is the cluster's side. What a client can be
//! asked to do wrong is a [`Departure`], what a cluster can be asked to overlook a [`Deviation`].
//!
//! Sources: AWS General Reference, "Signature Version 4 signing process" and "Authenticating requests: using query parameters";
//! Aurora User Guide, "IAM database authentication". What these leave open is as botocore does it (`tests/support/iam-vectors`).

mod cluster;
mod credentials;
mod departure;
mod deviation;
mod make;
mod policy;
mod refusal;
mod signature;
mod throttle;
mod token;
mod uri;
mod verify;

pub use cluster::{AccessKey, Cluster};
pub use credentials::Credentials;
pub use departure::{Departure, Form};
pub use deviation::Deviation;
pub use make::{Claims, make, make_departing};
pub use policy::Policy;
pub use refusal::Refusal;
pub use throttle::Throttle;
pub use token::MAX_OCTETS;
pub use verify::Verifier;

/// The service that tokens are for.
pub const SERVICE: &str = "rds-db";

/// The longest that a token can be good for, in seconds: fifteen minutes.
pub const LIFETIME_SECONDS: u32 = 900;

/// How far ahead of the cluster's clock the clock of whoever made a token may be, in seconds.
pub const SKEW_SECONDS: i64 = 300;
