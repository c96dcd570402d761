//! What Jaeger says of spans that do not fit into their parents on another host.
//!
//! A Jaeger can move such spans. By default it does not, and says by how much it would: so do we, since
//! whoever reads this has its words in mind. What the clocks of devices allow is in warnings of their own.

use crate::model::SpanId;
use crate::query::go;
use std::collections::HashMap;

/// A span, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(in crate::query) struct Node<'a> {
    pub(in crate::query) id: SpanId,
    pub(in crate::query) parent: Option<SpanId>,
    pub(in crate::query) start_ns: u64,
    pub(in crate::query) duration_ns: u64,
    /// Where it was recorded; empty if nobody knows.
    pub(in crate::query) host: &'a str,
}

impl Node<'_> {
    fn end_ns(&self) -> i128 {
        i128::from(self.start_ns) + i128::from(self.duration_ns)
    }
}

/// What to warn of, with the place of the span in `nodes`. `no_parent` says it of a parent that is not there.
pub(in crate::query) fn warnings(
    nodes: &[Node<'_>],
    no_parent: impl Fn(SpanId) -> String,
) -> Vec<(usize, String)> {
    let mut warnings = Vec::new();
    let mut places: HashMap<SpanId, usize> = HashMap::with_capacity(nodes.len());
    for (place, node) in nodes.iter().enumerate() {
        if *places.entry(node.id).or_insert(place) != place {
            let twice = "duplicate span IDs; skipping clock skew adjustment";
            warnings.push((place, twice.to_owned()));
        }
    }
    // Those to look at, with the node above each, and by how much and for which host that one is off.
    let mut stack: Vec<(usize, Option<usize>, i128, &str)> = Vec::new();
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    for (place, node) in nodes.iter().enumerate() {
        if places.get(&node.id) != Some(&place) {
            continue;
        }
        match node.parent.map(|parent| (parent, places.get(&parent))) {
            Some((_, Some(above))) => children.entry(*above).or_default().push(place),
            Some((parent, None)) => {
                warnings.push((place, no_parent(parent)));
                stack.push((place, None, 0, node.host));
            }
            None => stack.push((place, None, 0, node.host)),
        }
    }
    // No recursion, since traces may be deep; what is in a circle hangs below no root.
    while let Some((place, above, mut delta, mut host)) = stack.pop() {
        let Some(node) = nodes.get(place) else { continue };
        if let Some(parent) = above.and_then(|above| nodes.get(above))
            && (node.host != host || node.host.is_empty())
        {
            (delta, host) = (delta_of(node, parent), node.host);
        }
        if delta != 0 {
            let delta = i64::try_from(delta).unwrap_or(if delta < 0 { i64::MIN } else { i64::MAX });
            let text = format!(
                "clock skew adjustment disabled; not applying calculated delta of {}",
                go::shown_duration(delta)
            );
            warnings.push((place, text));
        }
        let below = children.remove(&place).into_iter().flatten();
        stack.extend(below.map(|child| (child, Some(place), delta, host)));
    }
    warnings
}

/// By how much a span would have to move to be inside of its parent.
fn delta_of(child: &Node<'_>, parent: &Node<'_>) -> i128 {
    let ahead = i128::from(parent.start_ns) - i128::from(child.start_ns);
    if child.duration_ns > parent.duration_ns {
        return ahead.max(0);
    }
    if ahead <= 0 && child.end_ns() <= parent.end_ns() {
        return 0;
    }
    // As if the way there took as long as the way back.
    ahead + i128::from((parent.duration_ns - child.duration_ns) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> SpanId {
        SpanId(number.to_be_bytes())
    }

    fn node(number: u64, parent: u64, start_ns: u64, duration_ns: u64) -> Node<'static> {
        let parent = (parent != 0).then(|| id(parent));
        Node { id: id(number), parent, start_ns, duration_ns, host: "" }
    }

    fn deltas(nodes: &[Node<'_>]) -> Vec<(usize, String)> {
        let mut warnings = warnings(nodes, |parent| format!("no {parent}"));
        warnings.sort();
        warnings
            .into_iter()
            .map(|(place, text)| (place, text.rsplit(" of ").next().unwrap().to_owned()))
            .collect()
    }

    #[test]
    fn a_child_that_sticks_out_would_be_centred_unless_it_is_longer() {
        let nodes = [
            node(1, 0, 1_000, 100),
            node(2, 1, 1_010, 50),
            node(3, 1, 1_090, 20),
            node(4, 1, 900, 200),
            node(5, 1, 1_050, 200),
        ];
        assert_eq!(deltas(&nodes), [(2, "-50ns".into()), (3, "100ns".into())]);
    }

    #[test]
    fn what_is_below_on_the_same_host_moves_with_it() {
        let on = |host, node: Node<'static>| Node { host, ..node };
        let nodes = [
            on("a", node(1, 0, 1_000, 100)),
            on("b", node(2, 1, 2_000, 100)),
            on("b", node(3, 2, 2_010, 10)),
            on("a", node(4, 1, 5_000, 10)),
        ];
        assert_eq!(deltas(&nodes), [(1, "-1µs".into()), (2, "-1µs".into())]);
    }

    #[test]
    fn circles_doubles_and_missing_parents_are_no_trouble() {
        let nodes = [
            node(1, 2, 0, 1),
            node(2, 1, 5, 1),
            node(3, 3, 0, 1),
            node(4, 9, 0, 1),
            node(4, 1, 0, 1),
        ];
        let twice = "duplicate span IDs; skipping clock skew adjustment";
        assert_eq!(deltas(&nodes), [(3, "no 0000000000000009".into()), (4, twice.into())]);
        let deep: Vec<_> = (1..100_000).map(|number| node(number, number - 1, number, 1)).collect();
        assert_eq!(deltas(&deep).len(), deep.len() - 1);
    }
}
