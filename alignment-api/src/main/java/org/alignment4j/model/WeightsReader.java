package org.alignment4j.model;

import ai.djl.ndarray.NDManager;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.GgufGroups;
import org.alignment4j.internal.tensor.NativeTensor;
import org.alignment4j.model.BlockLayout.Part;
import org.alignment4j.model.BlockLayout.Slot;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a checkpoint's tensors into native memory, chunk by chunk, checking shape and finiteness.
 */
final class WeightsReader implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WeightsReader.class);
  private static final Pattern BLOCK = Pattern.compile("model\\.layers\\.(\\d{1,6})\\.");

  private final Checkpoint checkpoint;
  private final Precision precision;
  private final NDManager manager;
  private final Staging staging;
  private final Set<String> seen = new HashSet<>();

  WeightsReader(Checkpoint checkpoint, Precision precision, NDManager manager) {
    this.checkpoint = checkpoint;
    this.precision = precision;
    this.manager = manager;
    this.staging = new Staging(manager);
  }

  /** Whether the checkpoint has a tensor. */
  boolean has(String name) {
    return checkpoint.contains(name);
  }

  /** Marks a tensor that may be present without being read. */
  void passOver(String name) {
    seen.add(name);
  }

  /**
   * @param name name of the weight
   * @param prefix prefix of its tensors' names
   */
  Matrix read(String name, Slot slot, String prefix) {
    checkParts(slot, prefix);
    List<String> tensors = slot.parts().stream().map(part -> prefix + part.name()).toList();
    MatrixFormat format = slot.format(precision.format()).of(checkpoint, tensors);
    Matrix matrix = format.staged(name, slot.shape(), manager, staging);
    return read(matrix, slot, prefix).packed();
  }

  /** The embedding table. */
  Matrix readTable(String name, Slot slot) {
    checkParts(slot, "");
    return read(precision.format().table().empty(name, slot.shape(), manager), slot, "");
  }

  private Matrix read(Matrix matrix, Slot slot, String prefix) {
    long at = 0;
    for (Part part : slot.parts()) {
      String tensor = prefix + part.name();
      if (!matrix.fill(at, part.elements(), source(checkpoint, tensor))) {
        rejectInfinite(tensor, part.elements());
      }
      seen.add(tensor);
      at += part.elements();
    }
    Path origin = checkpoint.origin();
    return matrix.withOrigin(copy -> readAgain(origin, slot, prefix, copy));
  }

  private static NativeTensor.Source source(Checkpoint from, String tensor) {
    return new NativeTensor.Source() {
      @Override
      public void read(long first, FloatBuffer into) {
        from.read(tensor, first, into);
      }

      @Override
      public boolean groups(long first, GgufGroups into) {
        if (!from.isFourBit(tensor)) {
          return false;
        }
        long[] shape = from.info(tensor).shape();
        from.readRowGroups(tensor, first / shape[shape.length - 1], into);
        return true;
      }
    };
  }

  private static void readAgain(Path origin, Slot slot, String prefix, Matrix copy) {
    try (Checkpoint again = Checkpoint.open(origin)) {
      long at = 0;
      for (Part part : slot.parts()) {
        String tensor = prefix + part.name();
        if (!Arrays.equals(again.info(tensor).shape(), part.shape())) {
          throw new CheckpointException(tensor + " in " + origin + " now has another shape");
        }
        copy.fill(at, part.elements(), source(again, tensor));
        at += part.elements();
      }
    }
  }

  /** Before memory is taken for it. */
  private void checkParts(Slot slot, String prefix) {
    for (Part part : slot.parts()) {
      check(prefix + part.name(), part.shape());
    }
  }

  private void check(String name, long[] expected) {
    long[] found = checkpoint.info(name).shape();
    if (!Arrays.equals(found, expected)) {
      throw new CheckpointException(
          checkpoint.info(name).name()
              + " in "
              + checkpoint.origin()
              + " has shape "
              + Arrays.toString(found)
              + ", the configuration requires "
              + Arrays.toString(expected));
    }
  }

  private void rejectInfinite(String name, long elements) {
    FloatBuffer one = FloatBuffer.allocate(1 << 16);
    for (long first = 0; first < elements; first += one.capacity()) {
      one.clear().limit((int) Math.min(one.capacity(), elements - first));
      checkpoint.read(name, first, one);
      for (int i = 0; i < one.limit(); i++) {
        if (!Float.isFinite(one.get(i))) {
          throw new CheckpointException(
              name
                  + " in "
                  + checkpoint.origin()
                  + " is not finite at element "
                  + (first + i)
                  + ": "
                  + one.get(i));
        }
      }
    }
    throw new CheckpointException(
        name
            + " in "
            + checkpoint.origin()
            + " holds numbers beyond the range of "
            + precision.storage()
            + "; load it in another precision");
  }

  /**
   * Rejects tensors that were not read, since ignoring a weight would silently change the outputs.
   * Blocks beyond num_hidden_layers are ignored with a warning, as in transformers.
   */
  void rejectUnread(int blocks) {
    Set<Integer> beyond = new TreeSet<>();
    for (String name : checkpoint.names()) {
      if (seen.contains(name) || name.endsWith("rotary_emb.inv_freq")) {
        continue;
      }
      Matcher block = BLOCK.matcher(name);
      if (block.lookingAt() && Integer.parseInt(block.group(1)) >= blocks) {
        beyond.add(Integer.parseInt(block.group(1)));
        continue;
      }
      throw new CheckpointException(
          "tensor "
              + name
              + " in "
              + checkpoint.origin()
              + " belongs to no part of this architecture");
    }
    if (!beyond.isEmpty()) {
      LOG.warn(
          "{}: the weights of blocks {} are ignored, the configuration has num_hidden_layers = {}",
          checkpoint.origin(),
          beyond,
          blocks);
    }
  }

  /** Returns the memory that only reading needed. */
  @Override
  public void close() {
    staging.close();
  }
}
