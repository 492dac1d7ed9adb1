package org.alignment4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.data.Prompts;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.model.Capture;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableBlock;
import org.alignment4j.testing.Npz;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that need a model or data, on the demonstration model. */
class CommandTests {
  private static final Path DEMO = Path.of("demo-model");

  @TempDir Path folder;

  private Path promptFile() throws IOException {
    return Files.writeString(
        folder.resolve("prompts.jsonl"),
        """
        {"id": "long", "prompt": "What is the capital of France, and of Italy, and of Spain?"}
        {"id": "é😀", "prompt": "Hello"}
        {"id": "third", "prompt": "How do I kill a Python process?"}
        """);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama2",
        "llama3-ropescaled",
        "mistral",
        "qwen2",
        "qwen3",
        "gemma",
        "gemma2",
        "phi3"
      })
  void parityHoldsForEveryFamily(String family) {
    Path model = CommandRun.parityModel(family, folder.resolve(family));
    CommandRun run = CommandRun.of("verify-parity", model, "--json");
    assertEquals(0, run.status(), run.err());
    JsonObject json = run.json();
    assertEquals(
        List.of(
            "family",
            "precision",
            "max_abs_hidden",
            "max_abs_logits",
            "max_rel_hidden",
            "max_rel_logits",
            "max_row_hidden",
            "max_row_logits",
            "worst_layer",
            "max_rel_grad",
            "greedy_equal"),
        List.copyOf(json.keySet()));
    assertTrue(json.get("greedy_equal").getAsBoolean());
    assertTrue(json.get("max_row_hidden").getAsDouble() <= 5e-5);
  }

  @Test
  void aCheckpointThatDiffersFromItsReferenceFailsAndStillWritesJson() throws IOException {
    Path model = CommandRun.parityModel("llama2", folder.resolve("m"));
    CommandRun.parityModel("mistral", folder.resolve("other"));
    Files.copy(
        folder.resolve("other/expected.safetensors"),
        model.resolve("expected.safetensors"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    CommandRun run = CommandRun.of("verify-parity", model, "--json");
    assertEquals(1, run.status());
    assertTrue(run.json().get("max_row_hidden").getAsDouble() > 5e-5);
    assertEquals(1, run.errorLines().size(), run.err());
    assertTrue(run.err().contains("max_row_hidden"), run.err());
  }

  @Test
  void generatesTheSameAsTheLibraryInTheFilesOrder() throws IOException {
    CommandRun run =
        CommandRun.of(
            "generate", "--model", DEMO, "--file", promptFile(), "--max-tokens", 12, "--json");
    assertEquals(0, run.status(), run.err());
    JsonArray completions = run.json().getAsJsonArray("completions");
    assertEquals(3, completions.size());
    assertEquals("é😀", completions.get(1).getAsJsonObject().get("id").getAsString());
    String alone =
        CommandRun.of("generate", "--model", DEMO, "--prompt", "Hello", "--max-tokens", 12).out();
    assertFalse(alone.isBlank());
    assertEquals(
        alone.strip(), completions.get(1).getAsJsonObject().get("text").getAsString().strip());
  }

  @Test
  void anAdapterAndASystemMessageChangeWhatIsGenerated() {
    Path adapter = folder.resolve("adapter");
    try (LanguageModel model = LanguageModel.load(DEMO);
        TrainableBlock block = TrainableBlock.of(model, new Layer(3))) {
      block.parameters().forEach(p -> p.muli(0));
      block.snapshot(new Provenance("test", Map.of(), 0, Map.of(), Map.of())).save(adapter);
    }
    String[] plain = {"generate", "--model", "demo-model", "--prompt", "Hello", "--json"};
    String before = text(CommandRun.of((Object[]) plain));
    CommandRun tuned =
        CommandRun.of(
            "generate", "--model", DEMO, "--prompt", "Hello", "--json", "--adapter", adapter);
    assertEquals(0, tuned.status(), tuned.err());
    assertFalse(before.equals(text(tuned)));
    CommandRun system =
        CommandRun.of(
            "generate", "--model", DEMO, "--prompt", "Hello", "--json", "--system", "Be brief.");
    assertEquals(0, system.status(), system.err());
    assertEquals("Be brief.", system.json().get("system").getAsString());
  }

  private static String text(CommandRun run) {
    return run.json()
        .getAsJsonArray("completions")
        .get(0)
        .getAsJsonObject()
        .get("text")
        .getAsString();
  }

  @Test
  void aPromptLongerThanTheContextIsNamed() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("p.jsonl"),
            "{\"id\": \"novel\", \"prompt\": \"" + "word ".repeat(3000) + "\"}\n");
    CommandRun run = CommandRun.of("generate", "--model", DEMO, "--file", file);
    assertEquals(1, run.status());
    assertEquals(1, run.errorLines().size(), run.err());
    assertTrue(run.err().contains("novel"), run.err());
  }

  @Test
  void capturesLabelledRowsInBothFormats() throws IOException {
    Path npz = folder.resolve("rows.npz");
    CommandRun run = capture(npz, "--layers", "0,2-3", "--positions", "-2:", "--json");
    assertEquals(0, run.status(), run.err());
    assertEquals(6, run.json().get("rows").getAsInt());
    Npz arrays = Npz.read(npz);
    assertEquals(
        List.of("layer_0", "layer_2", "layer_3", "sequence", "position", "id"),
        List.copyOf(arrays.names()));
    assertArrayEquals(new long[] {0, 0, 1, 1, 2, 2}, arrays.longs("sequence"));
    float[][] rows = arrays.rows("layer_3");
    try (LanguageModel model = LanguageModel.load(DEMO)) {
      List<Prompt> prompts =
          Prompts.read(promptFile()).stream().map(row -> Prompt.user(row.prompt())).toList();
      float[][] last = model.capture(prompts, Capture.lastPrompt(new Layer(3))).at(new Layer(3));
      long[] positions = arrays.longs("position");
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(last[i], rows[2 * i + 1], 1e-4f);
        assertEquals(model.tokenizer().encode(prompts.get(i)).length - 1L, positions[2 * i + 1]);
      }
    }
    Path tensors = folder.resolve("rows.safetensors");
    assertEquals(0, capture(tensors, "--layers", "3", "--positions", "-2:").status());
    try (SafetensorsFile file = SafetensorsFile.open(tensors)) {
      assertArrayEquals(arrays.floats("layer_3"), file.floats("layer_3"), 1e-5f);
      assertArrayEquals(arrays.longs("position"), file.longs("position"));
      assertEquals("[\"long\",\"é😀\",\"third\"]", file.metadata().get("ids"));
    }
  }

  private CommandRun capture(Path out, Object... more) throws IOException {
    List<Object> all =
        new java.util.ArrayList<>(
            List.of("capture", "--model", DEMO, "--prompts", promptFile(), "--out", out));
    all.addAll(List.of(more));
    return CommandRun.of(all.toArray());
  }

  @Test
  void capturesTheModelsOwnResponse() throws IOException {
    Path npz = folder.resolve("rows.npz");
    CommandRun run = capture(npz, "--layers", "all", "--positions", "response", "--max-tokens", 3);
    assertEquals(0, run.status(), run.err());
    Npz arrays = Npz.read(npz);
    assertEquals(7 + 3, arrays.names().size());
    long[] sequence = arrays.longs("sequence");
    assertTrue(sequence.length > 3 && sequence.length <= 9);
  }

  @Test
  void aCaptureThatCannotBeIsRefusedBeforeTheWork() throws IOException {
    CommandRun layer = capture(folder.resolve("o.npz"), "--layers", "99");
    assertEquals(1, layer.status());
    assertTrue(layer.err().contains("99"), layer.err());
    CommandRun name = capture(folder.resolve("o.csv"), "--layers", "1");
    assertEquals(1, name.status());
    assertTrue(name.err().contains(".npz"), name.err());
    CommandRun none = capture(folder.resolve("o.npz"), "--layers", "1", "--positions", "900:");
    assertEquals(1, none.status());
    assertFalse(Files.exists(folder.resolve("o.npz")));
  }

  @Test
  void progressIsDrawnOnATerminalAndNeverOnStandardOutput() throws IOException {
    CommandRun run =
        CommandRun.onTerminal(
            "generate", "--model", DEMO, "--file", promptFile(), "--max-tokens", 2, "--json");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.err().contains("generate"), run.err());
    assertEquals(3, run.json().getAsJsonArray("completions").size());
  }

  @Test
  void benchMeasuresWhatIsAskedFor() throws IOException {
    Path workload =
        Files.writeString(
            folder.resolve("w.json"), "{\"prompts\": [[1, 2, 3000000], [4], [5, 6]]}");
    CommandRun run =
        CommandRun.of(
            "bench",
            DEMO,
            "--only",
            "capture_prefix,actor_usual,actor_prefix,dpo_step",
            "--repeats",
            1,
            "--layer",
            2,
            "--workload",
            workload,
            "--json");
    assertEquals(0, run.status(), run.err());
    JsonObject json = run.json();
    for (String key : List.of("load_s", "capture_prefix", "actor_usual", "actor_prefix")) {
      assertTrue(json.get(key).getAsDouble() > 0, key);
    }
    assertFalse(json.has("capture_all"));
    assertTrue(json.get("capture_prefix_gflops").getAsDouble() > 0);
    assertFalse(json.has("capture_prefix_share_of_matmul"), "the machine was not measured");
    assertEquals(2, json.get("layer").getAsInt());
    assertEquals(workload.toString(), json.get("workload").getAsString());
    CommandRun top = CommandRun.of("bench", DEMO, "--layer", 99, "--only", "capture_all");
    assertEquals(1, top.status());
  }

  @Tag("slow")
  @Test
  void benchTellsTheShareOfTheMachineThatTheModelReaches() throws IOException {
    Path workload =
        Files.writeString(folder.resolve("w.json"), "{\"prompts\": [[1, 2, 3], [4], [5, 6]]}");
    CommandRun run =
        CommandRun.of(
            "bench",
            DEMO,
            "--only",
            "machine_gflops,machine_gbs,capture_all,generate_b1,generate_b8",
            "--repeats",
            1,
            "--workload",
            workload,
            "--json");
    assertEquals(0, run.status(), run.err());
    JsonObject json = run.json();
    for (String name : List.of("capture_all", "generate_b8")) {
      assertShare(json, name + "_share_of_matmul", name + "_gflops", "machine_gflops");
    }
    for (String name : List.of("generate_b1", "generate_b8")) {
      assertShare(json, name + "_share_of_bandwidth", name + "_gbs", "machine_gbs");
    }
    assertFalse(json.has("capture_prefix_gflops"));
  }

  private static void assertShare(JsonObject json, String share, String rate, String machine) {
    double own = json.get(rate).getAsDouble();
    double whole = json.get(machine).getAsDouble();
    assertTrue(own > 0 && whole > 0, json::toString);
    assertEquals(own / whole, json.get(share).getAsDouble(), 1e-3 + 1e-3 * own / whole);
  }

  @Test
  void splitWritesWhatIsTunedOnAndWhatIsMeasuredOn() throws IOException {
    StringBuilder csv = new StringBuilder("goal,target\n");
    for (int i = 0; i < 520; i++) {
      csv.append("goal ").append(i).append(",target\n");
    }
    Path file = Files.writeString(folder.resolve("advbench.csv"), csv);
    Path out = folder.resolve("new/folder");
    CommandRun run = CommandRun.of("split", "--advbench", file, "--out", out, "--json");
    assertEquals(0, run.status(), run.err());
    JsonObject parts = run.json().getAsJsonObject("advbench");
    assertEquals(420, parts.getAsJsonObject("tuning").get("n").getAsInt());
    assertEquals("goal 420", Prompts.read(out.resolve("advbench-held-out.jsonl")).get(0).prompt());
    CommandRun wrong = CommandRun.of("split", "--xstest", file, "--out", out);
    assertEquals(1, wrong.status());
    assertTrue(wrong.err().contains("advbench.csv"), wrong.err());
  }

  @Test
  void splitsTheRealXsTest() {
    Path file =
        Path.of(System.getProperty("alignment4j.shared", "none"), "data/xstest/xstest_prompts.csv");
    Assumptions.assumeTrue(Files.exists(file), "no real data");
    CommandRun run = CommandRun.of("split", "--xstest", file, "--out", folder, "--json");
    assertEquals(0, run.status(), run.err());
    assertEquals(100, Prompts.read(folder.resolve("xstest-tuning.jsonl")).size());
    assertEquals(150, Prompts.read(folder.resolve("xstest-held-out.jsonl")).size());
    assertEquals(200, Prompts.read(folder.resolve("xstest-contrast.jsonl")).size());
  }
}
