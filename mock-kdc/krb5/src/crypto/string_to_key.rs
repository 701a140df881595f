//! Keys from passwords (RFC 3962 §4, RFC 8009 §4, RFC 4757 §2). Slow by design: never on the path of a request.

use hmac::Hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

use super::derive::{dk, kdf};
use super::mac::Mac;
use super::{CryptoError, Etype, Key, rc4};
use crate::Principal;

/// The most PBKDF2 iterations that are computed. A KDC chooses the count, so there has to be a bound; this one is
/// MIT's, which refuses 2^24 and more. It takes some seconds.
pub const MAX_ITERATIONS: u32 = 0x00FF_FFFF;

/// The key of `password` with `salt`. `parameters` are the s2kparams of an ETYPE-INFO2-ENTRY: the number of iterations
/// as four octets, [`Etype::default_iterations`] if absent. RC4 uses neither salt nor parameters, and refuses the latter as
/// libkrb5 does.
///
/// Fewer iterations than the default are computed too, as RFC 3962's own samples need them; libkrb5 refuses those from a
/// KDC (KRB5_ERR_BAD_S2K_PARAMS), so accounts with fewer are of no use to `kinit`.
///
/// # Errors
/// [`CryptoError::Parameters`] if they are not four octets, [`CryptoError::Iterations`] above [`MAX_ITERATIONS`];
/// for RC4 [`CryptoError::NoParameters`] and [`CryptoError::NotUtf8`].
pub fn string_to_key(
    etype: Etype,
    password: &[u8],
    salt: &[u8],
    parameters: Option<&[u8]>,
) -> Result<Key, CryptoError> {
    if etype == Etype::Rc4Hmac {
        return match parameters {
            None => Key::new(etype, &rc4::string_to_key(password)?),
            Some(_) => Err(CryptoError::NoParameters),
        };
    }
    let iterations = iterations(etype, parameters)?;
    let mut derived = Zeroizing::new([0; 32]);
    let derived = &mut derived[..etype.key_length()];
    let any_length = "HMAC takes keys of any length";
    let key = match etype {
        Etype::Aes128Sha1 | Etype::Aes256Sha1 => {
            pbkdf2::pbkdf2::<Hmac<Sha1>>(password, salt, iterations, derived).expect(any_length);
            dk(derived, b"kerberos")
        }
        Etype::Aes128Sha256 => {
            pbkdf2::pbkdf2::<Hmac<Sha256>>(password, &named_salt(etype, salt), iterations, derived).expect(any_length);
            kdf(&Mac::new(etype, derived), b"kerberos", None, etype.key_length())
        }
        Etype::Aes256Sha384 => {
            pbkdf2::pbkdf2::<Hmac<Sha384>>(password, &named_salt(etype, salt), iterations, derived).expect(any_length);
            kdf(&Mac::new(etype, derived), b"kerberos", None, etype.key_length())
        }
        Etype::Rc4Hmac => unreachable!("was made above"),
    };
    Key::new(etype, &key)
}

/// The salt that a principal has unless its KDC says otherwise: realm and components without separators
/// (RFC 4120 §4).
#[must_use]
pub fn default_salt(principal: &Principal) -> Vec<u8> {
    let mut salt = principal.realm.clone();
    for component in &principal.components {
        salt.extend_from_slice(component);
    }
    salt
}

fn iterations(etype: Etype, parameters: Option<&[u8]>) -> Result<u32, CryptoError> {
    let Some(parameters) = parameters else { return Ok(etype.default_iterations()) };
    let octets = <[u8; 4]>::try_from(parameters).map_err(|_| CryptoError::Parameters { found: parameters.len() })?;
    match u32::from_be_bytes(octets) {
        // RFC 3962 §4: zero stands for 2^32.
        0 => Err(CryptoError::Iterations { found: 1 << 32, most: MAX_ITERATIONS }),
        found if found > MAX_ITERATIONS => Err(CryptoError::Iterations { found: found.into(), most: MAX_ITERATIONS }),
        iterations => Ok(iterations),
    }
}

/// saltp of RFC 8009 §4: the etype's name, a zero, the salt.
fn named_salt(etype: Etype, salt: &[u8]) -> Vec<u8> {
    [etype.name().as_bytes(), &[0], salt].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_four_octets_within_the_bound() {
        let key = |parameters: &[u8]| string_to_key(Etype::Aes128Sha1, b"", b"", Some(parameters));
        assert!(key(&[0, 0, 0, 1]).is_ok());
        assert_eq!(key(&[0, 0, 0, 0]), Err(CryptoError::Iterations { found: 1 << 32, most: MAX_ITERATIONS }));
        assert_eq!(key(&[1, 0, 0, 0]), Err(CryptoError::Iterations { found: 1 << 24, most: MAX_ITERATIONS }));
        assert_eq!(iterations(Etype::Aes128Sha1, Some(&[0, 0xFF, 0xFF, 0xFF])), Ok(MAX_ITERATIONS));
        for length in [0, 3, 5, 8] {
            assert_eq!(key(&vec![0; length]), Err(CryptoError::Parameters { found: length }));
        }
    }

    #[test]
    fn without_parameters_each_etype_has_its_default() {
        for (etype, iterations) in Etype::AES.into_iter().zip([4096u32, 4096, 32768, 32768]) {
            let explicit = string_to_key(etype, b"p", b"s", Some(&iterations.to_be_bytes()));
            assert_eq!(string_to_key(etype, b"p", b"s", None), explicit);
        }
    }

    #[test]
    fn the_default_salt_has_no_separators() {
        let salt = |components: &[&str]| default_salt(&Principal::new(components, "ATHENA.MIT.EDU"));
        assert_eq!(salt(&["raeburn"]), b"ATHENA.MIT.EDUraeburn");
        assert_eq!(salt(&["postgres", "db.test"]), b"ATHENA.MIT.EDUpostgresdb.test");
    }
}
