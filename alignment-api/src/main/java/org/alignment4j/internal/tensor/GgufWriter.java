package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.text.Arguments.require;
import static org.alignment4j.internal.text.Shown.quoted;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.host.OutputFile;

/**
 * Writes GGUF files of any size, little-endian, with one chunk of a tensor in memory at a time.
 * Writing is atomic: the file is written under a temporary name, then renamed.
 */
public final class GgufWriter {
  private static final int CHUNK = 1 << 18;

  private GgufWriter() {}

  /**
   * One tensor.
   *
   * @param name its name
   * @param type how its elements are stored
   * @param shape sizes as the file has them, the fastest first
   * @param filler supplies the elements, or the bytes as they are to be stored
   * @param dithered whether Q8_0 is rounded up or down at random, always alike for a name, so that
   *     small changes of numbers that were Q8_0 already are not all rounded away
   */
  public record Tensor(
      String name, GgufType type, long[] shape, TensorSource.Filler filler, boolean dithered) {
    /** A tensor that is rounded to the nearest. */
    public Tensor(String name, GgufType type, long[] shape, TensorSource.Filler filler) {
      this(name, type, shape, filler, false);
    }

    /**
     * Checks that rows are whole blocks.
     *
     * @throws IllegalArgumentException if they are not, or elements of the type cannot be written
     */
    public Tensor {
      long row = shape.length == 0 ? 1 : shape[0];
      require(
          row % type.blockElements() == 0,
          "tensor %s: rows of %s are no multiple of the %s elements of a block of %s",
          quoted(name),
          row,
          type.blockElements(),
          type);
      require(
          filler instanceof TensorSource.RawFiller || GgufEncoder.canWrite(type),
          "tensor %s: elements of type %s cannot be written",
          quoted(name),
          type);
    }

    /**
     * A float32 tensor. The arrays are not copied.
     *
     * @param values product of {@code shape} numbers
     */
    public static Tensor of(String name, long[] shape, float[] values) {
      return new Tensor(
          name,
          GgufType.F32,
          shape,
          (first, into) -> into.put(values, (int) first, into.remaining()));
    }

    /** A tensor of an open file, copied byte for byte, of any type. */
    public static Tensor copy(GgufCheckpoint file, String name) {
      GgufTensor info = file.info(name);
      TensorSource.RawFiller filler = (first, into) -> file.readRaw(name, first, into);
      return new Tensor(name, info.type(), info.shape(), filler);
    }

    private long bytes() {
      return elements() / type.blockElements() * type.blockBytes();
    }

    private long elements() {
      return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Tensor o
          && name.equals(o.name)
          && type == o.type
          && Arrays.equals(shape, o.shape)
          && filler.equals(o.filler);
    }

    @Override
    public int hashCode() {
      return 31 * name.hashCode() + Arrays.hashCode(shape);
    }

    @Override
    public String toString() {
      return name + " " + type + Arrays.toString(shape);
    }
  }

  /**
   * Writes a file. What was read and is written again has the same bytes if its tensors lie in the
   * order of their names' list, as usual.
   *
   * @param version 2 or 3, which differ in nothing but the number
   * @param metadata values by key, in the order that the file is to have
   * @param tensors with names that differ
   * @throws IllegalArgumentException if names repeat, the header is too large to be read again, or
   *     a filler puts too few elements
   * @throws CheckpointException if the file cannot be written, or a number cannot be stored in its
   *     tensor's type
   * @throws CancelledException if the thread is interrupted
   */
  public static void write(
      Path file, int version, Map<String, GgufValue> metadata, List<Tensor> tensors) {
    GgufValue stored = metadata.get(GgufFile.ALIGNMENT);
    int alignment =
        stored == null ? GgufHeader.DEFAULT_ALIGNMENT : ((Long) stored.decoded()).intValue();
    ByteBuffer header = header(version, metadata, tensors, alignment);
    ByteBuffer chunk = DirectMemory.allocate(4 * CHUNK, ByteOrder.LITTLE_ENDIAN, "a tensor");
    try (OutputFile target = OutputFile.checkpoint(file)) {
      target.write(header);
      for (Tensor t : tensors) {
        if (t.filler() instanceof TensorSource.RawFiller raw) {
          writeRaw(target, file, t, raw, chunk);
        } else {
          writeFloats(target, file, t, chunk);
        }
        // Readers expect the padding behind the last tensor too.
        target.write(
            ByteBuffer.allocate((int) (GgufHeader.aligned(t.bytes(), alignment) - t.bytes())));
      }
      target.commit();
    }
  }

  private static ByteBuffer header(
      int version, Map<String, GgufValue> metadata, List<Tensor> tensors, int alignment) {
    Set<String> names = new HashSet<>();
    long header = 24;
    for (Map.Entry<String, GgufValue> e : metadata.entrySet()) {
      header += 12 + utf8(e.getKey()).length + e.getValue().raw().length;
    }
    for (Tensor t : tensors) {
      require(names.add(t.name()), "tensor %s occurs twice", quoted(t.name()));
      header += 24 + utf8(t.name()).length + 8L * t.shape().length;
    }
    require(
        header <= GgufHeader.MAX_BYTES,
        "a GGUF header of %s bytes is too large, at most %s are read",
        header,
        GgufHeader.MAX_BYTES);
    ByteBuffer out =
        ByteBuffer.allocate((int) GgufHeader.aligned(header, alignment))
            .order(ByteOrder.LITTLE_ENDIAN);
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
      out.putInt(t.type().number()).putLong(offset);
      offset = GgufHeader.aligned(offset + t.bytes(), alignment);
    }
    return out.clear();
  }

  private static void writeFloats(OutputFile out, Path file, Tensor t, ByteBuffer bytes) {
    long elements = t.elements();
    int chunk = (int) Math.min(CHUNK, elements); // both are whole blocks
    float[] floats = new float[chunk];
    GgufEncoder encoder =
        new GgufEncoder(
            t.type(), chunk, t.dithered() ? new SplittableRandom(t.name().hashCode()) : null);
    float limit = GgufEncoder.limit(t.type());
    for (long first = 0; first < elements; first += chunk) {
      Cancellation.check("writing " + file);
      int n = (int) Math.min(chunk, elements - first);
      FloatBuffer into = FloatBuffer.wrap(floats, 0, n);
      t.filler().fill(first, into);
      requireFilled(t, into.remaining());
      for (int i = 0; i < n && limit < Float.POSITIVE_INFINITY; i++) {
        if (!(Math.abs(floats[i]) < limit)) {
          throw new CheckpointException(
              file
                  + ": tensor "
                  + quoted(t.name())
                  + ": element "
                  + (first + i)
                  + " is "
                  + floats[i]
                  + ", which "
                  + t.type()
                  + " cannot hold");
        }
      }
      encoder.encode(floats, n, bytes.clear());
      out.write(bytes.flip());
    }
  }

  private static void writeRaw(
      OutputFile out, Path file, Tensor t, TensorSource.RawFiller filler, ByteBuffer bytes) {
    long total = t.bytes();
    for (long first = 0; first < total; first += bytes.capacity()) {
      Cancellation.check("writing " + file);
      bytes.clear().limit((int) Math.min(bytes.capacity(), total - first));
      filler.fillRaw(first, bytes);
      requireFilled(t, bytes.remaining());
      out.write(bytes.flip());
    }
  }

  private static void requireFilled(Tensor t, int missing) {
    require(
        missing == 0,
        "tensor %s: the filler left %s elements of a chunk unfilled",
        quoted(t.name()),
        missing);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
