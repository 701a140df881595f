//! Kinds of tickets that can be refused to a principal.

use shakedown_krb5::messages::flags::kdc_options;

use super::flavor::words;

/// A kind of ticket that not everybody may have, as `kadmin modprinc -allow_forwardable` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketFlag {
    /// One that can be exchanged for one for another address.
    Forwardable,
    /// One that services can be given a share of.
    Proxiable,
    /// One that can be renewed.
    Renewable,
    /// One that begins later.
    Postdated,
}

words!(TicketFlag, "kind of ticket",
    Forwardable => "forwardable", Proxiable => "proxiable", Renewable => "renewable", Postdated => "postdated");

impl TicketFlag {
    /// The KDC options (RFC 4120 §5.4.1) that ask for it.
    #[must_use]
    pub const fn options(self) -> u32 {
        match self {
            Self::Forwardable => kdc_options::FORWARDABLE,
            Self::Proxiable => kdc_options::PROXIABLE,
            Self::Renewable => kdc_options::RENEWABLE | kdc_options::RENEWABLE_OK,
            Self::Postdated => kdc_options::ALLOW_POSTDATE | kdc_options::POSTDATED,
        }
    }
}
