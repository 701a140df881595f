//! What PostgreSQL cannot play of what a plan asks for.

use super::programs::Programs;
use crate::scenario::party::{self, HbaMethod, Proof, TlsProvider};
use crate::scenario::plan::Case;

/// The engine line that it stands for.
const LINE: &str = "aurora-postgresql";

/// Why a case cannot be played, if so.
pub(super) fn lacks(programs: &Programs, _: &Case, server: &party::Server) -> Option<String> {
    let short = format!("postgres {}", programs.major);
    let profile = &server.profile;
    if profile.line != LINE || profile.version.to_string().split('.').next() != Some(programs.major.as_str()) {
        return Some(format!("{short} does not play {profile}"));
    }
    let asks_for_tokens = server.accounts.values().any(|account| account.proofs.contains(&Proof::Iam))
        || server.hba.iter().any(|line| line.method == HbaMethod::Pam);
    if asks_for_tokens {
        return Some(format!("{short} checks no IAM tokens"));
    }
    match &server.tls {
        Some(_) if !programs.tls => return Some(format!("this {short} was built without TLS")),
        Some(tls) if tls.provider != TlsProvider::OpenSsl => {
            return Some(format!("{short} does TLS with OpenSSL only"));
        }
        Some(_) | None => {}
    }
    if server.kerberos.is_some() && !programs.gss {
        return Some(format!("this {short} was built without GSS-API"));
    }
    None
}
