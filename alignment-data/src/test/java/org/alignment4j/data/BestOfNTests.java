package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Preferences.BestOfN;
import org.alignment4j.data.Preferences.BestOfN.Ranked;
import org.alignment4j.data.Preferences.BestOfN.Result;
import org.alignment4j.evaluation.WinRate.PairwiseJudge;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.testing.RandomChatModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BestOfNTests {
  /** Prefers the response that is longer, and by 2 nats what is shown first. */
  private static final PairwiseJudge LONGER =
      (prompt, a, b) -> OptionalDouble.of(10 * (size(a) - size(b)) + 2);

  @TempDir static Path folder;
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(RandomChatModel.write(folder, List.of("one", "two")));
  }

  @AfterAll
  static void free() {
    model.close();
  }

  private static long size(String text) {
    return text.length();
  }

  private static List<Prompt> prompts(int n) {
    return IntStream.range(0, n).mapToObj(i -> Prompt.user("one two " + "one ".repeat(i))).toList();
  }

  private static Generation sampled(int tokens) {
    return Generation.builder(tokens).temperature(1).seed(7).build();
  }

  private static Result pairs(BestOfN best, PairwiseJudge judge, List<Prompt> prompts) {
    return best.pairs(model, judge, prompts, ProgressListener.NONE);
  }

  @Test
  void theBestAndTheWorstOfTheResponsesAreThoseOfTheSamples() {
    BestOfN best = new BestOfN(5, sampled(6), 0, true);
    List<Prompt> prompts = prompts(9);
    Result found = pairs(best, LONGER, prompts);
    assertEquals(9, found.pairs().size() + found.omitted().size());
    assertTrue(found.pairs().size() >= 5, () -> "" + found);
    for (Ranked r : found.pairs()) {
      List<String> own = new ArrayList<>();
      for (int k = 0; k < 5; k++) {
        Generation one =
            best.generation().toBuilder()
                .seeds(List.of(best.generation().seedOf(5 * r.prompt() + k)))
                .build();
        own.add(model.generate(List.of(prompts.get(r.prompt())), one).get(0).text().strip());
      }
      assertEquals(prompts.get(r.prompt()), r.pair().prompt());
      assertTrue(own.contains(r.pair().chosen()) && own.contains(r.pair().rejected()));
      List<Long> counts = own.stream().filter(t -> !t.isEmpty()).map(BestOfNTests::size).toList();
      assertEquals(counts.stream().max(Long::compare).orElseThrow(), size(r.pair().chosen()));
      assertEquals(counts.stream().min(Long::compare).orElseThrow(), size(r.pair().rejected()));
    }
    assertEquals(found, pairs(best, LONGER, prompts));
    Generation other = sampled(6).toBuilder().seed(8).build();
    assertNotEquals(found, pairs(new BestOfN(5, other, 0, true), LONGER, prompts));
  }

  @Test
  void twoResponsesDifferByTheMeanOfBothOrders() {
    Result found = pairs(new BestOfN(2, sampled(6), 0, true), LONGER, prompts(9));
    assertFalse(found.pairs().isEmpty());
    for (Ranked r : found.pairs()) {
      double apart = 10.0 * (size(r.pair().chosen()) - size(r.pair().rejected()));
      // Each of the two scores is the mean over both orders, in which the position cancels.
      assertEquals(2 * apart, r.margin(), 1e-9);
    }
    Result fewer = pairs(new BestOfN(2, sampled(6), 25, true), LONGER, prompts(9));
    assertTrue(fewer.pairs().stream().allMatch(r -> r.margin() >= 25));
    assertTrue(fewer.pairs().size() <= found.pairs().size());
  }

  @Test
  void aJudgeThatGoesByThePositionYieldsNoPair() {
    Result found =
        pairs(new BestOfN(3, sampled(6), 0, true), (p, a, b) -> OptionalDouble.of(1), prompts(4));
    assertEquals(List.of(), found.pairs());
    assertEquals(List.of(0, 1, 2, 3), found.omitted().stream().map(o -> o.prompt()).toList());
    // Of a judge that goes mostly by it the mean of both orders is left.
    PairwiseJudge mostly = (p, a, b) -> OptionalDouble.of(size(a) - size(b) + 1000);
    assertEquals(List.of(), pairs(new BestOfN(3, sampled(6), 0, true), mostly, prompts(4)).pairs());
    Result mean = pairs(new BestOfN(3, sampled(6), 0, false), mostly, prompts(4));
    assertFalse(mean.pairs().isEmpty());
    mean.pairs().forEach(r -> assertTrue(size(r.pair().chosen()) > size(r.pair().rejected())));
  }

  @Test
  void whatCannotBePairedIsNamed() {
    BestOfN best = new BestOfN(2, sampled(6), 0, true);
    Result unread = pairs(best, (p, a, b) -> OptionalDouble.empty(), prompts(3));
    assertTrue(
        unread.omitted().stream().anyMatch(o -> o.reason().contains("cannot read")),
        () -> "" + unread);
    Prompt longer = Prompt.user("one ".repeat(5000));
    Result room = pairs(best, LONGER, List.of(longer, prompts(1).get(0)));
    assertEquals(0, room.omitted().get(0).prompt());
    assertTrue(room.omitted().get(0).reason().contains("leave no room for 6"), () -> "" + room);
    assertThrows(IllegalArgumentException.class, () -> pairs(best, LONGER, List.of()));
    assertThrows(IllegalArgumentException.class, () -> new BestOfN(1, sampled(6), 0, true));
    assertThrows(
        IllegalArgumentException.class, () -> new BestOfN(2, Generation.greedy(6), 0, true));
    assertThrows(IllegalArgumentException.class, () -> new BestOfN(2, sampled(6), -1, true));
  }
}
