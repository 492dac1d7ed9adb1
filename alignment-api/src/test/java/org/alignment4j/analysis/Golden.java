package org.alignment4j.analysis;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Values computed by scikit-learn and SciPy (golden.json names the versions). */
public final class Golden {
  private Golden() {}

  /** The cases of one statistic. */
  public static List<JsonObject> cases(String statistic) {
    try (Reader reader =
        new InputStreamReader(
            Objects.requireNonNull(Golden.class.getResourceAsStream("golden.json")),
            StandardCharsets.UTF_8)) {
      JsonArray cases = JsonParser.parseReader(reader).getAsJsonObject().getAsJsonArray(statistic);
      return cases.asList().stream().map(JsonElement::getAsJsonObject).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static double[] vector(JsonElement array) {
    return array.getAsJsonArray().asList().stream().mapToDouble(JsonElement::getAsDouble).toArray();
  }

  public static double[][] matrix(JsonElement array) {
    return array.getAsJsonArray().asList().stream().map(Golden::vector).toArray(double[][]::new);
  }

  public static float[][] floats(double[][] rows) {
    return Stream.of(rows)
        .map(
            row -> {
              float[] copy = new float[row.length];
              for (int i = 0; i < row.length; i++) {
                copy[i] = (float) row[i];
              }
              return copy;
            })
        .toArray(float[][]::new);
  }
}
