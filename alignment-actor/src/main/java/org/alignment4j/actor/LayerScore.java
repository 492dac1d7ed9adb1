package org.alignment4j.actor;

import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.core.Layer;

/**
 * How a layer fares as the place of the refusal direction.
 *
 * @param layer the layer
 * @param silhouette how far harmful and benign anchors form two clusters, -1 to 1 (Euclidean, raw)
 * @param auroc share of pairs of a harmful and a benign anchor that the direction orders rightly
 * @param causal rise of the refusal score (log-odds of refusal openers, in nats) of benign prompts
 *     when the direction is added at the layer; NaN if not measured
 */
public record LayerScore(Layer layer, double silhouette, double auroc, double causal) {
  /** For JSON. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("layer", layer.index());
    map.put("silhouette", silhouette);
    map.put("auroc", auroc);
    if (!Double.isNaN(causal)) {
      map.put("causal", causal);
    }
    return map;
  }
}
