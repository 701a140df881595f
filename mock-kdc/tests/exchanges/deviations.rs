//! Each deviation is judged by our client as by libkrb5.
use mock_kdc::Deviation;
use shakedown_krb5::client::TgsSettings;
use crate::mit_clients::Clients;
use crate::request::{PASSWORD, principal};
use crate::world::{NOW, alice_tgt, login, new_kdc, settings, ticket};

fn says<E: std::fmt::Display>(result: Result<shakedown_krb5::Credential, E>) -> String {
    match result {
        Ok(ticket) if ticket.end_time <= NOW => "ended".to_owned(),
        Ok(_) => "a ticket".to_owned(),
        Err(failure) => failure.to_string(),
    }
}

#[test]
fn discover() {
    let kdc = new_kdc();
    let tgt = alice_tgt(&kdc, NOW);
    let service = || TgsSettings::new(tgt.clone(), principal("postgres/db.test"));
    let clients = Clients::new("").unwrap();
    assert!(clients.run("tgt", "kinit", &["alice"], &format!("{PASSWORD}\n")).succeeded);
    for deviation in Deviation::ALL {
        if deviation.name() == "silent" { continue; }
        kdc.set_deviations(&[deviation]);
        let (first, second) = (says(login(&kdc, settings("alice"), NOW)), says(ticket(&kdc, service(), NOW)));
        clients.handle.kdc().set_deviations(&[deviation]);
        std::fs::copy(clients.path("tgt"), clients.path("used")).unwrap();
        let t = std::time::Instant::now();
        let a = clients.run("new", "kinit", &["alice"], &format!("{PASSWORD}\n"));
        let t1 = t.elapsed();
        let b = clients.run("used", "kvno", &["postgres/db.test"], "");
        eprintln!("{:34} {:?} AS {:40} | {} {:?} {:?}", deviation.name(), deviation.demand(), first, a.succeeded, a.text.trim().replace("Password for alice@CORP.EXAMPLE.COM:", ""), t1);
        eprintln!("{:34} TGS {:40} | {} {:?} {:?}", "", second, b.succeeded, b.text.trim(), t.elapsed()-t1);
    }
    clients.end();
}
