#!/usr/bin/env python3
"""What transformers computes from a GGUF model, for comparison with the same file read in Java.

Needs Python with gguf, safetensors, torch and transformers; nothing else in this repository does.

  gguf_real.py MODEL.gguf PROMPTS OUT
      Reads prompts, one a line, and writes OUT (safetensors), in float32. For prompt i: p{i}.ids
      [T], those of its chat template; p{i}.greedy [32], the tokens that follow; and for the first
      two p{i}.logits, of the first of these, for every 8th token, and p{i}.hidden [L, D], the last
      token's states after each block, the last one before the final norm.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

path, prompts, out = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
model = AutoModelForCausalLM.from_pretrained(
    path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
).eval()
saved = {}
hidden = []
for block in model.model.layers:
    block.register_forward_hook(
        lambda m, i, o: hidden.append((o[0] if isinstance(o, tuple) else o)[0, -1].clone())
    )
for i, prompt in enumerate(open(prompts, encoding="utf-8").read().splitlines()):
    ids = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}],
        add_generation_prompt=True,
        return_tensors="pt",
        return_dict=True,
    )["input_ids"]
    hidden.clear()
    with torch.no_grad():
        logits = model(ids).logits[0, -1]
        if i < 2:
            saved[f"p{i}.logits"] = logits[::8].contiguous()
            saved[f"p{i}.hidden"] = torch.stack(hidden)
        greedy = model.generate(
            ids, max_new_tokens=32, min_new_tokens=32, do_sample=False, num_beams=1,
            repetition_penalty=1.0, eos_token_id=None,
            # or generate() would leave out the ends of turns, which are its padding too
            attention_mask=torch.ones_like(ids),
        )[0, ids.shape[1]:]
    saved[f"p{i}.ids"] = ids[0].to(torch.int32)
    saved[f"p{i}.greedy"] = greedy.to(torch.int32)
    print(i, tokenizer.decode(greedy)[:80].replace("\n", " "), flush=True)
save_file(saved, out)
