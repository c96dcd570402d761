// Starts the page, or one of the threads that it has: the same file is all three.

import { startPage } from "./ui/app.js";
import { startReading } from "./workers/reading.js";
import { startSharing } from "./workers/sharing.js";

export function main() {
  if (typeof document !== "undefined") startPage();
  else if ("SharedWorkerGlobalScope" in self) startSharing();
  else startReading();
}
