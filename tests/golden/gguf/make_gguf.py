"""Writes GGUF files with the package gguf, and what the references make of them.

    python tests/golden/gguf/make_gguf.py

blocks.gguf       a tensor of random blocks of every quantized type, named as the type, and beside each TYPE.expected, what gguf dequantizes it to
"""

import json
import pathlib
from importlib.metadata import version

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

HERE = pathlib.Path(__file__).parent
QUANTIZED = [Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q2_K, Type.Q3_K, Type.Q4_K, Type.Q5_K, Type.Q6_K]
# Where the float16 scales of a block are, in bytes.
SCALES = {Type.F16: [0], Type.Q8_0: [0], Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q2_K: [80, 82],
          Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208]}
ODD_HALVES = [0.0, -0.0, 6e-8, -6e-8, 6.1e-5, 65504.0, -65504.0, 1.0]


def random_blocks(generator, kind, rows, blocks_a_row):
    """Any bytes, with scales that are finite: of all sizes, and some that are subnormal, zero or as large as can be."""
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = generator.integers(0, 256, (rows * blocks_a_row, size), dtype=np.uint8)
    for place in SCALES.get(kind, []):
        scales = (generator.standard_normal(len(blocks)) * 10.0 ** generator.integers(-5, 3, len(blocks))).astype(np.float16)
        scales[: len(ODD_HALVES)] = np.roll(np.array(ODD_HALVES, np.float16), place)[: len(scales)]
        blocks[:, place : place + 2] = scales.view(np.uint8).reshape(-1, 2)
    if kind == Type.BF16:
        blocks[:, 1] &= 0xBF  # no infinity and no NaN
    return blocks.reshape(rows, -1)


def blocks():
    generator = np.random.default_rng(11)
    writer = gguf.GGUFWriter(HERE / "blocks.gguf", "blocks")
    writer.add_string("made_by", f"make_gguf.py with gguf {version('gguf')} and numpy {np.__version__}")
    for kind in QUANTIZED:
        small = gguf.GGML_QUANT_SIZES[kind][0]
        rows = random_blocks(generator, kind, 3, {1: 32, 32: 4, 256: 3}[small])
        writer.add_tensor(kind.name, rows, raw_dtype=kind)
        writer.add_tensor(f"{kind.name}.expected", gguf.dequantize(rows, kind).astype(np.float32))
    write(writer)


def write(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    blocks()
