//! The figures as a page of Markdown.

use std::time::Duration;

use crate::Measured;
use crate::client::Costs;
use crate::generator::Sample;
use crate::requests::Exchange;

pub(crate) fn print(measured: &[Measured], floors: [Duration; 2], pinned: bool) {
    if !pinned {
        println!("not pinned to cores: `taskset` or a second core is missing\n");
    }
    for (index, exchange) in Exchange::BOTH.into_iter().enumerate() {
        let rows: Vec<(&str, Sample)> =
            measured.iter().map(|one| (one.server.name, median(&one.samples[index]))).collect();
        let (echo, cryptography) = (rows.last().expect("the echo is the last").1.cpu, floors[index]);
        let floor = echo + cryptography;
        let ours = rows[0].1.clone();
        println!("| {} | requests/s | CPU µs | of the floor | p50 µs | p99 µs | ours |", exchange.name());
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        for (name, row) in &rows {
            println!(
                "| {name} | {:.0} | {:.2} | {:.2} | {:.0} | {:.0} | {:.1} times |",
                row.per_second,
                us(row.cpu),
                us(row.cpu) / us(floor),
                us(row.p50),
                us(row.p99),
                ours.per_second / row.per_second,
            );
        }
        println!(
            "| floor: echo + cryptography | | {:.2} = {:.2} + {:.2} | 1 | | | |\n",
            us(floor),
            us(echo),
            us(cryptography)
        );
    }
}

pub(crate) fn print_start(first_answers: &[Duration]) {
    let mut sorted = first_answers.to_vec();
    sorted.sort_unstable();
    let (fastest, median) = (sorted[0], sorted[sorted.len() / 2]);
    println!("First answer after the start, keys given: {:.1} ms (fastest {:.1} ms).\n", ms(median), ms(fastest));
}

pub(crate) fn print_client(costs: &Costs) {
    println!(
        "Client, in µs: AS {:.1}, TGS {:.1}, AP {:.1}, together {:.1}.",
        us(costs.authentication),
        us(costs.service_ticket),
        us(costs.application),
        us(costs.all)
    );
}

/// Of each figure for itself.
fn median(samples: &[Sample]) -> Sample {
    let of = |figure: &dyn Fn(&Sample) -> Duration| {
        let mut figures: Vec<_> = samples.iter().map(figure).collect();
        figures.sort_unstable();
        figures[figures.len() / 2]
    };
    let mut rates: Vec<f64> = samples.iter().map(|sample| sample.per_second).collect();
    rates.sort_unstable_by(f64::total_cmp);
    Sample {
        requests: samples.iter().map(|sample| sample.requests).sum(),
        per_second: rates[rates.len() / 2],
        cpu: of(&|sample| sample.cpu),
        p50: of(&|sample| sample.p50),
        p99: of(&|sample| sample.p99),
    }
}

fn us(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
