package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Quantised models that examples/python/gguf_models.py wrote, against transformers on the same
 * weights.
 */
class GgufModelTests {
  private static final Path MODELS = Path.of("src/test/resources/org/alignment4j/model/gguf");

  static Stream<Path> models() throws IOException {
    return Files.list(MODELS).filter(f -> f.toString().endsWith(".gguf")).sorted();
  }

  private static SafetensorsFile expected(Path model) {
    String name = model.getFileName().toString().replace(".gguf", ".safetensors");
    return SafetensorsFile.open(model.resolveSibling(name));
  }

  private static int[] ids(SafetensorsFile expected) {
    return Arrays.stream(expected.longs("input_ids")).mapToInt(Math::toIntExact).toArray();
  }

  @ParameterizedTest
  @MethodSource("models")
  void logitsAndHiddenStatesAreThoseOfTransformers(Path file) {
    try (SafetensorsFile expected = expected(file);
        LanguageModel model = LanguageModel.load(file, Device.cpu(), Precision.FLOAT32)) {
      int[] ids = ids(expected);
      float[] logits = expected.floats("logits");
      int v = model.config().vocabulary();
      List<int[]> prefixes =
          IntStream.rangeClosed(1, ids.length).mapToObj(n -> Arrays.copyOf(ids, n)).toList();
      float[][] found = model.nextTokenLogitsIds(prefixes);
      for (int t = 0; t < ids.length; t++) {
        assertArrayEquals(Arrays.copyOfRange(logits, t * v, t * v + v), found[t], 2e-4f);
      }
      float[] states = expected.floats("hidden_states");
      int d = model.config().width();
      int n = ids.length * d;
      List<Layer> layers =
          IntStream.rangeClosed(1, model.config().blocks()).mapToObj(Layer::new).toList();
      var captured =
          model.captureIds(
              List.of(new Encoded(ids, ids.length)), new Capture(layers, TokenPositions.all()));
      for (Layer layer : layers) {
        float[] right = Arrays.copyOfRange(states, layer.block() * n, (layer.block() + 1) * n);
        float largest = 0;
        for (float x : right) {
          largest = Math.max(largest, Math.abs(x));
        }
        float[][] rows = captured.at(layer);
        for (int t = 0; t < ids.length; t++) {
          assertArrayEquals(Arrays.copyOfRange(right, t * d, t * d + d), rows[t], 2e-5f * largest);
        }
      }
    }
  }
}
