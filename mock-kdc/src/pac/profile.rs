//! What a PAC says about an account, encoded when the account is made.

use shakedown_krb5::pac::{FileTime, Group, LogonInfo, Piece, Sid, UpnDnsInfo, kind};

use crate::database::Account;
use crate::realm::{Kind, Realm};

/// Buffers of one account's PAC, without what each logon adds.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    logon_info: Vec<u8>,
    upn_dns_info: Vec<u8>,
    sid: Vec<u8>,
}

/// Authentication authority asserted identity: the KDC has seen a proof of the password itself (MS-SFU 3.2.5.1.2).
const ASSERTED_IDENTITY: (u64, [u32; 1]) = (18, [1]);

/// USER_ACCOUNT codes (MS-SAMR 2.2.1.12).
const NORMAL_ACCOUNT: u32 = 0x10;
const WORKSTATION_TRUST_ACCOUNT: u32 = 0x80;
const DONT_REQUIRE_PREAUTH: u32 = 0x1_0000;

/// Groups that every account is in: users, or computers of the domain.
const DOMAIN_USERS: u32 = 513;
const DOMAIN_COMPUTERS: u32 = 515;

/// UserFlags: there are extra SIDs.
const EXTRA_SIDS: u32 = 0x20;

impl Profile {
    /// `None` for what has no place in a directory's list of accounts: services have no RID.
    pub(crate) fn of(realm: &Realm, account: &Account) -> Option<Self> {
        let rid = account.rid?;
        let domain = Sid::of_domain(&realm.name);
        let name = account.principal.components.iter().map(|component| String::from_utf8_lossy(component));
        let name = name.collect::<Vec<_>>().join("/");
        let (control, primary_group) = match account.kind {
            Kind::User => (NORMAL_ACCOUNT, DOMAIN_USERS),
            Kind::Computer => (WORKSTATION_TRUST_ACCOUNT, DOMAIN_COMPUTERS),
        };
        let groups = std::iter::once(&primary_group).chain(account.groups.iter().filter(|rid| **rid != primary_group));
        let (authority, numbers) = ASSERTED_IDENTITY;
        let logon_info = LogonInfo {
            password_must_change: account.password_expires.map_or(FileTime::NEVER, FileTime::from_timestamp),
            kick_off_time: account.expires.map_or(FileTime::NEVER, FileTime::from_timestamp),
            primary_group_id: primary_group,
            groups: groups.map(|rid| Group::enabled(*rid)).collect(),
            user_flags: EXTRA_SIDS,
            logon_server: "DC01".to_owned(),
            logon_domain_name: netbios_name(&realm.name),
            user_account_control: control | if account.preauth_required { 0 } else { DONT_REQUIRE_PREAUTH },
            extra_sids: vec![(Sid::new(authority, &numbers).expect("one number"), Group::enabled(0).attributes)],
            ..LogonInfo::new(&name, rid, domain.clone())
        };
        let sid = domain.with_rid(rid);
        let upn_dns_info = UpnDnsInfo {
            upn: account.upn.clone().unwrap_or_else(|| format!("{name}@{}", realm.name.to_lowercase())),
            upn_is_constructed: account.upn.is_none(),
            dns_domain: realm.name.to_uppercase(),
            account: Some((name, sid.clone())),
        };
        Some(Self {
            logon_info: logon_info.encode(),
            // Names that do not fit 65535 octets do not fit a request either.
            upn_dns_info: upn_dns_info.encode().ok()?,
            sid: sid.octets(),
        })
    }

    /// What stands before the client info, and after it. Only who grants tickets is told who wanted the PAC.
    pub(super) fn pieces<'a>(
        &'a self,
        logon_time: FileTime,
        attributes: &'a [u8],
        grants_tickets: bool,
    ) -> (Option<Piece<'a>>, [Option<Piece<'a>>; 3]) {
        let logon_info = Piece::LogonInfo { octets: &self.logon_info, logon_time };
        let of_tgt = |piece| Some(piece).filter(|_| grants_tickets);
        let after = [
            Some(Piece::Octets(kind::UPN_DNS_INFO, &self.upn_dns_info)),
            of_tgt(Piece::Octets(kind::ATTRIBUTES_INFO, attributes)),
            of_tgt(Piece::Octets(kind::REQUESTOR, &self.sid)),
        ];
        (Some(logon_info), after)
    }
}

/// The first label, of at most 15 characters, in capitals.
fn netbios_name(realm: &str) -> String {
    realm.split('.').next().unwrap_or_default().chars().take(15).flat_map(char::to_uppercase).collect()
}
