package org.alignment4j.reading;

import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.core.Layer;

/**
 * How well a layer's direction tells the classes apart, and what lengths there are.
 *
 * @param layer the layer
 * @param auroc share of pairs of a positive and a negative held-out state that their projections
 *     order rightly, 0 to 1, 0.5 for chance; NaN if nothing was held out
 * @param accuracy share of held-out states on their side of the threshold, 0 to 1; NaN if nothing
 *     was held out. The threshold is the middle of the class means of the other pairs, for a
 *     logistic probe a probability of one half
 * @param pairAccuracy share of held-out pairs whose positive state projects higher than its own
 *     negative one, ties counting half, 0 to 1; NaN if nothing was held out
 * @param residualNorm mean Euclidean length of the residual stream at the tokens that were read
 * @param separation distance of the class means along the direction, 0 or more, in the residual
 *     stream's units
 */
public record LayerReading(
    Layer layer,
    double auroc,
    double accuracy,
    double pairAccuracy,
    double residualNorm,
    double separation) {
  /** For JSON. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("layer", layer.index());
    map.put("auroc", auroc);
    map.put("accuracy", accuracy);
    map.put("pair_accuracy", pairAccuracy);
    map.put("residual_norm", residualNorm);
    map.put("separation", separation);
    return map;
  }
}
