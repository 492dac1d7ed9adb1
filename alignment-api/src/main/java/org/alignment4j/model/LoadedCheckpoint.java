package org.alignment4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalLong;
import org.alignment4j.core.OutOfMemoryException;
import org.alignment4j.internal.host.Ahead;
import org.alignment4j.internal.host.AvailableMemory;
import org.alignment4j.internal.host.DjlDefaults;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.NativeEngine;

/**
 * A checkpoint loaded on a device, shared by all views of it.
 *
 * @param files read on first use
 * @param manager owns all native memory, including that of views
 * @param weights as stored
 */
record LoadedCheckpoint(LazyFiles files, NDManager manager, Decoder decoder, Weights weights)
    implements AutoCloseable {

  static LoadedCheckpoint load(Path path, Device device, Precision precision) {
    DjlDefaults.apply();
    if (!device.isGpu()) {
      NativeEngine.start();
    }
    ModelConfig stated = ModelConfig.read(path);
    if (!device.isGpu()) {
      requireRoom(path, stated, precision, AvailableMemory.bytes());
    }
    LazyFiles files = new LazyFiles(path);
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      ModelConfig config = Weights.withStoredHead(checkpoint, stated);
      if (!device.isGpu()) {
        long needed = config.loadBytes(precision) + Weights.more(checkpoint, config, precision);
        requireRoom(path, needed, precision, AvailableMemory.bytes());
      }
      files.readAhead();
      NDManager manager = NativeEngine.manager(device);
      try {
        return load(checkpoint, config, precision, files, manager);
      } catch (RuntimeException | Error e) {
        manager.close();
        throw e;
      }
    } catch (OutOfMemoryError e) {
      files.close();
      throw OutOfMemoryException.of("loading " + path, e);
    } catch (RuntimeException | Error e) {
      files.close();
      throw e;
    }
  }

  /** Reads the weights while another thread compiles the kernels. */
  private static LoadedCheckpoint load(
      Checkpoint checkpoint,
      ModelConfig config,
      Precision precision,
      LazyFiles files,
      NDManager manager) {
    Ahead<Decoder> decoder = Ahead.start("kernels", () -> new Decoder(config, precision, manager));
    Weights weights;
    try {
      weights = Weights.load(checkpoint, config, precision, manager);
    } catch (RuntimeException | Error e) {
      closeUnused(decoder, e);
      throw e;
    }
    return new LoadedCheckpoint(files, manager, decoder.get(), weights);
  }

  private static void closeUnused(Ahead<Decoder> decoder, Throwable reason) {
    try {
      decoder.get().close();
    } catch (RuntimeException | Error e) {
      reason.addSuppressed(e);
    }
  }

  /**
   * Fails before allocating, rather than letting the operating system kill the process half way
   * through loading.
   *
   * @throws OutOfMemoryException if the weights need more memory than is known to be available
   */
  static void requireRoom(
      Path path, ModelConfig config, Precision precision, OptionalLong available) {
    requireRoom(path, config.loadBytes(precision), precision, available);
  }

  private static void requireRoom(
      Path path, long needed, Precision precision, OptionalLong available) {
    if (available.isPresent() && needed > available.getAsLong()) {
      throw new OutOfMemoryException(
          String.format(
              Locale.ROOT,
              "%s needs about %d MiB in %s, %d MiB are available; a shorter precision or a smaller"
                  + " model fits",
              path,
              needed >> 20,
              precision,
              available.getAsLong() >> 20));
    }
  }

  @Override
  public void close() {
    files.close();
    decoder.close();
    manager.close();
  }
}
