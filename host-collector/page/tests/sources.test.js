// Whose spans a trace has.

import assert from "node:assert/strict";
import test from "node:test";
import { sources } from "../src/lib/sources.js";

const process = (service, attributes) => ({ service, attributes: Object.entries(attributes).map(([key, value]) => [key, "string", value]), warnings: [] });

test("a device whose clock got better meanwhile is one", () => {
  const found = sources([
    process("valve", { "device.id": "a7", "clock.error_us": "20", "clock.sync": "exchange", "lost.ring_full": "3" }),
    process("panel", {}),
    process("valve", { "device.id": "a7", "clock.error_us": "90", "lost.ring_full": "5", "lost.tags": "1" }),
    process("valve", { "device.id": "a8", "clock.error_us": "odd", "lost.ring_full": "odd" }),
    process("panel", { "host.name": "other" }),
  ]);
  assert.deepEqual(found.map(({ process, service, device, error, sync }) => [process, service, device, error, sync]),
    [[0, "valve", "a7", 90000, "exchange"], [1, "panel", "", 0, ""], [3, "valve", "a8", 0, ""]]);
  assert.deepEqual(found.map(({ lost }) => [...lost]), [[["ring_full", 5], ["tags", 1]], [], []]);
});

test("names that look like two are not one", () => {
  assert.equal(sources([process("a\",\"b", {}), process("a", { "device.id": "b" })]).length, 2);
});
