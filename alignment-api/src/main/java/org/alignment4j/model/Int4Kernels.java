package org.alignment4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.alignment4j.core.EngineException;
import org.alignment4j.internal.tensor.GgufGroups;
import org.alignment4j.internal.tensor.Kernels;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Operations on the arrays of an {@link Int4Matrix}, and whether the CPU multiplies with it. */
final class Int4Kernels {
  /** Elements of a row that share a scale and an offset. */
  static final int GROUP = GgufGroups.SIZE;

  /** Columns of the probed matrix, and rows of its other operand: more than one block of each. */
  private static final int PROBED = 160;

  private static final Logger LOG = LoggerFactory.getLogger(Int4Kernels.class);

  private Int4Kernels() {}

  /** Whether a matrix can be stored in 4 bits on a CPU. */
  static boolean fits(Shape shape) {
    Int4Layout layout = Found.LAYOUT;
    return layout != null
        && shape.dimension() == 2
        && shape.get(1) > 0
        && shape.get(1) % GROUP == 0
        && shape.get(0) % layout.blockRows() == 0;
  }

  /** How matrices are laid out; of no meaning if none {@link #fits}. */
  static Int4Layout layout() {
    return Found.LAYOUT == null ? Int4Layout.VECTORS_OF_512_BITS : Found.LAYOUT;
  }

  /**
   * Sets rows.
   *
   * @param integers [n, in / 2] uint8 in the engine's layout
   * @param scales [in / 32, n, 2] float32
   * @param first index of the first row, which begins a block
   */
  static void place(
      List<NDArray> arrays, NDArray integers, NDArray scales, long first, NDManager scope) {
    Int8Kernels.on(scope, layout())
        .call("place_four_bits", scope)
        .tensor(arrays.get(0))
        .tensor(arrays.get(1))
        .tensor(integers)
        .tensor(scales)
        .ints(first)
        .infer();
  }

  /** Whether two matrices have the same integers, scales and offsets. */
  static boolean same(List<NDArray> one, List<NDArray> other, NDManager scope) {
    return Int8Kernels.on(scope, layout())
            .call("same", scope)
            .list(one)
            .list(other)
            .infer()
            .get(0)
            .getLong()
        == 1;
  }

  /** Loaded when first needed, since it tries the engine's layouts. */
  private static final class Found {
    static final @Nullable Int4Layout LAYOUT = find();

    private static @Nullable Int4Layout find() {
      for (Int4Layout layout :
          List.of(Int4Layout.VECTORS_OF_512_BITS, Int4Layout.VECTORS_OF_256_BITS)) {
        try (Kernels kernels =
                layout
                    .define(Kernels.named("int4 products"))
                    .source(Int4Kernels.class, "int4.torchscript")
                    .source(Int4Kernels.class, "int4_probe.torchscript")
                    .compile(Device.cpu());
            NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
          double wrong =
              kernels.call("probe", manager).ints(PROBED).infer().get(0).toDoubleArray()[0];
          if (wrong == 0) {
            boolean wide = kernels.call("has_bfloat16", manager).infer().get(0).getLong() == 1;
            return wide ? layout : layout.widenedToFloat32();
          }
          LOG.debug("4-bit matrices in {}: {} numbers of the probe are wrong", layout, wrong);
        } catch (EngineException e) {
          LOG.debug("no products with 4-bit matrices in {}", layout, e);
        }
      }
      LOG.warn("no products with matrices of 4 bits on this machine: they are kept in 8 bits");
      return null;
    }
  }
}
