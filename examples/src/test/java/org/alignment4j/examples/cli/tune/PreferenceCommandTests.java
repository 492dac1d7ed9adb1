package org.alignment4j.examples.cli.tune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.examples.cli.CommandRun;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands tune and evaluate on preference pairs, on the demonstration model. */
class PreferenceCommandTests {
  private static final Path DEMO = Path.of("demo-model");

  @TempDir Path folder;

  private CommandRun tune(String method, Path out, Object... more) throws IOException {
    List<Object> all =
        new ArrayList<>(
            List.of("tune", method, DEMO, CommandRun.pairs(folder), "--out", out, "--rank", 2));
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

  @ParameterizedTest
  @CsvSource({
    "sft, sft",
    "dpo, dpo",
    "lorra, fit",
    "rahf-scit, fit scit",
    "rahf-dual, bad fit good",
    "weight-extrapolation, bad good",
    "circuit-breakers, reroute"
  })
  void everyMethodWritesALoraAndSaysWhatItDid(String method, String trainings) throws IOException {
    Path out = folder.resolve(method);
    List<Object> more = new ArrayList<>(List.of("--seed", 5, "--first", 4, "--batch-size", 2));
    boolean lorra = method.equals("lorra");
    more.addAll(
        lorra
            ? List.of("--good-instruction", "Be kind.", "--bad-instruction", "Be rude.")
            : method.equals("circuit-breakers") ? List.of() : List.of("--epochs", 1));
    boolean extrapolates = method.equals("weight-extrapolation");
    if (extrapolates) {
      more.addAll(List.of("--a", "0.3"));
    } else if (!List.of("sft", "dpo").contains(method)) {
      more.addAll(List.of("--fit-epochs", 1, "--layers", "2-3"));
    }
    more.add("--json");
    CommandRun run = tune(method, out, more.toArray());
    assertEquals(0, run.status(), run.err());
    JsonObject json = run.json();
    assertEquals(method, json.get("method").getAsString());
    assertEquals(9, json.getAsJsonObject("input").get("rows").getAsInt());
    assertEquals(
        3,
        json.getAsJsonObject("input")
            .getAsJsonArray("skipped")
            .get(0)
            .getAsJsonObject()
            .get("row")
            .getAsInt());
    assertEquals(4, json.get("used").getAsInt());
    JsonObject done = json.getAsJsonObject("trainings");
    assertEquals(trainings, String.join(" ", done.keySet()));
    done.asMap()
        .values()
        .forEach(t -> assertFalse(t.getAsJsonObject().getAsJsonArray("losses").isEmpty()));
    LoraAdapter lora = LoraAdapter.load(out);
    assertEquals(extrapolates ? 4 : 2, lora.rank());
    assertEquals(5, lora.provenance().seed());
    assertEquals(
        lorra ? "Be rude." : null,
        lorra ? lora.provenance().settings().get("bad_instruction") : null);
    int top = lora.targets().stream().mapToInt(t -> t.layer().index()).max().orElseThrow();
    assertEquals(done.has("fit") || done.has("reroute") ? 3 : 6, top);
  }

  @Test
  void randomLabelsExchangeHalfOfThePairsBySeedWhereNothingIsFitted() {
    List<PreferencePair> pairs =
        IntStream.range(0, 40)
            .mapToObj(i -> new PreferencePair("" + i, Prompt.user("p" + i), "c", "r"))
            .toList();
    List<PreferencePair> one = PreferenceControl.RANDOM.apply(PreferenceMethod.DPO, pairs, 1);
    assertEquals(20, one.stream().filter(p -> p.chosen().equals("r")).count());
    assertEquals(
        pairs.stream().map(PreferencePair::id).toList(),
        one.stream().map(PreferencePair::id).toList());
    assertEquals(one, PreferenceControl.RANDOM.apply(PreferenceMethod.DPO, pairs, 1));
    assertNotEquals(one, PreferenceControl.RANDOM.apply(PreferenceMethod.DPO, pairs, 2));
    assertEquals(pairs, PreferenceControl.RANDOM.apply(PreferenceMethod.RAHF_DUAL, pairs, 1));
  }

  @Test
  void aMethodStartsFromAnAdapterThatItsOwnContains() throws IOException {
    Object[] small = {"--first", 4, "--batch-size", 2, "--epochs", 1, "--json"};
    CommandRun sft = tune("sft", folder.resolve("sft"), small);
    assertEquals(0, sft.status(), sft.err());
    List<Object> more = new ArrayList<>(List.of(small));
    more.addAll(List.of("--adapter", folder.resolve("sft")));
    CommandRun dpo = tune("dpo", folder.resolve("dpo"), more.toArray());
    assertEquals(0, dpo.status(), dpo.err());
    assertEquals(folder.resolve("sft").toString(), dpo.json().get("start_adapter").getAsString());
    LoraAdapter before = LoraAdapter.load(folder.resolve("sft"));
    LoraAdapter after = LoraAdapter.load(folder.resolve("dpo"));
    assertEquals(4, after.rank());
    LoraAdapter.Target own = before.targets().get(0);
    LoraAdapter.Target both =
        after.targets().stream()
            .filter(t -> t.layer().equals(own.layer()) && t.module().equals(own.module()))
            .findFirst()
            .orElseThrow();
    assertArrayEquals(own.a(), Arrays.copyOf(both.a(), own.a().length));
    // Against the start, not against the model without it: the first loss is that of no change.
    double first =
        dpo.json()
            .getAsJsonObject("trainings")
            .getAsJsonObject("dpo")
            .getAsJsonArray("losses")
            .get(0)
            .getAsJsonObject()
            .get("loss")
            .getAsDouble();
    assertEquals(Math.log(2), first, 1e-3);
  }

  @Test
  void circuitBreakersKeepResponsesOfOtherFiles() throws IOException {
    Path keep = folder.resolve("keep.jsonl");
    Files.writeString(
        keep,
        "{\"instruction\": \"Name a colour.\", \"output\": \"Blue.\"}\n"
            + "{\"instruction\": \"Name a number.\", \"output\": \"Seven.\"}\n");
    Object[] more = {"--first", 2, "--fit-epochs", 1, "--batch-size", 2, "--keep", keep, "--json"};
    CommandRun run = tune("circuit-breakers", folder.resolve("out"), more);
    assertEquals(0, run.status(), run.err());
    assertEquals(4, run.json().get("used").getAsInt());
    // Two broken responses and four kept ones: the two are repeated.
    assertEquals(
        2,
        run.json().getAsJsonObject("trainings").getAsJsonObject("reroute").get("steps").getAsInt());
    assertFails(
        tune("circuit-breakers", folder.resolve("out"), "--epochs", 1),
        "circuit-breakers has no use for --epochs");
  }

  @Test
  void loreftWritesAnEditAndSaysWhatItDid() throws IOException {
    Path out = folder.resolve("edit");
    Object[] more = {
      "--positions", "f3+l2", "--layers", "2-3", "--epochs", 2, "--batch-size", 2, "--first", 4
    };
    List<Object> all = new ArrayList<>(List.of(more));
    all.add("--json");
    CommandRun run = tune("loreft", out, all.toArray());
    assertEquals(0, run.status(), run.err());
    assertEquals(4, run.json().get("used").getAsInt());
    assertEquals(4, run.json().get("steps").getAsInt());
    GatedEdit edit = GatedEdit.load(out);
    assertEquals(List.of(2, 3), edit.changes().stream().map(c -> c.layer().index()).toList());
    for (GatedEdit.Change c : edit.changes()) {
      assertEquals(GatedEdit.Positions.promptEnds(3, 2), c.positions());
      assertEquals(2, c.affine().rank());
    }
    CommandRun bad = tune("loreft", out, "--positions", "x3");
    assertEquals(2, bad.status(), bad.err());
    assertTrue(bad.err().contains("fN+lN"), bad.err());
  }

  @Test
  void controlsEndAfterStepOneOrExchangeTheResponses() throws IOException {
    CommandRun one =
        tune("rahf-dual", folder.resolve("a"), "--control", "step-one", "--epochs", 1, "--json");
    assertEquals(0, one.status(), one.err());
    assertEquals("[good]", one.json().getAsJsonObject("trainings").keySet().toString());
    Object[] common = {"--epochs", "3", "--learning-rate", "1e-2"};
    assertEquals(0, tune("sft", folder.resolve("b"), common).status());
    List<Object> swapped = new ArrayList<>(List.of(common));
    swapped.addAll(List.of("--control", "swapped"));
    CommandRun run = tune("sft", folder.resolve("c"), swapped.toArray());
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("control swapped"), run.out());
    assertTrue(accuracy(folder.resolve("b")) > accuracy(folder.resolve("c")));
  }

  private double accuracy(Path adapter) throws IOException {
    CommandRun run =
        CommandRun.of(
            "evaluate",
            "preferences",
            DEMO,
            CommandRun.pairs(folder),
            "--adapter",
            adapter,
            "--answers",
            0,
            "--json");
    assertEquals(0, run.status(), run.err());
    JsonObject against = run.json().getAsJsonObject("against_start");
    double mean =
        run.json().getAsJsonObject("report").getAsJsonObject("accuracy").get("mean").getAsDouble();
    assertEquals(
        mean - against.getAsJsonObject("start_accuracy").get("mean").getAsDouble(),
        against.getAsJsonObject("accuracy").get("mean").getAsDouble(),
        1e-12);
    assertEquals(
        run.json().getAsJsonObject("report").get("n_pairs").getAsInt(),
        against.getAsJsonObject("paired").get("n").getAsInt());
    return run.json()
        .getAsJsonObject("report")
        .getAsJsonObject("accuracy")
        .get("mean")
        .getAsDouble();
  }

  @Test
  void calledAgainWithItsCheckpointsATuningEndsWithTheSameAdapter() throws IOException {
    Object[] options = {"--epochs", 2, "--resume", folder.resolve("checkpoints")};
    assertEquals(0, tune("sft", folder.resolve("a"), options).status());
    assertTrue(Files.isDirectory(folder.resolve("checkpoints/sft")));
    assertEquals(0, tune("sft", folder.resolve("b"), options).status());
    LoraAdapter once = LoraAdapter.load(folder.resolve("a"));
    LoraAdapter again = LoraAdapter.load(folder.resolve("b"));
    assertEquals(once.targets(), again.targets());
    CommandRun other =
        tune("sft", folder.resolve("c"), "--epochs", 3, "--resume", folder.resolve("checkpoints"));
    assertEquals(1, other.status(), other.err());
  }

  @Test
  void theModelItselfIsMeasuredWithoutAnAdapter() throws IOException {
    CommandRun run =
        CommandRun.of(
            "evaluate",
            "preferences",
            DEMO,
            CommandRun.pairs(folder),
            "--skip",
            2,
            "--first",
            5,
            "--answers",
            2,
            "--max-tokens",
            8,
            "--json",
            folder.resolve("r.json"));
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("measured on 5 pairs and 2 responses"), run.out());
    assertTrue(run.out().contains("1 skipped:\n  row 3: "), run.out());
    JsonObject report =
        com.google.gson.JsonParser.parseString(Files.readString(folder.resolve("r.json")))
            .getAsJsonObject()
            .getAsJsonObject("report");
    assertEquals(0, report.getAsJsonObject("divergence").get("mean").getAsDouble(), 1e-6);
    int[] rows =
        report.getAsJsonArray("pairs").asList().stream()
            .mapToInt(p -> p.getAsJsonObject().get("id").getAsInt())
            .toArray();
    // Row 3 holds no pair.
    assertArrayEquals(new int[] {4, 5, 6, 7, 8}, rows);
  }

  @Test
  void aJudgeComparesTheAdaptersAnswersWithTheStarts() throws IOException {
    Path adapter = folder.resolve("lora");
    assertEquals(0, tune("sft", adapter, "--epochs", 3, "--learning-rate", "1e-2").status());
    Path prompt = Files.writeString(folder.resolve("judge.txt"), "{question} A {a} B {b}\n");
    List<Object> call =
        new ArrayList<>(List.of("evaluate", "preferences", DEMO, CommandRun.pairs(folder)));
    call.addAll(List.of("--adapter", adapter, "--answers", 3, "--max-tokens", 8));
    call.addAll(List.of("--judge", DEMO, "--judge-prompt", prompt));
    CommandRun run = CommandRun.of(call.toArray());
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("win rate, ties half  "), run.out());
    call.add("--json");
    JsonObject found = CommandRun.of(call.toArray()).json().getAsJsonObject("win_rate");
    assertEquals(DEMO.toString(), found.get("model").getAsString());
    assertEquals("{question} A {a} B {b}", found.get("prompt").getAsString());
    assertEquals(3, found.get("n").getAsInt());
    int counted = 0;
    for (String outcome : List.of("wins", "ties", "losses")) {
      counted += found.getAsJsonObject(outcome).get("k").getAsInt();
    }
    assertEquals(3, counted);
    Path bare = Files.writeString(folder.resolve("bare.txt"), "{question} {a}");
    Object[] start = {"evaluate", "preferences", DEMO, CommandRun.pairs(folder), "--answers", 1};
    assertFails(with(start, "--judge", DEMO), "needs --adapter");
    assertFails(with(start, "--judge-prompt", prompt), "needs --judge");
    assertFails(
        with(start, "--adapter", adapter, "--judge", DEMO, "--judge-prompt", bare), "has no {b}");
    assertFails(with(start, "--adapter", adapter, "--judge", folder.resolve("none")), "none");
    assertFails(
        with(start, "--adapter", adapter, "--judge", DEMO, "--judge-prompt", folder.resolve("no")),
        "expected a file, found none");
  }

  private static CommandRun with(Object[] start, Object... more) {
    List<Object> all = new ArrayList<>(List.of(start));
    all.addAll(List.of(more));
    return CommandRun.of(all.toArray());
  }

  @Test
  void whatCannotBeDoneIsSaidInOneLine() throws IOException {
    Path none = folder.resolve("none.jsonl");
    Path out = folder.resolve("out");
    assertFails(CommandRun.of("tune", "sft", DEMO, none, "--out", out), "none.jsonl");
    assertFails(CommandRun.of("evaluate", "preferences", DEMO, none), "none.jsonl");
    Path bare = Files.writeString(folder.resolve("bare.jsonl"), "{\"prompt\": \"Hello\"}\n");
    assertFails(CommandRun.of("tune", "dpo", DEMO, bare, "--out", out), "no usable row");
    Path words = Files.writeString(folder.resolve("long.jsonl"), longPair());
    assertFails(
        CommandRun.of("tune", "dpo", DEMO, words, "--out", out), "none of 1 pairs can be used");
    assertFails(
        CommandRun.of(
            "tune", "sft", folder.resolve("no-model"), CommandRun.pairs(folder), "--out", out),
        "no-model");
    assertFails(
        CommandRun.of("evaluate", "preferences", DEMO, CommandRun.pairs(folder), "--skip", 8),
        "none after");
    assertFails(tune("sft", out, "--beta", 0.1), "sft has no use for --beta");
    assertFails(tune("lorra", out, "--epochs", 1), "lorra has no use for --epochs");
    assertFails(tune("rahf-dual", out, "--a", 0.1), "rahf-dual has no use for --a");
    assertFails(
        tune("rahf-dual", out, "--good-instruction", "x", "--bad-instruction", "y"),
        "rahf-dual has no use for --good-instruction");
    assertFails(
        tune("lorra", out, "--good-instruction", "x"),
        "--good-instruction and --bad-instruction go together");
    assertFails(
        tune("weight-extrapolation", out, "--alpha", 1),
        "weight-extrapolation has no use for --alpha");
    assertFails(
        tune("weight-extrapolation", out, "--control", "step-one"),
        "weight-extrapolation cannot be run as control step-one");
    assertFails(tune("lorra", out, "--layers", "9"), "no layer 9");
    assertFails(tune("sft", out, "--epochs", 0), "epochs must be >= 1");
    assertFails(tune("sft", out, "--modules", "nonsense"), "nonsense");
    assertFails(tune("sft", CommandRun.pairs(folder)), "found a file");
    assertFalse(Files.exists(out));
  }

  private static String longPair() {
    return "{\"prompt\": \"Hello\", \"chosen\": \""
        + "word ".repeat(3000)
        + "\", \"rejected\": \"No.\"}\n";
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tune magic m p --out o",
        "tune sft m p",
        "tune sft m --out o",
        "tune rahf-scit m p --out o --control none",
        "tune rahf-scit m p --out o --control half",
        "tune rahf-scit m p --out o --base SOMEWHERE",
        "tune rahf-scit m p --out o --layers five",
        "evaluate preferences m",
        "evaluate preferences m p --answers many"
      })
  void wrongUsageIsStatus2(String line) {
    CommandRun run = CommandRun.of((Object[]) line.split(" "));
    assertEquals(2, run.status(), run.err());
    assertEquals("", run.out());
  }
}
