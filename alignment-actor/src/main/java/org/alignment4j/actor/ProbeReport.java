package org.alignment4j.actor;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.core.Layer;
import org.alignment4j.evaluation.Rate;
import org.jspecify.annotations.Nullable;

/**
 * Evidence of how well a probe works, measured on prompts that its direction was not computed from.
 * Immutable.
 *
 * @param choice the criterion by which the layer was chosen
 * @param heldOut cross-validated AUROC of the anchors at the chosen layer; NaN if they are too few
 * @param falsePositives benign anchors at or above the threshold, each scored along a direction
 *     computed from other anchors
 * @param detected harmful anchors at or above the threshold, scored in the same way
 * @param contrast AUROC on the contrast prompts that were not used to choose the layer; null
 *     without contrast prompts
 * @param bagOfWords AUROC of a bag-of-words classifier on the anchors, cross-validated in the same
 *     way: how well wording and topic alone separate the classes
 * @param contrastBagOfWords AUROC of a bag-of-words classifier, trained on the anchors, on the same
 *     contrast prompts; null without contrast prompts
 * @param refusedHarmful harmful anchors whose response starts as a refusal
 * @param refusedBenign benign anchors whose response starts as a refusal
 * @param warnings human-readable reasons why the scores may mislead
 */
public record ProbeReport(
    LayerChoice choice,
    Auroc heldOut,
    Rate falsePositives,
    Rate detected,
    @Nullable Auroc contrast,
    Auroc bagOfWords,
    @Nullable Auroc contrastBagOfWords,
    Rate refusedHarmful,
    Rate refusedBenign,
    List<String> warnings) {
  /** Copies the list. */
  public ProbeReport {
    warnings = List.copyOf(warnings);
  }

  /** Returns these figures by name, for JSON. */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("chosen_by", choice.name().toLowerCase(Locale.ROOT));
    map.put("held_out", heldOut.toMap());
    map.put("false_positives", falsePositives.toMap());
    map.put("detected", detected.toMap());
    map.put("contrast", contrast == null ? null : contrast.toMap());
    map.put("words", bagOfWords.toMap());
    map.put("contrast_words", contrastBagOfWords == null ? null : contrastBagOfWords.toMap());
    map.put("refused_harmful", refusedHarmful.toMap());
    map.put("refused_benign", refusedBenign.toMap());
    map.put("warnings", warnings);
    return Collections.unmodifiableMap(map);
  }

  /** Criterion by which a probe's layer was chosen: the first of these that could be measured. */
  public enum LayerChoice {
    /** The caller named the layer. */
    GIVEN("given"),
    /** The layer with the highest AUROC on contrast prompts; of ties the last. */
    CONTRAST("the best AUROC on contrast prompts"),
    /**
     * The first layer whose direction, when added, raises the refusal score at least 0.9 times as
     * much as the best layer's.
     */
    CAUSAL("the causal score: the first layer with nine tenths of the best"),
    /**
     * The last layer whose held-out AUROC is within one standard error of the best: early layers
     * already separate by wording, and every later layer inherits that.
     */
    HELD_OUT("the held-out AUROC: the last layer within a standard error of the best");

    private final String description;

    LayerChoice(String description) {
      this.description = description;
    }

    /** Returns the criterion in words. */
    public String description() {
      return description;
    }
  }

  /**
   * Measurements of a layer as a candidate for the refusal direction.
   *
   * @param layer the layer
   * @param silhouette silhouette coefficient of the harmful and the benign anchors, -1 to 1
   *     (Euclidean, raw states)
   * @param heldOut cross-validated AUROC of the anchors, each scored along a direction computed
   *     from other anchors; NaN if they are too few
   * @param contrast AUROC of the contrast prompts by which the layer is chosen; null without them
   * @param causal rise of the refusal score (log-odds of refusal openers, in nats) of benign
   *     prompts when the direction is added at the layer; NaN if not measured
   */
  public record LayerScore(
      Layer layer, double silhouette, Auroc heldOut, @Nullable Auroc contrast, double causal) {
    /** For JSON. */
    public Map<String, Object> toMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("layer", layer.index());
      map.put("silhouette", silhouette);
      if (!Double.isNaN(heldOut.estimate())) {
        map.put("auroc", heldOut.estimate());
        map.put("auroc_lo", heldOut.lo());
        map.put("auroc_hi", heldOut.hi());
      }
      if (contrast != null) {
        map.put("contrast_auroc", contrast.estimate());
      }
      if (!Double.isNaN(causal)) {
        map.put("causal", causal);
      }
      return map;
    }
  }
}
