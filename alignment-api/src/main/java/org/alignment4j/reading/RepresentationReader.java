package org.alignment4j.reading;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.analysis.LogisticProbe;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.reading.RepresentationReading.LayerReading;

/**
 * Finds a direction per layer that separates positive from negative prompts (representation
 * reading, Zou et al. 2023, section 3.1), and measures it on held-out pairs. If several tokens of a
 * prompt are captured, their mean hidden state represents the prompt. Pairs are processed in
 * portions, so that memory does not grow with their number, except for {@link
 * ReadingMethod#LOGISTIC_PROBE}. Immutable and thread-safe.
 */
public final class RepresentationReader {
  private final ReadingMethod method;
  private final List<Layer> layers;
  private final TokenPositions positions;
  private final double heldOut;
  private final LogisticProbe.Settings probe;
  private final long seed;

  private RepresentationReader(Builder b) {
    this.method = b.method;
    this.layers = b.layers;
    this.positions = b.positions;
    this.heldOut = b.heldOut;
    this.probe = b.probe;
    this.seed = b.seed;
  }

  /** Returns a builder with the default settings. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Finds the directions of a model.
   *
   * @param model a model, or a view with adapters or steering
   * @param pairs contrast pairs, of which at least one is not held out; use tens of pairs for a
   *     reliable direction
   * @param progress notified of the number of processed pairs
   * @throws IllegalArgumentException if a layer is not in the model or written by no block, there
   *     are too few pairs, or a prompt is too long or has no token at the positions; the message
   *     contains the pair's 0-based index
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public RepresentationReading read(
      LanguageModel model, List<ContrastPair> pairs, ProgressListener progress) {
    List<Layer> wanted = layers(model);
    List<Integer> order = shuffled(pairs.size());
    int out = heldOut == 0 ? 0 : Math.max(1, (int) Math.round(heldOut * pairs.size()));
    require(
        pairs.size() > out,
        "of %s pairs %s are held out, which leaves none to find directions from",
        pairs.size(),
        out);
    PairStates states = new PairStates(model, pairs, wanted, positions);
    List<LayerFit> fits =
        wanted.stream().map(l -> new LayerFit(l, model.config().width(), method, probe)).toList();
    List<Integer> kept = order.subList(out, order.size()).stream().sorted().toList();
    String task = "read representations";
    states.read(
        kept, (l, p, n) -> fits.get(l).add(p, n), done -> progress.step(task, done, pairs.size()));
    List<ReadAxis> axes = new ArrayList<>();
    for (LayerFit fit : fits) {
      Cancellation.check(task);
      axes.add(fit.axis());
      progress.step("find directions", axes.size(), fits.size());
    }
    List<HeldOutScores> scores = axes.stream().map(HeldOutScores::new).toList();
    states.read(
        order.subList(0, out).stream().sorted().toList(),
        (l, p, n) -> scores.get(l).add(p, n),
        done -> progress.step(task, kept.size() + done, pairs.size()));
    SortedMap<Layer, float[]> directions = new TreeMap<>();
    List<LayerReading> readings = new ArrayList<>();
    for (int l = 0; l < wanted.size(); l++) {
      directions.put(wanted.get(l), floats(axes.get(l).direction()));
      readings.add(scores.get(l).reading(wanted.get(l), fits.get(l).residualNorm()));
    }
    Provenance provenance = provenance(model, pairs, wanted, out, readings);
    return new RepresentationReading(
        new ControlVector(directions, provenance), readings, kept.size(), out);
  }

  private List<Layer> layers(LanguageModel model) {
    int blocks = model.config().blocks();
    if (layers.isEmpty()) {
      return IntStream.rangeClosed(1, blocks).mapToObj(Layer::new).toList();
    }
    for (Layer layer : layers) {
      require(
          layer.index() >= 1 && layer.index() <= blocks,
          "no block writes %s in a model of %s blocks",
          layer,
          blocks);
    }
    return layers;
  }

  /** The numbers below {@code n}, shuffled; java.util.Random's sequence is specified. */
  private List<Integer> shuffled(int n) {
    List<Integer> order = new ArrayList<>(IntStream.range(0, n).boxed().toList());
    java.util.Collections.shuffle(order, new Random(seed));
    return order;
  }

  private static float[] floats(double[] values) {
    float[] narrow = new float[values.length];
    for (int j = 0; j < narrow.length; j++) {
      narrow[j] = (float) values[j];
    }
    return narrow;
  }

  private Provenance provenance(
      LanguageModel model,
      List<ContrastPair> pairs,
      List<Layer> wanted,
      int out,
      List<LayerReading> readings) {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("method", method.name());
    settings.put("layers", wanted.stream().map(Layer::index).toList());
    settings.put("positions", positions.toString());
    settings.put("held_out", heldOut);
    if (method == ReadingMethod.LOGISTIC_PROBE) {
      settings.put("l2", probe.l2());
      settings.put("standardise", probe.standardise());
      settings.put("max_iterations", probe.maxIterations());
    }
    settings.put("scale", "unit");
    settings.put("model_hint", model.config().family().name().toLowerCase(Locale.ROOT));
    Map<String, Object> metrics = new LinkedHashMap<>();
    metrics.put("pairs", pairs.size() - out);
    metrics.put("pairs_held_out", out);
    metrics.put("layers", readings.stream().map(LayerReading::toMap).toList());
    return new Provenance(
        "representation_reading",
        settings,
        seed,
        Map.of("model", model.hash(), "pairs", Hashes.sha256(texts(pairs))),
        metrics);
  }

  private static List<String> texts(List<ContrastPair> pairs) {
    List<String> texts = new ArrayList<>();
    for (ContrastPair pair : pairs) {
      for (Prompt prompt : List.of(pair.positive(), pair.negative())) {
        prompt
            .messages()
            .forEach(
                m -> {
                  texts.add(m.role().name());
                  texts.add(m.text());
                });
        texts.add("");
      }
    }
    return texts;
  }

  /** Builder of a {@link RepresentationReader}. Not thread-safe. */
  public static final class Builder {
    private ReadingMethod method = ReadingMethod.DIFFERENCE_IN_MEANS;
    private List<Layer> layers = List.of();
    private TokenPositions positions = TokenPositions.lastPrompt();
    private double heldOut = 0.2;
    private LogisticProbe.Settings probe = LogisticProbe.Settings.DEFAULT;
    private long seed;

    private Builder() {}

    /** The method that finds directions; difference in means by default. */
    public Builder method(ReadingMethod value) {
      this.method = value;
      return this;
    }

    /** The layers, from 1; an empty list, the default, means all layers that blocks write. */
    public Builder layers(List<Layer> value) {
      this.layers = value.stream().distinct().sorted().toList();
      return this;
    }

    /** The token positions that are captured; the last prompt token by default. */
    public Builder positions(TokenPositions value) {
      this.positions = value;
      return this;
    }

    /**
     * The share of pairs, selected at random by the seed, that is held out for measuring: in [0,
     * 1), 0.2 by default; if not 0, at least one pair is held out.
     */
    public Builder heldOut(double value) {
      require(value >= 0 && value < 1, "heldOut must lie in [0, 1), was %s", value);
      this.heldOut = value;
      return this;
    }

    /** The settings of {@link ReadingMethod#LOGISTIC_PROBE}; other methods ignore them. */
    public Builder probe(LogisticProbe.Settings value) {
      this.probe = value;
      return this;
    }

    /** The seed that selects the held-out pairs; 0 by default. */
    public Builder seed(long value) {
      this.seed = value;
      return this;
    }

    /** Returns the reader. */
    public RepresentationReader build() {
      return new RepresentationReader(this);
    }
  }

  /** The method that finds a layer's direction from N pairs of states [D]. */
  public enum ReadingMethod {
    /** The mean of the positive states minus that of the negative ones; O(D) memory. */
    DIFFERENCE_IN_MEANS,
    /**
     * The first principal component of the pairs' differences about the origin, as in repeng; O(D
     * min(N, D)) memory.
     */
    PAIRED_PCA,
    /**
     * The weights of a logistic classifier of the states; keeps all states, O(D N) memory.
     * Separates the classes best, but often steers less well than the other methods, since it drops
     * the components of the difference that do not help to separate the classes.
     */
    LOGISTIC_PROBE
  }

  /**
   * Two prompts that differ, as far as possible, only in the property whose direction is to be
   * found. A prompt that ends with an assistant message is encoded as a finished conversation,
   * including its end-of-turn token.
   *
   * @param positive the prompt with the property
   * @param negative the prompt without it
   */
  public record ContrastPair(Prompt positive, Prompt negative) {
    /**
     * Pairs positive prompt i with negative prompt i.
     *
     * @throws IllegalArgumentException if the lists differ in size
     */
    public static List<ContrastPair> of(List<Prompt> positive, List<Prompt> negative) {
      require(
          positive.size() == negative.size(),
          "%s positive prompts cannot be paired with %s negative ones",
          positive.size(),
          negative.size());
      return IntStream.range(0, positive.size())
          .mapToObj(i -> new ContrastPair(positive.get(i), negative.get(i)))
          .toList();
    }
  }
}
