package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rotary position embedding.
 *
 * @param base theta
 * @param share fraction of each head that is rotated, in (0, 1]
 * @param scaling for contexts longer than in training, or null for none
 */
public record Rope(double base, double share, @Nullable Scaling scaling) {
  /** Checks the ranges. */
  public Rope {
    require(base > 0 && Double.isFinite(base), "the rotary base must be > 0, was %s", base);
    require(
        share > 0 && share <= 1, "the rotated share of a head must be in (0, 1], was %s", share);
  }

  /** Rotates whole heads. */
  public Rope(double base, @Nullable Scaling scaling) {
    this(base, 1, scaling);
  }

  /** The number of rotated dimensions of a head. */
  int rotated(int headSize) {
    return (int) (headSize * share);
  }

  /** The factor of cosines and sines. */
  double attentionFactor() {
    return scaling == null ? 1 : scaling.attentionFactor();
  }

  /**
   * Inverse frequencies.
   *
   * @param powers base^(2i/R) for i from 0 to R/2 - 1
   * @param length number of tokens of the sequence; used by LongRoPE only
   */
  float[] frequencies(float[] powers, int length) {
    float[] f = new float[powers.length];
    for (int i = 0; i < f.length; i++) {
      f[i] = 1f / powers[i];
    }
    return scaling == null ? f : scaling.scale(f, powers, base, length);
  }

  /** The length above which sequences use different frequencies; 0 if there is none. */
  int switchesAbove() {
    return scaling instanceof LongRope l ? l.originalContext() : 0;
  }

  /** A published method of scaling the frequencies for longer contexts. */
  public sealed interface Scaling {
    /** Factor of cosines and sines. */
    default double attentionFactor() {
      return 1;
    }

    /** Scales the inverse frequencies {@code f}, in float32 as in the models' training. */
    float[] scale(float[] f, float[] powers, double base, int length);
  }

  /**
   * Positions divided by a factor (Chen et al. 2023).
   *
   * @param factor by which all wavelengths are stretched
   */
  public record Linear(double factor) implements Scaling {
    /** Checks the range. */
    public Linear {
      require(factor > 0 && Double.isFinite(factor), "rotary scaling by %s", factor);
    }

    @Override
    public float[] scale(float[] f, float[] powers, double base, int length) {
      float[] scaled = new float[f.length];
      for (int i = 0; i < f.length; i++) {
        scaled[i] = f[i] / (float) factor;
      }
      return scaled;
    }
  }

  /**
   * Llama 3's scaling of rotary frequencies.
   *
   * @param factor by which long wavelengths are stretched
   * @param lowFrequencyFactor wavelengths above originalContext / this are stretched fully
   * @param highFrequencyFactor wavelengths below originalContext / this are unchanged
   * @param originalContext context length before scaling, in tokens
   */
  public record Llama3(
      double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalContext)
      implements Scaling {
    /** Checks the ranges. */
    public Llama3 {
      require(
          factor > 0
              && Double.isFinite(factor)
              && lowFrequencyFactor > 0
              && highFrequencyFactor > lowFrequencyFactor
              && Double.isFinite(highFrequencyFactor)
              && originalContext > 0,
          "rotary scaling by %s between frequency factors %s and %s from a context of %s",
          factor,
          lowFrequencyFactor,
          highFrequencyFactor,
          originalContext);
    }

    @Override
    public float[] scale(float[] f, float[] powers, double base, int length) {
      double low = originalContext / lowFrequencyFactor;
      double high = originalContext / highFrequencyFactor;
      float[] scaled = f.clone();
      for (int i = 0; i < f.length; i++) {
        double wavelength = 2 * Math.PI / f[i];
        if (wavelength > low) {
          scaled[i] = (float) (f[i] / factor);
        } else if (wavelength >= high) {
          double smooth =
              (originalContext / wavelength - lowFrequencyFactor)
                  / (highFrequencyFactor - lowFrequencyFactor);
          scaled[i] = (float) ((1 - smooth) * (f[i] / factor) + smooth * f[i]);
        }
      }
      return scaled;
    }
  }

  /**
   * YaRN (Peng et al. 2023, section 3.2): longer wavelengths are stretched more.
   *
   * @param factor by which the longest wavelengths are stretched
   * @param betaFast turns within the original context from which on dimensions are not stretched
   * @param betaSlow turns up to which dimensions are stretched fully
   * @param originalContext context length before scaling, in tokens
   * @param attentionFactor factor of cosines and sines
   * @param truncate whether the ramp's ends are rounded to whole dimensions
   */
  public record Yarn(
      double factor,
      double betaFast,
      double betaSlow,
      int originalContext,
      double attentionFactor,
      boolean truncate)
      implements Scaling {
    /** Checks the ranges. */
    public Yarn {
      require(
          factor > 0
              && Double.isFinite(factor)
              && betaSlow > 0
              && betaFast > 0
              && originalContext > 0
              && attentionFactor > 0
              && Double.isFinite(attentionFactor),
          "YaRN by %s between %s and %s turns of a context of %s, attention factor %s",
          factor,
          betaFast,
          betaSlow,
          originalContext,
          attentionFactor);
    }

    @Override
    public float[] scale(float[] f, float[] powers, double base, int length) {
      int rotated = 2 * f.length;
      double low = dimensionOf(betaFast, rotated, base);
      double high = dimensionOf(betaSlow, rotated, base);
      if (truncate) {
        low = Math.floor(low);
        high = Math.ceil(high);
      }
      low = Math.max(low, 0);
      high = Math.min(high, rotated - 1);
      if (low == high) {
        high += 0.001; // as published: no division by zero
      }
      float[] scaled = new float[f.length];
      for (int i = 0; i < f.length; i++) {
        float ramp = (float) Math.min(1, Math.max(0, (i - low) / (high - low)));
        float stretched = 1f / ((float) factor * powers[i]);
        scaled[i] = stretched * ramp + f[i] * (1 - ramp);
      }
      return scaled;
    }

    private double dimensionOf(double turns, int rotated, double base) {
      return rotated * Math.log(originalContext / (turns * 2 * Math.PI)) / (2 * Math.log(base));
    }
  }

  /**
   * LongRoPE (Ding et al. 2024): a divisor per frequency, one list for sequences within the
   * original context and one for longer ones. Each sequence of a batch uses the list for its own
   * length.
   *
   * @param shortFactors R/2 divisors up to originalContext
   * @param longFactors R/2 divisors beyond it
   * @param originalContext context length before scaling, in tokens
   * @param attentionFactor factor of cosines and sines
   */
  public record LongRope(
      List<Double> shortFactors,
      List<Double> longFactors,
      int originalContext,
      double attentionFactor)
      implements Scaling {
    /** Checks the ranges. */
    public LongRope {
      shortFactors = List.copyOf(shortFactors);
      longFactors = List.copyOf(longFactors);
      require(
          originalContext > 0 && attentionFactor > 0 && Double.isFinite(attentionFactor),
          "LongRoPE from a context of %s, attention factor %s",
          originalContext,
          attentionFactor);
      for (List<Double> factors : List.of(shortFactors, longFactors)) {
        for (double f : factors) {
          require(f > 0 && Double.isFinite(f), "a LongRoPE factor of %s", f);
        }
      }
    }

    @Override
    public float[] scale(float[] f, float[] powers, double base, int length) {
      List<Double> factors = length > originalContext ? longFactors : shortFactors;
      float[] scaled = new float[f.length];
      for (int i = 0; i < f.length; i++) {
        scaled[i] = 1f / (factors.get(i).floatValue() * powers[i]);
      }
      return scaled;
    }
  }
}
