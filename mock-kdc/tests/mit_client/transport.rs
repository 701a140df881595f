//! UDP, TCP, and the way from the one to the other.

use mock_kdc::Transport;

use crate::world::{PASSWORD, World, in_each_flavor};

fn used(world: &World) -> Vec<(Transport, String)> {
    world.handle.log().since(0).iter().map(|event| (event.transport.unwrap(), event.outcome.to_string())).collect()
}

#[test]
fn udp_comes_first_unless_the_client_is_told_otherwise() {
    for (settings, expected) in [("", Transport::Udp), ("    udp_preference_limit = 1", Transport::Tcp)] {
        in_each_flavor(settings, |world| {
            world.kinit(&["alice"], PASSWORD).succeeds();
            world.kvno(&["postgres/db.test"]).succeeds();
            world.kinit(&["alice"], "wrong").fails_with("Password incorrect");
            let transports: Vec<_> = used(world).into_iter().map(|(transport, _)| transport).collect();
            assert_eq!(transports, [expected; 5]);
        });
    }
}

#[test]
fn a_reply_with_many_groups_comes_by_tcp_from_an_active_directory() {
    in_each_flavor("", |world| {
        world.kinit(&["carol"], PASSWORD).succeeds();
        let asked = used(world);
        let codes: Vec<_> = asked[..2].iter().map(|(transport, outcome)| (*transport, outcome.as_str())).collect();
        if world.is_ad() {
            assert_eq!(codes, [(Transport::Udp, "krb 25"), (Transport::Udp, "krb 52")]);
            assert_eq!((asked.len(), asked[2].0), (3, Transport::Tcp));
        } else {
            // No PAC, and a limit that no reply of MIT's reaches.
            assert_eq!((asked.len(), asked[1].0), (2, Transport::Udp));
        }
        world.kvno(&["postgres/db.test"]).succeeds();
        let last = used(world).pop().unwrap().0;
        assert_eq!(last, if world.is_ad() { Transport::Tcp } else { Transport::Udp });
        // The counter-check: a PAC with one group fits.
        world.kinit(&["alice"], PASSWORD).succeeds();
        assert_eq!(used(world).pop().unwrap().0, Transport::Udp);
    });
}
