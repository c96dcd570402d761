//! `spandrel tail`: spans as they come.
//!
//! On a terminal the traces that still come are drawn in place; elsewhere each span is a line at once.

mod frames;
mod lines;
mod live;
mod pond;
mod sse;

use super::ask::{BASE, Collector, Failure, Piece, Stream, with};
use super::error::Error;
use super::options::Asking;
use super::search::Conditions;
use super::{Outcome, harmless};
use clap::Args;
use core::time::Duration;
use frames::Frames;
use live::{Live, Skipped};
use pond::Pond;
use sse::{Event, Events};
use std::io::{self, Write};
use std::time::Instant;

/// A collector says something every ten seconds: one that does not is gone.
const SILENCE: Duration = Duration::from_secs(35);
/// A screen is drawn no more often.
const FRAME: Duration = Duration::from_millis(30);
/// So often what is drawn is looked at again where nothing comes.
const TICK: Duration = Duration::from_millis(100);
/// Between attempts to get back to a collector, at first and at last.
const SHORTEST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Options of `spandrel tail`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Tail {
    /// Which spans.
    #[command(flatten)]
    pub conditions: Conditions,
    /// End after so many spans.
    #[arg(long, short = 'n', value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// Write a line for each span, also on a terminal.
    #[arg(long)]
    pub lines: bool,
    /// Who is asked.
    #[command(flatten)]
    pub asking: Asking,
}

/// How spans are shown.
enum Show {
    Json,
    Lines,
    Trees(Box<Pond>),
}

/// What is shown, and how much more of it there is to be.
struct Shown<'a, W> {
    out: Frames<&'a mut W>,
    options: &'a Tail,
    show: Show,
    left: Option<u64>,
    began: Instant,
    drawn: Duration,
    is_stale: bool,
}

/// Shows spans until somebody stops it.
pub(super) fn tail(options: &Tail, out: &mut impl Write) -> Result<Outcome, Error> {
    let collector = Collector::new(&options.asking.at, options.asking.authorization()?)?;
    let at = collector.name();
    let path = with(&format!("{BASE}/live"), &options.conditions.query());
    let mut shown = Shown::new(options, out)?;
    let mut wait = SHORTEST_WAIT;
    let mut was_there = false;
    loop {
        let why = match collector.stream(&path) {
            Ok(Ok(stream)) => {
                if was_there {
                    say(&format!("the collector at {at} is back"));
                }
                (was_there, wait) = (true, SHORTEST_WAIT);
                match shown.follow(stream, &at)? {
                    None => return Ok(Outcome::Found),
                    Some(why) => why,
                }
            }
            Ok(Err(reply)) => match (was_there, reply.refused(&at)) {
                // While it starts or ends it may say so.
                (true, Error::Refused { status: 503, what, .. }) => what,
                (_, refused) => return Err(refused),
            },
            Err(Failure::Nobody(why) | Failure::Broken(why)) if was_there => why,
            Err(failure) => return Err(failure.told(&at)),
        };
        if wait == SHORTEST_WAIT {
            shown.clear()?;
            say(&format!("the collector at {at} is gone ({why}): trying to get back"));
        }
        std::thread::sleep(wait);
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Where nobody listens nothing can be done.
fn say(what: &str) {
    let _ = writeln!(io::stderr().lock(), "{what}");
}

impl<'a, W: Write> Shown<'a, W> {
    fn new(options: &'a Tail, out: &'a mut W) -> io::Result<Self> {
        let look = options.asking.look();
        let out = Frames::new(out, look.height.is_some())?;
        let show = match (options.asking.json, look.height) {
            (true, _) => Show::Json,
            (false, Some(_)) if !options.lines => Show::Trees(Box::new(Pond::new(look))),
            _ => Show::Lines,
        };
        let (began, drawn) = (Instant::now(), Duration::ZERO);
        Ok(Self { out, options, show, left: options.count, began, drawn, is_stale: false })
    }

    /// Shows what comes. Gives why nothing more does; nothing if it was enough.
    fn follow(&mut self, mut stream: Stream<'_>, at: &str) -> Result<Option<String>, Error> {
        let mut events = Events::default();
        let mut heard = self.began.elapsed();
        loop {
            match stream.next(self.wait()) {
                Piece::Bytes(bytes) => {
                    heard = self.began.elapsed();
                    let too_long = |_| "an event of it has no end".to_owned();
                    let nonsense = |why| Error::Nonsense { at: at.to_owned(), why };
                    for event in events.take(&bytes).map_err(too_long).map_err(nonsense)? {
                        if self.event(&event).map_err(|failed| failed.told(at))? {
                            self.end()?;
                            return Ok(None);
                        }
                    }
                }
                Piece::Nothing if self.began.elapsed().saturating_sub(heard) > SILENCE => {
                    return Ok(Some("nothing is heard of it".to_owned()));
                }
                Piece::Nothing => {}
                Piece::Over(why) => return Ok(Some(why)),
            }
            self.draw()?;
        }
    }

    fn wait(&self) -> Duration {
        match &self.show {
            Show::Trees(_) if self.is_stale => {
                (self.drawn + FRAME).saturating_sub(self.began.elapsed())
            }
            Show::Trees(pond) if pond.is_waiting() => TICK,
            _ => SILENCE,
        }
    }

    /// Shows an event. Says whether it was enough.
    fn event(&mut self, event: &Event) -> Result<bool, Failed> {
        match &*event.name {
            "spans" => {
                let values: Vec<serde_json::Value> = serde_json::from_str(&event.data)?;
                for value in values {
                    self.span(value)?;
                    if let Some(left) = &mut self.left {
                        *left -= 1;
                        if *left == 0 {
                            return Ok(true);
                        }
                    }
                }
            }
            "skipped" => {
                let Skipped { spans } = serde_json::from_str(&event.data)?;
                if let Show::Json = self.show {
                    writeln!(self.out, "{{\"skipped\":{spans}}}")?;
                } else {
                    self.clear()?;
                    say(&format!(
                        "{spans} spans were left out: they come faster than they are shown"
                    ));
                }
            }
            // A later collector may say more.
            _ => {}
        }
        Ok(false)
    }

    fn span(&mut self, value: serde_json::Value) -> Result<(), Failed> {
        match &mut self.show {
            Show::Json => writeln!(self.out, "{}", harmless(&value.to_string()))?,
            Show::Lines => {
                let span: Live = serde_json::from_value(value)?;
                lines::write(&mut self.out, self.options.asking.look(), &span)?;
            }
            Show::Trees(pond) => {
                let span: Live = serde_json::from_value(value)?;
                pond.add(&span, self.began.elapsed());
                self.is_stale = true;
            }
        }
        Ok(())
    }

    /// Shows what is not shown yet.
    fn draw(&mut self) -> io::Result<()> {
        let now = self.began.elapsed();
        if let Show::Trees(pond) = &mut self.show {
            let is_due = self.is_stale && now >= self.drawn + FRAME;
            // A screen that does not change is left alone.
            if is_due || !self.is_stale && pond.is_due(now) {
                pond.fit(self.options.asking.look());
                pond.draw(&mut self.out, now)?;
                (self.drawn, self.is_stale) = (now, false);
            }
        }
        self.out.flush()
    }

    /// Draws all that came as if it were over.
    fn end(&mut self) -> io::Result<()> {
        if let Show::Trees(pond) = &mut self.show {
            pond.fit(self.options.asking.look());
            pond.draw(&mut self.out, Duration::MAX)?;
        }
        self.out.flush()
    }

    /// Makes room for a message on the same screen.
    fn clear(&mut self) -> io::Result<()> {
        if let Show::Trees(pond) = &mut self.show {
            pond.fit(self.options.asking.look());
            pond.wipe(&mut self.out)?;
            self.is_stale = true;
        }
        self.out.flush()
    }
}

/// Why an event was not shown.
enum Failed {
    Io(io::Error),
    Json(serde_json::Error),
}

impl Failed {
    fn told(self, at: &str) -> Error {
        match self {
            Self::Io(error) => Error::Io(error),
            Self::Json(error) => Error::Nonsense { at: at.to_owned(), why: error.to_string() },
        }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<serde_json::Error> for Failed {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}
