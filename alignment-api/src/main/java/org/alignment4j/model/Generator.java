package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

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
import org.alignment4j.core.OutOfMemoryException;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.tensor.LengthGroups;
import org.alignment4j.model.Completion.GeneratedToken;
import org.jspecify.annotations.Nullable;

/** Generates continuations of sequences in left-padded batches of similar length. */
final class Generator {
  /** Maximum B x S of one batch; keeps the arrays in Java that depend on it under 1 GiB. */
  private static final long MAX_POSITIONS = 1L << 27;

  /** Maximum number of sequences in a batch. */
  private static final int MAX_SEQUENCES = 32;

  /** Maximum B x T of the prompts in a batch; a single prompt may exceed it. */
  private static final int MAX_PROMPT_POSITIONS = 8192;

  /** Share of the padded positions that prompts without padding may take to be run so. */
  private static final double WORTHWHILE = 0.9;

  /** Share of the sequences that may still run for the others to be dropped. */
  private static final double WORTH_MOVING = 0.875;

  private final ForwardPass pass;
  private final NDManager scope;
  private final Generation settings;
  private final @Nullable Consumer<GeneratedToken> listener;
  private final int room;

  /** Sequences longer than this use other rotary frequencies; 0 if there is no such length. */
  private final int border;

  private final GeneratedSequence[] generated;

  /** The sequences that run, of which a few may have ended; its index is the caller's. */
  private Batch batch;

  /** What each of the batch generates [B]. */
  private GeneratedSequence[] running;

  private Decoder.Context context;

  /** The prompts without padding, if running them so saves enough; else null. */
  private final @Nullable Batch prompts;

  /** Ids that may not be chosen before minNewTokens tokens [N]. */
  private final NDArray banned;

  private final NDArray none;

  /** Null if only the most likely token of the raw logits is needed. */
  private @Nullable Sampler sampler;

  /**
   * @param batch a batch whose index holds the sequences' indices in the caller's list
   */
  private Generator(
      ForwardPass pass,
      NDManager scope,
      Batch batch,
      Generation settings,
      @Nullable ChatTokenizer tokenizer,
      @Nullable Consumer<GeneratedToken> listener) {
    this.pass = pass;
    this.scope = scope;
    this.batch = batch;
    this.settings = settings;
    this.listener = listener;
    ModelConfig c = pass.config();
    this.border = c.rope().switchesAbove();
    this.prompts = pass.shares() ? unpadded(batch) : null;
    int[] limits =
        batch.sequences().stream()
            .mapToInt(s -> Math.min(settings.maxNewTokens(), c.contextLength() - s.length))
            .toArray();
    this.room = Arrays.stream(limits).max().orElse(0);
    long positions = (long) batch.length() + room;
    if (positions * batch.size() > MAX_POSITIONS) {
      throw new OutOfMemoryException(
          "generation of up to " + room + " tokens for " + batch.size() + " prompts at once");
    }
    Set<Integer> ends = ends(tokenizer);
    this.generated =
        Arrays.stream(limits)
            .mapToObj(
                limit -> new GeneratedSequence(settings, ends, limit, tokenizer, listener != null))
            .toArray(GeneratedSequence[]::new);
    this.running = generated;
    this.context =
        new Decoder.Context(
            KeyValueCache.allocate(pass.decoder(), scope, batch.size(), (int) positions),
            batch.attentionWithRoom(scope, room),
            batch.plain(),
            pass.edits(scope, batch, room));
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
        settings.isPlainlyGreedy() ? null : new Sampler(pass.decoder(), scope, batch, settings);
  }

  /**
   * See {@link LanguageModel#generateIds(List, Generation, Consumer)}.
   *
   * @param files of the model; their tokenizer is used if present
   */
  static List<Completion> completions(
      ForwardPass pass,
      LazyFiles files,
      List<int[]> sequences,
      Generation settings,
      @Nullable Consumer<GeneratedToken> listener) {
    check(pass, files, sequences, settings);
    List<int[]> prepared = pass.prepared(sequences);
    Completion[] result = new Completion[sequences.size()];
    int[] lengths = prepared.stream().mapToInt(s -> s.length).toArray();
    for (List<Integer> some :
        LengthGroups.of(
            lengths,
            (n, longest, all) ->
                n <= MAX_SEQUENCES && (long) n * longest <= MAX_PROMPT_POSITIONS)) {
      Batch batch =
          Batch.of(some.stream().map(prepared::get).toList(), Batch.Side.LEFT)
              .withIndex(some.stream().mapToInt(Integer::intValue).toArray());
      ChatTokenizer tokenizer = files.tokenizerIfPresent();
      try (NDManager scope = pass.manager().newSubManager()) {
        List<Completion> part =
            new Generator(pass, scope, batch, settings, tokenizer, listener).run();
        for (int b = 0; b < part.size(); b++) {
          result[some.get(b)] = part.get(b);
        }
      }
    }
    return List.of(result);
  }

  private static void check(
      ForwardPass pass, LazyFiles files, List<int[]> sequences, Generation settings) {
    pass.check(sequences);
    for (int i = 0; i < sequences.size(); i++) {
      require(
          (long) sequences.get(i).length + Math.max(1, settings.minNewTokens())
              <= pass.longestSequence(),
          "sequence %s of %s tokens leaves no room in the context of %s",
          i,
          sequences.get(i).length,
          pass.longestSequence());
    }
    require(
        settings.seeds().isEmpty() || settings.seeds().size() == sequences.size(),
        "%s seeds for %s sequences",
        settings.seeds().size(),
        sequences.size());
    require(
        settings.stopStrings().isEmpty() || files.tokenizerIfPresent() != null,
        "stop strings need a tokenizer, but %s has none",
        files.path());
  }

  private static @Nullable Batch unpadded(Batch batch) {
    Batch prompts = Batch.of(batch.sequences(), Batch.Side.RIGHT).sharingBeginnings();
    long padded = (long) batch.size() * batch.length();
    return prompts.tokens() <= WORTHWHILE * padded ? prompts : null;
  }

  private Set<Integer> ends(@Nullable ChatTokenizer tokenizer) {
    Set<Integer> ends = new HashSet<>();
    if (!settings.ignoreEnd()) {
      ends.addAll(pass.config().endOfSequence());
      if (tokenizer != null) {
        ends.addAll(tokenizer.endOfTurn());
      }
    }
    return ends;
  }

  private List<Completion> run() {
    long[][] chosen = new long[room][];
    NDManager step = scope.newSubManager();
    for (int n = 0; n < room && !done(); n++) {
      Cancellation.check("generation");
      Sampler.Choice choice = next(step, n, chosen);
      step.close();
      step = scope.newSubManager();
      take(choice);
      chosen[n] = choice.tokens();
      dropFinished(n + 1, chosen);
    }
    step.close();
    return Arrays.stream(generated).map(GeneratedSequence::completion).toList();
  }

  /**
   * Chooses the n-th tokens.
   *
   * @param chosen the earlier ones, per step [B]
   */
  private Sampler.Choice next(NDManager step, int n, long[][] chosen) {
    // If a sequence outgrows its rotary frequencies, all keys change: the cache is recomputed.
    boolean again = n > 0 && crosses(n);
    boolean whole = n == 0 || again;
    NDArray ban = n < settings.minNewTokens() ? banned : none;
    if (n == 0 && prompts != null) {
      NDArray given = pass.inputs().array();
      NDArray hidden = sampler == null ? ban : none;
      return chosen(
          step,
          pass.decoder()
              .prefill(step, pass.weights(), prompts, batch, given, hidden, context.cache()),
          ban,
          n);
    }
    int size = batch.size();
    long[] pick = new long[size];
    Arrays.fill(pick, whole ? batch.length() + n - 1 : 0);
    Decoder.Step input =
        new Decoder.Step(
            whole ? 0 : batch.length() + n - 1,
            lengths(n),
            whole ? idsSoFar(step, n, chosen) : step.create(chosen[n - 1], new Shape(size, 1)),
            whole ? pass.inputs().array() : null,
            whole ? positionsSoFar(step, n) : step.create(positionsAt(n - 1), positionShape(1)),
            pick,
            sampler == null ? ban : none);
    return chosen(step, pass.decoder().step(step, pass.weights(), context, input), ban, n);
  }

  private Sampler.Choice chosen(NDManager step, NDList result, NDArray ban, int n) {
    return sampler == null
        ? new Sampler.Choice(result.get(1).toLongArray(), new float[0])
        : sampler.choose(step, result.get(0), ban, n);
  }

  /**
   * Goes on without the sequences that have ended, if these are enough to be worth moving the
   * others' keys and values.
   *
   * @param n number of tokens chosen so far
   */
  private void dropFinished(int n, long[][] chosen) {
    int[] rows = IntStream.range(0, running.length).filter(b -> !running[b].done()).toArray();
    if (rows.length == 0 || rows.length > WORTH_MOVING * running.length || n == room) {
      return;
    }
    context = pass.decoder().only(scope, context, rows, batch.length() + n - 1);
    batch = batch.only(rows);
    sampler = sampler == null ? null : sampler.only(scope, rows);
    running = Arrays.stream(rows).mapToObj(b -> running[b]).toArray(GeneratedSequence[]::new);
    for (int j = 0; j < n; j++) {
      long[] of = chosen[j];
      chosen[j] = Arrays.stream(rows).mapToLong(b -> of[b]).toArray();
    }
  }

  private boolean crosses(int n) {
    for (int b = 0; border > 0 && b < running.length; b++) {
      if (!running[b].done() && batch.sequences().get(b).length + n == border + 1) {
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
    for (int b = 0; b < running.length; b++) {
      if (!running[b].done()) {
        float p = settings.logProbabilities() ? choice.logProbabilities()[b] : Float.NaN;
        news.add(running[b].add(batch.index()[b], (int) choice.tokens()[b], p));
      }
    }
    if (listener != null) {
      news.forEach(listener);
    }
  }

  private boolean done() {
    return Arrays.stream(running).allMatch(GeneratedSequence::done);
  }

  private long[] positionsAt(int n) {
    if (batch.plain()) {
      return new long[] {batch.length() + n};
    }
    return batch.sequences().stream().mapToLong(s -> s.length + n).toArray();
  }
}
