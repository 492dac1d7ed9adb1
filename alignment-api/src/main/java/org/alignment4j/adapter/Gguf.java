package org.alignment4j.adapter;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.OutputFile;

/**
 * A small GGUF file, little-endian, with float32 tensors, in memory. Reading and writing a file
 * preserves its bytes if its tensors are stored in the order in which they are listed, as is usual.
 *
 * @param version 2 or 3, which differ only in the number
 * @param metadata values by key, in the file's order
 * @param tensors with distinct names
 */
record Gguf(int version, Map<String, GgufValue> metadata, List<GgufTensor> tensors) {
  /** "GGUF" as a little-endian number. */
  static final int MAGIC = 0x4655_4747;

  static final String ALIGNMENT = "general.alignment";
  static final String ARCHITECTURE = "general.architecture";
  static final int DEFAULT_ALIGNMENT = 32;
  static final int FLOAT32 = 0;

  Gguf {
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    tensors = List.copyOf(tensors);
  }

  /** The position at or after {@code position} that is a multiple of {@code alignment}. */
  static long aligned(long position, int alignment) {
    return (position + alignment - 1) / alignment * alignment;
  }

  /**
   * Writes the file under a temporary name, then renames it.
   *
   * @throws IllegalArgumentException if it would have 2 GiB or more
   * @throws CheckpointException if the file cannot be written
   */
  void write(Path file) {
    GgufValue stored = metadata.get(ALIGNMENT);
    int alignment = stored == null ? DEFAULT_ALIGNMENT : ((Long) stored.decoded()).intValue();
    long header = 24;
    for (Map.Entry<String, GgufValue> e : metadata.entrySet()) {
      header += 12 + utf8(e.getKey()).length + e.getValue().raw().length;
    }
    long data = 0;
    for (GgufTensor t : tensors) {
      header += 24 + utf8(t.name()).length + 8L * t.shape().length;
      data = aligned(data + 4L * t.values().length, alignment);
    }
    long size = aligned(header, alignment) + data;
    require(size <= Integer.MAX_VALUE, "a GGUF file of %s bytes is too large", size);
    ByteBuffer out = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(MAGIC).putInt(version).putLong(tensors.size()).putLong(metadata.size());
    metadata.forEach(
        (key, value) -> {
          out.putLong(utf8(key).length).put(utf8(key));
          out.putInt(value.type().number).put(value.raw());
        });
    long offset = 0;
    for (GgufTensor t : tensors) {
      out.putLong(utf8(t.name()).length).put(utf8(t.name()));
      out.putInt(t.shape().length);
      for (long d : t.shape()) {
        out.putLong(d);
      }
      out.putInt(FLOAT32).putLong(offset);
      offset = aligned(offset + 4L * t.values().length, alignment);
    }
    for (GgufTensor t : tensors) {
      // Readers expect the padding after the last tensor too.
      out.position((int) aligned(out.position(), alignment));
      out.asFloatBuffer().put(t.values());
      out.position(out.position() + 4 * t.values().length);
    }
    try (OutputFile target = OutputFile.checkpoint(file)) {
      target.write(out.clear());
      target.commit();
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
