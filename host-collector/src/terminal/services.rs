//! `spandrel services`: who sent traces, and what they do.

use super::answers::{Operations, Services};
use super::ask::Source;
use super::error::Error;
use super::options::Looking;
use super::table::{self, Column, cell};
use super::{Outcome, empty};
use crate::json::Writer;
use crate::tree::Style;
use clap::Args;
use std::io::Write;

/// Options of `spandrel services`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct ServicesOf {
    /// Show the operations of each, too.
    #[arg(long)]
    pub operations: bool,
    /// Who is asked.
    #[command(flatten)]
    pub looking: Looking,
}

/// Lists them.
pub(super) fn services(options: &ServicesOf, out: &mut impl Write) -> Result<Outcome, Error> {
    let mut source = Source::of(&options.looking)?;
    let Services { services } = source.json("/services", &[])?.unwrap_or_default();
    let mut of_each = Vec::new();
    for service in services {
        let operations: Operations = if options.operations {
            let query = [("service", service.clone())];
            source.json("/operations", &query)?.unwrap_or_default()
        } else {
            Operations::default()
        };
        of_each.push((service, operations.operations));
    }
    if options.looking.asking.json {
        writeln!(out, "{}", json(&of_each, options.operations))?;
        return Ok(Outcome::of(!of_each.is_empty()));
    }
    if of_each.is_empty() {
        return empty(
            "there is no service yet: devices that send frames to `spandrel serve` bring theirs",
        );
    }
    let look = options.looking.asking.look();
    if !options.operations {
        for (service, _) in &of_each {
            writeln!(out, "{}", look.plain(service))?;
        }
        return Ok(Outcome::Found);
    }
    let columns =
        [Column::text("SERVICE"), Column::text("OPERATION"), Column::id("KIND").or_without(1)];
    let rows = of_each.iter().flat_map(|(service, operations)| {
        operations.iter().map(move |operation| {
            let service = (service.clone(), Some(Style::Service));
            vec![service, cell(&*operation.name), (operation.kind.clone(), Some(Style::Dim))]
        })
    });
    table::write(out, look, &columns, &rows.collect::<Vec<_>>())?;
    Ok(Outcome::Found)
}

fn json(services: &[(String, Vec<super::answers::Operation>)], with_operations: bool) -> String {
    let mut json = Writer::default();
    json.raw("{\"services\":[");
    for (index, (service, operations)) in services.iter().enumerate() {
        json.raw(if index == 0 { "" } else { "," });
        if !with_operations {
            json.string(service);
            continue;
        }
        json.raw("{\"name\":");
        json.string(service);
        json.raw(",\"operations\":[");
        for (index, operation) in operations.iter().enumerate() {
            json.raw(if index == 0 { "{\"name\":" } else { ",{\"name\":" });
            json.string(&operation.name);
            json.raw(",\"kind\":");
            json.string(&operation.kind);
            json.raw("}");
        }
        json.raw("]}");
    }
    json.raw("]}");
    super::harmless(&String::from_utf8_lossy(&json.into_bytes()))
}
