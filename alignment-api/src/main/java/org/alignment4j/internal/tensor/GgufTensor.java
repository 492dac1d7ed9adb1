package org.alignment4j.internal.tensor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A GGUF tensor's type, shape and place. Immutable: the shape is copied in and out.
 *
 * @param name the tensor's name, e.g. "blk.0.attn_q.weight"
 * @param type the layout of its blocks
 * @param shape sizes as the file has them: the fastest first, in elements; empty for a scalar
 * @param offset position of the first byte from the start of the file
 */
public record GgufTensor(String name, GgufType type, long[] shape, long offset) {
  /** Copies the shape. */
  public GgufTensor {
    shape = shape.clone();
  }

  /** A copy of the sizes, the fastest first. */
  @Override
  public long[] shape() {
    return shape.clone();
  }

  /** The number of elements: the product of the shape, 1 for a scalar. */
  public long elements() {
    long elements = 1;
    for (long n : shape) {
      elements *= n;
    }
    return elements;
  }

  /** Size of the data in bytes. */
  public long bytes() {
    return elements() / type.blockElements() * type.blockBytes();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof GgufTensor o
        && name.equals(o.name)
        && type == o.type
        && Arrays.equals(shape, o.shape)
        && offset == o.offset;
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Arrays.hashCode(shape);
  }

  @Override
  public String toString() {
    return name + " " + type + Arrays.toString(shape) + " at byte " + offset;
  }
}
