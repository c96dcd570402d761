//! Medians, since a machine that does something else meanwhile makes some rounds longer, and none
//! shorter.

use std::fmt;

/// What the rounds gave, the least first.
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        Self(samples)
    }

    fn quantile(&self, part: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0.get((last as f64 * part) as usize).copied().unwrap_or(f64::NAN)
    }

    /// Prints it as a figure.
    pub(crate) fn print(&self, key: &str) {
        println!("{key} {:.2}", self.quantile(0.5));
        println!("# {key}: {self}");
    }
}

impl fmt::Display for Samples {
    /// The median, and between what half of all lie.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, middle, high] = [0.25, 0.5, 0.75].map(|part| self.quantile(part));
        write!(f, "{middle:.2} ({low:.2} to {high:.2})")
    }
}
