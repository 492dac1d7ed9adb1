package org.alignment4j.sysformer;

import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;

/**
 * A model whose system prompt a {@link Sysformer} adapts to each request. Thread-safe. Close it to
 * free the Sysformer's native memory; the model stays the caller's.
 */
public final class GuardedModel implements AutoCloseable {
  private final LanguageModel model;
  private final Sysformer sysformer;
  private final TrainableSysformer live;
  private final Requests requests;

  /**
   * @throws IllegalArgumentException if the Sysformer is of another width
   */
  public GuardedModel(LanguageModel model, Sysformer sysformer) {
    this.model = model;
    this.sysformer = sysformer;
    this.requests = new Requests(model.tokenizer(), sysformer.systemText());
    this.live = new TrainableSysformer(model, sysformer);
  }

  /**
   * Requests as the model is to be run with them.
   *
   * @param ids per request; the ids -1 to -N stand for rows
   * @param rows input embeddings [N, D]: the adapted system prompts, one request's behind the
   *     other's
   */
  public record Adapted(List<int[]> ids, float[][] rows) {}

  /**
   * Adapts the system prompt to requests; what of one request stands beside it changes nothing.
   *
   * @param prompts each ending with a user message; a system message is replaced
   */
  public Adapted adapt(List<Prompt> prompts) {
    List<GuardRow> rows = prompts.stream().map(p -> requests.row(p, false)).toList();
    int n = sysformer.systemTokens();
    int width = sysformer.width();
    List<int[]> ids = new ArrayList<>();
    for (int b = 0; b < rows.size(); b++) {
      ids.add(rows.get(b).withRows(b * n).ids());
    }
    float[] flat;
    try (NDManager scope = NDManager.newBaseManager(model.device(), "PyTorch")) {
      flat = live.adapt(rows, scope).toFloatArray();
    }
    float[][] values = new float[rows.size() * n][];
    for (int i = 0; i < values.length; i++) {
      values[i] = Arrays.copyOfRange(flat, i * width, (i + 1) * width);
    }
    return new Adapted(ids, values);
  }

  /** Answers requests under their adapted system prompts; see {@link LanguageModel#generate}. */
  public List<Completion> generate(List<Prompt> prompts, Generation settings) {
    Adapted adapted = adapt(prompts);
    try (LanguageModel view = model.withInputEmbeddings(adapted.rows)) {
      return view.generateIds(adapted.ids, settings);
    }
  }

  /** Logits of the token that follows each request [B, V]. */
  public float[][] nextTokenLogits(List<Prompt> prompts) {
    Adapted adapted = adapt(prompts);
    try (LanguageModel view = model.withInputEmbeddings(adapted.rows)) {
      return view.nextTokenLogitsIds(adapted.ids);
    }
  }

  /**
   * Probabilities that requests are harmful, by the harm head on the model's last state; of use if
   * it was trained with a weight for classification, about one half otherwise.
   */
  public double[] harmScores(List<Prompt> prompts) {
    Adapted adapted = adapt(prompts);
    Layer top = model.topLayer();
    float[][] states;
    try (LanguageModel view = model.withInputEmbeddings(adapted.rows)) {
      states =
          view.captureIds(
                  adapted.ids.stream().map(ids -> new Encoded(ids, ids.length)).toList(),
                  new Capture(List.of(top), TokenPositions.lastPrompt()))
              .at(top);
    }
    float[] head = sysformer.tensor(Sysformer.HEAD);
    double bias = sysformer.tensor(Sysformer.BIAS)[0];
    double[] scores = new double[states.length];
    for (int i = 0; i < scores.length; i++) {
      double dot = 0;
      double square = 0;
      for (int d = 0; d < head.length; d++) {
        dot += (double) head[d] * states[i][d];
        square += (double) states[i][d] * states[i][d];
      }
      scores[i] = 1 / (1 + Math.exp(-(dot / Math.sqrt(square / head.length) + bias)));
    }
    return scores;
  }

  @Override
  public void close() {
    live.close();
  }
}
