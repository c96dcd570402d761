//! A server that takes everything, and counts spans. `GET /spans` tells how many came.

use super::http::{Connection, Head};
use anyhow::{Context as _, Result};
use flate2::read::GzDecoder;
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

static SPANS: AtomicU64 = AtomicU64::new(0);

pub(super) fn run(_: &[String]) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    eprintln!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        let connection = Connection::over(stream?);
        std::thread::spawn(move || serve(connection));
    }
    Ok(())
}

fn serve(mut connection: Connection) -> Result<()> {
    while let Some(Head { first, is_gzip, mut body }) = connection.message()? {
        if is_gzip {
            let packed = std::mem::take(&mut body);
            GzDecoder::new(&*packed).read_to_end(&mut body)?;
        }
        let answer = if first.starts_with("GET /spans ") {
            SPANS.load(Relaxed).to_string()
        } else {
            SPANS.fetch_add(spans(&body).context("no OTLP")?, Relaxed);
            String::new()
        };
        let length = answer.len();
        connection.write(
            format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n\
                 content-length: {length}\r\n\r\n{answer}"
            )
            .as_bytes(),
        )?;
    }
    Ok(())
}

/// How many spans a request holds: fields 2 of fields 2 of fields 1.
pub(super) fn spans(request: &[u8]) -> Option<u64> {
    let mut count = 0;
    each(request, 1, &mut |resource_spans| {
        each(resource_spans, 2, &mut |scope_spans| {
            each(scope_spans, 2, &mut |_| {
                count += 1;
                Some(())
            })
        })
    })?;
    Some(count)
}

/// Calls `act` with each message in a field.
fn each(mut bytes: &[u8], field: u64, act: &mut dyn FnMut(&[u8]) -> Option<()>) -> Option<()> {
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let length = match key & 7 {
            0 => {
                varint(&mut bytes)?;
                continue;
            }
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (inner, rest) = bytes.split_at_checked(length)?;
        if key == field << 3 | 2 {
            act(inner)?;
        }
        bytes = rest;
    }
    Some(())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
