package org.alignment4j.examples.cli.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.examples.cli.CommandRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command compare preferences, on the demonstration model. */
class CompareCommandTests {
  private static final Path DEMO = Path.of("demo-model");

  @TempDir Path folder;

  private CommandRun compare(Path out, Object... more) throws IOException {
    List<Object> all =
        new ArrayList<>(List.of("compare", "preferences", DEMO, CommandRun.pairs(folder)));
    all.addAll(List.of("--out", out, "--rank", 2, "--answers", 2, "--max-tokens", 8));
    all.addAll(List.of(more));
    return CommandRun.of(all.toArray());
  }

  private static void assertFails(CommandRun run, String reason) {
    assertEquals(1, run.status(), run.err());
    assertEquals("", run.out());
    assertEquals(1, run.errorLines().size(), run.err());
    assertTrue(run.err().contains(reason), run.err());
    assertFalse(run.err().contains("internal error"), run.err());
  }

  @Test
  void methodsAndControlsAreComparedAndFinishedRunsAreNotDoneAgain() throws Exception {
    Path out = folder.resolve("study");
    Object[] options = {
      "--methods",
      "sft,dpo",
      "--train",
      4,
      "--test",
      3,
      "--epochs",
      1,
      "--for",
      "sft=--epochs 2 --learning-rate 1e-2",
      "--json"
    };
    List<Object> first = new ArrayList<>(List.of("--seeds", "1"));
    first.addAll(List.of(options));
    CommandRun one = compare(out, first.toArray());
    assertEquals(0, one.status(), one.err());
    Path file = out.resolve("runs.jsonl");
    List<String> before = Files.readAllLines(file);
    assertEquals(3, before.size()); // start, sft, dpo
    List<Object> second =
        new ArrayList<>(List.of("--seeds", "1,2", "--controls", "swapped,random"));
    second.addAll(List.of(options));
    CommandRun two = compare(out, second.toArray());
    assertEquals(0, two.status(), two.err());
    List<String> after = Files.readAllLines(file);
    // seed 1 has the controls still to do
    assertEquals(1 + 2 * 2 * 3, after.size());
    assertEquals(before, after.subList(0, 3));
    JsonObject json = two.json();
    assertEquals(4, json.get("train").getAsInt());
    assertEquals(3, json.get("test").getAsInt());
    assertEquals(13, json.getAsJsonArray("runs").size());
    // dpo and all controls against sft, sft and all controls against dpo, each with two seeds and
    // for both seeds together; and each of the six against the start model
    assertEquals(30 + 18, json.getAsJsonArray("comparisons").size());
    String page = Files.readString(out.resolve("page.html"));
    assertTrue(page.contains("sft, swapped less start"), page);
    assertTrue(page.contains("<svg"), page);
    String table = Files.readString(out.resolve("table.md"));
    assertTrue(table.contains("| sft, swapped | 2 | "), table);
    assertTrue(table.contains("| **dpo, mean of 2** |"), table);
    assertTrue(table.contains("| sft | dpo | 1 | "), table);
    assertTrue(table.contains("| **dpo, swapped** | dpo | all seeds | "), table);
    String svg = Files.readString(out.resolve("figure.svg"));
    assertEquals(
        1 + 4 + 1 + 2, // marks of start, sft and dpo; and of the legend
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(out.resolve("figure.svg").toFile())
            .getElementsByTagName("circle")
            .getLength(),
        svg);
    LoraAdapter lora = LoraAdapter.load(out.resolve("adapters/sft-seed2"));
    assertEquals(2, lora.provenance().seed());
    assertTrue(lora.provenance().settings().get("learn").toString().contains("epochs=2"));
    assertFalse(Files.exists(out.resolve("checkpoints/sft-seed2")));
    assertFails(
        compare(out, "--methods", "dpo", "--seeds", 1, "--train", 4, "--test", 3, "--epochs", 2),
        "dpo, seed 1, of another model, other pairs or other settings");
    assertEquals(after, Files.readAllLines(file));
  }

  @Test
  void ratesAreChosenOnTheLastFifthOfTheLearnedPairsAndNotTriedAgain() throws IOException {
    Path out = folder.resolve("rates");
    Object[] options = {
      "--methods",
      "sft,dpo,lorra",
      "--seeds",
      5,
      "--train",
      5,
      "--test",
      2,
      "--epochs",
      1,
      "--fit-epochs",
      1,
      "--layers",
      "2",
      "--learning-rates",
      "1e-4,1e-2",
      "--fit-learning-rates",
      "2e-3",
      "--for",
      "sft=--learning-rate 3e-3",
      "--json"
    };
    CommandRun run = compare(out, options);
    assertEquals(0, run.status(), run.err());
    List<String> tried = Files.readAllLines(out.resolve("rates.jsonl"));
    assertEquals(2, tried.size());
    JsonObject best = null;
    for (String line : tried) {
      JsonObject one = JsonParser.parseString(line).getAsJsonObject();
      assertEquals("dpo", one.get("method").getAsString());
      if (best == null || isBetter(one, best)) {
        best = one;
      }
    }
    String rate = best.get("rates").getAsString();
    String found = run.json().getAsJsonObject("learning_rates").get("dpo").getAsString();
    assertTrue(found.startsWith(rate + " ("), found);
    assertTrue(found.contains("1.0E-4: ") && found.contains("0.01: "), found);
    assertEquals(rate, rateOf(out, "dpo", "learn"));
    assertEquals("0.003", rateOf(out, "sft", "learn"));
    assertEquals("0.002", rateOf(out, "lorra", "fit"));
    assertTrue(Files.readString(out.resolve("page.html")).contains("Learning rate of dpo"));
    CommandRun again = compare(out, options);
    assertEquals(0, again.status(), again.err());
    assertFalse(again.err().contains("rate tried"), again.err());
    // Under another name: the same settings, with another seed of the runs.
    List<Object> more = new ArrayList<>(List.of(options));
    more.set(more.indexOf("sft,dpo,lorra"), "dpo,rahf-dual");
    more.set(more.indexOf(5), 6);
    more.set(more.indexOf("2e-3"), "2e-3,1e5");
    more.set(more.indexOf("sft=--learning-rate 3e-3"), "rahf-dual=--learning-rate 1e-3");
    CommandRun other = compare(out, more.toArray());
    assertEquals(0, other.status(), other.err());
    assertEquals(2, other.errorLines().stream().filter(l -> l.contains("rate tried")).count());
    assertFails(
        compare(folder.resolve("few"), "--methods", "dpo", "--train", 4, "--learning-rates", "1,2"),
        "the last fifth of the 4 pairs has no prompt of its own");
  }

  private static boolean isBetter(JsonObject a, JsonObject b) {
    double more = a.get("accuracy").getAsDouble() - b.get("accuracy").getAsDouble();
    return more > 0 || (more == 0 && a.get("margin").getAsDouble() > b.get("margin").getAsDouble());
  }

  /** The learning rate of a training in the provenance of a run's adapter. */
  private static String rateOf(Path out, String method, String training) {
    String settings =
        LoraAdapter.load(out.resolve("adapters/" + method + "-seed5"))
            .provenance()
            .settings()
            .get(training)
            .toString();
    return settings.replaceAll(".*learning_rate=([^,}]*).*", "$1");
  }

  @Test
  void responsesAreJudgedAgainstTheStartModels() throws IOException {
    Path out = folder.resolve("judged");
    Object[] options = {
      "--methods", "sft", "--seeds", 1, "--train", 4, "--test", 3, "--epochs", 1, "--json"
    };
    List<Object> with = new ArrayList<>(List.of(options));
    with.addAll(List.of("--judge", DEMO));
    CommandRun run = compare(out, with.toArray());
    assertEquals(0, run.status(), run.err());
    JsonObject json = run.json();
    assertEquals("demo-model", json.getAsJsonObject("judge").get("model").getAsString());
    JsonObject sft = json.getAsJsonArray("runs").get(1).getAsJsonObject();
    assertEquals(2, sft.getAsJsonObject("win_rate").get("n").getAsInt());
    assertTrue(json.getAsJsonArray("runs").get(0).getAsJsonObject().get("win_rate").isJsonNull());
    assertTrue(Files.readString(out.resolve("page.html")).contains("First preferred"));
    Path file = out.resolve("runs.jsonl");
    String text = Files.readString(file);
    ComparedRun.write(file, ComparedRun.read(file));
    assertEquals(text, Files.readString(file));
    // What was run without a judge has no verdicts.
    assertFails(
        compare(out, options), "sft, seed 1, of another model, other pairs or other settings");
    assertFails(compare(out, "--train", 4, "--judge-prompt", file), "--judge-prompt needs --judge");
  }

  @Test
  void aRunReadBackIsWrittenAsItWas() throws IOException {
    Path out = folder.resolve("study");
    CommandRun run =
        compare(
            out,
            "--methods",
            "rahf-dual,weight-extrapolation",
            "--controls",
            "step-one",
            "--seeds",
            3,
            "--train",
            4,
            "--test",
            2,
            "--epochs",
            1,
            "--fit-epochs",
            1,
            "--layers",
            "2");
    assertEquals(0, run.status(), run.err());
    Path file = out.resolve("runs.jsonl");
    String text = Files.readString(file);
    ComparedRun.write(file, ComparedRun.read(file));
    assertEquals(text, Files.readString(file));
    assertTrue(run.out().contains("| rahf-dual, step-one | 3 | "), run.out());
    assertTrue(run.out().contains("| weight-extrapolation | 3 | "), run.out());
    assertTrue(run.out().contains("| rahf-dual, step-one | rahf-dual | 3 | "), run.out());
  }

  @Test
  void pairsWhosePromptsAreTrainedOnAreNotMeasuredOn() throws IOException {
    Path pairs = CommandRun.pairs(folder);
    List<String> lines = new ArrayList<>(Files.readAllLines(pairs));
    lines.add(lines.get(0));
    Path twice = Files.write(folder.resolve("twice.jsonl"), lines);
    CommandRun run =
        CommandRun.of(
            "compare",
            "preferences",
            DEMO,
            twice,
            "--methods",
            "sft",
            "--seeds",
            1,
            "--epochs",
            1,
            "--train",
            6,
            "--answers",
            0,
            "--out",
            folder.resolve("o"),
            "--json");
    assertEquals(0, run.status(), run.err());
    assertEquals(2, run.json().get("test").getAsInt());
    assertEquals(1, run.json().get("test_left_out_as_prompt_is_trained_on").getAsInt());
  }

  @Test
  void whatCannotBeDoneIsSaidInOneLine() throws IOException {
    Path out = folder.resolve("out");
    assertFails(compare(out, "--train", 8), "none after the first 8");
    assertFails(compare(out, "--train", 0), "--train must be >= 1");
    assertFails(
        compare(out, "--train", 4, "--methods", "sft", "--for", "dpo=--beta 1"),
        "--for dpo, which is not run");
    assertFails(compare(out, "--train", 4, "--for", "sft=--beta 1"), "sft has no use for --beta");
    assertFails(compare(out, "--train", 4, "--for", "sft=--magic 1"), "--for sft: ");
    assertFails(
        CommandRun.of(
            "compare",
            "preferences",
            DEMO,
            folder.resolve("none.jsonl"),
            "--train",
            4,
            "--out",
            out),
        "none.jsonl");
    assertFalse(Files.exists(out));
    Files.createDirectories(out);
    Files.writeString(out.resolve("runs.jsonl"), "{\"method\": \"magic\"}\n");
    assertFails(compare(out, "--train", 4), "runs.jsonl, line 1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "compare",
        "compare preferences m p --out o",
        "compare preferences m p --train 4",
        "compare preferences m p --out o --train 4 --methods magic",
        "compare preferences m p --out o --train 4 --controls none",
        "compare preferences m p --out o --train 4 --for magic=--beta",
        "compare preferences m p --out o --train 4 --seeds one"
      })
  void wrongUsageIsStatus2(String line) {
    CommandRun run = CommandRun.of((Object[]) line.split(" "));
    assertEquals(2, run.status(), run.err());
    assertEquals("", run.out());
  }
}
