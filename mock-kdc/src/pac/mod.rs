//! The PAC of tickets (MS-PAC, MS-KILE 3.3.5): made when a client logs on, and copied and signed anew for each ticket that
//! comes of it.
//!
//! What there is to say about an account is encoded when the account is made ([`Profile`]); a request only fills in names
//! and times and signs. In a realm of Active Directory a PAC says who the client is; in one of MIT's, as with its KDC, only
//! that it is the client.

mod profile;
mod request;

use std::cell::RefCell;

use shakedown_krb5::crypto::{Etype, Key};
use shakedown_krb5::der::{Reader, Writer};
use shakedown_krb5::messages::view::{AuthorizationElementView, EncTicketPartView, ListView, NameView, PrincipalView};
use shakedown_krb5::messages::{ad_type, error_code};
use shakedown_krb5::pac::{Attributes, FileTime, PLACEHOLDER, Pac, PacError, Piece, Signed, kind};

pub(crate) use profile::Profile;
pub(crate) use request::wanted;

use crate::database::Account;
use crate::kdc::View;
use crate::realm::Flavor;
use crate::refusal::Refusal;
use crate::reply::{Authorization, Carried};

/// The authorization data of a ticket: a PAC, if there is to be one, and before all others.
pub(crate) struct WithPac<'a> {
    /// And the key of the ticket-granting service, to sign it with.
    content: Option<(Content<'a>, &'a Key)>,
    others: Carried<'a>,
    /// For whom the ticket is.
    service: PrincipalView<'a>,
    /// The ticket as its signature sees it.
    signed: RefCell<&'a mut Vec<u8>>,
}

/// What a PAC says beside the client's name and its signatures.
#[derive(Clone, Copy)]
enum Content<'a> {
    /// The client has just logged on.
    New { profile: Option<&'a Profile>, attributes: Attributes },
    /// That of the presented ticket.
    Copied(Pac<'a>),
}

impl<'a> WithPac<'a> {
    /// For an AS-REP, where `attributes` say whether the client wants one.
    pub(crate) fn of_logon(
        view: &View<'a>,
        client: &'a Account,
        service: PrincipalView<'a>,
        attributes: Option<Attributes>,
        signed: &'a mut Vec<u8>,
    ) -> Option<Self> {
        let profile = client.pac.as_deref().filter(|_| view.realm.flavor == Flavor::ActiveDirectory);
        let content = attributes.filter(|_| view.realm.pac).map(|attributes| Content::New { profile, attributes });
        Self::new(view, content, Carried::default(), service, signed)
    }

    /// For a TGS-REP: the PAC of the presented ticket, which was verified, and what the ticket has besides.
    pub(crate) fn of_presented(
        view: &View<'a>,
        presented: Option<Pac<'a>>,
        others: Carried<'a>,
        service: PrincipalView<'a>,
        signed: &'a mut Vec<u8>,
    ) -> Option<Self> {
        Self::new(view, presented.map(Content::Copied), others, service, signed)
    }

    /// `None` if there is something to sign and the realm has no key to sign with.
    fn new(
        view: &View<'a>,
        content: Option<Content<'a>>,
        others: Carried<'a>,
        service: PrincipalView<'a>,
        signed: &'a mut Vec<u8>,
    ) -> Option<Self> {
        let content = match content {
            Some(content) => Some((content, view.database.find(view.krbtgt())?.newest().keys.first()?)),
            None => None,
        };
        Some(Self { content, others, service, signed: RefCell::new(signed) })
    }

    /// All elements but those with a PAC. Only a KDC can say what is in there; where this one makes none, that of another
    /// realm would be signed for nobody.
    fn others(&self) -> impl Iterator<Item = AuthorizationElementView<'a>> {
        let all = self.others.presented.iter().chain(self.others.added.iter());
        all.filter(|element| pac_within(*element).is_none())
    }

    fn write_pac(
        &self,
        (content, kdc_key): (Content<'a>, &Key),
        ticket: &EncTicketPartView<'_>,
        key: &Key,
        out: &mut Vec<u8>,
    ) {
        let grants_tickets = self.service.krbtgt_realm().is_some();
        let mut signed = self.signed.borrow_mut();
        // MS-PAC 2.8.3: not in tickets for those who issue tickets or change passwords.
        let is_for_service = !grants_tickets && !is_password_service(self.service.name);
        if is_for_service {
            signed.clear();
            ticket.write_with(
                &mut Writer::new(&mut signed),
                Some(|w: &mut Writer<'_>| {
                    write_element(w, |out| out.extend_from_slice(PLACEHOLDER));
                    self.others().for_each(|element| element.write(w));
                }),
            );
        }
        let auth_time = FileTime::from_timestamp(ticket.auth_time);
        let info = Piece::ClientInfo { auth_time, client: ticket.client.name };
        let ticket_octets = is_for_service.then_some(signed.as_slice());
        let signing = Signed { server: key, kdc: kdc_key, ticket: ticket_octets };
        match content {
            Content::New { profile, attributes } => {
                let attributes = attributes.octets();
                let pieces = profile.map(|profile| profile.pieces(auth_time, &attributes, grants_tickets));
                let (before, after) = pieces.unwrap_or_default();
                signing.write(before.into_iter().chain([info]).chain(after.into_iter().flatten()), out);
            }
            Content::Copied(pac) => {
                let copied = pac.buffers().filter(|buffer| match buffer.kind {
                    kind::ATTRIBUTES_INFO | kind::REQUESTOR => grants_tickets,
                    kind => !kind::is_signature(kind),
                });
                let pieces = copied.map(|buffer| match buffer.kind {
                    kind::CLIENT_INFO => info,
                    kind => Piece::Octets(kind, buffer.octets),
                });
                signing.write(pieces, out);
            }
        }
    }
}

impl Authorization for WithPac<'_> {
    fn is_empty(&self) -> bool {
        self.content.is_none() && self.others().next().is_none()
    }

    fn write(&self, writer: &mut Writer<'_>, ticket: &EncTicketPartView<'_>, key: &Key) {
        if let Some(content) = self.content {
            write_element(writer, |out| self.write_pac(content, ticket, key, out));
        }
        self.others().for_each(|element| element.write(writer));
    }
}

/// The PAC of a presented ticket, if the realm has PACs and the ticket has one; verified with whichever key of its service
/// fits, and, if the realm has issued the ticket, with the KDC's.
///
/// # Errors
/// 41 for a wrong signature, 60 for what is no PAC (MIT); for a PAC about somebody else or another logon 20 (MS-KILE
/// 3.3.5.7), where MIT says 13.
pub(crate) fn presented<'a>(
    view: &View<'_>,
    service: PrincipalView<'_>,
    kvno: Option<u32>,
    etype: i32,
    part: &EncTicketPartView<'a>,
) -> Result<Option<Pac<'a>>, Refusal> {
    const STATUS: &str = "HEADER_PAC";
    let found = part.authorization_data.unwrap_or_default().iter().find_map(pac_within);
    let Some(octets) = found.filter(|_| view.realm.pac) else { return Ok(None) };
    let refuse = |error: PacError| match error {
        PacError::Signature(_) => Refusal::new(error_code::MODIFIED, STATUS),
        _ => Refusal::new(error_code::GENERIC, STATUS),
    };
    let pac = Pac::parse(octets).map_err(refuse)?;
    let keys = |name, kvno, etype| {
        view.database.find(name).into_iter().flat_map(move |account| account.candidates(kvno, etype))
    };
    any_fits(keys(service, kvno, etype), |key| pac.verify_server(key)).map_err(refuse)?;
    // The KDC of another realm has signed with a key that nobody else has; so has a former one of ours. MIT looks at the
    // service's signature alone, which for these tickets is just as much the KDC's.
    if view.realm.flavor == Flavor::ActiveDirectory && service.realm == view.krbtgt().realm {
        let keys = Etype::ALL.into_iter().flat_map(|etype| keys(view.krbtgt(), None, etype.number()));
        any_fits(keys, |key| pac.verify_kdc(key)).map_err(refuse)?;
    }
    if !pac.is_of(part.client.name, part.auth_time).map_err(refuse)? {
        let is_ad = view.realm.flavor == Flavor::ActiveDirectory;
        return Err(Refusal::new(if is_ad { error_code::TGT_REVOKED } else { error_code::BADOPTION }, STATUS));
    }
    Ok(Some(pac))
}

fn any_fits<'k>(
    keys: impl Iterator<Item = &'k Key>,
    verify: impl Fn(&Key) -> Result<(), PacError>,
) -> Result<(), PacError> {
    let mut result = Err(PacError::Signature(kind::SERVER_CHECKSUM));
    for key in keys {
        match verify(key) {
            // A key of another etype says nothing about the signature.
            Err(PacError::ChecksumType { .. }) => {}
            Ok(()) => return Ok(()),
            wrong => result = wrong,
        }
    }
    result
}

/// The PAC within AD-IF-RELEVANT.
fn pac_within(element: AuthorizationElementView<'_>) -> Option<&[u8]> {
    if element.ad_type != ad_type::IF_RELEVANT {
        return None;
    }
    let mut reader = Reader::new("AD-IF-RELEVANT", element.ad_data).ok()?;
    let list = ListView::<AuthorizationElementView<'_>>::read(&mut reader).ok()?;
    list.iter().find(|inner| inner.ad_type == ad_type::WIN2K_PAC).map(|inner| inner.ad_data)
}

/// AD-IF-RELEVANT with AD-WIN2K-PAC (MS-KILE 2.2, RFC 4120 §5.2.6.1).
fn write_element(writer: &mut Writer<'_>, pac: impl FnOnce(&mut Vec<u8>)) {
    writer.sequence(|w| {
        w.field(0, |w| w.integer(ad_type::IF_RELEVANT.into()));
        w.field(1, |w| {
            w.octets_by(|out| {
                Writer::new(out).sequence(|w| {
                    w.sequence(|w| {
                        w.field(0, |w| w.integer(ad_type::WIN2K_PAC.into()));
                        w.field(1, |w| w.octets_by(pac));
                    });
                });
            });
        });
    });
}

fn is_password_service(name: NameView<'_>) -> bool {
    name.components().eq([&b"kadmin"[..], b"changepw"])
}
