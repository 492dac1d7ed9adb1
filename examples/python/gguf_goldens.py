#!/usr/bin/env python3
"""GGUF files as the Python package gguf writes and dequantises them, for the tests of their reader.

Needs Python with gguf and numpy; nothing else in this repository does.

  gguf_goldens.py write OUT
      Writes the files of alignment-api/src/test/resources/org/alignment4j/internal/tensor/gguf: for
      each type TYPE.gguf with the tensors "blocks", random ones of this type, and "expected", the
      same as float32; types.tsv, each type's number, elements and bytes of a block; the parts of a
      split file; and quantised.gguf with "floats" and the same as the package quantises them. The integer types, F64 and Q8_K, which the package does not dequantise, are
      computed here by their definition.
  gguf_goldens.py sums GGUF [NAME...]
      Prints of each of a file's tensors, or of those named: name, type, shape (the fastest
      dimension first), the sum of its elements in float64, added in order, and the CRC-32 of its
      float32 bytes. Before them the number of tensors and the CRC-32 of the lines "NAME TYPE SHAPE".
"""

import sys
import zlib
from pathlib import Path

import numpy as np
from gguf import GGUFReader, GGUFWriter, quants
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as T

# where the halves of a block stand: they must be finite, which random bytes are not
HALVES = {
    T.Q4_0: [0],
    T.Q4_1: [0, 2],
    T.Q5_0: [0],
    T.Q5_1: [0, 2],
    T.Q8_0: [0],
    T.Q2_K: [80, 82],
    T.Q3_K: [108],
    T.Q4_K: [0, 2],
    T.Q5_K: [0, 2],
    T.Q6_K: [208],
    T.IQ4_NL: [0],
    T.IQ4_XS: [0],
    T.MXFP4: [],
}
PLAIN = {
    T.I8: np.int8,
    T.I16: np.int16,
    T.I32: np.int32,
    T.I64: np.int64,
    T.F64: np.float64,
}
# zero of both signs, the smallest and largest subnormal, the largest normal number
SPECIAL = [0x0000, 0x8000, 0x0001, 0x83FF, 0x7BFF, 0xFBFF]
ROWS = 3


def random_bytes(rng, *shape):
    return rng.integers(0, 256, shape, dtype=np.uint8)


def halves(rng, count):
    values = (rng.standard_normal(count) * 0.02).astype(np.float16).view(np.uint16)
    special = rng.random(count) < 0.25
    values[special] = rng.choice(np.array(SPECIAL, dtype=np.uint16), special.sum())
    return values


def blocks(rng, kind):
    elements, size = GGML_QUANT_SIZES[kind]
    width = max(elements, 64)
    stored = random_bytes(rng, ROWS * width // elements, size)
    for at in HALVES[kind]:
        stored[:, at : at + 2] = halves(rng, len(stored)).view(np.uint8).reshape(-1, 2)
    return stored.reshape(ROWS, -1)


def q8_k(rng):
    stored = random_bytes(rng, ROWS, GGML_QUANT_SIZES[T.Q8_K][1])
    d = rng.standard_normal(ROWS).astype(np.float32)
    stored[:, :4] = d.view(np.uint8).reshape(ROWS, 4)
    return stored, d[:, None] * stored[:, 4:260].view(np.int8).astype(np.float32)


def plain(rng, kind):
    if kind == T.F64:
        values = rng.standard_normal((ROWS, 64)) * 10.0 ** rng.integers(-50, 50, (ROWS, 64))
    else:
        dtype = PLAIN[kind]
        values = random_bytes(rng, ROWS, 64 * np.dtype(dtype).itemsize).view(dtype)
    with np.errstate(over="ignore"):
        return values, values.astype(np.float32)


def quiet(bits, exponent, first):
    """Sets the first bit of each NaN's payload, as every conversion does."""
    return np.where((bits & exponent) == exponent, bits | first, bits).astype(np.uint16)


def short_floats(rng, kind):
    bits = random_bytes(rng, ROWS, 128).view(np.uint16)
    bits[0, : len(SPECIAL)] = SPECIAL
    bits = quiet(bits, 0x7C00, 0x200) if kind == T.F16 else quiet(bits, 0x7F80, 0x40)
    stored = bits.view(np.uint8)
    return stored, quants.dequantize(stored, kind)


def put(path, tensors):
    writer = GGUFWriter(path, "test")
    for name, values, kind in tensors:
        if kind in PLAIN:
            writer.add_tensor(name, values)
        else:
            writer.add_tensor(name, values, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write(out):
    out.mkdir(parents=True, exist_ok=True)
    kinds = [T.F32, T.F16, T.BF16, T.Q8_K, *PLAIN, *HALVES]
    for kind in kinds:
        rng = np.random.default_rng(100 + kind)
        if kind == T.F32:
            stored = expected = rng.standard_normal((ROWS, 64)).astype(np.float32)
        elif kind in (T.F16, T.BF16):
            stored, expected = short_floats(rng, kind)
        elif kind == T.Q8_K:
            stored, expected = q8_k(rng)
        elif kind in PLAIN:
            stored, expected = plain(rng, kind)
        else:
            stored = blocks(rng, kind)
            expected = quants.dequantize(stored, kind)
        tensors = [("blocks", stored, kind), ("expected", expected, T.F32)]
        put(out / f"{kind.name}.gguf", tensors)
    with open(out / "types.tsv", "w", encoding="utf-8") as file:
        for kind, (elements, size) in GGML_QUANT_SIZES.items():
            print(kind.name, int(kind), elements, size, sep="\t", file=file)
    split(out)
    quantised(out)


def quantised(out):
    rng = np.random.default_rng(11)
    rows = rng.standard_normal((24, 64)) * 10.0 ** rng.integers(-9, 4, (24, 1))
    rows[0], rows[1] = 0, -0.0
    rows[2:6] *= rng.random((4, 64)) < 0.1
    # halves between two steps, for a scale of one and minus one
    rows[6] = np.tile(np.arange(-8, 8) + 0.5, 4)
    rows[6, [0, 32]] = -127, 127
    rows[7] = np.tile(np.arange(-8, 8) + 0.5, 4) / 2
    rows[7, [5, 37]] = -8, 8
    rows[8] = np.tile([8, -8, 3.5, -3.5], 16)
    rows[9] = np.tile([-65519, 65504, 1, 2.0**-25], 16)
    rows[10] = rng.standard_normal(64) * 1e-35
    rows = rows.astype(np.float32)
    tensors = [("floats", rows, T.F32)]
    for kind in (T.F16, T.BF16, T.Q8_0, T.Q4_0):
        tensors.append((kind.name, quants.quantize(rows, kind), kind))
    put(out / "quantised.gguf", tensors)


def split(out):
    writer = GGUFWriter(out / "split.gguf", "test", split_max_tensors=2)
    writer.add_string("general.name", "in parts")
    rng = np.random.default_rng(7)
    for i in range(5):
        writer.add_tensor(f"t{i}", rng.standard_normal((2, 3)).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def sums(path, names):
    tensors = GGUFReader(path).tensors
    lines = [f"{t.name} {t.tensor_type.name} {[int(n) for n in t.shape]}" for t in tensors]
    listing = "".join(f"{line}\n" for line in lines).encode()
    print(len(tensors), zlib.crc32(listing))
    for tensor, line in zip(tensors, lines):
        if not names or tensor.name in names:
            values = quants.dequantize(tensor.data, tensor.tensor_type).astype("<f4").reshape(-1)
            total = float(np.cumsum(values, dtype=np.float64)[-1])
            print(line, repr(total), zlib.crc32(values.tobytes()))


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"] and len(sys.argv) == 3:
        write(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["sums"] and len(sys.argv) >= 3:
        sums(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(__doc__)
