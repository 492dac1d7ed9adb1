#!/usr/bin/env python3
"""Asks transformers what it makes of config.json files: whole ones, short ones, contradictory ones.

Needs Python with torch and transformers; nothing else in this repository does.

  config_goldens.py OUT
      Writes OUT, a JSON array. For each family comes {"family", "config", "expected"}, a whole
      configuration and the numbers that the model runs with: rotary frequencies are those of its
      own module ("longFrequencies" beyond the original context), "windows" is per block, 0 for
      none. Then {"family", "name", "set", "absent"}, what is changed in and taken out of that
      configuration, with "expected", the numbers that change, or "error", why transformers does
      not build or run it.
"""

import json
import logging
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM

SIZES = {
    "vocab_size": 64,
    "hidden_size": 48,
    "intermediate_size": 40,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 192,
    "rms_norm_eps": 1e-05,
    "tie_word_embeddings": False,
    "eos_token_id": [5, 7],
    "pad_token_id": 0,
}
FAMILIES = {
    "llama": {"rope_theta": 5000.0, "hidden_act": "gelu"},
    "mistral": {"rope_theta": 5000.0, "hidden_act": "silu", "sliding_window": 9, "head_dim": 16},
    "qwen2": {
        "rope_theta": 5000.0,
        "sliding_window": 9,
        "use_sliding_window": True,
        "max_window_layers": 1,
    },
    "qwen3": {
        "rope_theta": 5000.0,
        "sliding_window": 9,
        "use_sliding_window": True,
        "max_window_layers": 1,
        "head_dim": 16,
    },
    "gemma": {"rope_theta": 5000.0, "head_dim": 16, "hidden_act": "gelu"},
    "gemma2": {
        "rope_theta": 5000.0,
        "head_dim": 16,
        "hidden_activation": "gelu",
        "sliding_window": 9,
        "query_pre_attn_scalar": 12,
        "attn_logit_softcapping": 20.0,
        "final_logit_softcapping": 10.0,
    },
    "phi3": {
        "rope_theta": 5000.0,
        "sliding_window": 9,
        "original_max_position_embeddings": 64,
        "partial_rotary_factor": 0.5,
    },
}
# what every family is asked about, beside the keys that its own configuration above has
KEYS = ["head_dim", "hidden_act", "attention_bias", "sliding_window", "layer_types", "rope_scaling"]
KEYS += ["rope_parameters", "partial_rotary_factor", "use_bidirectional_attention", "mlp_bias"]

YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
LLAMA3 = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
LINEAR = {"rope_type": "linear", "factor": 2.0}
DEFAULT = {"rope_type": "default", "rope_theta": 700.0}


def longrope(config):
    head = config.get("head_dim", config["hidden_size"] // config["num_attention_heads"])
    n = int(head * config.get("partial_rotary_factor", 1)) // 2
    return {
        "rope_type": "longrope",
        "short_factor": [1 + i / 8 for i in range(n)],
        "long_factor": [2 + i / 4 for i in range(n)],
        "original_max_position_embeddings": 48,
    }


def without(config, *keys):
    return {k: v for k, v in config.items() if k not in keys}


def ropes(config):
    """Rotary parameters in one place, in two, and in two spellings."""
    bare = without(config, "rope_theta")
    long = longrope(config)
    for name, scaling in {"yarn": YARN, "llama3": LLAMA3, "linear": LINEAR, "longrope": long}.items():
        yield f"rope_scaling {name}", {**config, "rope_scaling": scaling}
        yield f"rope_parameters {name}", {**bare, "rope_parameters": {**scaling, "rope_theta": 700.0}}
        yield f"rope_parameters {name} beside rope_theta", {**config, "rope_parameters": scaling}
        yield f"rope_scaling {name}, rope_parameters", {
            **bare,
            "rope_parameters": DEFAULT,
            "rope_scaling": scaling,
        }
        yield f"rope_scaling {name}, rope_parameters, rope_theta", {
            **config,
            "rope_parameters": DEFAULT,
            "rope_scaling": scaling,
        }
        yield f"{name} without an original context", {
            **config,
            "rope_scaling": without(scaling, "original_max_position_embeddings"),
        }
        yield f"{name}, two original contexts", {
            **config,
            "original_max_position_embeddings": 96,
            "rope_scaling": scaling,
        }
        yield f"{name}, original context outside", {
            **config,
            "original_max_position_embeddings": 96,
            "rope_scaling": without(scaling, "original_max_position_embeddings"),
        }
        yield f"{name}, half of a head", {
            **config,
            "rope_scaling": {**scaling, "partial_rotary_factor": 0.5},
        }
        yield f"{name} as type", {
            **config,
            "rope_scaling": {**without(scaling, "rope_type"), "type": name},
        }
        yield f"{name} without a factor", {**config, "rope_scaling": without(scaling, "factor")}
        yield f"{name}, factor null", {**config, "rope_scaling": {**scaling, "factor": None}}
    yield "rope_scaling default, rope_parameters yarn", {
        **bare,
        "rope_parameters": {**YARN, "rope_theta": 700.0},
        "rope_scaling": {"rope_type": "default"},
    }
    yield "rope_scaling {}, rope_parameters", {**bare, "rope_parameters": {**DEFAULT}, "rope_scaling": {}}
    yield "rope_scaling null, rope_parameters", {
        **bare,
        "rope_parameters": {**DEFAULT},
        "rope_scaling": None,
    }
    yield "rope_scaling with rope_theta, rope_parameters", {
        **bare,
        "rope_parameters": DEFAULT,
        "rope_scaling": {"rope_type": "default", "rope_theta": 300.0},
    }
    yield "rope_parameters without a kind", {**bare, "rope_parameters": {"rope_theta": 700.0}}
    yield "rope_parameters {}", {**config, "rope_parameters": {}}
    yield "rope_parameters without rope_theta", {**bare, "rope_parameters": {"rope_type": "default"}}
    yield "rope_parameters, rope_theta null", {
        **bare,
        "rope_parameters": {"rope_type": "default", "rope_theta": None},
    }
    yield "rope_type and type", {**config, "rope_scaling": {**YARN, "type": "linear"}}
    yield "rope_type null and type", {**config, "rope_scaling": {**LINEAR, "rope_type": None, "type": "linear"}}
    yield "su", {**config, "rope_scaling": {**without(long, "rope_type"), "type": "su"}}
    yield "yarn with long factors", {**config, "rope_scaling": {**long, "rope_type": "yarn", "factor": 4.0}}
    yield "dynamic", {**config, "rope_scaling": {"rope_type": "dynamic", "factor": 2.0}}
    yield "per layer", {
        **bare,
        "rope_parameters": {"full_attention": DEFAULT, "sliding_attention": DEFAULT},
    }
    yield "yarn, attention factor", {**config, "rope_scaling": {**YARN, "attention_factor": 1.5}}
    yield "yarn, mscale", {**config, "rope_scaling": {**YARN, "mscale": 2.0, "mscale_all_dim": 0.5}}
    yield "yarn, not truncated", {**config, "rope_scaling": {**YARN, "truncate": False}}
    yield "half of a head", {**config, "partial_rotary_factor": 0.5}
    yield "half of a head inside", {
        **bare,
        "rope_parameters": {**DEFAULT, "partial_rotary_factor": 0.5},
    }
    yield "half of a head outside, whole inside", {
        **bare,
        "partial_rotary_factor": 0.5,
        "rope_parameters": {**DEFAULT, "partial_rotary_factor": 1.0},
    }


def windows(config):
    sliding = ["sliding_attention", "full_attention", "sliding_attention"]
    full = ["full_attention"] * 3
    yield "types", {**config, "layer_types": sliding}
    yield "types all full", {**config, "layer_types": full}
    yield "types too few", {**config, "layer_types": sliding[:2]}
    yield "types unknown", {**config, "layer_types": ["x"] * 3}
    yield "types by their old name", {**config, "layer_types": ["attention"] * 3}
    yield "types null", {**config, "layer_types": None}
    yield "types, window null", {**config, "layer_types": sliding, "sliding_window": None}
    yield "types, window absent", {**without(config, "sliding_window"), "layer_types": sliding}
    yield "types, switched off", {**config, "layer_types": sliding, "use_sliding_window": False}
    yield "types full, switched off", {**config, "layer_types": full, "use_sliding_window": False}
    yield "types, switch absent", {**without(config, "use_sliding_window"), "layer_types": sliding}
    yield "switched off", {**config, "use_sliding_window": False}
    yield "switched on", {**config, "use_sliding_window": True}
    yield "from 2", {**config, "max_window_layers": 2, "use_sliding_window": True}
    yield "from 9", {**config, "max_window_layers": 9, "use_sliding_window": True}
    yield "from 2 beside types", {**config, "max_window_layers": 2, "layer_types": sliding}
    yield "pattern", {**config, "sliding_window_pattern": 3}
    yield "window 0", {**config, "sliding_window": 0}
    yield "window 1", {**config, "sliding_window": 1}


def others(config):
    heads = config["num_attention_heads"]
    yield "as many key heads", {**config, "num_key_value_heads": heads}
    yield "heads do not divide the width", {**config, "hidden_size": 50, "head_dim": 12}
    for name in ["silu", "swish", "gelu", "gelu_new", "gelu_pytorch_tanh", "relu"]:
        yield f"hidden_act {name}", {**config, "hidden_act": name}
        yield f"hidden_activation {name}", {**config, "hidden_activation": name}
    yield "both activations", {
        **config,
        "hidden_act": "silu",
        "hidden_activation": "gelu_pytorch_tanh",
    }
    yield "only hidden_act", {**without(config, "hidden_activation"), "hidden_act": "silu"}
    yield "caps null", {**config, "attn_logit_softcapping": None, "final_logit_softcapping": None}
    yield "score cap 0", {**config, "attn_logit_softcapping": 0.0}
    yield "logit cap 0", {**config, "final_logit_softcapping": 0.0}
    yield "dtype and torch_dtype", {**config, "dtype": "float32", "torch_dtype": "bfloat16"}
    yield "architectures of another family", {**config, "architectures": ["BertForMaskedLM"]}
    yield "text_config", {**config, "text_config": {"hidden_size": 96}}
    yield "per_layer_config", {**config, "per_layer_config": {"1": {"intermediate_size": 20}}}
    yield "attention_bias true", {**config, "attention_bias": True}
    yield "mlp_bias true", {**config, "mlp_bias": True}
    yield "bidirectional", {**config, "use_bidirectional_attention": True}
    yield "one end", {**config, "eos_token_id": 5}


def cases(whole):
    """Every key absent, every key null, then contradictions."""
    known = [k for k in whole if k not in ("model_type", "pad_token_id")]
    yield "only the type", {"model_type": whole["model_type"]}
    for key in known:
        yield f"{key} absent", without(whole, key)
    for key in known + [k for k in KEYS if k not in whole]:
        yield f"{key} null", {**whole, key: None}
    for variants in (ropes, windows, others):
        yield from variants(whole)


def blocks_windows(family, config):
    n = config.num_hidden_layers
    if family not in ("llama", "gemma") and config.sliding_window == 0:
        raise ValueError("a window of no tokens")
    if family in ("mistral", "phi3"):
        return [config.sliding_window or 0] * n
    # transformers takes a Mistral with layer_types for a Ministral
    if family in ("qwen2", "qwen3", "gemma2", "ministral"):
        return [
            config.sliding_window if t == "sliding_attention" else 0 for t in config.layer_types
        ]
    return [0] * n


def short(numbers):
    """Float32 as few digits as tell it from its neighbours."""
    return [float(f"{x:.9g}") for x in numbers.tolist()]


@torch.no_grad()
def expectation(raw, folder):
    (folder / "config.json").write_text(json.dumps(raw))
    config = AutoConfig.from_pretrained(folder)
    family = config.model_type
    # A model of the same kind that fits in here: what its modules hold is what counts.
    if config.hidden_size <= 96 and config.vocab_size <= 1000 and config.num_hidden_layers <= 40:
        small = AutoModelForCausalLM.from_config(
            config, dtype=torch.float32, attn_implementation="eager"
        ).eval()
        ids = torch.arange(1, 21)[None] % config.vocab_size
        if not torch.isfinite(small(ids, use_cache=False).logits).all():
            raise ValueError("logits are not finite")
    else:
        with torch.device("meta"):
            small = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    attention = small.model.layers[0].self_attn
    mlp = small.model.layers[0].mlp
    module = type(small.model.rotary_emb)(config)  # on the meta device its numbers are not there
    frequencies = short(module.inv_freq)
    long = None
    if module.rope_type == "longrope":
        from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

        length = config.rope_parameters["original_max_position_embeddings"] + 1
        long = ROPE_INIT_FUNCTIONS["longrope"](config, "cpu", seq_len=length)[0]
        long = short(long)
    eos = config.eos_token_id
    query = attention.qkv_proj if family == "phi3" else attention.q_proj
    fused = 1 + 2 * config.num_key_value_heads / config.num_attention_heads
    head = query.out_features / config.num_attention_heads / (fused if family == "phi3" else 1)
    act = mlp.activation_fn if family == "phi3" else mlp.act_fn
    x = torch.tensor(-0.7)
    known = {
        name: float(transformers.activations.ACT2FN[name](x))
        for name in ("silu", "gelu", "gelu_pytorch_tanh", "relu")
    }
    expected = {
        "vocabulary": config.vocab_size,
        "width": config.hidden_size,
        "mlpWidth": config.intermediate_size,
        "blocks": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "kvHeads": config.num_key_value_heads,
        "headSize": round(head),
        "contextLength": config.max_position_embeddings,
        "normEps": small.model.norm.variance_epsilon
        if hasattr(small.model.norm, "variance_epsilon")
        else small.model.norm.eps,
        "tiedHead": bool(small.all_tied_weights_keys),
        "endOfSequence": [] if eos is None else eos if isinstance(eos, list) else [eos],
        "windows": blocks_windows(family, config),
        "activation": min(known, key=lambda k: abs(known[k] - float(act(x.to("cpu"))))),
        "scoreScale": attention.scaling,
        "scoreCap": getattr(attention, "attn_logit_softcapping", None) or 0,
        "logitCap": (config.final_logit_softcapping or 0) if family == "gemma2" else 0,
        "frequencies": frequencies,
        "longFrequencies": long,
        "attentionFactor": module.attention_scaling,
        "biases": attention.o_proj.bias is not None or mlp.down_proj.bias is not None,
        "causal": getattr(attention, "is_causal", True),
    }
    return expected


def difference(value, base):
    return {k: v for k, v in value.items() if k not in base or base[k] != v}


def answer(raw, folder):
    try:
        return expectation(raw, folder), None
    except Exception as e:  # whatever stops it there
        return None, f"{type(e).__name__}: {e}".split("\n")[-1].strip()[:100]


def main():
    logging.disable(logging.WARNING)
    lines, count, refused = [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for family, own in FAMILIES.items():
            whole = {"model_type": family, **SIZES, **own}
            base, _ = answer(whole, Path(folder))
            lines.append(json.dumps({"family": family, "config": whole, "expected": base}))
            for name, raw in cases(whole):
                row = {"family": family, "name": name, "set": difference(raw, whole)}
                absent = [k for k in whole if k not in raw]
                if absent:
                    row["absent"] = absent
                expected, error = answer(raw, Path(folder))
                count += 1
                if error:
                    refused += 1
                    row["error"] = error
                elif expected != base:
                    row["expected"] = difference(expected, base)
                lines.append(json.dumps(row))
    Path(sys.argv[1]).write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(count, "cases,", refused, "refused by transformers", transformers.__version__)


if __name__ == "__main__":
    main()
