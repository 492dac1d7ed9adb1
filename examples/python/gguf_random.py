#!/usr/bin/env python3
"""A GGUF model of a real one's shape with random blocks, to measure speed and memory.

Needs Python with gguf and numpy; nothing else in this repository does.

  gguf_random.py SHAPE TYPE VOCABULARY.gguf OUT.gguf
      SHAPE is 1b or 8b (Llama 3.2 and 3.1), TYPE q8_0, q4_0 or q4_k. The tokenizer is that of the
      file VOCABULARY.gguf with made-up tokens after its own.
"""

import sys

import gguf
import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as T

SHAPES = {
    "1b": dict(blocks=16, width=2048, heads=32, kv=8, head=64, mlp=8192, vocab=128256, tied=True),
    "8b": dict(blocks=32, width=4096, heads=32, kv=8, head=128, mlp=14336, vocab=128256, tied=False),
}
shape, kind, vocabulary, out = sys.argv[1:]
s, kind = SHAPES[shape], T[kind.upper()]
rng = np.random.default_rng(1)
w = gguf.GGUFWriter(out, "llama")
w.add_context_length(8192)
w.add_embedding_length(s["width"])
w.add_block_count(s["blocks"])
w.add_feed_forward_length(s["mlp"])
w.add_head_count(s["heads"])
w.add_head_count_kv(s["kv"])
w.add_rope_dimension_count(s["head"])
w.add_rope_freq_base(500000.0)
w.add_layer_norm_rms_eps(1e-5)
w.add_vocab_size(s["vocab"])
reader = gguf.GGUFReader(vocabulary)


def field(name):
    f = reader.fields.get("tokenizer." + name)
    return None if f is None else f.contents()


tokens = field("ggml.tokens")
more = s["vocab"] - len(tokens)
w.add_tokenizer_model(field("ggml.model"))
w.add_tokenizer_pre(field("ggml.pre"))
w.add_token_list(tokens + [f"made-up-{i}" for i in range(more)])
w.add_token_types(field("ggml.token_type") + [1] * more)
w.add_token_merges(field("ggml.merges"))
w.add_bos_token_id(field("ggml.bos_token_id"))
w.add_eos_token_id(field("ggml.eos_token_id"))
w.add_add_bos_token(False)
if field("chat_template"):
    w.add_chat_template(field("chat_template"))


def half(value, n):
    x = (value * rng.uniform(0.8, 1.2, n)).astype(np.float16)
    return x.view(np.uint8).reshape(n, 2)


def blocks(n):
    """Random blocks whose elements have a standard deviation of about .02."""
    _, size = GGML_QUANT_SIZES[kind]
    b = rng.integers(0, 256, (n, size), dtype=np.uint8)
    if kind == T.Q8_0:
        b[:, :2] = half(2.7e-4, n)
    elif kind == T.Q4_0:
        b[:, :2] = half(4.3e-3, n)
    else:
        b[:, :2] = half(1.4e-4, n)
        b[:, 2:4] = half(1.05e-3, n)
    return b


POOL = blocks(1 << 19)


def matrix(name, rows, columns):
    elements, size = GGML_QUANT_SIZES[kind]
    n = rows * columns // elements
    data = np.resize(np.roll(POOL, int(rng.integers(len(POOL))), 0), (n, size))
    w.add_tensor(name, data.reshape(rows, -1), raw_dtype=kind)


def norm(name):
    w.add_tensor(name, np.ones(s["width"], dtype=np.float32))


matrix("token_embd.weight", s["vocab"], s["width"])
for i in range(s["blocks"]):
    p = f"blk.{i}."
    norm(p + "attn_norm.weight")
    matrix(p + "attn_q.weight", s["heads"] * s["head"], s["width"])
    matrix(p + "attn_k.weight", s["kv"] * s["head"], s["width"])
    matrix(p + "attn_v.weight", s["kv"] * s["head"], s["width"])
    matrix(p + "attn_output.weight", s["width"], s["heads"] * s["head"])
    norm(p + "ffn_norm.weight")
    matrix(p + "ffn_gate.weight", s["mlp"], s["width"])
    matrix(p + "ffn_up.weight", s["mlp"], s["width"])
    matrix(p + "ffn_down.weight", s["width"], s["mlp"])
norm("output_norm.weight")
if not s["tied"]:
    matrix("output.weight", s["vocab"], s["width"])
w.write_header_to_file()
w.write_kv_data_to_file()
w.write_tensors_to_file()
w.close()
