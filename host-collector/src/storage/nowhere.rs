//! A store that keeps nothing: for a collector that only hands spans on.

use super::{
    Dependency, Found, Intake, Operation, ReadError, Reader, Refused, Search, Ticket, Window,
};
use crate::model::{Chunk, Kind, TraceId};

/// Takes everything and has nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Intake for Nowhere {
    fn offer(&self, _: Chunk) -> Result<Ticket, Refused> {
        Ok(Ticket::kept())
    }
}

impl Reader for Nowhere {
    fn services(&self) -> Result<Vec<String>, ReadError> {
        Ok(Vec::new())
    }

    fn operations(&self, _: &str, _: Option<Kind>) -> Result<Vec<Operation>, ReadError> {
        Ok(Vec::new())
    }

    fn peers(&self, _: &str) -> Result<Vec<String>, ReadError> {
        Ok(Vec::new())
    }

    fn values(&self, _: &str) -> Result<Vec<String>, ReadError> {
        Ok(Vec::new())
    }

    fn get(&self, _: TraceId) -> Result<Option<Chunk>, ReadError> {
        Ok(None)
    }

    fn find(&self, _: &Search) -> Result<Vec<Found>, ReadError> {
        Ok(Vec::new())
    }

    fn dependencies(&self, _: Window) -> Result<Vec<Dependency>, ReadError> {
        Ok(Vec::new())
    }
}
