//! From what is written to what is meant; every refusal says the line and what is allowed.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use shakedown_krb5::Timestamp;
use shakedown_krb5::crypto::{Etype, EtypeRefused, Key};
use shakedown_krb5::keytab::Keytab;
use toml::Spanned;
use zeroize::Zeroizing;

use super::InvalidFile;
use super::written::{KeyEntry, Moment};
use crate::realm::GivenKey;

/// Keytabs of tests have a handful of entries.
const KEYTAB_LIMIT: u64 = 1 << 20;

/// Where a value stands and what it may refer to.
pub(super) struct Place<'a> {
    pub(super) text: &'a str,
    /// The folder that names of files are relative to.
    pub(super) folder: &'a Path,
    /// What relative times are relative to.
    pub(super) now: Timestamp,
}

impl Place<'_> {
    /// One of a few words.
    pub(super) fn word<T>(&self, word: Option<&Spanned<String>>) -> Result<Option<T>, InvalidFile>
    where
        T: FromStr<Err: ToString>,
    {
        word.map(|word| word.get_ref().parse().map_err(|unknown: T::Err| self.invalid(word, unknown.to_string())))
            .transpose()
    }

    pub(super) fn words<T>(&self, words: Option<&Spanned<Vec<Spanned<String>>>>) -> Result<Vec<T>, InvalidFile>
    where
        T: FromStr<Err: ToString>,
    {
        let Some(words) = words else { return Ok(Vec::new()) };
        let word = |word: &Spanned<String>| {
            word.get_ref().parse().map_err(|unknown: T::Err| self.invalid(word, unknown.to_string()))
        };
        words.get_ref().iter().map(word).collect()
    }

    pub(super) fn name(&self, name: &Spanned<String>) -> Result<String, InvalidFile> {
        if name.get_ref().is_empty() || name.get_ref().contains('@') {
            let problem =
                format!("'{}' is no name of a principal, expected name[/instance] without a realm", name.get_ref());
            return Err(self.invalid(name, problem));
        }
        Ok(name.get_ref().clone())
    }

    pub(super) fn names(&self, names: &[Spanned<String>]) -> Result<Vec<String>, InvalidFile> {
        names.iter().map(|name| self.name(name)).collect()
    }

    pub(super) fn etypes(
        &self,
        names: Option<Spanned<Vec<Spanned<String>>>>,
    ) -> Result<Option<Vec<Etype>>, InvalidFile> {
        let Some(names) = names else { return Ok(None) };
        if names.get_ref().is_empty() {
            return Err(self.invalid(&names, format!("no encryption type, expected one or more of {}", allowed())));
        }
        names.get_ref().iter().map(|name| self.etype(name)).collect::<Result<_, _>>().map(Some)
    }

    fn etype(&self, name: &Spanned<String>) -> Result<Etype, InvalidFile> {
        name.get_ref().parse().map_err(|refused: EtypeRefused| self.invalid(name, refused.to_string()))
    }

    /// `300s`, `10m`, `10h`, `7d`.
    pub(super) fn duration(&self, written: Option<&Spanned<String>>) -> Result<Option<Duration>, InvalidFile> {
        written
            .map(|word| {
                seconds(word.get_ref()).map(Duration::from_secs).ok_or_else(|| {
                    self.invalid(
                        word,
                        format!("'{}' is no duration, expected one as 300s, 10m, 10h, 7d", word.get_ref()),
                    )
                })
            })
            .transpose()
    }

    /// Seconds since 1970, or `-1h` and `+30m` from now.
    pub(super) fn moment(&self, written: Option<&Spanned<Moment>>) -> Result<Option<Timestamp>, InvalidFile> {
        let Some(moment) = written else { return Ok(None) };
        let text = match moment.get_ref() {
            Moment::Seconds(seconds) => return Ok(Some(Timestamp::from_seconds(*seconds))),
            Moment::Relative(text) => text,
        };
        let offset = match text.split_at_checked(1) {
            Some(("+", rest)) => seconds(rest).and_then(|seconds| i64::try_from(seconds).ok()),
            Some(("-", rest)) => seconds(rest).and_then(|seconds| i64::try_from(seconds).ok()).map(|seconds| -seconds),
            _ => None,
        };
        let offset = offset.ok_or_else(|| {
            let problem =
                format!("'{text}' is no time, expected seconds since 1970, or a time from now as -1h or +30m");
            self.invalid(moment, problem)
        })?;
        Ok(Some(self.now.offset_seconds(offset)))
    }

    /// The keys that are written out, and those of the principal in the keytab.
    pub(super) fn keys(
        &self,
        principal: &str,
        realm: &str,
        keytab: Option<&Spanned<String>>,
        written: Vec<KeyEntry>,
    ) -> Result<Vec<GivenKey>, InvalidFile> {
        let mut keys = written.into_iter().map(|entry| self.key(&entry)).collect::<Result<Vec<_>, _>>()?;
        let Some(file) = keytab else { return Ok(keys) };
        let refuse = |problem: String| self.invalid(file, format!("keytab '{}': {problem}", file.get_ref()));
        let octets = octets_of(&self.folder.join(file.get_ref())).map_err(|error| refuse(error.to_string()))?;
        let keytab = Keytab::read(&octets).map_err(|malformed| refuse(malformed.to_string()))?;
        let name = format!("{principal}@{realm}");
        let usable = keytab.entries.iter().filter(|entry| entry.principal.to_string() == name);
        let usable = usable.filter_map(|entry| Some(GivenKey { kvno: entry.kvno, key: entry.key.key()?.clone() }));
        let before = keys.len();
        keys.extend(usable);
        if keys.len() == before {
            return Err(refuse(format!("it has no key of {name} with one of the encryption types {}", allowed())));
        }
        Ok(keys)
    }

    fn key(&self, KeyEntry { etype, kvno, key }: &KeyEntry) -> Result<GivenKey, InvalidFile> {
        let of = self.etype(etype)?;
        let key = octets(key).and_then(|octets| Key::new(of, &octets).ok()).ok_or_else(|| {
            let problem = format!("no key of {}, expected {} hexadecimal digits", of.name(), 2 * of.key_length());
            self.invalid(etype, problem)
        })?;
        Ok(GivenKey { kvno: kvno.unwrap_or(1), key })
    }

    pub(super) fn invalid<T>(&self, at: &Spanned<T>, problem: String) -> InvalidFile {
        InvalidFile { line: line_of(self.text, at.span().start), problem }
    }
}

fn allowed() -> String {
    Etype::ALL.map(Etype::name).join(", ")
}

pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|octet| *octet == b'\n').count() + 1
}

fn seconds(text: &str) -> Option<u64> {
    // A hundred years are enough for every clock and keep all sums far from the ends of the type.
    const LONGEST: u64 = 100 * 366 * 86_400;
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit).filter(|seconds| *seconds <= LONGEST)
}

fn octets(digits: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.as_bytes().chunks(2);
    let octets = pairs.map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    octets.collect::<Option<Vec<_>>>().map(Zeroizing::new)
}

fn octets_of(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    use std::io::Read as _;
    let mut octets = Zeroizing::new(Vec::new());
    std::fs::File::open(path)?.take(KEYTAB_LIMIT).read_to_end(&mut octets)?;
    Ok(octets)
}
