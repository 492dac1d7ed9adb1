package org.alignment4j.sysformer;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.alignment4j.PromptGuard;
import org.alignment4j.Verdict;
import org.alignment4j.chat.Prompt;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.tensor.LengthGroups;
import org.alignment4j.model.Completion;
import org.alignment4j.model.EmbeddedPrompt;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;

/**
 * Adapts a model's system prompt to each request by a {@link Sysformer}. The system prompt is the
 * one that the Sysformer was trained with; it replaces a conversation's own system message.
 * Thread-safe. Close it to free the Sysformer's native memory; the model is owned by the caller and
 * must stay open.
 */
public final class SysformerGuard implements PromptGuard, AutoCloseable {
  /** Maximum number of prompt tokens of a batch, padding included. */
  private static final int MAX_BATCH_TOKENS = 8192;

  private final LanguageModel model;
  private final Sysformer sysformer;
  private final NativeSysformer live;
  private final RequestEncoder encoder;

  /**
   * Creates a guard.
   *
   * @throws IllegalArgumentException if the Sysformer was made for a model of another width, or for
   *     one that encodes the system prompt as a different number of tokens
   */
  public SysformerGuard(LanguageModel model, Sysformer sysformer) {
    this.model = model;
    this.sysformer = sysformer;
    this.encoder = new RequestEncoder(model.tokenizer(), sysformer.systemText());
    int tokens = encoder.row(Prompt.user("?"), false).system().length();
    require(
        tokens == sysformer.systemTokens(),
        "the system prompt has %s tokens in this model, %s in the Sysformer's",
        tokens,
        sysformer.systemTokens());
    this.live = new NativeSysformer(model, sysformer, false);
  }

  /**
   * Loads a guard from a folder written by {@link Sysformer#save}.
   *
   * @throws org.alignment4j.core.CheckpointException if a file is missing or damaged
   * @throws IllegalArgumentException if the shapes show that it was made for another model
   */
  public static SysformerGuard load(LanguageModel model, Path folder) {
    return new SysformerGuard(model, Sysformer.load(folder));
  }

  /**
   * Always returns a rewrite with the adapted system prompt; its score is NaN, see {@link
   * #harmScores}. A conversation that the model cannot encode is blocked.
   */
  @Override
  public Verdict check(Prompt conversation) {
    return checkAll(List.of(conversation)).get(0);
  }

  @Override
  public List<Verdict> checkAll(List<Prompt> conversations) {
    long start = System.nanoTime();
    List<@Nullable String> unreadable = new ArrayList<>();
    List<Prompt> readable = new ArrayList<>();
    List<GuardRow> rows = new ArrayList<>();
    for (Prompt c : conversations) {
      require(!c.endsWithResponse(), "the conversation must end with a user message");
      @Nullable String why = null;
      try {
        GuardRow row = encoder.row(c, false);
        why = tooLong(row);
        if (why == null) {
          rows.add(row);
          readable.add(c);
        }
      } catch (IllegalArgumentException e) {
        why = String.valueOf(e.getMessage());
      }
      unreadable.add(why);
    }
    List<EmbeddedPrompt> adapted = rows.isEmpty() ? List.of() : adaptRows(rows);
    Duration each =
        Duration.ofNanos((System.nanoTime() - start) / Math.max(1, conversations.size()));
    List<Verdict> verdicts = new ArrayList<>();
    int at = 0;
    for (String why : unreadable) {
      if (why != null) {
        verdicts.add(new Verdict.Block(Double.NaN, "the model cannot read it: " + why, each));
      } else {
        Prompt text = readable.get(at).withSystem(sysformer.systemText());
        verdicts.add(
            new Verdict.Rewrite(
                Double.NaN, "system prompt adapted to the request", each, text, adapted.get(at)));
        at++;
      }
    }
    return verdicts;
  }

  private @Nullable String tooLong(GuardRow row) {
    int length = row.encoded().ids().length;
    return length <= model.longestSequence()
        ? null
        : length + " tokens, the context has " + model.longestSequence();
  }

  /**
   * Adapts the system prompt to each request. A result does not depend on the other requests,
   * except by rounding.
   *
   * @param prompts each ending with a user message; a system message is replaced
   */
  public List<EmbeddedPrompt> adapt(List<Prompt> prompts) {
    return adaptRows(prompts.stream().map(p -> encoder.row(p, false)).toList());
  }

  /** Adapts in batches of similar length, so that many long requests do not exhaust the memory. */
  private List<EmbeddedPrompt> adaptRows(List<GuardRow> rows) {
    EmbeddedPrompt[] adapted = new EmbeddedPrompt[rows.size()];
    int[] lengths = rows.stream().mapToInt(row -> row.text().length).toArray();
    LengthGroups.of(lengths, (batch, longest, tokens) -> (long) batch * longest <= MAX_BATCH_TOKENS)
        .forEach(batch -> adaptBatch(rows, batch, adapted));
    return List.of(adapted);
  }

  private void adaptBatch(List<GuardRow> rows, List<Integer> batch, EmbeddedPrompt[] into) {
    Cancellation.check("guarding");
    int n = sysformer.systemTokens();
    int width = sysformer.width();
    float[] flat;
    try (NDManager scope = NDManager.newBaseManager(model.device(), "PyTorch")) {
      flat = live.adapt(batch.stream().map(rows::get).toList(), scope).toFloatArray();
    }
    for (int b = 0; b < batch.size(); b++) {
      float[][] own = new float[n][];
      for (int i = 0; i < n; i++) {
        int at = (b * n + i) * width;
        own[i] = Arrays.copyOfRange(flat, at, at + width);
      }
      int row = batch.get(b);
      into[row] = new EmbeddedPrompt(rows.get(row).withRows(0).ids(), own);
    }
  }

  private <R> R run(List<Prompt> prompts, BiFunction<LanguageModel, List<int[]>, R> call) {
    return EmbeddedPrompt.run(model, adapt(prompts), call);
  }

  /**
   * Generates responses to requests under their adapted system prompts; see {@link
   * LanguageModel#generate}.
   */
  public List<Completion> generate(List<Prompt> prompts, Generation settings) {
    return run(prompts, (view, ids) -> view.generateIds(ids, settings));
  }

  /** Returns the logits of the token that follows each request [B, V]. */
  public float[][] nextTokenLogits(List<Prompt> prompts) {
    return run(prompts, LanguageModel::nextTokenLogitsIds);
  }

  /**
   * Returns probabilities that requests are harmful, from the harm head on the model's last hidden
   * state; meaningful only if it was trained with a classification weight, about 0.5 otherwise.
   */
  public double[] harmScores(List<Prompt> prompts) {
    float[][] states = run(prompts, Features::of);
    float[] head = sysformer.tensor(Sysformer.HEAD);
    double bias = sysformer.tensor(Sysformer.BIAS)[0];
    double[] scores = new double[states.length];
    for (int i = 0; i < scores.length; i++) {
      double logOdds = bias;
      for (int d = 0; d < head.length; d++) {
        logOdds += (double) head[d] * states[i][d];
      }
      scores[i] = 1 / (1 + Math.exp(-logOdds));
    }
    return scores;
  }

  @Override
  public void close() {
    live.close();
  }
}
