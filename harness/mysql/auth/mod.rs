//! Authentication plugins: one file each, both sides in it.

pub mod answer;
pub mod clear_password;
pub mod exchange;
pub mod kerberos;
pub mod native_password;
pub mod rsa;
pub mod sha2_password;

pub use rsa::{PublicKey, RsaKey};
pub use sha2_password::ProvenAccounts;

use crate::handshake::{Error, Reader};

/// Octets of a nonce; on the wire a NUL follows.
pub const NONCE_LENGTH: usize = 20;

/// What a password is mixed with.
pub type Nonce = [u8; NONCE_LENGTH];

macro_rules! plugins {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $type { $($(#[$variant_doc])* $variant,)+ }

        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name on the wire and in SQL.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The plugin of that name, in upper or lower case.
            #[must_use]
            pub fn by_name(name: &[u8]) -> Option<Self> {
                Self::ALL.iter().copied().find(|plugin| plugin.name().as_bytes().eq_ignore_ascii_case(name))
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

plugins! {
    /// What runs in a client.
    ClientPlugin {
        /// SHA-1 scramble.
        NativePassword = "mysql_native_password",
        /// SHA-256 scramble, with a cache on the server.
        CachingSha2Password = "caching_sha2_password",
        /// The password over TLS or RSA.
        Sha256Password = "sha256_password",
        /// The secret as it is.
        ClearPassword = "mysql_clear_password",
        /// A Kerberos AP-REQ.
        Kerberos = "authentication_kerberos_client",
    }
}

plugins! {
    /// What runs in a server, as `CREATE USER … IDENTIFIED WITH` names it.
    ServerPlugin {
        /// SHA-1 scramble.
        NativePassword = "mysql_native_password",
        /// SHA-256 scramble, with a cache on the server.
        CachingSha2Password = "caching_sha2_password",
        /// The password over TLS or RSA.
        Sha256Password = "sha256_password",
        /// A password checked outside.
        Pam = "auth_pam",
        /// A Kerberos AP-REQ.
        Kerberos = "authentication_kerberos",
        /// An IAM token.
        Iam = "AWSAuthenticationPlugin",
    }
}

impl ServerPlugin {
    /// The plugin that the client has to run for it.
    #[must_use]
    pub const fn client_plugin(self) -> ClientPlugin {
        match self {
            Self::NativePassword => ClientPlugin::NativePassword,
            Self::CachingSha2Password => ClientPlugin::CachingSha2Password,
            Self::Sha256Password => ClientPlugin::Sha256Password,
            Self::Pam | Self::Iam => ClientPlugin::ClearPassword,
            Self::Kerberos => ClientPlugin::Kerberos,
        }
    }

    /// How a login by it is called in outcomes.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::NativePassword | Self::CachingSha2Password | Self::Sha256Password | Self::Pam => "password",
            Self::Kerberos => "kerberos",
            Self::Iam => "iam",
        }
    }
}

/// Reads the nonce of a greeting or an AuthSwitchRequest as libmysqlclient does: 20 octets and a NUL, nothing else.
///
/// # Errors
/// It is longer or shorter, or has no NUL at its end.
pub fn read_nonce(message: &'static str, data: &[u8]) -> Result<Nonce, Error> {
    let mut reader = Reader::new(message, data);
    let nonce = reader.array("nonce")?;
    let end = reader.u8("NUL behind the nonce")?;
    if end != 0 {
        return Err(reader.malformed("NUL behind the nonce", format!("0x00 expected, found 0x{end:02x}")));
    }
    reader.finish()?;
    Ok(nonce)
}

/// Whether two digests are the same, in a time that does not depend on where they differ.
fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && openssl::memcmp::eq(left, right)
}

/// The exclusive or of two digests.
fn xor<const N: usize>(left: [u8; N], right: &[u8; N]) -> [u8; N] {
    let mut result = left;
    for (octet, other) in result.iter_mut().zip(right) {
        *octet ^= other;
    }
    result
}
