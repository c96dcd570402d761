// What views are made of. Threads run the same script and have no elements: there it is nothing.

/** @type {typeof HTMLElement} */
export const PageElement = typeof HTMLElement === "undefined" ? /** @type {any} */ (class {}) : HTMLElement;
