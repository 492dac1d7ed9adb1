#!/usr/bin/env python3
"""Tiny models as the Python package gguf writes them, with transformers' results on the same weights.

Needs Python with gguf, numpy, safetensors, torch and transformers; nothing else in this repository
does.

  gguf_models.py PARITY OUT
      For every folder FAMILY of PARITY (a Hugging Face checkpoint with expected.safetensors) writes
      OUT/FAMILY.gguf, its matrices quantised, named and ordered as convert_hf_to_gguf.py of
      llama.cpp does it, and OUT/FAMILY.safetensors with what transformers computes from the
      dequantised weights: input_ids [1, T], logits [T, V] and hidden_states [L, T, D], those after
      each block, the last one before the final norm.
"""

import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf.constants import GGMLQuantizationType as T
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

ARCH = {"mistral": "llama"}
# one type each, so that many are seen; rows of 64 elements allow no larger blocks than 32
TYPES = {
    "gemma": T.Q8_0,
    "gemma2": T.Q5_1,
    "llama2": T.Q4_0,
    "llama3-ropescaled": T.Q8_0,
    "mistral": T.Q4_1,
    "phi3": T.Q5_0,
    "qwen2": T.Q4_1,
    "qwen3": T.Q4_0,
}


def permute(w, heads):
    """The row order of an interleaved rotation."""
    return (
        w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:])
        .swapaxes(1, 2)
        .reshape(w.shape)
    )


def unpermute(w, heads):
    return (
        w.reshape(heads, w.shape[0] // heads // 2, 2, *w.shape[1:])
        .swapaxes(1, 2)
        .reshape(w.shape)
    )


def llama3_factors(config):
    """As LlamaModel.generate_extra_tensors of convert_hf_to_gguf.py."""
    p = config.rope_parameters
    if p.get("rope_type") != "llama3":
        return None
    dim = config.head_dim
    freqs = 1.0 / (p["rope_theta"] ** (torch.arange(0, dim, 2, dtype=torch.float32) / dim))
    old = p["original_max_position_embeddings"]
    low, high = old / p["low_freq_factor"], old / p["high_freq_factor"]
    factors = []
    for freq in freqs:
        wavelength = 2 * np.pi / freq
        if wavelength < high:
            factors.append(1)
        elif wavelength > low:
            factors.append(p["factor"])
        else:
            smooth = (old / wavelength - p["low_freq_factor"]) / (
                p["high_freq_factor"] - p["low_freq_factor"]
            )
            factors.append(1 / ((1 - smooth) / p["factor"] + smooth))
    return np.array(factors, dtype=np.float32)


def write(folder, name, out):
    config = AutoConfig.from_pretrained(folder)
    if name == "mistral":
        config.sliding_window = None  # GGUF does not keep it
    arch = ARCH.get(config.model_type, config.model_type)
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    w = gguf.GGUFWriter(out / f"{name}.gguf", arch)
    w.add_context_length(config.max_position_embeddings)
    w.add_embedding_length(config.hidden_size)
    w.add_block_count(config.num_hidden_layers)
    w.add_feed_forward_length(config.intermediate_size)
    w.add_head_count(config.num_attention_heads)
    w.add_head_count_kv(config.num_key_value_heads)
    w.add_layer_norm_rms_eps(config.rms_norm_eps)
    w.add_rope_freq_base(config.rope_parameters["rope_theta"])
    w.add_vocab_size(config.vocab_size)
    w.add_eos_token_id(2)
    if arch in ("gemma", "gemma2", "qwen3"):
        w.add_key_length(head)
        w.add_value_length(head)
    else:
        w.add_rope_dimension_count(head)
    if arch == "gemma2":
        w.add_attn_logit_softcapping(config.attn_logit_softcapping)
        w.add_final_logit_softcapping(config.final_logit_softcapping)
        w.add_sliding_window(config.sliding_window)
    if arch == "phi3":
        w.add_rope_scaling_orig_ctx_len(config.original_max_position_embeddings)
        w.add_sliding_window(0)
    factors = llama3_factors(config)
    if factors is not None:
        w.add_tensor("rope_freqs.weight", factors)

    names = gguf.get_tensor_name_map(by_name(arch), config.num_hidden_layers)
    weights = load_file(folder / "model.safetensors")
    back = {}
    for key, tensor in weights.items():
        if config.tie_word_embeddings and key == "lm_head.weight":
            continue
        values = tensor.to(torch.float32).numpy()
        heads = (
            config.num_attention_heads
            if ".q_proj." in key
            else config.num_key_value_heads if ".k_proj." in key else 0
        )
        if arch == "llama" and heads:
            values = permute(values, heads)
        if arch.startswith("gemma") and key.endswith("norm.weight"):
            values = values + 1
        kind = TYPES[name] if values.ndim == 2 and values.shape[1] % 32 == 0 else T.F32
        data = gguf.quants.quantize(values, kind)
        w.add_tensor(
            names.get_name(key, try_suffixes=(".weight", ".bias")),
            data,
            raw_dtype=kind,
        )
        values = gguf.quants.dequantize(data, kind).reshape(values.shape)
        if arch == "llama" and heads:
            values = unpermute(values, heads)
        if arch.startswith("gemma") and key.endswith("norm.weight"):
            values = values - 1
        back[key] = torch.from_numpy(np.ascontiguousarray(values))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()

    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    missing, unexpected = model.load_state_dict(back, strict=False)
    assert not unexpected and missing in ([], ["lm_head.weight"]), (missing, unexpected)
    model.tie_weights()
    expected = load_file(folder / "expected.safetensors")
    rows = expected["attention_mask"].sum(1)
    ids = expected["input_ids"][int(rows.argmax())][None, : int(rows.max())]
    hidden = []
    for block in model.model.layers:
        block.register_forward_hook(
            lambda m, i, o: hidden.append((o[0] if isinstance(o, tuple) else o).reshape(-1, config.hidden_size))
        )
    with torch.no_grad():
        logits = model(ids).logits[0]
    save_file(
        {
            "input_ids": ids.contiguous(),
            "logits": logits.contiguous(),
            "hidden_states": torch.stack(hidden).contiguous(),
        },
        out / f"{name}.safetensors",
    )
    print(name, arch, TYPES[name].name, tuple(logits.shape), float(logits.abs().max()))


def by_name(arch):
    return next(k for k, v in gguf.MODEL_ARCH_NAMES.items() if v == arch)


if __name__ == "__main__":
    parity, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for folder in sorted(parity.iterdir()):
        write(folder, folder.name, out)
