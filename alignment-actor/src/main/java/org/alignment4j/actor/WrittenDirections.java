package org.alignment4j.actor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableBlock;

/**
 * What a model's matrices write along some vectors: r^T W for each matrix W [D, in] whose result is
 * added to the residual stream, from which any ablation of a combination of the vectors follows as
 * a LoRA of rank one. Holds vectors x (in of all these matrices) numbers.
 */
final class WrittenDirections {
  private static final String ATTENTION = "self_attn.o_proj";
  private static final String MLP = "mlp.down_proj";

  private final float[][] vectors;
  private final List<Written> matrices;

  /** r^T W [vectors][in] of one matrix. */
  private record Written(Layer layer, String module, float[][] rows) {}

  /** How much of a direction is taken out of what a block's attention and MLP write. */
  interface Weights {
    double of(Layer layer, boolean attention);
  }

  private WrittenDirections(float[][] vectors, List<Written> matrices) {
    this.vectors = vectors;
    this.matrices = matrices;
  }

  /**
   * @param vectors [N, D]
   */
  static WrittenDirections of(LanguageModel model, float[][] vectors) {
    List<Written> matrices = new ArrayList<>();
    for (int l = 1; l <= model.config().blocks(); l++) {
      Cancellation.check("reading weights");
      Layer layer = new Layer(l);
      try (TrainableBlock block = TrainableBlock.of(model, layer)) {
        Map<String, TunedBlock.Weight> weights =
            block.snapshot(new Provenance("none", Map.of(), 0, Map.of(), Map.of())).tensors();
        for (String module : List.of(ATTENTION, MLP)) {
          TunedBlock.Weight w = Objects.requireNonNull(weights.get(module + ".weight"));
          matrices.add(
              new Written(layer, module, products(vectors, w.values(), (int) w.shape()[1])));
        }
      }
    }
    return new WrittenDirections(vectors, matrices);
  }

  private static float[][] products(float[][] vectors, float[] matrix, int in) {
    float[][] rows = new float[vectors.length][in];
    for (int v = 0; v < vectors.length; v++) {
      float[] row = rows[v];
      for (int d = 0; d < vectors[v].length; d++) {
        float r = vectors[v][d];
        for (int k = 0; k < in; k++) {
          row[k] += r * matrix[d * in + k];
        }
      }
    }
    return rows;
  }

  /**
   * The LoRA with W - weight u u^T W for each matrix W, u the unit vector along the combination.
   * Matrices of weight 0 are not changed.
   *
   * @param coefficients of the vectors
   */
  LoraAdapter ablation(double[] coefficients, Weights weights, Provenance provenance) {
    double[] direction = new double[vectors[0].length];
    for (int v = 0; v < vectors.length; v++) {
      for (int d = 0; d < direction.length; d++) {
        direction[d] += coefficients[v] * vectors[v][d];
      }
    }
    double norm = Math.sqrt(CosineLoss.dot(direction, direction));
    float[] unit = times(direction, 1 / norm);
    List<Target> targets = new ArrayList<>();
    for (Written w : matrices) {
      double weight = weights.of(w.layer, w.module.equals(ATTENTION));
      if (weight != 0) {
        int in = w.rows[0].length;
        float[] a = new float[in];
        for (int k = 0; k < in; k++) {
          double sum = 0;
          for (int v = 0; v < vectors.length; v++) {
            sum += coefficients[v] * w.rows[v][k];
          }
          a[k] = (float) (sum / norm);
        }
        float[] b = new float[unit.length];
        for (int d = 0; d < b.length; d++) {
          b[d] = (float) (-weight * unit[d]);
        }
        targets.add(new Target(w.layer, w.module, in, b.length, a, b));
      }
    }
    return new LoraAdapter(1, 1, targets, provenance);
  }

  /** A vector of length 1. */
  static float[] unit(float[] vector) {
    double[] wide = new double[vector.length];
    for (int d = 0; d < wide.length; d++) {
      wide[d] = vector[d];
    }
    return times(wide, 1 / Math.sqrt(CosineLoss.dot(wide, wide)));
  }

  private static float[] times(double[] vector, double factor) {
    float[] product = new float[vector.length];
    for (int d = 0; d < product.length; d++) {
      product[d] = (float) (factor * vector[d]);
    }
    return product;
  }
}
