// The script of the page is that of its threads, which have no document.

import assert from "node:assert/strict";
import test from "node:test";
import { main } from "../src/main.js";

test("where there is no document the script waits for a trace to read", async () => {
  assert.equal(typeof HTMLElement, "undefined", "as in a thread");
  const said = [];
  const thread = { postMessage: (message) => said.push(message), onmessage: null };
  globalThis.self = thread;
  main();
  assert.equal(typeof thread.onmessage, "function");
  globalThis.fetch = async () => new Response('{"error": "it is not here"}', { status: 404 });
  await thread.onmessage({ data: { base: "http://127.0.0.1/api", id: "7" } });
  assert.deepEqual(said, [{ status: 404, error: "it is not here" }]);
});

test("where the thread is shared it waits for tabs", () => {
  const thread = { SharedWorkerGlobalScope: class {}, onconnect: null };
  globalThis.self = thread;
  const { setInterval } = globalThis;
  globalThis.setInterval = () => 0;
  main();
  globalThis.setInterval = setInterval;
  assert.equal(typeof thread.onconnect, "function");
});
