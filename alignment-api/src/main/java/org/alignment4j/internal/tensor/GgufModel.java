package org.alignment4j.internal.tensor;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.text.Shown;

/**
 * The weights of a model in GGUF as transformers has them: under its names, rows in its order,
 * dequantised to float32. Large reads run on several threads.
 */
public final class GgufModel implements Checkpoint {
  /** Factors of the rotary frequencies, which belong to the configuration. */
  private static final Set<String> ROTARY =
      Set.of("rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight");

  /** Elements that one thread reads at a time. */
  private static final int SLICE = 1 << 19;

  private final Path path;
  private final GgufCheckpoint file;
  private final GgufArchitecture architecture;
  private final int headSize;

  /** The name in the file of each published name. */
  private final Map<String, String> stored;

  private GgufModel(
      Path path,
      GgufCheckpoint file,
      GgufArchitecture architecture,
      int headSize,
      Map<String, String> stored) {
    this.path = path;
    this.file = file;
    this.architecture = architecture;
    this.headSize = headSize;
    this.stored = stored;
  }

  /** Opens a model; see {@link Checkpoint#open}. */
  public static GgufModel open(Path path) {
    GgufCheckpoint file = GgufCheckpoint.open(path);
    boolean complete = false;
    try {
      GgufMetadata metadata = GgufMetadata.of(path, file);
      GgufArchitecture architecture = metadata.architecture();
      Map<String, String> stored = new LinkedHashMap<>();
      for (String name : file.names()) {
        requireReadable(path, file.info(name));
        // What has no published name keeps its own, to be rejected by it.
        String published = architecture.published(name).orElse(name);
        if (!ROTARY.contains(name) && stored.put(published, name) != null) {
          throw new CheckpointException(path + ": two tensors are " + Shown.quoted(published));
        }
      }
      complete = true;
      return new GgufModel(
          path, file, architecture, metadata.headSize(), Collections.unmodifiableMap(stored));
    } finally {
      if (!complete) {
        file.close();
      }
    }
  }

  /** Whether most of a file's numbers are quantised: stored in blocks, not as plain numbers. */
  public static boolean isQuantised(Path path) {
    try (GgufCheckpoint file = GgufCheckpoint.open(path)) {
      long quantised = 0;
      long all = 0;
      for (String name : file.names()) {
        GgufTensor tensor = file.info(name);
        all += tensor.elements();
        quantised += tensor.type().blockElements() > 1 ? tensor.elements() : 0;
      }
      return 2 * quantised > all;
    }
  }

  private static void requireReadable(Path path, GgufTensor tensor) {
    if (!tensor.type().isReadable()) {
      throw new UnsupportedArchitectureException(
          path
              + ": tensor "
              + Shown.quoted(tensor.name())
              + " is of type "
              + tensor.type()
              + ", which is not supported; supported are "
              + GgufType.readable()
              + ": get the model in one of these, such as Q4_K_M or Q8_0");
    }
  }

  /** The tensors and metadata as the file has them. */
  public GgufCheckpoint file() {
    return file;
  }

  /** The rows of a head of queries and keys. */
  int headSize() {
    return headSize;
  }

  /** Its architecture. */
  public GgufArchitecture architecture() {
    return architecture;
  }

  /** The name in the file of a tensor with a Hugging Face name. */
  public String storedName(String name) {
    String found = stored.get(name);
    if (found == null) {
      throw new CheckpointException(
          path
              + ": expected tensor "
              + Shown.quoted(architecture.stored(name).orElse(name))
              + ", found none");
    }
    return found;
  }

  @Override
  public Path origin() {
    return path;
  }

  @Override
  public List<Path> files() {
    return file.files();
  }

  @Override
  public Set<String> names() {
    return stored.keySet();
  }

  /** {@inheritDoc} A quantised tensor is copied in F16. */
  @Override
  public TensorInfo info(String name) {
    GgufTensor tensor = file.info(storedName(name));
    long[] shape = tensor.shape();
    long[] slowestFirst = new long[shape.length];
    for (int i = 0; i < shape.length; i++) {
      slowestFirst[i] = shape[shape.length - 1 - i];
    }
    StorageType type = tensor.type().plain().orElse(StorageType.F16);
    return new TensorInfo(
        name, type, slowestFirst, tensor.offset(), tensor.elements() * type.bytes());
  }

  @Override
  public void read(String name, long firstElement, FloatBuffer into) {
    String source = storedName(name);
    int start = into.position();
    int count = into.remaining();
    if (count > 0 && architecture.interleaves(name)) {
      readHeads(name, source, firstElement, into);
    } else {
      inSlices(
          count, SLICE, (at, n) -> file.read(source, firstElement + at, into.slice(start + at, n)));
    }
    into.position(start + count);
    if (architecture.addsOne(name)) {
      for (int i = start; i < start + count; i++) {
        into.put(i, into.get(i) - 1);
      }
    }
  }

  @Override
  public boolean isFourBit(String name) {
    return file.info(storedName(name)).type().isFourBit();
  }

  @Override
  public boolean isQuantised(String name) {
    return file.info(storedName(name)).type().blockElements() > 1;
  }

  @Override
  public void readRowGroups(String name, long firstRow, GgufGroups into) {
    String source = storedName(name);
    int groups = groupsOfRow(name);
    if (!architecture.interleaves(name)) {
      file.readGroups(source, firstRow * groups, into);
      return;
    }
    GgufGroups one = GgufGroups.of(groups);
    for (int at = 0; at < into.count(); at += groups) {
      long row = firstRow + at / groups;
      long head = row / headSize * headSize;
      int stored = GgufArchitecture.interleavedRow((int) (row - head), headSize);
      file.readGroups(source, (head + stored) * groups, one);
      into.set(at, one, 0, groups);
    }
  }

  private int groupsOfRow(String name) {
    long[] shape = info(name).shape();
    return Math.toIntExact(shape[shape.length - 1]) / GgufGroups.SIZE;
  }

  /** Reads rows that are stored in another order within each head. */
  private void readHeads(String name, String source, long firstElement, FloatBuffer into) {
    long[] shape = info(name).shape();
    int columns = shape.length == 2 ? Math.toIntExact(shape[1]) : 1;
    long head = (long) headSize * columns;
    if (shape.length == 0 || shape[0] % headSize != 0 || head > Integer.MAX_VALUE - 8) {
      throw new CheckpointException(
          path
              + ": tensor "
              + Shown.quoted(source)
              + " does not consist of heads of "
              + headSize
              + " rows");
    }
    int start = into.position();
    int count = into.remaining();
    long before = firstElement / head;
    int heads = (int) ((firstElement + count + head - 1) / head - before);
    IntStream.range(0, heads)
        .parallel()
        .forEach(
            h -> {
              long headStart = (before + h) * head;
              long from = Math.max(firstElement, headStart);
              long to = Math.min(firstElement + count, headStart + head);
              float[] rows = new float[(int) head];
              file.read(source, headStart, FloatBuffer.wrap(rows));
              FloatBuffer out = into.slice(start + (int) (from - firstElement), (int) (to - from));
              for (long at = from; at < to; ) {
                int row = (int) ((at - headStart) / columns);
                int column = (int) ((at - headStart) % columns);
                int n = (int) Math.min(columns - column, to - at);
                out.put(rows, GgufArchitecture.interleavedRow(row, headSize) * columns + column, n);
                at += n;
              }
            });
  }

  private interface SliceReader {
    void read(int at, int count);
  }

  private static void inSlices(int count, int slice, SliceReader reader) {
    int slices = (count + slice - 1) / slice;
    if (slices <= 1) {
      reader.read(0, count);
      return;
    }
    IntStream.range(0, slices)
        .parallel()
        .forEach(i -> reader.read(i * slice, Math.min(slice, count - i * slice)));
  }

  @Override
  public TensorSource copy(String name) {
    TensorInfo info = info(name);
    return new TensorSource(
        name, info.type(), info.shape(), (first, into) -> read(name, first, into));
  }

  @Override
  public void close() {
    file.close();
  }
}
