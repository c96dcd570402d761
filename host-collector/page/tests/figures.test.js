// Devices, histograms, the graph, and traces that are compared.

import assert from "node:assert/strict";
import test from "node:test";
import { filtered, linkLoss, lossShare, ringShare, sorted } from "../src/lib/fleet.js";
import { bins } from "../src/lib/histogram.js";
import { layered } from "../src/lib/layers.js";
import { joined } from "../src/lib/paths.js";

const device = (id, more = {}) => ({ id, service: "s", state: "live", session: 1, error_ns: "5", drift_ppm: 1, records: 90, lost: {}, ring_words: 100, ring_most: 50, sampled_out: 0, last_ns: "1", peer: "", build: "", sync: "", ...more });

test("devices are sorted by any column, and what is not known comes last", () => {
  const all = [device("b", { error_ns: null }), device("a", { error_ns: "70" }), device("c", { error_ns: "9" })];
  assert.deepEqual(sorted(all, "clock").map(({ id }) => id), ["c", "a", "b"]);
  assert.deepEqual(sorted(all, "-clock").map(({ id }) => id), ["b", "a", "c"]);
  assert.deepEqual(sorted(all, "nonsense").map(({ id }) => id), ["a", "b", "c"]);
  const states = [device("a", { state: "over" }), device("b"), device("c", { state: "silent" })];
  assert.deepEqual(sorted(states, "state").map(({ id }) => id), ["c", "b", "a"], "those that need eyes first");
});

test("every word of a filter must be somewhere", () => {
  const all = [device("aa", { service: "Motor" }), device("bb", { service: "motor", state: "silent" })];
  assert.deepEqual(filtered(all, "motor SILENT").map(({ id }) => id), ["bb"]);
  assert.equal(filtered(all, " ").length, 2);
});

test("shares of a device are between none and all", () => {
  assert.equal(lossShare(device("a", { lost: { link: 8, ring_full: 2 } })), 0.1);
  assert.equal(ringShare(device("a", { ring_words: null })), -1);
  assert.equal(ringShare(device("a", { ring_most: 112 })), 1, "the device says up to an eighth more");
});

test("buckets are joined where there are too many, and none is lost", () => {
  const series = [[[0, 1], [3, 2], [399, 5]], [[200, 7]]];
  for (const most of [1, 7, 60, 1000]) {
    const found = bins(series, most);
    assert.ok(found.length <= most);
    const sums = [0, 1].map((which) => found.reduce((sum, { counts }) => sum + counts[which], 0));
    assert.deepEqual(sums, [8, 7]);
  }
  assert.deepEqual(bins([[]], 5), []);
  assert.equal(bins([[[4, 1]]], 5)[0].from, 2);
});

test("who calls stands left of whom it calls, also where calls lead back", () => {
  const edge = (parent, child) => ({ parent, child, calls: 1, errors: 0 });
  const { nodes, left } = layered([edge("a", "b"), edge("b", "c"), edge("a", "c"), edge("c", "a"), edge("c", "c")], 10);
  const layer = Object.fromEntries(nodes.map((node) => [node.name, node.layer]));
  assert.equal(new Set(Object.values(layer)).size, 3);
  assert.equal(left, 0);
  const chain = Array.from({ length: 3000 }, (_, index) => edge(`s${index}`, `s${index + 1}`));
  assert.equal(layered(chain, 5000).nodes.length, 3001, "long chains do not overflow");
  const many = Array.from({ length: 300 }, (_, index) => ({ parent: "hub", child: `s${index}`, calls: index, errors: 0 }));
  const few = layered(many, 50);
  assert.equal(few.nodes.length, 50);
  assert.equal(few.left, 251);
  assert.ok(few.nodes.some(({ name }) => name === "s299"), "those with the most calls stay");
});

function trace(rows) {
  return {
    rows: rows.length, depth: Uint32Array.from(rows.map(([depth]) => depth)), name: Uint32Array.from(rows.map((_, index) => index)), strings: rows.map(([, name]) => name),
    process: new Uint32Array(rows.length), processes: [{ service: "s", attributes: [], warnings: [] }], duration: Float64Array.from(rows.map(([, , duration]) => duration)), self: new Float64Array(rows.length), flags: new Uint8Array(rows.length),
  };
}

test("a link is as good as what came over it, whatever else was lost", () => {
  assert.equal(linkLoss(device("a", { lost: { ring_full: 50 } })), 0);
  assert.equal(linkLoss(device("a", { lost: { ring_full: 50, link: 10 } })), 0.1);
  assert.equal(linkLoss(device("a", { lost: undefined })), 0);
});

test("traces are joined by the way to each operation", () => {
  const a = trace([[0, "root", 10], [1, "read", 4], [1, "read", 5], [2, "bus", 1]]);
  const b = trace([[0, "root", 20], [1, "write", 7], [1, "read", 3]]);
  const { rows } = joined(a, b, 100);
  const found = rows.map((row) => [row.name, row.depth, row.a.count, row.b.count, row.b.total - row.a.total]);
  assert.deepEqual(found, [["root", 0, 1, 1, 10], ["read", 1, 2, 1, -6], ["bus", 2, 1, 0, -1], ["write", 1, 0, 1, 7]]);
  const deep = trace(Array.from({ length: 5000 }, (_, depth) => [depth, `level ${depth}`, 1]));
  const cut = joined(deep, deep, 100);
  assert.deepEqual([cut.rows.length, cut.rows[99].depth], [100, 99]);
  assert.equal(cut.left, 4900, "whatever is deeper stands below the deepest way");
});
