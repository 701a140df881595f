//! Clusters: instances behind endpoints that lead to one of them.

use crate::handshake::deviation::deviations;
use std::collections::BTreeMap;

/// A cluster: a writer, readers, and the names by which they are reached. The instances themselves are servers of the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// The instances by the scenario's names for these servers; the first one is the writer when the case begins.
    pub instances: Vec<String>,
    /// The endpoints beside the instances' own, by the scenario's words for them: `shop`, `shop.reader`, `shop.reports`.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// What it is asked to do wrong.
    pub deviations: Vec<Deviation>,
}

/// The most readers that a cluster has.
pub const READERS_MAX: usize = 15;

/// A name that leads to some instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The name that is dialled.
    pub host: String,
    /// Where it leads.
    pub leads_to: LeadsTo,
}

/// Where an endpoint leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeadsTo {
    /// To the writer, whichever that is by then.
    Writer,
    /// To each reader in turn; to the writer where there is none.
    Readers,
    /// To each of these in turn.
    These(Vec<String>),
}

impl Cluster {
    /// Where an endpoint leads when the case begins.
    #[must_use]
    pub fn first_behind(&self, endpoint: &str) -> Option<&str> {
        let writer = self.instances.first()?;
        Some(match &self.endpoints.get(endpoint)?.leads_to {
            LeadsTo::Writer => writer,
            LeadsTo::Readers => self.instances.get(1).unwrap_or(writer),
            LeadsTo::These(named) => named.first()?,
        })
    }

    /// Whether this departure was asked for.
    #[must_use]
    pub fn deviates(&self, deviation: Deviation) -> bool {
        self.deviations.contains(&deviation)
    }
}

deviations! {
    "cluster":
    /// The cluster endpoint leads to the instance that was the writer.
    EndpointStays = "endpoint-stays"
        breaks "Connecting to an Aurora DB cluster: after a failover the cluster endpoint points to the new primary instance",
    /// The reader endpoint leads to the writer.
    ReaderLeadsToWriter = "reader-leads-to-writer"
        breaks "Connecting to an Aurora DB cluster: the reader endpoint connects to one of the Aurora Replicas",
    /// An instance's own endpoint leads to the writer.
    InstanceLeadsToWriter = "instance-leads-to-writer"
        breaks "Connecting to an Aurora DB cluster: each DB instance has an endpoint independent of the cluster endpoint",
    /// A reader says of itself that it can be written to.
    ReaderAcceptsWrites = "reader-accepts-writes"
        breaks "Connecting to an Aurora DB cluster: Aurora Replicas are read-only",
    /// A reader has at once what is enabled from its reboot on.
    EnabledWithoutReboot = "enabled-without-reboot"
        breaks "Aurora MySQL, Kerberos authentication: reader instances have the plugin after a reboot",
    /// An instance keeps Kerberos when its port changes.
    KerberosSurvivesPort = "kerberos-survives-port"
        breaks "Aurora MySQL, Kerberos authentication: changing the port after enabling it breaks authentication",
}
