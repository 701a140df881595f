//! The bearer token (RFC 6750 §2.1) of the control API.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use shakedown_krb5::Random;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A token: 256 random bits, written in hexadecimal. `Debug` does not show it.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// A new one.
    pub fn random(random: &mut dyn Random) -> Self {
        let mut octets = Zeroizing::new([0; 32]);
        random.fill(&mut *octets);
        let mut text = Zeroizing::new(String::with_capacity(64));
        for octet in *octets {
            for digit in [octet >> 4, octet & 15] {
                text.push(char::from_digit(digit.into(), 16).expect("four bits are a digit"));
            }
        }
        Self(text)
    }

    /// Writes it, and a line feed, to a file that only its owner can read; one that is there is replaced.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn write_to(&self, path: &Path) -> io::Result<()> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let beside = path.with_file_name(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options
            .open(&beside)
            .and_then(|mut file| file.write_all(format!("{}\n", *self.0).as_bytes()))
            .and_then(|()| fs::rename(&beside, path));
        written.inspect_err(|_| {
            let _ = fs::remove_file(&beside);
        })
    }

    /// Whether an `Authorization` header has it. How long that takes depends on the header's length alone.
    pub(super) fn is_in(&self, header: &[u8]) -> bool {
        const SCHEME: usize = "Bearer ".len();
        let Some((scheme, found)) = header.split_at_checked(SCHEME) else { return false };
        scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(found.ct_eq(self.0.as_bytes()))
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn only_the_whole_token_is_taken() {
        let token = Token::random(&mut SystemRandom);
        let header = format!("Bearer {}", *token.0);
        assert!(token.is_in(header.as_bytes()) && token.is_in(header.replace("Bearer", "bearer").as_bytes()));
        for wrong in ["", "Bearer", "Bearer ", &header[..header.len() - 1], &format!("{header}0"), &header[7..]] {
            assert!(!token.is_in(wrong.as_bytes()), "{wrong}");
        }
        assert!(!Token::random(&mut SystemRandom).is_in(header.as_bytes()));
        assert_eq!(format!("{token:?}"), "Token(..)");
    }

    #[cfg(unix)]
    #[test]
    fn its_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "an old one that all can read").unwrap();
        let token = Token::random(&mut SystemRandom);
        token.write_to(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", *token.0));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
