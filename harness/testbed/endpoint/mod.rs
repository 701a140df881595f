//! A server that somebody else runs, described by a file or by the environment alone.
//!
//! ```toml
//! plays     = "aurora-postgresql 15"        # the profile that it stands for, or several; cases of other engines are skipped
//! host      = "db.example.com"              # the name that is dialled: for certificates and service principals
//! address   = "192.0.2.7"                   # where it is [what the host's name leads to]
//! port      = "${PORT}"                     # [3306 or 5432]; any value may name variables of the environment
//! ca        = "${HOME}/ca.pem"              # what signs its certificate
//! region    = "eu-central-1"                # of its IAM tokens
//! cleartext = "allowed"                     # secrets may go over a connection in the clear [only to loopback]
//! ask       = "nothing"                     # asks for no version at the start [a MySQL endpoint, if [allow] lets it]
//! ccache    = "/tmp/krb5cc_0"               # tickets, in place of a kinit with a password; or
//! keytab    = "alice.keytab"                # keys by which a kinit is done
//!
//! [secrets]                                 # values of the secrets that scenarios name
//! alice = "${ALICE_PASSWORD}"
//!
//! [realms]                                  # KDCs by the name of the realm
//! "CORP.EXAMPLE.COM" = "127.0.0.1:${KDC_PORT}"
//!
//! [parameters]                              # what they are set to, where that is not the profile's default
//! require_secure_transport = "ON"
//!
//! [accounts.alice]                          # if there is one account here, these are all [as scenarios have them]
//! plugin      = "mysql_native_password"     # or method
//! require_ssl = true
//! databases   = ["shop"]
//!
//! [allow]                                   # what may be done to it that costs it something, how often [never]
//! failed-login      = 100
//! aborted-handshake = 200
//! lockout           = 3
//! ```
//!
//! An endpoint is held to everything that the profile which it plays promises: if it lacks a TLS version or a suite of that
//! profile it is wrong, not incapable, and the case fails. So what it can is never asked before the cases are chosen. It is
//! skipped for what cannot be set up there: other parameters, accounts, certificates, keytabs than it has. The version in its greeting is asked for the reader's sake, and skips nothing.
//!
//! TLS without verification counts as encrypted, as for libpq and MySQL's clients: what protects a secret from a server that
//! is not the right one is the scenario's `VERIFY_CA` or `VERIFY_IDENTITY`.

mod accounts;
mod cleartext;
mod costs;
mod facts;
mod file;
mod greeting;
mod secrets;
mod tickets;

pub use costs::Watched;
pub use facts::Endpoint;
pub use tickets::Tickets;
