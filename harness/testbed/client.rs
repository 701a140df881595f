//! A client of a case with what it keeps from step to step: its randomness and its credential cache.

use crate::error::Error;
use crate::handshake::{Random, Timestamp, Trace};
use crate::net::kdc::{KdcDirectory, KerberosClient, KerberosSettings, Renewal, kinit_outcome, renewal_outcome};
use crate::net::ticket::Surroundings;
use crate::net::{Deadlines, Phase};
use crate::scenario::party::{self, ClientKrb5};
use crate::scenario::plan::KinitTimes;
use crate::testbed::attempt::{Attempt, Baggage, View};
use crate::testbed::materials::Materials;
use crate::testbed::proxy::Proxies;
use crate::testbed::random::Generator;
use crate::testbed::realm::StandingRealm;
use crate::testbed::server::StandingServer;
use shakedown_krb5::ccache::CredentialCache;
use shakedown_krb5::client::{Deviation, Lenience, Secret};
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::{Credential, Principal};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A client that can act. `Debug` prints the plan only.
pub(super) struct StandingClient {
    /// What was planned.
    pub planned: Arc<party::Client>,
    random: Generator,
    kerberos: KerberosClient,
    /// The seed and the time of the last login, where it may be replayed.
    last: Option<([u8; 32], Timestamp)>,
    /// Whether what it says and hears is kept, as somebody will look into it.
    recorded: bool,
}

/// What libkrb5 asks for, RC4 last.
const ETYPES_WITH_RC4: [Etype; 5] =
    [Etype::Aes256Sha1, Etype::Aes128Sha1, Etype::Aes256Sha384, Etype::Aes128Sha256, Etype::Rc4Hmac];

impl StandingClient {
    /// A client that has done nothing yet. It knows where the KDCs of its realms are and to which realm servers belong, as a
    /// krb5.conf would tell it.
    pub(super) fn new(
        planned: &Arc<party::Client>,
        realms: &BTreeMap<String, StandingRealm>,
        servers: &BTreeMap<String, StandingServer>,
        proxies: &Proxies,
    ) -> Self {
        let planned = party::Client::departing(planned);
        // A service is asked for by the name that is dialled: the server's own, or that of a proxy in front of it.
        let joined = servers.iter().flat_map(|(name, server)| {
            let realm = server.planned.kerberos.as_ref().map(|kerberos| &kerberos.realm.realm);
            let hosts = std::iter::once(server.host.as_str()).chain(proxies.hosts_of(name));
            hosts.filter_map(move |host| Some((host.to_ascii_lowercase(), realm?.clone())))
        });
        let directory = KdcDirectory {
            kdcs: realms.values().map(|realm| (realm.planned.realm.clone(), realm.addresses())).collect(),
            domain_realm: joined.collect(),
            default_realm: realms.values().next().map(|realm| realm.planned.realm.clone()),
            ..KdcDirectory::default()
        };
        let mut settings = KerberosSettings::new(Arc::new(directory));
        if realms.values().any(|realm| realm.planned.names_rc4()) {
            // As libkrb5 does with `allow_rc4`, which programs have in their krb5.conf then.
            settings.etypes = Some(ETYPES_WITH_RC4.to_vec());
        }
        let ClientKrb5 { etypes, clock_skew_seconds, udp_preference_limit } = &planned.krb5;
        if !etypes.is_empty() {
            settings.etypes = Some(etypes.iter().filter_map(|number| Etype::from_number(*number)).collect());
        }
        if let Some(seconds) = clock_skew_seconds {
            settings.clock_skew = Duration::from_secs((*seconds).into());
        }
        // libkrb5 takes more than that for that.
        const UDP_LIMIT_MAX: u32 = 32_700;
        let octets = |octets: &u32| usize::try_from((*octets).min(UDP_LIMIT_MAX)).ok();
        settings.udp_preference_limit = udp_preference_limit.as_ref().and_then(octets);
        settings.trust_kdc_time = planned.kdc_timesync;
        let looks_for_it = planned.kind.profile().is_none_or(|profile| profile.destroys_tickets);
        settings.destroy_tickets = planned.destroy_tickets && looks_for_it;
        settings.deviations = Deviation::ALL
            .into_iter()
            .filter(|deviation| planned.deviations.iter().any(|word| word == deviation.word()))
            .collect();
        let is_asked = |word: &str| planned.deviations.iter().any(|asked| asked == word);
        settings.lenient = Lenience::ALL.into_iter().filter(|lenience| is_asked(lenience.word())).collect();
        let kerberos = KerberosClient::new(settings);
        Self { planned: Arc::clone(&planned), random: Generator::from_system(), kerberos, last: None, recorded: false }
    }

    /// Keeps what it says and hears.
    pub(super) const fn record(&mut self) {
        self.recorded = true;
    }

    /// Gives it a password by which it fetches a ticket-granting ticket when it first needs one, as MySQL's plugin does.
    pub(super) fn know_password(&mut self, principal: &Principal, materials: &Materials) {
        if let Some(password) = self.planned.password.as_ref().filter(|_| self.planned.offer.password) {
            let secret = Secret::password(&materials.secrets().value(password));
            self.kerberos = self.kerberos.clone().with_secret(principal, secret);
        }
    }

    /// What it brings to a login.
    pub(super) fn baggage(&mut self, login: Login, materials: &Materials) -> Baggage<'_> {
        let clock = materials.clock().shifted(self.planned.clock_seconds);
        let clock = if login == Login::Fresh {
            clock
        } else {
            let mut seed = [0; 32];
            self.random.fill(&mut seed);
            let now = clock.moment().party;
            let (seed, now) = self.last.filter(|_| login == Login::Replayed).unwrap_or((seed, now));
            self.last = Some((seed, now));
            self.random = Generator::from_octets(seed);
            clock.stopped_at(now)
        };
        let has_ticket = self.planned.offer.ticket && !self.kerberos.credentials().is_empty();
        let tickets = self.planned.offer.ticket.then_some(&mut self.kerberos);
        let recorded = materials.is_recorded() || self.recorded;
        Baggage { tickets, has_ticket, random: &mut self.random, clock, recorded }
    }

    /// Gets a ticket-granting ticket, which replaces what is in the cache.
    pub(super) async fn kinit(&mut self, principal: &Principal, secret: Secret, materials: &Materials) -> Attempt {
        self.exchange(Exchange::Initial(principal, secret), materials).await
    }

    /// Has its ticket-granting ticket renewed or validated.
    pub(super) async fn renew(&mut self, renewal: Renewal, materials: &Materials) -> Attempt {
        self.exchange(Exchange::Again(renewal), materials).await
    }

    /// For how long it asks for tickets from now on, and from when on.
    pub(super) const fn ask_for(&mut self, times: KinitTimes) {
        self.kerberos.ask_for(times.lifetime, times.renewable, times.postdate);
    }

    /// Sets its clock.
    pub(super) fn set_clock(&mut self, seconds: i64) {
        self.planned = Arc::new(party::Client { clock_seconds: seconds, ..(*self.planned).clone() });
    }

    async fn exchange(&mut self, exchange: Exchange<'_>, materials: &Materials) -> Attempt {
        let clock = materials.clock().shifted(self.planned.clock_seconds);
        let mut trace = Trace::new();
        let mut exchanges = Vec::new();
        let mut around = Surroundings {
            clock,
            deadlines: Deadlines::default(),
            random: &mut self.random,
            trace: &mut trace,
            recordings: (materials.is_recorded() || self.recorded).then_some(&mut exchanges),
        };
        let began = clock.base();
        let (outcome, phase) = match exchange {
            Exchange::Initial(principal, secret) => {
                (kinit_outcome(&self.kerberos.kinit(principal, secret, &mut around).await), Phase::KdcAs)
            }
            Exchange::Again(renewal) => {
                (renewal_outcome(&self.kerberos.renew(renewal, &mut around).await), Phase::KdcTgs)
            }
        };
        let took = clock.base().since(began);
        Attempt {
            client: outcome,
            server: View::Nothing,
            kdc: View::Unobserved,
            connections: vec![trace],
            phases: vec![(phase, took)],
            recordings: exchanges,
        }
    }

    /// Its tickets as a credential cache file; `None` if it has none.
    ///
    /// # Errors
    /// A ticket that no such file can hold.
    pub(super) fn credential_cache(&self) -> Result<Option<Vec<u8>>, Error> {
        let tickets = self.kerberos.credentials();
        let Some(first) = tickets.first() else { return Ok(None) };
        let mut cache = CredentialCache::new(&first.client);
        for ticket in tickets {
            cache.store(ticket);
        }
        cache.write().map(Some).map_err(|problem| Error::Internal(format!("credential cache: {problem}")))
    }

    /// Takes tickets from elsewhere, which replace what is in the cache.
    pub(super) fn take(&mut self, tickets: Vec<Credential>) {
        self.kerberos.destroy();
        tickets.into_iter().for_each(|ticket| self.kerberos.insert(ticket));
    }

    /// Removes all tickets.
    pub(super) fn destroy_tickets(&mut self) {
        self.kerberos.destroy();
    }
}

/// How a login comes by its clock and its random numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Login {
    /// As they are.
    Fresh,
    /// As they are, and so that the next one can have the same.
    Replayable,
    /// As the last one.
    Replayed,
}

/// How a ticket-granting ticket is got.
enum Exchange<'a> {
    Initial(&'a Principal, Secret),
    Again(Renewal),
}

impl fmt::Debug for StandingClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StandingClient").field("planned", &self.planned).finish_non_exhaustive()
    }
}
