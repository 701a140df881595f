//! From a file to cases: each cell gets its parties, its steps and what must come of them, with nothing left to decide.

mod account;
mod client;
mod cluster;
mod deviation;
mod fault;
mod iam;
mod intern;
mod network;
mod proxy;
mod reached;
mod realm;
mod server;
mod step;
mod verb;

use crate::error::{Error, ScenarioError};
use crate::scenario::file::File;
use crate::scenario::library::Library;
use crate::scenario::matrix::Matrix;
use crate::scenario::party::Cluster;
use crate::scenario::plan::{Case, Exclusion, Plan, RuleCount, ScenarioInfo};
use crate::scenario::reading::Readings;
use crate::scenario::requirements::checked;
use crate::scenario::rules::{Exclusions, place};
use crate::scenario::source::Source;
use crate::scenario::template::Filling;
use crate::scenario::written::{List, Text};
use intern::Interner;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use step::CompiledStep;

/// Understands scenarios. `choices` are answers to open questions other than the defaults.
///
/// # Errors
/// A file cannot be understood, two cases have one name, or a choice answers no question of any file.
pub fn plan(sources: &[Source], library: &Library, choices: &BTreeMap<String, String>) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let mut interner = Interner::default();
    let mut asked = Vec::new();
    for source in sources {
        asked.extend(scenario(source, library, choices, &mut interner, &mut plan)?);
    }
    if let Some(question) = choices.keys().find(|question| !asked.contains(question)) {
        return Err(Error::Usage(format!("no scenario asks the question '{question}'")));
    }
    let mut names: HashMap<&str, &Case> = HashMap::with_capacity(plan.cases.len());
    for case in &plan.cases {
        if let Some(other) = names.insert(&case.name, case) {
            let problem = format!("two cases have one name, the other is at {}:", other.scenario.place);
            let error = ScenarioError {
                file: case.scenario.place.file.clone(),
                line: case.scenario.place.line,
                column: 1,
                written: Some(case.name.clone()),
                allowed: None,
                problem,
            };
            return Err(error.into());
        }
    }
    Ok(plan)
}

/// Understands one scenario and gives back the questions that it asks.
fn scenario(
    source: &Source,
    library: &Library,
    choices: &BTreeMap<String, String>,
    interner: &mut Interner,
    plan: &mut Plan,
) -> Result<Vec<String>, Error> {
    let file: File = source.parse()?;
    let File {
        title,
        source: document,
        name,
        shows,
        exclude,
        axes,
        reading,
        realm,
        server,
        cluster,
        client,
        proxy,
        step,
        during,
    } = file;
    if let Some(during) = during.first() {
        return Err(source.error(&during.span(), "[[during]] is played under load only, not supported yet").into());
    }
    let readings = Readings::new(reading, source)?;
    let chosen = readings.chosen(choices).map_err(Error::Usage)?;
    let matrix = Matrix::new(axes, source, &library.sets)?;
    let exclusions = Exclusions::apply(exclude, matrix.cells(), source, &matrix, &readings)?;
    if step.is_empty() {
        return Err(source.error(&title.span, "a scenario without a [[step]]").into());
    }
    let mut steps = Vec::with_capacity(step.len());
    for written in step {
        steps.push(CompiledStep::new(written, source, &matrix, &readings)?);
    }
    let info = Arc::new(ScenarioInfo {
        name: source.name.clone(),
        title: title.text,
        source: document.text,
        place: place(source, &title.span),
    });
    for step in &steps {
        for (place, cells) in step.count(&exclusions.cells, source, &matrix, &readings)? {
            plan.rules.push(RuleCount { scenario: info.name.clone(), step: step.name.clone(), place, cells });
        }
    }
    let parties = Parties { realm, server, cluster, client, proxy };

    let mut names: HashMap<String, &[usize]> = HashMap::with_capacity(exclusions.cells.len());
    for cell in &exclusions.cells {
        let filling = Filling { source, matrix: &matrix, cell };
        let case = case(&filling, name.as_ref(), &shows, &parties, &steps, &info, &chosen, library, interner)?;
        if let Some(other) = names.insert(case.name.clone(), cell) {
            let span = name.as_ref().map_or(0..0, |name| name.span.clone());
            let cells = format!("{} and {}", matrix.describe(other), matrix.describe(cell));
            return Err(source.error(&span, format!("the cells {cells} have one name:")).writing(case.name).into());
        }
        plan.cases.push(case);
    }
    for (why, cells) in exclusions.removed {
        plan.excluded.push(Exclusion { scenario: info.name.clone(), why, cells });
    }
    for (question, answer) in chosen {
        plan.readings.insert(question, answer);
    }
    Ok(choices.keys().filter(|question| readings.asks(question)).cloned().collect())
}

/// The parties of a file as written.
struct Parties {
    realm: BTreeMap<Text, crate::scenario::file::Realm>,
    server: BTreeMap<Text, crate::scenario::file::Server>,
    cluster: BTreeMap<Text, crate::scenario::file::Cluster>,
    client: BTreeMap<Text, crate::scenario::file::Client>,
    proxy: BTreeMap<Text, crate::scenario::file::Proxy>,
}

impl Parties {
    /// A step must name parties that there are.
    fn check(
        &self,
        step: &CompiledStep,
        servers: &cluster::Servers,
        clusters: &BTreeMap<String, Cluster>,
        filling: &Filling<'_>,
    ) -> Result<(), ScenarioError> {
        fn keys<T>(map: &BTreeMap<Text, T>) -> Vec<&str> {
            map.keys().map(|key| key.text.as_str()).collect()
        }
        let named = |what: &str, name: &Text, known: Vec<&str>| {
            if known.contains(&name.text.as_str()) {
                return Ok(());
            }
            let allowed = if known.is_empty() { "none is defined".to_owned() } else { known.join(", ") };
            Err(filling.error(name, format!("unknown {what}")).allowing(allowed))
        };
        if let Some((from, to)) = step.connects(filling)? {
            named("client", &from, keys(&self.client))?;
            let endpoints =
                clusters.values().flat_map(|cluster| cluster.endpoints.keys().map(String::as_str)).collect();
            named("server or proxy", &to, [keys(servers), keys(&self.proxy), endpoints].concat())?;
        }
        if let Some((by, realm)) = step.authenticates(filling)? {
            named("client", &by, keys(&self.client))?;
            named("realm", &realm, keys(&self.realm))?;
        }
        Ok(())
    }
}

#[expect(clippy::too_many_arguments, reason = "a cell and all that its scenario has decided; there is one caller")]
fn case(
    filling: &Filling<'_>,
    name: Option<&Text>,
    shows: &List,
    parties: &Parties,
    steps: &[CompiledStep],
    info: &Arc<ScenarioInfo>,
    readings: &BTreeMap<String, String>,
    library: &Library,
    interner: &mut Interner,
) -> Result<Case, ScenarioError> {
    let (written, clusters) = cluster::expand(&parties.cluster, &parties.server, filling)?;
    let realms = realm::resolve_all(&parties.realm, &written, filling, interner, &library.profiles, readings)?;
    let mut servers = BTreeMap::new();
    for (key, written) in &written {
        let server = server::resolve(&key.text, written, filling, &realms, &library.profiles, readings)?;
        servers.insert(key.text.clone(), interner.server(server));
    }
    let mut connections = Vec::new();
    for step in steps {
        parties.check(step, &written, &clusters, filling)?;
        connections.extend(step.connects(filling)?);
    }
    let ends = proxy::ends(&parties.proxy, &servers, filling)?;
    let behind = |to: &str| clusters.values().find_map(|cluster| cluster.first_behind(to));
    let reached_by = |to: &Text| {
        let end = ends.get(&to.text).unwrap_or(&to.text);
        servers.get(behind(end).unwrap_or(end))
    };
    let mut clients = BTreeMap::new();
    for (key, written) in &parties.client {
        let reached = connections.iter().filter(|(from, _)| from.text == key.text);
        let reached: Vec<_> = reached.filter_map(|(_, to)| reached_by(to)).map(Arc::as_ref).collect();
        clients
            .insert(key.text.clone(), interner.client(client::resolve(written, filling, &reached, &library.clients)?));
    }
    let mut proxies = BTreeMap::new();
    for (key, written) in &parties.proxy {
        if let Some(server) = reached_by(key) {
            let proxy = proxy::resolve(&key.text, written, server, filling)?;
            proxies.insert(key.text.clone(), interner.proxy(proxy));
        }
    }
    let mut requirements = checked(shows, filling, &library.catalogue)?;
    for (axis, value) in filling.matrix.values(filling.cell) {
        let of_value = value.fields.get("shows").map(String::as_str).unwrap_or_default();
        for id in of_value.split_whitespace() {
            // The value may stand in another file; the scenario's head is the best place there is.
            let word = Text { text: id.to_owned(), span: 0..0 };
            library.catalogue.check(&word, filling.source).map_err(|error| {
                let problem = format!("{}, shown by value '{}' of axis '{axis}':", error.problem, value.name);
                ScenarioError { problem, ..error }
            })?;
            requirements.push(id.to_owned());
        }
    }
    let mut once: Vec<String> = Vec::with_capacity(requirements.len());
    for id in requirements {
        if !once.contains(&id) {
            once.push(id);
        }
    }
    let mut played = Vec::with_capacity(steps.len());
    let mut standing = verb::Standing {
        filling,
        readings,
        library,
        realms: &realms,
        servers: &servers,
        clients: &clients,
        proxies: &proxies,
        so_far: verb::SoFar::begin(&written, &clusters),
    };
    for step in steps {
        if let Some(step) = step.resolve(&mut standing)? {
            played.push(step);
        }
    }
    // It would pass without having shown anything.
    if let (true, Some(first)) = (played.is_empty(), steps.first()) {
        let problem = format!(
            "no step happens in the cell {}; a cell that cannot exist belongs into 'exclude'",
            filling.matrix.describe(filling.cell)
        );
        return Err(filling.source.error(first.span(), problem));
    }
    let standing = reached::Parties { realms, servers, clients, proxies };
    let reached::Parties { realms, servers, clients, proxies } = standing.reached_by(&clusters, &played);
    Ok(Case {
        name: case_name(filling, name)?,
        scenario: Arc::clone(info),
        axes: filling.matrix.values(filling.cell).map(|(axis, value)| (axis.to_owned(), value.name.clone())).collect(),
        requirements: once,
        readings: readings.clone(),
        realms,
        servers,
        clients,
        proxies,
        clusters: clusters.into_iter().map(|(name, cluster)| (name, Arc::new(cluster))).collect(),
        steps: played,
    })
}

/// The scenario's name and the template filled in; without one, the names of all values in the order of the axes.
fn case_name(filling: &Filling<'_>, template: Option<&Text>) -> Result<String, ScenarioError> {
    let mut parts = vec![filling.source.name.clone()];
    match template {
        Some(template) => {
            let name = filling.text(template)?;
            // It is printed a line each, and is given to a shell to play the case again.
            if name.text.chars().any(char::is_control) {
                return Err(filling.error(&name, "a control character in the name of a case"));
            }
            parts.push(name.text);
        }
        None => parts.extend(filling.matrix.values(filling.cell).map(|(_, value)| value.name.clone())),
    }
    Ok(parts.join("/"))
}
