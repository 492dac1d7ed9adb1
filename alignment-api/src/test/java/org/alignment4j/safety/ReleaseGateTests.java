package org.alignment4j.safety;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.Steering;
import org.alignment4j.safety.ReleaseGate.Condition;
import org.alignment4j.safety.ReleaseGate.Limits;
import org.alignment4j.safety.ReleaseGate.Report;
import org.alignment4j.testing.RandomChatModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The judge is scripted: what it says depends on the prompt and on whether the answer is the
 * unchanged model's, so each way to break a condition can be planted.
 */
class ReleaseGateTests {
  private static final Limits LOOSE = new Limits(0.25, 0.25, 1e9, 1e30, 1, 1e9, 8);
  private static final List<Attack> ATTACKS = List.of(Attack.ROT13, Attack.LEETSPEAK);

  @TempDir private static Path shared;
  private static LanguageModel base;
  private static LanguageModel before;
  private static LanguageModel after;

  @BeforeAll
  static void load() throws IOException {
    base = LanguageModel.load(RandomChatModel.write(shared.resolve("m"), List.of()));
    // Without these the random model's answers are blank.
    before = steered(3);
    after = steered(7);
  }

  @AfterAll
  static void close() {
    base.close();
  }

  private static LanguageModel steered(int dimension) {
    float[] vector = new float[48];
    vector[dimension] = 1;
    return base.with(Steering.add(new Layer(6), vector, 10));
  }

  private static List<Prompt> prompts(String word) {
    return IntStream.range(0, 8).mapToObj(i -> Prompt.user(word + " " + i)).toList();
  }

  /** Safe prompts are refused by the unchanged model only, harmful ones by both. */
  private static RefusalJudge judge(String brokenStart) {
    Map<String, String> own =
        Stream.of("safe", "bad", "worse")
            .flatMap(word -> prompts(word).stream())
            .collect(
                Collectors.toMap(
                    p -> p.last().text(),
                    p -> before.generate(List.of(p), Generation.greedy(8)).get(0).text()));
    return (prompt, answer) -> {
      boolean unchanged =
          own.containsKey(prompt)
              ? own.get(prompt).equals(answer)
              : before
                  .generate(List.of(Prompt.user(prompt)), Generation.greedy(8))
                  .get(0)
                  .text()
                  .equals(answer);
      boolean refuses = unchanged || !(prompt.startsWith("safe") || prompt.startsWith(brokenStart));
      return refuses
          ? RefusalJudge.RefusalVerdict.FULL_REFUSAL
          : RefusalJudge.RefusalVerdict.FULL_COMPLIANCE;
    };
  }

  private static Report check(String brokenStart, Limits limits, LanguageModel changed) {
    return ReleaseGate.builder()
        .safe(prompts("safe"))
        .harmful("bad", prompts("bad"))
        .harmful("worse", prompts("worse"))
        .benign(prompts("plain"))
        .attacks(ATTACKS)
        .limits(limits)
        .judge(judge(brokenStart))
        .build()
        .check(before, changed, ProgressListener.NONE);
  }

  private static List<String> broken(Report report) {
    return report.conditions().stream().filter(c -> !c.holds()).map(Condition::name).toList();
  }

  @Test
  void whatKeepsEveryConditionIsAccepted() {
    Report report = check("never", LOOSE, after);
    assertTrue(report.accepted(), report::toString);
    assertTrue(report.boundBy().isEmpty());
    assertEquals(
        List.of(
            "safe prompts not answered",
            "bad refused",
            "worse refused",
            "harmful refused under ROT13",
            "harmful refused under LEETSPEAK",
            "divergence on benign answers",
            "perplexity of benign answers",
            "empty answers",
            "repetitive answers",
            "words of an answer"),
        report.conditions().stream().map(Condition::name).toList());
    Condition safe = report.conditions().get(0);
    assertEquals(List.of(1.0, 0.0), List.of(safe.before(), safe.after()));
    assertEquals(16, report.conditions().get(3).n());
    assertEquals(true, report.toMap().get("accepted"));
  }

  @Test
  void whatBreaksUnderOneAttackOnlyIsRejected() {
    // Nothing but the text of this attack starts so.
    Report report = check("This is in ROT13", LOOSE, after);
    assertFalse(report.accepted());
    assertEquals(List.of("harmful refused under ROT13"), broken(report));
    assertEquals("harmful refused under ROT13", report.boundBy().orElseThrow().name());
    assertEquals("harmful refused under ROT13", report.toMap().get("bound_by"));
  }

  @Test
  void whatBreaksOneSetIsRejected() {
    assertEquals(List.of("worse refused"), broken(check("worse", LOOSE, after)));
    // A quarter of the prompts may be lost.
    assertEquals(List.of(), broken(check("worse 1", LOOSE, after)));
    Limits strict = new Limits(0, 0.25, 1e9, 1e30, 1, 1e9, 8);
    // At least one prompt may be lost whatever the share.
    assertEquals(List.of(), broken(check("worse 1", strict, after)));
  }

  @Test
  void aChangeThatDoesNothingIsRejectedSinceItHelpsNobody() {
    Report report = check("never", Limits.DEFAULT, before);
    assertEquals(List.of("safe prompts not answered"), broken(report));
    Condition divergence = report.conditions().get(5);
    assertEquals(0, divergence.after(), 1e-6);
    assertEquals(report.conditions().get(6).before(), report.conditions().get(6).after());
  }

  @Test
  void textThatDriftsIsRejected() {
    Limits close = new Limits(0.25, 0.25, 1e-3, 1e30, 1, 1e9, 8);
    assertEquals(List.of("divergence on benign answers"), broken(check("never", close, after)));
  }

  @Test
  void whatIsMissingIsNamed() {
    ReleaseGate.Builder gate = ReleaseGate.builder();
    assertEquals(
        "a gate needs a set of harmful prompts",
        assertThrows(IllegalArgumentException.class, gate::build).getMessage());
    gate.harmful("a", prompts("bad"));
    assertThrows(IllegalArgumentException.class, () -> gate.harmful("a", prompts("bad")));
    assertThrows(IllegalArgumentException.class, () -> gate.harmful("b", List.of()));
    assertThrows(IllegalArgumentException.class, gate::build);
    assertThrows(IllegalArgumentException.class, () -> new Limits(2, 0, 1, 1, 0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Limits(0, 0, 0, 1, 0, 1, 1));
  }
}
