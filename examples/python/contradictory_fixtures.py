#!/usr/bin/env python3
"""Makes tiny checkpoints whose files contradict each other, and what transformers computes of them.

Needs Python with torch, transformers and safetensors; nothing else in this repository does.

  contradictory_fixtures.py OUT
      Writes OUT/CASE/ with config.json, weights and expected.safetensors, as `align verify-parity`
      reads them. transformers loads each folder as any user would, and what it warns of is passed
      over.
"""

import json
import logging
import shutil
import sys
from pathlib import Path

import torch
from parity_fixture import expected
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

SIZES = {
    "vocab_size": 56,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": False,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}
LONG = {
    "rope_type": "longrope",
    "short_factor": [1.0, 1.2, 1.5, 1.9],
    "long_factor": [2.0, 2.4, 3.0, 4.0],
    "original_max_position_embeddings": 8,
}


def family(name, **keys):
    return {"model_type": name, **SIZES, **keys}


def without(config, *keys):
    return {k: v for k, v in config.items() if k not in keys}


def own_head(tensors):
    tensors["lm_head.weight"] = 0.5 * tensors["model.embed_tokens.weight"].flip(0)


def equal_head(tensors):
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"].clone()


def only_head(tensors):
    tensors["lm_head.weight"] = tensors.pop("model.embed_tokens.weight")


# name: the configuration that the weights are made by, the one that is written, what is done to them
CASES = {
    "rope-scaling-beside-rope-parameters": (
        family("qwen3", head_dim=8),
        family(
            "qwen3",
            head_dim=8,
            rope_parameters={"rope_type": "default", "rope_theta": 1e6},
            rope_scaling=YARN,
        ),
        None,
    ),
    "two-rope-bases-and-two-kinds": (
        family("llama"),
        family(
            "llama",
            rope_theta=500.0,
            rope_parameters={**YARN, "rope_theta": 3000.0, "type": "linear"},
        ),
        None,
    ),
    "part-of-a-head-in-llama": (
        family("llama"),
        family("llama", partial_rotary_factor=0.5),
        None,
    ),
    "two-original-contexts-in-phi3": (
        family("phi3"),
        family("phi3", rope_scaling=LONG, original_max_position_embeddings=48),
        None,
    ),
    "tied-but-own-head": (
        family("llama", tie_word_embeddings=True),
        family("llama", tie_word_embeddings=True),
        own_head,
    ),
    "tied-by-default-but-own-head": (
        family("gemma", head_dim=8, tie_word_embeddings=True),
        without(family("gemma", head_dim=8), "tie_word_embeddings"),
        own_head,
    ),
    "tied-and-equal-head": (
        family("qwen2", tie_word_embeddings=True),
        family("qwen2", tie_word_embeddings=True),
        equal_head,
    ),
    "tied-and-only-head": (
        family("mistral", tie_word_embeddings=True),
        family("mistral", tie_word_embeddings=True),
        only_head,
    ),
    "more-blocks-than-asked-for": (
        family("llama", num_hidden_layers=3),
        family("llama", num_hidden_layers=2),
        None,
    ),
    "qwen3-without-head-dim": (
        family("qwen3", num_attention_heads=1, head_dim=128),
        family("qwen3", num_attention_heads=1),
        None,
    ),
    "gemma2-two-activations": (
        family("gemma2", head_dim=8),
        without(
            family("gemma2", head_dim=8, hidden_act="silu", sliding_window=5),
            "rms_norm_eps",
        ),
        None,
    ),
    "mistral-with-layer-types": (
        family("mistral", head_dim=8),
        family(
            "mistral",
            head_dim=8,
            sliding_window=5,
            layer_types=["full_attention", "sliding_attention"],
        ),
        None,
    ),
    "types-beside-max-window-layers": (
        family("qwen2"),
        family(
            "qwen2",
            use_sliding_window=True,
            sliding_window=5,
            max_window_layers=1,
            layer_types=["sliding_attention", "full_attention"],
        ),
        None,
    ),
    "index-says-otherwise": (family("llama"), family("llama"), None),
}


def write(config, folder):
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def split(folder):
    """Two shards and an index that is wrong about one tensor and does not know another."""
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    halves = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    places = {n: shard for shard, part in halves.items() for n in part}
    for shard, part in halves.items():
        save_file({n: tensors[n] for n in part}, folder / shard, metadata={"format": "pt"})
    wrong = "model.layers.0.mlp.up_proj.weight"
    places[wrong] = next(s for s in halves if s != places[wrong])
    del places["lm_head.weight"]
    index = {"metadata": {"total_size": 0}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")


def make(name, folder):
    made, written, change = CASES[name]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write(made, folder)
    torch.manual_seed(sorted(CASES).index(name))
    model = AutoModelForCausalLM.from_config(
        AutoConfig.from_pretrained(folder), dtype=torch.float32
    )
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(p + 0.1 * torch.randn_like(p) if p.dim() == 1 else 0.3 * torch.randn_like(p))
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    write(written, folder)
    if change:
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    if name == "index-says-otherwise":
        split(folder)
    # eager: transformers' faster attention leaves out Gemma 2's soft caps.
    loaded = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    save_file(expected(loaded, written["vocab_size"]), folder / "expected.safetensors")


def main():
    logging.disable(logging.WARNING)
    for name in CASES:
        make(name, Path(sys.argv[1]) / name)
    print(len(CASES), "checkpoints")


if __name__ == "__main__":
    main()
