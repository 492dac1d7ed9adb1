// What a user would run today: llama.cpp, by the npm package node-llama-cpp, on the same GGUF file,
// threads and token ids as `examples/align bench`.
//
// usage: node llama_cpp_bench.mjs MODEL.gguf WORKLOAD.json [--threads N] [--repeats N] [--only NAME,NAME]
//
// Needs node-llama-cpp with a prebuilt binary; nothing else in this repository does. Prints a JSON
// object: load_s; generate_b1 and generate_b8, 64 greedy tokens after 16, new tokens/s; prompt, a
// prompt of 256 tokens, tokens/s. Each the median after one warm-up.
import {readFileSync} from "node:fs";
import {getLlama, LlamaLogLevel} from "node-llama-cpp";

const [model, workload, ...rest] = process.argv.slice(2);
const option = (name, absent) => {
  const at = rest.indexOf("--" + name);
  return at < 0 ? absent : rest[at + 1];
};
const threads = Number(option("threads", 2));
const repeats = Number(option("repeats", 3));
const only = option("only", "").split(",").filter(Boolean);
const NEW = 64;
const START = 16;
const PROMPT = 256;

const llama = await getLlama({gpu: false, maxThreads: threads, logLevel: LlamaLogLevel.error, build: "never"});
const begin = performance.now();
const loaded = await llama.loadModel({modelPath: model});
const result = {load_s: (performance.now() - begin) / 1e3};
const vocabulary = loaded.fileInfo.metadata.tokenizer.ggml.tokens.length;
const rows = JSON.parse(readFileSync(workload, "utf8")).prompts;
const ids = rows.map((row) => row.map((x) => 3 + (x % (vocabulary - 3))));

async function generate(sequence, start) {
  await sequence.clearHistory();
  let n = 0;
  for await (const token of sequence.evaluate(start, {temperature: 0, yieldEogToken: true})) {
    if (++n === NEW) break;
  }
}

async function median(work) {
  await work();
  const seconds = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await work();
    seconds.push((performance.now() - start) / 1e3);
  }
  seconds.sort((a, b) => a - b);
  return (seconds[(repeats - 1) >> 1] + seconds[repeats >> 1]) / 2;
}

async function batch(size) {
  const context = await loaded.createContext({
    sequences: size, contextSize: 512, batchSize: 512, threads,
  });
  const sequences = Array.from({length: size}, () => context.getSequence());
  const starts = ids.slice(0, size).map((s) => Array.from({length: START}, (_, i) => s[i % s.length]));
  const seconds = await median(() =>
    Promise.all(sequences.map((s, i) => generate(s, starts[i]))));
  await context.dispose();
  return (size * NEW) / seconds;
}

for (const size of [1, 8]) {
  const name = "generate_b" + size;
  if (!only.length || only.includes(name)) result[name] = await batch(size);
}
if (!only.length || only.includes("prompt")) {
  const context = await loaded.createContext({sequences: 1, contextSize: 512, batchSize: 512, threads});
  const sequence = context.getSequence();
  const prompt = ids.flat().slice(0, PROMPT);
  const seconds = await median(async () => {
    await sequence.clearHistory();
    await sequence.evaluateWithoutGeneratingNewTokens(prompt);
  });
  result.prompt = PROMPT / seconds;
  await context.dispose();
}
result.rss_mib = process.memoryUsage().rss / 2 ** 20;
result.threads = threads;
console.log(JSON.stringify(result));
process.exit(0);
