#!/usr/bin/env python3
"""Makes sealed.json: sealed frames, from docs/wire-format.md and NIST SP 800-232 alone.

It shares nothing with the code that it tests, and takes its own time: a reference, not for use.
    python3 sealed.py > sealed.json
"""

import json

MASK = (1 << 64) - 1


def rotate(word, by):
    return (word >> by | word << (64 - by)) & MASK


def permute(state, rounds):
    for number in range(12 - rounds, 12):
        x0, x1, x2, x3, x4 = state
        x2 ^= (15 - number) << 4 | number
        # The 5-bit substitution, on 64 columns at once.
        x0, x4, x2 = x0 ^ x4, x4 ^ x3, x2 ^ x1
        x0, x1, x2, x3, x4 = (
            x0 ^ (~x1 & x2), x1 ^ (~x2 & x3), x2 ^ (~x3 & x4), x3 ^ (~x4 & x0), x4 ^ (~x0 & x1),
        )
        x1, x0, x3, x2 = x1 ^ x0, x0 ^ x4, x3 ^ x2, ~x2
        state = [
            (word ^ rotate(word & MASK, a) ^ rotate(word & MASK, b)) & MASK
            for word, a, b in ((x0, 19, 28), (x1, 61, 39), (x2, 1, 6), (x3, 10, 17), (x4, 7, 41))
        ]
    return state


def words(data):
    return [int.from_bytes(data[at:at + 8], "little") for at in range(0, len(data), 8)]


def blocks(data):
    """Blocks of 16 bytes, the last one padded; it may be empty before that."""
    padded = data + b"\x01" + bytes(15 - len(data) % 16)
    return [padded[at:at + 16] for at in range(0, len(padded), 16)]


def seal_text(key, nonce, clear, text):
    """Ascon-AEAD128: the ciphertext, and the authenticator behind it."""
    k, n = words(key), words(nonce)
    state = permute([0x00001000808C0001, *k, *n], 12)
    state[3] ^= k[0]
    state[4] ^= k[1]
    if clear:
        for block in blocks(clear):
            low, high = words(block)
            state[0] ^= low
            state[1] ^= high
            state = permute(state, 8)
    state[4] ^= 1 << 63
    out = b""
    *whole, last = blocks(text)
    for block in whole + [last]:
        low, high = words(block)
        state[0] ^= low
        state[1] ^= high
        out += state[0].to_bytes(8, "little") + state[1].to_bytes(8, "little")
        if block is not last:
            state = permute(state, 8)
    state[2] ^= k[0]
    state[3] ^= k[1]
    state = permute(state, 12)
    authenticator = [state[3] ^ k[0], state[4] ^ k[1]]
    return out[:len(text)] + b"".join(word.to_bytes(8, "little") for word in authenticator)


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def mix(word):
    def blend(half, by):
        product = half * by & 0xFFFFFFFF
        return product ^ product >> 16

    low, high = word & 0xFFFFFFFF, word >> 32
    high ^= blend(low, 0x9E3779B1)
    low ^= blend(high, 0x85EBCA6B)
    high ^= blend(low, 0xC2B2AE35)
    low ^= blend(high, 0x27D4EB2F)
    return high << 32 | low


def vector(name, direction, key, device, session, kind, number, text):
    tag = mix(device ^ session << 40).to_bytes(8, "little")[:4]
    first = 1 << 4 | kind << 1
    is_up = direction == "up"
    fields = varint(number)
    if is_up and kind == 0:
        fields += varint(device) + varint(session)
    clear = bytes([first | 1]) + tag + fields
    nonce = session.to_bytes(3, "little") + bytes([0 if is_up else 1])
    nonce += number.to_bytes(8, "little") + tag
    sealed = clear + seal_text(key, nonce, clear, text)
    plain = bytes([first]) + tag + (fields if is_up else b"") + text
    return {
        "name": name, "direction": direction, "key": key.hex(), "device": f"{device:016x}",
        "session": session, "number": str(number), "plain": plain.hex(), "sealed": sealed.hex(),
    }


def main():
    # From the known answers that come with the standard.
    count = bytes(range(16))
    known = seal_text(count, bytes(range(16, 32)), b"", b"")
    assert known.hex() == "4f9c278211bec9316bf68f46ee8b2ec6", known.hex()

    ours = bytes.fromhex("6f1c09bd4c7e2a5588d30f7be24a9c11")
    one = (ours, 0x0012345600ABCDEF, 9)
    other = (count, 1, (1 << 24) - 1)
    text = bytes(at * 7 & 0xFF for at in range(500))
    vectors = [
        vector("pong", "up", *one, 2, 3, bytes([7, 0xC0, 0x84, 0x3D, 0xD4, 0x84, 0x3D])),
        vector("data whose text is one block", "up", *one, 1, 127, text[:16]),
        vector("data with a packet number of two bytes", "up", *one, 1, 128, text[:15]),
        vector("data of 508 bytes", "up", *one, 1, 300, text[:508 - 16 - 7]),
        vector("the last packet of a session", "up", *other, 1, (1 << 32) - 2, text[:17]),
        vector("hello", "up", *one, 0, 0, text[:40]),
        vector("hello of other numbers", "up", *other, 0, 77, text[:33]),
        vector("stats without text", "up", *other, 3, 5, b""),
        vector("hello seen", "down", *one, 0, 1_764_133_200_000_000, b""),
        vector("send definitions", "down", *one, 2, 1_764_133_200_000_001, bytes([2, 1, 9, 0])),
        vector("the greatest number", "down", *other, 4, (1 << 64) - 2, bytes([9])),
    ]
    print(json.dumps(vectors, indent=2))


if __name__ == "__main__":
    main()
