// The part of time that is in sight.

import assert from "node:assert/strict";
import test from "node:test";
import { moved, tickLabel, ticks, whole, within, zoomed } from "../src/lib/axis.js";

test("what is under the mouse stays there while one zooms", () => {
  const view = zoomed({ from: 0, to: 1000 }, 0.5, 0.25, 1e6);
  assert.deepEqual(view, { from: 125, to: 625 });
});

test("nothing leads out of the trace, and nothing is nearer than can be seen", () => {
  const extent = 1e6;
  const all = whole(extent);
  assert.deepEqual(zoomed(all, 100, 0.5, extent), all);
  assert.deepEqual(moved(all, 1e9, extent), all);
  const near = zoomed({ from: 0, to: 20 }, 1e-9, 0.5, extent);
  assert.equal(near.to - near.from, 10);
  const late = within({ from: 5e6, to: 5e6 + 100 }, extent);
  assert.equal(late.to, all.to);
  assert.ok(whole(0).to > whole(0).from, "a trace that takes no time has a width");
});

test("marks are round and few, for nanoseconds and for ten years", () => {
  assert.deepEqual(ticks({ from: -10, to: 100 }, 6), [0, 20, 40, 60, 80, 100]);
  for (const to of [10, 12345, 7.7e9, 90e9, 3.15e17, 1e19]) {
    const found = ticks({ from: 0, to }, 8);
    assert.ok(found.length >= 2 && found.length <= 9, `${to}: ${found}`);
  }
  assert.deepEqual(ticks({ from: 0, to: 300e9 }, 5).slice(0, 2), [0, 60e9], "minutes, not hundreds of seconds");
});

test("neighbouring marks never read the same, however near they are", () => {
  for (const view of [{ from: 258190668, to: 258532840 }, { from: 0, to: 1e9 }, { from: 90e9, to: 90e9 + 400 }, { from: 0, to: 3e17 }]) {
    const marks = ticks(view, 7);
    const labels = marks.map((at) => tickLabel(at, marks[1] - marks[0]));
    assert.equal(new Set(labels).size, labels.length, labels.join());
  }
  assert.equal(tickLabel(258150000, 50000), "258.15 ms");
  assert.equal(tickLabel(-200e6, 200e6), "-200 ms");
});
