//! Signature Version 4 of a GET without a body: canonical request, string to sign, signing key.

use super::uri::encode;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// The one algorithm.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What ends a scope.
pub(super) const TERMINATOR: &str = "aws4_request";

/// For what a signature is good: `20150830/us-east-1/rds-db/aws4_request`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub date: String,
    pub region: String,
    pub service: String,
    pub terminator: String,
}

impl Scope {
    pub(super) fn text(&self) -> String {
        let Self { date, region, service, terminator } = self;
        format!("{date}/{region}/{service}/{terminator}")
    }
}

/// What is signed.
pub(super) struct Signed<'a> {
    pub algorithm: &'a str,
    /// `20150830T123600Z`.
    pub date: &'a str,
    pub scope: &'a Scope,
    pub path: &'a str,
    /// Decoded names and values, without the signature.
    pub parameters: &'a [(String, String)],
    /// The headers, each with its value: `host`.
    pub headers: &'a [(&'a str, String)],
    /// `X-Amz-SignedHeaders`.
    pub signed_headers: &'a str,
}

impl Signed<'_> {
    /// The signature in lower-case hexadecimal.
    pub(super) fn signature(&self, secret_access_key: &str) -> String {
        let key = signing_key(secret_access_key, self.scope);
        hexadecimal(&*mac(&*key, self.string_to_sign().as_bytes()))
    }

    fn string_to_sign(&self) -> String {
        let Self { algorithm, date, scope, .. } = self;
        let request = hexadecimal(&Sha256::digest(self.canonical_request().as_bytes()));
        format!("{algorithm}\n{date}\n{}\n{request}", scope.text())
    }

    fn canonical_request(&self) -> String {
        let Self { path, signed_headers, .. } = self;
        let mut query: Vec<_> = self.parameters.iter().map(|(name, value)| (encode(name), encode(value))).collect();
        query.sort();
        let query: Vec<_> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let body = hexadecimal(&Sha256::digest(b""));
        format!("GET\n{path}\n{}\n{headers}\n{signed_headers}\n{body}", query.join("&"))
    }
}

/// The value of the header `host` for an authority: in lower case, and without the port that https has by itself.
pub(super) fn host_header(host: &str, port: &str) -> String {
    let host = host.to_ascii_lowercase();
    if port == "443" { host } else { format!("{host}:{port}") }
}

fn signing_key(secret_access_key: &str, scope: &Scope) -> Zeroizing<[u8; 32]> {
    let secret = Zeroizing::new(format!("AWS4{secret_access_key}"));
    let parts = [&scope.date, &scope.region, &scope.service, &scope.terminator];
    let [first, rest @ ..] = parts;
    rest.into_iter().fold(mac(secret.as_bytes(), first.as_bytes()), |key, part| mac(&*key, part.as_bytes()))
}

fn mac(key: &[u8], message: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut text, octet| {
        // Writing to a string does not fail.
        _ = write!(text, "{octet:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AWS General Reference, "Examples of how to derive a signing key for Signature Version 4".
    #[test]
    fn the_signing_key_is_that_of_the_published_example() {
        let scope = Scope {
            date: "20120215".to_owned(),
            region: "us-east-1".to_owned(),
            service: "iam".to_owned(),
            terminator: TERMINATOR.to_owned(),
        };
        let key = signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", &scope);
        assert_eq!(hexadecimal(&*key), "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
    }

    #[test]
    fn the_default_port_of_https_is_not_part_of_the_host() {
        assert_eq!(host_header("DB.Example", "443"), "db.example");
        assert_eq!(host_header("DB.Example", "3306"), "db.example:3306");
    }
}
