//! How much the processes of traces hold: most are shared by many, and each counts once.

use crate::model::Resource;
use std::collections::HashMap;
use std::sync::Arc;

/// The processes that are held, by their address: a process that is held is not moved.
#[derive(Debug, Default)]
pub(super) struct Processes {
    /// By how many each is held, and its weight.
    held: HashMap<usize, (usize, usize)>,
    weight: usize,
}

impl Processes {
    /// One more holds it.
    pub(super) fn hold(&mut self, process: &Arc<Resource>) {
        let (holders, _) = self.held.entry(address(process)).or_insert_with(|| {
            let weight = process.weight() + 64;
            self.weight += weight;
            (0, weight)
        });
        *holders += 1;
    }

    /// One that held it does so no more.
    pub(super) fn release(&mut self, process: &Arc<Resource>) {
        let Some((holders, weight)) = self.held.get_mut(&address(process)) else { return };
        *holders -= 1;
        if *holders == 0 {
            self.weight -= *weight;
            self.held.remove(&address(process));
        }
    }

    /// About how many bytes they hold.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }
}

fn address(process: &Arc<Resource>) -> usize {
    Arc::as_ptr(process).addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_counts_once_as_long_as_somebody_holds_it() {
        let process = |name: &str| Arc::new(Resource::new(name, Vec::new()));
        let (first, second) = (process("sensor"), process("sensor"));
        let mut processes = Processes::default();
        processes.hold(&first);
        let one = processes.weight();
        processes.hold(&first);
        assert_eq!(processes.weight(), one);
        processes.hold(&second);
        assert_eq!(processes.weight(), 2 * one);
        processes.release(&first);
        processes.release(&second);
        assert_eq!(processes.weight(), one);
        processes.release(&first);
        assert_eq!(processes.weight(), 0);
    }
}
