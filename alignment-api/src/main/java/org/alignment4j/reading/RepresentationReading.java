package org.alignment4j.reading;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;

/**
 * What {@link RepresentationReader} found. Immutable.
 *
 * @param vector per layer a direction of unit length along which the positive class projects
 *     higher; zero where the classes do not differ at all
 * @param layers how every layer fared, ascending
 * @param pairs pairs the directions were found from
 * @param heldOut further pairs, on which they were measured
 */
public record RepresentationReading(
    ControlVector vector, List<LayerReading> layers, int pairs, int heldOut) {
  /** Copies the list. */
  public RepresentationReading {
    layers = List.copyOf(layers);
  }

  /**
   * The vector in residual-norm units: at each layer as long as the residual stream is on average
   * at the tokens that were read. So a coefficient of 0.1 adds a tenth of what is there, which
   * means about the same on every model and layer.
   */
  public ControlVector inResidualNorms() {
    return scaled("residual_norm", LayerReading::residualNorm);
  }

  /**
   * The vector in units of the classes' distance: a coefficient of 1 moves the negative class's
   * mean to where the positive one's projects. For a difference in means this is that difference
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
}
