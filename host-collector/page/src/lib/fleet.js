// Figures of devices that tables are sorted and filtered by.

/** @typedef {Record<string, any>} Device as the API gives it */

/** @param {Device} device @returns {number} */
export function lostOf(device) {
  return Object.values(device.lost ?? {}).reduce((sum, value) => sum + Number(value), 0);
}

/** What share of its records was lost. @param {Device} device @returns {number} */
export function lossShare(device) {
  return shareOf(lostOf(device), device);
}

/** How good its link is: what share of its records was lost on the way. @param {Device} device @returns {number} */
export function linkLoss(device) {
  return shareOf(Number(device.lost?.link ?? 0), device);
}

/** @param {number} lost @param {Device} device */
function shareOf(lost, device) {
  return lost === 0 ? 0 : lost / (lost + Number(device.records));
}

/** How full its ring was at most, or -1 if it does not count. @param {Device} device @returns {number} */
export function ringShare(device) {
  return device.ring_words ? Math.min(1, Number(device.ring_most ?? 0) / Number(device.ring_words)) : -1;
}

/** What needs eyes first: those that are silent, and those that are over last. */
const STATES = ["silent", "live", "over"];

/** @type {Record<string, (device: Device) => number | string | bigint>} */
const KEYS = {
  state: (device) => STATES.indexOf(device.state),
  service: (device) => String(device.service).toLowerCase(),
  id: (device) => String(device.id),
  boot: (device) => Number(device.session),
  clock: (device) => (device.error_ns === null ? Infinity : Number(device.error_ns)),
  drift: (device) => (device.drift_ppm === null ? Infinity : Math.abs(device.drift_ppm)),
  loss: lossShare,
  ring: ringShare,
  sampled: (device) => Number(device.sampled_out),
  seen: (device) => BigInt(device.last_ns),
};

/**
 * Devices in order. Those that are equal stay in the order of their ids.
 * @param {Device[]} devices
 * @param {string} key with `-` in front: the other way
 * @returns {Device[]}
 */
export function sorted(devices, key) {
  const isDown = key.startsWith("-");
  const of = KEYS[isDown ? key.slice(1) : key] ?? ((device) => STATES.indexOf(device.state));
  const keyed = devices.map((device) => ({ device, key: of(device) }));
  keyed.sort((a, b) => {
    const order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
    if (order !== 0) return isDown ? -order : order;
    return a.device.id < b.device.id ? -1 : a.device.id > b.device.id ? 1 : 0;
  });
  return keyed.map(({ device }) => device);
}

/** @param {Device[]} devices @param {string} text @returns {Device[]} */
export function filtered(devices, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return devices;
  return devices.filter((device) => {
    const all = `${device.service} ${device.id} ${device.state} ${device.peer} ${device.build} ${device.sync}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}
