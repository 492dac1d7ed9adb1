package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adapters in PEFT's form against logits that Python's PEFT computed with them. */
class PeftLogitsTests {
  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final double TOLERANCE = 1e-4;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    // made by PEFT
    "qv, llama2",
    "all, llama2",
    "prompt, llama2",
    // trained by this library, loaded by PEFT
    "trained-llama2, llama2",
    "trained-gemma2, gemma2",
    "trained-phi3, phi3",
    "rahf-llama2, llama2"
  })
  void anAdaptersLogitsAreThoseOfPeft(String name, String base) {
    Path files = RESOURCES.resolve("org/alignment4j/adapter/peft").resolve(name);
    Path checkpoint = RESOURCES.resolve("parity").resolve(base);
    Adapter adapter = Adapter.load(files);
    try (LanguageModel model = LanguageModel.load(checkpoint)) {
      double effect = difference(model, files);
      assertTrue(effect > 1e-2, "the adapter does something: " + effect);
      try (LanguageModel view = model.with(adapter)) {
        double d = difference(view, files);
        assertTrue(d <= TOLERANCE, "applied: " + d);
      }
      if (adapter instanceof LoraAdapter lora) {
        try (LanguageModel merged = model.withMerged(lora)) {
          double d = difference(merged, files);
          assertTrue(d <= TOLERANCE, "merged: " + d);
        }
        lora.merge(checkpoint, folder);
        try (LanguageModel whole = LanguageModel.load(folder)) {
          double d = difference(whole, files);
          assertTrue(d <= TOLERANCE, "merged checkpoint: " + d);
        }
      }
    }
  }

  /** Largest difference of a logit after any of the tokens. */
  private static double difference(LanguageModel model, Path files) {
    try (SafetensorsFile expected = SafetensorsFile.open(files.resolve("expected.safetensors"))) {
      int[] ids = Arrays.stream(expected.longs("input_ids")).mapToInt(i -> (int) i).toArray();
      float[] logits = expected.floats("logits");
      int v = model.config().vocabulary();
      double worst = 0;
      for (int t = 0; t < ids.length; t++) {
        float[] own = model.nextTokenLogitsIds(List.of(Arrays.copyOf(ids, t + 1)))[0];
        float[] wanted = Arrays.copyOfRange(logits, t * v, (t + 1) * v);
        worst = Math.max(worst, TinyModels.difference(own, wanted));
      }
      return worst;
    }
  }
}
