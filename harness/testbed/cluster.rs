//! Where the endpoints of a cluster lead while a case is played: what a name server would say.

use crate::scenario::party::{Cluster, ClusterDeviation, LeadsTo};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A cluster whose instances stand.
#[derive(Debug)]
pub(super) struct StandingCluster {
    planned: Arc<Cluster>,
    writer: String,
    /// Instances that have ended.
    down: BTreeSet<String>,
    /// How often an endpoint with several instances was asked for.
    turn: usize,
}

impl StandingCluster {
    /// As it is when the case begins.
    pub(super) fn new(planned: &Arc<Cluster>) -> Self {
        let writer = planned.instances.first().cloned().unwrap_or_default();
        Self { planned: Arc::clone(planned), writer, down: BTreeSet::new(), turn: 0 }
    }

    /// The instance and the name behind a word of the scenario, if it is one of this cluster's.
    pub(super) fn lead(&mut self, to: &str) -> Option<(String, Option<String>)> {
        let strays = self.planned.deviates(ClusterDeviation::InstanceLeadsToWriter);
        if strays && self.planned.instances.iter().any(|instance| instance == to) {
            return Some((self.writer.clone(), None));
        }
        let endpoint = self.planned.endpoints.get(to)?;
        let stands = |instance: &&String| !self.down.contains(*instance);
        let among: Vec<&String> = match &endpoint.leads_to {
            LeadsTo::Writer => Vec::new(),
            LeadsTo::Readers if self.planned.deviates(ClusterDeviation::ReaderLeadsToWriter) => Vec::new(),
            LeadsTo::Readers => {
                self.planned.instances.iter().filter(stands).filter(|instance| **instance != self.writer).collect()
            }
            LeadsTo::These(named) => named.iter().filter(stands).collect(),
        };
        let chosen = match among.len() {
            0 => self.writer.clone(),
            count => among[self.turn % count].clone(),
        };
        self.turn += usize::from(!among.is_empty());
        Some((chosen, Some(endpoint.host.clone())))
    }

    /// The writer.
    pub(super) fn writer(&self) -> &str {
        &self.writer
    }

    /// An instance has ended.
    pub(super) fn ended(&mut self, instance: &str) {
        self.down.insert(instance.to_owned());
    }

    /// An instance stands again.
    pub(super) fn began(&mut self, instance: &str) {
        self.down.remove(instance);
    }

    /// Another instance is the writer.
    pub(super) fn promote(&mut self, instance: &str) {
        if !self.planned.deviates(ClusterDeviation::EndpointStays) {
            instance.clone_into(&mut self.writer);
        }
    }

    /// Whether a server is one of its instances.
    pub(super) fn has(&self, server: &str) -> bool {
        self.planned.instances.iter().any(|instance| instance == server)
    }
}
