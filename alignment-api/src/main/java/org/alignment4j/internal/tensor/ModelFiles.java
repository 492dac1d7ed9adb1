package org.alignment4j.internal.tensor;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.internal.text.Shown;
import org.alignment4j.internal.text.StrictJson;

/** The files of a model beside its weights, whether it is a Hugging Face folder or GGUF. */
public final class ModelFiles {
  private static final String CONFIG = "config.json";
  private static final String TIED = "tie_word_embeddings";
  private static final String EMBEDDINGS = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";

  private ModelFiles() {}

  /**
   * The configuration of a model: its config.json, or what stands for it in GGUF.
   *
   * @throws CheckpointException if there is none or it cannot be read
   */
  public static JsonObject config(Path model) {
    return GgufFile.isGguf(model)
        ? GgufConfig.read(model)
        : InputFile.checkpoint(model.resolve(CONFIG)).json(InputFile.SETTINGS);
  }

  /**
   * The number of query heads or of key/value heads of a model, which are as many if not stated.
   *
   * @param key {@code num_attention_heads} or {@code num_key_value_heads}
   * @throws CheckpointException if the configuration has no such number
   */
  public static long heads(Path model, String key) {
    JsonObject config = config(model);
    JsonElement stated = config.get(key);
    JsonElement heads =
        stated == null || stated.isJsonNull() ? config.get("num_attention_heads") : stated;
    if (heads instanceof JsonPrimitive number && number.getAsString().matches("[1-9]\\d{0,8}")) {
      return Long.parseLong(number.getAsString());
    }
    throw new CheckpointException(
        model + ": " + key + ": expected a whole number >= 1, found " + Shown.value(heads));
  }

  /** Whether a model has a tokenizer. */
  public static boolean hasTokenizer(Path model) {
    if (!GgufFile.isGguf(model)) {
      return InputFile.checkpoint(model.resolve("tokenizer.json")).exists();
    }
    try (GgufCheckpoint file = GgufCheckpoint.open(model)) {
      GgufValue kind = file.metadata().get("tokenizer.ggml.model");
      return kind != null && !kind.equals(GgufValue.of("none"));
    }
  }

  /**
   * Writes configuration, tokenizer and all else that a model's folder has beside weights into
   * another folder.
   *
   * @throws IOException if the folder cannot be read
   * @throws CheckpointException if a file cannot be read or written
   */
  public static void copy(Path model, Path out) throws IOException {
    if (GgufFile.isGguf(model)) {
      OutputFile.checkpoint(out.resolve(CONFIG)).writeAll(StrictJson.pretty(config(model)));
      return;
    }
    try (Stream<Path> files = Files.list(model)) {
      for (Path f : files.filter(f -> !Files.isDirectory(f)).toList()) {
        String name = f.getFileName().toString();
        if (!name.endsWith(".safetensors") && !name.endsWith(".bin")) {
          OutputFile.checkpoint(out.resolve(name)).copyAll(InputFile.checkpoint(f));
        }
      }
    }
  }

  /** Whether a model multiplies its embeddings by a constant, as the Gemma families do. */
  public static boolean scalesEmbeddings(Path model) {
    return gemma(config(model));
  }

  private static boolean gemma(JsonObject config) {
    return config.get("model_type") instanceof JsonPrimitive type
        && type.getAsString().startsWith("gemma");
  }

  /** Whether the output layer has other values than the embeddings. */
  public static boolean hasOwnHead(Checkpoint weights) {
    return weights.contains(EMBEDDINGS)
        && weights.contains(HEAD)
        && !weights.sameValues(EMBEDDINGS, HEAD);
  }

  /**
   * Marks the output layer of a checkpoint as not tied to the embeddings in its configuration: a
   * flag that ties it, set or by the family's default, is ignored by some programs but not by
   * others. Writes nothing if there is no such flag or no configuration.
   *
   * @throws CheckpointException if the configuration cannot be read or written
   */
  public static void untieHead(Path folder) {
    InputFile file = InputFile.checkpoint(folder.resolve(CONFIG));
    if (!file.exists()) {
      return;
    }
    JsonObject config = file.json(InputFile.SETTINGS);
    JsonPrimitive usual = new JsonPrimitive(gemma(config));
    if (new JsonPrimitive(true).equals(config.has(TIED) ? config.get(TIED) : usual)) {
      config.addProperty(TIED, false);
      OutputFile.checkpoint(file.path()).writeAll(StrictJson.pretty(config));
    }
  }
}
