//! Messages in both directions, each beside a second implementation where there is one. Every sample is first held against
//! what that one makes of it.

#![expect(clippy::unwrap_used, reason = "a bench may panic")]

#[path = "codec/kerberos.rs"]
mod kerberos;
#[path = "codec/mysql.rs"]
mod mysql;
#[path = "codec/postgres.rs"]
mod postgres;

use criterion::Criterion;
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    mysql::bench(&mut criterion);
    postgres::bench(&mut criterion);
    kerberos::bench(&mut criterion);
    criterion.final_summary();
}
