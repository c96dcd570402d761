// One stream for all tabs.

import assert from "node:assert/strict";
import test from "node:test";
import { Hub } from "../src/lib/hub.js";
import { nanoseconds, wants } from "../src/lib/match.js";

/** A hub whose streams are only counted. */
function house() {
  const streams = [];
  const hub = new Hub((base, query) => {
    const stream = { base, query, isOpen: true, close: () => (stream.isOpen = false) };
    streams.push(stream);
    return stream;
  });
  const tab = (key) => {
    const got = [];
    const say = (message, now = 0) => hub.hear(key, (answer) => got.push(answer), message, now);
    return { got, want: (query = {}, isVisible = true, now = 0) => say({ type: "want", base: "b", query, isVisible }, now), say, spans: () => got.filter(({ type }) => type === "spans").flatMap(({ spans }) => spans.map(({ id }) => id)) };
  };
  return { hub, streams, tab, open: () => streams.filter(({ isOpen }) => isOpen) };
}

const span = (id, service) => ({ id, service, name: "n", kind: "internal", failed: false, duration_ns: "5", attributes: [] });

test("ten tabs that want the same have one stream, with their conditions", () => {
  const { hub, streams, tab, open } = house();
  const tabs = Array.from({ length: 10 }, (_, index) => tab(index));
  for (const each of tabs) each.want({ service: "a" });
  assert.equal(streams.length, 1);
  assert.equal(open()[0].query, "?service=a");
  hub.spans([span("1", "a")]);
  for (const each of tabs) assert.deepEqual(each.spans(), ["1"]);
});

test("tabs that want different things get each what they want, of one stream", () => {
  const { hub, tab, open } = house();
  const [one, two] = [tab(1), tab(2)];
  one.want({ service: "a" });
  two.want({ service: "b" });
  assert.deepEqual(open().map(({ query }) => query), ["?"]);
  hub.spans([span("1", "a"), span("2", "b")]);
  assert.deepEqual([one.spans(), two.spans()], [["1"], ["2"]]);
});

test("where nobody looks nothing is open", () => {
  const { hub, tab, open } = house();
  const [one, two] = [tab(1), tab(2)];
  one.want();
  two.want({}, false);
  hub.spans([span("1", "a")]);
  assert.deepEqual(two.spans(), [], "a hidden tab gets nothing");
  one.want({}, false);
  assert.equal(open().length, 0);
  one.want();
  assert.equal(open().length, 1);
  one.say({ type: "bye" });
  assert.equal(open().length, 0);
});

test("a tab that is gone without a word is forgotten", () => {
  const { hub, tab, open } = house();
  const [one, two] = [tab(1), tab(2)];
  one.want();
  two.want();
  two.say({ type: "alive" }, 25_000);
  hub.tidy(40_000);
  assert.equal(hub.tabs.size, 1);
  hub.tidy(60_000);
  assert.equal(open().length, 0);
});

test("conditions mean what they mean to the collector", () => {
  const failed = { ...span("1", "a"), failed: true, attributes: [["bus", "int64", "1"], ["x", "string", "a=b"]] };
  for (const query of [{}, { service: "a" }, { failed: "true" }, { tag: ["bus=1"] }, { tag: "bus" }, { tag: ["x=a=b", "bus"] }, { min: "5ns", max: "1us" }]) assert.ok(wants(query, failed), JSON.stringify(query));
  for (const query of [{ service: "b" }, { failed: "false" }, { tag: ["bus=2"] }, { tag: "no" }, { min: "6ns" }, { max: "4ns" }, { operation: "m" }, { kind: "server" }]) assert.ok(!wants(query, failed), JSON.stringify(query));
  assert.equal(nanoseconds("1h30m"), 5400e9);
  assert.equal(nanoseconds("1.5ms"), 1.5e6);
  assert.ok(Number.isNaN(nanoseconds("5")));
});
