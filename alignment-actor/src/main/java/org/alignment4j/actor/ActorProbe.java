package org.alignment4j.actor;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.alignment4j.RefusalProbe;
import org.alignment4j.actor.ProbeReport.LayerChoice;
import org.alignment4j.actor.ProbeReport.LayerScore;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.analysis.Roc;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.StringRefusalJudge;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.internal.statistics.Folds;
import org.alignment4j.internal.statistics.Silhouette;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Capture.Activations;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.Steering;
import org.alignment4j.model.TokenPositions;
import org.jspecify.annotations.Nullable;

/**
 * Scores prompts along a model's refusal direction: the difference of the class means of the
 * residual stream at the last prompt token (ACTOR, phase 1), at a layer chosen by a {@link
 * LayerChoice}. {@link #report} has the evidence of how well it works. Thread-safe; the model must
 * stay open.
 */
public final class ActorProbe implements RefusalProbe {
  /** Number of benign prompts on which a layer's causal score is measured. */
  private static final int CAUSAL_PROMPTS = 16;

  private static final double FALSE_POSITIVES = 0.05;
  private static final double NEARLY_ALL = 0.9;
  private static final int FOLDS = 5;

  private final LanguageModel model;
  private final Layer layer;
  private final RefusalAxis axis;
  private final double threshold;
  private final List<LayerScore> layerScores;
  private final RefusalOpeners openers;
  private final ProbeReport report;

  private ActorProbe(
      LanguageModel model,
      Layer layer,
      RefusalAxis axis,
      double threshold,
      List<LayerScore> layerScores,
      RefusalOpeners openers,
      ProbeReport report) {
    this.model = model;
    this.layer = layer;
    this.axis = axis;
    this.threshold = threshold;
    this.layerScores = List.copyOf(layerScores);
    this.openers = openers;
    this.report = report;
  }

  /** Returns a builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Finds layer and direction from anchors (64 of each class suffice), and calibrates the threshold
   * at 5 % false positives.
   */
  public static ActorProbe fit(LanguageModel model, List<Prompt> harmful, List<Prompt> benign) {
    return builder().fit(model, harmful, benign, ProgressListener.NONE);
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {
    private @Nullable Layer layer;
    private double falsePositives = FALSE_POSITIVES;
    private Contrast contrast = Contrast.none();

    private Builder() {}

    /** The layer to use; by default it is chosen, see {@link LayerChoice}. */
    public Builder layer(Layer value) {
      layer = value;
      return this;
    }

    /** Share of benign anchors that may reach the threshold, 0 to 1; 0.05 by default. */
    public Builder falsePositives(double value) {
      require(value >= 0 && value <= 1, "falsePositives must lie in [0, 1], was %s", value);
      falsePositives = value;
      return this;
    }

    /**
     * Contrast prompts, whose wording does not give away their class, such as XSTest's: every other
     * one is used to choose the layer, the rest to measure it. None is used for the direction. An
     * empty class is replaced by held-out anchors of that class.
     *
     * @param harmful harmful prompts in the wording of harmless ones
     * @param harmless harmless prompts in the wording of harmful ones
     */
    public Builder contrast(List<Prompt> harmful, List<Prompt> harmless) {
      contrast = new Contrast(harmful, harmless);
      return this;
    }

    /**
     * Finds layer and direction.
     *
     * @param harmful at least two prompts that the model refuses; 64 suffice
     * @param benign at least two prompts that it answers
     * @throws IllegalArgumentException if there are too few anchors or contrast prompts, or the
     *     model has no such layer
     */
    public ActorProbe fit(
        LanguageModel model, List<Prompt> harmful, List<Prompt> benign, ProgressListener progress) {
      require(
          harmful.size() >= 2,
          "a direction needs two harmful prompts, there are %s",
          harmful.size());
      require(
          benign.size() >= 2, "a direction needs two benign prompts, there are %s", benign.size());
      int top = model.config().blocks();
      if (layer != null) {
        require(
            layer.index() >= 1 && layer.index() <= top,
            "no block writes %s in a model of %s blocks",
            layer,
            top);
      }
      List<Prompt> anchors = new ArrayList<>(harmful);
      anchors.addAll(benign);
      Contrast used = contrast.without(anchors);
      require(
          enough(contrast.harmful(), used.harmful())
              && enough(contrast.harmless(), used.harmless()),
          "contrast prompts: %s harmful and %s harmless ones that are no anchors; two are needed",
          used.harmful().size(),
          used.harmless().size());
      return new Fitting(model, harmful, benign, used, contrast.size() - used.size(), progress)
          .fit(layer, falsePositives);
    }

    private static boolean enough(List<Prompt> given, List<Prompt> left) {
      return given.isEmpty() || left.size() >= 2;
    }
  }

  /** One fit. */
  private static final class Fitting {
    private final LanguageModel model;
    private final List<Prompt> harmful;
    private final List<Prompt> benign;
    private final Contrast contrast;
    private final int leftOut;
    private final ProgressListener progress;
    private final Folds folds;

    Fitting(
        LanguageModel model,
        List<Prompt> harmful,
        List<Prompt> benign,
        Contrast contrast,
        int leftOut,
        ProgressListener progress) {
      this.model = model;
      this.harmful = harmful;
      this.benign = benign;
      this.contrast = contrast;
      this.leftOut = leftOut;
      this.progress = progress;
      this.folds = Folds.of(harmful, benign, FOLDS);
    }

    /** A layer's hidden states by class of prompt, each [N, D]. */
    private record States(
        float[][] harmful, float[][] benign, float[][] badContrast, float[][] goodContrast) {
      private static final double[] NONE = {};

      /**
       * Returns the AUROC along the axis through the class means; if these are equal, all scores
       * are 0.
       */
      Auroc contrast(Contrast prompts, AnchorScores anchors, Contrast.Part part) {
        double[] bad = mean(harmful);
        double[] good = mean(benign);
        RefusalAxis axis = Arrays.equals(bad, good) ? null : RefusalAxis.ofMeans(bad, good);
        return prompts.auroc(
            axis == null ? new double[badContrast.length] : axis.us(badContrast),
            axis == null ? new double[goodContrast.length] : axis.us(goodContrast),
            prompts.harmful().isEmpty() ? anchors.harmful() : NONE,
            prompts.harmless().isEmpty() ? anchors.benign() : NONE,
            part);
      }

      private static double[] mean(float[][] rows) {
        return AnchorScores.mean(rows);
      }
    }

    private States states(Activations all, Layer layer) {
      float[][] rows = all.at(layer);
      int h = harmful.size();
      int b = h + benign.size();
      int c = b + contrast.harmful().size();
      return new States(
          Arrays.copyOfRange(rows, 0, h),
          Arrays.copyOfRange(rows, h, b),
          Arrays.copyOfRange(rows, b, c),
          Arrays.copyOfRange(rows, c, rows.length));
    }

    ActorProbe fit(@Nullable Layer given, double falsePositives) {
      int top = model.config().blocks();
      List<Prompt> all = new ArrayList<>(harmful);
      all.addAll(benign);
      all.addAll(contrast.harmful());
      all.addAll(contrast.harmless());
      Activations captured =
          model.capture(all, Capture.layers(1, top, TokenPositions.lastPrompt()));
      RefusalOpeners openers =
          RefusalOpeners.learn(model, new StringRefusalJudge(), harmful, benign);
      List<Prompt> few = benign.subList(0, Math.min(CAUSAL_PROMPTS, benign.size()));
      double before = openers.ids().isEmpty() ? Double.NaN : meanLogOdds(model, openers, few);
      Contrast.Part chooses = given == null ? Contrast.Part.CHOOSES : Contrast.Part.ALL;
      List<LayerScore> scores = new ArrayList<>();
      for (int l = 1; l <= top; l++) {
        Cancellation.check("layer scores");
        Layer layer = new Layer(l);
        States own = states(captured, layer);
        double causal = Double.NaN;
        if (!Double.isNaN(before)) {
          Steering add = Steering.add(layer, difference(own), 1);
          causal = meanLogOdds(model.with(add), openers, few) - before;
        }
        AnchorScores anchors = AnchorScores.of(own.harmful, own.benign, folds);
        Auroc on = contrast.isEmpty() ? null : own.contrast(contrast, anchors, chooses);
        double silhouette = Silhouette.score(own.harmful, own.benign);
        scores.add(new LayerScore(layer, silhouette, anchors.auroc(), on, causal));
        progress.step("layer scores", l, top);
      }
      LayerChoice choice = given != null ? LayerChoice.GIVEN : choice(scores);
      Layer chosen = given != null ? given : choose(scores);
      States own = states(captured, chosen);
      RefusalAxis axis = axis(own.harmful, own.benign);
      double threshold =
          Roc.of(axis.us(own.harmful), axis.us(own.benign)).thresholdAt(falsePositives);
      AnchorScores anchors = AnchorScores.of(own.harmful, own.benign, folds);
      Contrast.Part measures = given == null ? Contrast.Part.MEASURES : Contrast.Part.ALL;
      ProbeReport report =
          new ProbeFindings(harmful, benign, contrast, measures, leftOut)
              .report(
                  choice,
                  scores,
                  openers,
                  anchors,
                  contrast.isEmpty() ? null : own.contrast(contrast, anchors, measures),
                  threshold,
                  falsePositives);
      return new ActorProbe(model, chosen, axis, threshold, scores, openers, report);
    }

    private static float[] difference(States states) {
      double[] h = AnchorScores.mean(states.harmful);
      double[] b = AnchorScores.mean(states.benign);
      float[] r = new float[h.length];
      for (int i = 0; i < r.length; i++) {
        r[i] = (float) (h[i] - b[i]);
      }
      return r;
    }
  }

  /** Returns the first criterion that could be measured. */
  static LayerChoice choice(List<LayerScore> scores) {
    if (scores.get(0).contrast() != null) {
      return LayerChoice.CONTRAST;
    }
    return bestCausal(scores) > 0 ? LayerChoice.CAUSAL : LayerChoice.HELD_OUT;
  }

  /** The best layer by {@link #choice}. */
  static Layer choose(List<LayerScore> scores) {
    return switch (choice(scores)) {
      case CONTRAST -> lastBest(scores, s -> Objects.requireNonNull(s.contrast()).estimate(), 0);
      // Later layers inherit the direction and separate the classes even better, but are not better
      // layers to intervene at.
      case CAUSAL -> {
        double enough = NEARLY_ALL * bestCausal(scores);
        yield scores.stream().filter(s -> s.causal() >= enough).findFirst().orElseThrow().layer();
      }
      case GIVEN, HELD_OUT -> {
        Auroc best =
            scores.stream()
                .map(LayerScore::heldOut)
                .max(Comparator.comparingDouble(a -> orLeast(a.estimate())))
                .orElseThrow();
        yield lastBest(scores, s -> s.heldOut().estimate(), best.standardError());
      }
    };
  }

  private static double bestCausal(List<LayerScore> scores) {
    return scores.stream()
        .mapToDouble(LayerScore::causal)
        .filter(c -> !Double.isNaN(c))
        .max()
        .orElse(Double.NaN);
  }

  /** The last layer within a tolerance of the best; the last of all if nothing was measured. */
  private static Layer lastBest(
      List<LayerScore> scores,
      java.util.function.ToDoubleFunction<LayerScore> figure,
      double tolerance) {
    double best =
        scores.stream().mapToDouble(s -> orLeast(figure.applyAsDouble(s))).max().orElse(0);
    List<LayerScore> reversed = new ArrayList<>(scores);
    Collections.reverse(reversed);
    double enough = best - (Double.isNaN(tolerance) ? 0 : tolerance);
    return reversed.stream()
        .filter(s -> orLeast(figure.applyAsDouble(s)) >= enough)
        .findFirst()
        .orElseThrow()
        .layer();
  }

  private static double orLeast(double value) {
    return Double.isNaN(value) ? Double.NEGATIVE_INFINITY : value;
  }

  private static double meanLogOdds(
      LanguageModel model, RefusalOpeners openers, List<Prompt> prompts) {
    return Arrays.stream(model.nextTokenLogits(prompts))
        .mapToDouble(openers::logOdds)
        .average()
        .orElseThrow();
  }

  static RefusalAxis axis(float[][] harmful, float[][] benign) {
    return RefusalAxis.ofMeans(AnchorScores.mean(harmful), AnchorScores.mean(benign));
  }

  @Override
  public double[] scores(List<Prompt> prompts) {
    return axis.us(model.capture(prompts, Capture.lastPrompt(layer)).at(layer));
  }

  @Override
  public double threshold() {
    return threshold;
  }

  /** The layer whose hidden states are scored. */
  public Layer layer() {
    return layer;
  }

  /** Measurements of every layer, from layer 1 up. */
  public List<LayerScore> layerScores() {
    return layerScores;
  }

  /**
   * Held-out AUROC, 0 to 1: the share of pairs of a harmful and a benign anchor that a direction
   * computed from other anchors ranks correctly; NaN if there are too few anchors to hold any out.
   */
  public double auroc() {
    return report.heldOut().estimate();
  }

  /** Evidence of how well the probe works, and warnings. */
  public ProbeReport report() {
    return report;
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
