//! `#[traced]`: whatever function it goes on, each call is a span with what was asked for.

mod futures;
mod seen;

use core::fmt::Display;
use seen::calls;
use spandrel::{ChildOf, Copied, Span, Tracer, semconv, span, traced};

/// A tracer of the test's own.
#[macro_export]
macro_rules! tracer {
    ($name:ident) => {
        static $name: spandrel::Tracer = {
            static RECORDER: spandrel::Recorder<2048> = spandrel::Recorder::new();
            spandrel::Tracer::new("traced", &RECORDER, spandrel::Clock::monotonic())
        };
    };
}

#[test]
fn calls_in_calls_are_children() {
    tracer!(TRACER);

    #[traced(TRACER)]
    fn outer(depth: u8) -> u8 {
        let sum = inner(depth) + inner(depth);
        span!(TRACER, "by hand").finish();
        sum
    }

    #[traced(TRACER, args)]
    fn inner(depth: u8) -> u8 {
        if depth > 1 {
            return inner(depth - 1);
        }
        depth
    }

    assert_eq!(outer(2), 2);
    assert!(TRACER.active_context().is_none());
    let calls = calls(&TRACER);
    let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["inner", "inner", "inner", "inner", "by hand", "outer"]);
    let [deepest, inner, .., by_hand, outer] = &calls[..] else { unreachable!() };
    assert_eq!((outer.parent, outer.tags()), (None, String::new()));
    assert_eq!((inner.parent, by_hand.parent), (Some(outer.number), Some(outer.number)));
    assert_eq!((deepest.parent, deepest.tags()), (Some(inner.number), "depth=U32(1)".into()));
}

#[test]
fn arguments_are_tags_where_it_is_asked_for() {
    tracer!(TRACER);

    const UNIT: &str = "kelvin";

    /// Nine tags, which is one more than a call takes.
    #[traced(
        TRACER,
        args, skip(many, buffer, log),
        tags(
            bytes = buffer.len(), UNIT, {semconv::COMPONENT} = "i2c", "a key" = *many,
            log = Copied(&many.to_string()),
        )
    )]
    #[expect(clippy::too_many_arguments, reason = "one of each kind")]
    fn all(
        bus: u8,
        mut name: &str,
        state: &'static str,
        r#type: i64,
        many: &u32,
        buffer: &mut [u8],
        log: impl FnOnce(&str),
        _: Vec<u8>,
    ) {
        name = &name[1..];
        log(name);
        buffer[0] = bus;
    }

    #[traced(TRACER, tags(name, on = !off))]
    fn few(name: &str, off: bool) -> bool {
        name.is_empty() && off
    }

    let mut logged = String::new();
    all(1, "xyz", "idle", -1, &7, &mut [0; 3], |text| logged.push_str(text), Vec::new());
    few(&String::from("of run time"), false);
    assert_eq!(logged, "yz");
    let [all, few] = &calls(&TRACER)[..] else { unreachable!() };
    let tags = "bus=U32(1) name=xyz state=idle type=I64(-1) bytes=U64(3) UNIT=kelvin component=i2c";
    assert_eq!(all.tags(), format!("{tags} a key=U32(7) log=7"));
    assert_eq!(few.tags(), "name=of run time on=Bool(true)");
}

#[test]
fn names_and_parents_are_those_that_are_given() {
    tracer!(TRACER);

    const NAME: &str = "of a constant";

    #[traced(TRACER, name = "of the attribute", parent = ChildOf::Root)]
    fn root() {}

    #[traced(TRACER, name = { NAME }, parent = parent)]
    fn child(parent: &Span) {}

    #[traced(tracer, name = name, args, skip(tracer))]
    fn whatever(tracer: &'static Tracer, name: &'static str) {}

    #[traced(TRACER)]
    fn r#loop() {}

    let parent = span!(TRACER, "parent");
    {
        let _active = parent.enter();
        root();
        r#loop();
    }
    child(&parent);
    whatever(&TRACER, "of run time");
    parent.finish();
    let calls = calls(&TRACER);
    let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["of the attribute", "loop", NAME, "of run time", "parent"]);
    let parents: Vec<_> = calls.iter().map(|call| call.parent).collect();
    let parent = Some(calls[4].number);
    assert_eq!(parents, [None, parent, parent, None, None]);
    assert_eq!(calls[3].tags(), "name=of run time");
}

#[derive(Debug)]
struct Fault(String);

impl Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "fault of {}", self.0)
    }
}

#[test]
fn errors_are_said_where_it_is_asked_for() {
    tracer!(TRACER);

    fn check(text: &str) -> Result<u8, Fault> {
        text.parse().map_err(|_| Fault(text.to_owned()))
    }

    #[traced(TRACER)]
    fn silent(text: &str) -> Result<u8, Fault> {
        check(text)
    }

    #[traced(TRACER, err)]
    fn kind(text: &str) -> Result<u8, Box<dyn core::error::Error>> {
        Ok(text.parse()?)
    }

    #[traced(TRACER, err = "display")]
    fn display(text: &str) -> Result<u8, Fault> {
        if text.is_empty() {
            return Err(Fault(String::new()));
        }
        let number = check(text)?;
        Ok(number)
    }

    #[traced(TRACER, err = "debug")]
    fn debug(text: &str) -> Result<impl Display, Fault> {
        check(text)
    }

    for text in ["1", "x"] {
        let _ = silent(text);
        let _ = kind(text);
        let _ = display(text);
        let _ = debug(text);
    }
    let _ = display("");
    let _ = display(&"\u{e9}".repeat(200));
    let losses = TRACER.losses();
    let calls = calls(&TRACER);
    assert!(calls[..5].iter().all(|call| call.tags.is_empty() && call.logs.is_empty()));
    assert!(calls[5..].iter().all(|call| call.tags() == "error=Bool(true)"));
    assert_eq!(calls[5].logs(), "event=error");
    assert_eq!(calls[6].logs(), "event=error message=fault of x");
    assert_eq!(calls[7].logs(), "event=error message=Fault(\"x\")");
    assert_eq!(calls[8].logs(), "event=error message=fault of ");
    // What is cut is counted, and between characters.
    let cut = format!("event=error message=fault of {}", "\u{e9}".repeat(59));
    assert_eq!((calls[9].logs(), losses.tag_cut), (cut, 1));
}

tracer!(METHODS);

trait Read {
    fn read(&mut self, at: usize) -> u8;
    /// With a body, so it can be traced.
    #[traced(METHODS)]
    fn first(&mut self) -> u8 {
        self.read(0)
    }
}

struct Memory<const N: usize>([u8; N]);

impl<const N: usize> Memory<N> {
    /// What is borrowed for a call is given back through it.
    #[traced(METHODS, args, tags(size = self.0.len()), err)]
    fn cell(&mut self, at: usize) -> Result<&mut u8, usize> {
        self.0.get_mut(at).ok_or(at)
    }

    #[traced(METHODS, err)]
    fn longest<'a>(&self, one: &'a str, other: &'a str) -> Result<&'a str, ()>
    where
        Self: Sized,
    {
        Ok(if one.len() > other.len() { one } else { other })
    }

    /// # Safety
    /// There is such a cell.
    #[traced(METHODS, args)]
    unsafe fn at(&self, at: usize) -> u8 {
        // SAFETY: so the caller says.
        unsafe { *self.0.get_unchecked(at) }
    }

    /// # Safety
    /// There is such a cell.
    #[traced(METHODS, err)]
    pub(crate) unsafe fn at_or(self: Box<Self>, at: usize) -> Result<u8, ()> {
        // SAFETY: so the caller says.
        Ok(unsafe { *self.0.get_unchecked(at) })
    }

    #[traced(METHODS)]
    extern "C" fn handler() {}
}

impl<const N: usize> Read for Memory<N> {
    #[traced(METHODS, args)]
    fn read(&mut self, at: usize) -> u8 {
        self.cell(at).map_or(0, |cell| *cell)
    }
}

/// Names of the body are not those of the macro.
#[traced(METHODS, err, tags(scope, result))]
fn same_names<T: Into<u8>>(span: T, scope: u8, result: u8) -> Result<u8, ()> {
    let span = span.into();
    Ok(span + scope + result)
}

#[test]
fn methods_and_generics_are_traced() {
    let mut memory = Memory([1, 2, 3]);
    assert_eq!(memory.first(), 1);
    *memory.cell(1).unwrap() += 1;
    assert_eq!(memory.cell(3), Err(3));
    assert_eq!(memory.longest("a", "bc"), Ok("bc"));
    // SAFETY: there is one.
    assert_eq!(unsafe { memory.at(1) }, 3);
    // SAFETY: there is one.
    assert_eq!(unsafe { Box::new(memory).at_or(2) }, Ok(3));
    Memory::<1>::handler();
    assert_eq!(same_names(1, 2, 3), Ok(6));
    let calls = calls(&METHODS);
    let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
    let below = ["cell", "read", "first", "cell", "cell", "longest", "at", "at_or", "handler"];
    assert_eq!(names, [&below[..], &["same_names"]].concat());
    assert_eq!(calls[4].tags(), "at=U64(3) size=U64(3) error=Bool(true)");
    assert_eq!(calls[9].tags(), "scope=U32(2) result=U32(3)");
    assert_eq!((calls[0].parent, calls[1].parent), (Some(calls[1].number), Some(calls[2].number)));
}
