//! `spandrel devices`: who is heard, how well, and how sure its clock is.

use super::answers::{Boot, Device, Devices};
use super::ask::Source;
use super::error::Error;
use super::look::Look;
use super::options::Asking;
use super::table::{self, Cell, Column, cell};
use super::{Outcome, empty, harmless, is_id};
use crate::text::TimeNs;
use crate::tree::Style;
use clap::Args;
use std::io::{self, Write};

const COLUMNS: [Column; 9] = [
    Column::id("DEVICE"),
    Column::text("SERVICE"),
    Column::id("STATE"),
    Column::id("HEARD").or_without(6),
    Column::id("CLOCK").or_without(2),
    Column::id("DRIFT").or_without(5),
    Column::number("RING").or_without(4),
    Column::number("RECORDS").or_without(3),
    Column::number("LOST").or_without(1),
];

/// Options of `spandrel devices`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct DevicesOf {
    /// Show all boots of this device: its id, in hexadecimal.
    pub device: Option<String>,
    /// Who is asked.
    #[command(flatten)]
    pub asking: Asking,
}

/// Shows them.
pub(super) fn devices(options: &DevicesOf, out: &mut impl Write) -> Result<Outcome, Error> {
    let path = match &options.device {
        None => "/devices".to_owned(),
        Some(id) if is_id(id) => {
            format!("/devices/{id}")
        }
        Some(_) => {
            return empty(
                "that is no device: ids are hexadecimal digits, as `spandrel devices` shows them",
            );
        }
    };
    let mut source = Source::collector(&options.asking)?;
    let reply = match source.get(&path, &[])? {
        Ok(reply) => reply,
        Err(none) => return empty(&none.0),
    };
    let nonsense =
        |error: serde_json::Error| Error::Nonsense { at: source.name(), why: error.to_string() };
    let look = options.asking.look();
    let is_json = options.asking.json;
    if is_json {
        writeln!(out, "{}", harmless(&String::from_utf8_lossy(&reply.body)))?;
    }
    if options.device.is_some() {
        let device: Device = serde_json::from_slice(&reply.body).map_err(nonsense)?;
        if !is_json {
            write_device(out, look, &device)?;
        }
        return Ok(Outcome::of(!device.boots.is_empty()));
    }
    let devices: Devices = serde_json::from_slice(&reply.body).map_err(nonsense)?;
    if !is_json && devices.devices.is_empty() {
        return empty(
            "no device was heard yet: they send frames to where `spandrel serve` listens",
        );
    }
    if !is_json {
        let rows: Vec<_> =
            devices.devices.iter().map(|boot| row(look, boot, devices.now_ns)).collect();
        table::write(out, look, &COLUMNS, &rows)?;
    }
    Ok(Outcome::of(!devices.devices.is_empty()))
}

fn row(look: Look, boot: &Boot, now_ns: u64) -> Vec<Cell> {
    let lost: u64 = boot.lost.values().fold(0, |sum, count| sum.saturating_add(*count));
    vec![
        (boot.id.clone(), Some(Style::Bold)),
        (boot.service.clone(), Some(Style::Service)),
        (boot.state.clone(), style_of(&boot.state)),
        cell(ago(now_ns, boot.last_ns)),
        cell(clock(look, boot)),
        cell(drift(boot)),
        cell(ring(boot)),
        cell(boot.records.to_string()),
        if lost == 0 { cell("0") } else { (lost.to_string(), Some(Style::Warning)) },
    ]
}

fn style_of(state: &str) -> Option<Style> {
    match state {
        "live" => None,
        "silent" => Some(Style::Warning),
        _ => Some(Style::Dim),
    }
}

/// How far its times are off at most.
fn clock(look: Look, boot: &Boot) -> String {
    let error_ns = boot.error_ns.as_deref().and_then(|text| text.parse().ok());
    error_ns.map_or_else(|| "-".to_owned(), |error_ns| look.bound(error_ns))
}

fn drift(boot: &Boot) -> String {
    boot.drift_ppm.map_or_else(|| "-".to_owned(), |drift| format!("{drift:.1} ppm"))
}

fn ring(boot: &Boot) -> String {
    match (boot.ring_most, boot.ring_words) {
        (Some(most), Some(words)) => format!("{most}/{words}"),
        _ => "-".to_owned(),
    }
}

/// How long ago that was.
fn ago(now_ns: u64, then_ns: u64) -> String {
    let seconds = now_ns.saturating_sub(then_ns) / 1_000_000_000;
    match seconds {
        0..120 => format!("{seconds} s ago"),
        120..7_200 => format!("{} min ago", seconds / 60),
        7_200..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

fn write_device(out: &mut impl Write, look: Look, device: &Device) -> io::Result<()> {
    let service = look.paint(Style::Service, look.plain(&device.service));
    let title = format!("device {}", look.plain(&device.id));
    writeln!(out, "{}  {service}", look.paint(Style::Bold, title))?;
    for boot in &device.boots {
        write_boot(out, look, boot, device.now_ns)?;
    }
    Ok(())
}

fn write_boot(out: &mut impl Write, look: Look, boot: &Boot, now_ns: u64) -> io::Result<()> {
    let state = look.plain(&boot.state);
    writeln!(out, "boot {:06x}  {state}, heard {}", boot.session, ago(now_ns, boot.last_ns))?;
    let mut line = |key: &str, style: Option<Style>, value: &str| {
        if value.is_empty() || value == "-" {
            return Ok(());
        }
        let room = look.width.saturating_sub(12);
        let (key, value) = (look.paint(Style::Dim, format!("{key:9}")), look.fitted(value, room));
        match style {
            Some(style) => writeln!(out, "  {key} {}", look.paint(style, value)),
            None => writeln!(out, "  {key} {value}"),
        }
    };
    line("peer", None, &boot.peer)?;
    line("first", None, &TimeNs(boot.first_ns).to_string())?;
    line("last", None, &TimeNs(boot.last_ns).to_string())?;
    line("clock", None, &format!("{} by {}", clock(look, boot), boot.sync))?;
    line("drift", None, &drift(boot))?;
    line("ring", None, &ring(boot))?;
    line("records", None, &boot.records.to_string())?;
    line("frames", None, &boot.frames.map_or_else(String::new, |frames| frames.to_string()))?;
    for (kind, count) in boot.lost.iter().filter(|(_, count)| **count > 0) {
        line("lost", Some(Style::Warning), &format!("{count} ({kind})"))?;
    }
    if boot.sampled_out > 0 {
        line("unsampled", None, &boot.sampled_out.to_string())?;
    }
    line("build", None, &boot.build)?;
    for (key, _, value) in &boot.attributes {
        line("process", None, &format!("{key}={value}"))?;
    }
    boot.warnings.iter().try_for_each(|warning| line("warning", Some(Style::Warning), warning))
}

#[cfg(test)]
mod tests {
    use super::super::testing::look;
    use super::*;

    const BOOT: &str = r#"{"id":"0000000000000011","service":"sen\u001bsor","session":7,"boots":2,"peer":"udp 10.0.0.7:9",
        "first_ns":"1000","last_ns":"9000000000","state":"silent","sync":"exchange","error_ns":"12000","drift_ppm":1.54,
        "frames":null,"records":9000,"lost":{"link":3,"ring":0},"ring_words":1024,"ring_most":512,"sampled_out":0,
        "build":"","warnings":["late"],"new":{}}"#;

    fn shown(look: Look) -> String {
        let devices = format!(r#"{{"now_ns":"21000000000","devices":[{BOOT}]}}"#);
        let devices: Devices = serde_json::from_str(&devices).unwrap();
        let rows: Vec<_> =
            devices.devices.iter().map(|boot| row(look, boot, devices.now_ns)).collect();
        let mut out = Vec::new();
        table::write(&mut out, look, &COLUMNS, &rows).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn devices_are_a_table_that_fits() {
        let expected = "\
DEVICE            SERVICE       STATE   HEARD     CLOCK       DRIFT        RING  RECORDS  LOST
0000000000000011  sen\\u{1b}sor  silent  12 s ago  ±12.000 µs  1.5 ppm  512/1024     9000     3
";
        assert_eq!(shown(look(200)), expected);
        let expected = "\
DEVICE            SERVICE   STATE   LOST
0000000000000011  sen\\u{1…  silent     3
";
        assert_eq!(shown(look(40)), expected);
    }

    #[test]
    fn a_device_is_shown_with_each_boot() {
        let device =
            format!(r#"{{"now_ns":"21000000000","id":"11","service":"sensor","boots":[{BOOT}]}}"#);
        let mut out = Vec::new();
        write_device(&mut out, look(60), &serde_json::from_str(&device).unwrap()).unwrap();
        let expected = "\
device 11  sensor
boot 000007  silent, heard 12 s ago
  peer      udp 10.0.0.7:9
  first     1970-01-01T00:00:00.000001Z
  last      1970-01-01T00:00:09.000000Z
  clock     ±12.000 µs by exchange
  drift     1.5 ppm
  ring      512/1024
  records   9000
  lost      3 (link)
  warning   late
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
