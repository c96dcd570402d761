//! The wire format by itself, as a gateway would use it: frames written, and read from any bytes.

use core::hint::black_box;

use spandrel::SpanId;
use spandrel::wire::{
    DataHead, DataWriter, Define, Downlink, FrameKind, Head, Hello, NameRef, PartKey, Pong,
    Process, Shape, SiteRef, SpanFields, Type, Value, Writer, decode_downlink, record_number,
};

/// Calls them all.
#[inline(never)]
pub(crate) fn use_all() {
    let bytes = black_box([0x11; 64]);
    let mut buffer = [0; 64];
    black_box(Head::parse(black_box(0x12)).map(Head::byte)).ok();
    black_box(FrameKind::parse(black_box(1))).ok();
    black_box(Type::from_nibble(black_box(1)));
    for ty in Shape(black_box(0x21)).types() {
        black_box(ty).ok();
    }
    let value = black_box(Value::Bool(true));
    black_box((value.ty(), Shape::of(&[value]).len(), record_number(black_box(1))));

    let tag = black_box([1; 4]);
    if let Ok(downlink) = decode_downlink(&bytes) {
        write(&mut buffer, |out| downlink.write(out));
    }
    if let Ok(downlink) = postcard::from_bytes::<Downlink<'_>>(&bytes) {
        write(&mut buffer, |out| downlink.write(out));
    }
    if let Ok(hello) = postcard::from_bytes::<Hello<'_>>(&bytes) {
        write(&mut buffer, |out| hello.write(tag, out));
    }
    if let Ok(pong) = postcard::from_bytes::<Pong>(&bytes) {
        write(&mut buffer, |out| pong.write(tag, out));
    }
    let tags = [("key", value)];
    let process = Process { service: black_box("name"), build: &bytes, tags: &tags[..] };
    write(&mut buffer, |out| process.write(out));
    if let Ok(head) = postcard::from_bytes::<DataHead>(&bytes) {
        black_box(write_records(DataWriter::new(&mut buffer, tag, &head), value));
    }
}

fn write(buffer: &mut [u8], write: impl FnOnce(&mut Writer<'_>)) {
    let mut out = Writer::new(buffer);
    write(&mut out);
    black_box((out.written(), out.room(), out.fits(), out.finish()));
}

/// One record of each kind, as often as they fit.
#[inline(never)]
fn write_records<'b>(mut frame: DataWriter<'b>, value: Value<'_>) -> Option<&'b [u8]> {
    let number = black_box(7);
    let site = SiteRef { id: black_box(1), shape: Shape(black_box(1)) };
    loop {
        frame.begin();
        frame.span(&SpanFields {
            own: number,
            parent: number,
            trace: number,
            site,
            start_ticks: number.into(),
            duration_ticks: number.into(),
            parts: black_box(1),
            cut_off: black_box(true),
            ambiguous: black_box(true),
        });
        value.write(frame.out());
        if !frame.end() {
            break;
        }
        let name = PartKey::Name(NameRef::Inline(black_box("key")), site.shape);
        for key in [PartKey::Site(site), name] {
            for time_ticks in [None, Some(number.into())] {
                frame.begin();
                frame.part(number, time_ticks, black_box(true), &key);
                black_box(key.shape());
                value.write(frame.out());
                frame.end();
            }
        }
        frame.begin();
        let trace = frame.remote_trace(black_box([1; 4]));
        frame.reference(number, trace, SpanId(black_box([1; 8])), black_box(true));
        frame.end();
        frame.begin();
        frame.define(&Define {
            is_name: black_box(true),
            by_address: false,
            id: 1,
            bytes: black_box(b"name"),
        });
        frame.end();
    }
    if frame.is_empty() {
        frame.begin_fragment(black_box(spandrel::wire::FragmentOf::Record), black_box(3));
        value.write(frame.out());
        black_box(frame.end_fragment());
    }
    frame.finish()
}
