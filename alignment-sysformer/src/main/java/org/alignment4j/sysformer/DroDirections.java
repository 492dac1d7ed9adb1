package org.alignment4j.sysformer;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import org.alignment4j.analysis.LogisticProbe;
import org.alignment4j.internal.statistics.Pca;

/**
 * Directions of refusal and of harmfulness in a model's features: gradients of log-odds that are
 * linear in the first principal components, in feature space (section 4 of DRO, arXiv 2401.18018).
 * Rows are not copied.
 *
 * @param refusal gradient of the log-odds that a request is refused [D]
 * @param harm gradient of the log-odds that it is harmful [D]
 * @param basis the components [K, D], orthonormal
 */
record DroDirections(float[] refusal, float[] harm, float[][] basis) {
  /**
   * Loss weights of the shift along refusal, along harmfulness, and of the change orthogonal to the
   * components.
   */
  static final double[] WEIGHTS = {1, 0.01, 0.001};

  /**
   * @param features [N, D]
   * @param refused whether the model refused, per row
   * @param harmful whether the request is harmful, per row
   * @param components maximum K
   * @throws IllegalArgumentException if the model refuses none or all of the requests
   */
  static DroDirections fit(
      float[][] features, boolean[] refused, boolean[] harmful, int components) {
    Pca pca = Pca.fit(features, Math.min(components, features.length - 1));
    double[][] basis = new double[pca.size()][];
    for (int k = 0; k < basis.length; k++) {
      basis[k] = pca.component(k);
    }
    double[] mean = pca.mean();
    float[][] within = new float[features.length][basis.length];
    for (int i = 0; i < features.length; i++) {
      for (int k = 0; k < basis.length; k++) {
        double sum = 0;
        for (int d = 0; d < features[i].length; d++) {
          sum += basis[k][d] * (features[i][d] - mean[d]);
        }
        within[i][k] = (float) sum;
      }
    }
    float[][] narrow = new float[basis.length][features[0].length];
    for (int k = 0; k < basis.length; k++) {
      for (int d = 0; d < narrow[k].length; d++) {
        narrow[k][d] = (float) basis[k][d];
      }
    }
    return new DroDirections(
        gradient("refused", within, refused, basis),
        gradient("harmful", within, harmful, basis),
        narrow);
  }

  private static float[] gradient(String what, float[][] within, boolean[] has, double[][] basis) {
    List<float[]> yes = new ArrayList<>();
    List<float[]> no = new ArrayList<>();
    for (int i = 0; i < has.length; i++) {
      (has[i] ? yes : no).add(within[i]);
    }
    require(
        !yes.isEmpty() && !no.isEmpty(),
        "%s of %s requests are %s: there is no direction to find",
        yes.size(),
        has.length,
        what);
    double[] weights =
        LogisticProbe.fit(
                yes.toArray(float[][]::new),
                no.toArray(float[][]::new),
                LogisticProbe.Settings.DEFAULT)
            .weights();
    float[] gradient = new float[basis[0].length];
    for (int d = 0; d < gradient.length; d++) {
      double sum = 0;
      for (int k = 0; k < basis.length; k++) {
        sum += weights[k] * basis[k][d];
      }
      gradient[d] = (float) sum;
    }
    return gradient;
  }
}
