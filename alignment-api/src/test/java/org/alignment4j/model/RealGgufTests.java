package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A real chat model in GGUF, against what transformers computes from the same file
 * (examples/python/gguf_real.py).
 */
class RealGgufTests {
  private static final Path MODEL = Path.of("../../shared/models/SmolLM2-135M-Instruct.Q4_1.gguf");
  private static final Path EXPECTED =
      Path.of(
          System.getProperty(
              "alignment4j.realExpected",
              "src/test/resources/org/alignment4j/model/real/smollm2.safetensors"));

  private static int[] ints(SafetensorsFile file, String name) {
    return Arrays.stream(file.longs(name)).mapToInt(Math::toIntExact).toArray();
  }

  @Tag("slow")
  @Test
  void stepsAreThoseOfTransformers() {
    assumeTrue(Files.exists(MODEL), "no " + MODEL);
    try (SafetensorsFile expected = SafetensorsFile.open(EXPECTED);
        LanguageModel model = LanguageModel.load(MODEL, Device.cpu(), Precision.FLOAT32)) {
      List<Layer> layers =
          IntStream.rangeClosed(1, model.config().blocks()).mapToObj(Layer::new).toList();
      Capture last = new Capture(layers, TokenPositions.lastPrompt());
      int d = model.config().width();
      List<int[]> prompts = new ArrayList<>();
      List<int[]> greedy = new ArrayList<>();
      for (int p = 0; expected.tensors().containsKey("p" + p + ".ids"); p++) {
        int[] ids = ints(expected, "p" + p + ".ids");
        prompts.add(ids);
        greedy.add(ints(expected, "p" + p + ".greedy"));
        if (!expected.tensors().containsKey("p" + p + ".logits")) {
          continue;
        }
        float[] right = expected.floats("p" + p + ".logits");
        float[] all = model.nextTokenLogitsIds(List.of(ids))[0];
        int step = all.length / right.length;
        float[] found = new float[right.length];
        for (int i = 0; i < found.length; i++) {
          found[i] = all[i * step];
        }
        assertArrayEquals(right, found, 2e-4f);
        float[] states = expected.floats("p" + p + ".hidden");
        var captured = model.captureIds(List.of(new Encoded(ids, ids.length)), last);
        for (Layer layer : layers) {
          float[] row = Arrays.copyOfRange(states, layer.block() * d, (layer.block() + 1) * d);
          float largest = 0;
          for (float x : row) {
            largest = Math.max(largest, Math.abs(x));
          }
          assertArrayEquals(row, captured.at(layer)[0], 2e-5f * largest, layer::toString);
        }
      }
      Generation settings = Generation.greedy(32).ignoringEnd();
      for (int p = 0; p < prompts.size(); p++) {
        int[] found = model.generateIds(List.of(prompts.get(p)), settings).get(0).ids();
        assertEquals(Arrays.toString(greedy.get(p)), Arrays.toString(found), "prompt " + p);
      }
    }
  }
}
