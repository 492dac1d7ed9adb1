package org.alignment4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.alignment4j.PromptGuard.OnFailure;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.model.EmbeddedPrompt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PromptGuardTests {
  private static final Prompt ASKED = Prompt.user("asked");
  private static final Duration MILLI = Duration.ofMillis(1);
  private static final EmbeddedPrompt EMBEDDED =
      new EmbeddedPrompt(new int[] {-1}, new float[][] {{1}});

  private static PromptGuard allowing(double score) {
    return c -> new Verdict.Allow(score, "fine " + score, MILLI);
  }

  private static PromptGuard blocking() {
    return c -> new Verdict.Block(1, "bad", MILLI);
  }

  /** Appends to the last message. */
  private static PromptGuard appending(String text) {
    return c ->
        new Verdict.Rewrite(0.5, text, MILLI, Prompt.user(c.last().text() + " " + text), null);
  }

  /** Scores a prompt by its text. */
  private static final RefusalProbe PROBE =
      new RefusalProbe() {
        @Override
        public double[] scores(List<Prompt> prompts) {
          return prompts.stream()
              .mapToDouble(
                  p -> {
                    if (p.last().text().isEmpty()) {
                      throw new IllegalArgumentException("sequence 0 is empty");
                    }
                    return Double.parseDouble(p.last().text());
                  })
              .toArray();
        }

        @Override
        public double threshold() {
          return 0.5;
        }
      };

  @Test
  void aProbeBlocksAtItsThreshold() {
    PromptGuard guard = PromptGuard.screening(PROBE);
    List<Verdict> verdicts =
        guard.checkAll(List.of(Prompt.user("0.4"), Prompt.user("0.5"), Prompt.user("")));
    assertFalse(verdicts.get(0).blocks());
    assertEquals("score 0.500 is not below 0.500", verdicts.get(1).reason());
    assertTrue(verdicts.get(2).blocks());
    assertEquals("the model cannot read it: sequence 0 is empty", verdicts.get(2).reason());
    assertTrue(guard.check(Prompt.user("NaN")).blocks());
  }

  @Test
  void aThresholdIsCalibratedOnBenignPrompts() {
    List<Prompt> benign =
        List.of(Prompt.user("0.1"), Prompt.user("0.2"), Prompt.user("0.3"), Prompt.user("0.9"));
    List<Prompt> harmful = List.of(Prompt.user("0.6"), Prompt.user("0.8"));
    PromptGuard guard = PromptGuard.screening(PROBE, benign, harmful, 0.25);
    assertEquals(1, guard.checkAll(benign).stream().filter(Verdict::blocks).count());
    assertEquals(2, guard.checkAll(harmful).stream().filter(Verdict::blocks).count());
  }

  @Test
  void aChainEndsWithTheFirstThatBlocks() {
    PromptGuard never =
        c -> {
          throw new AssertionError("not to be asked");
        };
    assertTrue(blocking().then(never).check(ASKED).blocks());
    assertTrue(allowing(0).then(blocking()).then(never).check(ASKED).blocks());
  }

  @Test
  void aChainHandsOnWhatIsRewritten() {
    Verdict found = appending("one").then(appending("two")).check(ASKED);
    Verdict.Rewrite rewrite = assertInstanceOf(Verdict.Rewrite.class, found);
    assertEquals("asked one two", rewrite.prompt().last().text());
    assertEquals(Duration.ofMillis(2), rewrite.elapsed());
    found = appending("one").then(allowing(0)).check(ASKED);
    assertEquals("asked one", ((Verdict.Rewrite) found).prompt().last().text());
  }

  /** As a batch a chain says what it says of each alone, and the second sees no blocked one. */
  @Test
  void aChainDecidesOnManyAsOnEach() {
    PromptGuard second =
        c -> {
          assertFalse(c.last().text().equals("0.7"), "blocked before");
          return appending("two").check(c);
        };
    List<PromptGuard> chains =
        List.of(
            PromptGuard.screening(PROBE).then(second),
            appending("one").then(appending("two")),
            allowing(0.2).then(PromptGuard.screening(PROBE)));
    List<Prompt> asked = List.of(Prompt.user("0.1"), Prompt.user("0.7"), Prompt.user("0.3"));
    for (PromptGuard chain : chains) {
      List<Verdict> all = chain.checkAll(asked);
      for (int i = 0; i < asked.size(); i++) {
        assertEquals(
            chain.check(asked.get(i)).withElapsed(Duration.ZERO),
            all.get(i).withElapsed(Duration.ZERO));
      }
      assertEquals(List.of(), chain.checkAll(List.of()));
    }
  }

  @Test
  void embeddingsOfATextThatChangedAreDropped() {
    PromptGuard embedding = c -> new Verdict.Rewrite(0, "embedded", MILLI, c, EMBEDDED);
    Verdict kept = embedding.then(allowing(0)).check(ASKED);
    assertSame(EMBEDDED, ((Verdict.Rewrite) kept).embedded());
    Verdict changed = embedding.then(appending("more")).check(ASKED);
    assertNull(((Verdict.Rewrite) changed).embedded());
    Verdict behind = appending("more").then(embedding).check(ASKED);
    assertSame(EMBEDDED, ((Verdict.Rewrite) behind).embedded());
  }

  @Test
  void ofTwoThatAllowTheHigherScoreIsTold() {
    for (double[] scores :
        new double[][] {{0.1, 0.2}, {0.2, 0.1}, {Double.NaN, 0.2}, {0.2, Double.NaN}}) {
      assertEquals(0.2, allowing(scores[0]).then(allowing(scores[1])).check(ASKED).score());
    }
  }

  @Test
  void aLateOrFailingGuardIsWhatTheCallerChose() {
    PromptGuard late =
        c -> {
          try {
            Thread.sleep(60_000);
          } catch (InterruptedException e) {
            throw new CancelledException("cancelled", e);
          }
          return new Verdict.Allow(0, "late", MILLI);
        };
    PromptGuard failing =
        c -> {
          throw new IllegalStateException("said: something private");
        };
    for (OnFailure choice : OnFailure.values()) {
      for (PromptGuard guard : List.of(late, failing)) {
        Verdict verdict = guard.within(Duration.ofMillis(50), choice).check(ASKED);
        assertEquals(choice == OnFailure.BLOCK, verdict.blocks());
        assertFalse(verdict.reason().contains("private"), verdict::reason);
        assertTrue(verdict.elapsed().toMillis() < 30_000);
      }
    }
    assertThrows(IllegalArgumentException.class, () -> late.within(Duration.ZERO, OnFailure.BLOCK));
  }

  /** What a guard that others wrote may do in place of a verdict. */
  static Stream<PromptGuard> broken() {
    return Stream.of(
        c -> none(),
        c -> {
          throw new IllegalStateException("private");
        },
        c -> {
          throw new StackOverflowError("private");
        },
        c -> {
          throw new AssertionError("private");
        },
        c -> {
          throw new OutOfMemoryError("private");
        },
        c -> new Verdict.Allow(0, none(), MILLI),
        c -> new Verdict.Rewrite(0, "r", MILLI, none(), null));
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  private static <T> T none() {
    return null;
  }

  @ParameterizedTest
  @MethodSource("broken")
  void aBrokenGuardIsWhatTheCallerChoseWhereverItStands(PromptGuard broken) {
    Duration second = Duration.ofSeconds(20);
    for (OnFailure choice : OnFailure.values()) {
      boolean blocks = choice == OnFailure.BLOCK;
      List<PromptGuard> places =
          List.of(
              broken.within(second, choice),
              broken.then(allowing(0)).within(second, choice),
              allowing(0).then(broken).within(second, choice),
              allowing(0).then(broken.within(second, choice)),
              broken.within(second, choice).then(allowing(0)),
              broken.within(second, choice).within(second, OnFailure.ALLOW));
      for (PromptGuard place : places) {
        assertEquals(blocks, place.requireVerdict(ASKED).blocks());
        assertEquals(
            List.of(blocks, blocks),
            place.requireVerdicts(List.of(ASKED, ASKED)).stream().map(Verdict::blocks).toList());
        assertFalse(place.check(ASKED).reason().contains("private"));
      }
    }
    assertThrows(Throwable.class, () -> broken.requireVerdict(ASKED));
    assertThrows(Throwable.class, () -> broken.then(allowing(0)).check(ASKED));
  }

  @Test
  void aBatchWithoutAVerdictForEachIsRefused() {
    List<Prompt> asked = List.of(ASKED, ASKED);
    Verdict fine = allowing(0).check(ASKED);
    for (List<Verdict> given :
        Arrays.<List<Verdict>>asList(
            null, List.of(), List.of(fine), List.of(fine, fine, fine), Arrays.asList(fine, null))) {
      PromptGuard guard =
          new PromptGuard() {
            @Override
            public Verdict check(Prompt conversation) {
              return fine;
            }

            @Override
            public List<Verdict> checkAll(List<Prompt> conversations) {
              return given;
            }
          };
      for (PromptGuard place : List.of(guard.then(allowing(0)), allowing(0).then(guard))) {
        assertThrows(AlignmentException.class, () -> place.checkAll(asked));
        assertThrows(AlignmentException.class, () -> guard.requireVerdicts(asked));
      }
    }
  }

  /** One that ignores interrupts costs eight threads, then fails at once; until its calls end. */
  @Test
  void aHangingGuardHoldsFewThreads() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    AtomicInteger inside = new AtomicInteger();
    PromptGuard hanging =
        c -> {
          inside.incrementAndGet();
          boolean over = false;
          while (!over) {
            try {
              over = end.await(1, TimeUnit.HOURS);
            } catch (InterruptedException e) {
              // On purpose.
            }
          }
          inside.decrementAndGet();
          return new Verdict.Allow(0, "late", MILLI);
        };
    long start = System.nanoTime();
    for (int i = 0; i < 200; i++) {
      // A limit that is set anew each time is none less.
      PromptGuard timed = hanging.within(Duration.ofMillis(20), OnFailure.BLOCK);
      assertTrue(timed.check(ASKED).blocks());
    }
    assertTrue(System.nanoTime() - start < 10e9);
    assertEquals(TimedGuard.MAX_ABANDONED, inside.get());
    PromptGuard failsOpen = hanging.within(Duration.ofDays(1), OnFailure.ALLOW);
    assertEquals("earlier calls hang", failsOpen.check(ASKED).reason());
    assertFalse(allowing(0).within(Duration.ofSeconds(20), OnFailure.BLOCK).check(ASKED).blocks());
    end.countDown();
    while (inside.get() > 0) {
      Thread.sleep(1);
    }
    Verdict again = failsOpen.check(ASKED);
    while (again.reason().equals("earlier calls hang")) {
      Thread.sleep(1);
      again = failsOpen.check(ASKED);
    }
    assertEquals("late", again.reason());
  }

  @Test
  void aDeadlineMayBeAsLongAsADurationIs() {
    PromptGuard timed = allowing(0).within(Duration.ofSeconds(Long.MAX_VALUE), OnFailure.BLOCK);
    assertFalse(timed.check(ASKED).blocks());
  }

  @Test
  void aVerdictIsToldAsPlainValues() {
    assertEquals(
        Map.of(
            "guard.verdict",
            "BLOCK",
            "guard.score",
            1.0,
            "guard.reason",
            "bad",
            "guard.millis",
            1L),
        blocking().check(ASKED).asMap());
    Map<String, Object> rewrite =
        new Verdict.Rewrite(Double.NaN, "text", MILLI, Prompt.user("secret"), EMBEDDED).asMap();
    assertEquals(
        Map.of("guard.verdict", "REWRITE", "guard.reason", "text", "guard.millis", 1L), rewrite);
  }

  @Test
  void anInterruptedCallerIsCancelled() {
    PromptGuard timed = allowing(0).within(Duration.ofSeconds(5), OnFailure.ALLOW);
    Thread.currentThread().interrupt();
    assertThrows(CancelledException.class, () -> timed.check(ASKED));
    assertTrue(Thread.interrupted());
  }
}
