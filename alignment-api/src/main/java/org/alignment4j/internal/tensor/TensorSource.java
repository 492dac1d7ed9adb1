package org.alignment4j.internal.tensor;

import static org.alignment4j.internal.text.Arguments.require;
import static org.alignment4j.internal.text.Shown.quoted;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * A tensor to be written, whose elements are supplied in chunks.
 *
 * @param name the tensor's name in the file
 * @param type the stored type, to which the {@link Filler}'s elements are rounded
 * @param shape sizes from the slowest to the fastest axis; empty for a scalar
 * @param filler supplies the elements
 */
public record TensorSource(String name, StorageType type, long[] shape, Filler filler) {

  /** Supplies a tensor's elements, row-major, as float32. */
  @FunctionalInterface
  public interface Filler {
    /**
     * Puts {@code into.remaining()} elements, starting at {@code firstElement}. Called on the
     * writing thread, in order, once for each element; an exception ends the writing.
     */
    void fill(long firstElement, FloatBuffer into);
  }

  /** Supplies a tensor's bytes as they are to be stored. */
  interface RawFiller extends Filler {
    /** Puts {@code into.remaining()} bytes, starting at {@code firstByte}. */
    void fillRaw(long firstByte, ByteBuffer into);

    @Override
    default void fill(long firstElement, FloatBuffer into) {
      throw new UnsupportedOperationException("this source supplies bytes, not floats");
    }
  }

  /**
   * Checks and copies the shape.
   *
   * @throws IllegalArgumentException if the shape is negative or too large, the name is reserved,
   *     or floats are to be stored as a type other than F64, F32, F16 or BF16
   */
  public TensorSource {
    shape = shape.clone();
    require(
        !name.equals(SafetensorsHeader.METADATA), "no tensor may have the reserved name %s", name);
    require(
        shape.length <= SafetensorsHeader.MAX_RANK && Arrays.stream(shape).allMatch(n -> n >= 0),
        "tensor %s: expected at most %s sizes >= 0, found %s",
        quoted(name),
        SafetensorsHeader.MAX_RANK,
        Arrays.toString(shape));
    byteSize(name, type, shape);
    require(
        filler instanceof RawFiller || type.isFloat(),
        "tensor %s: floats are stored as F64, F32, F16 or BF16, not %s",
        quoted(name),
        type);
  }

  /**
   * Returns a tensor of floats, which are not copied: they must not change until written.
   *
   * @param type F64, F32, F16 or BF16
   * @param values row-major, as many as the shape has elements
   */
  public static TensorSource of(String name, StorageType type, long[] shape, float[] values) {
    requireCount(name, type, shape, values.length);
    return new TensorSource(
        name, type, shape, (first, into) -> into.put(values, (int) first, into.remaining()));
  }

  /**
   * Returns a tensor of integers, which are not copied: they must not change until written.
   *
   * @param type an integer type or BOOL, whose range the values must keep
   * @param values row-major, as many as the shape has elements
   */
  public static TensorSource ofLongs(String name, StorageType type, long[] shape, long[] values) {
    requireCount(name, type, shape, values.length);
    require(type.isInteger(), "tensor %s: integers cannot be stored as %s", quoted(name), type);
    int bits = 8 * type.bytes();
    boolean unsigned = type.name().startsWith("U");
    long max =
        type == StorageType.BOOL
            ? 1
            : bits == 64 ? Long.MAX_VALUE : (1L << (unsigned ? bits : bits - 1)) - 1;
    long min = unsigned || type == StorageType.BOOL ? 0 : -max - 1;
    for (long value : values) {
      require(
          min <= value && value <= max,
          "tensor %s: %s does not fit in %s",
          quoted(name),
          value,
          type);
    }
    RawFiller filler =
        (firstByte, into) -> {
          int i = (int) (firstByte / type.bytes()); // chunks hold whole elements
          while (into.hasRemaining()) {
            long value = values[i++];
            switch (type.bytes()) {
              case 8 -> into.putLong(value);
              case 4 -> into.putInt((int) value);
              case 2 -> into.putShort((short) value);
              default -> into.put((byte) value);
            }
          }
        };
    return new TensorSource(name, type, shape, filler);
  }

  /** A tensor of an open file, copied bit for bit, of any type. */
  public static TensorSource copy(SafetensorsFile file, String name) {
    TensorInfo info = file.info(name);
    RawFiller filler = (firstByte, into) -> file.readRaw(name, firstByte, into);
    return new TensorSource(name, info.type(), info.shape(), filler);
  }

  /** A copy of the sizes. */
  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** The size of the stored data in bytes. */
  long bytes() {
    return byteSize(name, type, shape);
  }

  private static long byteSize(String name, StorageType type, long[] shape) {
    try {
      return SafetensorsHeader.byteSize(type, shape);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "tensor " + quoted(name) + ": shape " + Arrays.toString(shape) + " overflows 64 bits", e);
    }
  }

  private static void requireCount(String name, StorageType type, long[] shape, int count) {
    require(
        byteSize(name, type, shape) == (long) count * type.bytes(),
        "tensor %s: %s values do not fill shape %s",
        quoted(name),
        count,
        Arrays.toString(shape));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorSource o
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
