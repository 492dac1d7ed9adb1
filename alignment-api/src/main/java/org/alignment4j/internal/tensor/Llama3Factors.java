package org.alignment4j.internal.tensor;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.Optional;

/**
 * Llama 3's scaling of rotary frequencies, of which GGUF keeps the factor of each frequency only.
 * The published models' parameters are found again from the factors, so that a configuration names
 * the method, as other programs expect.
 */
final class Llama3Factors {
  /** Of all published Llama 3 models. */
  private static final double LOW = 1;

  private static final double HIGH = 4;
  private static final double TOLERANCE = 1e-5;

  private Llama3Factors() {}

  /**
   * The {@code rope_scaling} that gives these factors; empty if the method does not.
   *
   * @param factors of the frequencies base^(-2i/R), R/2 of them
   */
  static Optional<JsonObject> method(JsonArray factors, double base, int rotated) {
    double largest = 1;
    for (var f : factors) {
      largest = Math.max(largest, f.getAsDouble());
    }
    if (largest == 1 || factors.size() != rotated / 2) {
      return Optional.empty();
    }
    for (int original = 32; original <= 1 << 20; original *= 2) {
      if (matches(factors, base, rotated, largest, original)) {
        JsonObject found = new JsonObject();
        found.addProperty("rope_type", "llama3");
        found.addProperty("factor", largest);
        found.addProperty("low_freq_factor", LOW);
        found.addProperty("high_freq_factor", HIGH);
        found.addProperty("original_max_position_embeddings", original);
        return Optional.of(found);
      }
    }
    return Optional.empty();
  }

  private static boolean matches(
      JsonArray factors, double base, int rotated, double factor, int original) {
    for (int i = 0; i < factors.size(); i++) {
      double wavelength = 2 * Math.PI * Math.pow(base, 2.0 * i / rotated);
      double expected = factor;
      if (wavelength < original / HIGH) {
        expected = 1;
      } else if (wavelength <= original / LOW) {
        double smooth = (original / wavelength - LOW) / (HIGH - LOW);
        expected = 1 / ((1 - smooth) / factor + smooth);
      }
      if (Math.abs(factors.get(i).getAsDouble() - expected) > TOLERANCE * expected) {
        return false;
      }
    }
    return true;
  }
}
