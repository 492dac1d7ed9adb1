#!/usr/bin/env python3
"""Parquet as pyarrow has it, for the tests of preference files.

Needs Python with pyarrow; nothing else in this repository does.

  parquet_fixture.py write OUT
      Writes the files of alignment-data/src/test/resources/org/alignment4j/data/parquet.
  parquet_fixture.py check PARQUET JSONL
      Whether pyarrow reads from PARQUET what JSONL holds, where PreferenceWriter wrote the same
      rows to both: lists of messages as lists of structures, the lineage as JSON text.
"""

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

USER = {"role": "user", "content": 'Why, "so"?\n'}
SYSTEM = {"role": "system", "content": ""}
EARLIER = [{"role": "user", "content": "\u00e9 \U0001f600"}, {"role": "assistant", "content": ""}]


def answer(text):
    return [{"role": "assistant", "content": text}]


CONVERSATIONS = {
    "id": ["a", "b"],
    "prompt": [[SYSTEM, USER], EARLIER + [USER]],
    "chosen": [answer("c"), answer("d\r\n")],
    "rejected": [answer("r"), answer("s")],
    "score": [0.5, 1.0],
}
TEXTS = {
    "id": [1, 2],
    "prompt": ["p", "q\n"],
    "chosen": ["c", "d"],
    "rejected": ["r", "s"],
    "label": ["hate", None],
}
RELEASED = {
    "instruction": ["i", "j"],
    "rejected": ["r", None],
    "chosen": ["c", "d"],
    "label": ["hate", "illegal"],
}
SOURCES = {"id": [7, 8], "Text": ["t", "u\nv"], "category": ["hate", None], "license": ["MIT", ""]}


def write(out):
    def put(name, columns, **settings):
        pq.write_table(pa.table(columns), out / f"{name}.parquet", **settings)

    out.mkdir(parents=True, exist_ok=True)
    put("element-zstd", CONVERSATIONS, compression="zstd", data_page_version="2.0")
    put("item-gzip", CONVERSATIONS, compression="gzip", use_compliant_nested_type=False)
    put("texts-snappy", TEXTS, compression="snappy", row_group_size=1)
    put("texts-lz4", TEXTS, compression="lz4", use_dictionary=False)
    put("released-none", RELEASED, compression="none")
    put("sources-zstd", SOURCES, compression="zstd")


def check(parquet, jsonl):
    expected = [json.loads(line) for line in open(jsonl, encoding="utf-8")]
    found = pq.read_table(parquet).to_pylist()
    for row in found:
        if row["lineage"] is not None:
            row["lineage"] = json.loads(row["lineage"])
    found = [{key: value for key, value in row.items() if value is not None} for row in found]
    if found != expected:
        sys.exit(f"{parquet} and {jsonl} differ")
    print(f"{len(found)} rows are equal")


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"] and len(sys.argv) == 3:
        write(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["check"] and len(sys.argv) == 4:
        check(sys.argv[2], sys.argv[3])
    else:
        sys.exit(__doc__)
