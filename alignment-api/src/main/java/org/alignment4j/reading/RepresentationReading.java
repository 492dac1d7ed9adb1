package org.alignment4j.reading;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;

/**
 * The directions that {@link RepresentationReader} found, with their measurements. Immutable.
 *
 * @param vector a unit vector per layer along which the positive class projects higher; zero where
 *     the class means do not differ
 * @param layers the measurements of each layer, ascending
 * @param pairs number of pairs that the directions were found from
 * @param heldOut number of further pairs, on which they were measured
 */
public record RepresentationReading(
    ControlVector vector, List<LayerReading> layers, int pairs, int heldOut) {
  /** Creates a reading; the list is copied. */
  public RepresentationReading {
    layers = List.copyOf(layers);
  }

  /**
   * The vector scaled to residual-norm units: at each layer its norm is the mean norm of the
   * residual stream at the captured tokens. A coefficient of 0.1 then adds a tenth of that norm,
   * which is comparable between models and layers.
   */
  public ControlVector inResidualNorms() {
    return scaled("residual_norm", LayerReading::residualNorm);
  }

  /**
   * The vector scaled to the distance of the classes: a coefficient of 1 moves the negative class
   * mean to the projection of the positive one. For a difference in means this is the difference
   * itself.
   */
  public ControlVector inClassDistances() {
    return scaled("class_distance", LayerReading::separation);
  }

  private ControlVector scaled(String scale, ToDoubleFunction<LayerReading> length) {
    Map<Layer, Double> lengths = new LinkedHashMap<>();
    layers.forEach(l -> lengths.put(l.layer(), length.applyAsDouble(l)));
    Provenance p = vector.provenance();
    Map<String, Object> settings = new LinkedHashMap<>(p.settings());
    settings.put("scale", scale);
    return new ControlVector(
        vector.withLengths(lengths).directions(),
        new Provenance(p.method(), settings, p.seed(), p.inputs(), p.metrics()));
  }

  /**
   * How well a layer's direction separates the classes, and the norms at the layer.
   *
   * @param layer the layer
   * @param auroc share of all pairs of a positive and a negative held-out state whose projections
   *     are in the right order, 0 to 1, 0.5 for chance; NaN if nothing was held out
   * @param accuracy share of held-out states on the right side of the threshold, 0 to 1; NaN if
   *     nothing was held out. The threshold is halfway between the class means of the other pairs,
   *     or for a logistic probe at a probability of one half
   * @param pairAccuracy share of held-out pairs whose positive state projects higher than its own
   *     negative one, ties counting half, 0 to 1; NaN if nothing was held out
   * @param residualNorm mean Euclidean norm of the residual stream at the captured tokens
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
    /** Returns these figures by name, for JSON. */
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
}
