//! `shakedown token`: an IAM token for one login.

use crate::cli::print;
use crate::error::{Error, exit};
use crate::handshake::Timestamp;
use crate::iam::{Claims, Credentials, make};
use clap::Args;
use std::time::SystemTime;
use zeroize::Zeroizing;

/// Arguments of `token`. Access keys come from the environment, where other processes of other users do not see them.
#[derive(Debug, Args)]
pub(super) struct TokenArguments {
    /// The endpoint that is to be connected to
    #[arg(long)]
    host: String,
    /// Its port
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// The database user
    #[arg(long)]
    user: String,
    /// The region of the cluster [default: AWS_REGION or AWS_DEFAULT_REGION]
    #[arg(long)]
    region: Option<String>,
}

/// Prints a token that is good for 15 minutes, and nothing else, to standard output.
pub(super) fn token(arguments: TokenArguments) -> Result<u8, Error> {
    let TokenArguments { host, port, user, region } = arguments;
    let region = region
        .filter(|region| !region.is_empty())
        .or_else(|| variable("AWS_REGION"))
        .or_else(|| variable("AWS_DEFAULT_REGION"));
    let region = region.ok_or_else(|| missing("no region: --region, AWS_REGION or AWS_DEFAULT_REGION"))?;
    let id = variable("AWS_ACCESS_KEY_ID").ok_or_else(|| missing("no access key: AWS_ACCESS_KEY_ID is not set"))?;
    let secret = variable("AWS_SECRET_ACCESS_KEY").map(Zeroizing::new);
    let secret = secret.ok_or_else(|| missing("no access key: AWS_SECRET_ACCESS_KEY is not set"))?;
    let credentials = Credentials::of_user(id, secret.as_str());
    let credentials = match variable("AWS_SESSION_TOKEN").map(Zeroizing::new) {
        Some(session) => credentials.with_session(session.as_str()),
        None => credentials,
    };
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let claims = Claims::new(host, port, region, user, Timestamp::EPOCH + since_epoch);
    let token = make(&claims, &credentials);
    let text = Zeroizing::new(format!("{}\n", String::from_utf8_lossy(token.octets())));
    print(&text)?;
    Ok(exit::SUCCESS)
}

/// A variable of the environment, as AWS's tools name them; an empty one is not set.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn missing(what: &str) -> Error {
    Error::Usage(what.to_owned())
}
