package org.alignment4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.alignment4j.core.EngineException;
import org.alignment4j.internal.tensor.Kernels;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Operations on the arrays of an {@link Int8Matrix}, its integers and scales. The kernels are
 * compiled once per device and kept until the process ends.
 */
final class Int8Kernels {
  private static final Logger LOG = LoggerFactory.getLogger(Int8Kernels.class);
  private static final ConcurrentMap<Key, Kernels> COMPILED = new ConcurrentHashMap<>();

  /** Columns of the probed products: more than one block of any kernel. */
  private static final int PROBED = 520;

  /** Of no meaning: finding the engine's layout takes time that 8 bits do not need. */
  static final Int4Layout NO_FOUR_BITS = Int4Layout.VECTORS_OF_512_BITS;

  private static final Shape PIECES = new Shape(2, 1, 1);

  private Int8Kernels() {}

  /** The constants of products that {@link Int8Pieces#parts} returns, [2, 1, 1]. */
  static NDArray parts(NDManager manager) {
    return manager.create(pieces().parts(), PIECES);
  }

  /** The constants of products that {@link Int8Pieces#zeros} returns, [2, 1, 1]. */
  static NDArray zeros(NDManager manager) {
    return manager.create(pieces().zeros(), PIECES);
  }

  /** The sums of integers that are not packed. */
  static NDArray noSums(NDManager manager) {
    return manager.create(new Shape(0), DataType.INT32);
  }

  private record Key(Device device, Int4Layout layout) {}

  private static Kernels on(NDManager manager) {
    return on(manager, NO_FOUR_BITS);
  }

  /** The kernels of storage for arrays of either kind. */
  private static Kernels on(NDManager manager, List<NDArray> arrays) {
    NDArray integers = arrays.get(0);
    // Opaque ones have one dimension.
    return integers.getDataType() == DataType.UINT8 && integers.getShape().dimension() == 2
        ? on(manager, Int4Kernels.layout())
        : on(manager);
  }

  /** The kernels of storage, also for matrices of 4 bits in a layout. */
  static Kernels on(NDManager manager, Int4Layout layout) {
    return COMPILED.computeIfAbsent(
        new Key(manager.getDevice(), layout),
        key ->
            key.layout()
                .define(Kernels.named("int8"))
                .source(Int8Kernels.class, "int8.torchscript")
                .source(Int8Kernels.class, "int4.torchscript")
                .source(Int8Kernels.class, "int8_storage.torchscript")
                .constant("SUMS", Int8Matrix.SUMS)
                .compile(key.device()));
  }

  /**
   * Sets rows.
   *
   * @param integers [n, in] int8
   * @param scales [n] float32
   * @param first index of the first row
   */
  static void place(
      List<NDArray> arrays, NDArray integers, NDArray scales, long first, NDManager scope) {
    on(scope)
        .call("place", scope)
        .tensor(arrays.get(0))
        .tensor(arrays.get(1))
        .tensor(integers)
        .tensor(scales)
        .ints(first)
        .infer();
  }

  /** The first elements of an array of integers, as a matrix that shares its memory. */
  static NDArray part(NDArray integers, Shape shape, NDManager manager) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray part =
          on(scope)
              .call("part", scope)
              .tensor(integers)
              .ints(shape.getShape())
              .train() // frozen matrices take part in training
              .get(0);
      part.attach(manager);
      return part;
    }
  }

  /** Rows as float32, row-major. */
  static float[] rows(List<NDArray> arrays, long first, long count, NDManager manager) {
    try (NDManager scope = manager.newSubManager()) {
      return on(scope, arrays)
          .call("rows", scope)
          .list(arrays)
          .ints(first)
          .ints(count)
          .infer()
          .get(0)
          .toFloatArray();
    }
  }

  /** The whole matrix as float32 [out, in] in {@code manager}. */
  static NDArray widened(List<NDArray> arrays, NDManager manager) {
    try (NDManager scope = manager.newSubManager()) {
      // Not an inference tensor: it may be trained.
      NDArray whole = on(scope, arrays).call("whole", scope).list(arrays).train().get(0);
      whole.attach(manager);
      return whole;
    }
  }

  /** Whether float32 values [out, in] are quantised to this very matrix. */
  static boolean roundsTo(List<NDArray> arrays, NDArray values, NDManager manager) {
    try (NDManager scope = manager.newSubManager()) {
      return on(scope).call("rounds_to", scope).list(arrays).tensor(values).infer().get(0).getLong()
          == 1;
    }
  }

  /** Integers in the layout of the products, and their sums; null if they are used as they are. */
  static @Nullable NDList packed(NDArray integers, NDManager manager) {
    Kernels packing = Packing.KERNELS;
    if (packing == null || !packs(manager)) {
      return null;
    }
    try (NDManager scope = manager.newSubManager()) {
      // Not an inference tensor: frozen matrices take part in training.
      NDList packed = packing.call("pack", scope).tensor(integers).train();
      packed.attach(manager);
      return packed;
    }
  }

  /** Whether matrices on a device are packed. */
  static boolean packs(NDManager manager) {
    return !manager.getDevice().isGpu() && multiplies();
  }

  /** Whether the CPU multiplies integers. */
  static boolean multiplies() {
    return Packing.PIECES != null;
  }

  /**
   * How activations are cut into pieces; of no meaning if the CPU does not {@link #multiplies()
   * multiply} integers.
   */
  static Int8Pieces pieces() {
    return Packing.PIECES == null ? Int8Pieces.EIGHT_BITS : Packing.PIECES;
  }

  /**
   * Whether products with integers that are not packed are as fast. Where pieces have fewer bits
   * the engine has a plain loop for them, which is tens of times as slow.
   */
  static boolean multipliesUnpacked() {
    return pieces().bits() == 8;
  }

  /** The kernels that pack and multiply, and the probe of their exactness. */
  static Kernels packing(Int8Pieces pieces) {
    return pieces
        .define(Kernels.named("int8 products"))
        .source(Int8Kernels.class, "int8.torchscript")
        .source(Int8Kernels.class, "int8_probe.torchscript")
        .compile(Device.cpu());
  }

  /** The largest error of the products for integers that are likely to overflow; 0 if exact. */
  static double error(Kernels packing) {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch")) {
      return packing.call("probe", manager).ints(PROBED).infer().get(0).toDoubleArray()[0];
    }
  }

  /** Loaded when first needed, since it tries the products out. */
  private static final class Packing {
    static final @Nullable Kernels KERNELS;
    static final @Nullable Int8Pieces PIECES;

    static {
      Kernels exact = null;
      Int8Pieces found = null;
      for (Int8Pieces pieces :
          List.of(Int8Pieces.EIGHT_BITS, Int8Pieces.SEVEN_BITS, Int8Pieces.SEVEN_BITS_ONE_DNN)) {
        if (exact == null) {
          exact = ifExact(pieces);
          found = exact == null ? null : pieces;
        }
      }
      KERNELS = exact;
      PIECES = found;
      if (found == null) {
        LOG.warn(
            "no exact products of 8-bit integers on this machine: matrices are widened as they are"
                + " used, which is slower than float32");
      } else if (found.bits() < 8) {
        LOG.warn(
            "this processor has no instructions for products of 8-bit integers (VNNI): INT8 keeps"
                + " activations to {} bits in place of 16, and reads prompts more slowly than FLOAT32",
            2 * found.bits());
      }
    }

    private static @Nullable Kernels ifExact(Int8Pieces pieces) {
      Kernels kernels = null;
      try {
        kernels = packing(pieces);
        double error = error(kernels);
        if (error == 0) {
          return kernels;
        }
        LOG.debug("products in {} are inexact by {}", pieces, error);
      } catch (EngineException e) {
        LOG.debug("no products in {}", pieces, e);
      }
      if (kernels != null) {
        kernels.close();
      }
      return null;
    }
  }
}
