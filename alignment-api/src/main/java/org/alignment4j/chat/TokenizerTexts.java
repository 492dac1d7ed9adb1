package org.alignment4j.chat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.nio.file.Path;
import java.util.Map;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.tensor.GgufCheckpoint;
import org.alignment4j.internal.tensor.GgufFile;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.StrictJson;
import org.alignment4j.internal.tokenizer.GgufTokenizer;
import org.jspecify.annotations.Nullable;

/**
 * A tokenizer's files by name: those of a model folder, or those that say the same as a GGUF file.
 *
 * @param source the folder or the GGUF file
 * @param made the texts made from the GGUF file, by name; null for a folder
 */
record TokenizerTexts(Path source, @Nullable Map<String, String> made) {
  /**
   * @param source a model folder or a GGUF file
   * @throws CheckpointException if a GGUF file is damaged or its tokenizer is not known
   */
  static TokenizerTexts of(Path source) {
    if (!GgufFile.isGguf(source)) {
      return new TokenizerTexts(source, null);
    }
    try (GgufCheckpoint file = GgufCheckpoint.open(source)) {
      return new TokenizerTexts(source, GgufTokenizer.files(file));
    }
  }

  /** The file that has this text. */
  Path file(String name) {
    return made == null ? source.resolve(name) : source;
  }

  boolean has(String name) {
    return made == null ? InputFile.checkpoint(file(name)).exists() : made.containsKey(name);
  }

  /**
   * The text of a file.
   *
   * @param max maximum bytes
   * @throws CheckpointException if it is missing, cannot be read or is larger
   */
  String text(String name, long max) {
    String text = made == null ? null : made.get(name);
    return text == null ? InputFile.checkpoint(file(name)).text(max) : text;
  }

  /**
   * A settings file as an object, which is empty if there is no such file.
   *
   * @throws CheckpointException if it cannot be read
   */
  JsonObject settings(String name) {
    if (!has(name)) {
      return new JsonObject();
    }
    if (made == null) {
      return InputFile.checkpoint(file(name)).json(InputFile.SETTINGS);
    }
    try {
      return StrictJson.object(text(name, InputFile.SETTINGS));
    } catch (JsonParseException e) {
      throw new CheckpointException("cannot read " + source + ": " + Reasons.of(e), e);
    }
  }
}
