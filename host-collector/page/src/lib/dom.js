// Elements without markup: whatever a device says becomes text and nothing else.

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * An element with attributes and children. `on…` listens, `style` sets custom properties.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  dress(element, props);
  fill(element, children);
  return element;
}

/**
 * The same for SVG.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Child | Child[])} children
 * @returns {SVGElement}
 */
export function svg(tag, props = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  dress(element, props);
  fill(element, children);
  return element;
}

/** @param {HTMLElement | SVGElement} element @param {Record<string, any>} props */
function dress(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") {
      for (const [property, worth] of Object.entries(value)) {
        element.style.setProperty(property, String(worth));
      }
    } else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** @param {Element} element @param {(Child | Child[])[]} children */
function fill(element, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(typeof child === "number" ? String(child) : child);
  }
}

/** @param {Element} element @param {...(Child | Child[])} children */
export function replace(element, ...children) {
  element.replaceChildren();
  fill(element, children);
}

/**
 * A custom element by its name.
 * @template {HTMLElement} T
 * @param {string} name
 * @param {new () => T} type
 * @returns {T}
 */
export function create(name, type) {
  const element = document.createElement(name);
  if (!(element instanceof type)) throw new Error(`${name} is not defined`);
  return element;
}

/** Says something to who hears the page. @param {string} text */
export function announce(text) {
  const region = document.getElementById("announced");
  if (region && region.textContent !== text) region.textContent = text;
}

/** @param {string} text @returns {Promise<boolean>} */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without a secure context there is only the old way.
    const area = h("textarea", { class: "away" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** A button that copies, and says so. @param {() => string} text @param {string} [label] */
export function copyButton(text, label = "Copy") {
  const button = h("button", { type: "button", class: "small" }, label);
  button.addEventListener("click", async () => {
    const done = await copy(text());
    button.textContent = done ? "Copied" : "Not allowed here";
    announce(button.textContent);
    setTimeout(() => (button.textContent = label), 1500);
  });
  return button;
}
