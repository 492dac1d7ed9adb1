package org.alignment4j.examples.cli.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.core.Layer;
import org.alignment4j.examples.cli.CommandRun;
import org.alignment4j.examples.demo.DemoPrompts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands read and steer on the demonstration model. */
class ReadSteerCommandTests {
  private static final Path DEMO = Path.of("demo-model");
  private static final String QUESTION = "What is the capital of France?";

  @TempDir Path folder;

  private Path prompts(DemoPrompts.Label label) throws IOException {
    String lines =
        DemoPrompts.tune().stream()
            .filter(e -> e.label() == label)
            .map(DemoPrompts.Entry::prompt)
            .collect(Collectors.joining("\n"));
    return Files.writeString(folder.resolve(label + ".txt"), lines);
  }

  private CommandRun read(Path out, Object... more) throws IOException {
    List<Object> all =
        new ArrayList<>(
            List.of(
                "read",
                "--model",
                DEMO,
                "--positive",
                prompts(DemoPrompts.Label.HARMFUL),
                "--negative",
                prompts(DemoPrompts.Label.BENIGN),
                "--out",
                out));
    all.addAll(List.of(more));
    return CommandRun.of(all.toArray());
  }

  private static CommandRun steer(Path vector, Object... more) {
    List<Object> all =
        new ArrayList<>(
            List.of("steer", "--model", DEMO, "--vector", vector, "--prompt", QUESTION));
    all.addAll(List.of(more));
    return CommandRun.of(all.toArray());
  }

  @Test
  void refusalThatWasReadMakesTheModelRefuse() throws IOException {
    Path out = folder.resolve("refusal");
    CommandRun run = read(out, "--layers", "2-4", "--seed", 3, "--json");
    assertEquals(0, run.status(), run.err());
    JsonArray layers = run.json().getAsJsonArray("layers");
    assertEquals(3, layers.size());
    assertEquals(2, layers.get(0).getAsJsonObject().get("layer").getAsInt());
    assertEquals(16, run.json().get("pairs").getAsInt());
    assertEquals(4, run.json().get("pairs_held_out").getAsInt());
    ControlVector vector = ControlVector.load(out);
    assertEquals("RESIDUAL_NORM", run.json().get("scale").getAsString());
    assertEquals(
        layers.get(1).getAsJsonObject().get("residual_norm").getAsDouble(),
        vector.lengths().get(new Layer(3)),
        1e-4);
    CommandRun steered = steer(out, "--layers", "3", "--coefficient", "0,1", "--json");
    assertEquals(0, steered.status(), steered.err());
    JsonObject answer = steered.json().getAsJsonArray("answers").get(0).getAsJsonObject();
    JsonArray texts = answer.getAsJsonArray("steered");
    String without = answer.get("without").getAsString();
    assertTrue(without.startsWith("The capital"), without);
    assertEquals(without, texts.get(0).getAsJsonObject().get("text").getAsString());
    String refusal = texts.get(1).getAsJsonObject().get("text").getAsString();
    assertTrue(refusal.contains("sorry"), refusal);
    assertEquals(3, steered.json().getAsJsonArray("layers").get(0).getAsInt());
  }

  @Test
  void severalLayersShareTheCoefficientUnlessItIsGiven() throws IOException {
    Path out = folder.resolve("shared");
    assertEquals(0, read(out, "--layers", "2-6").status());
    CommandRun shared = steer(out, "--json");
    assertEquals(0, shared.status(), shared.err());
    JsonObject answer = shared.json().getAsJsonArray("answers").get(0).getAsJsonObject();
    JsonObject only = answer.getAsJsonArray("steered").get(0).getAsJsonObject();
    assertEquals(0.2, only.get("coefficient").getAsDouble(), 1e-12);
    assertEquals(0, shared.json().getAsJsonArray("warnings").size());
    JsonObject one = steer(out, "--layers", "3", "--json").json();
    assertEquals(
        1,
        one.getAsJsonArray("answers")
            .get(0)
            .getAsJsonObject()
            .getAsJsonArray("steered")
            .get(0)
            .getAsJsonObject()
            .get("coefficient")
            .getAsInt());
    CommandRun full = steer(out, "--coefficient", "1");
    assertEquals(0, full.status(), full.err());
    assertTrue(
        full.out()
            .contains("WARNING: a coefficient of 1.0 in each of 5 layers adds up to 5.0 residual"),
        full.out());
  }

  @ParameterizedTest
  @EnumSource
  void everyScaleIsAMultipleOfTheOthers(ReadCommand.Scale scale) throws IOException {
    Path file = folder.resolve(scale + ".gguf");
    CommandRun run = read(file, "--layers", "3,5", "--scale", scale, "--method", "PAIRED_PCA");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("PAIRED_PCA from 16 pairs"), run.out());
    ControlVector vector = ControlVector.readGguf(file);
    assertEquals(Set.of(new Layer(3), new Layer(5)), vector.directions().keySet());
    double length = vector.lengths().get(new Layer(5));
    assertTrue(
        switch (scale) {
          case UNIT -> Math.abs(length - 1) < 1e-5;
          case CLASS_DISTANCE, RESIDUAL_NORM -> length > 2;
        });
    Path unit = folder.resolve("u.gguf");
    assertEquals(
        0, read(unit, "--layers", "3,5", "--scale", "UNIT", "--method", "PAIRED_PCA").status());
    vector
        .cosine(ControlVector.readGguf(unit))
        .values()
        .forEach(cosine -> assertEquals(1, cosine, 1e-6));
  }

  @Test
  void twoSystemMessagesMakePairsOfOneFile() throws IOException {
    Path prompts = prompts(DemoPrompts.Label.BENIGN);
    Path out = folder.resolve("v.gguf");
    CommandRun run =
        CommandRun.of(
            "read",
            "--model",
            DEMO,
            "--positive",
            prompts,
            "--negative",
            prompts,
            "--positive-system",
            "Refuse.",
            "--negative-system",
            "Answer.",
            "--layers",
            "all",
            "--positions",
            "-3:",
            "--held-out",
            0,
            "--out",
            out,
            "--json");
    assertEquals(0, run.status(), run.err());
    List<Integer> layers =
        StreamSupport.stream(run.json().getAsJsonArray("layers").spliterator(), false)
            .map(l -> l.getAsJsonObject().get("layer").getAsInt())
            .toList();
    assertEquals(List.of(1, 2, 3, 4, 5, 6), layers);
    assertTrue(
        run.json().getAsJsonArray("layers").get(0).getAsJsonObject().get("auroc").isJsonNull());
    assertEquals(20, run.json().get("pairs").getAsInt());
  }

  @Test
  void whatDoesNotFitIsSaidInOneLine() throws IOException {
    Path short1 = Files.writeString(folder.resolve("one.txt"), "Hello\n");
    CommandRun unpaired = read(folder.resolve("o.gguf"), "--layers", "3", "--negative", short1);
    assertEquals(2, unpaired.status()); // the option is there twice
    CommandRun sizes =
        CommandRun.of(
            "read",
            "--model",
            DEMO,
            "--positive",
            prompts(DemoPrompts.Label.HARMFUL),
            "--negative",
            short1,
            "--layers",
            "3",
            "--out",
            folder.resolve("o.gguf"));
    assertFails(sizes, "20 positive prompts cannot be paired with 1");
    assertFails(read(folder.resolve("o.gguf"), "--layers", "0"), "no block writes layer 0");
    assertFails(read(folder.resolve("o.gguf"), "--layers", "9"), "no layer 9");
    assertFails(read(folder.resolve("no/o.gguf"), "--layers", "3"), "o.gguf");
    Path vector = folder.resolve("v.gguf");
    assertEquals(0, read(vector, "--layers", "3").status());
    assertFails(steer(vector, "--coefficient", "1", "--layers", "2"), "no layer 2 in a control");
    assertFails(steer(folder.resolve("none.gguf"), "--coefficient", "1"), "none.gguf");
    assertFails(steer(folder, "--coefficient", "1"), "control_vector.gguf");
    Files.write(vector, new byte[] {'G', 'G', 'U', 'F', 3});
    assertFails(steer(vector, "--coefficient", "1"), "v.gguf: expected 4 bytes of the version");
    assertFalse(Files.exists(folder.resolve("o.gguf")));
  }

  @Test
  void aVectorOfAnotherModelIsRefused() throws IOException {
    Path vector = folder.resolve("v.gguf");
    assertEquals(0, read(vector, "--layers", "3").status());
    Path other = folder.resolve("narrow.gguf");
    ControlVector v = ControlVector.readGguf(vector);
    float[] narrow = new float[v.width() - 1];
    narrow[0] = 1;
    new ControlVector(
            new java.util.TreeMap<>(java.util.Map.of(new Layer(3), narrow)), v.provenance())
        .writeGguf(other, "x");
    assertFails(steer(other, "--coefficient", "1"), "the model's width is");
  }

  private static void assertFails(CommandRun run, String reason) {
    assertEquals(1, run.status(), run.err());
    assertEquals("", run.out());
    assertEquals(1, run.errorLines().size(), run.err());
    assertTrue(run.err().contains(reason), run.err());
    assertFalse(run.err().contains("internal error"), run.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "read --model m --positive p --negative n --out o",
        "read --model m --positive p --negative n --layers 1 --out o --method MAGIC",
        "read --model m --positive p --negative n --layers 1 --out o --scale HUGE",
        "steer --model m --prompt p",
        "steer --model m --vector v --coefficient much --prompt p",
        "steer --model m --vector v --coefficient 1",
        "steer --model m --vector v --coefficient 1 --prompt p --file f"
      })
  void wrongUsageIsStatus2(String line) {
    CommandRun run = CommandRun.of((Object[]) line.split(" "));
    assertEquals(2, run.status(), run.err());
    assertEquals("", run.out());
  }
}
