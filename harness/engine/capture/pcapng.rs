//! Writes PCAP-NG (<https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html>): a section, one interface of raw IP
//! packets, TLS keys, packets.

use crate::handshake::Timestamp;

const SECTION_HEADER: u32 = 0x0A0D_0D0A;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 10;

/// By which readers see in which order the octets of numbers stand.
const BYTE_ORDER_MAGIC: u32 = 0x1A2B_3C4D;
/// LINKTYPE_RAW (<https://www.tcpdump.org/linktypes.html>): packets begin with the header of IPv4 or IPv6.
const RAW_IP: u16 = 101;
/// `TLSK`: lines of a key log.
const TLS_KEY_LOG: u32 = 0x544C_534B;

const OPTION_END: u16 = 0;
const OPTION_COMMENT: u16 = 1;
const OPTION_USER_APPLICATION: u16 = 4;

/// A file that is being written.
pub(super) struct Writer {
    octets: Vec<u8>,
}

impl Writer {
    /// The section and its interface, of which times are in microseconds.
    pub(super) fn new(comment: &str) -> Self {
        let mut writer = Self { octets: Vec::new() };
        writer.block(SECTION_HEADER, |body| {
            body.extend(BYTE_ORDER_MAGIC.to_le_bytes());
            body.extend(1_u16.to_le_bytes());
            body.extend(0_u16.to_le_bytes());
            // How long the section is: to the end of the file.
            body.extend(u64::MAX.to_le_bytes());
            option(body, OPTION_COMMENT, comment);
            option(body, OPTION_USER_APPLICATION, concat!("shakedown ", env!("CARGO_PKG_VERSION")));
            option(body, OPTION_END, "");
        });
        writer.block(INTERFACE_DESCRIPTION, |body| {
            body.extend(RAW_IP.to_le_bytes());
            body.extend(0_u16.to_le_bytes());
            // The longest packet: any.
            body.extend(0_u32.to_le_bytes());
        });
        writer
    }

    /// What TLS packets behind it are read with. Nothing for an empty log.
    pub(super) fn keys(&mut self, log: &str) {
        if !log.is_empty() {
            self.block(DECRYPTION_SECRETS, |body| {
                body.extend(TLS_KEY_LOG.to_le_bytes());
                body.extend(length(log.as_bytes()).to_le_bytes());
                padded(body, log.as_bytes());
            });
        }
    }

    /// An IP packet.
    pub(super) fn packet(&mut self, at: Timestamp, packet: &[u8]) {
        let micros = u64::try_from(at.micros()).unwrap_or(0);
        let [low, high] = [micros & u64::from(u32::MAX), micros >> 32];
        self.block(ENHANCED_PACKET, |body| {
            body.extend(0_u32.to_le_bytes());
            for half in [high, low] {
                body.extend(u32::try_from(half).expect("half of 64 bits").to_le_bytes());
            }
            // What was captured of it, and how long it was.
            body.extend(length(packet).to_le_bytes());
            body.extend(length(packet).to_le_bytes());
            padded(body, packet);
        });
    }

    /// The file.
    pub(super) fn finish(self) -> Vec<u8> {
        self.octets
    }

    /// A block: its type, its length, what `fill` writes, and its length again.
    fn block(&mut self, kind: u32, fill: impl FnOnce(&mut Vec<u8>)) {
        let mut body = Vec::new();
        fill(&mut body);
        let total = length(&body) + 12;
        self.octets.extend(kind.to_le_bytes());
        self.octets.extend(total.to_le_bytes());
        self.octets.extend(body);
        self.octets.extend(total.to_le_bytes());
    }
}

/// An option: its number, its length, its text.
fn option(body: &mut Vec<u8>, number: u16, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    body.extend(number.to_le_bytes());
    body.extend(length.to_le_bytes());
    padded(body, &text.as_bytes()[..usize::from(length)]);
}

/// Octets, and as many behind them as make their number divisible by four.
fn padded(body: &mut Vec<u8>, octets: &[u8]) {
    body.extend(octets);
    body.resize(body.len().next_multiple_of(4), 0);
}

fn length(octets: &[u8]) -> u32 {
    u32::try_from(octets.len()).expect("a recording is bounded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_the_octets_of_the_specification() {
        let mut writer = Writer::new("x");
        let section = writer.octets.clone();
        assert_eq!(section[..4], [0x0A, 0x0D, 0x0D, 0x0A]);
        assert_eq!(section[8..12], [0x4D, 0x3C, 0x2B, 0x1A]); // least significant octet first
        writer.keys("k\n");
        writer.packet(Timestamp::from_micros(0x0001_0000_0002), &[0x45, 6, 7]);
        assert_eq!(
            writer.finish()[section.len()..],
            [
                &[10, 0, 0, 0, 24, 0, 0, 0][..], // Decryption Secrets Block, 24 octets
                b"KSLT",                         // TLS key log, as a number
                &[2, 0, 0, 0],                   // its length
                b"k\n\0\0",
                &[24, 0, 0, 0],
                &[6, 0, 0, 0, 36, 0, 0, 0], // Enhanced Packet Block, 36 octets
                &[0, 0, 0, 0],              // the first interface
                &[1, 0, 0, 0, 2, 0, 0, 0],  // its time, the upper half first
                &[3, 0, 0, 0, 3, 0, 0, 0],  // captured and real length
                &[0x45, 6, 7, 0],
                &[36, 0, 0, 0],
            ]
            .concat()
        );
    }
}
