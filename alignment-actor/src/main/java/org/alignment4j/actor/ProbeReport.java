package org.alignment4j.actor;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.analysis.Auroc;
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
}
