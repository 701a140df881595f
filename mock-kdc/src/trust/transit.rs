//! Whether a client may come the way it came, and what the ticket says about it (RFC 4120 §3.3.3.2).

use shakedown_krb5::messages::error_code;
use shakedown_krb5::messages::flags::kdc_options;
use shakedown_krb5::messages::view::{EncTicketPartView, PrincipalView, TransitedView};
use shakedown_krb5::transited::{self, DOMAIN_X500_COMPRESS};

use super::settings::BadPath;
use crate::database::Account;
use crate::realm::Realm;
use crate::refusal::Refusal;

/// What the new ticket says of the client's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transit {
    /// The path with the realm that issued the presented ticket; none where it is as it was.
    added: Option<Vec<u8>>,
    /// Whether the path was checked and found good.
    pub(crate) checked: bool,
}

/// The ticket that a client came with, and the accounts that say how far a trust reaches.
pub(crate) struct Passage<'a> {
    /// The ticket-granting service that the presented ticket is for, which names the realm that issued it.
    pub(crate) presented: PrincipalView<'a>,
    pub(crate) part: &'a EncTicketPartView<'a>,
    /// The account of that service.
    pub(crate) issuer: &'a Account,
    /// The account of the service that is wanted.
    pub(crate) wanted: &'a Account,
}

impl Transit {
    /// The field of the new ticket.
    pub(crate) fn transited<'a>(&'a self, presented: &EncTicketPartView<'a>) -> TransitedView<'a> {
        match &self.added {
            Some(contents) => TransitedView { tr_type: DOMAIN_X500_COMPRESS, contents },
            None => presented.transited,
        }
    }
}

/// The realm that issued the presented ticket is added to the path, unless the client is of it or it is this one; then
/// the path is held against the one that leads here. Nothing is allocated for who comes straight from its own realm.
pub(crate) fn pass(realm: &Realm, options: u32, passage: &Passage<'_>) -> Result<Transit, Refusal> {
    let here = realm.name.as_bytes();
    let Passage { presented, part, issuer, wanted } = passage;
    let (client, issuing) = (part.client.realm, presented.realm);
    let added = if issuing == here || issuing == client {
        None
    } else {
        if part.transited.tr_type != DOMAIN_X500_COMPRESS {
            return Err(Refusal::new(error_code::TRTYPE_NOSUPP, "VALIDATE_TRANSIT_TYPE"));
        }
        let contents = transited::add(part.transited.contents, issuing, client, here)
            .map_err(|_| Refusal::new(error_code::ILL_CR_TKT, "ADD_TO_TRANSITED_LIST"))?;
        Some(contents)
    };
    if client != here && !is_within_reach(client, issuing, here, issuer, wanted) {
        return Err(Refusal::new(error_code::PATH_NOT_ACCEPTED, "NON_TRANSITIVE"));
    }
    let is_to_be_checked = options & kdc_options::DISABLE_TRANSITED_CHECK == 0;
    let contents = added.as_deref().unwrap_or(part.transited.contents);
    let checked = is_to_be_checked && transited::check(contents, client, here, &realm.trusts.paths).is_ok();
    match realm.trusts.bad_path {
        BadPath::Policy if !checked => Err(Refusal::new(error_code::POLICY, "BAD_TRANSIT")),
        BadPath::NotAccepted if !checked && is_to_be_checked => {
            Err(Refusal::new(error_code::PATH_NOT_ACCEPTED, "BAD_TRANSIT"))
        }
        _ => Ok(Transit { added, checked }),
    }
}

/// A trust that is not transitive is for clients of the very realm that is trusted, and leads no further than here.
fn is_within_reach(client: &[u8], issuing: &[u8], here: &[u8], issuer: &Account, wanted: &Account) -> bool {
    let onwards = wanted.principal.krbtgt_realm().is_some_and(|next| next != here);
    (wanted.transitive || !onwards) && (issuer.transitive || (client == issuing && !onwards))
}

/// A ticket of another realm for a client of this one: nobody else can vouch for our own.
pub(crate) fn check_lineage(
    realm: &Realm,
    presented: PrincipalView<'_>,
    client: PrincipalView<'_>,
) -> Result<(), Refusal> {
    let here = realm.name.as_bytes();
    if presented.realm != here && client.realm == here {
        return Err(Refusal::new(error_code::POLICY, "INVALID LINEAGE"));
    }
    Ok(())
}
