#!/usr/bin/env python3
"""Tokenizers in GGUF files, and the ids that other programs give, for the tests of their reader.

  gguf_tokenizers.py OUT
      Writes into OUT, which is alignment-api/src/test/resources/org/alignment4j/chat/gguf:
      words.gguf          byte-level merges that were learned across words, so that any difference
                          in how text is cut shows in the ids
      byte-level.gguf     the tokenizer of the folder OUT/../byte-level
      pieces.gguf         SentencePiece in the manner of Llama 2, with some tokens of chat templates
      gemma.gguf          SentencePiece in the manner of Gemma: no space before a text, tokens of
                          several spaces and line breaks that are defined by hand
      one-space.gguf      SentencePiece that drops spaces around a text and doubled ones
      goldens.json        texts, and their ids for each of words.gguf's ways to cut text
                          (tokenizers, the library under transformers), for byte-level.gguf, and for
                          the others (sentencepiece)
  node gguf_tokenizers.mjs OUT
      Adds to goldens.json where llama.cpp gives other ids.
  gguf_tokenizers.py OUT crc GGUF
      Prints, of a file with the way to cut text "smollm", the CRC-32 of the ids of the same texts,
      and of those of the conversations of OUT/../goldens.json for "smollm2" that transformers'
      apply_chat_template gives. transformers 5.24 itself does not cut digits in such files.

The files hold what llama.cpp's convert_hf_to_gguf.py would write. Needs Python with gguf,
tokenizers, sentencepiece and transformers, and node-llama-cpp; nothing else in this repository does.
"""

import io
import json
import sys
import zlib
from pathlib import Path

import sentencepiece
from gguf import GGUFWriter, TokenType
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer

TEXTS = [
    "", " ", "  ", "   ", "\n", "\n\n", "\n\n\n", "\t", "\t\t", " \n", "\n ", "\r\n", "\r\n\r\n", "\u00a0",
    "\u3000", "\u2003\u2003", "\u200b", "\ufeff", "\u2028", "\x0b", "\0", "a\0b", "\ufffd", "\U0010ffff",
    "The quick brown fox jumps over the lazy dog.", "  two before, two after  ", "a   b    c     d",
    "x" + " " * 31 + "y", "x" + " " * 40 + "y", "\n" * 40 + "end", "w  \u3000  w", "w \u00a0 w", "a\n\n  b\n\tc\r\nd",
    "  \n  \n  ", "end of line \n", "I've you're he'll WE'D it'S THEY'RE I'M can't 'tis ''s", "’s don’t", "'''\"'\"'",
    "0 1 12 123 1234 12345 1234567890", "3.14159 1,000,000.00 0x1F 1e-10 -5", "2024-07-26T12:00:00Z v1.2.3-rc.4",
    "a1b2c3 22b 333c", "٣٤٥٦ １２３４５ Ⅷ ½ ¼ x²y³ 10²³ ①②③", "100% $100 €1.234,56 №5",
    "def f(x):\n    return x  # comment\n", "for(int i=0;i<n;++i){\n\tfoo[i]=bar(i);\n}\n", "{\"a\": [1, 2, {\"b\": null}]}",
    "<html class=\"x\">&nbsp;</html>", "https://example.com/path?q=1&r=%20#frag", "C:\\path\\to \\n \\\\", "a->b::c<d>&e",
    "@#$%^&*()_+-=[]{}|;:',.<>/?`~", "!!!!!!??????......", "------======>>>><<<<", "_ __ ___ ~~~~ ^^^^ ||||", "``` ` ``",
    "«guillemets» “quotes” ‘single’ –—…", "±×÷≠≤≥∞∑ ←↑→ ©®™ µ", "camelCaseWordHTTPServer snake_case SCREAMING", "ÀÉÎõü École éCOLE ǅungla ªº",
    "Café naïve", "Cafe\u0301 nai\u0308ve a\u0300\u0301", "\u0301x\u0301", "ﬁ ｆｕｌｌ　ＷＩＤＴＨ ㎏ Å K", "Straße ẞ İı ΑΒΓαβγς",
    "Ещё нещо на Български", "שָׁלוֹם עולם", "اَلْعَرَبِيَّةُ فارسی\u200cنیم", "हिन्दी में नमस्ते বাংলা தமிழ்", "ไทยภาษา ខ្មែរកាន់តែ မြန်མာ བོད་ཡིག",
    "한국어 텍스트 \u1112\u1161\u11ab", "日本語のテキスト カタカナ ﾊﾝｶｸ", "中文文本，标点。我想在apple工作1314151天～", "「括弧」『二重』〜！？・", "𠮷野家 𝕳𝖊𝖑𝖑𝖔 𐍈𐌰",
    "😀 👨‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 🇩🇪🇯🇵 1️⃣ ❤️", "\u202eRTL\u202c \u2066iso\u2069 a\u200db soft\u00adhyphen", "Z͑ͫ̓ͪ̂ͫ̽A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ",
    "<|im_start|>user\nhi<|im_end|>", "<s>[INST] x [/INST] y</s>", "<start_of_turn>model", "<|eot_id|> <bos>", "<0x0A> <0x41>", "<unk> <pad> false true null",
    "\u2581 \u2581\u2581 a\u2581b", "a" * 70, "ab" * 40, "1" * 50, "." * 45, "é" * 30, "日" * 30, "\t \n" * 12, "🙂 " * 12,
]

# A little prose, so that there are whole words.
PROSE = """The library reads a model, and the model answers. What is the capital of France? The capital of France is Paris.
A user asks a question; the assistant gives an answer, or declines to. I can't help with that, but you're welcome to ask again.
The system message comes first, then the user and the assistant take turns. There is no other order in which they could speak.
Numbers such as 1984, 2024 and 1,234.56 are words too. Is it true? It isn't. These are the things that we've seen."""

CHAT = """<|endoftext|> <|im_start|> <|im_end|> <|begin_of_text|> <|end_of_text|> <|start_header_id|> <|end_header_id|> <|eot_id|>
<bos> <eos> <pad> <start_of_turn> <end_of_turn> <|assistant|> <|system|> <|end|> <|user|>""".split()

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
SHORT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
WORD = r"[^\r\n\p{L}\p{N}]?\p{L}+|"
LLAMA3 = SHORT + "|" + WORD + r"\p{N}{1,3}" + REST
QWEN2 = SHORT + "|" + WORD + r"\p{N}" + REST
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
BEFORE = r"[^\r\n\p{L}\p{N}]?"
HAN = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"


def cased(short, digits):
    return (
        f"{BEFORE}{UPPER}*{LOWER}+{short}|{BEFORE}{UPPER}+{LOWER}*{short}|{digits}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )


def cut(*steps, gpt2=False):
    """Pre-tokenisers: a text is a regular expression."""
    steps = [pre_tokenizers.Split(Regex(s), "isolated") if isinstance(s, str) else s for s in steps]
    return pre_tokenizers.Sequence(steps + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=gpt2)])


DIGITS = pre_tokenizers.Digits(individual_digits=True)
# As in the tokenizer.json of the models that llama.cpp's converter gives these names.
LATIN = (
    "\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-\u0373\u0376\u0377\u037b-\u037d"
    "\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd"
    "\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57"
    "\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec"
    "\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f"
    "\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787"
    "\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3"
    "\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df\U0001e900-\U0001e943]+"
)
PRE = {
    "gpt-2": (None, cut(gpt2=True)),
    "mpt": ("NFC", cut(gpt2=True)),
    "smollm": (None, cut(DIGITS, gpt2=True)),
    "command-r": ("NFC", cut(DIGITS, gpt2=True)),
    "llama-bpe": (None, cut(LLAMA3)),
    "dbrx": (None, cut(LLAMA3)),
    "qwen2": ("NFC", cut(QWEN2)),
    "megrez": (None, cut(QWEN2)),
    "qwen35": (
        "NFC",
        cut(
            SHORT + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        ),
    ),
    "ufakzeka": (None, cut(WORD + r"\p{N}" + REST)),
    "seed-coder": (None, cut(SHORT + "|" + WORD + r"\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+")),
    "minicpm5": (None, cut(r"\p{N}{1,3}", SHORT + "|" + WORD + r"\p{N}+" + REST)),
    "tekken": (None, cut(cased("", r"\p{N}"))),
    "gpt-4o": (None, cut(cased(SHORT + "?", r"\p{N}{1,3}"))),
    "deepseek-llm": (
        None,
        cut("[\r\n]", LATIN, r"\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+", r"\s+$", HAN, DIGITS),
    ),
    "deepseek-coder": (None, cut("[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", HAN, DIGITS)),
    "deepseek-v3": (
        None,
        cut(
            r"\p{N}{1,3}",
            "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
            r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
            r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ),
    ),
    "falcon": (
        None,
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Punctuation("contiguous"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
                pre_tokenizers.Digits(individual_digits=False),
                pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated"),
            ]
        ),
    ),
    "bloom": (None, cut(" ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+")),
    "viking": (None, cut(" ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+", DIGITS)),
    "default": (None, cut(r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]")),
}
IGNORE_MERGES = {"llama-bpe", "minicpm5", "tekken"}


def put(path, architecture, model, pre, tokens, types, scores=None, merges=None, **values):
    """Values are ids, or truth values."""
    writer = GGUFWriter(path, architecture)
    # What llama.cpp wants to see of a model, even if only its vocabulary is read.
    writer.add_context_length(64)
    writer.add_embedding_length(64)
    writer.add_block_count(1)
    writer.add_feed_forward_length(64)
    writer.add_head_count(4)
    writer.add_layer_norm_eps(1e-5)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model(model)
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if scores:
        writer.add_token_scores(scores)
    if merges:
        writer.add_token_merges(merges)
    for name, value in values.items():
        if isinstance(value, bool):
            writer.add_bool(f"tokenizer.ggml.{name}", value)
        else:
            writer.add_uint32(f"tokenizer.ggml.{name}", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def ids(tokenizer):
    tokenizer.encode_special_tokens = True
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]


def words(out):
    """Merges learned as if a text were one word."""
    learner = Tokenizer(models.BPE())
    learner.normalizer = normalizers.NFC()
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=1400, min_frequency=1, initial_alphabet=alphabet, max_token_length=12, show_progress=False
    )
    # No token may be spelled like a control token, which no text yields.
    plain = [t for t in TEXTS if len(set(t)) > 2 and "<s>" not in t and "<|" not in t and "_turn>" not in t]
    learner.train_from_iterator(plain + PROSE.split("\n"), trainer)
    model = json.loads(learner.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get) + ["<|endoftext|>"]
    merges = [" ".join(pair) for pair in model["merges"]]
    end = len(tokens) - 1
    types = [TokenType.NORMAL] * end + [TokenType.CONTROL]
    named = {"bos_token_id": end, "eos_token_id": end, "add_bos_token": False}
    put(out / "words.gguf", "llama", "gpt2", "gpt-2", tokens, types, merges=merges, **named)
    vocabulary = {token: i for i, token in enumerate(tokens)}
    pairs = [tuple(pair) for pair in model["merges"]]
    goldens = {}
    for name, (normaliser, steps) in PRE.items():
        tokenizer = Tokenizer(models.BPE(vocabulary, pairs, ignore_merges=name in IGNORE_MERGES))
        if normaliser:
            tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = steps
        goldens[name] = ids(tokenizer)
    return goldens


def byte_level(out):
    path = out.parent / "byte-level" / "tokenizer.json"
    file = json.loads(path.read_text(encoding="utf-8"))
    vocabulary = dict(file["model"]["vocab"])
    kinds = {}
    for token in file["added_tokens"]:
        text = token["content"]
        vocabulary[text] = token["id"]
        control = token["special"] or (text.startswith("<|") and text.endswith("|>"))
        kinds[text] = TokenType.CONTROL if control else TokenType.USER_DEFINED
    tokens = sorted(vocabulary, key=vocabulary.get)
    types = [kinds.get(token, TokenType.NORMAL) for token in tokens]
    merges = [m if isinstance(m, str) else " ".join(m) for m in file["model"]["merges"]]
    end = vocabulary["<|endoftext|>"]
    put(out / "byte-level.gguf", "qwen2", "gpt2", "qwen2", tokens, types, merges=merges, eos_token_id=end, padding_token_id=end)
    return ids(Tokenizer.from_file(str(path)))


def trained(size, **options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([t.strip("\0") for t in TEXTS if t.strip()] + PROSE.split("\n")),
        model_writer=model,
        model_type="bpe",
        vocab_size=size,
        byte_fallback=True,
        character_coverage=0.98,
        normalization_rule_name="identity",
        split_digits=True,
        minloglevel=2,
        **options,
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def pieces(path, architecture, model, added=(), by_hand=(), **values):
    """
    added: control tokens at the end; by_hand: ids of user-defined tokens, which the converter takes
    from tokenizer_config.json
    """
    tokens, types, scores = [], [], []
    for i in range(model.vocab_size()):
        kind = TokenType.NORMAL
        if model.is_unknown(i):
            kind = TokenType.UNKNOWN
        elif model.is_control(i):
            kind = TokenType.CONTROL
        elif model.is_unused(i):
            kind = TokenType.UNUSED
        elif model.is_byte(i):
            kind = TokenType.BYTE
        tokens.append(model.id_to_piece(i))
        scores.append(model.get_score(i))
        types.append(kind)
    for i in by_hand:
        tokens[i], scores[i], types[i] = tokens[i].replace("\u2581", " "), -1000.0, TokenType.USER_DEFINED
    for token in added:
        tokens.append(token)
        scores.append(-1000.0)
        types.append(TokenType.CONTROL)
    named = {"bos": model.bos_id(), "eos": model.eos_id(), "unknown": model.unk_id(), "padding": model.pad_id()}
    values.update({f"{name}_token_id": i for name, i in named.items() if i >= 0})
    put(path, architecture, "llama", "default", tokens, types, scores, **values)
    return [model.encode(text) for text in TEXTS]


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    goldens = {"texts": TEXTS, "words": words(out), "byte-level": byte_level(out)}
    spaces = {"remove_extra_whitespaces": False, "allow_whitespace_only_pieces": True}
    llama = trained(900, **spaces)
    more = [token for token in CHAT if llama.piece_to_id(token) == llama.unk_id()]
    goldens["pieces"] = pieces(out / "pieces.gguf", "llama", llama, added=more)
    by_hand = ["\n" * i for i in range(1, 32)] + ["\u2581" * i for i in range(2, 32)] + ["\t" * i for i in range(2, 8)]
    gemma = trained(
        900,
        add_dummy_prefix=False,
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        pad_piece="<pad>",
        eos_piece="<eos>",
        bos_piece="<bos>",
        control_symbols=["<start_of_turn>", "<end_of_turn>"],
        user_defined_symbols=by_hand + ["<table>"],
        **spaces,
    )
    defined = [gemma.piece_to_id(token) for token in by_hand + ["<table>"]]
    goldens["gemma"] = pieces(out / "gemma.gguf", "gemma2", gemma, by_hand=defined, add_space_prefix=False)
    one = trained(700, remove_extra_whitespaces=True)
    goldens["one-space"] = pieces(out / "one-space.gguf", "llama", one, remove_extra_whitespaces=True)
    with open(out / "goldens.json", "w", encoding="utf-8") as file:
        json.dump(goldens, file, ensure_ascii=True, separators=(",", ":"))


def crc(out, gguf):
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    tokenizer.backend_tokenizer.pre_tokenizer = PRE["smollm"][1]
    rows = []
    for golden in json.loads((out.parent / "goldens.json").read_text(encoding="utf-8")):
        if golden["name"] == "smollm2":
            for case in golden["cases"]:
                if "byte-level" in case.get("ids", {}):
                    turns = [{"role": role, "content": text} for role, text in case["messages"]]
                    options = {"add_generation_prompt": case["generation"], "return_dict": False}
                    rows.append(tokenizer.apply_chat_template(turns, **options))
    for found in (ids(tokenizer.backend_tokenizer), rows):
        print(len(found), zlib.crc32(json.dumps(found, separators=(",", ":")).encode()))


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(Path(sys.argv[1]))
    elif len(sys.argv) == 4 and sys.argv[2] == "crc":
        crc(Path(sys.argv[1]), Path(sys.argv[3]))
    else:
        sys.exit(__doc__)
