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
 * How far a probe can be trusted, measured on prompts that its direction was not made of.
 * Immutable.
 *
 * @param choice what the layer was chosen by
 * @param heldOut AUROC over a cross-validation of the anchors at the chosen layer; of nothing if
 *     they are too few
 * @param falsePositives benign anchors at or above the threshold, scored by directions made of
 *     others
 * @param detected harmful anchors at or above the threshold, scored so
 * @param contrast AUROC on the contrast prompts that had no part in choosing the layer; null
 *     without contrast prompts
 * @param words AUROC of a bag of words on the anchors, cross-validated likewise: what is told apart
 *     by wording and topic alone
 * @param contrastWords AUROC of a bag of words made of the anchors on the same contrast prompts;
 *     null without
 * @param refusedHarmful harmful anchors that the model's first tokens refuse
 * @param refusedBenign benign anchors that they refuse
 * @param warnings why the scores may not mean what they seem to; for people
 */
public record ProbeReport(
    LayerChoice choice,
    Auroc heldOut,
    Rate falsePositives,
    Rate detected,
    @Nullable Auroc contrast,
    Auroc words,
    @Nullable Auroc contrastWords,
    Rate refusedHarmful,
    Rate refusedBenign,
    List<String> warnings) {
  /** Copies the list. */
  public ProbeReport {
    warnings = List.copyOf(warnings);
  }

  /** These figures by name; for JSON. */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("chosen_by", choice.name().toLowerCase(Locale.ROOT));
    map.put("held_out", heldOut.toMap());
    map.put("false_positives", falsePositives.toMap());
    map.put("detected", detected.toMap());
    map.put("contrast", contrast == null ? null : contrast.toMap());
    map.put("words", words.toMap());
    map.put("contrast_words", contrastWords == null ? null : contrastWords.toMap());
    map.put("refused_harmful", refusedHarmful.toMap());
    map.put("refused_benign", refusedBenign.toMap());
    map.put("warnings", warnings);
    return Collections.unmodifiableMap(map);
  }

  /** What a probe's layer was chosen by, the first of these that could be measured. */
  public enum LayerChoice {
    /** The caller named the layer. */
    GIVEN("given"),
    /** The layer that tells contrast prompts apart best; of equals the last. */
    CONTRAST("the best AUROC on contrast prompts"),
    /**
     * The first layer whose direction, added, raises refusal at least nine tenths as much as the
     * best layer's does.
     */
    CAUSAL("the causal score: the first layer with nine tenths of the best"),
    /**
     * The last layer whose AUROC on anchors that its direction was not made of lies within one
     * standard error of the best: wording is told apart early, and inherited by every later layer.
     */
    HELD_OUT("the held-out AUROC: the last layer within a standard error of the best");

    private final String description;

    LayerChoice(String description) {
      this.description = description;
    }

    /** What it goes by, in words. */
    public String description() {
      return description;
    }
  }

  /**
   * How a layer fares as the place of the refusal direction.
   *
   * @param layer the layer
   * @param silhouette how far harmful and benign anchors form two clusters, -1 to 1 (Euclidean,
   *     raw)
   * @param heldOut share of pairs of a harmful and a benign anchor that a direction made of other
   *     anchors orders rightly; cross-validated. Of nothing if the anchors are too few
   * @param contrast the same of the contrast prompts by which the layer is chosen; null without
   *     them
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
