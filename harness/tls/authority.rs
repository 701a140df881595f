//! Throw-away certificates: an authority, leaves issued by it, and self-signed ones.
//!
//! Subject and authority key identifiers are always there and every authority has a name of its own: with two authorities of
//! one name, a client says `decrypt_error` (51) where it should say `unknown_ca` (48).

use crate::handshake::Timestamp;
use crate::tls::TlsError;
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Name, X509NameRef};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// What kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KeyKind {
    /// RSA with 2048 bits: about 50 ms to make, 200 ms at worst.
    #[default]
    Rsa2048,
    /// RSA with 4096 bits: most of a second to make.
    Rsa4096,
    /// ECDSA over P-256.
    P256,
    /// ECDSA over P-384.
    P384,
}

/// A private key. `Debug` prints its size only.
#[derive(Clone)]
pub struct Key(PKey<Private>);

impl Key {
    /// Makes one. Takes its time: not for a thread that serves connections.
    ///
    /// # Errors
    /// The library has no randomness.
    pub fn generate(kind: KeyKind) -> Result<Self, TlsError> {
        let key = match kind {
            KeyKind::Rsa2048 => Rsa::generate(2048).and_then(PKey::from_rsa),
            KeyKind::Rsa4096 => Rsa::generate(4096).and_then(PKey::from_rsa),
            KeyKind::P256 => on_curve(Nid::X9_62_PRIME256V1),
            KeyKind::P384 => on_curve(Nid::SECP384R1),
        };
        key.map(Self).map_err(|error| library("making a key", &error))
    }

    /// Makes as many as there are kinds, in parallel on threads of their own. Blocks until all are made.
    ///
    /// # Errors
    /// As [`Key::generate`].
    pub fn generate_all(kinds: &[KeyKind]) -> Result<Vec<Self>, TlsError> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = kinds.iter().map(|&kind| scope.spawn(move || Self::generate(kind))).collect();
            threads.into_iter().map(|thread| thread.join().expect("making a key does not panic")).collect()
        })
    }

    pub(in crate::tls) fn inner(&self) -> &PKey<Private> {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} bits)", self.0.bits())
    }
}

/// From when to when a certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub from: Timestamp,
    /// The last second.
    pub until: Timestamp,
}

impl Validity {
    /// Over: until an hour before `now`.
    #[must_use]
    pub fn ended_before(now: Timestamp) -> Self {
        Self { from: now - Duration::from_secs(10 * 86_400), until: now - Duration::from_secs(3600) }
    }

    /// Yet to come: from an hour after `now` on.
    #[must_use]
    pub fn beginning_after(now: Timestamp) -> Self {
        Self { from: now + Duration::from_secs(3600), until: now + Duration::from_secs(10 * 86_400) }
    }

    /// From an hour before `now` (clocks differ) to ten days after.
    #[must_use]
    pub fn around(now: Timestamp) -> Self {
        Self { from: now - Duration::from_secs(3600), until: now + Duration::from_secs(10 * 86_400) }
    }
}

/// What a leaf certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The subject's common name, of at most 64 octets (RFC 5280 appendix A, `ub-common-name`). Empty: the subject is empty, and
    /// the alternative names alone say whose the certificate is (§4.2.1.6).
    pub common_name: String,
    /// DNS names (RFC 5280 §4.2.1.6). With neither names nor addresses there is no such extension.
    pub names: Vec<String>,
    /// IP addresses.
    pub addresses: Vec<IpAddr>,
    /// When it is good.
    pub validity: Validity,
}

impl Leaf {
    /// For one DNS name, which is also the common name.
    #[must_use]
    pub fn for_name(name: &str, validity: Validity) -> Self {
        Self { common_name: name.to_owned(), names: vec![name.to_owned()], addresses: Vec::new(), validity }
    }

    /// Signed by its own key.
    ///
    /// # Errors
    /// A name that no certificate can hold.
    pub fn self_signed(&self, key: Key) -> Result<Certified, TlsError> {
        self.certificate(&key, None)
            .map(|certificate| Certified { chain: vec![certificate], key })
            .map_err(|error| library("making a certificate", &error))
    }

    fn certificate(&self, key: &Key, issuer: Option<&Authority>) -> Result<X509, ErrorStack> {
        let subject = name(&self.common_name)?;
        let mut builder = builder(
            &subject,
            issuer.map_or(&*subject, |issuer| issuer.certificate.subject_name()),
            key,
            self.validity,
        )?;
        builder.append_extension(BasicConstraints::new().critical().build()?)?;
        builder.append_extension(KeyUsage::new().critical().digital_signature().key_encipherment().build()?)?;
        builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
        let issuer_certificate = issuer.map(|issuer| &*issuer.certificate);
        let identifier = SubjectKeyIdentifier::new().build(&builder.x509v3_context(issuer_certificate, None))?;
        builder.append_extension(identifier)?;
        if issuer.is_some() {
            let identifier =
                AuthorityKeyIdentifier::new().keyid(true).build(&builder.x509v3_context(issuer_certificate, None))?;
            builder.append_extension(identifier)?;
        }
        if !self.names.is_empty() || !self.addresses.is_empty() {
            let mut alternatives = SubjectAlternativeName::new();
            if self.common_name.is_empty() {
                alternatives.critical();
            }
            for name in &self.names {
                alternatives.dns(name);
            }
            for address in &self.addresses {
                alternatives.ip(&address.to_string());
            }
            let alternatives = alternatives.build(&builder.x509v3_context(issuer_certificate, None))?;
            builder.append_extension(alternatives)?;
        }
        builder.sign(issuer.map_or(&key.0, |issuer| &issuer.key.0), MessageDigest::sha256())?;
        Ok(builder.build())
    }
}

/// An authority that issues leaves.
#[derive(Clone)]
pub struct Authority {
    certificate: X509,
    key: Key,
}

impl Authority {
    /// A root of that common name. Two authorities in one scenario need two names.
    ///
    /// # Errors
    /// A name that no certificate can hold.
    pub fn new(common_name: &str, key: Key, validity: Validity) -> Result<Self, TlsError> {
        root(common_name, &key, validity)
            .map(|certificate| Self { certificate, key })
            .map_err(|error| library("making an authority", &error))
    }

    /// Issues a leaf for `key`.
    ///
    /// # Errors
    /// A name that no certificate can hold.
    pub fn issue(&self, leaf: &Leaf, key: Key) -> Result<Certified, TlsError> {
        leaf.certificate(&key, Some(self))
            .map(|certificate| Certified { chain: vec![certificate], key })
            .map_err(|error| library("issuing a certificate", &error))
    }

    /// The authority's certificate, for those who are to trust it.
    #[must_use]
    pub fn pem(&self) -> String {
        pem(&self.certificate)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("subject", &self.certificate.subject_name()).finish_non_exhaustive()
    }
}

/// A certificate with its key. `Debug` prints the subject only.
#[derive(Clone)]
pub struct Certified {
    chain: Vec<X509>,
    key: Key,
}

impl Certified {
    /// The chain without its root, the leaf first, in PEM.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(pem).collect()
    }

    /// The private key in PEM (PKCS #8), for a server that reads it from a file.
    ///
    /// # Errors
    /// The library refuses.
    pub fn key_pem(&self) -> Result<String, TlsError> {
        let pem = self.key.0.private_key_to_pem_pkcs8().map_err(|error| library("writing a key", &error))?;
        Ok(String::from_utf8(pem).expect("PEM is ASCII"))
    }

    pub(in crate::tls) fn chain(&self) -> &[X509] {
        &self.chain
    }

    pub(in crate::tls) fn key(&self) -> &Key {
        &self.key
    }
}

impl fmt::Debug for Certified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.chain.first().map(|leaf| leaf.subject_name());
        f.debug_struct("Certified").field("subject", &subject).finish_non_exhaustive()
    }
}

fn on_curve(curve: Nid) -> Result<PKey<Private>, ErrorStack> {
    EcGroup::from_curve_name(curve).and_then(|group| EcKey::generate(&group)).and_then(PKey::from_ec_key)
}

fn root(common_name: &str, key: &Key, validity: Validity) -> Result<X509, ErrorStack> {
    let subject = name(common_name)?;
    let mut builder = builder(&subject, &subject, key, validity)?;
    builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
    let identifier = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
    builder.append_extension(identifier)?;
    let identifier = AuthorityKeyIdentifier::new().keyid(true).build(&builder.x509v3_context(None, None))?;
    builder.append_extension(identifier)?;
    builder.sign(&key.0, MessageDigest::sha256())?;
    Ok(builder.build())
}

/// What every certificate has: version 3, a serial number of 128 random bits, names, dates and the key.
fn builder(
    subject: &X509NameRef,
    issuer: &X509NameRef,
    key: &Key,
    validity: Validity,
) -> Result<X509Builder, ErrorStack> {
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::ONE, false)?;
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*Asn1Integer::from_bn(&serial)?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_not_before(&*Asn1Time::from_unix(validity.from.seconds())?)?;
    builder.set_not_after(&*Asn1Time::from_unix(validity.until.seconds())?)?;
    builder.set_pubkey(&key.0)?;
    Ok(builder)
}

fn name(common_name: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    if !common_name.is_empty() {
        name.append_entry_by_nid(Nid::COMMONNAME, common_name)?;
    }
    Ok(name.build())
}

fn pem(certificate: &X509) -> String {
    let pem = certificate.to_pem().expect("a certificate that was built can be written");
    String::from_utf8(pem).expect("PEM is ASCII")
}

fn library(what: &'static str, error: &ErrorStack) -> TlsError {
    TlsError::Library { what, text: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openssl::x509::X509StoreContext;
    use openssl::x509::store::X509StoreBuilder;
    use std::sync::LazyLock;

    static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| Key::generate_all(&[KeyKind::P256; 3]).unwrap());

    fn validity() -> Validity {
        Validity::around(Timestamp::EPOCH + std::time::UNIX_EPOCH.elapsed().unwrap())
    }

    /// What a verifier that trusts `authority` alone says of `leaf`; 0 is good (x509_vfy.h).
    fn verify(authority: &Authority, leaf: &Certified) -> i32 {
        let mut store = X509StoreBuilder::new().unwrap();
        store.add_cert(X509::from_pem(authority.pem().as_bytes()).unwrap()).unwrap();
        let leaf = X509::from_pem(leaf.chain_pem().as_bytes()).unwrap();
        let mut context = X509StoreContext::new().unwrap();
        let none = openssl::stack::Stack::new().unwrap();
        context
            .init(&store.build(), &leaf, &none, |it| Ok((it.verify_cert()?, it.error().as_raw())).map(|(_, e)| e))
            .unwrap()
    }

    #[test]
    fn a_leaf_is_good_with_its_own_authority_alone() {
        let [one, two, three] = [0, 1, 2].map(|at| KEYS[at].clone());
        let authority = Authority::new("CA One", one, validity()).unwrap();
        let other = Authority::new("CA Two", two, validity()).unwrap();
        let leaf = authority.issue(&Leaf::for_name("db.test", validity()), three.clone()).unwrap();
        assert_eq!(verify(&authority, &leaf), 0);
        // X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, which becomes unknown_ca.
        assert_eq!(verify(&other, &leaf), 20);
        let past = Validity { from: Timestamp::from_seconds(0), until: Timestamp::from_seconds(86_400) };
        let expired = authority.issue(&Leaf::for_name("db.test", past), three).unwrap();
        // X509_V_ERR_CERT_HAS_EXPIRED.
        assert_eq!(verify(&authority, &expired), 10);
    }

    #[test]
    fn a_leaf_says_what_it_was_told_to_say() {
        let authority = Authority::new("CA One", KEYS[0].clone(), validity()).unwrap();
        let leaf = Leaf {
            addresses: vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()],
            ..Leaf::for_name("db.test", validity())
        };
        let leaf = authority.issue(&leaf, KEYS[1].clone()).unwrap();
        let certificate = &leaf.chain()[0];
        let names = certificate.subject_alt_names().unwrap();
        assert_eq!(names.iter().filter_map(|name| name.dnsname()).collect::<Vec<_>>(), ["db.test"]);
        assert_eq!(names.iter().filter_map(|name| name.ipaddress()).count(), 2);
        let root = X509::from_pem(authority.pem().as_bytes()).unwrap();
        let identifiers = (root.subject_key_id().unwrap(), certificate.authority_key_id().unwrap());
        assert_eq!(identifiers.0.as_slice(), identifiers.1.as_slice());
        let bare =
            Leaf { common_name: "cn.test".to_owned(), names: Vec::new(), addresses: Vec::new(), validity: validity() };
        let bare = bare.self_signed(KEYS[2].clone()).unwrap();
        assert!(bare.chain()[0].subject_alt_names().is_none());
        assert_eq!(
            bare.chain()[0].issuer_name().try_cmp(bare.chain()[0].subject_name()).unwrap(),
            std::cmp::Ordering::Equal
        );
    }

    #[test]
    fn nothing_of_a_key_is_shown() {
        let authority = Authority::new("CA One", KEYS[0].clone(), validity()).unwrap();
        let leaf = authority.issue(&Leaf::for_name("db.test", validity()), KEYS[1].clone()).unwrap();
        let private = KEYS[1].inner().ec_key().unwrap().private_key().to_hex_str().unwrap().to_string();
        let shown = format!(
            "{:?} {:#?} {:?} {:?} {:?}",
            KEYS[1],
            leaf,
            authority,
            leaf.chain(),
            crate::tls::ServerSettings::new(leaf.clone())
        );
        assert!(!shown.contains("PRIVATE") && !shown.to_uppercase().contains(&private), "{shown}");
        assert_eq!(format!("{:?}", KEYS[1]), "Key(256 bits)");
        assert!(leaf.key_pem().unwrap().contains("BEGIN PRIVATE KEY"));
    }
}
