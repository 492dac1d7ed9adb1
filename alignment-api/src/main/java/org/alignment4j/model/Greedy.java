package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.core.Cancellation;
import org.alignment4j.core.OutOfMemoryException;
import org.jspecify.annotations.Nullable;

/** Greedy generation for one left-padded batch. */
final class Greedy {
  /** Places B x S of one batch: what depends on them in Java stays under 1 GiB. */
  private static final long MAX_PLACES = 1L << 27;

  private final LanguageModel model;
  private final NDManager scope;
  private final Batch batch;
  private final Generation settings;
  private final Set<Integer> ends;

  Greedy(LanguageModel model, NDManager scope, Batch batch, Generation settings) {
    this.model = model;
    this.scope = scope;
    this.batch = batch;
    this.settings = settings;
    this.ends = new HashSet<>();
    if (!settings.ignoreEnd()) {
      ends.addAll(model.config().endOfSequence());
      ChatTokenizer tokenizer = model.tokenizerIfPresent();
      if (tokenizer != null) {
        ends.addAll(tokenizer.endOfTurn());
      }
    }
  }

  List<Completion> run() {
    ModelConfig c = model.config();
    int[] limits =
        batch.sequences().stream()
            .mapToInt(s -> Math.min(settings.maxNewTokens(), c.contextLength() - s.length))
            .toArray();
    int room = Arrays.stream(limits).max().orElse(0);
    long wanted = (long) batch.length() + room;
    if (wanted * batch.size() > MAX_PLACES) {
      throw new OutOfMemoryException(
          "generation of up to " + room + " tokens for " + batch.size() + " prompts at once");
    }
    int places = (int) wanted;
    List<NDArray> cache = cache(places);
    NDArray attention = batch.attentionWithRoom(scope, room);
    List<Decoder.Edit> edits = model.edits(scope, batch, room);
    NDArray banned =
        Decoder.longs(scope, ends.stream().mapToLong(Integer::longValue).sorted().toArray());
    NDArray none = Decoder.longs(scope, new long[0]);
    long[] pick = new long[batch.size()];
    Arrays.fill(pick, batch.length() - 1);
    int[][] out = new int[batch.size()][room];
    int[] lengths = new int[batch.size()];
    boolean[] ended = new boolean[batch.size()];
    boolean[] done = new boolean[batch.size()];
    NDManager step = scope.newSubManager();
    NDArray ids = batch.ids(step);
    NDArray positions = batch.positions(step);
    boolean plain = batch.plain();
    for (int n = 0, past = 0; n < room && !all(done); n++) {
      Cancellation.check("generation");
      NDList result =
          model
              .decoder()
              .step(
                  step,
                  batch,
                  past,
                  plain,
                  ids,
                  model.virtual(),
                  model.weights(),
                  attention,
                  positions,
                  pick,
                  n < settings.minNewTokens() ? banned : none,
                  cache,
                  edits);
      long[] next = result.get(1).toLongArray();
      step.close();
      past = batch.length() + n;
      for (int b = 0; b < next.length; b++) {
        if (!done[b]) {
          ended[b] = ends.contains((int) next[b]) && n >= settings.minNewTokens();
          if (!ended[b]) {
            out[b][lengths[b]++] = (int) next[b];
          }
          done[b] = ended[b] || lengths[b] == limits[b];
        }
      }
      step = scope.newSubManager();
      ids = step.create(next, new Shape(next.length, 1));
      positions = step.create(positionsAt(n), new Shape(plain ? 1 : next.length, 1));
      Arrays.fill(pick, 0);
    }
    step.close();
    return completions(out, lengths, ended);
  }

  /** Keys and values [B, K, S, E] per block; the system commits memory as they fill. */
  private List<NDArray> cache(int places) {
    ModelConfig c = model.config();
    Shape shape = new Shape(batch.size(), c.kvHeads(), places, c.headSize());
    List<NDArray> cache = new ArrayList<>();
    try {
      for (int i = 0; i < 2 * c.blocks(); i++) {
        cache.add(model.decoder().cache(scope, shape));
      }
    } catch (OutOfMemoryException e) {
      throw new OutOfMemoryException(
          "no room for " + 2 * c.blocks() + " key and value arrays of shape " + shape, e);
    }
    return cache;
  }

  private long[] positionsAt(int n) {
    if (batch.plain()) {
      return new long[] {batch.length() + n};
    }
    return batch.sequences().stream().mapToLong(s -> s.length + n).toArray();
  }

  private static boolean all(boolean[] flags) {
    for (boolean f : flags) {
      if (!f) {
        return false;
      }
    }
    return true;
  }

  private List<Completion> completions(int[][] out, int[] lengths, boolean[] ended) {
    @Nullable ChatTokenizer tokenizer = model.tokenizerIfPresent();
    List<Completion> result = new ArrayList<>();
    for (int b = 0; b < out.length; b++) {
      int[] ids = Arrays.copyOf(out[b], lengths[b]);
      result.add(new Completion(ids, tokenizer == null ? "" : tokenizer.decode(ids), ended[b]));
    }
    return result;
  }
}
