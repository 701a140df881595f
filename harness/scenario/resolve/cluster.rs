//! Clusters: each instance becomes a server as if it were written out, with the certificate that Aurora would give it.

use super::deviation;
use crate::error::ScenarioError;
use crate::scenario::file;
use crate::scenario::party::{COMMON_NAME_MAX, Cluster, ClusterDeviation, Endpoint, LeadsTo, READERS_MAX};
use crate::scenario::template::Filling;
use crate::scenario::written::{List, Text};
use std::collections::BTreeMap;

/// All servers of a cell as written, those of clusters included.
pub(super) type Servers = BTreeMap<Text, file::Server>;

/// What a cluster's endpoints end with unless it says so: identifier, Region, and a domain that nobody has.
const DOMAIN: &str = "c1.eu-central-1.rds.test";

/// Writes the instances of all clusters out, beside the servers that there are.
pub(super) fn expand(
    clusters: &BTreeMap<Text, file::Cluster>,
    servers: &Servers,
    filling: &Filling<'_>,
) -> Result<(Servers, BTreeMap<String, Cluster>), ScenarioError> {
    let (mut all, mut resolved) = (servers.clone(), BTreeMap::new());
    for (name, written) in clusters {
        let (cluster, instances) = one(name, written, filling)?;
        for (instance, server) in instances {
            if all.contains_key(&instance) || clusters.contains_key(&instance) {
                return Err(filling.source.error(&name.span, "two parties have the name").writing(instance.text));
            }
            all.insert(instance, server);
        }
        if servers.contains_key(name) {
            return Err(filling.source.error(&name.span, "two parties have the name").writing(&name.text));
        }
        resolved.insert(name.text.clone(), cluster);
    }
    Ok((all, resolved))
}

fn one(name: &Text, written: &file::Cluster, filling: &Filling<'_>) -> Result<(Cluster, Servers), ScenarioError> {
    let at = |text: String| Text { text, span: name.span.clone() };
    let domain = filling.optional(written.domain.as_ref())?.map_or_else(|| DOMAIN.to_owned(), |domain| domain.text);
    let readers = match filling.optional(written.readers.as_ref())? {
        Some(text) => text.text.parse().ok().filter(|count| *count <= READERS_MAX).ok_or_else(|| {
            filling.error(&text, "a cluster has one writer and up to 15 readers, not").allowing("0 to 15")
        })?,
        None => 1,
    };
    let instances: Vec<_> = (1..=readers + 1).map(|number| format!("{}-{number}", name.text)).collect();
    let known = |written: &List| {
        let named = filling.words(written)?;
        let stranger = named.iter().find(|named| !instances.contains(&named.text));
        match stranger {
            Some(stranger) => Err(filling.error(stranger, "unknown instance").allowing(instances.join(", "))),
            None => Ok(named.into_iter().map(|named| named.text).collect::<Vec<_>>()),
        }
    };
    let endpoint = |kind: &str, name: &str, leads_to| Endpoint { host: format!("{name}.{kind}-{domain}"), leads_to };
    let mut endpoints = BTreeMap::from([
        (name.text.clone(), endpoint("cluster", &name.text, LeadsTo::Writer)),
        (format!("{}.reader", name.text), endpoint("cluster-ro", &name.text, LeadsTo::Readers)),
    ]);
    for (custom, members) in &written.custom {
        let members = known(members)?;
        if members.is_empty() || custom.text == "reader" {
            return Err(filling.source.error(&custom.span, "no custom endpoint").writing(&custom.text));
        }
        let leads_to = LeadsTo::These(members);
        endpoints.insert(format!("{}.{}", name.text, custom.text), endpoint("cluster-custom", &custom.text, leads_to));
    }
    let words: Vec<_> = ClusterDeviation::ALL.iter().map(|deviation| deviation.word()).collect();
    let words = deviation::known(&written.deviations, &words, filling)?;
    let deviations: Vec<ClusterDeviation> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let does = |deviation| deviations.contains(&deviation);
    let pending = known(&written.pending_reboot)?;
    let hosts: Vec<_> = endpoints.values().map(|endpoint| endpoint.host.clone()).collect();
    let mut servers = Servers::new();
    for (index, instance) in instances.iter().enumerate() {
        let host = format!("{instance}.{domain}");
        let given = written.certificate.clone().unwrap_or_default();
        let names = given.names.unwrap_or_else(|| {
            let names = std::iter::once(&host).chain(&hosts);
            List { items: names.map(|host| at(host.clone())).collect(), span: name.span.clone() }
        });
        let own_cn = if host.len() <= COMMON_NAME_MAX { host.clone() } else { String::new() };
        let certificate =
            file::Certificate { cn: Some(given.cn.unwrap_or_else(|| at(own_cn))), names: Some(names), ..given };
        let server = file::Server {
            engine: written.engine.clone(),
            host: Some(at(host)),
            accounts: written.accounts.clone(),
            parameters: written.parameters.clone(),
            certificate: Some(certificate),
            tls: written.tls.clone(),
            kerberos: written.kerberos.clone(),
            iam: written.iam.clone(),
            enabled: written.enabled.clone(),
            image: None,
            condition: None,
            network: None,
            deadline: None,
            clock: None,
            deviations: List::default(),
            of_cluster: Some(file::OfCluster {
                is_reader: index > 0 && !does(ClusterDeviation::ReaderAcceptsWrites),
                waits_for_reboot: pending.contains(instance) && !does(ClusterDeviation::EnabledWithoutReboot),
                keeps_kerberos: does(ClusterDeviation::KerberosSurvivesPort),
                port_changed: false,
            }),
        };
        servers.insert(at(instance.clone()), server);
    }
    Ok((Cluster { instances, endpoints, deviations }, servers))
}
