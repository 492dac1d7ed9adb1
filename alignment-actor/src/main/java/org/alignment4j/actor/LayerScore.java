package org.alignment4j.actor;

import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.analysis.Auroc;
import org.alignment4j.core.Layer;
import org.jspecify.annotations.Nullable;

/**
 * How a layer fares as the place of the refusal direction.
 *
 * @param layer the layer
 * @param silhouette how far harmful and benign anchors form two clusters, -1 to 1 (Euclidean, raw)
 * @param heldOut share of pairs of a harmful and a benign anchor that a direction made of other
 *     anchors orders rightly; cross-validated. Of nothing if the anchors are too few
 * @param contrast the same of the contrast prompts by which the layer is chosen; null without them
 * @param causal rise of the refusal score (log-odds of refusal openers, in nats) of benign prompts
 *     when the direction is added at the layer; NaN if not measured
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
