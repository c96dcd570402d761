// How numbers, moments and the text of devices are shown.

/** @type {[string, number][]} */
const UNITS = [["d", 86400e9], ["h", 3600e9], ["min", 60e9], ["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]];

/**
 * A duration with four digits that say something.
 * @param {number} ns
 * @returns {string}
 */
export function duration(ns) {
  if (!Number.isFinite(ns)) return "–";
  const size = Math.abs(ns);
  const [unit, worth] = UNITS.find(([, least]) => size >= least) ?? ["ns", 1];
  const value = ns / worth;
  const digits = unit === "ns" ? 0 : Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value))));
  return `${value.toFixed(Math.min(digits, 3))} ${unit}`;
}

/** @param {number} value @returns {string} */
export function count(value) {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en") : "–";
}

/** @param {number} share of 1 @returns {string} */
export function percent(share) {
  if (!Number.isFinite(share)) return "–";
  const value = share * 100;
  if (value > 0 && value < 0.01) return "< 0.01 %";
  return `${value >= 10 || value === 0 ? value.toFixed(0) : value.toPrecision(2)} %`;
}

/**
 * Nanoseconds as the API says them.
 * @param {string | null | undefined} text
 * @returns {bigint}
 */
export function ns(text) {
  return text && /^-?[0-9]{1,30}$/.test(text) ? BigInt(text) : 0n;
}

/** @param {bigint} moment since 1970 @returns {Date} */
function date(moment) {
  return new Date(Number(moment / 1000000n));
}

/** @param {number} value @param {number} digits */
function padded(value, digits) {
  return String(value).padStart(digits, "0");
}

/**
 * A moment in the time of whoever looks, to the microsecond.
 * @param {string | bigint} moment
 * @returns {string}
 */
export function moment(moment) {
  const value = typeof moment === "bigint" ? moment : ns(moment);
  const at = date(value);
  if (Number.isNaN(at.getTime())) return `${value} ns`;
  const micros = ((value % 1000000000n) + 1000000000n) % 1000000000n / 1000n;
  const day = `${at.getFullYear()}-${padded(at.getMonth() + 1, 2)}-${padded(at.getDate(), 2)}`;
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => padded(part, 2)).join(":");
  return `${day} ${time}.${padded(Number(micros), 6)}`;
}

/** The same without the day. @param {string | bigint} at */
export function clock(at) {
  return moment(at).slice(11, 23);
}

/** How long ago. @param {bigint} then @param {bigint} now */
export function ago(then, now) {
  const seconds = Number(now - then) / 1e9;
  if (seconds < 0) return "ahead";
  if (seconds < 1) return "now";
  if (seconds < 120) return `${Math.floor(seconds)} s ago`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/**
 * Text of a device with everything in sight that would otherwise act or hide: control characters, and
 * those that change the direction of what stands around them.
 * @param {unknown} text
 * @param {number} [most] letters; the rest is cut
 * @returns {string}
 */
export function shown(text, most = Infinity) {
  let value = String(text ?? "");
  if (value.length > most) value = `${value.slice(0, most)}…`;
  if (!/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(value)) return value;
  return value.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (letter) => {
    const code = letter.codePointAt(0) ?? 0;
    if (letter === "\n") return "↵";
    if (letter === "\t") return "→";
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    if (code === 0x7f) return "␡";
    // They belong to how words and signs are written.
    if (code === 0x200c || code === 0x200d || code === 0xad) return letter;
    return `\\u{${code.toString(16)}}`;
  });
}

/**
 * A duration as the API takes it, if it is one: `1.5ms`, `2 s`, `1h30m`.
 * @param {string} text
 * @returns {string | null} null if it is none
 */
export function askedDuration(text) {
  const plain = text.replaceAll(/\s+/g, "").replaceAll("µ", "u").replaceAll("μ", "u");
  if (plain === "") return "";
  return /^([0-9]+(\.[0-9]+)?(ns|us|ms|s|min|m|h|d))+$/.test(plain) ? plain : null;
}
