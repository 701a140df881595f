//! Percent-encoding as Signature Version 4 has it: everything but RFC 3986's unreserved characters, in upper-case hexadecimal.

use std::fmt::Write as _;

/// The octets of a text that are not unreserved are replaced, the slash included.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(octet)),
            // Writing to a string does not fail.
            _ => _ = write!(encoded, "%{octet:02X}"),
        }
    }
    encoded
}

/// The inverse, for hexadecimal digits of either case; `None` for a lone `%` and for what is not UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if first != b'%' {
            octets.push(first);
            continue;
        }
        let (digits, behind) = rest.split_at_checked(2)?;
        let digit = |digit: u8| char::from(digit).to_digit(16);
        let value = digit(digits[0])? * 16 + digit(digits[1])?;
        octets.push(u8::try_from(value).ok()?);
        rest = behind;
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(encode("aZ09-._~"), "aZ09-._~");
        assert_eq!(encode("a b/c@d+é*"), "a%20b%2Fc%40d%2B%C3%A9%2A");
    }

    #[test]
    fn what_is_no_encoding_is_refused() {
        assert_eq!(decode("a%2fb+%C3%a9").as_deref(), Some("a/b+é"));
        for wrong in ["%", "%2", "%2g", "%+1", "%C3"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in ".{0,40}") {
            proptest::prop_assert_eq!(decode(&encode(&text)), Some(text));
        }
    }
}
