package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.core.AlignmentException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * adapter_config.json that does not fit the tensors beside it, against what PEFT computes: made by
 * {@code examples/python/peft_check.py contradict}.
 */
class PeftContradictionTests {
  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final Path FILES = RESOURCES.resolve("org/alignment4j/adapter/peft-contradictory");
  private static final String CONFIG = "adapter_config.json";

  /** What PEFT runs and this library refuses, by the key's name. */
  private static final Set<String> REFUSED =
      Set.of(
          "alpha by module",
          "rank of a module that is not there",
          "rank-stabilised",
          "biases",
          "biases of lora");

  @TempDir Path folder;

  @Test
  void matricesAreThoseThatPeftChanges() throws IOException {
    JsonObject all =
        JsonParser.parseString(Files.readString(FILES.resolve("cases.json"))).getAsJsonObject();
    int[] ids = new int[all.getAsJsonArray("ids").size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = all.getAsJsonArray("ids").get(i).getAsInt();
    }
    String tensors = "adapter_model.safetensors";
    Files.copy(FILES.resolve(tensors), folder.resolve(tensors));
    List<String> wrong = new ArrayList<>();
    try (LanguageModel model = LanguageModel.load(RESOURCES.resolve("parity/llama2"))) {
      for (JsonElement e : all.getAsJsonArray("cases")) {
        JsonObject row = e.getAsJsonObject();
        String name = row.get("name").getAsString();
        boolean refused = row.has("error") || REFUSED.contains(name);
        writeConfig(row);
        try (LanguageModel view = model.with(LoraAdapter.load(folder))) {
          double d = difference(view.nextTokenLogitsIds(List.of(ids))[0], row);
          if (refused || !(d <= 1e-4)) {
            wrong.add(name + ": " + d);
          }
        } catch (AlignmentException refusal) {
          if (!refused || !String.valueOf(refusal.getMessage()).contains(folder.toString())) {
            wrong.add(name + ": " + refusal.getMessage());
          }
        }
      }
    }
    assertTrue(wrong.isEmpty(), () -> String.join("\n", wrong));
  }

  /** An adapter made elsewhere that names one block and has tensors of four. */
  @Test
  void namedLayersCountInAPublicCase() throws IOException {
    Path files =
        Path.of(System.getProperty("alignment4j.shared", "none"))
            .resolve("fixtures/public-cases/peft-layers-contradict-tensors");
    assumeTrue(Files.isDirectory(files), "optional fixtures");
    int[] ids = {5, 9, 17, 200, 33, 8, 120, 64, 3, 77, 12, 250};
    JsonObject row = new JsonObject();
    row.add("logits", JsonParser.parseString(Files.readString(files.resolve("logits.json"))));
    try (LanguageModel model = LanguageModel.load(RESOURCES.resolve("parity/llama2"));
        LanguageModel view = model.with(LoraAdapter.load(files))) {
      double d = difference(view.nextTokenLogitsIds(List.of(ids))[0], row);
      assertTrue(d <= 1e-4, () -> "differs by " + d);
    }
  }

  private void writeConfig(JsonObject row) throws IOException {
    JsonObject config =
        JsonParser.parseString(Files.readString(FILES.resolve(CONFIG))).getAsJsonObject();
    row.getAsJsonObject("set").asMap().forEach(config::add);
    if (row.has("absent")) {
      row.getAsJsonArray("absent").forEach(key -> config.remove(key.getAsString()));
    }
    Files.writeString(folder.resolve(CONFIG), config.toString());
  }

  private static double difference(float[] logits, JsonObject row) {
    double worst = 0;
    int i = 0;
    if (row.has("logits")) {
      for (JsonElement wanted : row.getAsJsonArray("logits")) {
        worst = Math.max(worst, Math.abs(logits[i++] - wanted.getAsDouble()));
      }
    }
    return worst;
  }
}
