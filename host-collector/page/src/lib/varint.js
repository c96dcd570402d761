// Numbers of the shape of a trace: seven bits a byte, the lowest first.

/** What is damaged. */
export class ShapeError extends Error {}

/** Reads numbers one after another. */
export class Numbers {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  /** @returns {boolean} */
  get isOver() {
    return this.at >= this.bytes.length;
  }

  /** Beyond 2^53 the lowest bits are rounded. @returns {number} */
  next() {
    const { bytes } = this;
    let value = 0;
    let scale = 1;
    for (let length = 0; length < 10; length += 1) {
      const byte = bytes[this.at];
      if (byte === undefined) throw new ShapeError("a column ends inside of a number");
      this.at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    throw new ShapeError("a number is too long");
  }

  /** A number that may be negative, whose sign is its lowest bit. @returns {number} */
  signed() {
    const first = this.bytes[this.at];
    if (first === undefined) throw new ShapeError("a column ends inside of a number");
    this.at += 1;
    let value = (first & 127) >> 1;
    if (first >= 128) value += this.next() * 64;
    return first & 1 ? -value - 1 : value;
  }
}
