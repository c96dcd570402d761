// Light or dark: as the system has it, unless somebody chose.

const KEY = "spandrel.theme";

/** @returns {string} `light`, `dark` or empty */
function chosen() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

/** @returns {boolean} */
export function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Tells of `change`, so that what is drawn is drawn anew. */
export const themes = new EventTarget();

export function startTheme() {
  const theme = chosen();
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => themes.dispatchEvent(new Event("change")));
}

export function toggleTheme() {
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // It holds until the page is closed.
  }
  themes.dispatchEvent(new Event("change"));
}

/** A colour of the style sheet as it is now, for what is drawn. @param {string} name @returns {string} */
export function color(name) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
