package org.alignment4j.internal.tensor;

import java.nio.ByteBuffer;

/** Rounds float32 to one stored type, little-endian, a chunk at a time. */
final class FloatEncoder {
  private final StorageType type;
  private final double[] doubles;
  private final short[] shorts;

  /**
   * @param type F64, F32, F16 or BF16
   * @param chunk maximum number of elements encoded at once
   */
  FloatEncoder(StorageType type, int chunk) {
    this.type = type;
    this.doubles = new double[type == StorageType.F64 ? chunk : 0];
    this.shorts = new short[type.bytes() == 2 ? chunk : 0];
  }

  /** Writes the first {@code n} floats to {@code bytes}, which must be little-endian. */
  void encode(float[] from, int n, ByteBuffer bytes) {
    switch (type) {
      case F32 -> bytes.asFloatBuffer().put(from, 0, n);
      case F64 -> {
        for (int i = 0; i < n; i++) {
          doubles[i] = from[i];
        }
        bytes.asDoubleBuffer().put(doubles, 0, n);
      }
      case F16 -> {
        HalfPrecision.floatToHalf(from, shorts, n);
        bytes.asShortBuffer().put(shorts, 0, n);
      }
      case BF16 -> {
        HalfPrecision.floatToBfloat16(from, shorts, n);
        bytes.asShortBuffer().put(shorts, 0, n);
      }
      default -> throw new IllegalStateException("not a float type: " + type);
    }
    bytes.position(bytes.position() + n * type.bytes());
  }
}
