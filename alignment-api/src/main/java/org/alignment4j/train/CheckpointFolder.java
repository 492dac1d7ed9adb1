package org.alignment4j.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.CRC32C;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;
import org.alignment4j.internal.text.Reasons;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder in which one training run keeps its checkpoint: a single safetensors file, replaced
 * atomically by renaming, so that it always holds one consistent state. The run's state is stored
 * in the file's metadata, with checksums of itself and every tensor. Locked against other processes
 * while open.
 */
final class CheckpointFolder implements AutoCloseable {
  static final String FILE = "training.safetensors";
  private static final String LOCK = ".training.lock";
  private static final String STATE = "alignment4j.training";
  private static final String STATE_SUM = "alignment4j.training.crc32c";
  private static final String TENSOR_SUM = "crc32c ";
  private static final String OBJECTIVE = "objective.";
  private static final Logger LOG = LoggerFactory.getLogger(CheckpointFolder.class);

  private final Path file;
  private final @Nullable FileChannel lock;

  private CheckpointFolder(Path file, @Nullable FileChannel lock) {
    this.file = file;
    this.lock = lock;
  }

  /**
   * Opens the folder, creating it if absent, and deletes temporary files of a killed writer.
   *
   * @throws CheckpointException if it cannot be created or another process trains there
   */
  static CheckpointFolder open(Path folder) {
    @Nullable FileChannel lock;
    try {
      Files.createDirectories(folder);
      lock = lock(folder);
      try (DirectoryStream<Path> leftovers =
          Files.newDirectoryStream(folder, "." + FILE + ".*.tmp")) {
        for (Path leftover : leftovers) {
          Files.deleteIfExists(leftover);
        }
      }
    } catch (IOException e) {
      throw new CheckpointException(
          "cannot use checkpoint folder " + folder + ": " + Reasons.of(e), e);
    }
    return new CheckpointFolder(folder.resolve(FILE), lock);
  }

  private static @Nullable FileChannel lock(Path folder) throws IOException {
    InputFile file = InputFile.checkpoint(folder.resolve(LOCK));
    if (file.exists()) {
      file.requireRegular();
    }
    FileChannel channel =
        FileChannel.open(file.path(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock held = channel.tryLock();
      if (held != null) {
        return channel; // closing the channel frees the lock
      }
    } catch (OverlappingFileLockException e) {
      LOG.debug("locked by this process", e);
    } catch (IOException e) {
      LOG.warn("{} cannot be locked; do not use it for another training", folder, e);
      return channel;
    }
    channel.close();
    throw new CheckpointException(folder + ": another training is using this checkpoint folder");
  }

  Path file() {
    return file;
  }

  boolean hasCheckpoint() {
    return InputFile.checkpoint(file).exists();
  }

  /**
   * Replaces the checkpoint.
   *
   * @param tensors live float32 tensors by name
   * @param objective the objective's own values by name
   */
  void write(TrainingState state, Map<String, NDArray> tensors, Map<String, float[]> objective) {
    Map<String, String> metadata = new LinkedHashMap<>();
    String json = state.toJson();
    metadata.put(STATE, json);
    metadata.put(STATE_SUM, Long.toString(checksum(json)));
    List<TensorSource> sources = new ArrayList<>();
    tensors.forEach(
        (name, tensor) -> {
          metadata.put(TENSOR_SUM + name, Long.toString(checksum(tensor.toFloatArray())));
          sources.add(
              new TensorSource(
                  name, StorageType.F32, tensor.getShape().getShape(), new Live(tensor)));
        });
    objective.forEach(
        (key, values) -> {
          String name = OBJECTIVE + key;
          metadata.put(TENSOR_SUM + name, Long.toString(checksum(values)));
          sources.add(TensorSource.of(name, StorageType.F32, new long[] {values.length}, values));
        });
    SafetensorsWriter.write(file, metadata, sources);
  }

  /** Reads a tensor once and serves it in parts. */
  private static final class Live implements TensorSource.Filler {
    private final NDArray tensor;
    private float[] values = {};

    Live(NDArray tensor) {
      this.tensor = tensor;
    }

    @Override
    public void fill(long firstElement, java.nio.FloatBuffer into) {
      if (firstElement == 0) {
        values = tensor.toFloatArray();
      }
      int end = (int) firstElement + into.remaining();
      into.put(values, (int) firstElement, into.remaining());
      if (end == values.length) {
        values = new float[0];
      }
    }
  }

  /**
   * Reads the checkpoint into the live tensors; nothing is changed unless all of it is valid.
   *
   * @param identity required identity of the checkpoint
   * @param tensors live float32 tensors by name, as given to {@link #write}
   * @param scope for temporary tensors
   * @throws CheckpointException if it is damaged, or of another training run
   */
  Restored read(Map<String, String> identity, Map<String, NDArray> tensors, NDManager scope) {
    try (SafetensorsFile in = SafetensorsFile.open(file)) {
      TrainingState state = state(in);
      requireSame(identity, state.identity());
      Map<String, float[]> objective = new TreeMap<>();
      for (String name : in.tensors().keySet()) {
        float[] values = sound(in, name);
        if (name.startsWith(OBJECTIVE)) {
          objective.put(name.substring(OBJECTIVE.length()), values);
        }
      }
      tensors.forEach(
          (name, tensor) -> {
            long[] found = in.info(name).shape();
            long[] expected = tensor.getShape().getShape();
            if (!Arrays.equals(expected, found)) {
              throw new CheckpointException(
                  file
                      + ": tensor '"
                      + name
                      + "': expected shape "
                      + Arrays.toString(expected)
                      + ", found "
                      + Arrays.toString(found));
            }
          });
      tensors.forEach(
          (name, tensor) -> {
            try (NDManager part = scope.newSubManager()) {
              NDArray values = part.create(in.floats(name), tensor.getShape());
              TrainKernels.assign(List.of(tensor), new NDList(values), part);
            }
          });
      return new Restored(state, objective);
    }
  }

  /** The result of {@link #read}, apart from the tensors that it filled. */
  record Restored(TrainingState state, Map<String, float[]> objective) {}

  private TrainingState state(SafetensorsFile in) {
    String json = in.metadata().get(STATE);
    if (json == null) {
      throw new CheckpointException(
          file + ": expected a training checkpoint, found no '" + STATE + "' in its metadata");
    }
    if (!Long.toString(checksum(json)).equals(in.metadata().get(STATE_SUM))) {
      throw damaged("the training state");
    }
    try {
      return TrainingState.fromJson(json);
    } catch (RuntimeException e) { // Gson throws several types
      throw new CheckpointException(
          file + ": the training state cannot be read: " + Reasons.of(e), e);
    }
  }

  private void requireSame(Map<String, String> expected, Map<String, String> found) {
    TreeSet<String> keys = new TreeSet<>(expected.keySet());
    keys.addAll(found.keySet());
    for (String key : keys) {
      String now = expected.getOrDefault(key, "none");
      String then = found.getOrDefault(key, "none");
      if (!now.equals(then)) {
        throw new CheckpointException(
            file
                + " is of another training: expected "
                + key
                + " "
                + now
                + ", found "
                + then
                + "; use another checkpoint folder, or the settings and data it was made with");
      }
    }
  }

  private float[] sound(SafetensorsFile in, String name) {
    float[] values = in.floats(name);
    if (!Long.toString(checksum(values)).equals(in.metadata().get(TENSOR_SUM + name))) {
      throw damaged("tensor '" + name + "'");
    }
    return values;
  }

  private CheckpointException damaged(String part) {
    return new CheckpointException(
        file
            + ": the checksum of "
            + part
            + " does not fit; the file is damaged: delete it to start again");
  }

  private static long checksum(String text) {
    CRC32C sum = new CRC32C();
    sum.update(text.getBytes(StandardCharsets.UTF_8));
    return sum.getValue();
  }

  private static long checksum(float[] values) {
    CRC32C sum = new CRC32C();
    int chunk = 1 << 14;
    ByteBuffer bytes = ByteBuffer.allocate(4 * chunk).order(ByteOrder.LITTLE_ENDIAN);
    for (int from = 0; from < values.length; from += chunk) {
      int n = Math.min(chunk, values.length - from);
      bytes.clear();
      bytes.asFloatBuffer().put(values, from, n);
      sum.update(bytes.limit(4 * n));
    }
    return sum.getValue();
  }

  @Override
  public void close() {
    if (lock != null) {
      try {
        lock.close();
      } catch (IOException e) {
        LOG.debug("closing a lock file failed", e);
      }
    }
  }
}
