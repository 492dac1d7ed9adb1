#!/usr/bin/env python3
"""Makes a parity fixture: a tiny random checkpoint, and what transformers computes with it.

Needs Python with torch, transformers and safetensors; nothing else in this repository does.

  parity_fixture.py CONFIG OUT [--seed N] [--huge FACTOR]
      CONFIG is a config.json of the family with small sizes, such as a fixture's that is there
      already with another model_type. OUT gets config.json, model.safetensors (float32) and
      expected.safetensors, as `align verify-parity` reads them. With --huge one token's embedding
      is that many times as large, as are the states of some tokens of real models.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

LENGTHS = [40, 29, 11]
GREEDY = 16
HUGE_TOKEN = 7


def random_model(config, seed):
    """Weights large enough that attention is sharp and that norms and biases matter."""
    torch.manual_seed(seed)
    # eager: transformers' faster attention leaves out Gemma 2's soft caps.
    model = AutoModelForCausalLM.from_config(
        config, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() == 1:
                p.add_(0.1 * torch.randn_like(p))
            else:
                p.normal_(std=0.1)
    return model


@torch.no_grad()
def greedy(model, ids):
    start = len(ids)
    for _ in range(GREEDY):
        ids = torch.cat([ids, model(ids[None]).logits[0, -1].argmax()[None]])
    return ids[start:]


def expected(model, vocabulary):
    ids = torch.randint(3, vocabulary, (len(LENGTHS), max(LENGTHS)))
    mask = torch.tensor([[int(t < n) for t in range(max(LENGTHS))] for n in LENGTHS])
    ids = torch.where(mask == 1, ids, torch.zeros_like(ids))
    labels = torch.where(mask == 1, ids, torch.full_like(ids, -100))
    out = model(ids, attention_mask=mask, labels=labels, output_hidden_states=True)
    out.loss.backward()
    tensors = {
        "input_ids": ids,
        "attention_mask": mask,
        "hidden_states": torch.stack(out.hidden_states),
        "logits": out.logits,
        "loss": out.loss[None],
        "greedy": greedy(model, ids[0])[None],
    }
    for name, p in model.named_parameters():
        if name.startswith("model.layers.1."):
            tensors["grad." + name] = p.grad
    return {name: t.detach().contiguous().clone() for name, t in tensors.items()}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("config", metavar="CONFIG")
    parser.add_argument("out", metavar="OUT")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--huge", type=float, default=1, metavar="FACTOR")
    args = parser.parse_args()
    config = AutoConfig.from_pretrained(args.config)
    model = random_model(config, args.seed)
    with torch.no_grad():
        model.get_input_embeddings().weight[HUGE_TOKEN] *= args.huge
    model.save_pretrained(args.out)
    (Path(args.out) / "generation_config.json").unlink(missing_ok=True)
    save_file(expected(model, config.vocab_size), Path(args.out) / "expected.safetensors")


if __name__ == "__main__":
    main()
