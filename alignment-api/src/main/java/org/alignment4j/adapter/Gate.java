package org.alignment4j.adapter;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.Arrays;
import java.util.Objects;
import org.alignment4j.core.Layer;
import org.jspecify.annotations.Nullable;

/**
 * The factor g(s) of a change of a {@link GatedEdit}: a function of z = slope s + offset, where s
 * is a number that is read from a hidden state. Models compute it in float32, so that a threshold
 * is exact to the rounding of s. Immutable: arrays are not copied.
 *
 * @param function how g follows from z
 * @param slope factor of s
 * @param offset added to it
 * @param low the lower value of g
 * @param high its upper value, the value of a constant
 * @param reading what is read; null for a constant
 */
public record Gate(
    Function function,
    double slope,
    double offset,
    double low,
    double high,
    @Nullable Reading reading) {
  /** The function of z. */
  public enum Function {
    /** {@code high}, whatever is read. */
    CONSTANT,
    /** {@code high} if z is at least 0, else {@code low}. */
    THRESHOLD,
    /** z clipped to {@code low} and {@code high}. */
    CLIPPED,
    /** {@code low} + ({@code high} - {@code low}) / (1 + exp(-z)). */
    LOGISTIC
  }

  /**
   * What a gate reads: a number s of a hidden state h at a layer.
   *
   * @param layer the layer that is read
   * @param state which state h is
   * @param measure how s follows from it
   * @param direction c [D]; its length matters for {@link Measure#PROJECTION} only
   */
  public record Reading(Layer layer, State state, Measure measure, float[] direction) {
    /** The hidden state that is read. A prompt without tokens is read at the first token. */
    public enum State {
      /** Each token's own. */
      EACH_TOKEN,
      /** The mean over the prompt's tokens, for the whole sequence. */
      PROMPT_MEAN,
      /** The last prompt token's, for the whole sequence. */
      LAST_PROMPT
    }

    /** The number that is read from a state h with the direction c. */
    public enum Measure {
      /** c.h. */
      PROJECTION,
      /** c.h / (|c| |h|), in [-1, 1]. */
      COSINE,
      /**
       * The cosine of h and tanh(c c^T h / c^T c), in [0, 1]: the similarity of conditional
       * activation steering (2409.05907).
       */
      TANH_COSINE
    }

    /** Checks that the direction is finite, and not zero where its length divides. */
    public Reading {
      Finite.require("the gate's direction", direction, direction.length);
      require(
          measure == Measure.PROJECTION || Finite.length(direction) > 0,
          "the cosine with a zero direction is undefined");
    }

    /** s of a state [D], in float64. */
    public double of(float[] h) {
      require(
          h.length == direction.length, "dimensions differ: %s != %s", h.length, direction.length);
      double along = 0;
      double squares = 0;
      for (int i = 0; i < h.length; i++) {
        along += (double) direction[i] * h[i];
        squares += (double) h[i] * h[i];
      }
      if (measure == Measure.PROJECTION) {
        return along;
      }
      double length = Finite.length(direction);
      if (measure == Measure.COSINE) {
        return squares == 0 ? 0 : along / length / Math.sqrt(squares);
      }
      double product = 0;
      double projected = 0;
      for (int i = 0; i < h.length; i++) {
        double p = Math.tanh(direction[i] * along / (length * length));
        product += p * h[i];
        projected += p * p;
      }
      return projected == 0 ? 0 : product / Math.sqrt(projected) / Math.sqrt(squares);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Reading o
          && layer.equals(o.layer)
          && state == o.state
          && measure == o.measure
          && Arrays.equals(direction, o.direction);
    }

    @Override
    public int hashCode() {
      return Objects.hash(layer, state, measure, Arrays.hashCode(direction));
    }

    @Override
    public String toString() {
      return "Reading[" + layer + ", " + state + ", " + measure + "]";
    }
  }

  /** Checks the numbers, and that only a constant has no reading. */
  public Gate {
    for (double d : new double[] {slope, offset, low, high}) {
      require(Double.isFinite(d), "a gate's numbers must be finite, one is %s", d);
    }
    require(low <= high, "a gate from %s to %s", low, high);
    require(
        (function == Function.CONSTANT) == (reading == null),
        "a gate that is %s %s a reading",
        function,
        reading == null ? "without" : "with");
  }

  /** The constant {@code value}. */
  public static Gate constant(double value) {
    return new Gate(Function.CONSTANT, 0, 0, value, value, null);
  }

  /** 1 if s is at least {@code threshold}, else 0. */
  public static Gate above(Reading reading, double threshold) {
    return new Gate(Function.THRESHOLD, 1, -threshold, 0, 1, reading);
  }

  /** 1 if s is at most {@code threshold}, else 0. */
  public static Gate below(Reading reading, double threshold) {
    return new Gate(Function.THRESHOLD, -1, threshold, 0, 1, reading);
  }

  /** slope s + offset, clipped to [{@code low}, {@code high}]. */
  public static Gate clipped(
      Reading reading, double slope, double offset, double low, double high) {
    return new Gate(Function.CLIPPED, slope, offset, low, high, reading);
  }

  /** slope s + offset. */
  public static Gate linear(Reading reading, double slope, double offset) {
    return clipped(reading, slope, offset, -Float.MAX_VALUE, Float.MAX_VALUE);
  }

  /** 1 / (1 + exp(-(slope s + offset))). */
  public static Gate logistic(Reading reading, double slope, double offset) {
    return new Gate(Function.LOGISTIC, slope, offset, 0, 1, reading);
  }

  /** g for the state [D] that is read, in float64. */
  public double value(float[] h) {
    double z = reading == null ? 0 : slope * reading.of(h) + offset;
    return switch (function) {
      case CONSTANT -> high;
      case THRESHOLD -> z >= 0 ? high : low;
      case CLIPPED -> Math.min(Math.max(z, low), high);
      case LOGISTIC -> low + (high - low) / (1 + Math.exp(-z));
    };
  }
}
