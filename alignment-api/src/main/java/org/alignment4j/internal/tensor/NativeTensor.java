package org.alignment4j.internal.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.OutOfMemoryException;

/**
 * Native tensors of float types, written and read as float32 in chunks, without a second whole copy
 * or an engine buffer of over 2 GiB. Arrays of a half type may be passed to kernels only, since
 * some of the engine's own operations on them abort the process.
 */
public final class NativeTensor {
  /** Elements copied at a time: 16 MiB. */
  private static final int CHUNK = 1 << 22;

  private NativeTensor() {}

  /** Supplies a tensor's elements, row-major. */
  @FunctionalInterface
  public interface Source {
    /** Puts {@code into.remaining()} elements, starting at index {@code first}. */
    void read(long first, FloatBuffer into);

    /**
     * Reads elements that are stored in 4 bits as they are.
     *
     * @param first index of the first element, at the start of a row
     * @return false if the elements are not stored so, and nothing is set
     */
    default boolean groups(long first, GgufGroups into) {
      return false;
    }
  }

  /**
   * Allocates a tensor with uninitialised elements.
   *
   * @param type F32, F16, BF16, I8 or U8
   * @throws OutOfMemoryException if it does not fit in the device's memory
   */
  public static NDArray empty(NDManager manager, StorageType type, Shape shape) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray made =
          kernels(manager)
              .call("empty", scope)
              .ints(shape.getShape())
              .ints(type.engineType())
              .tensor(scope.create(0f))
              .train() // an inference tensor could not take part in training, not even frozen
              .get(0);
      made.attach(manager);
      return made;
    } catch (OutOfMemoryException e) {
      throw new OutOfMemoryException(
          "no room for an array of " + type + " " + shape + ": " + e.getMessage(), e);
    }
  }

  /**
   * Sets {@code count} elements of a tensor, starting at index {@code first}, rounded to its type.
   *
   * @param count the number of elements
   * @return whether all these elements are finite
   */
  public static boolean fill(NDArray tensor, long first, long count, Source source) {
    boolean finite = true;
    for (long done = 0; done < count; done += CHUNK) {
      int n = (int) Math.min(CHUNK, count - done);
      ByteBuffer bytes = DirectMemory.reused(n * Float.BYTES, "a tensor");
      source.read(done, bytes.asFloatBuffer());
      try (NDManager scope = tensor.getManager().newSubManager()) {
        NDArray chunk = scope.create(bytes, new Shape(n), DataType.FLOAT32);
        finite &=
            kernels(scope)
                    .call("fill", scope)
                    .tensor(tensor)
                    .tensor(chunk)
                    .ints(first + done)
                    .infer()
                    .get(0)
                    .getLong()
                == 1;
      }
    }
    return finite;
  }

  /**
   * Reads {@code into.remaining()} elements, starting at index {@code first}, widened to float32.
   */
  public static void read(NDArray tensor, long first, FloatBuffer into) {
    while (into.hasRemaining()) {
      int n = Math.min(CHUNK, into.remaining());
      try (NDManager scope = tensor.getManager().newSubManager()) {
        into.put(call("floats", tensor, scope).ints(first).ints(n).infer().get(0).toFloatArray());
      }
      first += n;
    }
  }

  /** Float32 copies of tensors, in {@code manager}; gradients do not flow through a copy. */
  public static List<NDArray> copies(List<NDArray> tensors, NDManager manager) {
    List<NDArray> copies = new ArrayList<>();
    for (NDArray t : tensors) {
      try (NDManager scope = manager.newSubManager()) {
        // Not an inference tensor: it may be trained.
        NDArray copy = call("widened", t, scope).train().get(0);
        copy.attach(manager);
        copies.add(copy);
      }
    }
    return copies;
  }

  /** A call on one tensor, in a list if other threads pass it in one: its name must not change. */
  private static Kernels.Call call(String method, NDArray tensor, NDManager scope) {
    return tensor.getName() == null
        ? kernels(scope).call(method, scope).tensor(tensor)
        : kernels(scope).call(method + "_of", scope).list(List.of(tensor));
  }

  private static Kernels kernels(NDManager manager) {
    return TensorKernels.on(manager.getDevice());
  }
}
