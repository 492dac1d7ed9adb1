package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.List;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.core.Layer;

/**
 * A change of the residual stream during a forward pass: at a layer, on some tokens, a vector is
 * added or a direction projected out.
 *
 * @param layer as in Hugging Face's {@code hidden_states}
 * @param positions the tokens it applies to
 * @param kind the operation
 * @param vector [D]; for {@link Kind#PROJECT_OUT} its length is irrelevant
 */
public record Steering(Layer layer, TokenPositions positions, Kind kind, float[] vector) {
  /** The operation on the residual x with the vector v. */
  public enum Kind {
    /** x + v. */
    ADD,
    /** x - (x.v / v.v) v, directional ablation. */
    PROJECT_OUT
  }

  /** Copies the vector. */
  public Steering {
    boolean zero = true;
    for (float v : vector) {
      require(Float.isFinite(v), "the vector has a number that is not finite: %s", v);
      zero &= v == 0;
    }
    require(kind == Kind.ADD || !zero, "cannot project out a zero vector");
    vector = vector.clone();
  }

  /** Adds {@code coefficient} x {@code vector} to every token. */
  public static Steering add(Layer layer, float[] vector, double coefficient) {
    float[] scaled = new float[vector.length];
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = (float) (vector[i] * coefficient);
    }
    return new Steering(layer, TokenPositions.all(), Kind.ADD, scaled);
  }

  /** One change per layer of a control vector, times {@code coefficient}, on every token. */
  public static List<Steering> of(ControlVector vector, double coefficient) {
    return vector.directions().entrySet().stream()
        .map(e -> add(e.getKey(), e.getValue(), coefficient))
        .toList();
  }

  @Override
  public float[] vector() {
    return vector.clone();
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Steering s
        && layer.equals(s.layer)
        && positions.equals(s.positions)
        && kind == s.kind
        && java.util.Arrays.equals(vector, s.vector);
  }

  @Override
  public int hashCode() {
    return java.util.Objects.hash(layer, positions, kind, java.util.Arrays.hashCode(vector));
  }
}
