//! The client's long-term key, from a password or a keytab, made at most once per exchange.

use super::{KerberosFailure, Secret, rejected};
use crate::Principal;
use crate::crypto::{Etype, Key, MAX_ITERATIONS, default_salt, string_to_key};
use crate::der::Codec;
use crate::messages::{EtypeInfo, EtypeInfo2, EtypeInfo2Entry, PaData, padata_type};

/// Makes and keeps the key.
#[derive(Debug)]
pub(super) struct LongTermKey {
    secret: Secret,
    /// What the KDC said about the client's keys, most recently.
    info: Vec<EtypeInfo2Entry>,
    /// Whether it said anything; a list without entries says that there is no key.
    is_told: bool,
    /// A salt of any etype (PA-PW-SALT), which counts where the KDC says nothing else.
    salt: Option<Vec<u8>>,
    made: Option<(EtypeInfo2Entry, Key)>,
}

impl LongTermKey {
    pub(super) const fn new(secret: Secret) -> Self {
        Self { secret, info: Vec::new(), is_told: false, salt: None, made: None }
    }

    /// The request's etypes, those first for which there is a key in a keytab, as libkrb5 sorts them.
    pub(super) fn sort(&self, etypes: &[Etype]) -> Vec<Etype> {
        let mut sorted = etypes.to_vec();
        match &self.secret {
            Secret::Password(_) => {}
            Secret::Keys(keys) => sorted.sort_by_key(|etype| !keys.iter().any(|key| key.etype() == *etype)),
            Secret::Keytab(keys) => sorted.sort_by_key(|etype| !keys.is_current(*etype)),
        }
        sorted
    }

    /// Remembers salts and parameters from the e-data of an error or the padata of a reply, if there are any. What does
    /// not decode is passed over, as libkrb5 does: ETYPE-INFO2 counts, or else ETYPE-INFO, or else PW-SALT.
    pub(super) fn learn(&mut self, padata: &[PaData]) {
        let find = |padata_type| PaData::find(padata, padata_type);
        if let Some(Ok(info)) = find(padata_type::ETYPE_INFO2).map(EtypeInfo2::decode) {
            self.info = info.0;
            self.is_told = true;
        } else if let Some(Ok(info)) = find(padata_type::ETYPE_INFO).map(EtypeInfo::decode) {
            let entry =
                |e: crate::messages::EtypeInfoEntry| EtypeInfo2Entry { etype: e.etype, salt: e.salt, s2kparams: None };
            self.info = info.0.into_iter().map(entry).collect();
            self.is_told = true;
        } else if let Some(salt) = find(padata_type::PW_SALT) {
            self.salt = Some(salt.to_vec());
        }
    }

    /// Which etype to pre-authenticate with: the first of the request that the KDC has a key for. Without a word of
    /// the KDC, the first of the request.
    pub(super) fn preferred(&self, etypes: &[Etype]) -> Option<Etype> {
        if !self.is_told {
            return etypes.first().copied();
        }
        etypes.iter().copied().find(|etype| self.info.iter().any(|entry| entry.etype == etype.number()))
    }

    /// The key of `etype`; the salt is the one that the KDC named, or else the default one of `client`.
    pub(super) fn key(&mut self, etype: Etype, client: &Principal) -> Result<Key, KerberosFailure> {
        let ready = match &self.secret {
            Secret::Password(_) => None,
            Secret::Keys(keys) => Some(keys.iter().find(|key| key.etype() == etype)),
            Secret::Keytab(keys) => Some(keys.find(etype)),
        };
        if let Some(found) = ready {
            return found.cloned().ok_or(KerberosFailure::Rejected(rejected::LONG_TERM_KEY));
        }
        let Secret::Password(password) = &self.secret else { unreachable!("all others are ready") };
        let said = self.info.iter().find(|entry| entry.etype == etype.number());
        let entry = EtypeInfo2Entry {
            etype: etype.number(),
            salt: Some(self.salt_of(said).unwrap_or_else(|| default_salt(client))),
            s2kparams: said.and_then(|entry| entry.s2kparams.clone()),
        };
        check_parameters(etype, entry.s2kparams.as_deref())?;
        if let Some((of, key)) = &self.made
            && *of == entry
        {
            return Ok(key.clone());
        }
        let salt = entry.salt.as_deref().unwrap_or_default();
        let key = string_to_key(etype, password, salt, entry.s2kparams.as_deref())
            .map_err(|_| KerberosFailure::Rejected(rejected::S2K_PARAMS))?;
        self.made = Some((entry, key.clone()));
        Ok(key)
    }

    fn salt_of(&self, said: Option<&EtypeInfo2Entry>) -> Option<Vec<u8>> {
        match said {
            Some(entry) => entry.salt.clone(),
            None => self.salt.clone().filter(|_| self.info.is_empty()),
        }
    }
}

/// As libkrb5's pbkdf2_string_to_key judges what a KDC asks for. Etypes without iterations take no parameters.
fn check_parameters(etype: Etype, parameters: Option<&[u8]>) -> Result<(), KerberosFailure> {
    let Some(parameters) = parameters else { return Ok(()) };
    let count = <[u8; 4]>::try_from(parameters).map(u32::from_be_bytes);
    match count {
        Ok(count) if (etype.default_iterations()..=MAX_ITERATIONS).contains(&count) => Ok(()),
        _ => Err(KerberosFailure::Rejected(rejected::S2K_PARAMS)),
    }
}
