//! Realms of ours with trust between them, and our client walking through them in memory.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use mock_kdc::{Kdc, Realm, SystemRandom, Trust, User};
use shakedown_krb5::client::{Action, AsExchange, AsSettings, KerberosFailure, Secret, TgsExchange, TgsSettings};
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::transited::Capaths;
use shakedown_krb5::{Credential, Principal, Timestamp};

pub(crate) const PASSWORD: &str = "correct horse";
/// What realms share: the password of a trust is this and both names.
pub(crate) const SHARED: &str = "trust me";
pub(crate) const SERVICE: &str = "service";

/// The directory and the on-premises realm, which it trusts.
pub(crate) const DIR: &str = "DIR.TEST";
pub(crate) const ONPREM: &str = "ONPREM.TEST";

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}

pub(crate) fn principal(name: &str) -> Principal {
    name.parse().unwrap()
}

/// A realm with user `alice` and service `postgres/db.REALM`, whose key is that of a password, so that tests can look
/// into tickets.
pub(crate) fn realm(name: &str, trusts: &[&str], trusted_by: &[&str]) -> Realm {
    let mut realm = Realm::new(name);
    realm.etypes = vec![Etype::Aes256Sha1];
    realm.users = vec![User::new("alice", PASSWORD), User::new(&service(name), SERVICE)];
    realm.domains = vec![host(name)];
    realm.trusts.trusts = trusts.iter().map(|there| Trust::by_password(there, SHARED)).collect();
    realm.trusts.trusted_by = trusted_by.iter().map(|there| Trust::by_password(there, SHARED)).collect();
    realm
}

pub(crate) fn host(realm: &str) -> String {
    format!("db.{}", realm.to_lowercase())
}

pub(crate) fn service(realm: &str) -> String {
    format!("postgres/{}", host(realm))
}

/// The directory, which trusts the on-premises realm; made once.
pub(crate) fn one_way() -> Realms {
    static REALMS: OnceLock<Realms> = OnceLock::new();
    REALMS.get_or_init(|| Realms::new([realm(DIR, &[ONPREM], &[]), realm(ONPREM, &[], &[DIR])])).fork()
}

/// KDCs by the names of their realms.
pub(crate) struct Realms(BTreeMap<String, Kdc>);

impl Realms {
    pub(crate) fn new(realms: impl IntoIterator<Item = Realm>) -> Self {
        let kdc = |realm: Realm| (realm.name.clone(), Kdc::new(&realm, &mut SystemRandom).unwrap());
        Self(realms.into_iter().map(kdc).collect())
    }

    fn fork(&self) -> Self {
        Self(self.0.iter().map(|(name, kdc)| (name.clone(), kdc.fork())).collect())
    }

    pub(crate) fn kdc(&self, realm: &str) -> &Kdc {
        &self.0[realm]
    }

    /// Asks whoever is in place of a realm's KDC. A realm without one does not answer.
    pub(crate) fn answer(&self, realm: &[u8], request: &[u8]) -> Option<Vec<u8>> {
        let kdc = self.0.get(std::str::from_utf8(realm).unwrap())?;
        kdc.answer(request, now(), &mut SystemRandom).octets
    }

    pub(crate) fn login(&self, client: &str) -> Result<Credential, KerberosFailure> {
        login(client, |realm, request| self.answer(realm, request))
    }

    /// A user's ticket for a service, and the names of the realms that were asked for it.
    pub(crate) fn ticket(&self, client: &str, service: &str) -> Result<(Credential, String), KerberosFailure> {
        let tgt = self.login(client)?;
        ticket(tgt, service, &Capaths::default(), |realm, request| self.answer(realm, request))
    }
}

pub(crate) fn login(
    client: &str,
    answer: impl FnMut(&[u8], &[u8]) -> Option<Vec<u8>>,
) -> Result<Credential, KerberosFailure> {
    let mut exchange = AsExchange::new(AsSettings::new(principal(client), Secret::password(PASSWORD)));
    play(answer, |reply| exchange.next(reply, now(), &mut SystemRandom))
}

pub(crate) fn ticket(
    tgt: Credential,
    service: &str,
    paths: &Capaths,
    mut answer: impl FnMut(&[u8], &[u8]) -> Option<Vec<u8>>,
) -> Result<(Credential, String), KerberosFailure> {
    let service = principal(service);
    let settings = TgsSettings { paths: paths.clone(), ..TgsSettings::new(tgt, service) };
    let mut exchange = TgsExchange::new(settings);
    let mut asked = Vec::new();
    let noting = |realm: &[u8], request: &[u8]| {
        asked.push(String::from_utf8(realm.to_vec()).unwrap());
        answer(realm, request)
    };
    let credential = play(noting, |reply| exchange.next(reply, now(), &mut SystemRandom))?;
    Ok((credential, asked.join(" ")))
}

fn play(
    mut answer: impl FnMut(&[u8], &[u8]) -> Option<Vec<u8>>,
    mut next: impl FnMut(Option<&[u8]>) -> Result<Action, KerberosFailure>,
) -> Result<Credential, KerberosFailure> {
    let mut reply: Option<Vec<u8>> = None;
    loop {
        match next(reply.as_deref())? {
            Action::Done(credential) => return Ok(credential),
            Action::Send(request) => {
                reply = Some(answer(&request.realm, &request.message).ok_or(KerberosFailure::TimedOut)?);
            }
        }
    }
}

/// The code of a KDC's refusal.
#[track_caller]
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, KerberosFailure>) -> i32 {
    match result {
        Err(KerberosFailure::Kdc { code, .. }) => code,
        other => panic!("{other:?} is no refusal by a KDC"),
    }
}
