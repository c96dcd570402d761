//! What cases stand on: peers that are started once, by the first case that wants them.

use std::path::PathBuf;
use std::thread::JoinHandle;

use anyhow::{Context as _, Result, anyhow};

use super::ours::Ours;
use crate::collector::Collector;
use crate::peers::{Jaeger, JaegerSetup, Zipkin};

/// The peers of one run; dropping it ends them.
pub(super) struct Stage<'a> {
    say: &'a mut dyn FnMut(&str),
    jaeger: Option<Jaeger>,
    zipkin: Lazy<Zipkin>,
    program: Option<PathBuf>,
    ours: Option<Ours>,
}

/// Something that takes long to start, and may be started before it is wanted.
enum Lazy<T> {
    Unwanted,
    Starting(JoinHandle<Result<T>>),
    Ready(T),
}

impl<'a> Stage<'a> {
    /// One on which nothing runs yet.
    pub(super) fn new(program: Option<PathBuf>, say: &'a mut dyn FnMut(&str)) -> Self {
        Self { say, jaeger: None, zipkin: Lazy::Unwanted, program, ours: None }
    }

    /// Says what is going on.
    pub(super) fn say(&mut self, line: &str) {
        (self.say)(line);
    }

    /// What says it, for functions that build something.
    pub(super) fn voice(&mut self) -> &mut dyn FnMut(&str) {
        self.say
    }

    /// A Jaeger that every case may put traces into; so ids and services are each case's own.
    pub(super) fn jaeger(&mut self) -> Result<&Jaeger> {
        if self.jaeger.is_none() {
            let program = Jaeger::ensure_built()?;
            self.jaeger = Some(Jaeger::start_program(&program, &JaegerSetup::default())?);
        }
        self.jaeger.as_ref().context("Jaeger runs")
    }

    /// A Zipkin, as [`Stage::jaeger`].
    pub(super) fn zipkin(&mut self) -> Result<&Zipkin> {
        self.start_zipkin()?;
        if let Lazy::Starting(_) = self.zipkin
            && let Lazy::Starting(thread) = core::mem::replace(&mut self.zipkin, Lazy::Unwanted)
        {
            let started = thread.join().map_err(|_| anyhow!("Zipkin's start panicked"))?;
            self.zipkin = Lazy::Ready(started?);
        }
        match &self.zipkin {
            Lazy::Ready(zipkin) => Ok(zipkin),
            _ => Err(anyhow!("Zipkin was not started")),
        }
    }

    /// Lets Zipkin start, while other cases go on: it takes longest of all.
    pub(super) fn start_zipkin(&mut self) -> Result<()> {
        if let Lazy::Unwanted = self.zipkin {
            let jar = Zipkin::ensure_installed()?;
            self.zipkin = Lazy::Starting(std::thread::spawn(move || Zipkin::start(&jar)));
        }
        Ok(())
    }

    /// The program `spandrel`, built on the first call unless it was named.
    pub(super) fn program(&mut self) -> Result<PathBuf> {
        if self.program.is_none() {
            self.program = Some(Collector::build(self.say)?);
        }
        self.program.clone().context("the collector is built")
    }

    /// Our collector, as [`Stage::jaeger`].
    pub(super) fn ours(&mut self) -> Result<&Ours> {
        if self.ours.is_none() {
            self.ours = Some(Ours::start(&self.program()?, &[])?);
        }
        self.ours.as_ref().context("our collector runs")
    }
}
