package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
    Path shared = Path.of(System.getProperty("alignment4j.shared", "none"));
    List<String> more = List.of("rope-scaling-beside-rope-parameters", "tied-but-own-head");
    return Stream.concat(
        Files.list(CHECKPOINTS).sorted(),
        more.stream() // made elsewhere, optional
            .map(name -> shared.resolve("fixtures/public-cases/config-" + name))
            .filter(Files::isDirectory));
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
    Provenance provenance = new Provenance("test", Map.of(), 0, Map.of(), Map.of());
    var changed = new LoraAdapter.Shape(new Layer(1), "self_attn.q_proj", 16, 16);
    LoraAdapter.initial(1, 1, List.of(changed), 1, provenance)
        .merge(base, folder.resolve("merged"));
    try (LanguageModel model = LanguageModel.load(base)) {
      try (TrainableWeights weights = TrainableWeights.all(model)) {
        weights.save(folder.resolve("trained"), Precision.FLOAT32, provenance);
      }
      for (String name : List.of("merged", "trained")) {
        Path written = folder.resolve(name);
        assertFalse(ModelConfig.read(written).tiedHead(), name);
        try (LanguageModel again = LanguageModel.load(written)) {
          float[] logits = again.nextTokenLogitsIds(IDS)[0];
          assertEquals(0, TinyModels.difference(model.nextTokenLogitsIds(IDS)[0], logits), name);
        }
      }
    }
  }

  @Test
  void tensorsThatTheConfigurationDoesNotAskForAreNamed() throws IOException {
    Path base = CHECKPOINTS.resolve("tied-and-equal-head");
    String config = Files.readString(base.resolve("config.json"));
    Files.copy(base.resolve("model.safetensors"), folder.resolve("model.safetensors"));
    Files.writeString(folder.resolve("config.json"), config.replace("\"qwen2\"", "\"llama\""));
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> LanguageModel.load(folder).close());
    assertTrue(String.valueOf(e.getMessage()).contains("_proj.bias"), e::toString);
  }

  @Test
  void aHeadThatIsNeitherTiedNorStoredIsNamed() throws IOException {
    Path base = Path.of("src/test/resources/parity/qwen2");
    String config = Files.readString(base.resolve("config.json"));
    Files.copy(base.resolve("model.safetensors"), folder.resolve("model.safetensors"));
    String tied = "\"tie_word_embeddings\": ";
    Files.writeString(folder.resolve("config.json"), config.replace(tied + true, tied + false));
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> LanguageModel.load(folder).close());
    assertTrue(String.valueOf(e.getMessage()).contains("lm_head.weight"), e::toString);
  }
}
