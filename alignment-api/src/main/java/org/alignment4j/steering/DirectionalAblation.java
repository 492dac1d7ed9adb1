package org.alignment4j.steering;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.Gate;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.GatedEdit.Site;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;

/**
 * Edits that remove a direction from the residual stream, or set the component along it.
 * Thread-safe.
 */
public final class DirectionalAblation {
  private DirectionalAblation() {}

  /**
   * Returns the difference of two class means.
   *
   * @param positive states [N1, D] of the class that it points to
   * @param negative states [N2, D]
   * @throws IllegalArgumentException if a class is empty, widths differ or a value is not finite
   */
  public static float[] difference(float[][] positive, float[][] negative) {
    return Directions.narrow(
        Directions.minus(
            Directions.mean("positive", positive), Directions.mean("negative", negative)));
  }

  /**
   * Returns directional ablation (Arditi et al. 2024, 2406.11717, section 2.4): h - r r^T h / r^T r
   * on every token, at the embeddings, after every attention and after every block. {@link
   * GatedEdit#merge} writes the equal weights W - r r^T W / r^T r (appendix E).
   *
   * @param direction r [D], of any length but 0; in the paper the difference of the harmful and the
   *     harmless mean at one layer and one token position, selected as {@code DirectionSelection}
   *     of alignment-actor does
   * @param blocks L of the model
   * @param inputs hashes of the model and of the data that the direction was computed from
   * @throws IllegalArgumentException if the direction is zero or not finite
   */
  public static GatedEdit of(float[] direction, int blocks, Map<String, String> inputs) {
    require(blocks >= 1, "a model of %s blocks", blocks);
    Affine map = Affine.minusProjection(direction);
    List<Change> changes = new ArrayList<>();
    for (int l = 0; l <= blocks; l++) {
      if (l > 0) {
        changes.add(change(l, Site.ATTENTION, map));
      }
      changes.add(change(l, Site.BLOCK, map));
    }
    return new GatedEdit(
        changes,
        new Provenance("directional_ablation", Map.of("blocks", blocks), 0, inputs, Map.of()));
  }

  private static Change change(int layer, Site site, Affine map) {
    return new Change(new Layer(layer), site, Positions.ALL, map, Gate.constant(1));
  }

  /**
   * Returns the direction whose ablation reduces false refusals (Wang et al. 2025, 2410.03415): v_f
   * - lambda (v_f.v_t / v_t.v_t) v_t, to be removed with {@link #of}. With lambda = 1 it is
   * orthogonal to the true refusal direction, so that ablating it leaves the component along that
   * one as it is; lower values remove part of it too.
   *
   * @param falseRefusal v_f [D], the mean of pseudo-harmful prompts minus that of harmless ones;
   *     the paper uses pseudo-harmful prompts that the model refuses
   * @param trueRefusal v_t [D], the mean of harmful prompts minus that of harmless ones
   * @param lambda share of the common component that is taken out, 0 to 1
   * @throws IllegalArgumentException if the widths differ, v_t is zero or lambda is out of range
   */
  public static float[] orthogonalised(float[] falseRefusal, float[] trueRefusal, double lambda) {
    require(lambda >= 0 && lambda <= 1, "lambda must lie in [0, 1], was %s", lambda);
    double[] unit = Directions.unit(Directions.wide(trueRefusal));
    double[] vector = Directions.wide(falseRefusal);
    require(
        unit.length == vector.length, "dimensions differ: %s != %s", vector.length, unit.length);
    double along = lambda * Directions.dot(vector, unit);
    return Directions.narrow(Directions.minus(vector, Directions.times(unit, along)));
  }

  /**
   * Returns affine concept editing (ACE, Marshall et al. 2024, 2411.09003) at one layer, on every
   * token: h - u u^T h + u u^T m + alpha r, with u = r / |r|. The component along r becomes that of
   * the reference for alpha = 0, that of the other class for alpha = 1.
   *
   * @param layer the layer at which the states were read
   * @param positive states [N1, D] of the class for which alpha is 1
   * @param reference states [N2, D] of the class for which alpha is 0, of mean m; r is the
   *     difference of the means
   * @throws IllegalArgumentException if a class is empty, widths differ, the means are equal or a
   *     value is not finite
   */
  public static Change affine(Layer layer, float[][] positive, float[][] reference, double alpha) {
    double[] m = Directions.mean("reference", reference);
    double[] r = Directions.minus(Directions.mean("positive", positive), m);
    double[] unit = Directions.unit(r);
    double along = Directions.dot(unit, m) + alpha * Math.sqrt(Directions.dot(r, r));
    Affine projection = Affine.minusProjection(Directions.narrow(unit));
    return Change.always(
        layer,
        new Affine(
            1, projection.u(), projection.v(), Directions.narrow(Directions.times(unit, along))));
  }
}
