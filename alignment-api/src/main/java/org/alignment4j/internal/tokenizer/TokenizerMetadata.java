package org.alignment4j.internal.tokenizer;

import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.tensor.GgufFile;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/** The metadata of a GGUF file that describe its tokenizer; every error names file and key. */
final class TokenizerMetadata {
  static final String MODEL = "tokenizer.ggml.model";
  static final String TEMPLATE = "tokenizer.chat_template";

  private final Path file;
  private final Map<String, GgufValue> values;

  TokenizerMetadata(Path file, Map<String, GgufValue> values) {
    this.file = file;
    this.values = values;
  }

  /** The name of a key, which is given without its common beginning. */
  static String key(String name) {
    return "tokenizer.ggml." + name;
  }

  /** The file's kind, e.g. "llama", or empty. */
  String architecture() {
    return text(GgufFile.ARCHITECTURE);
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** Whether there is a key that begins so. */
  boolean hasAny(String beginning) {
    return values.keySet().stream().anyMatch(key -> key.startsWith(beginning));
  }

  /** A string, empty if there is none. */
  String text(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      return "";
    }
    if (value.type() != GgufValue.Type.STRING) {
      throw wrongType(key, value, "a string");
    }
    return (String) value.decoded();
  }

  boolean flag(String key, boolean absent) {
    GgufValue value = values.get(key);
    if (value == null) {
      return absent;
    }
    if (value.type() != GgufValue.Type.BOOL) {
      throw wrongType(key, value, "a truth value");
    }
    return (Boolean) value.decoded();
  }

  /**
   * A token id.
   *
   * @param size number of tokens
   */
  OptionalInt id(String key, int size) {
    GgufValue value = values.get(key);
    if (value == null) {
      return OptionalInt.empty();
    }
    if (!(value.decoded() instanceof Long id)) {
      throw wrongType(key, value, "a token id");
    }
    return OptionalInt.of(checked(key, id, size));
  }

  /**
   * Token ids, none if the key is absent.
   *
   * @param size number of tokens
   */
  int[] ids(String key, int size) {
    int[] ids = ints(key);
    for (int id : ids) {
      checked(key, id, size);
    }
    return ids;
  }

  private int checked(String key, long id, int size) {
    if (id < 0 || id >= size) {
      throw error(key, "expected a token id below " + size + ", found " + id);
    }
    return (int) id;
  }

  /** An array of strings, empty if there is none. */
  String[] texts(String key) {
    GgufValue value = values.get(key);
    String[] texts = value == null ? new String[0] : value.strings();
    if (texts == null) {
      throw wrongType(key, value, "an array of strings");
    }
    return texts;
  }

  /** An array of 32-bit integers, empty if there is none. */
  int[] ints(String key) {
    GgufValue value = values.get(key);
    int[] numbers = value == null ? new int[0] : value.ints();
    if (numbers == null) {
      throw wrongType(key, value, "an array of 32-bit integers");
    }
    return numbers;
  }

  /** An array of numbers, empty if there is none. */
  float[] floats(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      return new float[0];
    }
    float[] numbers = value.floats();
    if (numbers != null) {
      return numbers;
    }
    int[] whole = value.ints();
    if (whole == null) {
      throw wrongType(key, value, "an array of FLOAT32");
    }
    numbers = new float[whole.length];
    for (int i = 0; i < whole.length; i++) {
      numbers[i] = whole[i];
    }
    return numbers;
  }

  private CheckpointException wrongType(String key, @Nullable GgufValue found, String expected) {
    String type = found == null ? "none" : found.type().toString();
    return error(key, "expected " + expected + ", found " + type);
  }

  CheckpointException error(String key, String message) {
    return new CheckpointException(file + ": " + Shown.value(key) + ": " + message);
  }
}
