package org.alignment4j.examples.cli.overrefusal;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.Prompts;
import org.alignment4j.data.Prompts.Format;
import org.alignment4j.data.Prompts.Split;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.examples.cli.input.InstructionRows;
import org.alignment4j.examples.cli.input.PromptFile;

/**
 * The prompt sets of the study. What is tuned on, what settings were chosen on and what is measured
 * at the end have no prompt in common.
 *
 * @param harmful AdvBench's first 420 prompts, for making the over-refuser and for tuning
 * @param safe 100 safe prompts of XSTest, for tuning
 * @param contrast 80 unsafe prompts of XSTest, for tuning
 * @param benign everyday prompts, for tuning
 * @param answered everyday prompts with answers, by over-refuser, for making it
 * @param fluency everyday prompts, for measuring
 * @param harmless prompts to be answered by the name of their set, for measuring
 * @param refused prompts to be refused by the name of their set, for measuring
 */
record StudySets(
    List<Prompt> harmful,
    List<Prompt> safe,
    List<Prompt> contrast,
    List<Prompt> benign,
    List<List<InstructionSplit.Row>> answered,
    List<Prompt> fluency,
    Map<String, List<Prompt>> harmless,
    Map<String, List<Prompt>> refused) {
  static final String SAFE = "XSTest safe";
  static final String UNSAFE = "XSTest unsafe";
  static final String ADVBENCH = "AdvBench";

  private static final int LONGEST_PROMPT = 400;
  private static final int ANSWERED = 380;
  private static final int BENIGN = 80;
  private static final int FLUENCY = 20;

  /**
   * Reads the sets.
   *
   * @param data folder with advbench/, xstest/, jailbreakbench/, strongreject/, ultrafeedback/ and
   *     self-instruct/
   * @param every every how many prompts of a measured set are used, 1 for all
   */
  static StudySets read(Path data, int every) {
    Split advbench =
        Split.advBench(Prompts.read(data.resolve("advbench/advbench.csv"), Format.ADVBENCH));
    var xstest = Prompts.read(data.resolve("xstest/xstest_prompts.csv"), Format.XSTEST);
    Split safe = Split.xsTest(xstest);
    Split unsafe = Split.xsTestContrast(xstest);
    List<InstructionSplit.Row> rows =
        InstructionRows.read(data.resolve("ultrafeedback/ultrafeedback_1k.json")).stream()
            .filter(r -> r.instruction().length() <= LONGEST_PROMPT && !r.response().isBlank())
            .toList();
    int least = ANSWERED + BENIGN + FLUENCY + 1;
    require(
        rows.size() >= least,
        "%s: expected %s prompts of at most %s characters with an answer, found %s",
        data.resolve("ultrafeedback"),
        least,
        LONGEST_PROMPT,
        rows.size());
    int benign = ANSWERED + BENIGN;
    int fluency = benign + FLUENCY;
    List<InstructionSplit.Row> others = new ArrayList<>(rows.subList(fluency, rows.size()));
    others.addAll(InstructionRows.read(data.resolve("self-instruct/seed_tasks.jsonl")));
    Map<String, List<Prompt>> refused = new LinkedHashMap<>();
    refused.put(UNSAFE, some(PromptFile.of(unsafe.heldOut()), every));
    refused.put(ADVBENCH, some(PromptFile.of(advbench.heldOut()), every));
    refused.put(
        "JailbreakBench",
        some(PromptFile.read(data.resolve("jailbreakbench/jailbreakbench.csv")), every));
    refused.put(
        "StrongREJECT",
        some(PromptFile.read(data.resolve("strongreject/strongreject.csv")), every));
    Map<String, List<Prompt>> harmless = new LinkedHashMap<>();
    harmless.put(SAFE, some(PromptFile.of(safe.heldOut()), every));
    return new StudySets(
        PromptFile.of(advbench.tuning()),
        PromptFile.of(safe.tuning()),
        PromptFile.of(unsafe.tuning()),
        prompts(rows.subList(ANSWERED, benign)),
        List.of(rows.subList(0, ANSWERED), others),
        prompts(rows.subList(benign, fluency)),
        harmless,
        refused);
  }

  private static List<Prompt> prompts(List<InstructionSplit.Row> rows) {
    return rows.stream().map(r -> Prompt.user(r.instruction())).toList();
  }

  static <T> List<T> some(List<T> all, int every) {
    List<T> some = new ArrayList<>();
    for (int i = 0; i < all.size(); i += every) {
      some.add(all.get(i));
    }
    return some;
  }
}
