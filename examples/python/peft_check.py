#!/usr/bin/env python3
"""Holds adapters and merged checkpoints against Hugging Face's PEFT and transformers.

Needs Python with torch, transformers, peft and safetensors; nothing else in this repository does.

  peft_check.py load BASE ADAPTER IDS LOGITS [--compare] [--tolerance 1e-4]
      Loads the adapter on the base in float32, as PEFT does. Its tensors must be exactly those that
      PEFT expects, with the same values. Then the logits of the token sequences in IDS, a JSON
      array of arrays of ids, go to LOGITS, a JSON array [sequence][token][V]; with --compare they
      are compared with what is there.
  peft_check.py merged MODEL IDS LOGITS [--compare] [--tolerance 1e-4]
      The same for a full checkpoint, which must have no missing and no unexpected tensors.
  peft_check.py make BASE OUT
      Writes adapters that PEFT makes of random numbers, OUT/qv and OUT/all (LoRA) and OUT/prompt
      (prompt tuning), each with expected.safetensors: input_ids [1, T], logits [1, T, V], and for
      LoRA some of merge_and_unload()'s weights under their names.
  peft_check.py contradict BASE OUT
      Writes OUT/adapter_model.safetensors, a LoRA of all matrices of BASE, and OUT/cases.json:
      configurations that do not fit it, each as changes of OUT/adapter_config.json, with the first
      logits after the tokens there, or with why PEFT refuses it.

Prints one JSON object. Exit status 0, or 1 if tensors or logits differ.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from peft import (
    LoraConfig,
    PeftModel,
    PromptTuningConfig,
    get_peft_model,
    get_peft_model_state_dict,
)
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM


def base_model(folder):
    # eager: transformers' faster attention leaves out Gemma 2's soft caps.
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    keys = sorted(info["missing_keys"]) + sorted(info["unexpected_keys"])
    return model.eval(), [str(k) for k in keys]


@torch.no_grad()
def logits(model, ids):
    """[T, V]; the rows of virtual tokens, which come first, are left out."""
    return model(torch.tensor([ids])).logits[0, -len(ids) :].float()


def adapted(base, folder):
    """The model with the adapter, and the names of tensors that differ from the file's."""
    model = PeftModel.from_pretrained(base, folder).eval()
    loaded = get_peft_model_state_dict(model, save_embedding_layers=False)  # else asks the network
    stored = load_file(Path(folder) / "adapter_model.safetensors")
    wrong = sorted(loaded.keys() ^ stored.keys())
    both = loaded.keys() & stored.keys()
    wrong += [k for k in both if not torch.equal(loaded[k].float(), stored[k].float())]
    return model, wrong, len(loaded)


def report(model, wrong, args, **more):
    found = [logits(model, ids) for ids in json.loads(Path(args.ids).read_text())]
    result = {**more, "wrong_tensors": wrong, "sequences": len(found)}
    passed = not wrong
    if args.compare:
        expected = [torch.tensor(e) for e in json.loads(Path(args.logits).read_text())]
        same = [f.shape == e.shape for f, e in zip(found, expected)]
        if len(found) != len(expected) or not all(same):
            result["shapes"] = [[list(t.shape) for t in ts] for ts in (found, expected)]
            passed = False
        else:
            largest = max((f - e).abs().max().item() for f, e in zip(found, expected))
            result.update(largest_difference=largest, tolerance=args.tolerance)
            passed = passed and largest <= args.tolerance
    else:
        Path(args.logits).write_text(json.dumps([f.tolist() for f in found]))
    print(json.dumps({**result, "passed": passed}))
    return 0 if passed else 1


def load(args):
    base, wrong = base_model(args.base)
    model, more, tensors = adapted(base, args.adapter)
    return report(model, wrong + more, args, tensors=tensors)


def merged(args):
    model, wrong = base_model(args.model)
    return report(model, wrong, args)


LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
KINDS = {
    "qv": (
        LoraConfig(r=4, lora_alpha=16, lora_dropout=0.05, target_modules=["q_proj", "v_proj"]),
        ["model.layers.0.self_attn.q_proj.weight"],
    ),
    "all": (
        LoraConfig(r=2, lora_alpha=3.5, target_modules=LINEAR),
        ["model.layers.2.mlp.down_proj.weight"],
    ),
    "prompt": (PromptTuningConfig(num_virtual_tokens=3), []),
}


def make(args):
    for kind, (config, samples) in KINDS.items():
        torch.manual_seed(11)
        config.task_type = "CAUSAL_LM"
        base, wrong = base_model(args.base)
        model = get_peft_model(base, config).eval()
        for name, p in model.named_parameters():
            if "lora_" in name or "prompt" in name:
                torch.nn.init.normal_(p, std=0.1)
        model.peft_config["default"].base_model_name_or_path = Path(args.base).resolve().name
        out = Path(args.out) / kind
        model.save_pretrained(out, save_embedding_layers=False)
        (out / "README.md").unlink(missing_ok=True)
        ids = [1, 45, 7, 211, 300, 12, 99, 45]
        tensors = {"input_ids": torch.tensor([ids]), "logits": logits(model, ids)[None].clone()}
        if samples:
            weights = model.merge_and_unload().state_dict()
            tensors.update({name: weights[name].contiguous() for name in samples})
        save_file(tensors, out / "expected.safetensors", metadata={"format": "pt"})
    print(json.dumps({"made": sorted(KINDS), "wrong_tensors": wrong}))
    return 0


PATTERN = r".*\.[12]\.self_attn\.(q|k)_proj"
CONTRADICTIONS = {
    "as made": {},
    "one block": {"layers_to_transform": [1]},
    "one block as a number": {"layers_to_transform": 2},
    "no block listed": {"layers_to_transform": []},
    "a block that is not there": {"layers_to_transform": [0, 9]},
    "no block that is there": {"layers_to_transform": [9]},
    "one module": {"target_modules": ["q_proj"]},
    "modules by their last part and parent": {"target_modules": ["self_attn.q_proj", "down_proj"]},
    "a module that is not there": {"target_modules": ["v_proj", "c_attn"]},
    "no module that is there": {"target_modules": ["c_attn"]},
    "no module": {"target_modules": []},
    "part of a name": {"target_modules": ["proj"]},
    "modules null": {"target_modules": None},
    "an expression": {"target_modules": PATTERN},
    "an expression with a name": {"target_modules": r".*(?P<x>up|down)_proj"},
    "an expression for part of the name": {"target_modules": "q_proj"},
    "an expression beside blocks": {"target_modules": PATTERN, "layers_to_transform": [1]},
    "an expression beside a pattern": {"target_modules": PATTERN, "layers_pattern": "layers"},
    "not an expression": {"target_modules": "(q_proj"},
    "all linear": {"target_modules": "all-linear"},
    "all linear in capitals": {"target_modules": "ALL-LINEAR"},
    "all linear without one": {"target_modules": "all-linear", "exclude_modules": ["o_proj"]},
    "whole names": {"target_modules": ["model.layers.0.mlp.up_proj", "model.layers.3.mlp.up_proj"]},
    "whole names beside blocks": {
        "target_modules": ["model.layers.0.mlp.up_proj", "v_proj"],
        "layers_to_transform": [3],
    },
    "modules left out": {"exclude_modules": ["v_proj", "mlp.gate_proj"]},
    "a whole name left out": {"exclude_modules": ["model.layers.2.self_attn.q_proj"]},
    "left out by an expression": {"exclude_modules": r"model\.layers\.[01]\..*"},
    "all left out": {"exclude_modules": r".*_proj"},
    "left out but not there": {"exclude_modules": ["c_attn"]},
    "a pattern": {"layers_to_transform": [1, 2], "layers_pattern": "layers"},
    "patterns": {"layers_to_transform": [1, 2], "layers_pattern": ["h", "layers"]},
    "a pattern that is not there": {"layers_to_transform": [1], "layers_pattern": ["h"]},
    "an empty pattern": {"layers_to_transform": [1], "layers_pattern": []},
    "a pattern without blocks": {"layers_pattern": "layers"},
    "another r": {"r": 4},
    "another alpha": {"lora_alpha": 2},
    "fan in, fan out": {"fan_in_fan_out": True},
    "rank by module": {"rank_pattern": {"q_proj": 1}},
    "alpha by module": {"alpha_pattern": {"q_proj": 1}},
    "rank of a module that is not there": {"rank_pattern": {"c_attn": 1}},
    "rank-stabilised": {"use_rslora": True},
    "biases": {"bias": "all"},
    "biases of lora": {"lora_bias": True},
    "modules to save": {"modules_to_save": ["lm_head"]},
    "another start": {"init_lora_weights": "gaussian"},
}
ABSENT = {"r absent": ["r"], "alpha absent": ["lora_alpha"], "modules absent": ["target_modules"]}
SHOWN = 24


def contradict(args):
    torch.manual_seed(12)
    base, wrong = base_model(args.base)
    config = LoraConfig(r=2, lora_alpha=4, target_modules=LINEAR, task_type="CAUSAL_LM")
    model = get_peft_model(base, config)
    for name, p in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(p, std=0.1)
    config.base_model_name_or_path = Path(args.base).resolve().name
    out = Path(args.out)
    model.save_pretrained(out, save_embedding_layers=False)
    (out / "README.md").unlink(missing_ok=True)
    written = out / "adapter_config.json"
    made = json.loads(written.read_text())
    made["target_modules"] = LINEAR  # a set, so in any order
    ids = [1, 45, 7, 211, 300, 12, 99, 45]
    rows = [{"name": n, "set": c} for n, c in CONTRADICTIONS.items()]
    rows += [{"name": n, "set": {}, "absent": keys} for n, keys in ABSENT.items()]
    for row in rows:
        config = {k: v for k, v in made.items() if k not in row.get("absent", [])}
        written.write_text(json.dumps({**config, **row["set"]}))
        try:
            adapted = PeftModel.from_pretrained(base_model(args.base)[0], out).eval()
            row["logits"] = [round(x, 6) for x in logits(adapted, ids)[-1, :SHOWN].tolist()]
        except Exception as e:  # whatever stops it there
            row["error"] = f"{type(e).__name__}: {e}".split("\n")[0][:100]
    written.write_text(json.dumps(made, indent=1) + "\n")
    text = ",\n".join(json.dumps(row) for row in rows)
    (out / "cases.json").write_text(f'{{"ids": {json.dumps(ids)}, "cases": [\n{text}\n]}}\n')
    print(json.dumps({"cases": len(rows), "refused": sum("error" in r for r in rows)}))
    return 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(required=True, dest="command")
    for name, paths in {
        "load": ["base", "adapter", "ids", "logits"],
        "merged": ["model", "ids", "logits"],
        "make": ["base", "out"],
        "contradict": ["base", "out"],
    }.items():
        command = commands.add_parser(name)
        command.set_defaults(run=globals()[name])
        for path in paths:
            command.add_argument(path, metavar=path.upper())
        if "logits" in paths:
            command.add_argument("--compare", action="store_true")
            command.add_argument("--tolerance", type=float, default=1e-4)
    args = parser.parse_args()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
