//! What a client asks for and how long it waits.

use super::{KdcDirectory, Patience};
use shakedown_krb5::client::{Deviation, Lenience};
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::krb5_conf::{ClientConfiguration, InvalidConfiguration, implemented_etypes, is_true};
use shakedown_krb5::messages::flags::kdc_options;
use std::sync::Arc;
use std::time::Duration;

/// What a client's configuration says.
#[derive(Debug, Clone)]
pub struct KerberosSettings {
    /// Realms and their KDCs.
    pub directory: Arc<KdcDirectory>,
    /// Encryption types to ask for, preferred first; `None` for libkrb5's.
    pub etypes: Option<Vec<Etype>>,
    /// The same for service tickets; `None` for [`Self::etypes`].
    pub tgs_etypes: Option<Vec<Etype>>,
    /// The largest request that goes over UDP first, in octets; 0 for TCP first always; `None` for libkrb5's.
    pub udp_preference_limit: Option<usize>,
    /// Whether the KDC's time is believed (`kdc_timesync`).
    pub trust_kdc_time: bool,
    /// How far clocks may be apart (`clockskew`).
    pub clock_skew: Duration,
    /// For how long a ticket-granting ticket is asked for; `None` for a day.
    pub lifetime: Option<Duration>,
    /// For how long it is to be renewable, if at all.
    pub renewable: Option<Duration>,
    /// How long from now it is to begin, if not at once.
    pub postdate: Option<Duration>,
    /// KDCOptions of the first request, see [`kdc_options`].
    pub kdc_options: u32,
    /// Whether tickets are to have a PAC; `None` to leave it to the KDC.
    pub pac: Option<bool>,
    /// Whether a ticket-granting ticket that was fetched for a login is removed once there is the service's (`[appdefaults]
    /// mysql = { destroy_tickets = true }`). The service's ticket stays, and so does a ticket-granting ticket that was there before,
    /// as with MySQL's plugin on Unix; on Windows the plugin knows no such setting.
    pub destroy_tickets: bool,
    /// How long KDCs are waited for.
    pub patience: Patience,
    /// Departures from the protocol in what is asked.
    pub deviations: Vec<Deviation>,
    /// Checks of replies that are left out.
    pub lenient: Vec<Lenience>,
}

impl KerberosSettings {
    /// libkrb5's defaults.
    #[must_use]
    pub fn new(directory: Arc<KdcDirectory>) -> Self {
        Self {
            directory,
            etypes: None,
            tgs_etypes: None,
            udp_preference_limit: None,
            trust_kdc_time: true,
            clock_skew: Duration::from_secs(300),
            lifetime: None,
            renewable: None,
            postdate: None,
            kdc_options: kdc_options::RENEWABLE_OK,
            pac: None,
            destroy_tickets: false,
            patience: Patience::default(),
            deviations: Vec::new(),
            lenient: Vec::new(),
        }
    }

    /// What a krb5.conf says to a client of its default realm. Encryption types that are not implemented are left out;
    /// `noaddresses = false` is refused, as a client of loopback has no address to name.
    ///
    /// # Errors
    /// A value that is not allowed, or a KDC that only DNS could find.
    pub fn from_configuration(configuration: &ClientConfiguration) -> Result<Self, InvalidConfiguration> {
        let directory = KdcDirectory::from_configuration(configuration)?;
        let realm = configuration.default_realm.as_deref();
        let tickets = configuration.ticket_defaults(realm.unwrap_or_default())?;
        if !tickets.no_addresses {
            let written = configuration.profile().value(&["libdefaults", "noaddresses"]);
            let (file, line) =
                written.map_or_else(Default::default, |relation| (relation.file.to_string(), relation.line));
            let problem = "noaddresses = false is not played here, expected true".to_owned();
            return Err(InvalidConfiguration { file, line, problem });
        }
        let wanted = [
            (tickets.forwardable, kdc_options::FORWARDABLE),
            (tickets.proxiable, kdc_options::PROXIABLE),
            (tickets.canonicalize, kdc_options::CANONICALIZE),
        ];
        let wanted = wanted.into_iter().filter(|(is_wanted, _)| *is_wanted).fold(0, |all, (_, option)| all | option);
        // MySQL's plugin looks nowhere else, not even in a subsection of the realm, and takes what is no word for true as false.
        let destroy_tickets = configuration.profile().value(&["appdefaults", "mysql", "destroy_tickets"]);
        Ok(Self {
            etypes: Some(implemented_etypes(&configuration.tkt_etypes)),
            tgs_etypes: Some(implemented_etypes(&configuration.tgs_etypes)),
            udp_preference_limit: Some(configuration.udp_preference_limit),
            trust_kdc_time: configuration.kdc_timesync,
            clock_skew: configuration.clock_skew,
            lifetime: Some(tickets.ticket_lifetime),
            renewable: tickets.renew_lifetime,
            kdc_options: kdc_options::RENEWABLE_OK | wanted,
            destroy_tickets: destroy_tickets.is_some_and(|relation| is_true(&relation.value)),
            ..Self::new(Arc::new(directory))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown_krb5::krb5_conf::Profile;

    fn read(text: &str) -> Result<KerberosSettings, InvalidConfiguration> {
        KerberosSettings::from_configuration(
            &ClientConfiguration::new(Profile::parse("krb5.conf", text).unwrap()).unwrap(),
        )
    }

    #[test]
    fn a_krb5_conf_says_what_to_ask_for() {
        let settings = read(
            "[libdefaults]\ndefault_realm = R\ndefault_tkt_enctypes = camellia aes256-sha2\nudp_preference_limit = 1\n\
             kdc_timesync = 0\nclockskew = 60\nticket_lifetime = 1h\nrenew_lifetime = 2h\nforwardable = yes\n\
             [appdefaults]\nmysql = {\ndestroy_tickets = true\n}\n",
        )
        .unwrap();
        assert_eq!(settings.etypes, Some(vec![Etype::Aes256Sha384]));
        assert_eq!((settings.udp_preference_limit, settings.trust_kdc_time), (Some(1), false));
        assert_eq!((settings.clock_skew.as_secs(), settings.lifetime.unwrap().as_secs()), (60, 3600));
        assert_eq!((settings.renewable.unwrap().as_secs(), settings.destroy_tickets), (7200, true));
        assert_eq!(settings.kdc_options, kdc_options::RENEWABLE_OK | kdc_options::FORWARDABLE);
        assert!(!read("[appdefaults]\nmysql = {\nR = {\ndestroy_tickets = true\n}\n}\n").unwrap().destroy_tickets);
        assert!(!read("[appdefaults]\npsql = {\ndestroy_tickets = true\n}\n").unwrap().destroy_tickets);
        let refused = read("[libdefaults]\nnoaddresses = no\n").unwrap_err().to_string();
        assert_eq!(refused, "krb5.conf:2: noaddresses = false is not played here, expected true");
    }
}
