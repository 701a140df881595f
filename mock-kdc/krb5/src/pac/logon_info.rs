//! KERB_VALIDATION_INFO (MS-PAC 2.5): the account, its groups and its domain.

use super::ndr::{Reader, Writer};
use super::{FileTime, PacError, Sid};

/// What a domain controller says about a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogonInfo {
    /// When the client logged on.
    pub logon_time: FileTime,
    /// When it has to log off.
    pub logoff_time: FileTime,
    /// When it will be thrown out.
    pub kick_off_time: FileTime,
    /// When the password was set.
    pub password_last_set: FileTime,
    /// From when on it can be changed.
    pub password_can_change: FileTime,
    /// When it has to be changed.
    pub password_must_change: FileTime,
    /// The account's name (sAMAccountName).
    pub effective_name: String,
    /// The person's name.
    pub full_name: String,
    /// What is run at logon.
    pub logon_script: String,
    /// Where the profile is.
    pub profile_path: String,
    /// The home directory.
    pub home_directory: String,
    /// Its drive.
    pub home_directory_drive: String,
    /// How often the client has logged on.
    pub logon_count: u16,
    /// How many wrong passwords there were.
    pub bad_password_count: u16,
    /// The last number of the account's SID.
    pub user_id: u32,
    /// The last number of the primary group's SID: 513 for users, 515 for computers.
    pub primary_group_id: u32,
    /// Groups of the domain.
    pub groups: Vec<Group>,
    /// 0x20 if there are extra SIDs, 0x200 if there are groups of a resource domain.
    pub user_flags: u32,
    /// The domain controller.
    pub logon_server: String,
    /// The domain's NetBIOS name.
    pub logon_domain_name: String,
    /// The domain's SID.
    pub logon_domain_id: Option<Sid>,
    /// USER_ACCOUNT codes (MS-SAMR 2.2.1.12).
    pub user_account_control: u32,
    /// Groups and identities of other domains, with attributes.
    pub extra_sids: Vec<(Sid, u32)>,
    /// The domain of `resource_groups`.
    pub resource_group_domain: Option<Sid>,
    /// Groups of the service's domain.
    pub resource_groups: Vec<Group>,
}

/// GROUP_MEMBERSHIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The last number of the group's SID.
    pub rid: u32,
    /// 7: mandatory, enabled by default, enabled.
    pub attributes: u32,
}

impl Group {
    /// With the attributes that groups mostly have.
    #[must_use]
    pub const fn enabled(rid: u32) -> Self {
        Self { rid, attributes: 7 }
    }
}

/// Names of servers and domains are said to have room for a zero after them.
const ROOM_FOR_ZERO: u16 = 2;

impl LogonInfo {
    /// An account with nothing but a name, a number and a domain.
    #[must_use]
    pub fn new(effective_name: &str, user_id: u32, domain: Sid) -> Self {
        const NOT_SET: FileTime = FileTime(0);
        Self {
            logon_time: NOT_SET,
            logoff_time: FileTime::NEVER,
            kick_off_time: FileTime::NEVER,
            password_last_set: NOT_SET,
            password_can_change: NOT_SET,
            password_must_change: FileTime::NEVER,
            effective_name: effective_name.to_owned(),
            full_name: String::new(),
            logon_script: String::new(),
            profile_path: String::new(),
            home_directory: String::new(),
            home_directory_drive: String::new(),
            logon_count: 0,
            bad_password_count: 0,
            user_id,
            primary_group_id: 513,
            groups: Vec::new(),
            user_flags: 0,
            logon_server: String::new(),
            logon_domain_name: String::new(),
            logon_domain_id: Some(domain),
            user_account_control: 0x10,
            extra_sids: Vec::new(),
            resource_group_domain: None,
            resource_groups: Vec::new(),
        }
    }

    /// The buffer.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        let count = |length: usize| u32::try_from(length).expect("groups of one account");
        w.pointer();
        for time in [
            self.logon_time,
            self.logoff_time,
            self.kick_off_time,
            self.password_last_set,
            self.password_can_change,
            self.password_must_change,
        ] {
            w.time(time);
        }
        for text in self.texts() {
            w.string(text, 0);
        }
        w.u16(self.logon_count);
        w.u16(self.bad_password_count);
        w.u32(self.user_id);
        w.u32(self.primary_group_id);
        w.u32(count(self.groups.len()));
        w.pointer();
        w.u32(self.user_flags);
        // The session key of NTLM, which Kerberos has no use for.
        w.octets(&[0; 16]);
        w.string(&self.logon_server, ROOM_FOR_ZERO);
        w.string(&self.logon_domain_name, ROOM_FOR_ZERO);
        pointer_if(&mut w, self.logon_domain_id.is_some());
        w.u32(0);
        w.u32(0);
        w.u32(self.user_account_control);
        // SubAuthStatus, last successful and last failed interactive logon, failures since, reserved.
        for _ in 0..7 {
            w.u32(0);
        }
        w.u32(count(self.extra_sids.len()));
        pointer_if(&mut w, !self.extra_sids.is_empty());
        pointer_if(&mut w, self.resource_group_domain.is_some());
        w.u32(count(self.resource_groups.len()));
        pointer_if(&mut w, !self.resource_groups.is_empty());

        for text in self.texts() {
            w.string_target(text, 0);
        }
        write_groups(&mut w, &self.groups);
        w.string_target(&self.logon_server, ROOM_FOR_ZERO);
        w.string_target(&self.logon_domain_name, ROOM_FOR_ZERO);
        if let Some(sid) = &self.logon_domain_id {
            w.sid_target(sid);
        }
        if !self.extra_sids.is_empty() {
            w.u32(count(self.extra_sids.len()));
            for (_, attributes) in &self.extra_sids {
                w.pointer();
                w.u32(*attributes);
            }
            for (sid, _) in &self.extra_sids {
                w.sid_target(sid);
            }
        }
        if let Some(sid) = &self.resource_group_domain {
            w.sid_target(sid);
        }
        if !self.resource_groups.is_empty() {
            write_groups(&mut w, &self.resource_groups);
        }
        w.serialized()
    }

    /// Reads the buffer.
    ///
    /// # Errors
    /// [`PacError::Malformed`].
    pub fn decode(octets: &[u8]) -> Result<Self, PacError> {
        let mut r = Reader::new(octets)?;
        if !r.pointer()? {
            return Err(PacError::Malformed("logon info that is a pointer to nothing"));
        }
        let times = take::<_, 6>(|| r.time())?;
        let heads = take::<_, 6>(|| r.string())?;
        let (logon_count, bad_password_count) = (r.u16()?, r.u16()?);
        let (user_id, primary_group_id) = (r.u32()?, r.u32()?);
        let (group_count, has_groups) = (r.u32()?, r.pointer()?);
        let user_flags = r.u32()?;
        r.octets::<16>()?;
        let (server_head, domain_head) = (r.string()?, r.string()?);
        let has_domain_id = r.pointer()?;
        take::<_, 2>(|| r.u32())?;
        let user_account_control = r.u32()?;
        take::<_, 7>(|| r.u32())?;
        let (sid_count, has_sids) = (r.u32()?, r.pointer()?);
        let has_resource_domain = r.pointer()?;
        let (resource_count, has_resources) = (r.u32()?, r.pointer()?);

        let mut texts = Vec::with_capacity(heads.len());
        for head in heads {
            texts.push(r.string_target(head)?);
        }
        let mut texts = texts.into_iter();
        let mut text = || texts.next().expect("six heads, six texts");
        let [logon_time, logoff_time, kick_off_time, password_last_set, password_can_change, password_must_change] =
            times;
        Ok(Self {
            logon_time,
            logoff_time,
            kick_off_time,
            password_last_set,
            password_can_change,
            password_must_change,
            effective_name: text(),
            full_name: text(),
            logon_script: text(),
            profile_path: text(),
            home_directory: text(),
            home_directory_drive: text(),
            logon_count,
            bad_password_count,
            user_id,
            primary_group_id,
            groups: read_groups(&mut r, has_groups, group_count)?,
            user_flags,
            logon_server: r.string_target(server_head)?,
            logon_domain_name: r.string_target(domain_head)?,
            logon_domain_id: if has_domain_id { Some(r.sid_target()?) } else { None },
            user_account_control,
            extra_sids: read_sids(&mut r, has_sids, sid_count)?,
            resource_group_domain: if has_resource_domain { Some(r.sid_target()?) } else { None },
            resource_groups: read_groups(&mut r, has_resources, resource_count)?,
        })
    }

    /// Changes the time of logon in what [`Self::encode`] has made.
    pub(super) fn set_logon_time(octets: &mut [u8], time: FileTime) {
        // After the headers, of eight octets each, and the pointer to all.
        const PLACE: std::ops::Range<usize> = 20..28;
        octets[PLACE].copy_from_slice(&time.octets());
    }

    fn texts(&self) -> [&str; 6] {
        [
            &self.effective_name,
            &self.full_name,
            &self.logon_script,
            &self.profile_path,
            &self.home_directory,
            &self.home_directory_drive,
        ]
    }
}

fn pointer_if(w: &mut Writer, points: bool) {
    if points { w.pointer() } else { w.null() }
}

fn write_groups(w: &mut Writer, groups: &[Group]) {
    w.u32(u32::try_from(groups.len()).expect("groups of one account"));
    for group in groups {
        w.u32(group.rid);
        w.u32(group.attributes);
    }
}

fn read_groups(r: &mut Reader<'_>, is_there: bool, count: u32) -> Result<Vec<Group>, PacError> {
    let count = if is_there { r.array(count)? } else { 0 };
    (0..count).map(|_| Ok(Group { rid: r.u32()?, attributes: r.u32()? })).collect()
}

fn read_sids(r: &mut Reader<'_>, is_there: bool, count: u32) -> Result<Vec<(Sid, u32)>, PacError> {
    let count = if is_there { r.array(count)? } else { 0 };
    let heads = (0..count).map(|_| Ok((r.pointer()?, r.u32()?))).collect::<Result<Vec<_>, PacError>>()?;
    let target = |(points, attributes)| {
        let sid =
            if points { r.sid_target()? } else { return Err(PacError::Malformed("extra sid that is not there")) };
        Ok((sid, attributes))
    };
    heads.into_iter().map(target).collect()
}

fn take<T, const COUNT: usize>(mut one: impl FnMut() -> Result<T, PacError>) -> Result<[T; COUNT], PacError> {
    let mut taken = Vec::with_capacity(COUNT);
    for _ in 0..COUNT {
        taken.push(one()?);
    }
    Ok(taken.try_into().unwrap_or_else(|_| unreachable!("as many as were taken")))
}
