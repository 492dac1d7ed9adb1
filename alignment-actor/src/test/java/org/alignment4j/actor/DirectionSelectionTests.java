package org.alignment4j.actor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.alignment4j.core.Layer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DirectionSelectionTests {
  @ParameterizedTest
  @CsvSource({
    "gemma-2b-it, 18, 13, -2, 10",
    "llama-2-7b-chat-hf, 32, 5, -1, 14",
    "meta-llama-3-8b-instruct, 32, 25, -5, 12",
    "qwen-1_8b-chat, 24, 12, -2, 15",
    "yi-6b-chat, 32, 7, -5, 20"
  })
  void keepsAndChoosesWhatWasPublishedForRealModels(
      String model, int layers, int kept, int position, int layer) throws IOException {
    Path folder =
        Path.of(System.getProperty("alignment4j.shared", "../shared"))
            .resolve("fixtures/refusal-direction")
            .resolve(model);
    assumeTrue(Files.isDirectory(folder), () -> "no " + folder);
    List<DirectionSelection.Candidate> grid = read(folder.resolve("direction_evaluations.json"));
    // A grid has one row for the input of every block.
    int highest = grid.stream().mapToInt(c -> c.layer().index()).max().orElseThrow();
    assertEquals(layers, highest + 1);

    DirectionSelection selection = DirectionSelection.select(grid, layers);
    assertEquals(kept, selection.kept().size());
    assertEquals(read(folder.resolve("direction_evaluations_filtered.json")), selection.kept());

    JsonObject metadata;
    try (var reader = Files.newBufferedReader(folder.resolve("direction_metadata.json"))) {
      metadata = JsonParser.parseReader(reader).getAsJsonObject();
    }
    DirectionSelection.Candidate chosen = selection.chosen().orElseThrow();
    assertEquals(metadata.get("pos").getAsInt(), chosen.position());
    assertEquals(metadata.get("layer").getAsInt(), chosen.layer().index());
    assertEquals(position, chosen.position());
    assertEquals(layer, chosen.layer().index());
  }

  @Test
  void bareNanRowsAreReadAndDropped() throws IOException {
    Path file =
        Path.of(System.getProperty("alignment4j.shared", "../shared"))
            .resolve("fixtures/refusal-direction/llama-2-7b-chat-hf/direction_evaluations.json");
    assumeTrue(Files.exists(file), () -> "no " + file);
    List<DirectionSelection.Candidate> nan =
        read(file).stream().filter(c -> Double.isNaN(c.refusalScore())).toList();
    assertEquals(2, nan.size());
    // Without the depth rule, which would drop these two rows anyway.
    DirectionSelection.Settings lax = new DirectionSelection.Settings(1, 1e9, -1e9);
    assertTrue(DirectionSelection.select(nan, 32, lax).kept().isEmpty());
  }

  @Test
  void boundsThemselvesAreKept() {
    assertEquals(1, kept(candidate(7, -1, 0, 0.1), 10));
    assertEquals(0, kept(candidate(8, -1, 0, 0.1), 10));
    assertEquals(0, kept(candidate(7, -1, Math.nextDown(0.0), 0.1), 10));
    assertEquals(0, kept(candidate(7, -1, 0, Math.nextUp(0.1)), 10));
  }

  @Test
  void anyNanDropsACandidate() {
    assertEquals(0, kept(candidate(1, Double.NaN, 1, 0), 10));
    assertEquals(0, kept(candidate(1, 1, Double.NaN, 0), 10));
    assertEquals(0, kept(candidate(1, 1, 1, Double.NaN), 10));
  }

  @Test
  void depthIsRoundedDownAndSettingsReplaceThePublishedBounds() {
    // floor(0.8 * 18) = 14
    assertEquals(1, kept(candidate(13, 0, 1, 0), 18));
    assertEquals(0, kept(candidate(14, 0, 1, 0), 18));
    DirectionSelection.Settings lax = new DirectionSelection.Settings(1, 5, -2);
    assertEquals(
        1, DirectionSelection.select(List.of(candidate(17, 0, -2, 5)), 18, lax).kept().size());
  }

  @Test
  void choosesNothingFromNothing() {
    assertTrue(DirectionSelection.select(List.of(), 4).chosen().isEmpty());
  }

  @Property(tries = 100)
  void orderOfTheGridDoesNotMatter(@ForAll long seed) {
    Random random = new Random(seed);
    List<DirectionSelection.Candidate> grid = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      grid.add(
          candidate(
              random.nextInt(20),
              random.nextGaussian(),
              random.nextGaussian(),
              random.nextDouble() / 5));
    }
    List<DirectionSelection.Candidate> kept = DirectionSelection.select(grid, 20).kept();
    for (int i = 1; i < kept.size(); i++) {
      assertFalse(kept.get(i - 1).refusalScore() > kept.get(i).refusalScore());
    }
    Collections.shuffle(grid, random);
    assertEquals(kept, DirectionSelection.select(grid, 20).kept());
  }

  @Test
  void refusesLayersThatTheModelDoesNotHave() {
    assertThrows(
        IllegalArgumentException.class,
        () -> DirectionSelection.select(List.of(candidate(11, 0, 1, 0)), 10));
    assertThrows(IllegalArgumentException.class, () -> DirectionSelection.select(List.of(), 0));
    assertThrows(IllegalArgumentException.class, () -> new DirectionSelection.Settings(0, 0.1, 0));
    assertThrows(
        IllegalArgumentException.class, () -> new DirectionSelection.Settings(0.8, Double.NaN, 0));
  }

  private static int kept(DirectionSelection.Candidate candidate, int layers) {
    return DirectionSelection.select(List.of(candidate), layers).kept().size();
  }

  private static DirectionSelection.Candidate candidate(
      int layer, double refusal, double steering, double kl) {
    return new DirectionSelection.Candidate(-1, new Layer(layer), refusal, steering, kl);
  }

  /** Python writes NaN as a bare word, which is no JSON. */
  private static List<DirectionSelection.Candidate> read(Path file) throws IOException {
    try (JsonReader reader = new JsonReader(Files.newBufferedReader(file))) {
      reader.setStrictness(Strictness.LENIENT);
      JsonArray rows = JsonParser.parseReader(reader).getAsJsonArray();
      List<DirectionSelection.Candidate> grid = new ArrayList<>();
      for (var element : rows) {
        JsonObject row = element.getAsJsonObject();
        grid.add(
            new DirectionSelection.Candidate(
                row.get("position").getAsInt(),
                new Layer(row.get("layer").getAsInt()),
                row.get("refusal_score").getAsDouble(),
                row.get("steering_score").getAsDouble(),
                row.get("kl_div_score").getAsDouble()));
      }
      return grid;
    }
  }
}
