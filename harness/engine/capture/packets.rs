//! IP packets from what was sent and received: a recording has octets and no packets, readers of packets want headers.
//!
//! A stream gets its three-way handshake, sequence numbers from 0, an acknowledgement in every segment, and a FIN each way; that
//! nothing is lost and everything is acknowledged at once is not the network's doing.

use crate::handshake::{Direction, Timestamp};
use crate::net::Recording;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// A packet with the header of IPv4 or IPv6.
pub(super) struct Packet {
    pub(super) at: Timestamp,
    pub(super) octets: Vec<u8>,
}

/// The most octets in one segment: far below what fits into a packet.
const SEGMENT: usize = 16 * 1024;
/// The most octets in one datagram over IPv4.
const DATAGRAM: usize = 65_507;

/// Adds the packets of a recording, its server at `port`.
pub(super) fn of_recording(recording: &Recording, port: u16, packets: &mut Vec<Packet>) {
    /// Where a recording has no addresses: the first port of those that clients are given.
    const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 49_152);
    let (client, server) = recording.addresses.unwrap_or((CLIENT, SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
    let server = SocketAddr::new(server.ip(), port);
    if recording.datagrams {
        for chunk in &recording.wire {
            let octets = &chunk.bytes[..chunk.bytes.len().min(DATAGRAM)];
            let (from, to) = ends(chunk.direction, client, server);
            packets.push(Packet { at: chunk.at, octets: datagram(from, to, octets) });
        }
        return;
    }
    let (Some(first), Some(last)) = (recording.wire.first(), recording.wire.last()) else { return };
    let mut stream = Stream { client, server, sent: [0, 0], packets };
    stream.segment(first.at, Direction::FromClient, SYN, &[]);
    stream.segment(first.at, Direction::ToClient, SYN | ACK, &[]);
    stream.segment(first.at, Direction::FromClient, ACK, &[]);
    for chunk in &recording.wire {
        for octets in before_and_from_client_hello(&chunk.bytes).into_iter().flat_map(|part| part.chunks(SEGMENT)) {
            stream.segment(chunk.at, chunk.direction, PSH | ACK, octets);
        }
    }
    if !recording.truncated {
        stream.segment(last.at, Direction::FromClient, FIN | ACK, &[]);
        stream.segment(last.at, Direction::ToClient, FIN | ACK, &[]);
        stream.segment(last.at, Direction::FromClient, ACK, &[]);
    }
}

/// MySQL's clients send their ClientHello behind the SSLRequest at once, mostly in one segment. Wireshark takes all of a segment in
/// which an SSLRequest is for MySQL, so that these two have to be in one each.
fn before_and_from_client_hello(octets: &[u8]) -> [&[u8]; 2] {
    let (before, from) = octets.split_at(super::client_hello(octets).unwrap_or(0));
    [before, from]
}

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PSH: u8 = 0x08;
const ACK: u8 = 0x10;

const TCP: u8 = 6;
const UDP: u8 = 17;

/// A stream whose packets are being made.
struct Stream<'p> {
    client: SocketAddr,
    server: SocketAddr,
    /// What comes next from the client and from the server.
    sent: [u32; 2],
    packets: &'p mut Vec<Packet>,
}

impl Stream<'_> {
    /// RFC 9293 §3.1.
    fn segment(&mut self, at: Timestamp, direction: Direction, flags: u8, octets: &[u8]) {
        let (from, to) = ends(direction, self.client, self.server);
        let own = usize::from(direction != Direction::FromClient);
        let (sequence, acknowledged) = (self.sent[own], self.sent[1 - own]);
        let mut segment = Vec::with_capacity(20 + octets.len());
        segment.extend(from.port().to_be_bytes());
        segment.extend(to.port().to_be_bytes());
        segment.extend(sequence.to_be_bytes());
        segment.extend(if flags & ACK == 0 { 0 } else { acknowledged }.to_be_bytes());
        // Five words of header; the window; checksum and urgent pointer.
        segment.extend([5 << 4, flags, 0xFF, 0xFF, 0, 0, 0, 0]);
        segment.extend(octets);
        self.packets.push(Packet { at, octets: packet(from.ip(), to.ip(), TCP, segment, 16) });
        // SYN and FIN count as an octet each.
        let counted = u32::try_from(octets.len()).expect("a segment is short") + u32::from(flags & (SYN | FIN) != 0);
        self.sent[own] = sequence.wrapping_add(counted);
    }
}

/// RFC 768.
fn datagram(from: SocketAddr, to: SocketAddr, octets: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::with_capacity(8 + octets.len());
    datagram.extend(from.port().to_be_bytes());
    datagram.extend(to.port().to_be_bytes());
    datagram.extend(u16::try_from(8 + octets.len()).expect("cut to what fits").to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(octets);
    packet(from.ip(), to.ip(), UDP, datagram, 6)
}

const fn ends(direction: Direction, client: SocketAddr, server: SocketAddr) -> (SocketAddr, SocketAddr) {
    match direction {
        Direction::FromClient => (client, server),
        Direction::ToClient | Direction::Local => (server, client),
    }
}

/// A packet whose payload has its checksum, still zero, at an offset.
fn packet(from: IpAddr, to: IpAddr, protocol: u8, mut payload: Vec<u8>, checksum_at: usize) -> Vec<u8> {
    let octets = |address: IpAddr| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let length = u16::try_from(payload.len()).expect("a packet is at most as long as one datagram");
    let pseudo_header = [octets(from), octets(to), vec![0, protocol], length.to_be_bytes().to_vec()].concat();
    // Zero says that there is no checksum; its other form means the same sum.
    let sum = match checksum(&[&pseudo_header, &payload]) {
        0 => u16::MAX,
        sum => sum,
    };
    payload[checksum_at..checksum_at + 2].copy_from_slice(&sum.to_be_bytes());
    let mut packet = if from.is_ipv4() {
        // RFC 791 §3.1: version and length of the header, total length, may not be cut, 64 hops.
        let mut header = vec![0x45, 0];
        header.extend((20 + length).to_be_bytes());
        header.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
        header.extend(octets(from));
        header.extend(octets(to));
        let sum = checksum(&[&header]);
        header[10..12].copy_from_slice(&sum.to_be_bytes());
        header
    } else {
        // RFC 8200 §3.
        let mut header = vec![0x60, 0, 0, 0];
        header.extend(length.to_be_bytes());
        header.extend([protocol, 64]);
        header.extend(octets(from));
        header.extend(octets(to));
        header
    };
    packet.extend(payload);
    packet
}

/// RFC 1071. Each part but the last has an even number of octets.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum: u64 = 0;
    for part in parts {
        for pair in part.chunks(2) {
            let [high, low] = [pair[0], pair.get(1).copied().unwrap_or(0)];
            sum += u64::from(u16::from_be_bytes([high, low]));
        }
    }
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !u16::try_from(sum).expect("folded to 16 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(client: &str, server: &str) -> Vec<Packet> {
        let mut recording =
            Recording { addresses: Some((client.parse().unwrap(), server.parse().unwrap())), ..Recording::default() };
        let at = Timestamp::from_micros;
        recording.wire(at(1), Direction::ToClient, &[1; 3]);
        recording.wire(at(2), Direction::FromClient, &[2; SEGMENT + 1]);
        let mut packets = Vec::new();
        of_recording(&recording, 3306, &mut packets);
        packets
    }

    #[test]
    fn a_stream_begins_counts_and_ends_as_tcp_does() {
        let packets = stream("127.0.0.1:50000", "127.0.0.1:41234");
        let word = |packet: &[u8], at: usize| u32::from_be_bytes(packet[at..at + 4].try_into().unwrap());
        let seen: Vec<_> = packets
            .iter()
            .map(|Packet { octets, .. }| {
                let source = u16::from_be_bytes([octets[20], octets[21]]);
                (source, octets[33], word(octets, 24), word(octets, 28), octets.len() - 40)
            })
            .collect();
        let segment = u32::try_from(SEGMENT).unwrap();
        let expected = [
            (50_000, SYN, 0, 0, 0),
            (3306, SYN | ACK, 0, 1, 0),
            (50_000, ACK, 1, 1, 0),
            (3306, PSH | ACK, 1, 1, 3),
            (50_000, PSH | ACK, 1, 4, SEGMENT),
            (50_000, PSH | ACK, 1 + segment, 4, 1),
            (50_000, FIN | ACK, 2 + segment, 4, 0),
            (3306, FIN | ACK, 4, 3 + segment, 0),
            (50_000, ACK, 3 + segment, 5, 0),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_client_hello_begins_a_segment() {
        let hello = [&[0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3][..], &[7; 32]].concat();
        let all = [b"SSLRequest", hello.as_slice()].concat();
        assert_eq!(before_and_from_client_hello(&all), [b"SSLRequest", hello.as_slice()]);
        assert_eq!(before_and_from_client_hello(&hello), [b"", hello.as_slice()]);
        assert_eq!(before_and_from_client_hello(b"no hello"), [b"", b"no hello".as_slice()]);
    }

    #[test]
    fn checksums_are_right() {
        // The sum over header or segment with its checksum in it comes out as nought (RFC 1071 §1).
        for Packet { octets, .. } in stream("127.0.0.1:50000", "127.0.0.1:41234") {
            assert_eq!(checksum(&[&octets[..20]]), 0);
            let length = u16::try_from(octets.len() - 20).unwrap().to_be_bytes();
            assert_eq!(checksum(&[&octets[12..20], &[0, TCP], &length, &octets[20..]]), 0);
        }
        for Packet { octets, .. } in stream("[::1]:50000", "[::1]:41234") {
            let length = u16::try_from(octets.len() - 40).unwrap().to_be_bytes();
            assert_eq!(checksum(&[&octets[8..40], &[0, TCP], &length, &octets[40..]]), 0);
        }
        let mut recording = Recording { datagrams: true, ..Recording::default() };
        recording.wire(Timestamp::from_micros(1), Direction::FromClient, &[9; 70_000]);
        let mut packets = Vec::new();
        of_recording(&recording, 88, &mut packets);
        assert_eq!((packets.len(), packets[0].octets.len()), (1, 65_535));
    }
}
