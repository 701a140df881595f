//! RFC 4537: which encryption type the acceptor's sub-key has.

use crate::crypto::Etype;
use crate::der::{Error, Reader};
use crate::messages::{AuthorizationElement, AuthorizationList, Codec, ad_type};

/// libkrb5's permitted_enctypes, as far as they are ours, most preferred first.
const PREFERENCE: [Etype; 5] =
    [Etype::Aes256Sha1, Etype::Aes128Sha1, Etype::Aes256Sha384, Etype::Aes128Sha256, Etype::Rc4Hmac];

/// The acceptor's choice, as MIT makes it: its most preferred of those that the initiator listed in its authenticator
/// and of `used`, the etypes of the initiator's sub-key and of the session key.
pub(super) fn choose(authorization_data: Option<&[AuthorizationElement]>, used: &[Etype]) -> Etype {
    let listed = listed(authorization_data.unwrap_or_default());
    let wanted = |etype: &Etype| used.contains(etype) || listed.contains(&etype.number());
    PREFERENCE.into_iter().find(wanted).expect("the session key's etype is one of ours")
}

/// The EtypeList, mostly within AD-IF-RELEVANT. What does not decode is as good as absent.
fn listed(elements: &[AuthorizationElement]) -> Vec<i32> {
    for element in elements {
        let inner = match element.ad_type {
            ad_type::IF_RELEVANT => AuthorizationList::decode(&element.ad_data).unwrap_or_default().0,
            _ => Vec::new(),
        };
        let mut candidates = std::iter::once(element).chain(&inner);
        if let Some(list) = candidates.find(|element| element.ad_type == ad_type::ETYPE_NEGOTIATION) {
            return etype_list(&list.ad_data).unwrap_or_default();
        }
    }
    Vec::new()
}

fn etype_list(octets: &[u8]) -> Result<Vec<i32>, Error> {
    Reader::new("EtypeList", octets)?.list(Reader::int32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::octets::octets;

    #[test]
    fn the_acceptors_preference_decides_among_what_the_initiator_knows() {
        // EtypeList ::= SEQUENCE OF Int32, here 20 and 19, bare and within AD-IF-RELEVANT
        let bare = AuthorizationElement { ad_type: 129, ad_data: octets("3006 020114 020113") };
        let list = AuthorizationList(vec![bare.clone()]);
        let wrapped = AuthorizationElement { ad_type: 1, ad_data: list.to_octets() };
        let broken = AuthorizationElement { ad_type: 129, ad_data: octets("3006 0201") };

        assert_eq!(choose(None, &[Etype::Aes128Sha256]), Etype::Aes128Sha256);
        for elements in [[bare], [wrapped]] {
            assert_eq!(choose(Some(&elements), &[Etype::Aes128Sha256]), Etype::Aes256Sha384);
            assert_eq!(choose(Some(&elements), &[Etype::Aes128Sha1]), Etype::Aes128Sha1);
        }
        assert_eq!(choose(Some(&[broken]), &[Etype::Aes128Sha256]), Etype::Aes128Sha256);
    }
}
