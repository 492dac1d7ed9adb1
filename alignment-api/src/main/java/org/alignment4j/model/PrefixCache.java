package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.tensor.DirectMemory;
import org.alignment4j.internal.text.Reasons;

/**
 * Hidden states of all tokens of many sequences at one layer, computed once: the inputs of the
 * block being trained, while the blocks below stay frozen. Kept in memory up to a budget, and
 * beyond it in a memory-mapped temporary file. Thread-safe once created.
 */
public final class PrefixCache implements AutoCloseable {
  private static final int TOKENS = 1024;
  private static final int CHUNK = 1 << 20;

  private final Layer layer;
  private final int width;
  private final List<int[]> sequences;
  private final ByteBuffer[] rows;
  private volatile boolean closed;

  private PrefixCache(Layer layer, int width, List<int[]> sequences) {
    this.layer = layer;
    this.width = width;
    this.sequences = sequences;
    this.rows = new ByteBuffer[sequences.size()];
  }

  /**
   * Runs the blocks up to {@code layer} once over all sequences.
   *
   * @param sequences token ids
   * @param layer layer of the states; the block above reads them
   * @param memoryBytes maximum bytes kept in memory; the rest goes to a temporary file
   * @throws IllegalArgumentException as in {@link LanguageModel#captureIds}
   */
  public static PrefixCache of(
      LanguageModel model,
      List<int[]> sequences,
      Layer layer,
      long memoryBytes,
      ProgressListener progress) {
    require(layer.index() < model.config().blocks(), "no block reads %s", layer);
    ForwardPass pass = model.pass();
    pass.check(sequences);
    pass.requireUnsteered();
    PrefixCache cache = new PrefixCache(layer, model.config().width(), List.copyOf(sequences));
    long bytes = 0;
    for (int[] s : sequences) {
      bytes += cache.bytes(s);
    }
    if (bytes <= memoryBytes) {
      for (int i = 0; i < cache.rows.length; i++) {
        cache.rows[i] =
            DirectMemory.allocate(
                cache.bytes(sequences.get(i)), ByteOrder.nativeOrder(), "the prefix cache");
      }
    } else {
      cache.map();
    }
    int done = 0;
    for (Batch batch : Batch.group(sequences, TOKENS, Batch.Side.RIGHT)) {
      Cancellation.check("prefix cache");
      cache.fill(pass, batch);
      done += batch.size();
      progress.step("prefix up to " + layer, done, sequences.size());
    }
    return cache;
  }

  private int bytes(int[] sequence) {
    return Math.toIntExact((long) sequence.length * width * Float.BYTES);
  }

  private void map() {
    try {
      Path file = Files.createTempFile("alignment4j", ".prefix");
      try (FileChannel channel =
          FileChannel.open(
              file,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE)) {
        reserve(channel);
        long at = 0;
        for (int i = 0; i < rows.length; i++) {
          int n = bytes(sequences.get(i));
          rows[i] =
              channel.map(FileChannel.MapMode.READ_WRITE, at, n).order(ByteOrder.nativeOrder());
          at += n;
        }
      }
    } catch (IOException e) {
      throw new AlignmentException(
          "cannot keep the prefix cache in a temporary file: " + Reasons.of(e), e);
    }
  }

  /**
   * Preallocates the file: writing to an unallocated mapped page on a full disk crashes the JVM
   * instead of throwing an IOException.
   */
  private void reserve(FileChannel channel) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(CHUNK);
    for (int[] sequence : sequences) {
      for (int left = bytes(sequence); left > 0; ) {
        left -= channel.write(zeros.clear().limit(Math.min(left, CHUNK)));
      }
    }
  }

  private void fill(ForwardPass pass, Batch batch) {
    try (NDManager scope = pass.manager().newSubManager()) {
      NDArray x = pass.hidden(scope, batch, layer, List.of(), new long[] {0}, null).get(0);
      ByteBuffer all = x.toByteBuffer().order(ByteOrder.nativeOrder());
      int from = 0;
      for (int i : batch.index()) {
        rows[i].put(0, all, from, bytes(sequences.get(i)));
        from += bytes(sequences.get(i));
      }
    }
  }

  /** The layer of the states. */
  public Layer layer() {
    return layer;
  }

  /** Number of sequences. */
  public int size() {
    return rows.length;
  }

  /** Number of tokens of a sequence. */
  public int length(int sequence) {
    return sequences.get(sequence).length;
  }

  Batch batch(int[] which) {
    return Batch.of(Arrays.stream(which).mapToObj(sequences::get).toList(), Batch.Side.RIGHT)
        .withIndex(which);
  }

  /** Inputs [N, D] of the tokens of a batch made by {@link #batch}. */
  NDArray inputs(Batch batch, NDManager scope) {
    if (closed) {
      throw new IllegalStateException("the prefix cache is closed");
    }
    int bytes = Math.multiplyExact(batch.tokens(), width * Float.BYTES);
    ByteBuffer all = DirectMemory.allocate(bytes, ByteOrder.nativeOrder(), "the prefix cache");
    for (int i : batch.index()) {
      all.put(rows[i].duplicate());
    }
    return scope.create(all.flip(), new Shape(batch.tokens(), width), DataType.FLOAT32);
  }

  /** Drops the references; the garbage collector frees the memory. */
  @Override
  public void close() {
    closed = true;
    Arrays.fill(rows, ByteBuffer.allocate(0));
  }
}
