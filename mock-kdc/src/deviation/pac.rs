//! Departures in the PAC of a ticket (MS-PAC): the client takes such a ticket, and so do services that do not look at the
//! signatures. The KDC finds them in a ticket-granting ticket that it is shown; each says with which error. A ticket
//! without a PAC is left as it is.

use shakedown_krb5::Principal;
use shakedown_krb5::crypto::Key;
use shakedown_krb5::der::{Codec as _, Element};
use shakedown_krb5::messages::view::PrincipalView;
use shakedown_krb5::messages::{AuthorizationElement, AuthorizationList, EncTicketPart, ad_type};
use shakedown_krb5::pac::{FileTime, PLACEHOLDER, Pac, Piece, Signed, kind};

use super::{Bend, Circumstances, Demand, Line};

pub(super) const LINES: &[Line] = &[
    Line {
        name: "pac-missing",
        clause: "MS-KILE §3.3.5.6.3",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the ticket has no PAC, nor has what comes of it",
        bends: &[Bend::Ticket(|ticket, around| change(ticket, around, |_| None))],
    },
    Line {
        name: "pac-server-signature-wrong",
        clause: "MS-PAC §2.8.1",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the PAC's server signature is made with another key than the ticket's (the KDC answers 41)",
        bends: &[Bend::Ticket(|ticket, around| {
            change(ticket, around, |whole| {
                let other = another(whole.server);
                Some(whole.signed(&Signed { server: &other, ..whole.signers() }, None))
            });
        })],
    },
    Line {
        name: "pac-kdc-signature-wrong",
        clause: "MS-PAC §2.8.2",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the PAC's KDC signature is made with another key than the KDC's (an Active Directory answers 41)",
        bends: &[Bend::Ticket(|ticket, around| {
            change(ticket, around, |whole| {
                let other = another(whole.kdc);
                Some(whole.signed(&Signed { kdc: &other, ..whole.signers() }, None))
            });
        })],
    },
    Line {
        name: "pac-of-another-client",
        clause: "MS-PAC §2.7",
        demand: Demand::Tolerate,
        exchange: None,
        what: "the PAC is another client's, with signatures that fit (the KDC answers 20, MIT's 13)",
        bends: &[Bend::Ticket(|ticket, around| {
            change(ticket, around, |whole| {
                Some(whole.signed(&whole.signers(), Some(&Principal::new(&["mallory"], ""))))
            });
        })],
    },
];

/// A ticket, its PAC, and the keys that both are made with.
struct Whole<'a> {
    pac: Pac<'a>,
    /// The ticket as its signature sees it.
    ticket: &'a [u8],
    part: &'a EncTicketPart,
    server: &'a Key,
    kdc: &'a Key,
}

impl<'a> Whole<'a> {
    /// Who has signed it, and whether the ticket is signed too.
    fn signers(&self) -> Signed<'a> {
        let is_for_service = self.pac.find(kind::TICKET_CHECKSUM).is_ok();
        Signed { server: self.server, kdc: self.kdc, ticket: is_for_service.then_some(self.ticket) }
    }

    /// The same PAC, or that of another client, signed so.
    fn signed(&self, signers: &Signed<'_>, client: Option<&Principal>) -> Vec<u8> {
        let auth_time = FileTime::from_timestamp(self.part.auth_time);
        let client = client.map(|client| Piece::ClientInfo { auth_time, client: PrincipalView::from(client).name });
        let pieces = self.pac.buffers().filter(|buffer| !kind::is_signature(buffer.kind));
        let pieces = pieces.map(|buffer| match client {
            Some(client) if buffer.kind == kind::CLIENT_INFO => client,
            _ => Piece::Octets(buffer.kind, buffer.octets),
        });
        let mut octets = Vec::new();
        signers.write(pieces, &mut octets);
        octets
    }
}

/// Another key of the same type, the same each time.
fn another(key: &Key) -> Key {
    let octets: Vec<u8> = key.bytes().iter().map(|octet| octet ^ 1).collect();
    Key::new(key.etype(), &octets).expect("INVARIANT: as long as a key of this type")
}

/// Puts another PAC in the place of the ticket's, or none.
fn change(ticket: &mut Element, around: &Circumstances<'_>, bent: impl FnOnce(&Whole<'_>) -> Option<Vec<u8>>) {
    let Some(seals) = around.seals else { return };
    let (Some(kdc), Ok(mut part)) = (&seals.kdc_key, EncTicketPart::decode(&ticket.to_octets())) else { return };
    let elements = part.authorization_data.as_deref().unwrap_or_default();
    let found = elements.iter().enumerate().find_map(|(place, element)| Some((place, pac_within(element)?)));
    let Some((place, octets)) = found else { return };
    let Ok(pac) = Pac::parse(&octets) else { return };
    let signed = with(&part, place, Some(PLACEHOLDER)).to_octets();
    let whole = Whole { pac, ticket: &signed, part: &part, server: &seals.ticket_key, kdc };
    let octets = bent(&whole);
    part = with(&part, place, octets.as_deref());
    *ticket = Element::of(&part);
}

fn pac_within(element: &AuthorizationElement) -> Option<Vec<u8>> {
    let AuthorizationList(inner) =
        (element.ad_type == ad_type::IF_RELEVANT).then(|| AuthorizationList::decode(&element.ad_data).ok())??;
    inner.into_iter().find(|inner| inner.ad_type == ad_type::WIN2K_PAC).map(|inner| inner.ad_data)
}

/// The ticket with these octets for a PAC in this place of its authorization data.
fn with(part: &EncTicketPart, place: usize, pac: Option<&[u8]>) -> EncTicketPart {
    let mut elements = part.authorization_data.clone().unwrap_or_default();
    match pac {
        Some(octets) => {
            let inner = AuthorizationElement { ad_type: ad_type::WIN2K_PAC, ad_data: octets.to_vec() };
            elements[place].ad_data = AuthorizationList(vec![inner]).to_octets();
        }
        None => {
            elements.remove(place);
        }
    }
    EncTicketPart { authorization_data: (!elements.is_empty()).then_some(elements), ..part.clone() }
}
