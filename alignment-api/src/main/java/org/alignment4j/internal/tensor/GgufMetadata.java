package org.alignment4j.internal.tensor;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/**
 * The metadata of a model in GGUF, read by key and checked for its type. Every error names the file
 * and the key.
 *
 * @param path the file, for messages
 * @param file its tensors and metadata
 * @param architecture of the model
 */
record GgufMetadata(Path path, GgufCheckpoint file, GgufArchitecture architecture) {
  /**
   * @throws CheckpointException if the file has no architecture
   * @throws UnsupportedArchitectureException if it has one that this version does not run
   */
  static GgufMetadata of(Path path, GgufCheckpoint file) {
    Object name = decoded(file.metadata(), GgufFile.ARCHITECTURE);
    Object kind = decoded(file.metadata(), "general.type");
    if (kind != null && !kind.equals("model")) {
      throw new CheckpointException(
          path + ": expected a model, found general.type " + Shown.quoted(kind.toString()));
    }
    if (!(name instanceof String known)) {
      throw new CheckpointException(
          path + ": expected " + GgufFile.ARCHITECTURE + ", a string, found none");
    }
    GgufArchitecture architecture =
        GgufArchitecture.of(known)
            .orElseThrow(
                () ->
                    new UnsupportedArchitectureException(
                        path
                            + ": "
                            + GgufFile.ARCHITECTURE
                            + " "
                            + Shown.quoted(known)
                            + " is not supported; supported are "
                            + GgufArchitecture.names()));
    return new GgufMetadata(path, file, architecture);
  }

  private static @Nullable Object decoded(Map<String, GgufValue> metadata, String key) {
    GgufValue value = metadata.get(key);
    return value == null ? null : value.decoded();
  }

  /** The full key of one of the architecture's own, such as {@code llama.block_count}. */
  String own(String key) {
    return architecture.key() + "." + key;
  }

  private Optional<Object> value(String key) {
    return Optional.ofNullable(decoded(file.metadata(), key));
  }

  /** An integer of at least 0; empty if absent. */
  Optional<Long> count(String key) {
    return value(key)
        .map(
            v -> {
              if (v instanceof Long n && n >= 0 && n <= Integer.MAX_VALUE) {
                return n;
              }
              throw wrong(key, "a count", v);
            });
  }

  /**
   * @throws CheckpointException if it is absent
   */
  long requiredCount(String key) {
    return count(key).orElseThrow(() -> missing(key));
  }

  /** A count that may be stored per block; the counts must then be equal. */
  Optional<Long> sameCount(String key) {
    Optional<Object> found = value(key);
    if (found.isPresent() && found.get() instanceof List<?> each && !each.isEmpty()) {
      if (each.get(0) instanceof Long first
          && first >= 0
          && first <= Integer.MAX_VALUE
          && each.stream().allMatch(first::equals)) {
        return Optional.of(first);
      }
      throw new UnsupportedArchitectureException(
          path + ": " + key + " that differs from block to block is not supported");
    }
    return count(key);
  }

  /** A finite number; empty if absent. */
  Optional<Double> number(String key) {
    return value(key)
        .map(
            v -> {
              if (v instanceof Number n && Double.isFinite(n.doubleValue())) {
                // A float32 such as 1e-5 is meant as the decimal number that it is nearest to.
                return v instanceof Float f ? Double.parseDouble(f.toString()) : n.doubleValue();
              }
              throw wrong(key, "a number", v);
            });
  }

  Optional<String> text(String key) {
    return value(key)
        .map(
            v -> {
              if (v instanceof String s) {
                return s;
              }
              throw wrong(key, "a string", v);
            });
  }

  /** The rows of a head of queries and keys. */
  int headSize() {
    long heads = requiredCount(own("attention.head_count"));
    Optional<Long> stated = count(own("attention.key_length"));
    long size =
        stated.orElseGet(() -> heads == 0 ? 0 : requiredCount(own("embedding_length")) / heads);
    if (size < 2 || size % 2 != 0) {
      throw new CheckpointException(
          path + ": expected heads of an even number of rows, found " + size);
    }
    return (int) size;
  }

  CheckpointException missing(String key) {
    return new CheckpointException(path + ": expected metadata value " + key + ", found none");
  }

  private CheckpointException wrong(String key, String expected, Object found) {
    String shown = found instanceof List<?> l ? l.size() + " values" : found.toString();
    return new CheckpointException(
        path + ": " + key + ": expected " + expected + ", found " + Shown.quoted(shown));
  }
}
