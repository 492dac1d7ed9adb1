"""Golden conversations for chat templates, made with transformers' apply_chat_template.

    python chat_goldens.py FOLDER                  # writes template-goldens.json, jinja-goldens.json
    python chat_goldens.py FOLDER --check FILE     # renders FILE's own templates again and compares

FOLDER is alignment-api/src/test/resources/org/alignment4j/chat. Every templates/*.jinja in it is
rendered for the conversations of goldens.json, and the text tokenised as a whole by the tokenizers
there. A template that refuses a conversation gives a case without a text. The small templates in
jinja-goldens.json, each about a part of the language, get their texts anew. Needs transformers and
tokenizers; no part of the build.
"""

import argparse
import datetime
import json
import logging
import pathlib

import transformers
import transformers.utils.chat_template_utils as chat_template_utils
from jinja2.exceptions import TemplateError
from tokenizers import Tokenizer

TOKENIZERS = ("byte-level", "prepend", "metaspace")
BOS, EOS = "<s>", "</s>"


class StoppedClock(datetime.datetime):
    """The date that JinjaDate gives."""

    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26)


def render(tokenizer, template, messages, generation):
    turns = [{"role": role, "content": text} for role, text in messages]
    try:
        return tokenizer.apply_chat_template(
            turns, chat_template=template, tokenize=False, add_generation_prompt=generation
        )
    except TemplateError:
        return None


def special(folder, bos, eos):
    options = {name: text for name, text in (("bos_token", bos), ("eos_token", eos)) if text}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "byte-level" / "tokenizer.json"), **options
    )


def ids(tokenizer, text):
    """The ids of a whole text; None where the tokenizer reads white space twice: as swallowed by
    the token before it and as an added token of its own."""
    encoding = tokenizer.encode(text, add_special_tokens=False)
    added = tokenizer.get_added_tokens_decoder()
    for i in range(1, len(encoding.ids)):
        if encoding.ids[i] in added and encoding.offsets[i][0] < encoding.offsets[i - 1][1]:
            return None
    return encoding.ids


def check(folder, file):
    wrong = 0
    for golden in json.loads(file.read_text()):
        tokenizer = special(folder, golden["bos"], golden["eos"])
        for case in golden["cases"]:
            found = render(tokenizer, golden["template"], case["messages"], case["generation"])
            if found != case.get("text"):
                wrong += 1
                print(golden["name"], case["messages"], repr(case.get("text")), repr(found))
        print(golden["name"], len(golden["cases"]), "cases")
    return wrong


def goldens(folder):
    raw = {name: Tokenizer.from_file(str(folder / name / "tokenizer.json")) for name in TOKENIZERS}
    for each in raw.values():
        each.no_truncation()
        each.no_padding()
    tokenizer = special(folder, BOS, EOS)
    cases = json.loads((folder / "goldens.json").read_text())[0]["cases"]
    for file in sorted((folder / "templates").glob("*.jinja")):
        template = file.read_text()
        rendered = []
        for case in cases:
            text = render(tokenizer, template, case["messages"], case["generation"])
            one = {"messages": case["messages"], "generation": case["generation"]}
            if text is not None:
                one["text"] = text
                found = {name: ids(each, text) for name, each in raw.items()}
                one["ids"] = {name: each for name, each in found.items() if each is not None}
            rendered.append(one)
        yield {
            "name": file.stem,
            "format": "Jinja template",
            "bos": BOS,
            "eos": EOS,
            "template": template,
            "cases": rendered,
        }


def rendered_alone(template):
    """What a small template makes of one message; None where it cannot be run."""
    try:
        return chat_template_utils._compile_jinja_template(template).render(
            messages=[{"role": "user", "content": "x"}],
            tools=None,
            documents=None,
            add_generation_prompt=True,
            bos_token=BOS,
        )
    except Exception:  # Python's own, as well as Jinja's
        return None


def language(file):
    lines = []
    for golden in json.loads(file.read_text()):
        one = {"template": golden["template"], "text": rendered_alone(golden["template"])}
        lines.append(json.dumps(one, ensure_ascii=False))
    file.write_text("[\n" + ",\n".join(lines) + "\n]\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--check", type=pathlib.Path)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    chat_template_utils.datetime = StoppedClock
    if arguments.check:
        raise SystemExit(check(arguments.folder, arguments.check) > 0)
    made = list(goldens(arguments.folder))
    lines = []
    for golden in made:
        cases = ",\n".join(
            json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in golden["cases"]
        )
        head = {key: golden[key] for key in golden if key != "cases"}
        lines.append(json.dumps(head, ensure_ascii=False)[:-1] + ',"cases":[\n' + cases + "\n]}")
    out = arguments.folder / "template-goldens.json"
    out.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    language(arguments.folder / "jinja-goldens.json")
    print(out, len(made), "templates")


if __name__ == "__main__":
    main()
