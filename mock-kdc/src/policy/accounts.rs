//! What the state of accounts forbids, and when it is told.
//!
//! MIT's KDC tells everything before the password is proven (`validate_as_request`). Active Directory tells who is
//! disabled, locked or gone before it, and that a password is too old only to who knows it; [`AccountChecks`] chooses.

use shakedown_krb5::Timestamp;
use shakedown_krb5::messages::error_code;

use super::error_data::Status;
use crate::database::Account;
use crate::realm::{AccountChecks, Flavor, Realm};
use crate::refusal::Refusal;

/// Who asks for what, and when.
#[derive(Clone, Copy)]
pub(crate) struct Parties<'a> {
    pub(crate) realm: &'a Realm,
    pub(crate) client: &'a Account,
    pub(crate) service: &'a Account,
    pub(crate) now: Timestamp,
}

/// What is told to anybody.
pub(crate) fn before_proof(parties: Parties<'_>, options: u32) -> Result<(), Refusal> {
    let checks = parties.realm.account_checks;
    if parties.realm.flavor == Flavor::Mit {
        // MIT has the states of client and service in one list; which of two errors wins is decided by their order.
        if checks != AccountChecks::AfterProof {
            client_lifetime(parties)?;
        }
        if checks == AccountChecks::BeforeProof {
            password_age(parties)?;
        }
        service_age(parties)?;
        if checks == AccountChecks::BeforeProof {
            password_change(parties)?;
        }
        super::options::postdating(parties, options)?;
        if checks != AccountChecks::AfterProof {
            client_revoked(parties)?;
        }
        return service_state(parties);
    }
    if checks != AccountChecks::AfterProof {
        client_revoked(parties)?;
        client_lock(parties)?;
        client_lifetime(parties)?;
    }
    if checks == AccountChecks::BeforeProof {
        password_age(parties)?;
        password_change(parties)?;
    }
    service_age(parties)?;
    super::options::postdating(parties, options)?;
    service_state(parties)
}

/// What MIT leaves to its database, after everything else that needs no proof.
pub(crate) fn lock(parties: Parties<'_>) -> Result<(), Refusal> {
    if parties.realm.account_checks == AccountChecks::AfterProof { Ok(()) } else { client_lock(parties) }
}

/// What is told only to who has proven the password, or needs not prove it.
pub(crate) fn after_proof(parties: Parties<'_>) -> Result<(), Refusal> {
    let checks = parties.realm.account_checks;
    if checks == AccountChecks::AfterProof {
        client_revoked(parties)?;
        client_lock(parties)?;
        client_lifetime(parties)?;
    }
    if checks != AccountChecks::BeforeProof {
        password_age(parties)?;
        password_change(parties)?;
    }
    Ok(())
}

/// The service of a TGS-REQ, in MIT's order.
pub(crate) fn of_service(
    realm: &Realm,
    service: &Account,
    now: Timestamp,
    is_user_to_user: bool,
) -> Result<(), Refusal> {
    if service.disabled {
        return Err(disabled_service(realm, "SERVER LOCKED OUT"));
    }
    if service.user_to_user_only && !is_user_to_user {
        return Err(Refusal::new(error_code::MUST_USE_USER2USER, "SERVER NOT ALLOWED"));
    }
    if service.valid_from.is_some_and(|from| now < from) {
        return Err(Refusal::new(error_code::SERVICE_NOTYET, "SERVICE NOT YET VALID"));
    }
    if service.expires.is_some_and(|expires| now >= expires) {
        return Err(Refusal::new(error_code::SERVICE_EXP, "SERVICE EXPIRED"));
    }
    has_key(realm, service)
}

fn client_lifetime(Parties { realm, client, now, .. }: Parties<'_>) -> Result<(), Refusal> {
    if client.valid_from.is_some_and(|from| now < from) {
        return Err(Refusal::new(error_code::CLIENT_NOTYET, "CLIENT NOT YET VALID"));
    }
    if client.expires.is_some_and(|expires| now >= expires) {
        return Err(match realm.flavor {
            Flavor::Mit => Refusal::new(error_code::NAME_EXP, "CLIENT EXPIRED"),
            // MS-KILE has one code for all that an account can be revoked for; the status says which.
            Flavor::ActiveDirectory => {
                Refusal::new(error_code::CLIENT_REVOKED, "CLIENT EXPIRED").saying(Status::ACCOUNT_EXPIRED)
            }
        });
    }
    Ok(())
}

fn client_revoked(Parties { client, .. }: Parties<'_>) -> Result<(), Refusal> {
    if client.disabled {
        let refusal = Refusal::new(error_code::CLIENT_REVOKED, "CLIENT LOCKED OUT");
        return Err(refusal.saying(Status::ACCOUNT_DISABLED));
    }
    Ok(())
}

fn client_lock(Parties { realm, client, now, .. }: Parties<'_>) -> Result<(), Refusal> {
    if client.attempts.is_locked(realm.lockout, now) {
        return Err(Refusal::new(error_code::CLIENT_REVOKED, "LOCKED_OUT").saying(Status::ACCOUNT_LOCKED_OUT));
    }
    Ok(())
}

fn password_age(Parties { client, service, now, .. }: Parties<'_>) -> Result<(), Refusal> {
    if client.password_expires.is_some_and(|expires| now >= expires) && !changes_passwords(service) {
        let refusal = Refusal::new(error_code::KEY_EXPIRED, "CLIENT KEY EXPIRED");
        return Err(refusal.saying(Status::PASSWORD_EXPIRED));
    }
    Ok(())
}

fn password_change(Parties { client, service, .. }: Parties<'_>) -> Result<(), Refusal> {
    if client.must_change_password && !changes_passwords(service) {
        let refusal = Refusal::new(error_code::KEY_EXPIRED, "REQUIRED PWCHANGE");
        return Err(refusal.saying(Status::PASSWORD_MUST_CHANGE));
    }
    Ok(())
}

fn service_age(Parties { service, now, .. }: Parties<'_>) -> Result<(), Refusal> {
    if service.valid_from.is_some_and(|from| now < from) {
        return Err(Refusal::new(error_code::SERVICE_NOTYET, "SERVICE NOT YET VALID"));
    }
    if service.expires.is_some_and(|expires| now >= expires) {
        return Err(Refusal::new(error_code::SERVICE_EXP, "SERVICE EXPIRED"));
    }
    Ok(())
}

fn service_state(Parties { realm, service, .. }: Parties<'_>) -> Result<(), Refusal> {
    if service.disabled {
        return Err(disabled_service(realm, "SERVICE LOCKED OUT"));
    }
    if service.user_to_user_only {
        return Err(Refusal::new(error_code::MUST_USE_USER2USER, "SERVICE NOT ALLOWED"));
    }
    has_key(realm, service)
}

fn disabled_service(realm: &Realm, text: &'static str) -> Refusal {
    Refusal::new(
        match realm.flavor {
            // MIT does not tell a locked service from one that there is not.
            Flavor::Mit => error_code::S_PRINCIPAL_UNKNOWN,
            Flavor::ActiveDirectory => error_code::SERVICE_REVOKED,
        },
        text,
    )
}

/// MIT's KDC has no code for it and answers with the one for everything else.
fn has_key(realm: &Realm, service: &Account) -> Result<(), Refusal> {
    match (service.is_keyless(), realm.flavor) {
        (false, _) => Ok(()),
        (true, Flavor::Mit) => Err(Refusal::new(error_code::GENERIC, "FINDING_SERVER_KEY")),
        (true, Flavor::ActiveDirectory) => Err(Refusal::new(error_code::NULL_KEY, "NO KEY")),
    }
}

/// kadmin/changepw, which who has an expired password may reach to get a new one.
fn changes_passwords(service: &Account) -> bool {
    service.principal.components.as_slice() == [b"kadmin".as_slice(), b"changepw"]
}
