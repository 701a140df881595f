//! What a client can be asked not to check, or not to insist on: the weaknesses that a case about transport has to find.

use crate::handshake::deviation::deviations;

deviations! {
    "TLS client":
    /// Takes a certificate whoever has signed it.
    AcceptsAnyChain = "accepts-any-chain"
        breaks "RFC 5280 section 6.1: a certificate is good if a path leads from it to a trust anchor",
    /// Takes a certificate that has ended or has not begun.
    AcceptsExpired = "accepts-expired"
        breaks "RFC 5280 section 6.1.3 (a)(2): the certificate's validity period includes the current time",
    /// Takes a certificate whatever its names are.
    SkipsNameCheck = "skips-name-check"
        breaks "RFC 6125 section 6: the name that was dialled is one of the certificate's",
    /// Takes the common name although there are alternative names.
    CommonNameBesideSan = "common-name-beside-san"
        breaks "RFC 6125 section 6.4.4: the common name counts only where there is no alternative name",
    /// Goes on in the clear where TLS is not to be had, although it is required.
    FallsBackToClear = "falls-back-to-clear"
        breaks "--ssl-mode and sslmode: from REQUIRED on, a connection without TLS fails",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_and_names_a_clause() {
        for deviation in Deviation::ALL {
            assert_eq!(deviation.word().parse(), Ok(*deviation));
            assert!(deviation.clause().len() > 20);
        }
        let error = "skips".parse::<Deviation>().unwrap_err().to_string();
        assert!(error.starts_with("unknown TLS client deviation 'skips', allowed are accepts-any-chain"), "{error}");
    }
}
