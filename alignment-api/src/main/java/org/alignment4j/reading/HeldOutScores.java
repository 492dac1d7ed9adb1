package org.alignment4j.reading;

import java.util.ArrayList;
import java.util.List;
import org.alignment4j.analysis.Roc;
import org.alignment4j.core.Layer;
import org.alignment4j.reading.RepresentationReading.LayerReading;

/** Projections of a layer's held-out pairs. */
final class HeldOutScores {
  private final ReadAxis axis;
  private final List<Double> positive = new ArrayList<>();
  private final List<Double> negative = new ArrayList<>();

  HeldOutScores(ReadAxis axis) {
    this.axis = axis;
  }

  void add(PairStates.State p, PairStates.State n) {
    positive.add(axis.projection(p.mean()));
    negative.add(axis.projection(n.mean()));
  }

  LayerReading reading(Layer layer, double residualNorm) {
    int n = positive.size();
    double auroc = Double.NaN;
    double right = 0;
    double ordered = 0;
    if (n > 0) {
      auroc = Roc.of(array(positive), array(negative)).auroc();
    }
    for (int i = 0; i < n; i++) {
      double high = positive.get(i);
      double low = negative.get(i);
      right += won(high, axis.threshold()) + won(axis.threshold(), low);
      ordered += won(high, low);
    }
    // 0 / 0 is NaN, as it should be.
    return new LayerReading(
        layer, auroc, right / (2 * n), ordered / n, residualNorm, axis.separation());
  }

  /** 1 if the first is higher, one half for a tie. */
  private static double won(double high, double low) {
    return high > low ? 1 : high == low ? 0.5 : 0;
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
