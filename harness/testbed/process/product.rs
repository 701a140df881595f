//! What a database product has to say to be started: its name, what it cannot play, and how it is started.

use crate::error::Error;
use crate::scenario::party::{self, Ca, Password};
use crate::scenario::plan::Case;
use crate::testbed::krb5_conf;
use crate::testbed::materials::Materials;
use crate::testbed::process::folder::Folder;
use crate::testbed::process::pool::Stands;
use crate::testbed::process::supervised::Supervised;
use crate::testbed::realm::StandingRealm;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The file of a server's folder that holds the keys of its service.
pub const KEYTAB: &str = "keytab";

/// A server being started.
pub type Starting<'a> = Pin<Box<dyn Future<Output = Result<Running, Error>> + Send + 'a>>;

/// A database product that is installed.
pub trait Product: fmt::Debug + Send + Sync {
    /// Product and version: `postgres 15.20`.
    fn name(&self) -> &str;

    /// Why a case cannot be played, if so: `postgres 15 does not play aurora-postgresql 13`. What no real server can is not asked
    /// here ([`Servers::lacks`](super::Servers::lacks) knows).
    fn lacks(&self, case: &Case, server: &party::Server) -> Option<String>;

    /// Whether a server of this plan behaves otherwise once somebody has logged in, so that no two cases can share one.
    fn remembers_logins(&self, server: &party::Server) -> bool {
        let _ = server;
        false
    }

    /// Starts a server that answers.
    fn start<'a>(&'a self, order: &'a Order) -> Starting<'a>;

    /// Ends what it keeps for all its servers, as a template of their data.
    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}

/// Everything that a server is made of. Cases whose orders are equal share one. `Debug` prints no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Order {
    /// What was planned.
    pub planned: Arc<party::Server>,
    /// Its certificate, if it offers TLS.
    pub tls: Option<Certified>,
    /// Its Kerberos identity, if it is joined to a realm.
    pub kerberos: Option<Identity>,
    passwords: BTreeMap<Password, Zeroizing<String>>,
}

/// A certificate in PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Certified {
    /// The certificate and those between it and the authority.
    pub chain: String,
    /// Its private key.
    pub key: Zeroizing<String>,
    /// The authority that clients of the run trust.
    pub authority: String,
}

/// A Kerberos identity.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The service principal without the realm: `postgres/db.test`.
    pub spn: String,
    /// Its realm.
    pub realm: String,
    /// The keytab file; `None`: the server has none.
    pub keytab: Option<Zeroizing<Vec<u8>>>,
    /// What libkrb5 has to know of the realm. No KDC is named: a server that accepts tickets asks none.
    pub krb5_conf: String,
}

impl Order {
    /// For a plan.
    ///
    /// # Errors
    /// Its certificate cannot be made, or its realm does not have its service.
    pub fn new(
        planned: &Arc<party::Server>,
        realm: Option<&StandingRealm>,
        materials: &Materials,
    ) -> Result<Self, Error> {
        let tls = planned.tls.as_ref().map(|tls| {
            let certified = materials.certificate(&tls.certificate)?;
            let key = certified.key_pem().map_err(|problem| Error::Environment(problem.to_string()))?;
            let authority = materials.authority_pem(Ca::Own)?;
            Ok::<_, Error>(Certified { chain: certified.chain_pem(), key: Zeroizing::new(key), authority })
        });
        let kerberos = match (&planned.kerberos, realm) {
            (Some(kerberos), Some(realm)) => Some(Identity {
                spn: kerberos.spn.clone(),
                realm: kerberos.realm.realm.clone(),
                keytab: realm.server_keytab(kerberos)?.map(Zeroizing::new),
                krb5_conf: krb5_conf::server_krb5_conf(&kerberos.realm, &planned.host),
            }),
            _ => None,
        };
        let stored = planned.accounts.values().flat_map(|account| &account.proofs).filter_map(|proof| match proof {
            party::Proof::Password { password, .. } => Some(password),
            party::Proof::Trust | party::Proof::Kerberos { .. } | party::Proof::Iam => None,
        });
        let passwords = stored.map(|password| (password.clone(), materials.secrets().value(password))).collect();
        Ok(Self { planned: Arc::clone(planned), tls: tls.transpose()?, kerberos, passwords })
    }

    /// An error without the passwords of the plan, which the log of a server may repeat.
    #[must_use]
    pub fn without_secrets(&self, problem: Error) -> Error {
        let Error::Environment(mut text) = problem else { return problem };
        for secret in self.passwords.values().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret.as_str(), "…");
        }
        Error::Environment(text)
    }

    /// The value of a password that an account of the plan has.
    ///
    /// # Errors
    /// No account has it: a mistake of ours.
    pub fn password(&self, password: &Password) -> Result<&Zeroizing<String>, Error> {
        self.passwords.get(password).ok_or_else(|| Error::Internal("a password that no account has".to_owned()))
    }
}

/// By the plan alone: secrets are compared, never hashed.
impl Hash for Order {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.planned.hash(state);
    }
}

impl fmt::Debug for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Order").field("planned", &self.planned).finish_non_exhaustive()
    }
}

/// A server that answers. It ends when it is dropped, its folder after it.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The program.
    pub program: Supervised,
    /// Everything that it has.
    pub folder: Folder,
}

impl Stands for Running {
    fn is_alive(&self) -> bool {
        self.program.is_alive()
    }

    async fn end(&self) {
        self.program.end().await;
    }
}

/// A server for as long as a case holds it.
pub type Lease = Arc<Running>;
