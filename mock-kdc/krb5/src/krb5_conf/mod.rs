//! Reads krb5.conf as MIT's profile library does.
//!
//! ```text
//! [libdefaults]                     a section
//!     default_realm = CORP.EXAMPLE.COM
//! [realms]
//!     CORP.EXAMPLE.COM = {          a subsection
//!         kdc = 127.0.0.1:88        a relation; several of one name are a list
//!     }
//! [appdefaults]
//!     mysql = {
//!         destroy_tickets = true
//!     }
//! ```
//!
//! [`Profile`] is the text as a tree, with MIT's rules for comments, quotes, `*` (final) and `include`; [`ClientConfiguration`]
//! is what a client makes of it. Nothing here opens a file: included ones come from a [`Loader`]. Nothing here asks DNS: what
//! a library would have to ask for is told by [`ClientConfiguration::needs_dns`].
//!
//! Not here: `module` at the head of a file, templates in paths, and settings that concern KDCs and administration.
//!
//! <https://web.mit.edu/kerberos/krb5-latest/doc/admin/conf_files/krb5_conf.html>

mod app_defaults;
mod client;
mod error;
mod etype_list;
mod kdc_address;
mod parse;
mod profile;
mod words;

pub use client::{ClientConfiguration, TicketDefaults, host_suffixes, implemented_etypes};
pub use error::InvalidConfiguration;
pub use etype_list::DEFAULT_ETYPES;
pub use kdc_address::KdcAddress;
pub use parse::{Loader, MAX_INCLUDE_DEPTH, NoIncludes};
pub use profile::{Profile, Relation};
pub use words::{duration, is_true};
