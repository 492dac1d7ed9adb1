package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.GgufFile;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.internal.tensor.GgufWriter;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
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

  @Test
  void llama3ScalingIsFoundAgain() {
    Rope rope = ModelConfig.read(MODELS.resolve("llama3-ropescaled.gguf")).rope();
    assertEquals(new Rope(500_000, new Rope.Llama3(8, 1, 4, 64)), rope);
  }

  /**
   * The metadata of a model with one value changed (null: left out), and what the refusal names.
   */
  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of(
            "general.architecture",
            GgufValue.of("mamba"),
            "general.architecture 'mamba' is not supported; supported are llama, qwen2"),
        Arguments.of("general.architecture", null, "expected general.architecture, a string"),
        Arguments.of("general.type", GgufValue.of("adapter"), "general.type 'adapter'"),
        Arguments.of(
            "llama.expert_count", GgufValue.ofUint32(8), "llama.expert_count = 8.0 is not"),
        Arguments.of("llama.block_count", null, "expected metadata value llama.block_count"),
        Arguments.of(
            "llama.block_count", GgufValue.of("four"), "llama.block_count: expected a count"),
        Arguments.of("llama.block_count", GgufValue.ofUint32(5), "blk.4.attn_norm.weight"),
        Arguments.of("llama.block_count", GgufValue.ofUint32(-1), "llama.block_count: expected a"),
        Arguments.of("llama.attention.head_count", GgufValue.ofUint32(0), "head"),
        Arguments.of("llama.attention.head_count", GgufValue.ofUint32(7), "heads"),
        Arguments.of("llama.attention.value_length", GgufValue.ofUint32(8), "value_length = 8"),
        Arguments.of("llama.rope.dimension_count", GgufValue.ofUint32(8), "dimension_count = 8"),
        Arguments.of("llama.rope.scaling.type", GgufValue.of("su"), "rope.scaling.type su"),
        Arguments.of("llama.feed_forward_length", GgufValue.ofUint32(96), "mlp.gate_proj.weight in"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void whatCannotBeRunIsRefusedByName(
      String key, @Nullable GgufValue value, String said, @TempDir Path folder) {
    Path file = folder.resolve("model.gguf");
    try (GgufFile in = GgufFile.open(MODELS.resolve("llama2.gguf"))) {
      Map<String, GgufValue> metadata = new LinkedHashMap<>(in.metadata());
      metadata.remove(key);
      if (value != null) {
        metadata.put(key, value);
      }
      List<GgufWriter.Tensor> tensors =
          in.tensors().values().stream()
              .map(t -> GgufWriter.Tensor.of(t.name(), t.shape(), in.floats(t.name())))
              .toList();
      GgufWriter.write(file, 3, metadata, tensors);
    }
    AlignmentException e =
        assertThrows(
            AlignmentException.class,
            () -> LanguageModel.load(file, Device.cpu(), Precision.FLOAT32).close());
    assertTrue(String.valueOf(e.getMessage()).contains(file.toString()), e.getMessage());
    assertTrue(String.valueOf(e.getMessage()).contains(said), e.getMessage());
  }
}
