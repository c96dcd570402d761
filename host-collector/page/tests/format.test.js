// How figures and the text of devices are shown.

import assert from "node:assert/strict";
import test from "node:test";
import { ago, askedDuration, count, duration, moment, ns, percent, shown } from "../src/lib/format.js";

test("a duration has the unit that fits and four digits at most", () => {
  const cases = { 0: "0 ns", 999: "999 ns", 1000: "1.000 µs", 12345: "12.35 µs", 123456: "123.5 µs", 1e6: "1.000 ms", 59.5e9: "59.50 s", 60e9: "1.000 min", 3.15e17: "3646 d" };
  for (const [value, text] of Object.entries(cases)) assert.equal(duration(Number(value)), text);
  assert.equal(duration(-1500), "-1.500 µs");
  assert.equal(duration(NaN), "–");
});

test("a moment has microseconds, also where a double would not hold them", () => {
  assert.match(moment("1764190000123456789"), /^2025-11-2\d \d\d:\d\d:40\.123456$/);
  assert.equal(moment("9".repeat(30)), `${"9".repeat(30)} ns`);
  assert.equal(ns("nonsense"), 0n);
  assert.equal(ns("-7"), -7n);
});

test("what would act or hide is shown, and what belongs to a script stays", () => {
  assert.equal(shown("a\u0000b\u001b[31m\u007f"), "a␀b␛[31m␡");
  assert.equal(shown("a\nb\tc"), "a↵b→c");
  assert.equal(shown("\u202eevil\u2066"), "\\u{202e}evil\\u{2066}");
  assert.equal(shown("क्\u200dष <b>"), "क्\u200dष <b>");
  assert.equal(shown("x".repeat(10), 3), "xxx…");
  assert.equal(shown(null), "");
});

test("a duration that is asked for is taken as people write it", () => {
  assert.equal(askedDuration(" 1.5 ms "), "1.5ms");
  assert.equal(askedDuration("20µs"), "20us");
  assert.equal(askedDuration("1h30m"), "1h30m");
  assert.equal(askedDuration(""), "");
  for (const text of ["5", "ms", "1.5 parsecs", "-1s"]) assert.equal(askedDuration(text), null, text);
});

test("counts, shares and ages are short", () => {
  assert.equal(count(1234567), "1,234,567");
  assert.equal(percent(0.004567), "0.46 %");
  assert.equal(percent(0.5), "50 %");
  assert.equal(percent(0.0001), "0.010 %");
  assert.equal(percent(1.3e-8), "< 0.01 %");
  assert.equal(percent(0), "0 %");
  assert.equal(percent(NaN), "–");
  assert.equal(ago(0n, 90_000_000_000n), "90 s ago");
  assert.equal(ago(5n, 0n), "ahead");
});
