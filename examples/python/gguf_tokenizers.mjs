// Adds to OUT/goldens.json where llama.cpp gives other ids; see gguf_tokenizers.py.
//
//   node gguf_tokenizers.mjs OUT
//
// Needs node-llama-cpp, from the folder that NODE_LLAMA_CPP names if it is not installed here.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const {getLlama, LlamaLogLevel} = await import(process.env.NODE_LLAMA_CPP ?? "node-llama-cpp");
const out = process.argv[2];
const file = path.join(out, "goldens.json");
const goldens = JSON.parse(fs.readFileSync(file, "utf8"));
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.disabled});

async function ids(gguf) {
  const model = await llama.loadModel({modelPath: gguf, vocabOnly: true, ignoreMemorySafetyChecks: true});
  const all = goldens.texts.map((text) => [...model.tokenize(text, false)]);
  await model.dispose();
  return all;
}

/** The same file with another name of the way to cut text, which has the same length or is padded by a new one. */
function renamed(gguf, pre) {
  const bytes = fs.readFileSync(gguf);
  const key = Buffer.from("tokenizer.ggml.pre");
  const at = bytes.indexOf(key) + key.length + 4; // the type's number
  const length = Number(bytes.readBigUInt64LE(at));
  const value = Buffer.from(pre);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(value.length));
  const target = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "gguf-")), "renamed.gguf");
  fs.writeFileSync(target, Buffer.concat([bytes.subarray(0, at), size, value, bytes.subarray(at + 8 + length)]));
  return target;
}

/** By the number of a text, the ids that are not those of the other program. */
function differences(found, expected) {
  const differing = {};
  found.forEach((row, i) => {
    if (JSON.stringify(row) !== JSON.stringify(expected[i])) {
      differing[i] = row;
    }
  });
  return differing;
}

const others = {};
for (const [pre, expected] of Object.entries(goldens.words)) {
  others["words " + pre] = differences(await ids(renamed(path.join(out, "words.gguf"), pre)), expected);
}
for (const name of ["byte-level", "pieces", "gemma", "one-space"]) {
  others[name] = differences(await ids(path.join(out, name + ".gguf")), goldens[name]);
}
goldens["llama.cpp differs"] = others;
fs.writeFileSync(file, JSON.stringify(goldens));
for (const [name, differing] of Object.entries(others)) {
  console.log(name, Object.keys(differing).length, "of", goldens.texts.length, "differ");
}
process.exit(0);
