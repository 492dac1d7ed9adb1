package org.alignment4j.reading;

import java.util.ArrayList;
import java.util.List;
import org.alignment4j.analysis.LogisticProbe;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.statistics.MeanAccumulator;
import org.alignment4j.internal.statistics.Pca;
import org.alignment4j.internal.statistics.Pca.DifferenceAccumulator;
import org.alignment4j.reading.RepresentationReader.ReadingMethod;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accumulates one layer's states as a method needs them, and computes the direction. */
final class LayerFit {
  private static final Logger LOG = LoggerFactory.getLogger(LayerFit.class);

  /** Relative rounding error of float32 forward passes. */
  private static final double ROUNDING = 1e-6;

  private final Layer layer;
  private final ReadingMethod method;
  private final LogisticProbe.Settings probeSettings;
  private final MeanAccumulator positive;
  private final MeanAccumulator negative;
  private final DifferenceAccumulator differences;
  private final List<float[]> positiveRows = new ArrayList<>();
  private final List<float[]> negativeRows = new ArrayList<>();
  private double norms;

  LayerFit(Layer layer, int width, ReadingMethod method, LogisticProbe.Settings probeSettings) {
    this.layer = layer;
    this.method = method;
    this.probeSettings = probeSettings;
    this.positive = new MeanAccumulator(width);
    this.negative = new MeanAccumulator(width);
    this.differences = new DifferenceAccumulator(width);
  }

  void add(PairStates.State p, PairStates.State n) {
    positive.add(p.mean());
    negative.add(n.mean());
    norms += p.norm() + n.norm();
    switch (method) {
      case DIFFERENCE_IN_MEANS -> {}
      case PAIRED_PCA -> differences.add(p.mean(), n.mean());
      case LOGISTIC_PROBE -> {
        positiveRows.add(p.mean());
        negativeRows.add(n.mean());
      }
    }
  }

  /** Mean Euclidean norm of the residual stream. */
  double residualNorm() {
    return norms / (2 * positive.count());
  }

  /** The direction; zero where the class means differ by no more than rounding. */
  ReadAxis axis() {
    double[] p = positive.mean();
    double[] n = negative.mean();
    double[] shift = new double[p.length];
    double squares = 0;
    for (int j = 0; j < shift.length; j++) {
      shift[j] = p[j] - n[j];
      squares += shift[j] * shift[j];
    }
    if (Math.sqrt(squares) <= ROUNDING * residualNorm()) {
      LOG.warn("the mean states of positive and negative prompts do not differ at {}", layer);
      return ReadAxis.between(p, n, new double[p.length]);
    }
    return switch (method) {
      case DIFFERENCE_IN_MEANS -> ReadAxis.between(p, n, shift);
      case PAIRED_PCA -> {
        Pca pca = differences.components(1);
        yield ReadAxis.between(p, n, pca.size() == 0 ? new double[p.length] : pca.component(0));
      }
      case LOGISTIC_PROBE -> ofProbe(p, n);
    };
  }

  private ReadAxis ofProbe(double[] p, double[] n) {
    LogisticProbe probe =
        LogisticProbe.fit(
            positiveRows.toArray(float[][]::new),
            negativeRows.toArray(float[][]::new),
            probeSettings);
    if (!probe.converged()) {
      LOG.warn("the logistic probe at {} has not converged in {} steps", layer, probe.iterations());
    }
    return ReadAxis.ofProbe(p, n, probe.weights(), probe.intercept());
  }
}
