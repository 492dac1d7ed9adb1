package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.OutputFile;

/** Writes small GGUF files, little-endian, with float32 tensors, from memory. */
public final class GgufWriter {
  private GgufWriter() {}

  /**
   * One float32 tensor. The arrays are not copied.
   *
   * @param name its name
   * @param shape sizes as the file has them, the fastest first
   * @param values product of {@code shape} numbers
   */
  public record Tensor(String name, long[] shape, float[] values) {}

  /**
   * Writes a file: under a temporary name, then renamed. What was read and is written again has the
   * same bytes if its tensors lie in the order of their names' list, as usual.
   *
   * @param version 2 or 3, which differ in nothing but the number
   * @param metadata values by key, in the order that the file is to have
   * @param tensors with names that differ
   * @throws IllegalArgumentException if it would have 2 GiB or more
   * @throws CheckpointException if the file cannot be written
   */
  public static void write(
      Path file, int version, Map<String, GgufValue> metadata, List<Tensor> tensors) {
    GgufValue stored = metadata.get(GgufFile.ALIGNMENT);
    int alignment =
        stored == null ? GgufHeader.DEFAULT_ALIGNMENT : ((Long) stored.decoded()).intValue();
    long header = 24;
    for (Map.Entry<String, GgufValue> e : metadata.entrySet()) {
      header += 12 + utf8(e.getKey()).length + e.getValue().raw().length;
    }
    long data = 0;
    for (Tensor t : tensors) {
      header += 24 + utf8(t.name()).length + 8L * t.shape().length;
      data = GgufHeader.aligned(data + 4L * t.values().length, alignment);
    }
    long size = GgufHeader.aligned(header, alignment) + data;
    require(size <= Integer.MAX_VALUE, "a GGUF file of %s bytes is too large", size);
    ByteBuffer out = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(GgufHeader.MAGIC).putInt(version).putLong(tensors.size()).putLong(metadata.size());
    metadata.forEach(
        (key, value) -> {
          out.putLong(utf8(key).length).put(utf8(key));
          out.putInt(value.type().number).put(value.raw());
        });
    long offset = 0;
    for (Tensor t : tensors) {
      out.putLong(utf8(t.name()).length).put(utf8(t.name()));
      out.putInt(t.shape().length);
      for (long d : t.shape()) {
        out.putLong(d);
      }
      out.putInt(GgufType.F32.number()).putLong(offset);
      offset = GgufHeader.aligned(offset + 4L * t.values().length, alignment);
    }
    for (Tensor t : tensors) {
      // Readers expect the padding behind the last tensor too.
      out.position((int) GgufHeader.aligned(out.position(), alignment));
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
