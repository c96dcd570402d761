// The shape of a trace: pages of columns to arrays.

import assert from "node:assert/strict";
import test from "node:test";
import { miniature, MAP_HEIGHT, MAP_WIDTH } from "../src/lib/minimap.js";
import { opened, Shape, transferables } from "../src/lib/shape.js";
import { Numbers } from "../src/lib/varint.js";
import { closeFrom, idOf, matching, placeOf, reveal, rowOf, visible } from "../src/lib/tree.js";

function varint(value) {
  const bytes = [];
  let rest = BigInt(value);
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}

const zigzag = (value) => varint(BigInt(value) >= 0n ? BigInt(value) * 2n : -BigInt(value) * 2n - 1n);

/** A page as the collector makes it, of rows and lists. */
function page(head, rows, lists = {}) {
  const columns = {
    id: rows.flatMap((row) => [0, 0, 0, 0, 0, 0, row.id >> 8, row.id & 255]),
    depth: rows.flatMap((row) => varint(row.depth)), start: rows.flatMap((row) => zigzag(row.start)), duration: rows.flatMap((row) => varint(row.duration)),
    self: rows.flatMap((row) => varint(row.self ?? 0)), name: rows.flatMap((row) => varint(row.name ?? 0)), process: rows.flatMap((row) => varint(row.process ?? 0)),
    kind: rows.flatMap(() => [1]), flags: rows.flatMap((row) => varint(row.flags ?? 0)), ...lists,
  };
  const json = JSON.stringify({
    version: 1, trace: "7", revision: "r", base_ns: "100", extent_ns: "1000", strings: ["a"], processes: [{ service: "s", attributes: [], warnings: [] }], rows: rows.length,
    ...head, columns: Object.entries(columns).map(([name, bytes]) => [name, bytes.length]),
  });
  const bytes = new TextEncoder().encode(json);
  const all = [...varint(0).slice(1), bytes.length & 255, bytes.length >> 8, 0, 0, ...bytes, ...Object.values(columns).flat()];
  return Uint8Array.from(all).buffer;
}

function shape(...pages) {
  const parts = pages.map(opened);
  const made = new Shape(parts[0].head);
  for (const { head, columns } of parts) made.take(head, columns);
  return made.finish();
}

/** A root, two children, and a grandchild on a page of its own. */
function family() {
  return shape(
    page({ spans: 4, first: 0, pages: 2, strings: ["root", "read"] }, [{ id: 1, depth: 0, start: 0, duration: 1000 }, { id: 2, depth: 1, start: 100, duration: 300, name: 1 }],
      { "event.row": varint(1), "event.at": zigzag(-5), "event.name": varint(0), "gap.row": varint(0), "gap.from": zigzag(-3), "gap.to": zigzag(20), "gap.records": varint(9) }),
    page({ spans: 4, first: 2, pages: 2, strings: ["write", "root"], processes: [{ service: "t", attributes: [["device.id", "string", "ab"]], warnings: [] }] },
      [{ id: 3, depth: 2, start: -50, duration: 20, name: 0 }, { id: 4, depth: 1, start: 600, duration: 900, name: 1, flags: 1 }],
      { "critical.row": [...varint(2), ...varint(1)], "critical.from": [...varint(50), ...varint(600)], "critical.duration": [...varint(20), ...varint(400)] }),
  );
}

test("numbers of any length come back", () => {
  for (const value of [0n, 1n, 127n, 128n, 16383n, 2n ** 32n, 2n ** 53n - 1n]) assert.equal(BigInt(new Numbers(Uint8Array.from(varint(value))).next()), value);
  for (const value of [0n, -1n, 1n, -2n, 63n, -64n, 64n, 315360000000000001n * 0n + 2n ** 40n, -(2n ** 40n)]) {
    assert.equal(BigInt(new Numbers(Uint8Array.from(zigzag(value))).signed()), value);
  }
  const tenYears = new Numbers(Uint8Array.from(zigzag(-315360000000000001n))).signed();
  assert.ok(tenYears < 0 && Math.abs(tenYears + 315360000000000000) < 128, "its sign is not lost where its last digits are");
  assert.throws(() => new Numbers(Uint8Array.of(128)).next(), /ends inside/);
  assert.throws(() => new Numbers(new Uint8Array(11).fill(255)).next(), /too long/);
});

test("pages are joined: places of strings and processes differ, rows go on", () => {
  const trace = family();
  assert.deepEqual([...trace.depth], [0, 1, 2, 1]);
  assert.deepEqual([...trace.parent], [-1, 0, 1, 0]);
  assert.deepEqual([...trace.end], [4, 3, 3, 4]);
  assert.deepEqual([...trace.start], [0, 100, 50, 600]);
  assert.deepEqual([...trace.name].map((name) => trace.strings[name]), ["root", "read", "write", "root"]);
  assert.deepEqual([...trace.process].map((process) => trace.processes[process].service), ["s", "s", "t", "t"]);
  assert.deepEqual([...trace.events.first], [0, 0, 1, 1, 1]);
  assert.deepEqual([trace.events.columns.at[0], trace.gaps.columns.from[0]], [-5, -3]);
  assert.deepEqual([...trace.critical.first], [0, 0, 0, 1, 2]);
  assert.deepEqual([...trace.critical.columns.to], [70, 1000]);
  assert.equal(new Set(transferables(trace)).size, transferables(trace).length, "nothing moves twice");
});

test("a span works itself where none of its children does", () => {
  const { own } = family();
  const parts = (row) => Array.from({ length: own.first[row + 1] - own.first[row] }, (_, at) => [own.columns.from[own.first[row] + at], own.columns.to[own.first[row] + at]]);
  assert.deepEqual(parts(0), [[0, 100], [400, 600]], "a child that lasts longer than its parent covers it to its end");
  assert.deepEqual(parts(1), [[100, 400]], "a child that was over before covers nothing");
  assert.deepEqual(parts(2), [[50, 70]]);
});

test("what is damaged is refused, whatever it is", () => {
  const whole = new Uint8Array(page({ spans: 1, first: 0, pages: 1 }, [{ id: 1, depth: 0, start: 0, duration: 5 }]));
  for (let length = 0; length < whole.length; length += 1) {
    assert.throws(() => shape(whole.slice(0, length).buffer), Error, `cut to ${length}`);
  }
  assert.throws(() => shape(page({ spans: 1, first: 0, pages: 1 }, [{ id: 1, depth: 1, start: 0, duration: 5 }])), /deeper/);
  assert.throws(() => shape(page({ spans: 2, first: 0, pages: 2 }, [{ id: 1, depth: 0, start: 0, duration: 5 }])), /missing/);
  assert.throws(() => shape(page({ spans: 1e12, first: 0, pages: 2 }, [])), /too many/);
  assert.throws(() => shape(page({ version: 2, spans: 0, first: 0 }, [])), /version 2/);
});

test("rows below closed ones are out of sight, and are found again", () => {
  const trace = family();
  const closed = new Uint8Array(4);
  assert.deepEqual([...visible(trace, closed)], [0, 1, 2, 3]);
  closed[1] = 1;
  const shown = visible(trace, closed);
  assert.deepEqual([...shown], [0, 1, 3]);
  assert.equal(placeOf(shown, 3), 2);
  assert.equal(shown[placeOf(shown, 2)], 1, "the one above stands for it");
  reveal(trace, closed, 2);
  assert.deepEqual([...visible(trace, closed)], [0, 1, 2, 3]);
  closeFrom(trace, closed, 1);
  assert.deepEqual([...visible(trace, closed)], [0, 1, 3]);
  closeFrom(trace, closed, Infinity);
  assert.equal(visible(trace, closed).length, 4);
});

test("spans are found by their id, and rows by what is in them", () => {
  const trace = family();
  assert.equal(idOf(trace.ids, 2), "0000000000000003");
  assert.equal(rowOf(trace, "3"), 2);
  assert.equal(rowOf(trace, "00ff"), -1);
  assert.equal(rowOf(trace, "no id"), -1);
  assert.deepEqual([...matching(trace, " READ ")], [1]);
  assert.deepEqual([...matching(trace, "ab")], [2, 3], "by the device of its process");
  assert.deepEqual([...matching(trace, "  ")], []);
});

test("the small picture has the process of each point, each written once", () => {
  const points = miniature(family());
  assert.equal(points.length, MAP_WIDTH * MAP_HEIGHT);
  const line = (row) => points.slice(row * MAP_WIDTH, (row + 1) * MAP_WIDTH);
  assert.ok(line(0).every((point) => point === 1));
  assert.equal(line(1)[Math.floor(MAP_WIDTH * 0.2)], 1);
  assert.equal(line(1)[Math.floor(MAP_WIDTH * 0.5)], 0);
  assert.equal(line(3)[Math.floor(MAP_WIDTH * 0.7)], 2);
});
