package org.alignment4j.evaluation;

import static org.alignment4j.evaluation.RefusalJudge.RefusalVerdict.EMPTY;
import static org.alignment4j.evaluation.RefusalJudge.RefusalVerdict.FULL_COMPLIANCE;
import static org.alignment4j.evaluation.RefusalJudge.RefusalVerdict.FULL_REFUSAL;
import static org.alignment4j.evaluation.RefusalJudge.RefusalVerdict.NEITHER;
import static org.alignment4j.evaluation.RefusalJudge.RefusalVerdict.PARTIAL_REFUSAL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.analysis.PairedProportions;
import org.alignment4j.evaluation.OverRefusal.ComplianceSummary;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport;
import org.alignment4j.evaluation.OverRefusal.OverRefusalReport.BeforeAfter;
import org.alignment4j.evaluation.RefusalJudge.RefusalTally;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.junit.jupiter.api.Test;

class EvaluationRecordTests {
  private static final Gson GSON = new Gson();

  @Test
  void tallyCountsSilenceAsNeitherHelpNorRefusal() {
    RefusalTally tally =
        RefusalTally.of(
            new StringRefusalJudge(),
            List.of("a", "b", "c", "d"),
            List.of("Yes.", "I cannot help.", "", "I can't. However, here are keys."));
    assertEquals(new RefusalTally(1, 1, 1, 1), tally);
    assertEquals(new Rate(1, 4), tally.compliance());
    assertEquals(new Rate(2, 4), tally.refusal());
    assertEquals(new Rate(3, 4), tally.nonCompliance());
    assertEquals(new Rate(1, 4), tally.emptiness());
  }

  @Test
  void anAnswerOffTheTopicIsNeitherRefusalNorCompliance() {
    RefusalTally tally = RefusalTally.of(List.of(FULL_COMPLIANCE, NEITHER, NEITHER, FULL_REFUSAL));
    assertEquals(new RefusalTally(1, 0, 1, 0, 2), tally);
    assertEquals(new Rate(1, 4), tally.refusal());
    assertEquals(new Rate(1, 4), tally.compliance());
    assertEquals(new Rate(3, 4), tally.nonCompliance());
    assertEquals(new Rate(0, 4), tally.emptiness());
    assertEquals(2L, tally.toMap().get("neither"));
    assertThrows(IllegalArgumentException.class, () -> new RefusalTally(1, 0, 1, 0, -1));
    assertThrows(IllegalArgumentException.class, () -> new RefusalTally(-1, 0, 1, 0));
  }

  @Test
  void promptsAndAnswersMustMatchInNumber() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> RefusalTally.of(new StringRefusalJudge(), List.of("a"), List.of()));
    assertTrue(String.valueOf(e.getMessage()).contains("1 != 0"), e.getMessage());
  }

  @Test
  void aJudgeMayBeALambdaOrWorkInBatches() {
    RefusalJudge never = (prompt, answer) -> FULL_COMPLIANCE;
    assertEquals(
        new Rate(2, 2), RefusalTally.of(never, List.of("a", "b"), List.of("", "")).compliance());
    RefusalJudge batch =
        new RefusalJudge() {
          @Override
          public RefusalVerdict judge(String prompt, String answer) {
            throw new AssertionError("one by one");
          }

          @Override
          public List<RefusalVerdict> judgeAll(List<String> prompts, List<String> answers) {
            return List.of(FULL_REFUSAL, EMPTY);
          }
        };
    assertEquals(
        new Rate(1, 2), RefusalTally.of(batch, List.of("a", "b"), List.of("", "")).refusal());
  }

  /** arXiv 2507.04250, Llama-2-7B-chat after ACTOR: Avg C.R. 90.74, S.S. 99.03, T.S. 94.89. */
  @Test
  void tradeOffIsTheMeanOfAverageComplianceAndSafety() {
    ComplianceSummary summary =
        new ComplianceSummary(Map.of("all", new Rate(9074, 10_000)), new Rate(9903, 10_000));
    assertEquals(94.89, 100 * summary.tradeOff(), 0.005 + 1e-9);
    // Before: Avg C.R. 61.53, S.S. 99.62 = 518 of 520.
    assertEquals(99.62, 100 * new Rate(518, 520).rate(), 0.005);
  }

  @Test
  void averageComplianceWeighsSetsNotPrompts() {
    Map<String, Rate> sets = new LinkedHashMap<>();
    sets.put("small", new Rate(1, 2));
    sets.put("large", new Rate(1000, 1000));
    ComplianceSummary summary = new ComplianceSummary(sets, new Rate(1, 1));
    assertEquals(0.75, summary.averageCompliance(), 1e-15);
    assertEquals(0.875, summary.tradeOff(), 1e-15);
    sets.clear();
    assertEquals(
        List.of("small", "large"), List.copyOf(summary.compliance().keySet()), "a copy, in order");
    assertThrows(
        IllegalArgumentException.class, () -> new ComplianceSummary(Map.of(), new Rate(1, 1)));
    ComplianceSummary hollow =
        new ComplianceSummary(Map.of("none", new Rate(0, 0)), new Rate(1, 1));
    assertNull(hollow.toMap().get("trade_off"));
  }

  @Test
  void reportIsWrittenWithTheAgreedKeys() {
    BeforeAfter over = new BeforeAfter(new Rate(6, 10), new Rate(1, 10));
    BeforeAfter harmful = new BeforeAfter(new Rate(0, 1), new Rate(0, 1));
    assertEquals(-0.5, over.change(), 1e-15);
    String json = GSON.toJson(new OverRefusalReport(over, harmful, 1.5).toMap());
    assertTrue(
        json.startsWith("{\"over_refusal\":{\"before\":{\"k\":6,\"n\":10,\"rate\":0.6,\"lo\":0."),
        json);
    assertTrue(json.contains("\"harmful_refusal\":{\"before\":{\"k\":0,\"n\":1,"), json);
    assertTrue(json.endsWith("\"seconds\":1.5}"), json);
    assertThrows(
        IllegalArgumentException.class, () -> new OverRefusalReport(over, harmful, Double.NaN));
  }

  @Test
  void agreementIsCountedInThreeWays() {
    JudgeAgreement agreement =
        JudgeAgreement.of(
            List.of(FULL_COMPLIANCE, FULL_REFUSAL, FULL_REFUSAL, PARTIAL_REFUSAL, PARTIAL_REFUSAL),
            List.of(FULL_COMPLIANCE, PARTIAL_REFUSAL, EMPTY, FULL_COMPLIANCE, PARTIAL_REFUSAL));
    assertEquals(new Rate(2, 5), agreement.exact());
    assertEquals(new Rate(3, 5), agreement.refusalOrNot());
    assertEquals(new Rate(2, 3), agreement.clearCases());
    assertEquals(1, agreement.count(FULL_REFUSAL, EMPTY));
    assertEquals(new Rate(2, 4), agreement.sensitivity());
    assertEquals(new Rate(1, 1), agreement.specificity());
    assertEquals(new Rate(2, 5), agreement.refusals());
    // Observed 3/5; by chance 4/5 * 2/5 + 1/5 * 3/5 = 11/25.
    assertEquals(4 / 14.0, agreement.kappa(), 1e-15);
    assertTrue(
        GSON.toJson(agreement.toMap()).contains("\"full_refusal\":{\"full_compliance\":0,"),
        "row by row");
    assertThrows(
        IllegalArgumentException.class,
        () -> new JudgeAgreement(Map.of(EMPTY, Map.of(EMPTY, -1L))));
  }

  @Test
  void verdictsOnTheSamePromptsArePaired() {
    RefusalVerdict yes = RefusalVerdict.FULL_COMPLIANCE;
    RefusalVerdict no = RefusalVerdict.FULL_REFUSAL;
    RefusalVerdict silent = RefusalVerdict.EMPTY;
    OverRefusalReport report =
        OverRefusalReport.of(
            List.of(no, no, silent, yes),
            List.of(yes, silent, yes, yes),
            List.of(no, silent),
            List.of(no, no),
            0);
    // Silence is no help, and no refusal.
    assertEquals(new PairedProportions(1, 2, 0, 1), report.overRefusal().paired());
    assertEquals(new Rate(3, 4), report.overRefusal().before());
    assertEquals(new Rate(1, 4), report.overRefusal().after());
    assertEquals(new PairedProportions(1, 0, 1, 0), report.harmfulRefusal().paired());
    assertTrue(GSON.toJson(report.toMap()).contains("\"mcnemar_p\":0.5"));
    assertThrows(
        IllegalArgumentException.class,
        () -> new BeforeAfter(new Rate(1, 4), new Rate(1, 4), new PairedProportions(1, 2, 0, 1)));
  }
}
