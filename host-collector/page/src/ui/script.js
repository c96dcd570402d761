// Where this very script is, since its threads run it, too.

const script = { url: "" };

/** Only while it is first run does the page say which it is. */
export function rememberScript() {
  const current = document.currentScript;
  if (current instanceof HTMLScriptElement) script.url = current.src;
}

/** @returns {string} */
export function scriptUrl() {
  return script.url;
}
