"""Writes alignment-api/src/test/resources/org/alignment4j/model/sampling.json: the distributions that
transformers' logits processors leave to draw from. Needs torch and transformers.

    python examples/python/sampling_goldens.py
"""

import json
import math
import pathlib

import torch
import transformers
from transformers.generation import (
    LogitsProcessorList,
    MinNewTokensLengthLogitsProcessor,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

OUT = pathlib.Path(__file__).parents[2] / "alignment-api/src/test/resources/org/alignment4j/model/sampling.json"

CASES = [
    dict(vocabulary=37, temperature=1.0),
    dict(vocabulary=37, temperature=0.3),
    dict(vocabulary=37, temperature=2.5, topK=5),
    dict(vocabulary=37, temperature=1.0, topK=1),
    dict(vocabulary=37, temperature=1.0, topK=100),
    dict(vocabulary=37, temperature=0.8, topP=0.9),
    dict(vocabulary=37, temperature=1.0, topP=0.01),
    dict(vocabulary=37, temperature=1.5, minP=0.1),
    dict(vocabulary=37, temperature=1.0, repetitionPenalty=1.3),
    dict(vocabulary=37, temperature=1.0, repetitionPenalty=0.7),
    dict(vocabulary=37, temperature=1.0, banned=[2, 7, 30]),
    dict(vocabulary=37, temperature=0.9, topK=12, topP=0.8, minP=0.05, repetitionPenalty=1.2, banned=[11]),
    dict(vocabulary=37, temperature=2.0, topK=30, topP=0.95, minP=0.2, repetitionPenalty=1.1),
    # One whose nucleus lies within the likeliest 512 of a larger vocabulary, one whose does not.
    dict(vocabulary=5000, temperature=0.15, topP=0.5, repetitionPenalty=1.2),
    dict(vocabulary=5000, temperature=0.5, topP=0.02, minP=0.9),
    dict(vocabulary=5000, temperature=3.0, topP=0.5),
]


def logits(vocabulary):
    """Three rows; the test computes the same numbers."""
    rows = [[6 * math.sin(0.37 * i * i + b) for i in range(vocabulary)] for b in range(3)]
    return torch.tensor(rows, dtype=torch.float64).to(torch.float32)


def processors(case):
    found = []
    if "banned" in case:
        found.append(MinNewTokensLengthLogitsProcessor(4, 1, case["banned"]))
    if case.get("repetitionPenalty", 1.0) != 1.0:
        found.append(RepetitionPenaltyLogitsProcessor(case["repetitionPenalty"]))
    if case["temperature"] != 1.0:
        found.append(TemperatureLogitsWarper(case["temperature"]))
    if case.get("topK", 0) > 0:
        found.append(TopKLogitsWarper(case["topK"]))
    if case.get("topP", 1.0) < 1.0:
        found.append(TopPLogitsWarper(case["topP"]))
    if case.get("minP", 0.0) > 0:
        found.append(MinPLogitsWarper(case["minP"]))
    return LogitsProcessorList(found)


def main():
    cases = []
    for case in CASES:
        scores = logits(case["vocabulary"])
        seen = torch.tensor([[3, 5, 5, 11], [0, 1, 2, 3], [36, 20, 10, 20]])
        p = torch.softmax(processors(case)(seen, scores.clone()).double(), -1)
        rows = []
        for row in p:
            ids = row.nonzero().flatten().tolist()
            if case["vocabulary"] > 1000 and len(ids) > 40:
                # Enough to tell: how many are left, their sum of squares, and the first ones.
                rows.append(dict(left=len(ids), squares=float((row * row).sum()), ids=ids[:40], p=[round(float(row[i]), 10) for i in ids[:40]]))
            else:
                rows.append(dict(left=len(ids), squares=float((row * row).sum()), ids=ids, p=[round(float(row[i]), 8) for i in ids]))
        cases.append(dict(case, seen=seen.tolist(), rows=rows))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(dict(transformers=transformers.__version__, cases=cases), separators=(",", ":")) + "\n")


main()
