//! Records tokens of MIT for tests that need no MIT:
//! `cargo test -p shakedown-krb5 --test mit_gss -- --ignored record`

use crate::peer::{Answer, Peer};
use crate::ticket::{Draft, Seeded, service, wall_clock};
use shakedown_krb5::crypto::Etype;
use shakedown_krb5::gss::{Flags, Initiator};
use std::fmt::Write as _;

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/gss/tests/recorded.txt");
const TEXT: &[u8] = b"MIT says this, in more than one block";

#[test]
#[ignore = "writes a file of the source tree"]
fn record_a_conversation_of_each_etype() {
    let Some(mut peer) = Peer::start("record") else { return };
    let mut record = format!("recorded {} seconds after 1970 from MIT krb5\n", wall_clock().seconds());
    for etype in Etype::AES {
        let mut line = |name: &str, octets: &[u8]| {
            let text: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
            writeln!(record, "{} {name} {text}", etype.number()).unwrap();
        };
        let draft = Draft::new(etype);
        line("service-key", draft.service_key.bytes());
        line("session-key", draft.session_key.bytes());

        // MIT initiates, one way.
        let cache = peer.cache(&draft.credential());
        let flags = Flags::REPLAY | Flags::SEQUENCE | Flags::CONF | Flags::INTEG;
        line("initiator-ap-req", &peer.init(&cache, &service(), flags, "krb5"));
        line("initiator-time", &wall_clock().micros().to_be_bytes());
        line("initiator-wrap", &peer.wrap(TEXT));
        line("initiator-mic", &peer.mic(TEXT));

        // MIT accepts, with mutual authentication.
        let keytab = peer.keytab(&draft.keytab());
        let now = wall_clock();
        let (_, token) =
            Initiator::start(&draft.credential(), Flags(flags | Flags::MUTUAL), now, &mut Seeded::from_clock());
        let Answer::Accepted { reply: Some(reply), .. } = peer.accept(&keytab, &token) else { panic!("no reply") };
        line("acceptor-time", &now.micros().to_be_bytes());
        line("acceptor-ap-rep", &reply);
        line("acceptor-wrap", &peer.wrap(TEXT));
        line("acceptor-mic", &peer.mic(TEXT));
    }
    std::fs::write(RECORD, record).unwrap();
}
