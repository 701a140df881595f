//! What scenarios refer to: profiles of engines and clients, sets of axis values, the catalogue of requirements.

use crate::error::Error;
use crate::scenario::client_profiles::ClientProfiles;
use crate::scenario::profiles::Profiles;
use crate::scenario::requirements::Catalogue;
use crate::scenario::sets::Sets;
use crate::scenario::source::Source;

/// What scenarios refer to.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// Engines.
    pub profiles: Profiles,
    /// Client libraries.
    pub clients: ClientProfiles,
    /// Shared axes.
    pub sets: Sets,
    /// Requirements.
    pub catalogue: Catalogue,
}

impl Library {
    /// What is built in.
    ///
    /// # Errors
    /// The program was built with a file that it cannot read.
    pub fn built_in() -> Result<Self, Error> {
        let mut profiles = Profiles::default();
        for source in Source::built_in_profiles() {
            profiles.add(&source)?;
        }
        let clients = ClientProfiles::parse(&Source::built_in_file("clients")?)?;
        let sets = Sets::parse(&Source::built_in_file("sets")?)?;
        let catalogue = Catalogue::parse(&Source::built_in_file("requirements")?)?;
        Ok(Self { profiles, clients, sets, catalogue })
    }
}
