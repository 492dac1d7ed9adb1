package org.alignment4j.examples.cli.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.examples.cli.CommandRun;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Forms for other programs. */
class ExportCommandTests {
  private static final Path DEMO = Path.of("demo-model");
  private static final Provenance PROVENANCE =
      new Provenance("test", Map.of(), 0, Map.of(), Map.of());

  @TempDir Path folder;

  private Path lora() {
    Path saved = folder.resolve("lora");
    try (LanguageModel model = LanguageModel.load(DEMO)) {
      LoraAdapter zero =
          TrainableLora.initial(
              model, new TrainableLora.Shape(2, 4, List.of("o_proj")), List.of(new Layer(2)), 1);
      LoraAdapter.Target t = zero.targets().get(0);
      float[] b = new float[t.b().length];
      java.util.Arrays.fill(b, 0.5f);
      new LoraAdapter(
              2,
              4,
              List.of(new LoraAdapter.Target(t.layer(), t.module(), t.in(), t.out(), t.a(), b)),
              PROVENANCE)
          .save(saved);
    }
    return saved;
  }

  private Path vector() {
    TreeMap<Layer, float[]> directions = new TreeMap<>();
    directions.put(new Layer(2), new float[] {1, -2});
    Path saved = folder.resolve("vector");
    new ControlVector(directions, PROVENANCE).save(saved);
    return saved;
  }

  @Test
  void aMergedCheckpointIsTheModelWithItsAdapter() {
    Path adapter = lora();
    Path out = folder.resolve("merged");
    CommandRun run =
        CommandRun.of("export", "merged", "--model", DEMO, "--adapter", adapter, "--out", out);
    assertEquals(0, run.status(), run.err());
    String[] applied = {
      "generate", "--model", DEMO.toString(), "--adapter", adapter.toString(), "--prompt", "Hello"
    };
    String[] merged = {"generate", "--model", out.toString(), "--prompt", "Hello"};
    assertEquals(CommandRun.of((Object[]) applied).out(), CommandRun.of((Object[]) merged).out());
  }

  @Test
  void peftGetsTheBasesName() throws IOException {
    Path out = folder.resolve("peft");
    CommandRun run =
        CommandRun.of(
            "export", "peft", "--adapter", lora(), "--base", "org/base", "--out", out, "--json");
    assertEquals(0, run.status(), run.err());
    assertEquals("LoRA", run.json().get("kind").getAsString());
    assertTrue(Files.readString(out.resolve("adapter_config.json")).contains("org/base"));
    LoraAdapter again = (LoraAdapter) Adapter.load(out);
    assertEquals(2, again.rank());
  }

  @Test
  void ggufHoldsTheVectorAndTheHint() {
    Path file = folder.resolve("v.gguf");
    CommandRun run =
        CommandRun.of("export", "gguf", "--adapter", vector(), "--hint", "qwen2", "--out", file);
    assertEquals(0, run.status(), run.err());
    assertArrayEquals(
        new float[] {1, -2}, ControlVector.readGguf(file).directions().get(new Layer(2)));
    Path again = folder.resolve("again.gguf");
    assertEquals(0, CommandRun.of("export", "gguf", "--adapter", file, "--out", again).status());
  }

  @Test
  void whatAFormCannotHoldIsRefusedInOneLine() {
    Path vector = vector();
    Path out = folder.resolve("out");
    for (CommandRun run :
        List.of(
            CommandRun.of("export", "peft", "--adapter", vector, "--out", out),
            CommandRun.of("export", "gguf", "--adapter", lora(), "--out", out),
            CommandRun.of(
                "export", "merged", "--model", DEMO, "--adapter", vector, "--out", out))) {
      assertEquals(1, run.status());
      assertEquals(1, run.errorLines().size(), run.err());
    }
  }

  @Test
  void aModelWithItsAdapterIsWrittenAsGguf() {
    Path file = folder.resolve("m.gguf");
    CommandRun run =
        CommandRun.of(
            "export",
            "gguf-model",
            "--model",
            DEMO,
            "--adapter",
            lora(),
            "--type",
            "q8_0",
            "--out",
            file,
            "--json");
    assertEquals(0, run.status(), run.err());
    assertEquals("model with a LoRA", run.json().get("kind").getAsString());
    assertEquals(0, run.json().getAsJsonArray("notes").size());
    try (LanguageModel model = LanguageModel.load(file)) {
      assertEquals(4096, model.config().vocabulary());
    }
    CommandRun again =
        CommandRun.of("export", "gguf-lora", "--model", file, "--adapter", lora(), "--out", file);
    assertEquals(0, again.status(), again.err());
    assertTrue(again.out().contains("LoRA"), again.out());
    CommandRun other =
        CommandRun.of(
            "export", "gguf-model", "--model", DEMO, "--adapter", vector(), "--out", file);
    assertEquals(1, other.status());
    assertTrue(other.err().contains("control vector, which does not change weights"), other.err());
  }
}
