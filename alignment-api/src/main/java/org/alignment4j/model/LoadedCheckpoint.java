package org.alignment4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalLong;
import org.alignment4j.core.OutOfMemoryException;
import org.alignment4j.internal.host.AvailableMemory;
import org.alignment4j.internal.host.DjlDefaults;
import org.alignment4j.internal.host.NativeFailure;
import org.alignment4j.internal.tensor.Checkpoint;

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
    ModelConfig stated = ModelConfig.read(path);
    if (!device.isGpu()) {
      requireRoom(path, stated, precision, AvailableMemory.bytes());
    }
    NDManager manager = newManager(device);
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      ModelConfig config = Weights.withStoredHead(checkpoint, stated);
      Weights weights = Weights.load(checkpoint, config, precision, manager);
      Decoder decoder = new Decoder(config, precision, manager);
      return new LoadedCheckpoint(new LazyFiles(path), manager, decoder, weights);
    } catch (OutOfMemoryError e) {
      manager.close();
      throw OutOfMemoryException.of("loading " + path, e);
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
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
    long needed = config.loadBytes(precision);
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

  private static NDManager newManager(Device device) {
    try {
      return NDManager.newBaseManager(device, "PyTorch");
    } catch (RuntimeException | LinkageError | AssertionError e) {
      throw NativeFailure.engine(e);
    }
  }

  @Override
  public void close() {
    files.close();
    decoder.close();
    manager.close();
  }
}
