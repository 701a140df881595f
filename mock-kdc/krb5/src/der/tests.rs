//! Octets beside the values they stand for. The encodings are X.690's own examples or spelled out by hand.

use super::*;
use proptest::prelude::*;

fn read<'a, T>(octets: &'a [u8], decode: impl FnOnce(&mut Reader<'a>) -> Result<T, Error>) -> Result<T, Problem> {
    decode(&mut Reader::new("test", octets).map_err(|e| e.problem)?).map_err(|e| e.problem)
}

fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut Writer::new(&mut out));
    out
}

#[test]
fn integers_have_the_fewest_octets() {
    for (value, octets) in [
        (0, &[0x02, 1, 0x00][..]),
        (1, &[0x02, 1, 0x01]),
        (127, &[0x02, 1, 0x7f]),
        (128, &[0x02, 2, 0x00, 0x80]),
        (256, &[0x02, 2, 0x01, 0x00]),
        (-1, &[0x02, 1, 0xff]),
        (-128, &[0x02, 1, 0x80]),
        (-129, &[0x02, 2, 0xff, 0x7f]),
        (-138, &[0x02, 2, 0xff, 0x76]),
        (i64::MAX, &[0x02, 8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        (i64::MIN, &[0x02, 8, 0x80, 0, 0, 0, 0, 0, 0, 0]),
    ] {
        assert_eq!(written(|w| w.integer(value)), octets);
        assert_eq!(read(octets, Reader::integer), Ok(value));
    }
    assert_eq!(read(&[0x02, 3, 0, 0, 5], Reader::integer), Ok(5), "superfluous octets are read");
    assert_eq!(read(&[0x02, 0], Reader::integer), Err(Problem::IntegerRange));
    assert_eq!(read(&[0x02, 9, 0, 0, 0, 0, 0, 0, 0, 0, 5], Reader::integer), Err(Problem::IntegerRange));
}

#[test]
fn the_ranges_of_the_integer_types_are_kept() {
    let int32 = |value| read(&written(|w| w.integer(value)), Reader::int32);
    assert_eq!((int32(i32::MAX.into()), int32(i32::MIN.into())), (Ok(i32::MAX), Ok(i32::MIN)));
    assert_eq!(int32(i64::from(i32::MAX) + 1), Err(Problem::IntegerRange));
    assert_eq!(int32(i64::from(i32::MIN) - 1), Err(Problem::IntegerRange));

    let uint32 = |value| read(&written(|w| w.integer(value)), Reader::uint32);
    assert_eq!((uint32(0), uint32(u32::MAX.into())), (Ok(0), Ok(u32::MAX)));
    assert_eq!(uint32(i64::from(u32::MAX) + 1), Err(Problem::IntegerRange));
    // MIT writes a nonce of 0xfffffffb as -5.
    assert_eq!(uint32(-5), Ok(0xffff_fffb));
    assert_eq!(uint32(i32::MIN.into()), Ok(0x8000_0000));
    assert_eq!(uint32(i64::from(i32::MIN) - 1), Err(Problem::IntegerRange));

    let microseconds = |value| read(&written(|w| w.integer(value)), Reader::microseconds);
    assert_eq!((microseconds(0), microseconds(999_999)), (Ok(0), Ok(999_999)));
    assert_eq!((microseconds(-1), microseconds(1_000_000)), (Err(Problem::IntegerRange), Err(Problem::IntegerRange)));
}

#[test]
fn lengths_are_written_short_and_read_long() {
    for (length, head) in [
        (0, &[0x04, 0x00][..]),
        (127, &[0x04, 0x7f]),
        (128, &[0x04, 0x81, 0x80]),
        (255, &[0x04, 0x81, 0xff]),
        (256, &[0x04, 0x82, 0x01, 0x00]),
        (65_535, &[0x04, 0x82, 0xff, 0xff]),
        (65_536, &[0x04, 0x83, 0x01, 0x00, 0x00]),
    ] {
        let octets = written(|w| w.octets(&vec![7; length]));
        assert_eq!(&octets[..octets.len() - length], head);
        assert_eq!(read(&octets, |r| r.octets().map(<[u8]>::len)), Ok(length));
    }
    for long in [&[0x04, 0x81, 1, 9][..], &[0x04, 0x82, 0, 1, 9], &[0x04, 0x84, 0, 0, 0, 1, 9]] {
        assert_eq!(read(long, |r| r.octets().map(<[u8]>::to_vec)), Ok(vec![9]));
    }
    let refused = |octets: &[u8]| read(octets, |r| r.octets().map(<[u8]>::to_vec)).unwrap_err();
    assert_eq!(refused(&[0x04, 0x85, 0, 0, 0, 0, 1, 9]), Problem::LengthOfLength);
    assert_eq!(refused(&[0x04, 0x80, 9, 0, 0]), Problem::IndefiniteLength);
    for truncated in
        [&[0x04][..], &[0x04, 0x81], &[0x04, 0x84, 0, 0, 0], &[0x04, 1], &[0x04, 0x84, 0xff, 0xff, 0xff, 0xff]]
    {
        assert_eq!(refused(truncated), Problem::Truncated);
    }
}

#[test]
fn the_length_of_an_outer_element_grows_with_its_inside() {
    // 0x30 0x81 0x82 | 0xa0 0x7f … 129 + 2 octets inside.
    let octets = written(|w| w.sequence(|w| w.field(0, |w| w.octets(&[0; 126]))));
    assert_eq!(octets[..6], [0x30, 0x81, 0x83, 0xa0, 0x81, 0x80]);
    assert_eq!(octets.len(), 134);
}

#[test]
fn a_guess_at_a_length_changes_nothing() {
    for length in [0, 1, 100, 125, 126, 127, 128, 250, 255, 256, 300, 65_530, 65_536] {
        let content = vec![7; length];
        let octets = written(|w| w.application_sequence(3, |w| w.sequence(|w| w.field(1, |w| w.octets(&content)))));
        for about in [0, 127, 128, 255, 256, 65_535, 65_536] {
            let guessed = written(|w| {
                w.application_sequence_about(3, about, |w| {
                    w.sequence_about(about, |w| {
                        w.field_about(1, about, |w| w.octets_about(about, |out| out.extend_from_slice(&content)));
                    });
                });
            });
            assert!(guessed == octets, "{length} octets, guessed {about}");
        }
    }
}

#[test]
fn flags_are_the_first_32_bits() {
    let flags = |octets: &[u8]| read(octets, Reader::flags);
    assert_eq!(written(|w| w.flags(0x4081_0010)), [0x03, 5, 0, 0x40, 0x81, 0x00, 0x10]);
    assert_eq!(flags(&[0x03, 5, 0, 0x40, 0x81, 0x00, 0x10]), Ok(0x4081_0010));
    assert_eq!(flags(&[0x03, 7, 0, 0x40, 0x81, 0x00, 0x10, 0xff, 0xff]), Ok(0x4081_0010), "longer");
    assert_eq!(flags(&[0x03, 2, 0, 0x40]), Ok(0x4000_0000), "shorter");
    assert_eq!(flags(&[0x03, 2, 4, 0xff]), Ok(0xf000_0000), "unused bits are none");
    assert_eq!(flags(&[0x03, 1, 0]), Ok(0));
    for malformed in [&[0x03, 0][..], &[0x03, 2, 8, 0xff], &[0x03, 1, 1]] {
        assert_eq!(flags(malformed), Err(Problem::BitString));
    }
}

#[test]
fn booleans_are_one_octet() {
    assert_eq!(written(|w| w.boolean(true)), [0x01, 1, 0xff]);
    assert_eq!(read(&[0x01, 1, 0], Reader::boolean), Ok(false));
    assert_eq!(read(&[0x01, 1, 1], Reader::boolean), Ok(true), "BER: anything but zero");
    assert_eq!(read(&[0x01, 0], Reader::boolean), Err(Problem::Boolean));
}

#[test]
fn fields_are_full_and_what_follows_the_last_is_passed_over() {
    let two = |octets: &[u8]| {
        read(octets, |r| {
            let mut sequence = r.sequence()?;
            Ok((sequence.field(0, "a", Reader::integer)?, sequence.optional(1, "b", Reader::integer)?))
        })
    };
    assert_eq!(two(&[0x30, 5, 0xa0, 3, 2, 1, 7]), Ok((7, None)));
    assert_eq!(two(&[0x30, 10, 0xa0, 3, 2, 1, 7, 0xa1, 3, 2, 1, 8]), Ok((7, Some(8))));
    assert_eq!(two(&[0x30, 10, 0xa0, 3, 2, 1, 7, 0xa2, 3, 2, 1, 8]), Ok((7, None)), "an unknown field");
    assert_eq!(two(&[0x30, 6, 0xa0, 4, 2, 1, 7, 0]), Err(Problem::Excess));
    assert_eq!(two(&[0x30, 5, 0xa1, 3, 2, 1, 7]), Err(Problem::Tag { expected: 0xa0, found: Some(0xa1) }));
    let message = |octets: &[u8]| read(octets, |r| r.application_sequence(14).map(|inside| inside.is_empty()));
    assert_eq!(message(&[0x6e, 2, 0x30, 0]), Ok(true));
    assert_eq!(message(&[0x6e, 4, 0x30, 0, 0x30, 0]), Err(Problem::Excess), "a second SEQUENCE");
    assert_eq!(two(&[0x30, 0]), Err(Problem::Tag { expected: 0xa0, found: None }));
    assert_eq!(two(&[0x30, 10, 0xa0, 3, 2, 1, 7, 0xa1, 3, 4, 1, 8]), Err(Problem::Tag { expected: 2, found: Some(4) }));
}

#[test]
fn depth_count_and_size_are_bounded() {
    fn nested(reader: &mut Reader<'_>, levels: u8) -> Result<(), Error> {
        if levels == 0 { Ok(()) } else { nested(&mut reader.sequence()?, levels - 1) }
    }
    let octets = (0..=MAX_DEPTH).fold(Vec::new(), |inner, _| written(|w| w.sequence(|w| w.raw(&inner))));
    assert_eq!(read(&octets, |r| nested(r, MAX_DEPTH)), Ok(()));
    assert_eq!(read(&octets, |r| nested(r, MAX_DEPTH + 1)), Err(Problem::TooDeep));

    let list = |count: usize| {
        let octets = written(|w| w.list(0..count, |w, _| w.integer(1)));
        read(&octets, |r| r.list(Reader::integer).map(|list| list.len()))
    };
    assert_eq!(list(MAX_ELEMENTS), Ok(MAX_ELEMENTS));
    assert_eq!(list(MAX_ELEMENTS + 1), Err(Problem::TooManyElements));

    assert!(Reader::new("test", &vec![0; MAX_MESSAGE]).is_ok());
    assert_eq!(Reader::new("test", &vec![0; MAX_MESSAGE + 1]).err().unwrap().problem, Problem::TooLarge);
}

#[test]
fn an_error_names_message_field_and_offset() {
    // SEQUENCE { [0] INTEGER, [1] should be an INTEGER and is an OCTET STRING at offset 9 }.
    let octets = [0x30, 10, 0xa0, 3, 2, 1, 7, 0xa1, 3, 4, 1, 8];
    let mut sequence = Reader::new("AP-REQ", &octets).unwrap().sequence().unwrap();
    sequence.field(0, "pvno", Reader::integer).unwrap();
    let error = sequence.field(1, "msg-type", Reader::integer).unwrap_err();
    assert_eq!(error.to_string(), "AP-REQ: msg-type at offset 9: expected tag 02, found 04");
}

proptest! {
    #[test]
    fn every_integer_comes_back(value: i64) {
        prop_assert_eq!(read(&written(|w| w.integer(value)), Reader::integer), Ok(value));
    }

    #[test]
    fn an_element_is_handed_out_as_it_was_received(before in 0i64.., content: Vec<u8>) {
        let element = written(|w| w.octets(&content));
        let octets = written(|w| { w.integer(before); w.raw(&element); w.integer(1); });
        let found = read(&octets, |r| { r.integer()?; r.element().map(<[u8]>::to_vec) });
        prop_assert_eq!(found, Ok(element));
    }
}
