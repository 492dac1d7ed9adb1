package org.alignment4j.internal.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.text.Reasons;

/** Unsupported forms of weights that a folder may have, with advice for each. */
enum OtherWeights {
  SHARDS(
      "model-\\d+-of-\\d+\\.safetensors",
      "the index of these shards is missing; the download may be incomplete"),
  ADAPTER(
      "adapter_model\\.(safetensors|bin)",
      "this is an adapter; load the model that it was tuned on, and then the adapter"),
  PICKLES(
      "(pytorch_model|consolidated|model|adapter|checkpoint).*\\.(bin|pt|pth|ckpt|pkl)(\\.index\\.json)?"
          + "|(?!optimizer|scheduler|rng_state).*\\.(pt|pth|ckpt|pkl)|mp_rank.*",
      "pickles can run code and are never loaded; convert them to safetensors with transformers:"
          + " AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(OTHER)"),
  TENSORFLOW_OR_FLAX(
      ".*\\.(h5|msgpack|ckpt\\.index)",
      "weights of TensorFlow or Flax are not read; convert them to safetensors with transformers 4:"
          + " AutoModelForCausalLM.from_pretrained(FOLDER, from_tf=True or from_flax=True)"
          + ".save_pretrained(OTHER)"),
  GGUF(".*\\.(gguf|ggml)", "to load a model from GGUF, name the file itself"),
  OTHER_SAFETENSORS(
      ".*\\.safetensors",
      "they are not in the form that transformers writes; save them with it, or rename the one file"
          + " if its tensors have transformers' names");

  private static final int LOOKED_AT = 10_000;
  private static final int SHOWN = 3;

  private final Pattern name;
  private final String advice;

  OtherWeights(String name, String advice) {
    this.name = Pattern.compile(name);
    this.advice = advice;
  }

  /** The error for a folder without the weights that were expected. */
  static CheckpointException found(Path folder, String expected) {
    List<String> names;
    try (Stream<Path> files = Files.list(folder)) {
      names = files.limit(LOOKED_AT).map(f -> f.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new CheckpointException("cannot read " + folder + ": " + Reasons.of(e), e);
    }
    return Arrays.stream(values())
        .map(kind -> kind.error(folder, expected, names))
        .flatMap(List::stream)
        .findFirst()
        .orElseGet(
            () ->
                new CheckpointException(
                    folder + ": expected " + expected + ", found no weights at all"));
  }

  private List<CheckpointException> error(Path folder, String expected, List<String> names) {
    List<String> mine = names.stream().filter(n -> name.matcher(n).matches()).limit(SHOWN).toList();
    return mine.isEmpty()
        ? List.of()
        : List.of(
            new CheckpointException(
                folder + ": expected " + expected + ", found only " + mine + "; " + advice));
  }
}
