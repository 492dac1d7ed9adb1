package org.alignment4j.steering;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.alignment4j.adapter.Gate;
import org.alignment4j.adapter.Gate.Reading;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.GatedEdit.Site;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.statistics.NullSpace;

/**
 * AlphaSteer (Sheng et al. 2026, 2506.07022): steering by h + lambda Delta h, where Delta = Delta~
 * P is zero on benign states and the refusal direction on harmful ones. P projects on the null
 * space of the benign states H_b, that is, on the eigenvectors of H_b H_b^T with the smallest
 * eigenvalues; Delta~ = R H_m^T P (P H_m H_m^T P + a P)^+ fits the harmful states H_m by ridge
 * regression.
 *
 * <p>Since each column of R is the same direction r, Delta has rank one: Delta h = (w.h) r, and
 * only w [D] = (P H_m H_m^T P + a P)^+ P H_m 1 is computed. In the published code w.h is that of
 * the last prompt token, and the same vector is added to all tokens of the prompt: {@link
 * Form#LAST_PROMPT}. In the paper's formula each token has its own: {@link Form#EACH_TOKEN}. The
 * published code applies the edit to the input of a block, here it is at the layer that is this
 * input. Thread-safe.
 */
public final class AlphaSteer {
  private AlphaSteer() {}

  /** The states that decide how much is added. */
  public enum Form {
    /** Each token's own, on every token: the paper's formula. */
    EACH_TOKEN,
    /** The last prompt token's, on all tokens of the prompt: the published code. */
    LAST_PROMPT
  }

  /**
   * Settings.
   *
   * @param nullShare share of the D dimensions that the null space is taken to have, in (0, 1]; the
   *     published code has 0.3 to 0.6, by layer. If the benign states span more than the rest, they
   *     are changed a little
   * @param ridge a, above 0; 10 in the published code
   * @param strength lambda
   * @param form the states that decide
   */
  public record Settings(double nullShare, double ridge, double strength, Form form) {
    /** Half of the dimensions, a ridge of 10, strength 1, the published code's form. */
    public static final Settings DEFAULT = new Settings(0.5, 10, 1, Form.LAST_PROMPT);

    /**
     * @throws IllegalArgumentException if a value is out of range
     */
    public Settings {
      require(nullShare > 0 && nullShare <= 1, "nullShare must lie in (0, 1], was %s", nullShare);
      require(ridge > 0 && Double.isFinite(ridge), "the ridge must be > 0, was %s", ridge);
      require(Double.isFinite(strength), "the strength must be finite, was %s", strength);
    }
  }

  /**
   * Fits the edit of some layers.
   *
   * @param benign states [N, D] of benign prompts at each layer to be edited, at the last prompt
   *     token; more than (1 - nullShare) D, or fewer dimensions than that are protected
   * @param harmful states [M, D] of harmful prompts at the same layers
   * @param refusal r [D] at the same layers, which points to refusal, in its own length
   * @param inputs hashes of the model and of the data
   * @throws IllegalArgumentException if a layer lacks states or a direction, widths differ or a
   *     value is not finite
   * @throws org.alignment4j.core.EngineException if ND4J has no backend
   */
  public static GatedEdit fit(
      SortedMap<Layer, float[][]> benign,
      Map<Layer, float[][]> harmful,
      Map<Layer, float[]> refusal,
      Settings settings,
      Map<String, String> inputs) {
    List<Change> changes = new ArrayList<>();
    Map<String, Object> residuals = new LinkedHashMap<>();
    benign.forEach(
        (layer, states) -> {
          float[][] bad = harmful.get(layer);
          float[] r = refusal.get(layer);
          if (bad == null || r == null) {
            throw new IllegalArgumentException(
                "no harmful states or no refusal direction at " + layer);
          }
          float[] w = coefficients(states, bad, settings);
          require(w.length == r.length, "dimensions differ: %s != %s", r.length, w.length);
          changes.add(change(layer, w, r, settings));
          residuals.put(
              layer.toString(), Map.of("benign", largest(states, w), "harmful_mean", mean(bad, w)));
        });
    Map<String, Object> used = new LinkedHashMap<>();
    used.put(
        "layers",
        new ArrayList<>(new TreeMap<>(benign).keySet().stream().map(Layer::index).toList()));
    used.put("null_share", settings.nullShare());
    used.put("ridge", settings.ridge());
    used.put("strength", settings.strength());
    used.put("form", settings.form().name());
    return new GatedEdit(changes, new Provenance("alphasteer", used, 0, inputs, residuals));
  }

  /** w [D], for which w.h is 0 on benign and about 1 on harmful states. */
  private static float[] coefficients(float[][] benign, float[][] harmful, Settings settings) {
    require(benign.length > 0, "no benign states");
    int d = benign[0].length;
    int dimensions = Math.max(1, (int) (d * settings.nullShare()));
    return Directions.narrow(
        NullSpace.of(benign, dimensions).regressionOnOne(harmful, settings.ridge()));
  }

  private static Change change(Layer layer, float[] w, float[] r, Settings settings) {
    float[] added = Directions.narrow(Directions.times(Directions.wide(r), settings.strength()));
    if (settings.form() == Form.EACH_TOKEN) {
      return Change.always(layer, new Affine(1, added, w, new float[r.length]));
    }
    Reading reading = new Reading(layer, Reading.State.LAST_PROMPT, Reading.Measure.PROJECTION, w);
    return new Change(
        layer, Site.BLOCK, Positions.PROMPT, Affine.constant(added), Gate.linear(reading, 1, 0));
  }

  private static double largest(float[][] states, float[] w) {
    double largest = 0;
    for (float[] h : states) {
      largest = Math.max(largest, Math.abs(along(h, w)));
    }
    return largest;
  }

  private static double mean(float[][] states, float[] w) {
    double sum = 0;
    for (float[] h : states) {
      sum += along(h, w) / states.length;
    }
    return sum;
  }

  private static double along(float[] h, float[] w) {
    return Directions.dot(Directions.wide(h), Directions.wide(w));
  }
}
