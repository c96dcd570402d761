//! The same over gRPC: `jaeger.api_v2.SamplingManager`.

use super::{Kind, Strategy};
use crate::protobuf::{Field, Fields, Writer};
use crate::query::{Context, Failure};
use crate::storage::Reader;
use bytes::Bytes;

/// Answers `SamplingStrategyParameters` by a `SamplingStrategyResponse`.
pub(super) fn strategy(
    message: &[u8],
    _: &dyn Reader,
    context: &Context,
) -> Result<Vec<Bytes>, Failure> {
    let service = service(message)?;
    let mut out = Writer::default();
    write(&mut out, context.strategies.of(service));
    Ok(vec![out.into_bytes().into()])
}

fn service(message: &[u8]) -> Result<&str, Failure> {
    let mut service = "";
    for field in Fields::new(message) {
        match field? {
            (1, Field::Bytes(name)) => {
                service = str::from_utf8(name)
                    .map_err(|_| Failure::bad("the name of the service is no UTF-8"))?;
            }
            (1, _) => return Err(Failure::bad("the name of the service is no text")),
            _ => {}
        }
    }
    Ok(service)
}

fn write(out: &mut Writer, strategy: &Strategy) {
    match strategy.kind {
        Kind::Share(share) => out.message(2, |out| double(out, 1, share)),
        Kind::Rate(rate) => {
            out.varint(1, 1);
            // An int32 that is negative is written as an int64.
            out.message(3, |out| out.varint(1, i64::from(rate).cast_unsigned()));
        }
    }
    if let Some((share, operations)) = &strategy.operations {
        out.message(4, |out| {
            double(out, 1, *share);
            for (name, share) in operations {
                out.message(3, |out| {
                    out.bytes(1, name.as_bytes());
                    out.message(2, |out| double(out, 1, *share));
                });
            }
        });
    }
}

/// A `double`; left out if 0.
fn double(out: &mut Writer, field: u32, value: f64) {
    out.fixed64(field, value.to_bits());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_without_sense_is_refused() {
        for bytes in [&b"\x0a\x02\xff\xfe"[..], b"\x08\x01", b"\x0a\x05a"] {
            assert_eq!(service(bytes).unwrap_err().status, 400, "{bytes:?}");
        }
        assert_eq!(service(b"\x0a\x01a\x10\x03\x0a\x01b"), Ok("b"), "the last counts");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = service(&bytes);
        }

        #[test]
        fn any_name_is_read(name in ".{0,20}") {
            let mut out = Writer::default();
            out.bytes(1, name.as_bytes());
            let bytes = out.into_bytes();
            prop_assert_eq!(service(&bytes), Ok(&*name));
        }
    }
}
