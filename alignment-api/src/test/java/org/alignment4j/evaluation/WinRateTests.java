package org.alignment4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.WinRate.Comparison;
import org.alignment4j.evaluation.WinRate.Outcome;
import org.alignment4j.evaluation.WinRate.PairwiseJudge;
import org.junit.jupiter.api.Test;

/** Counting, with judges that follow a script. */
class WinRateTests {
  private static final Bootstrap BOOTSTRAP = new Bootstrap(300, 0.95, 5);

  /** Prefers the longer answer by their difference, but for what a place is worth to it. */
  private static PairwiseJudge byLength(double firstPlace) {
    return (prompt, first, second) ->
        OptionalDouble.of(first.length() - second.length() + firstPlace);
  }

  private static WinRate judged(PairwiseJudge judge, List<String> own, List<String> others) {
    List<Prompt> prompts =
        IntStream.range(0, own.size()).mapToObj(i -> Prompt.user("question " + i)).toList();
    return WinRate.of(judge, prompts, own, others, BOOTSTRAP, ProgressListener.NONE);
  }

  @Test
  void anAnswerWinsThatIsPreferredInBothOrders() {
    // Own longer by 3, equal, longer by 1, shorter by 3; the place is worth 2.
    WinRate found =
        judged(byLength(2), List.of("aaaa", "aa", "aaa", "a"), List.of("b", "bb", "bb", "bbbb"));
    assertEquals(
        List.of(
            new Comparison(0, 5, 1),
            new Comparison(1, 2, -2),
            new Comparison(2, 3, -1),
            new Comparison(3, -1, -5)),
        found.comparisons());
    assertEquals(
        List.of(Outcome.WIN, Outcome.TIE, Outcome.TIE, Outcome.LOSS),
        found.comparisons().stream().map(Comparison::outcome).toList());
    assertEquals(new Rate(1, 4), found.wins());
    assertEquals(new Rate(2, 4), found.ties());
    assertEquals(new Rate(1, 4), found.losses());
    assertEquals(BOOTSTRAP.mean(new double[] {1, 0.5, 0.5, 0}), found.winRate());
    // The place cancels: what is left is the difference of lengths.
    assertEquals(BOOTSTRAP.mean(new double[] {3, 0, 1, -3}), found.logOdds());
    // Shown first and preferred: 0 both ways? own first: 5, 2, 3 of the four; others first: 2, 1.
    assertEquals(new Rate(3 + 3, 8), found.firstPreferred());
  }

  @Test
  void aJudgeWhoOnlySeesThePlaceFindsNothing() {
    List<String> own = new ArrayList<>();
    List<String> others = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      own.add("a".repeat(1 + i % 3));
      others.add("b".repeat(1 + i % 2));
    }
    for (double place : new double[] {9, -9}) {
      WinRate found = judged(byLength(place), own, others);
      assertEquals(new Rate(20, 20), found.ties());
      assertEquals(new Bootstrap.Interval(0.5, 0.5, 0.5), found.winRate());
      assertEquals(new Rate(place > 0 ? 40 : 0, 40), found.firstPreferred());
    }
    WinRate undecided = judged((p, a, b) -> OptionalDouble.of(0), own, others);
    assertEquals(new Rate(20, 20), undecided.ties());
    assertEquals(new Rate(0, 0), undecided.firstPreferred());
  }

  @Test
  void exchangingTheModelsExchangesWinsAndLosses() {
    List<String> own = List.of("aaa", "a", "aaaaaa");
    List<String> others = List.of("b", "bbb", "b");
    WinRate one = judged(byLength(0.5), own, others);
    WinRate other = judged(byLength(0.5), others, own);
    assertEquals(one.wins(), other.losses());
    assertEquals(one.losses(), other.wins());
    assertEquals(1, one.winRate().estimate() + other.winRate().estimate(), 1e-12);
    assertEquals(0, one.logOdds().estimate() + other.logOdds().estimate(), 1e-12);
  }

  @Test
  void manyPairsAreJudgedInPartsInOrder() {
    List<Prompt> prompts = new ArrayList<>();
    List<String> own = new ArrayList<>();
    List<String> others = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      prompts.add(Prompt.user("q" + i));
      own.add("a".repeat(i));
      others.add("b".repeat(39 - i));
    }
    List<Long> done = new ArrayList<>();
    WinRate found =
        WinRate.of(byLength(0.5), prompts, own, others, BOOTSTRAP, p -> done.add(p.done()));
    assertEquals(List.of(16L, 32L, 40L), done);
    for (Comparison c : found.comparisons()) {
      double first =
          byLength(0.5)
              .prefers(prompts.get(0), own.get(c.prompt()), others.get(c.prompt()))
              .getAsDouble();
      assertEquals(first, c.shownFirst(), 0, "prompt " + c.prompt());
    }
    assertEquals(40, found.comparisons().size());
  }

  @Test
  void whatTheJudgeCannotReadInOneOrderIsListedAndNotCounted() {
    PairwiseJudge shortSighted =
        (prompt, first, second) ->
            first.length() > 3 ? OptionalDouble.empty() : OptionalDouble.of(1);
    List<String> told = new ArrayList<>();
    List<Prompt> prompts = List.of(Prompt.user("x"), Prompt.user("y"), Prompt.user("z"));
    WinRate found =
        WinRate.of(
            shortSighted,
            prompts,
            List.of("aaaa", "a", "a"),
            List.of("b", "bbbb", "b"),
            BOOTSTRAP,
            p -> told.add(p.task() + " " + p.done() + "/" + p.total()));
    assertEquals(List.of(0, 1), found.unjudged());
    assertEquals(List.of(new Comparison(2, 1, -1)), found.comparisons());
    assertEquals(List.of("judge answers 3/3"), told, "16 at a time");
    assertFalse(found.toString().contains("aaaa"));
    WinRate none =
        WinRate.of(
            (p, a, b) -> OptionalDouble.empty(),
            prompts.subList(0, 1),
            List.of("a"),
            List.of("b"),
            BOOTSTRAP,
            ProgressListener.NONE);
    assertTrue(Double.isNaN(none.winRate().estimate()));
    assertNull(
        ((Map<?, ?>) java.util.Objects.requireNonNull(none.toMap().get("win_rate"))).get("mean"));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            WinRate.of(
                shortSighted,
                prompts,
                List.of("a"),
                List.of("b"),
                BOOTSTRAP,
                ProgressListener.NONE));
    assertThrows(IllegalArgumentException.class, () -> new Comparison(0, Double.NaN, 1));
  }
}
