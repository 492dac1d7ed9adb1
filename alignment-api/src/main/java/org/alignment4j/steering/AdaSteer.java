package org.alignment4j.steering;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.adapter.Gate;
import org.alignment4j.adapter.Gate.Reading;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.GatedEdit.Site;
import org.alignment4j.analysis.LogisticProbe;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;

/**
 * AdaSteer (Zhao et al. 2025, 2504.09466): h + lambda_r v_r + lambda_h v_h, a vector along the
 * rejection direction and one along the harmfulness direction, each with a coefficient that follows
 * from the prompt: a function of the projection of the last prompt token's state on the direction
 * at one layer. The vectors are added to the prompt's tokens.
 *
 * <p>Here a coefficient is its law's strength times the probability, by logistic regression on the
 * projections, that the prompt belongs to the class that needs steering. The published code clips a
 * linear function of the same projection, with numbers chosen for each model: {@link Gate#clipped}
 * with {@link #edit} is that form. It also reads the projections in a pass of their own, which
 * allows layers below the one that is read; here they cannot be edited. Thread-safe.
 */
public final class AdaSteer {
  private AdaSteer() {}

  /**
   * One direction with its coefficient.
   *
   * @param gate the coefficient, as a function of the state that is read
   * @param vectors what is added, by layer, none below the one that is read
   */
  public record Law(Gate gate, ControlVector vectors) {}

  /**
   * Fits the coefficient of a law.
   *
   * @param layer the layer that is read
   * @param more states [N1, D] of prompts that need steering, at the last prompt token: for
   *     rejection, harmful prompts that the model answers; for harmfulness, benign ones
   * @param less states [N2, D] of prompts that need none
   * @param direction [D] on which states are projected; its length is irrelevant
   * @param strength the coefficient of a prompt that certainly needs steering; may be negative
   * @param vectors what is added, by layer
   * @throws IllegalArgumentException if a class is empty, widths differ, a layer of {@code vectors}
   *     lies below {@code layer} or a value is not finite
   */
  public static Law fit(
      Layer layer,
      float[][] more,
      float[][] less,
      float[] direction,
      double strength,
      ControlVector vectors) {
    float[] unit = Directions.narrow(Directions.unit(Directions.wide(direction)));
    Reading reading =
        new Reading(layer, Reading.State.LAST_PROMPT, Reading.Measure.PROJECTION, unit);
    LogisticProbe probe =
        LogisticProbe.fit(
            projections(reading, more), projections(reading, less), LogisticProbe.Settings.DEFAULT);
    return new Law(
        Gate.logistic(reading, probe.weights()[0], probe.intercept()), vectors.times(strength));
  }

  private static float[][] projections(Reading reading, float[][] states) {
    float[][] s = new float[states.length][];
    for (int i = 0; i < s.length; i++) {
      s[i] = new float[] {(float) reading.of(states[i])};
    }
    return s;
  }

  /**
   * The edit of some laws, in the paper two.
   *
   * @param inputs hashes of the model and of the data
   * @throws IllegalArgumentException if there are none, a layer lies below the one that its gate
   *     reads or widths differ
   */
  public static GatedEdit edit(List<Law> laws, Map<String, String> inputs) {
    require(!laws.isEmpty(), "no laws");
    List<Change> changes = new ArrayList<>();
    List<Map<String, Object>> settings = new ArrayList<>();
    for (Law law : laws) {
      law.vectors
          .directions()
          .forEach(
              (layer, v) ->
                  changes.add(
                      new Change(
                          layer, Site.BLOCK, Positions.PROMPT, Affine.constant(v), law.gate)));
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("function", law.gate.function().name());
      one.put("slope", law.gate.slope());
      one.put("offset", law.gate.offset());
      Reading reading = law.gate.reading();
      one.put("layer", reading == null ? -1 : reading.layer().index());
      one.put("layers", law.vectors.directions().keySet().stream().map(Layer::index).toList());
      settings.add(one);
    }
    return new GatedEdit(
        changes, new Provenance("adasteer", Map.of("laws", settings), 0, inputs, Map.of()));
  }
}
