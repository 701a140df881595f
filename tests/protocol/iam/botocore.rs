//! Tokens as botocore makes them, which is not ours: `botocore.json`, printed by `tests/support/iam-vectors`.

use shakedown::handshake::Timestamp;
use shakedown::iam::{AccessKey, Claims, Cluster, Credentials, Policy, Refusal, Verifier, make};

#[derive(serde::Deserialize)]
struct File {
    vectors: Vec<Vector>,
}

#[derive(serde::Deserialize)]
struct Vector {
    host: String,
    port: u16,
    region: String,
    user: String,
    time: String,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    token: String,
}

impl Vector {
    fn now(&self) -> Timestamp {
        let digits: String = self.time.chars().filter(char::is_ascii_digit).collect();
        Timestamp::from_generalized(format!("{digits}Z").as_bytes()).unwrap()
    }

    fn credentials(&self) -> Credentials {
        let credentials = Credentials::of_user(&self.access_key_id, &self.secret_access_key);
        match &self.session_token {
            Some(token) => credentials.with_session(token),
            None => credentials,
        }
    }

    fn verifier(&self) -> Verifier {
        let cluster = Cluster {
            region: self.region.clone(),
            account: "123456789012".to_owned(),
            resource: "cluster-ABC".to_owned(),
            hosts: vec![self.host.to_ascii_lowercase()],
        };
        let key = AccessKey { credentials: self.credentials(), ends: None, policy: Policy::of_everything() };
        let verifier = Verifier::new(cluster, [key]);
        verifier.listen_on(self.port);
        verifier
    }
}

fn vectors() -> Vec<Vector> {
    let file: File = serde_json::from_str(include_str!("botocore.json")).unwrap();
    assert_eq!(file.vectors.len(), 17);
    file.vectors
}

#[test]
fn our_tokens_are_botocores_octet_by_octet() {
    for vector in vectors() {
        let claims = Claims::new(&vector.host, vector.port, &vector.region, &vector.user, vector.now());
        let token = make(&claims, &vector.credentials());
        assert_eq!(String::from_utf8_lossy(token.octets()), vector.token);
    }
}

#[test]
fn a_token_of_botocores_is_taken_for_its_user_and_no_other_while_it_is_good() {
    for vector in vectors() {
        let (verifier, token) = (vector.verifier(), vector.token.as_bytes());
        let at = |seconds| verifier.verify(&vector.user, token, vector.now().offset_seconds(seconds));
        assert_eq!([at(0), at(900), at(901)], [Ok(()), Ok(()), Err(Refusal::Expired)], "{}", vector.token);
        assert_eq!(verifier.verify("mallory", token, vector.now()), Err(Refusal::User));
    }
}

#[test]
fn each_octet_of_botocores_tokens_counts() {
    // A change that a reader of URLs does not see: the case of a letter of the host or of an escape.
    let is_alike = |token: &[u8], at: usize| {
        let slash = token.iter().position(|&octet| octet == b'/').unwrap();
        at < slash || token[at.saturating_sub(2)..at].contains(&b'%')
    };
    for vector in vectors().iter().step_by(3) {
        let verifier = vector.verifier();
        let mut token = vector.token.clone().into_bytes();
        for at in 0..token.len() {
            let octet = token[at];
            for other in [octet ^ 0x20, octet ^ 1] {
                token[at] = other;
                let taken = verifier.verify(&vector.user, &token, vector.now()).is_ok();
                let same = octet.is_ascii_alphabetic() && other == octet ^ 0x20 && is_alike(&token, at);
                assert_eq!(taken, same, "octet {at} of {}", vector.token);
            }
            token[at] = octet;
        }
        for length in 0..token.len() {
            assert!(verifier.verify(&vector.user, &token[..length], vector.now()).is_err());
        }
    }
}
