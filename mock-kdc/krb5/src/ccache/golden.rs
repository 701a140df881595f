//! A credential cache of MIT krb5 1.20.1, field by field, for the tests.

/// Made by `kinit -f -r 2d alice` against MIT's KDC, cut down to the default principal, the first of the two
/// configuration entries and the ticket-granting ticket.
pub(crate) const KINIT: &[&[u8]] = &[
    b"\x05\x04",                                                 // version
    b"\x00\x0c",                                                 // header length
    b"\x00\x01",                                                 // tag: DeltaTime
    b"\x00\x08",                                                 // length
    b"\x00\x00\x00\x00",                                         // seconds
    b"\x00\x00\x00\x00",                                         // microseconds
    b"\x00\x00\x00\x01",                                         // default principal: name type
    b"\x00\x00\x00\x01",                                         // component count
    b"\x00\x00\x00\x10CORP.EXAMPLE.COM",                         // realm
    b"\x00\x00\x00\x05alice",                                    // component
    b"\x00\x00\x00\x01",                                         // client: name type
    b"\x00\x00\x00\x01",                                         // component count
    b"\x00\x00\x00\x10CORP.EXAMPLE.COM",                         // realm
    b"\x00\x00\x00\x05alice",                                    // component
    b"\x00\x00\x00\x01",                                         // server: name type
    b"\x00\x00\x00\x03",                                         // component count
    b"\x00\x00\x00\x0cX-CACHECONF:",                             // realm
    b"\x00\x00\x00\x15krb5_ccache_conf_data",                    // component
    b"\x00\x00\x00\x0afast_avail",                               // component
    b"\x00\x00\x00\x28krbtgt/CORP.EXAMPLE.COM@CORP.EXAMPLE.COM", // component
    b"\x00\x00",                                                 // session key: encryption type
    b"\x00\x00\x00\x00",                                         // key
    b"\x00\x00\x00\x00",                                         // authtime
    b"\x00\x00\x00\x00",                                         // starttime
    b"\x00\x00\x00\x00",                                         // endtime
    b"\x00\x00\x00\x00",                                         // renew-till
    b"\x00",                                                     // is-skey
    b"\x00\x00\x00\x00",                                         // flags
    b"\x00\x00\x00\x00",                                         // addresses
    b"\x00\x00\x00\x00",                                         // authorization data
    b"\x00\x00\x00\x03yes",                                      // ticket
    b"\x00\x00\x00\x00",                                         // second ticket
    b"\x00\x00\x00\x01",                                         // client: name type
    b"\x00\x00\x00\x01",                                         // component count
    b"\x00\x00\x00\x10CORP.EXAMPLE.COM",                         // realm
    b"\x00\x00\x00\x05alice",                                    // component
    b"\x00\x00\x00\x02",                                         // server: name type
    b"\x00\x00\x00\x02",                                         // component count
    b"\x00\x00\x00\x10CORP.EXAMPLE.COM",                         // realm
    b"\x00\x00\x00\x06krbtgt",                                   // component
    b"\x00\x00\x00\x10CORP.EXAMPLE.COM",                         // component
    b"\x00\x12",                                                 // session key: encryption type
    b"\x00\x00\x00\x20",                                         // key, 32 octets
    b"\x7f\x19\xc2\xee\x91\x00\xf6\xa3\x71\x4d\x03\xf3\xbd\xf2\x93\x98\xfc\x2b\xed\x8a\x59\xba\xd1\xe4",
    b"\xdc\x50\x1c\x4e\x73\xfa\xc5\xcb",
    b"\x6b\x01\x8f\x9a", // authtime
    b"\x6b\x01\x8f\x9a", // starttime
    b"\x6b\x02\xe1\x1a", // endtime
    b"\x6b\x04\x32\x9a", // renew-till
    b"\x00",             // is-skey
    b"\x40\xe1\x00\x00", // flags
    b"\x00\x00\x00\x00", // addresses
    b"\x00\x00\x00\x00", // authorization data
    b"\x00\x00\x01\x24", // ticket, 292 octets
    b"\x61\x82\x01\x20\x30\x82\x01\x1c\xa0\x03\x02\x01\x05\xa1\x12\x1b\x10\x43\x4f\x52\x50\x2e\x45\x58",
    b"\x41\x4d\x50\x4c\x45\x2e\x43\x4f\x4d\xa2\x25\x30\x23\xa0\x03\x02\x01\x02\xa1\x1c\x30\x1a\x1b\x06",
    b"\x6b\x72\x62\x74\x67\x74\x1b\x10\x43\x4f\x52\x50\x2e\x45\x58\x41\x4d\x50\x4c\x45\x2e\x43\x4f\x4d",
    b"\xa3\x81\xd9\x30\x81\xd6\xa0\x03\x02\x01\x12\xa1\x03\x02\x01\x01\xa2\x81\xc9\x04\x81\xc6\x9a\x01",
    b"\x6a\x53\x24\x2b\x77\xb0\x71\xdf\x86\xda\x3a\x5c\xea\xd9\xf6\x79\xe8\x46\x83\x29\x58\xf6\x9c\x5b",
    b"\x7d\x61\xcd\x8b\x96\x48\x24\x44\x3e\xa1\x56\xe7\x22\x3b\x0c\x8c\xb1\x99\xd3\xbc\xe9\xec\x07\x48",
    b"\x76\x88\xcc\xb4\xfe\xe6\x22\xc6\xeb\xc8\xf1\xa6\x2e\xd2\x8b\xaf\x38\x11\x41\x47\x88\xc4\x4b\xb8",
    b"\x5a\x86\x8a\x4b\x9c\x73\x14\x2e\xfb\x5e\x6e\x80\x8f\xd1\x89\x5b\x33\x8a\xa0\xdb\xe3\xda\x05\x1f",
    b"\xc5\xfc\x2c\x9f\xf7\x1b\x4a\x1d\x6e\x41\xef\xeb\xd0\xfd\xc1\x56\x33\x2f\x44\xba\x5e\xa6\xdb\xab",
    b"\x56\xc3\x5e\x83\x9a\xf8\x14\xb1\x31\x64\x11\x6b\x56\xe1\xc3\x42\x72\x84\xcd\x09\x22\x20\xdf\xf7",
    b"\xb2\xaa\x23\x58\x4e\x95\x39\x31\x30\xda\x66\x74\x24\xa9\xd2\xde\x2f\xc1\xf2\x1d\x61\xa4\x9b\xb7",
    b"\xea\x40\xab\x65\x67\xf7\x6b\xbe\x1c\x59\xa9\xb6\xdd\xc4\x9e\x85\x63\x97\x73\x25\x4d\x6c\x0b\xbb",
    b"\x67\x06\x1b\x11",
    b"\x00\x00\x00\x00", // second ticket
];
