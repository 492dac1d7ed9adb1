package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checkpoints whose files contradict each other, against what transformers computes of them: made
 * by {@code examples/python/contradictory_fixtures.py}.
 */
class ContradictoryCheckpointTests {
  private static final Path CHECKPOINTS = Path.of("src/test/resources/contradictory");
  private static final List<int[]> IDS = List.of(new int[] {5, 9, 17, 33});

  @TempDir Path folder;

  static Stream<Path> checkpoints() throws IOException {
    return Files.list(CHECKPOINTS).sorted();
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void runAsInTransformers(Path checkpoint) {
    Parity parity = Parity.verify(checkpoint);
    assertTrue(parity.passed(), parity::toString);
  }

  @Test
  void aStoredHeadThatDiffersIsNotTied() {
    assertFalse(tied("tied-but-own-head"));
    assertFalse(tied("tied-by-default-but-own-head"));
    assertTrue(tied("tied-and-equal-head"));
    assertTrue(tied("tied-and-only-head"));
  }

  private static boolean tied(String name) {
    try (LanguageModel model = LanguageModel.load(CHECKPOINTS.resolve(name))) {
      return model.config().tiedHead();
    }
  }

  @Test
  void whatIsWrittenOfAStoredHeadSaysThatItIsNotTied() throws IOException {
    Path base = CHECKPOINTS.resolve("tied-but-own-head");
    LoraAdapter nothing =
        LoraAdapter.initial(
            1,
            1,
            List.of(new LoraAdapter.Shape(new Layer(1), "self_attn.q_proj", 16, 16)),
            1,
            new Provenance("test", Map.of(), 0, Map.of(), Map.of()));
    nothing.merge(base, folder);
    JsonObject config =
        JsonParser.parseString(Files.readString(folder.resolve("config.json"))).getAsJsonObject();
    assertFalse(config.get("tie_word_embeddings").getAsBoolean());
    try (LanguageModel model = LanguageModel.load(base);
        LanguageModel merged = LanguageModel.load(folder)) {
      assertFalse(merged.config().tiedHead());
      assertEquals(
          0,
          TinyModels.difference(
              model.nextTokenLogitsIds(IDS)[0], merged.nextTokenLogitsIds(IDS)[0]));
    }
  }

  @Test
  void aHeadThatIsNotTiedAndNotThereIsMissed() throws IOException {
    Path base = CHECKPOINTS.resolve("tied-and-equal-head");
    String config = Files.readString(base.resolve("config.json"));
    Path own = Files.createDirectory(folder.resolve("own"));
    for (String name : List.of("model.safetensors", "expected.safetensors")) {
      Files.copy(base.resolve(name), own.resolve(name));
    }
    Files.writeString(own.resolve("config.json"), config.replace("\"qwen2\"", "\"llama\""));
    // biases that this family does not have
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> LanguageModel.load(own).close());
    assertTrue(String.valueOf(e.getMessage()).contains("k_proj.bias"), e::toString);
  }
}
