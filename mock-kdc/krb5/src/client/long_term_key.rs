//! The client's long-term key, from a password or a keytab, made at most once per exchange.

use super::{KerberosFailure, Secret, rejected};
use crate::Principal;
use crate::crypto::{Etype, Key, default_salt, string_to_key};
use crate::der::Codec;
use crate::messages::{EtypeInfo, EtypeInfo2, EtypeInfo2Entry, PaData, padata_type};

/// Makes and keeps the key.
#[derive(Debug)]
pub(super) struct LongTermKey {
    secret: Secret,
    /// What the KDC said about the client's keys, most recently.
    info: Vec<EtypeInfo2Entry>,
    made: Option<(EtypeInfo2Entry, Key)>,
}

impl LongTermKey {
    pub(super) const fn new(secret: Secret) -> Self {
        Self { secret, info: Vec::new(), made: None }
    }

    /// The request's etypes, those first for which there is a key in a keytab, as libkrb5 sorts them.
    pub(super) fn sort(&self, etypes: &[Etype]) -> Vec<Etype> {
        let mut sorted = etypes.to_vec();
        if let Secret::Keys(keys) = &self.secret {
            sorted.sort_by_key(|etype| !keys.iter().any(|key| key.etype() == *etype));
        }
        sorted
    }

    /// Remembers salts and parameters from the e-data of an error or the padata of a reply, if there are any. What does
    /// not decode is passed over, as libkrb5 does.
    pub(super) fn learn(&mut self, padata: &[PaData]) {
        let find = |padata_type| PaData::find(padata, padata_type);
        if let Some(Ok(info)) = find(padata_type::ETYPE_INFO2).map(EtypeInfo2::decode) {
            self.info = info.0;
        } else if let Some(Ok(info)) = find(padata_type::ETYPE_INFO).map(EtypeInfo::decode) {
            let entry =
                |e: crate::messages::EtypeInfoEntry| EtypeInfo2Entry { etype: e.etype, salt: e.salt, s2kparams: None };
            self.info = info.0.into_iter().map(entry).collect();
        }
    }

    /// Which etype to pre-authenticate with: the first of the request that the KDC has a key for. Without a word of
    /// the KDC, the first of the request.
    pub(super) fn preferred(&self, etypes: &[Etype]) -> Option<Etype> {
        if self.info.is_empty() {
            return etypes.first().copied();
        }
        etypes.iter().copied().find(|etype| self.info.iter().any(|entry| entry.etype == etype.number()))
    }

    /// The key of `etype`; the salt is the one that the KDC named, or else the default one of `client`.
    pub(super) fn key(&mut self, etype: Etype, client: &Principal) -> Result<Key, KerberosFailure> {
        let password = match &self.secret {
            Secret::Keys(keys) => {
                let found = keys.iter().find(|key| key.etype() == etype);
                return found.cloned().ok_or(KerberosFailure::Rejected(rejected::LONG_TERM_KEY));
            }
            Secret::Password(password) => password,
        };
        let said = self.info.iter().find(|entry| entry.etype == etype.number());
        let entry = EtypeInfo2Entry {
            etype: etype.number(),
            salt: Some(said.and_then(|entry| entry.salt.clone()).unwrap_or_else(|| default_salt(client))),
            s2kparams: said.and_then(|entry| entry.s2kparams.clone()),
        };
        if let Some((of, key)) = &self.made
            && *of == entry
        {
            return Ok(key.clone());
        }
        let salt = entry.salt.as_deref().unwrap_or_default();
        let key = string_to_key(etype, password, salt, entry.s2kparams.as_deref())
            .map_err(|_| KerberosFailure::Rejected(rejected::LONG_TERM_KEY))?;
        self.made = Some((entry, key.clone()));
        Ok(key)
    }
}
