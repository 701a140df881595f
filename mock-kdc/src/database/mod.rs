//! The principals of a realm with their keys, and how they are found.

mod account;
mod create;
mod folded;

use std::collections::HashMap;
use std::sync::Arc;

use shakedown_krb5::messages::view::PrincipalView;
use shakedown_krb5::{Principal, Random};

pub(crate) use account::Account;
pub(crate) use create::principal;

use crate::hash::Folding;
use crate::pac::Profile;
use crate::realm::{InvalidRealm, Realm, Service, User};
use folded::Folded;

/// All principals, the realm's own krbtgt among them.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    accounts: Vec<Account>,
    /// INVARIANT: every index is one of `accounts`.
    names: HashMap<Box<[u8]>, Named, Folding>,
    case_insensitive: bool,
    /// Whether two accounts can share an alias, as they can in a directory.
    shares_aliases: bool,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy)]
enum Named {
    One(usize),
    /// A name that accounts share: nobody can tell which is meant.
    Several,
}

/// What was found under a name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lookup<'a> {
    One(&'a Account),
    /// More than one account has the name.
    Several,
    Nobody,
}

impl Database {
    /// Makes all keys.
    pub(crate) fn new(realm: &Realm, random: &mut dyn Random) -> Result<Self, InvalidRealm> {
        create::all(realm, random)
    }

    /// Finds an account by its name or one of its other names. Nothing is allocated for names of ordinary length.
    pub(crate) fn lookup(&self, name: PrincipalView<'_>) -> Lookup<'_> {
        match self.names.get(self.key(name).octets()) {
            Some(Named::One(index)) => Lookup::One(&self.accounts[*index]),
            Some(Named::Several) => Lookup::Several,
            None => Lookup::Nobody,
        }
    }

    /// The one account of a name.
    pub(crate) fn find<'n>(&self, principal: impl Into<PrincipalView<'n>>) -> Option<&Account> {
        match self.lookup(principal.into()) {
            Lookup::One(account) => Some(account),
            Lookup::Several | Lookup::Nobody => None,
        }
    }

    pub(crate) fn find_mut(&mut self, principal: &Principal) -> Option<&mut Account> {
        match self.names.get(self.key(principal.into()).octets())? {
            Named::One(index) => Some(&mut self.accounts[*index]),
            Named::Several => None,
        }
    }

    /// All accounts, in the order in which they were made.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.iter().filter(|account| !account.is_removed())
    }

    /// Takes an account out, with all of its names and keys; whether it was there. A name that it shared stays shared.
    pub(crate) fn remove(&mut self, principal: &Principal) -> bool {
        let Some(Named::One(index)) = self.names.get(self.key(principal.into()).octets()).copied() else {
            return false;
        };
        self.names.retain(|_, named| !matches!(named, Named::One(other) if *other == index));
        // Its place stays, as names are for places.
        self.accounts[index].forget();
        true
    }

    /// The account of a user of a realm that is in use. Its keys are made here, which takes long.
    pub(crate) fn user(realm: &Realm, user: &User) -> Result<Account, InvalidRealm> {
        create::user(realm, user)
    }

    /// Adds a user with the account that [`Self::user`] has made.
    pub(crate) fn add_user(&mut self, realm: &Realm, user: &User, account: Account) -> Result<(), InvalidRealm> {
        self.add(realm, account, user.upn.as_deref(), &user.aliases)
    }

    /// Adds a service to a realm that is in use.
    pub(crate) fn add_service(
        &mut self,
        realm: &Realm,
        service: &Service,
        random: &mut dyn Random,
    ) -> Result<(), InvalidRealm> {
        let account = create::service(realm, service, random)?;
        self.add(realm, account, None, &service.aliases)
    }

    fn add(
        &mut self,
        realm: &Realm,
        account: Account,
        upn: Option<&str>,
        aliases: &[String],
    ) -> Result<(), InvalidRealm> {
        let index = self.accounts.len();
        let pac = if realm.pac { Profile::of(realm, &account).map(Arc::new) } else { None };
        let mut names = vec![(account.principal.clone(), false)];
        if let Some(upn) = upn {
            names.push((create::upn(realm, upn)?, self.shares_aliases));
        }
        for alias in aliases {
            names.push((principal(realm, alias)?, self.shares_aliases));
        }
        // All of them are free, or none is taken.
        let taken = names
            .iter()
            .find(|(name, is_shared)| !is_shared && self.names.contains_key(self.key(name.into()).octets()));
        if let Some((name, _)) = taken {
            return Err(InvalidRealm::Twice(name.to_string()));
        }
        for (name, _) in names {
            let named = match self.names.get(self.key((&name).into()).octets()) {
                Some(Named::One(other)) if *other != index => Named::Several,
                Some(Named::Several) => Named::Several,
                _ => Named::One(index),
            };
            self.names.insert(self.key((&name).into()).octets().into(), named);
        }
        self.accounts.push(Account { pac, ..account });
        Ok(())
    }

    fn key(&self, name: PrincipalView<'_>) -> Folded {
        let mut key = Folded::new(self.case_insensitive);
        name.name.components().for_each(|component| key.push(component));
        key.push(name.realm);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;
    use crate::realm::Flavor;
    use shakedown_krb5::crypto::Etype;

    fn database(flavor: Flavor) -> Result<Database, InvalidRealm> {
        let mut realm = Realm::of(flavor, "R.TEST");
        realm.etypes = vec![Etype::Aes128Sha1];
        realm.users = vec![
            User { aliases: vec!["al".to_owned()], ..User::new("Alice", "a") },
            User { upn: Some("b@other.test".to_owned()), ..User::new("bob", "b") },
        ];
        let spn = || vec!["postgres/db.test".to_owned()];
        realm.services = vec![Service { aliases: spn(), ..Service::new("one") }];
        if flavor == Flavor::ActiveDirectory {
            realm.services.push(Service { aliases: spn(), ..Service::new("two") });
        }
        Database::new(&realm, &mut SystemRandom)
    }

    fn found(database: &Database, components: &[&str], realm: &str) -> String {
        match database.lookup((&Principal::new(components, realm)).into()) {
            Lookup::One(account) => account.principal.to_string(),
            Lookup::Several => "several".to_owned(),
            Lookup::Nobody => "nobody".to_owned(),
        }
    }

    #[test]
    fn an_account_is_found_by_each_of_its_names() {
        let database = database(Flavor::Mit).unwrap();
        assert_eq!(found(&database, &["Alice"], "R.TEST"), "Alice@R.TEST");
        assert_eq!(found(&database, &["al"], "R.TEST"), "Alice@R.TEST");
        assert_eq!(found(&database, &["b@other.test"], "R.TEST"), "bob@R.TEST");
        assert_eq!(found(&database, &["postgres", "db.test"], "R.TEST"), "one@R.TEST");
        for (components, realm) in
            [(&["alice"][..], "R.TEST"), (&["Alice"], "r.test"), (&["Alice", ""], "R.TEST"), (&["Alice"], "")]
        {
            assert_eq!(found(&database, components, realm), "nobody");
        }
    }

    #[test]
    fn in_a_directory_case_does_not_matter_and_aliases_can_be_shared() {
        let database = database(Flavor::ActiveDirectory).unwrap();
        assert_eq!(found(&database, &["ALICE"], "r.test"), "Alice@R.TEST");
        assert_eq!(found(&database, &["B@Other.TEST"], "R.TEST"), "bob@R.TEST");
        assert_eq!(found(&database, &["postgres", "DB.test"], "R.TEST"), "several");
        assert_eq!(found(&database, &["two"], "R.TEST"), "two@R.TEST");
    }

    #[test]
    fn one_name_for_two_accounts_is_refused_where_it_cannot_be() {
        for (flavor, name) in [(Flavor::Mit, "al"), (Flavor::ActiveDirectory, "ALICE")] {
            let mut realm = Realm::of(flavor, "R");
            realm.etypes = vec![Etype::Aes128Sha1];
            realm.users =
                vec![User { aliases: vec!["al".to_owned()], ..User::new("alice", "a") }, User::new(name, "b")];
            let refused = Database::new(&realm, &mut SystemRandom).unwrap_err();
            assert_eq!(refused, InvalidRealm::Twice(format!("{name}@R")));
        }
    }
}
