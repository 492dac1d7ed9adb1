package org.alignment4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.evaluation.PreferenceReport.AnswerScore;
import org.alignment4j.evaluation.PreferenceReport.Omission;
import org.alignment4j.evaluation.PreferenceReport.PairScore;
import org.alignment4j.evaluation.PreferenceReport.Reason;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Completion.Finish;
import org.junit.jupiter.api.Test;

/** Figures of hand-made scores. */
class PreferenceReportTests {
  private static final Bootstrap BOOTSTRAP = new Bootstrap(500, 0.95, 3);

  /** A chosen response of two tokens, a rejected one of four. */
  private static PairScore pair(int i, int prompt, double chosen, double rejected) {
    return new PairScore("p" + i, prompt, chosen, rejected, 2, 4, 0.1 * i);
  }

  private static PreferenceReport report(PairScore... pairs) {
    return new PreferenceReport(List.of(pairs), List.of(), List.of(), BOOTSTRAP);
  }

  private static AnswerScore answer(Finish finish, int... ids) {
    return AnswerVariety.of("a", new Completion(ids, "", finish, new float[0]));
  }

  @Test
  void meanAndSumDecideByThemselvesAndTiesCountHalf() {
    PreferenceReport report =
        report(
            pair(0, 0, -2, -2), // means -1 and -0.5; a tie of sums
            pair(1, 1, -2, -4), // a tie of means; the sum is for the chosen one
            pair(2, 2, -1, -4), // both
            pair(3, 3, -9, -8)); // neither
    assertEquals((0 + 0.5 + 1 + 0) / 4, report.accuracy().estimate(), 1e-15);
    assertEquals((0.5 + 1 + 1 + 0) / 4, report.accuracyBySum().estimate(), 1e-15);
    assertEquals((-0.5 + 0 + 0.5 - 2.5) / 4, report.margin().estimate(), 1e-15);
    assertEquals((0.1 + 0.2 + 0.3) / 4, report.divergence().estimate(), 1e-15);
    assertEquals(BOOTSTRAP.mean(new double[] {0, 0.5, 1, 0}), report.accuracy());
  }

  @Test
  void methodsAreComparedPairByPair() {
    PairScore right = pair(0, 0, -1, -8);
    PairScore tie = pair(0, 0, -2, -4);
    PairScore wrong = pair(0, 0, -8, -1);
    PairScore[] a = new PairScore[40];
    PairScore[] b = new PairScore[40];
    double[] correctA = new double[40];
    double[] correctB = new double[40];
    for (int i = 0; i < a.length; i++) {
      // Most prompts are easy or hard for both, which would widen an interval of each on its own.
      PairScore first = i % 2 == 0 ? right : i % 8 == 1 ? tie : wrong;
      PairScore second = i % 2 == 0 ? right : wrong;
      a[i] = numbered(first, i);
      b[i] = numbered(second, i);
      correctA[i] = first.correct();
      correctB[i] = second.correct();
    }
    Interval found = PreferenceReport.compare(report(a), report(b));
    assertEquals(0.125 * 0.5, found.estimate(), 1e-12);
    assertEquals(BOOTSTRAP.pairedDifference(correctA, correctB), found);
    assertTrue(found.hi() < 0.2 && found.lo() > 0, "narrow");
    assertEquals(
        -found.estimate(), PreferenceReport.compare(report(b), report(a)).estimate(), 1e-15);
    assertEquals(new Interval(0, 0, 0), PreferenceReport.compare(report(a), report(a)));
  }

  @Test
  void marginsAreComparedPairByPair() {
    // Means of chosen less of rejected: a has 1 and -1, b has 0.5 and 1; all sums are by hand.
    PreferenceReport a = report(pair(0, 0, -2, -8), pair(1, 1, -4, -4));
    PreferenceReport b = report(pair(0, 0, -3, -8), pair(1, 1, -2, -8));
    Interval found = PreferenceReport.compareMargins(a, b);
    assertEquals((0.5 - 2) / 2, found.estimate(), 1e-12);
    assertEquals(-2, found.lo(), 1e-12);
    assertEquals(0.5, found.hi(), 1e-12);
    assertEquals(-0.5, PreferenceReport.compare(a, b).estimate(), 1e-12);
  }

  @Test
  void runsAreAveragedPairByPairBeforePromptsAreResampled() {
    // Two pairs, two runs. Margins of a: 1, -1 and 2, 0; of b: 0, 0 and 0, 1.
    PreferenceReport a1 = report(pair(0, 0, -2, -8), pair(1, 1, -4, -4));
    PreferenceReport a2 = report(pair(0, 0, -2, -12), pair(1, 1, -2, -4));
    PreferenceReport b1 = report(pair(0, 0, -2, -4), pair(1, 1, -2, -4));
    PreferenceReport b2 = report(pair(0, 0, -2, -4), pair(1, 1, -2, -8));
    Interval margins =
        PreferenceReport.compare(List.of(a1, a2), List.of(b1, b2), PairScore::margin);
    double[] differences = {((1 - 0) + (2 - 0)) / 2.0, ((-1 - 0) + (0 - 1)) / 2.0};
    assertEquals(BOOTSTRAP.mean(differences), margins);
    assertEquals(0.25, margins.estimate(), 1e-12);
    Interval accuracy =
        PreferenceReport.compare(List.of(a1, a2), List.of(b1, b2), PairScore::correct);
    // Correct are a: 1, 0 and 1, 0.5; b: 0.5, 0.5 and 0.5, 1.
    assertEquals(((0.5 + 0.5) / 2 + (-0.5 - 0.5) / 2) / 2, accuracy.estimate(), 1e-12);
    assertEquals(
        PreferenceReport.compare(a1, b1),
        PreferenceReport.compare(List.of(a1), List.of(b1), PairScore::correct));
    for (List<PreferenceReport> other :
        List.of(List.of(b1), List.of(b1, report(pair(0, 0, -1, -8), pair(7, 1, -1, -8))))) {
      assertThrows(
          IllegalArgumentException.class,
          () -> PreferenceReport.compare(List.of(a1, a2), other, PairScore::correct));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> PreferenceReport.compare(List.of(), List.of(), PairScore::correct));
  }

  private static PairScore numbered(PairScore p, int i) {
    return pair(i, i, p.chosen(), p.rejected());
  }

  @Test
  void onlyTheSamePairsAreCompared() {
    PreferenceReport two = report(pair(0, 0, -1, -8), pair(1, 1, -1, -8));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> PreferenceReport.compare(two, report(pair(0, 0, -1, -8), pair(7, 1, -1, -8))));
    assertTrue(String.valueOf(e.getMessage()).contains("p7"), e.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> PreferenceReport.compare(two, report(pair(0, 0, -1, -8))));
  }

  @Test
  void pairsOfOnePromptAreDrawnTogether() {
    PairScore[] many = new PairScore[60];
    PairScore[] one = new PairScore[60];
    for (int i = 0; i < many.length; i++) {
      double chosen = i % 3 == 0 ? -8 : -1;
      many[i] = pair(i, i / 3, chosen, -8);
      one[i] = pair(i, 5, chosen, -8);
    }
    // Each prompt has one wrong pair of three: the prompts do not differ at all.
    Interval same = report(many).accuracy();
    assertEquals(2.0 / 3, same.lo(), 1e-12);
    assertEquals(2.0 / 3, same.hi(), 1e-12);
    assertEquals(2.0 / 3, report(one).accuracy().estimate(), 1e-12);
    // Unequal prompts weigh by their pairs.
    PairScore wrong = pair(9, 8, -8, -1);
    List<PairScore> uneven = new ArrayList<>(Arrays.asList(one).subList(1, 3));
    uneven.add(wrong);
    assertEquals(2.0 / 3, report(uneven.toArray(PairScore[]::new)).accuracy().estimate(), 1e-12);
  }

  @Test
  void repetitionAndVarietyAreCountedInTokens() {
    AnswerScore turning = answer(Finish.LENGTH, 1, 2, 1, 2, 1, 2);
    assertEquals(new AnswerScore("a", 6, true, 1 - 2.0 / 3, 2.0 / 6, 2.0 / 5), turning);
    AnswerScore various = answer(Finish.END_OF_TURN, 5, 6, 7, 8);
    assertEquals(new AnswerScore("a", 4, false, 0, 1, 1), various);
    // As many different 4-grams as there are, though two of them begin alike.
    AnswerScore alike = answer(Finish.STOP, 1, 1, 2, 1, 1, 3);
    assertEquals(new AnswerScore("a", 6, false, 0, 3.0 / 6, 4.0 / 5), alike);
    AnswerScore one = answer(Finish.STOP, 5);
    assertEquals(new AnswerScore("a", 1, false, Double.NaN, 1, Double.NaN), one);
    AnswerScore none = answer(Finish.END_OF_TURN);
    PreferenceReport report =
        new PreferenceReport(List.of(), List.of(turning, various, one, none), List.of(), BOOTSTRAP);
    assertEquals(11.0 / 4, report.length().estimate(), 1e-12);
    assertEquals(new Rate(1, 4), report.atLimit());
    assertEquals(1.0 / 6, report.repetition().estimate(), 1e-12);
    assertEquals((2.0 / 6 + 1 + 1) / 3, report.distinct1().estimate(), 1e-12);
    assertEquals((2.0 / 5 + 1) / 2, report.distinct2().estimate(), 1e-12);
  }

  @Test
  void isWrittenWithNullWhereThereIsNothing() {
    PreferenceReport empty =
        new PreferenceReport(
            List.of(),
            List.of(),
            List.of(new Omission("x", Reason.TOO_LONG), new Omission("y", Reason.TOO_LONG)),
            BOOTSTRAP);
    assertTrue(Double.isNaN(empty.accuracy().estimate()));
    String json = new Gson().newBuilder().serializeNulls().create().toJson(empty.toMap());
    assertTrue(json.contains("\"accuracy\":{\"mean\":null,\"lo\":null,\"hi\":null}"), json);
    assertTrue(
        json.contains(
            "\"omitted\":{\"empty_response\":[],\"too_long\":[\"x\",\"y\"],"
                + "\"no_room_for_answer\":[]}"),
        json);
    PreferenceReport full =
        new PreferenceReport(
            IntStream.range(0, 3).mapToObj(i -> pair(i, i, -1, -8)).toList(),
            List.of(answer(Finish.STOP, 5)),
            List.of(),
            BOOTSTRAP);
    String text = new Gson().newBuilder().serializeNulls().create().toJson(full.toMap());
    assertTrue(
        text.startsWith(
            "{\"n_pairs\":3,\"n_answers\":1,\"accuracy\":{\"mean\":1.0,\"lo\":1.0,\"hi\":1.0},"),
        text);
    assertTrue(text.contains("{\"id\":\"p2\",\"prompt\":2,\"chosen\":-1.0,"), text);
    assertTrue(text.contains("\"tokens\":1,\"at_limit\":false,\"repetition\":null,"), text);
  }

  @Test
  void scoresThatAreNoNumbersAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> pair(0, 0, Double.NaN, -1));
    assertThrows(IllegalArgumentException.class, () -> new PairScore("p", 0, -1, -1, 0, 4, 0));
  }
}
