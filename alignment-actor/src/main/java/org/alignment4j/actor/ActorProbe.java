package org.alignment4j.actor;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.RefusalProbe;
import org.alignment4j.analysis.MeanAccumulator;
import org.alignment4j.analysis.Roc;
import org.alignment4j.analysis.Silhouette;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Cancellation;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.model.Activations;
import org.alignment4j.model.Capture;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.Steering;
import org.alignment4j.model.TokenPositions;
import org.jspecify.annotations.Nullable;

/**
 * A model's refusal direction: the difference of the class means of the residual stream at the last
 * prompt token, at the layer where harmful and benign prompts separate best (ACTOR, phase 1).
 * Thread-safe; the model must stay open.
 */
public final class ActorProbe implements RefusalProbe {
  /** Benign prompts on which a layer's causal score is measured. */
  private static final int CAUSAL_PROMPTS = 16;

  private static final double FALSE_POSITIVES = 0.05;
  private static final double NEARLY_ALL = 0.9;

  private final LanguageModel model;
  private final Layer layer;
  private final RefusalAxis axis;
  private final double threshold;
  private final double auroc;
  private final List<LayerScore> layerScores;
  private final RefusalOpeners openers;

  private ActorProbe(
      LanguageModel model,
      Layer layer,
      RefusalAxis axis,
      Roc roc,
      double falsePositives,
      List<LayerScore> layerScores,
      RefusalOpeners openers) {
    this.openers = openers;
    this.model = model;
    this.layer = layer;
    this.axis = axis;
    this.threshold = roc.thresholdAt(falsePositives);
    this.auroc = roc.auroc();
    this.layerScores = List.copyOf(layerScores);
  }

  /**
   * Finds layer and direction from anchors, 64 of each are plenty, and calibrates the threshold at
   * 5 % false positives.
   */
  public static ActorProbe fit(LanguageModel model, List<Prompt> harmful, List<Prompt> benign) {
    return fit(model, harmful, benign, null, FALSE_POSITIVES, ProgressListener.NONE);
  }

  /**
   * Finds layer and direction from anchors.
   *
   * @param harmful at least two prompts the model refuses
   * @param benign at least two prompts it answers
   * @param layer the layer to use, or null to choose one: the first whose direction, added, raises
   *     refusal at least nine tenths as much as the best layer's does; if the model refuses no
   *     anchor, so that this cannot be measured, the one with the highest silhouette
   * @param falsePositives share of benign anchors that may reach the threshold, 0 to 1
   */
  public static ActorProbe fit(
      LanguageModel model,
      List<Prompt> harmful,
      List<Prompt> benign,
      @Nullable Layer layer,
      double falsePositives,
      ProgressListener progress) {
    require(
        harmful.size() >= 2, "a direction needs two harmful prompts, there are %s", harmful.size());
    require(
        benign.size() >= 2, "a direction needs two benign prompts, there are %s", benign.size());
    require(
        falsePositives >= 0 && falsePositives <= 1,
        "falsePositives must lie in [0, 1], was %s",
        falsePositives);
    int top = model.config().blocks();
    if (layer != null) {
      require(
          layer.index() >= 1 && layer.index() <= top,
          "no block writes %s in a model of %s blocks",
          layer,
          top);
    }
    List<Prompt> all = new ArrayList<>(harmful);
    all.addAll(benign);
    Activations states = model.capture(all, Capture.layers(1, top, TokenPositions.lastPrompt()));
    RefusalOpeners openers = RefusalOpeners.learn(model, new StringRefusalJudge(), harmful, benign);
    List<Prompt> few = benign.subList(0, Math.min(CAUSAL_PROMPTS, benign.size()));
    double before = openers.ids().isEmpty() ? Double.NaN : meanLogOdds(model, openers, few);
    List<LayerScore> scores = new ArrayList<>();
    for (int l = 1; l <= top; l++) {
      Cancellation.check("layer scores");
      float[][] rows = states.at(new Layer(l));
      float[][] h = Arrays.copyOfRange(rows, 0, harmful.size());
      float[][] b = Arrays.copyOfRange(rows, harmful.size(), rows.length);
      double causal = Double.NaN;
      if (!Double.isNaN(before)) {
        Steering add = Steering.add(new Layer(l), difference(h, b), 1);
        causal = meanLogOdds(model.with(add), openers, few) - before;
      }
      scores.add(new LayerScore(new Layer(l), Silhouette.score(h, b), auroc(h, b), causal));
      progress.step("layer scores", l, top);
    }
    Layer chosen = layer != null ? layer : choose(scores);
    float[][] rows = states.at(chosen);
    float[][] h = Arrays.copyOfRange(rows, 0, harmful.size());
    float[][] b = Arrays.copyOfRange(rows, harmful.size(), rows.length);
    return new ActorProbe(model, chosen, axis(h, b), roc(h, b), falsePositives, scores, openers);
  }

  /**
   * The first layer at which the direction does nearly all it can: later ones only inherit it, and
   * separate the classes still better without being a better place to intervene.
   */
  static Layer choose(List<LayerScore> scores) {
    double best =
        scores.stream()
            .mapToDouble(LayerScore::causal)
            .filter(c -> !Double.isNaN(c))
            .max()
            .orElse(Double.NaN);
    if (Double.isNaN(best) || best <= 0) {
      return scores.stream()
          .max(Comparator.comparingDouble(LayerScore::silhouette))
          .orElseThrow()
          .layer();
    }
    return scores.stream()
        .filter(s -> s.causal() >= NEARLY_ALL * best)
        .findFirst()
        .orElseThrow()
        .layer();
  }

  private static double meanLogOdds(
      LanguageModel model, RefusalOpeners openers, List<Prompt> prompts) {
    return Arrays.stream(model.nextTokenLogits(prompts))
        .mapToDouble(openers::logOdds)
        .average()
        .orElseThrow();
  }

  static RefusalAxis axis(float[][] harmful, float[][] benign) {
    return RefusalAxis.ofMeans(mean(harmful), mean(benign));
  }

  private static double[] mean(float[][] rows) {
    MeanAccumulator mean = new MeanAccumulator(rows[0].length);
    for (float[] row : rows) {
      mean.add(row);
    }
    return mean.mean();
  }

  private static float[] difference(float[][] harmful, float[][] benign) {
    double[] h = mean(harmful);
    double[] b = mean(benign);
    float[] r = new float[h.length];
    for (int i = 0; i < r.length; i++) {
      r[i] = (float) (h[i] - b[i]);
    }
    return r;
  }

  /** 0.5 where the classes have the same mean, as in a layer that has not seen the prompt yet. */
  private static double auroc(float[][] harmful, float[][] benign) {
    return Arrays.equals(mean(harmful), mean(benign)) ? 0.5 : roc(harmful, benign).auroc();
  }

  private static Roc roc(float[][] harmful, float[][] benign) {
    RefusalAxis axis = axis(harmful, benign);
    return Roc.of(us(axis, harmful), us(axis, benign));
  }

  static double[] us(RefusalAxis axis, float[][] rows) {
    return Arrays.stream(rows).mapToDouble(row -> axis.u(doubles(row))).toArray();
  }

  private static double[] doubles(float[] row) {
    return IntStream.range(0, row.length).mapToDouble(i -> row[i]).toArray();
  }

  @Override
  public double[] scores(List<Prompt> prompts) {
    return us(axis, model.capture(prompts, Capture.lastPrompt(layer)).at(layer));
  }

  @Override
  public double threshold() {
    return threshold;
  }

  /** The layer whose states are read. */
  public Layer layer() {
    return layer;
  }

  /** How every layer fared, from 1 up. */
  public List<LayerScore> layerScores() {
    return layerScores;
  }

  /** Share of pairs of a harmful and a benign anchor that the score orders rightly, 0 to 1. */
  public double auroc() {
    return auroc;
  }

  /** R [D], harmful mean minus benign mean at the layer; a copy. */
  public double[] direction() {
    return axis.direction();
  }

  RefusalOpeners openers() {
    return openers;
  }

  RefusalAxis axis() {
    return axis;
  }
}
