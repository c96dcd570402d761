//! [`Conditions`]: which spans a rule means.

use super::pattern::Pattern;
use crate::model::{ResourceView, SpanView};
use core::fmt::{self, Display, Formatter};
use core::str::FromStr;

/// What must all hold of a span, such as `service=web and operation=GET /health*`.
///
/// `service` and `operation` are those of the span; everything else is a tag of the span or of its process,
/// whose value counts as the text that a Jaeger shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions(Vec<(What, Pattern)>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Service,
    Operation,
    Tag(String),
}

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no condition: write service=NAME, operation=NAME or TAG=VALUE, with ' and ' between several; \
     * stands for any text"
)]
pub struct ConditionsError(String);

impl Conditions {
    /// Whether they hold of a span.
    #[must_use]
    pub fn hold(&self, resource: ResourceView<'_>, span: SpanView<'_>) -> bool {
        self.0.iter().all(|(what, pattern)| match what {
            What::Service => pattern.fits(resource.service_name()),
            What::Operation => pattern.fits(span.name()),
            What::Tag(key) => {
                let mut tags = span.attributes().iter().chain(resource.attributes().iter());
                tags.any(|tag| tag.key() == key && pattern.fits(&tag.value().to_text()))
            }
        })
    }
}

impl FromStr for Conditions {
    type Err = ConditionsError;

    fn from_str(text: &str) -> Result<Self, ConditionsError> {
        let one = |part: &str| {
            let (key, value) = part.split_once('=')?;
            let what = match key.trim() {
                "" => return None,
                "service" => What::Service,
                "operation" => What::Operation,
                tag => What::Tag(tag.to_owned()),
            };
            Some((what, Pattern::new(value.trim())))
        };
        let one = |part: &str| one(part).ok_or_else(|| ConditionsError(part.to_owned()));
        text.split(" and ").map(one).collect::<Result<_, _>>().map(Self)
    }
}

impl Display for Conditions {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, (what, pattern)) in self.0.iter().enumerate() {
            let and = if index == 0 { "" } else { " and " };
            let key = match what {
                What::Service => "service",
                What::Operation => "operation",
                What::Tag(tag) => tag,
            };
            write!(f, "{and}{key}={}", pattern.as_str())?;
        }
        Ok(())
    }
}
