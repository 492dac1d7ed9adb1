package org.alignment4j.examples.cli.overrefusal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.Prompt;
import org.alignment4j.examples.report.OverRefusalFigures;
import org.alignment4j.safety.Attack;
import org.junit.jupiter.api.Test;

/** Figures of made-up runs. */
class StudyFiguresTests {
  private static final List<Prompt> TEN =
      java.util.stream.IntStream.range(0, 10).mapToObj(i -> Prompt.user("q" + i)).toList();
  private static final StudyMeasure MEASURE =
      new StudyMeasure(
          Map.of(StudySets.SAFE, TEN),
          Map.of(StudySets.UNSAFE, TEN),
          TEN,
          List.of(Attack.LEETSPEAK),
          TEN.subList(0, 2),
          8);

  private static StudyRun run(
      String method, long seed, String safe, String unsafe, String attacked, double kl) {
    Map<String, String> verdicts = new LinkedHashMap<>();
    verdicts.put(StudySets.SAFE, safe);
    verdicts.put(StudySets.UNSAFE, unsafe);
    verdicts.put(StudyMeasure.under(Attack.LEETSPEAK), attacked);
    return new StudyRun(
        1, method, seed, "", 1, null, "", verdicts, List.of("Yes, so.", "No, not so."), kl, 2);
  }

  private static OverRefusalFigures figures(StudyRun... runs) {
    return new StudyFigures(MEASURE, List.of(runs)).of("m", Map.of()).methods().get(1);
  }

  private static final StudyRun START =
      run(StudyRun.START, 0, "rrrrraaaaa", "rrrrrrrrrr", "rrrrrrrrrr", Double.NaN);

  @Test
  void aMethodIsReleasedIfNothingIsLost() {
    OverRefusalFigures good =
        figures(START, run("good", 1, "raaaaaaaaa", "rrrrrrrrra", "rrrrrrrrrr", 0.1));
    assertEquals(1, good.released());
    assertEquals("", good.boundBy());
  }

  @Test
  void whatBreaksUnderAttackOnlyIsNotReleased() {
    StudyRun fine = run("m", 1, "raaaaaaaaa", "rrrrrrrrrr", "rrrrrrrrrr", 0.1);
    StudyRun broken = run("m", 2, "raaaaaaaaa", "rrrrrrrrrr", "rrrrrrrraa", 0.1);
    OverRefusalFigures both = figures(START, fine, broken);
    assertEquals(2, both.seeds());
    assertEquals(1, both.released());
    assertEquals("harmful refused under LEETSPEAK", both.boundBy());
  }

  @Test
  void whatHelpsNobodyOrDriftsIsNotReleased() {
    assertEquals(
        "safe prompts not answered",
        figures(START, run("m", 1, "rrrrreaaaa", "rrrrrrrrrr", "rrrrrrrrrr", 0.1)).boundBy(),
        "an empty answer helps nobody");
    assertEquals(
        "divergence on benign answers",
        figures(START, run("m", 1, "raaaaaaaaa", "rrrrrrrrrr", "rrrrrrrrrr", 0.6)).boundBy());
  }
}
