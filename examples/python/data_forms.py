"""Writes what Python makes of lists of messages as text, and of texts that are JSON or nearly so:

    python data_forms.py alignment-data/src/test/resources/org/alignment4j/data

python-cells.json: what repr (as pandas writes a cell of CSV) and str of a NumPy array make of lists of messages, and
what ast.literal_eval makes of it again. python-json.json: what json.loads makes of whole and damaged texts, null in
place of "value" where it raises. Needs numpy.
"""
import ast
import json
import random
import sys
from pathlib import Path

import numpy as np

TEXTS = [
    "plain", "it's", 'say "hi"', "both ' and \"", "back\\slash", "line\nbreak", "tab\t", "\r", "\0", "\x07\x7f\x9f",
    "\u2028\u00a0", "\ufeff", "\U0001F600", "\ud83d", "\\n", "'''", '"""', "{'a': [1, None]}", "[{'role': 'x'}]", "", " ",
    "\u65e5\u672c", "\\", "'\\'", "a\\'b\"c",
]


def cells():
    found = []
    for i, text in enumerate(TEXTS):
        other = TEXTS[(7 * i + 3) % len(TEXTS)]
        messages = [{"content": text, "role": "user"}, {"role": "assistant", "content": other, "name": None}]
        for cell in (repr(messages), repr(messages[:1])):
            found.append({"cell": cell, "messages": ast.literal_eval(cell)})
        found.append({"cell": str(np.array(messages, dtype=object)), "messages": messages})
    by_hand = [
        r"""[{'role': "user", 'content': 'a' 'b'}]""",
        r"""[ { "role" : u'user' , 'content' : '''x
'y' ''' , } , ]""",
        r"""[{'role': 'user', 'content': '\x41\u00e9\U0001F600\101\N{BULLET}\q\
z'}]""",
        r"""({'role': 'user', 'content': r'\n'},)""",
        r"""[{'role': 'user', 'content': 'x', 'n': [1.5, -2e3, True, False, None]}]""",
    ]
    for cell in by_hand:
        found.append({"cell": cell, "messages": list(ast.literal_eval(cell))})
    return found


def strict(text):
    try:
        return json.loads(text), True
    except (ValueError, RecursionError):
        return None, False


def documents():
    draw = random.Random(16)
    whole = [
        '{"a": NaN, "b": [Infinity, -Infinity, 1.5e-3, -0, 10]}', '{"a": "x\\u00e9\\ud83d\\/\\b", "b": {"c": [[], {}]}}',
        '[true, false, null, "", {"a": {"b": [{"c": "d"}]}}]', ' { "k" : [ 1 , 2 ] } ', '"text"', "-1.0E+9", "[[[[1]]]]",
        '{"a": 1, "b": "two", "c": [3, {"d": null}]}',
    ]
    texts = list(whole) + ["", "nan", "+1", "01", "1.", ".5", "1e", "--1", "-", "tru", "nulls", "'a'", '{"a"}', "{a: 1}", "[1,]",
                           '{"a": 1,}', '"\t"', '"\\x"', '"\\u12"', '"', "[1 2]", "{} {}", "// c", "[1]/**/", "\ufeff1", "\u00a01",
                           "-NaN", "NaNs", "INF", "1_000", "0x1", "[", "{", '{"a":', "]", "[}", '{"a": 1]']
    signs = list('{}[]",:\\ 0123456789.eE+-NaInfty') + ["\t", "\u00e9", "null", "NaN"]
    for _ in range(400):
        text = draw.choice(whole)
        for _ in range(draw.randint(1, 2)):
            at = draw.randrange(len(text) + 1)
            kind = draw.randrange(3)
            text = text[:at] + (draw.choice(signs) if kind else "") + text[at + (kind != 1):]
        texts.append(text)
    found = []
    for text in texts:
        value, good = strict(text)
        found.append({"text": text, "valid": good, "value": json.dumps(value, sort_keys=True) if good else None})
    return found


out = Path(sys.argv[1])
for name, content in (("python-cells.json", cells()), ("python-json.json", documents())):
    (out / name).write_text(json.dumps(content, indent=0) + "\n")
    print(name, len(content))
