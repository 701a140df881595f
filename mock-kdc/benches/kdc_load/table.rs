//! The figures as a page of Markdown.

use std::time::Duration;

use crate::Measured;
use crate::generator::Sample;
use crate::memory;
use crate::requests::Exchange;

pub(crate) fn print(measured: &[Measured], floors: [Duration; 2], pinned: bool) {
    if !pinned {
        println!("not pinned to cores: `taskset` or a second core is missing\n");
    }
    for (index, exchange) in Exchange::BOTH.into_iter().enumerate() {
        let rows: Vec<(&str, Sample)> =
            measured.iter().map(|one| (one.server.name, median(&one.samples[index]))).collect();
        let [(_, ours), (_, with_pac), .., (_, echo), (_, floor)] = rows.as_slice() else {
            unreachable!("ours, ours with PACs, the echo and the floor are always there")
        };
        println!("| {} | requests/s | CPU µs | of the floor | p50 µs | p99 µs | ours |", exchange.name());
        println!("| --- | --- | --- | --- | --- | --- | --- |");
        for (name, row) in &rows {
            println!(
                "| {name} | {:.0} | {:.2} | {:.2} | {:.0} | {:.0} | {:.1} times |",
                row.per_second,
                us(row.cpu),
                us(row.cpu) / us(floor.cpu),
                us(row.p50),
                us(row.p99),
                ours.per_second / row.per_second,
            );
        }
        println!(
            "\nEcho and cryptography for themselves: {:.2} + {:.2} = {:.2} µs; ours is {:.2} of that. PACs: {:+.0} %.\n",
            us(echo.cpu),
            us(floors[index]),
            us(echo.cpu + floors[index]),
            us(ours.cpu) / us(echo.cpu + floors[index]),
            100.0 * (us(with_pac.cpu) / us(ours.cpu) - 1.0),
        );
    }
}

pub(crate) fn print_start(first_answers: &[(Duration, Duration)]) {
    let mut sorted = first_answers.to_vec();
    sorted.sort_unstable();
    let ((fastest, _), (median, cpu)) = (sorted[0], sorted[sorted.len() / 2]);
    println!(
        "First answer after the start, keys given: {:.1} ms, of which {:.1} ms CPU (fastest {:.1} ms).\n",
        ms(median),
        ms(cpu),
        ms(fastest)
    );
}

pub(crate) fn print_memory(floors: [Duration; 2]) {
    for (exchange, floor) in Exchange::BOTH.into_iter().zip(floors) {
        println!(
            "{} in memory, with look-aside, log and counters: {:.2} µs, of which cryptography {:.2} µs; with PACs {:.2} µs.",
            exchange.name(),
            us(memory::answer(exchange, false)),
            us(floor),
            us(memory::answer(exchange, true)),
        );
    }
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
