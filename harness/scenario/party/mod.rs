//! The parties of a case with nothing left to decide: realms, servers, clients, proxies.
//!
//! All of them compare and hash by everything that matters for running them, so that a test-bed can let cases with equal
//! parties share one listener, one certificate, one set of derived keys. Where one party refers to another, it holds it.
//! A secret is only ever a name here; the test-bed makes the value up.

mod account;
mod client;
mod client_deviation;
mod client_profile;
mod cluster;
mod iam;
mod image;
mod proxy;
mod realm;
mod server;
mod tls;

pub use account::{Account, HbaConnection, HbaLine, HbaMethod, HostAccount, PasswordScheme, Proof};
pub use client::{ChannelBinding, Client, ClientKind, ClientKrb5, GssMode, Offer, PostgresProtocol, SessionWanted};
pub use client_deviation::Deviation as ClientDeviation;
pub use client_profile::{ClientProfile, TicketOrigin, TokenForm, WithoutPlugin};
pub use cluster::{Cluster, Deviation as ClusterDeviation, Endpoint, LeadsTo, READERS_MAX};
pub use iam::{IamKey, IamThrottle, Principal, ServerIam, Token};
pub use image::Image;
pub use proxy::{PgBouncer, Proxy, ProxyAuth, ProxyKind, ProxyTls};
pub use realm::{AccountSettings, Lockout, Password, Realm, RealmService, RealmSettings, RealmUser};
pub use server::{Condition, Enabled, Keytab, Server, ServerKerberos};
pub use tls::{
    COMMON_NAME_MAX, Ca, Certificate, CertificateKey, ClientTls, NameMatching, ServerTls, TlsMode, TlsProvider,
    TlsRange, Validity,
};
