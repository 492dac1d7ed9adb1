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
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.core.Cancellation;
import org.alignment4j.core.OutOfMemoryException;
import org.jspecify.annotations.Nullable;

/** Generation for one left-padded batch. */
final class Generator {
  /** Places B x S of one batch: what depends on them in Java stays under 1 GiB. */
  private static final long MAX_PLACES = 1L << 27;

  private final LanguageModel model;
  private final NDManager scope;
  private final Batch batch;
  private final Generation settings;
  private final @Nullable Consumer<GeneratedToken> listener;
  private final int room;

  /** Sequences longer than this have other rotary frequencies; 0 if there is no such length. */
  private final int border;

  private final Answer[] answers;
  private final List<NDArray> cache;
  private final NDArray attention;
  private final List<Decoder.Edit> edits;

  /** Ids that may not be chosen before the least number of tokens [N]. */
  private final NDArray banned;

  private final NDArray none;

  /** Null if the likeliest token of the raw logits is all that is wanted. */
  private final @Nullable Sampler sampler;

  /**
   * @param batch a batch whose index holds the sequences' places in the caller's list
   */
  Generator(
      LanguageModel model,
      NDManager scope,
      Batch batch,
      Generation settings,
      @Nullable Consumer<GeneratedToken> listener) {
    this.model = model;
    this.scope = scope;
    this.batch = batch;
    this.settings = settings;
    this.listener = listener;
    ModelConfig c = model.config();
    this.border = c.rope().switchesAbove();
    int[] limits =
        batch.sequences().stream()
            .mapToInt(s -> Math.min(settings.maxNewTokens(), c.contextLength() - s.length))
            .toArray();
    this.room = Arrays.stream(limits).max().orElse(0);
    long places = (long) batch.length() + room;
    if (places * batch.size() > MAX_PLACES) {
      throw new OutOfMemoryException(
          "generation of up to " + room + " tokens for " + batch.size() + " prompts at once");
    }
    ChatTokenizer tokenizer = model.tokenizerIfPresent();
    Set<Integer> ends = ends(tokenizer);
    this.answers =
        Arrays.stream(limits)
            .mapToObj(limit -> new Answer(settings, ends, limit, tokenizer, listener != null))
            .toArray(Answer[]::new);
    this.cache = KeyValueCache.allocate(model.decoder(), scope, batch.size(), (int) places);
    this.attention = batch.attentionWithRoom(scope, room);
    this.edits = model.edits(scope, batch, room);
    this.banned =
        Decoder.longs(
            scope,
            IntStream.concat(
                    ends.stream().mapToInt(Integer::intValue),
                    settings.stopTokens().stream().mapToInt(Integer::intValue))
                .filter(id -> id >= 0 && id < c.vocabulary())
                .distinct()
                .sorted()
                .mapToLong(id -> id)
                .toArray());
    this.none = Decoder.longs(scope, new long[0]);
    this.sampler =
        settings.isPlainlyGreedy() ? null : new Sampler(model.decoder(), scope, batch, settings);
  }

  private Set<Integer> ends(@Nullable ChatTokenizer tokenizer) {
    Set<Integer> ends = new HashSet<>();
    if (!settings.ignoreEnd()) {
      ends.addAll(model.config().endOfSequence());
      if (tokenizer != null) {
        ends.addAll(tokenizer.endOfTurn());
      }
    }
    return ends;
  }

  List<Completion> run() {
    long[][] chosen = new long[room][];
    NDManager step = scope.newSubManager();
    for (int n = 0; n < room && !done(); n++) {
      Cancellation.check("generation");
      Sampler.Choice choice = next(step, n, chosen);
      step.close();
      step = scope.newSubManager();
      take(choice);
      chosen[n] = choice.tokens();
    }
    step.close();
    return Arrays.stream(answers).map(Answer::completion).toList();
  }

  /**
   * The n-th tokens.
   *
   * @param chosen those before, per step [B]
   */
  private Sampler.Choice next(NDManager step, int n, long[][] chosen) {
    // Where a sequence outgrows its rotary frequencies all keys change, so the cache is made anew.
    boolean again = n > 0 && crosses(n);
    boolean whole = n == 0 || again;
    NDArray ban = n < settings.minNewTokens() ? banned : none;
    int size = batch.size();
    long[] pick = new long[size];
    Arrays.fill(pick, whole ? batch.length() + n - 1 : 0);
    NDList result =
        model
            .decoder()
            .step(
                step,
                lengths(n),
                whole ? 0 : batch.length() + n - 1,
                batch.plain(),
                whole ? idsSoFar(step, n, chosen) : step.create(chosen[n - 1], new Shape(size, 1)),
                whole ? model.virtual() : null,
                model.weights(),
                attention,
                whole ? positionsSoFar(step, n) : step.create(positionsAt(n - 1), positionShape(1)),
                pick,
                sampler == null ? ban : none,
                cache,
                edits);
    return sampler == null
        ? new Sampler.Choice(result.get(1).toLongArray(), new float[0])
        : sampler.choose(step, result.get(0), ban, n);
  }

  private boolean crosses(int n) {
    for (int b = 0; border > 0 && b < answers.length; b++) {
      if (!answers[b].done() && batch.sequences().get(b).length + n == border + 1) {
        return true;
      }
    }
    return false;
  }

  private int[] lengths(int n) {
    return border == 0
        ? new int[] {1}
        : batch.sequences().stream().mapToInt(s -> s.length + n).toArray();
  }

  private NDArray idsSoFar(NDManager step, int n, long[][] chosen) {
    NDArray prompts = batch.ids(step);
    if (n == 0) {
      return prompts;
    }
    long[] flat = new long[batch.size() * n];
    for (int b = 0; b < batch.size(); b++) {
      for (int j = 0; j < n; j++) {
        flat[b * n + j] = chosen[j][b];
      }
    }
    return prompts.concat(step.create(flat, new Shape(batch.size(), n)), 1);
  }

  private NDArray positionsSoFar(NDManager step, int n) {
    NDArray prompts = batch.positions(step);
    if (n == 0) {
      return prompts;
    }
    long[] flat = new long[(int) positionShape(n).size()];
    for (int j = 0; j < n; j++) {
      long[] at = positionsAt(j);
      for (int b = 0; b < at.length; b++) {
        flat[b * n + j] = at[b];
      }
    }
    return prompts.concat(step.create(flat, positionShape(n)), 1);
  }

  private Shape positionShape(int n) {
    return new Shape(batch.plain() ? 1 : batch.size(), n);
  }

  private void take(Sampler.Choice choice) {
    List<GeneratedToken> news = new ArrayList<>();
    for (int b = 0; b < answers.length; b++) {
      if (!answers[b].done()) {
        float p = settings.logProbabilities() ? choice.logProbabilities()[b] : Float.NaN;
        news.add(answers[b].add(batch.index()[b], (int) choice.tokens()[b], p));
      }
    }
    if (listener != null) {
      news.forEach(listener);
    }
  }

  private boolean done() {
    return Arrays.stream(answers).allMatch(Answer::done);
  }

  private long[] positionsAt(int n) {
    if (batch.plain()) {
      return new long[] {batch.length() + n};
    }
    return batch.sequences().stream().mapToLong(s -> s.length + n).toArray();
  }
}
