// What stands in the address, and what devices are told.

import assert from "node:assert/strict";
import test from "node:test";
import { conditions, link, many, parse } from "../src/lib/url.js";
import { order } from "../src/lib/order.js";

test("a state comes back from its address, whatever is in it", () => {
  const state = { view: "traces", service: "a&b=c <ü>\u0000", tag: ["x=1", "y=&"], min: "1ms" };
  assert.deepEqual(parse(link(state)), state);
  assert.equal(link({ view: "live", service: "", tag: [] }), "?view=live");
});

test("the first view is the search, and others are only those that there are", () => {
  assert.equal(parse("").view, "traces");
  assert.equal(parse("?view=__proto__").view, "");
  assert.equal(parse("?view=trace&trace=7&trace=8").trace, "7");
  assert.deepEqual(many(parse("?tag=a").tag), ["a"]);
});

test("only conditions are asked for", () => {
  assert.deepEqual(conditions(parse("?view=traces&service=a&limit=5&tag=&find=x&failed=true")), { service: "a", failed: "true" });
});

test("what devices are told is what the command line takes", () => {
  assert.deepEqual(order(" sensor ", "share", "0.1"), { order: "sensor/sample=0.1" });
  assert.deepEqual(order("", "share", "25 %"), { order: "sample=0.25" });
  assert.deepEqual(order("a", "rate", "5"), { order: "a/sample=5/s" });
  assert.deepEqual(order("a", "never", ""), { order: "a/sample=never" });
  assert.deepEqual(order("a", "budget", "20000"), { order: "a/budget=20000" });
  for (const [kind, value] of [["share", "2"], ["share", ""], ["share", "x"], ["rate", "-1"], ["budget", "0.5"]]) assert.ok("error" in order("a", kind, value), `${kind} ${value}`);
});
