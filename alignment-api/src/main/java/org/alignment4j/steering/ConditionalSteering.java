package org.alignment4j.steering;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
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
import org.alignment4j.internal.statistics.Pca;

/**
 * Conditional activation steering (CAST, Lee et al. 2025, 2409.05907): h + f(sim(h, c)) alpha v,
 * where f opens a gate if the prompt's similarity to a condition vector c is above, or below, a
 * threshold; sim is the cosine of h and tanh(c c^T h / c^T c). The condition is read at one layer,
 * from the mean state of the prompt's tokens, and holds for the sequence; the behaviour vector v is
 * added at other layers, on every token.
 *
 * <p>Deviations from the published code: thresholds are searched at all midpoints of the measured
 * similarities instead of on a grid; each sequence of a batch has its own condition; the behaviour
 * layers cannot lie below the condition's, which the prompt then has not reached; hidden states are
 * not shortened to their former length. Thread-safe.
 */
public final class ConditionalSteering {
  private ConditionalSteering() {}

  /**
   * A condition.
   *
   * @param gate 1 if it is met, else 0
   * @param f1 the F1 score, 0 to 1, with which the gate is 1 for the positive class of the prompts
   *     it was chosen on
   */
  public record Condition(Gate gate, double f1) {}

  /**
   * Finds the layer, threshold and side with the best F1 score; of equals the lowest layer. The
   * condition vector of a layer is the first principal component of the differences of paired
   * states, which is that of the pairs centred on their means.
   *
   * @param positive states [N, D] by layer, of prompts that meet the condition: the mean over each
   *     one's tokens, or its last
   * @param negative states of as many that do not, in pairs with the others
   * @param chosenOn states of further positive prompts, on which layer, threshold and side are
   *     chosen; may be the same
   * @param against states of further negative prompts
   * @param state what the gate reads: what the states are
   * @throws IllegalArgumentException if layers or shapes differ, a class is empty or a value is not
   *     finite
   * @throws org.alignment4j.core.EngineException if ND4J has no backend
   */
  public static Condition fit(
      SortedMap<Layer, float[][]> positive,
      Map<Layer, float[][]> negative,
      Map<Layer, float[][]> chosenOn,
      Map<Layer, float[][]> against,
      Reading.State state) {
    require(!positive.isEmpty(), "no layers");
    require(state != Reading.State.EACH_TOKEN, "a condition is read once for a sequence");
    Condition best = null;
    for (Map.Entry<Layer, float[][]> e : positive.entrySet()) {
      Layer layer = e.getKey();
      Pca pca = Pca.ofDifferences(e.getValue(), at(negative, layer), 1);
      if (pca.size() > 0) {
        Reading reading =
            new Reading(
                layer, state, Reading.Measure.TANH_COSINE, Directions.narrow(pca.component(0)));
        Condition found = best(reading, at(chosenOn, layer), at(against, layer));
        if (best == null || found.f1 > best.f1) {
          best = found;
        }
      }
    }
    if (best == null) {
      throw new IllegalArgumentException("the pairs do not differ at any layer");
    }
    return best;
  }

  private static float[][] at(Map<Layer, float[][]> states, Layer layer) {
    float[][] found = states.get(layer);
    if (found == null || found.length == 0) {
      throw new IllegalArgumentException("no states at " + layer);
    }
    return found;
  }

  /** The threshold and side with the best F1 score. */
  private static Condition best(Reading reading, float[][] positive, float[][] negative) {
    double[] yes = Arrays.stream(positive).mapToDouble(reading::of).toArray();
    double[] no = Arrays.stream(negative).mapToDouble(reading::of).toArray();
    double[] all = new double[yes.length + no.length];
    System.arraycopy(yes, 0, all, 0, yes.length);
    System.arraycopy(no, 0, all, yes.length, no.length);
    Arrays.sort(all);
    Condition best = new Condition(Gate.above(reading, all[0]), f1(yes, no, all[0], true));
    for (int i = 0; i + 1 < all.length; i++) {
      double middle = all[i] + (all[i + 1] - all[i]) / 2;
      for (boolean above : new boolean[] {true, false}) {
        double f1 = f1(yes, no, middle, above);
        if (f1 > best.f1) {
          best =
              new Condition(above ? Gate.above(reading, middle) : Gate.below(reading, middle), f1);
        }
      }
    }
    return best;
  }

  private static double f1(double[] yes, double[] no, double threshold, boolean above) {
    long hits = Arrays.stream(yes).filter(s -> above ? s >= threshold : s <= threshold).count();
    long falses = Arrays.stream(no).filter(s -> above ? s >= threshold : s <= threshold).count();
    return 2.0 * hits / (hits + falses + yes.length);
  }

  /**
   * The edit that adds a behaviour vector where a condition is met.
   *
   * @param behaviour a direction for each layer, none below the condition's
   * @param alpha factor of the directions
   * @param inputs hashes of the model and of the data
   * @throws IllegalArgumentException if a layer lies below the condition's or widths differ
   */
  public static GatedEdit edit(
      Condition condition, ControlVector behaviour, double alpha, Map<String, String> inputs) {
    List<Change> changes = new ArrayList<>();
    behaviour
        .directions()
        .forEach(
            (layer, v) ->
                changes.add(
                    new Change(
                        layer,
                        Site.BLOCK,
                        Positions.ALL,
                        Affine.constant(v).times(alpha),
                        condition.gate)));
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("alpha", alpha);
    settings.put(
        "behaviour_layers", behaviour.directions().keySet().stream().map(Layer::index).toList());
    Reading reading = condition.gate.reading();
    if (reading != null) {
      settings.put("condition_layer", reading.layer().index());
      settings.put("condition_state", reading.state().name());
      settings.put("slope", condition.gate.slope());
      settings.put("offset", condition.gate.offset());
    }
    return new GatedEdit(
        changes,
        new Provenance(
            "conditional_steering", settings, 0, inputs, Map.of("condition_f1", condition.f1)));
  }

  /**
   * How a probe's log-odds become a coefficient: log-odds + shift, clipped to [low, high]. With -1
   * and 1 what a probe is sure of is enforced in both directions, and where it is not, the model
   * decides; with -1 and 0 the behaviour is only taken away, with 0 and 1 only added.
   *
   * @param shift in nats; below 0 for less of the behaviour
   * @param low the lowest coefficient
   * @param high the highest one
   */
  public record Coefficient(double shift, double low, double high) {
    /** Checks that the numbers are finite and in order. */
    public Coefficient {
      require(Double.isFinite(shift), "shift must be finite, was %s", shift);
      require(
          Double.isFinite(low) && Double.isFinite(high) && low <= high,
          "low and high must be finite and in order, were %s and %s",
          low,
          high);
    }
  }

  /**
   * Steering by linear probes, a form of ours: at each layer of the behaviour, h + c alpha v at the
   * last prompt token, where c is the mean over the probed layers of a {@link Coefficient} of the
   * log-odds that the prompt is positive. The probes are logistic regressions on the last prompt
   * token's states, and several layers tell more than one. Probes are wrong on prompts unlike those
   * that they saw, such as attacks: measure these, too.
   *
   * @param positive states [N, D] by probed layer, of prompts that are to get the behaviour
   * @param negative states of prompts that are to get its opposite
   * @param settings of the logistic regressions
   * @param behaviour a direction for each changed layer, none below the highest probed one
   * @param alpha factor of the directions
   * @param coefficient of a probe
   * @param inputs hashes of the model and of the data
   * @throws IllegalArgumentException if layers or shapes differ, a class is empty, a changed layer
   *     lies below a probed one or a value is not finite
   */
  public static GatedEdit probed(
      SortedMap<Layer, float[][]> positive,
      Map<Layer, float[][]> negative,
      LogisticProbe.Settings settings,
      ControlVector behaviour,
      double alpha,
      Coefficient coefficient,
      Map<String, String> inputs) {
    require(!positive.isEmpty(), "no layers");
    List<Change> changes = new ArrayList<>();
    for (Map.Entry<Layer, float[][]> e : positive.entrySet()) {
      LogisticProbe probe = LogisticProbe.fit(e.getValue(), at(negative, e.getKey()), settings);
      Reading reading =
          new Reading(
              e.getKey(),
              Reading.State.LAST_PROMPT,
              Reading.Measure.PROJECTION,
              Directions.narrow(probe.weights()));
      Gate gate =
          Gate.clipped(
              reading, 1, probe.intercept() + coefficient.shift, coefficient.low, coefficient.high);
      behaviour
          .directions()
          .forEach(
              (layer, v) ->
                  changes.add(
                      new Change(
                          layer,
                          Site.BLOCK,
                          Positions.LAST_PROMPT,
                          Affine.constant(v).times(alpha / positive.size()),
                          gate)));
    }
    Map<String, Object> used = new LinkedHashMap<>();
    used.put("alpha", alpha);
    used.put("shift", coefficient.shift);
    used.put("low", coefficient.low);
    used.put("high", coefficient.high);
    used.put("l2", settings.l2());
    used.put("probed_layers", positive.keySet().stream().map(Layer::index).toList());
    used.put(
        "behaviour_layers", behaviour.directions().keySet().stream().map(Layer::index).toList());
    return new GatedEdit(changes, new Provenance("probed_steering", used, 0, inputs, Map.of()));
  }
}
