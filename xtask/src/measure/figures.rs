//! The figures: their keys, budgets and best peers, and the table that shows them.

use std::collections::BTreeMap;

/// What a figure is and should be; less is better, but for those [of the host](is_of_host).
pub(super) struct Figure {
    pub(super) key: &'static str,
    unit: &'static str,
    /// Infinite where there is none; of the host the least that it should be.
    budget: f64,
    /// The best that any other library takes for the same work.
    peer: &'static str,
}

/// Whether a figure compares times on this machine. More is better, every run gives another, and none is
/// ever a fault.
pub(super) fn is_of_host(key: &str) -> bool {
    key.starts_with("std.")
}

const fn figure(key: &'static str, unit: &'static str, budget: f64, peer: &'static str) -> Figure {
    Figure { key, unit, budget, peer }
}

/// Every figure, in the order of the table.
pub(super) const FIGURES: &[Figure] = &[
    figure("hot.w1.o3", "instructions", 60.0, "SystemView 259"),
    figure("hot.w2.o3", "instructions", 50.0, "SystemView 199"),
    figure("hot.w3.o3", "instructions", 40.0, "SystemView 126"),
    figure("hot.w1.os", "instructions", 70.0, ""),
    figure("hot.w2.os", "instructions", 60.0, ""),
    figure("hot.w3.os", "instructions", 45.0, ""),
    figure("hot.w1.reset.o3", "instructions", 85.0, "nobody has it"),
    figure("hot.w2.reset.o3", "instructions", 75.0, "nobody has it"),
    figure("hot.w3.reset.o3", "instructions", 45.0, "nobody has it"),
    figure("hot.unsampled.o3", "instructions", 25.0, ""),
    figure("hot.root_sampling.o3", "instructions", 80.0, ""),
    figure("hot.disabled.o3", "instructions", 0.0, ""),
    figure("scope.enter_exit.o3", "instructions", 14.0, ""),
    figure("scope.in_span_poll.o3", "instructions", 24.0, ""),
    figure("m0.hot.w1.os", "instructions", f64::INFINITY, ""),
    figure("m0.hot.w2.os", "instructions", f64::INFINITY, ""),
    figure("m0.hot.w3.os", "instructions", f64::INFINITY, ""),
    figure("rv32.hot.w1.o3", "instructions", f64::INFINITY, ""),
    figure("rv32.hot.w2.o3", "instructions", f64::INFINITY, ""),
    figure("rv32.hot.w3.o3", "instructions", f64::INFINITY, ""),
    figure("mask.longest.o3", "instructions", 30.0, "published by none"),
    figure("ring.w1", "bytes", 32.0, ""),
    figure("span.size", "bytes", 40.0, ""),
    figure("site.flash", "bytes", 64.0, ""),
    figure("site.ram", "bytes", 0.0, ""),
    figure("carrier.w3c.extract.o3", "instructions", 600.0, ""),
    figure("carrier.w3c.inject.o3", "instructions", 500.0, ""),
    figure("carrier.short.extract.o3", "instructions", 60.0, ""),
    figure("carrier.short.inject.o3", "instructions", 60.0, ""),
    figure("wire.w1.100", "bytes a span", 10.5, "defmt 27, OTLP 101"),
    figure("wire.w2.100", "bytes a span", 7.5, "defmt 22, OTLP 67"),
    figure("wire.w1.100.burst", "bytes a span", 9.5, ""),
    figure("wire.w2.100.burst", "bytes a span", 6.5, ""),
    figure("wire.w1.1", "bytes", 40.0, "OTLP 145"),
    figure("wire.w1.1.remote", "bytes", 64.0, ""),
    figure("wire.w1.1.first", "bytes", 75.0, ""),
    figure("wire.tree.100", "bytes a span", 12.0, ""),
    figure("flash.core", "bytes", 1536.0, ""),
    figure("flash.reporter", "bytes", 5120.0, "microtel 9.3 KB"),
    figure("flash.all", "bytes", f64::INFINITY, ""),
    figure("flash.per_feature.baggage", "bytes", 0.0, ""),
    figure("flash.per_feature.carrier", "bytes", 0.0, ""),
    figure("flash.per_feature.in_span", "bytes", 0.0, ""),
    figure("flash.per_feature.mask", "bytes", 0.0, ""),
    figure("flash.per_feature.sampler", "bytes", 0.0, ""),
    figure("flash.per_feature.sampling", "bytes", 0.0, ""),
    figure("flash.per_feature.semconv", "bytes", 0.0, ""),
    figure("flash.per_feature.stats", "bytes", 0.0, ""),
    figure("flash.per_feature.text", "bytes", 0.0, ""),
    figure("ack.hot.w1.o3", "instructions", 60.0, ""),
    figure("ack.hot.w2.o3", "instructions", 50.0, ""),
    figure("ack.hot.w3.o3", "instructions", 40.0, ""),
    figure("ack.ram", "bytes", 128.0, ""),
    figure("auth.flash", "bytes", 4096.0, ""),
    figure("auth.frame_insns", "instructions", f64::INFINITY, ""),
    figure("ram.static", "bytes", 64.0, ""),
    figure("ram.reporter", "bytes", 256.0, ""),
    figure("stack.encode", "bytes", 1024.0, "microtel 3.4 KB"),
    figure("std.vs_fastrace", "times as fast", 1.5, "fastrace 1"),
    figure("std.vs_otel", "times as fast", 1.0, "opentelemetry_sdk 1"),
    figure("std.scaling", "threads in one", 1.8, ""),
];

/// What was measured, by key.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) by_key: BTreeMap<String, f64>,
    details: Vec<String>,
}

impl Figures {
    /// Notes a figure; where there is one already the greater of the two counts.
    pub(super) fn add(&mut self, key: &str, value: f64) {
        // Hundredths: a mean of 100 spans has no more, and more would say nothing.
        let value = (value * 100.0).round() / 100.0;
        let known = self.by_key.entry(key.to_owned()).or_insert(value);
        *known = known.max(value);
    }

    /// Adds to a figure that has another part, if that was measured.
    pub(super) fn increase(&mut self, key: &str, more: f64) {
        *self.by_key.entry(key.to_owned()).or_default() += more;
    }

    /// Notes something that is behind a figure.
    pub(super) fn add_detail(&mut self, detail: String) {
        self.details.push(detail);
    }

    /// Forgets what a program measured beside what was asked for.
    pub(super) fn retain(&mut self, is_wanted: impl Fn(&str) -> bool) {
        self.by_key.retain(|key, _| is_wanted(key));
    }

    pub(super) fn print_details(&self) {
        println!();
        self.details.iter().for_each(|detail| println!("{detail}"));
    }
}

/// Prints what was measured beside what was blessed, the budget and the best peer.
pub(super) fn print_table(
    now: &Figures,
    blessed: &BTreeMap<String, f64>,
    is_wanted: impl Fn(&str) -> bool,
) {
    let row = |key: &str, now: &str, blessed: &str, budget: &str, rest: &str| {
        println!("{}", format!("{key:<21}{now:>9}{blessed:>9}{budget:>9}  {rest}").trim_end());
    };
    row("figure", "now", "blessed", "budget", "unit; best peer");
    let mut over = 0;
    for figure in FIGURES.iter().filter(|figure| is_wanted(figure.key)) {
        let value = now.by_key.get(figure.key).copied();
        let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| v.to_string());
        let is_of_host = is_of_host(figure.key);
        let excess = value.map_or(0.0, |value| value - figure.budget);
        let excess = if is_of_host { -excess } else { excess };
        let mut rest = figure.unit.to_owned();
        if !figure.peer.is_empty() {
            rest += &format!("; {}", figure.peer);
        }
        if excess > 0.0 {
            over += 1;
            let what = if is_of_host { "below its goal" } else { "over budget" };
            rest += &format!("  <- {what} by {}", (excess * 100.0).round() / 100.0);
        }
        let before = blessed.get(figure.key).copied();
        let budget = Some(figure.budget).filter(|budget| budget.is_finite());
        row(figure.key, &shown(value), &shown(before), &shown(budget), &rest);
    }
    println!("{} measured, {over} over budget", now.by_key.len());
}
