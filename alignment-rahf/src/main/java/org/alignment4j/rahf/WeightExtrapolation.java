package org.alignment4j.rahf;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.core.Provenance;

/**
 * Weight extrapolation, a cheap baseline of Dual: instead of hidden states, the weights are
 * extrapolated from the bad model beyond the good one, W_good + a (W_good - W_bad).
 */
final class WeightExtrapolation {
  private WeightExtrapolation() {}

  /**
   * Returns a LoRA whose rank is the sum of the two adapters' ranks.
   *
   * @param good trained on preferred responses
   * @param bad trained on dispreferred ones, on the same matrices of the same model
   * @param a the extrapolation factor, finite; 0 yields the good adapter
   * @throws IllegalArgumentException if the adapters change different matrices
   */
  static LoraAdapter of(LoraAdapter good, LoraAdapter bad, double a) {
    require(Double.isFinite(a), "a must be finite, was %s", a);
    Map<String, Target> others = new HashMap<>();
    bad.targets().forEach(t -> others.put(key(t), t));
    require(
        good.targets().size() == bad.targets().size(),
        "the good adapter changes %s matrices, the bad one %s",
        good.targets().size(),
        bad.targets().size());
    int rank = good.rank() + bad.rank();
    List<Target> targets = new ArrayList<>();
    for (Target g : good.targets()) {
      Target b = others.get(key(g));
      if (b == null) {
        throw new IllegalArgumentException("the bad adapter does not change " + key(g));
      }
      targets.add(
          new Target(
              g.layer(),
              g.module(),
              g.in(),
              g.out(),
              below(g.a(), b.a()),
              concatenated(
                  g.b(),
                  (1 + a) * good.scale(),
                  good.rank(),
                  b.b(),
                  -a * bad.scale(),
                  bad.rank(),
                  g.out())));
    }
    Provenance from = good.provenance();
    return new LoraAdapter(
        rank,
        rank,
        targets,
        new Provenance(
            "weight extrapolation", Map.of("a", a), from.seed(), from.inputs(), Map.of()));
  }

  private static String key(Target t) {
    return t.module() + " of " + t.layer();
  }

  private static float[] below(float[] a, float[] b) {
    float[] both = new float[a.length + b.length];
    System.arraycopy(a, 0, both, 0, a.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  /** Concatenates the columns of two matrices [out, r], each scaled. */
  private static float[] concatenated(
      float[] one, double scale, int r, float[] other, double otherScale, int q, int out) {
    float[] both = new float[out * (r + q)];
    for (int i = 0; i < out; i++) {
      for (int k = 0; k < r; k++) {
        both[i * (r + q) + k] = (float) (one[i * r + k] * scale);
      }
      for (int k = 0; k < q; k++) {
        both[i * (r + q) + r + k] = (float) (other[i * q + k] * otherScale);
      }
    }
    return both;
  }
}
