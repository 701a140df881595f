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
            world.kinit(&["--no-request-pac", "bob"], PASSWORD).succeeds();
            world.kvno(&["postgres/db.test"]).succeeds();
            world.kinit(&["bob"], "wrong").fails_with("Password incorrect");
            let transports: Vec<_> = used(world).into_iter().map(|(transport, _)| transport).collect();
            assert!(transports.len() >= 5 && transports.iter().all(|used| *used == expected), "{transports:?}");
        });
    }
}

#[test]
fn a_reply_with_many_groups_comes_by_tcp_from_an_active_directory() {
    in_each_flavor("", |world| {
        world.kinit(&["carol"], PASSWORD).succeeds();
        let asked = used(world);
        let found: Vec<_> = asked.iter().map(|(transport, outcome)| (*transport, outcome.as_str())).collect();
        if world.is_ad() {
            assert_eq!(found[..2], [(Transport::Udp, "krb 25"), (Transport::Udp, "krb 52")]);
            // All of it once more.
            assert_eq!(found[2..].iter().map(|(transport, _)| *transport).collect::<Vec<_>>(), [Transport::Tcp]);
            let pac = world.opened("krbtgt/CORP.EXAMPLE.COM").authorization_data.unwrap().remove(0).ad_data;
            assert!(pac.len() > 3200, "{} octets", pac.len());
        } else {
            // No PAC, and a limit that no reply of MIT's reaches.
            assert_eq!((found.len(), found[1].0), (2, Transport::Udp));
        }
        // What the client presents is too long for a datagram then, and comes by TCP at once.
        world.kvno(&["postgres/db.test"]).succeeds();
        let last = used(world).pop().unwrap().0;
        assert_eq!(last, if world.is_ad() { Transport::Tcp } else { Transport::Udp });
        // The counter-check: the same without a PAC.
        world.kinit(&["--no-request-pac", "carol"], PASSWORD).succeeds();
        assert_eq!(used(world).pop().unwrap().0, Transport::Udp);
    });
}
