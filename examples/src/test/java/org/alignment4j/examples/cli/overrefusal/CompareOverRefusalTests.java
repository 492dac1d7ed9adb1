package org.alignment4j.examples.cli.overrefusal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.examples.cli.CommandRun;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command compare over-refusal, on the demonstration model and made-up prompt sets. */
class CompareOverRefusalTests {
  private static final Path DEMO = Path.of("demo-model");

  @TempDir Path folder;

  private static void write(Path file, List<String> lines) throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, lines);
  }

  /** Sets of the public ones' sizes, with prompts of a few words. */
  private Path data() throws IOException {
    Path data = folder.resolve("data");
    List<String> advbench = new ArrayList<>(List.of("goal,target"));
    for (int i = 0; i < 520; i++) {
      advbench.add("Make bomb " + i + ",Sure");
    }
    write(data.resolve("advbench/advbench.csv"), advbench);
    List<String> xstest = new ArrayList<>(List.of("id,prompt,type,label"));
    for (int i = 0; i < 450; i++) {
      boolean safe = i % 18 < 10;
      xstest.add(
          String.format(
              "%d,How to %s thing %d?,%s,%s",
              i + 1,
              safe ? "kill" : "murder",
              i,
              (safe ? "t" : "contrast_t") + i % 18,
              safe ? "safe" : "unsafe"));
    }
    write(data.resolve("xstest/xstest_prompts.csv"), xstest);
    write(
        data.resolve("jailbreakbench/jailbreakbench.csv"),
        List.of(",Goal,Behavior,Category", "0,Write malware,Malware,Malware"));
    write(
        data.resolve("strongreject/strongreject.csv"),
        List.of("category,source,forbidden_prompt", "c,s,Build a weapon"));
    List<String> answered = new ArrayList<>();
    for (int i = 0; i < 490; i++) {
      answered.add("{\"instruction\":\"Name colour " + i + "\",\"output\":\"Blue.\"}");
    }
    write(data.resolve("ultrafeedback/ultrafeedback_1k.json"), answered);
    write(data.resolve("self-instruct/seed_tasks.jsonl"), answered.subList(0, 3));
    return data;
  }

  /** The over-refuser's LoRA changes nothing here; its training is tested elsewhere. */
  private Path out() {
    Path out = folder.resolve("out");
    try (LanguageModel model = LanguageModel.load(DEMO)) {
      TrainableLora.initial(
              model, new TrainableLora.Shape(1, 1, 0, List.of("q_proj")), List.of(new Layer(1)), 1)
          .save(out.resolve("over-refuser-1/lora"));
    }
    return out;
  }

  @Test
  void everyFittedMethodIsMeasuredAndAFinishedRunIsNotDoneAgain() throws IOException {
    Path data = data();
    Path out = out();
    Object[] command = {
      "compare",
      "over-refusal",
      "--model",
      DEMO,
      "--data",
      data,
      "--out",
      out,
      "--quick",
      "--max-tokens",
      2,
      "--json"
    };
    CommandRun first = CommandRun.of(command);
    assertEquals(0, first.status(), first.err());
    JsonObject json = first.json();
    var methods = json.getAsJsonArray("models").get(0).getAsJsonObject().getAsJsonArray("methods");
    assertEquals(10, methods.size(), "the over-refuser, two ways of asking, seven edits");
    JsonObject start = methods.get(0).getAsJsonObject();
    assertEquals("start", start.get("method").getAsString());
    assertEquals(
        50,
        start.getAsJsonObject("sets").getAsJsonObject(StudySets.SAFE).get("n").getAsInt(),
        "a third of 150");
    String page = Files.readString(out.resolve("page.html"));
    assertTrue(page.contains("probe-steer") && page.contains("XSTest unsafe, n = 40"), page);
    List<String> runs = Files.readAllLines(out.resolve("runs.jsonl"));
    assertEquals(10, runs.size());
    CommandRun again = CommandRun.of(command);
    assertEquals(0, again.status(), again.err());
    assertEquals(runs, Files.readAllLines(out.resolve("runs.jsonl")));
    assertEquals(page, Files.readString(out.resolve("page.html")));
    CommandRun other =
        CommandRun.of(
            "compare",
            "over-refusal",
            "--model",
            DEMO,
            "--data",
            data,
            "--out",
            out,
            "--quick",
            "--max-tokens",
            3);
    assertEquals(1, other.status());
    assertTrue(other.err().contains("give another --out"), other.err());
  }

  @Test
  void wrongNamesAreNamed() throws IOException {
    CommandRun run =
        CommandRun.of(
            "compare",
            "over-refusal",
            "--model",
            DEMO,
            "--data",
            data(),
            "--out",
            folder.resolve("o"),
            "--methods",
            "magic");
    assertEquals(1, run.status());
    assertTrue(run.err().contains("there is no method 'magic'"), run.err());
    run =
        CommandRun.of(
            "compare",
            "over-refusal",
            "--model",
            DEMO,
            "--data",
            data(),
            "--out",
            folder.resolve("o"),
            "--models",
            "3");
    assertEquals(1, run.status());
    assertTrue(run.err().contains("over-refusers 1 to 2, not 3"), run.err());
  }

  @Test
  void tunedAndMeasuredPromptsHaveNoneInCommon() throws IOException {
    StudySets sets = StudySets.read(data(), 1);
    for (long seed : new long[] {1, 2}) {
      ActorPrompts tuned = StudyRuns.prompts(sets, seed);
      List<Prompt> seen = new ArrayList<>(tuned.harmful());
      List.of(
              tuned.benign(),
              tuned.pseudoHarmful(),
              tuned.contrast(),
              tuned.gateHarmful(),
              tuned.gateSafe(),
              tuned.gateContrast(),
              sets.harmful())
          .forEach(seen::addAll);
      for (Map<String, List<Prompt>> measured : List.of(sets.harmless(), sets.refused())) {
        measured.values().forEach(some -> some.forEach(p -> assertTrue(!seen.contains(p))));
      }
      sets.fluency().forEach(p -> assertTrue(!seen.contains(p)));
    }
  }

  /** Else finished runs would seem to be another model's. */
  @Test
  void theOverRefuserThatIsMadeIsTheOneThatIsKept() {
    OverRefuser maker = OverRefuser.ALL.get(0);
    List<InstructionSplit.Row> answered =
        List.of(new InstructionSplit.Row("1", "Name a colour", "Blue."));
    try (LanguageModel model = LanguageModel.load(DEMO)) {
      LoraAdapter made =
          maker.lora(
              model, List.of(Prompt.user("Make a bomb")), answered, folder, ProgressListener.NONE);
      LoraAdapter kept = maker.lora(model, List.of(), List.of(), folder, ProgressListener.NONE);
      assertEquals(kept, made);
      assertEquals(kept.hashCode(), made.hashCode());
    }
  }

  @Test
  void anEmptyAnswerHelpsNobody() {
    List<Prompt> prompts = List.of(Prompt.user("a"), Prompt.user("b"), Prompt.user("c"));
    String letters =
        Answers.judged(prompts, List.of("Paris.", "I'm sorry, but I can't help with that.", " "));
    assertEquals("are", letters);
    assertEquals(List.of(0.0, 1.0, 1.0), boxed(Answers.refused(letters, true)));
    assertEquals(List.of(0.0, 1.0, 0.0), boxed(Answers.refused(letters, false)));
  }

  private static List<Double> boxed(double[] values) {
    return java.util.Arrays.stream(values).boxed().toList();
  }
}
