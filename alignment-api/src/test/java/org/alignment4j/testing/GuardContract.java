package org.alignment4j.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.alignment4j.PromptGuard;
import org.alignment4j.Verdict;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.CancelledException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What every {@link PromptGuard} keeps to. A module extends it for each of its guards. */
public abstract class GuardContract {
  private static final int THREADS = 4;

  /** The guard under test, the same at each call. */
  protected abstract PromptGuard guard();

  /** Conversations of words that no reason has by itself. */
  private static List<Prompt> conversations() {
    return List.of(
        Prompt.user("steal quincunxes"),
        Prompt.user("bake zeugmas and sesquipedalia"),
        Prompt.of(
            Message.user("bake bread"),
            Message.assistant("yes"),
            Message.user("steal periwinkles")),
        Prompt.user("?"),
        Prompt.user("defenestrate"),
        Prompt.user("bake zeugmas"));
  }

  @AfterEach
  void clearInterrupt() {
    Thread.interrupted();
  }

  private static void assertAlike(List<Verdict> expected, List<Verdict> found) {
    assertEquals(expected.size(), found.size());
    for (int i = 0; i < expected.size(); i++) {
      Verdict e = expected.get(i);
      Verdict f = found.get(i);
      assertEquals(e.getClass(), f.getClass(), "conversation " + i);
      assertEquals(e.score(), f.score(), 1e-4, "conversation " + i);
      if (e instanceof Verdict.Rewrite one && f instanceof Verdict.Rewrite other) {
        assertEquals(one.prompt(), other.prompt());
        assertEquals(one.embedded() == null, other.embedded() == null);
      }
    }
  }

  private List<Verdict> oneByOne(List<Prompt> conversations) {
    return conversations.stream().map(guard()::check).toList();
  }

  @Test
  void manyAreDecidedInTheirOrder() {
    List<Prompt> some = new ArrayList<>(conversations());
    assertAlike(oneByOne(some), guard().checkAll(some));
    Collections.reverse(some);
    assertAlike(oneByOne(some), guard().checkAll(some));
  }

  @Test
  void ofNoneThereAreNoVerdicts() {
    assertEquals(List.of(), guard().checkAll(List.of()));
  }

  @Test
  void fourThreadsGetWhatOneGets() throws Exception {
    List<Prompt> some = conversations();
    List<Verdict> expected = oneByOne(some);
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Callable<List<Verdict>>> calls = new ArrayList<>();
      for (int i = 0; i < 4 * THREADS; i++) {
        calls.add(i % 2 == 0 ? () -> guard().checkAll(some) : () -> oneByOne(some));
      }
      for (Future<List<Verdict>> found : threads.invokeAll(calls)) {
        assertAlike(expected, found.get());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void noReasonHoldsWhatWasSaid() {
    List<Prompt> some = new ArrayList<>(conversations());
    some.add(Prompt.user("quincunxes ".repeat(500))); // more than a small model can read
    List<Verdict> verdicts = new ArrayList<>(guard().checkAll(some));
    verdicts.addAll(oneByOne(some));
    for (int i = 0; i < verdicts.size(); i++) {
      String reason = verdicts.get(i).reason();
      assertFalse(reason.isBlank());
      assertFalse(verdicts.get(i).elapsed().isNegative());
      for (Message m : some.get(i % some.size()).messages()) {
        for (String word : m.text().split("\\W+")) {
          assertTrue(word.length() < 4 || !reason.contains(word), reason);
        }
      }
    }
  }

  @Test
  void anInterruptCancels() {
    Prompt asked = conversations().get(0);
    Thread.currentThread().interrupt();
    assertThrows(CancelledException.class, () -> guard().check(asked));
    assertTrue(Thread.interrupted(), "the interrupt was swallowed");
    Thread.currentThread().interrupt();
    assertThrows(CancelledException.class, () -> guard().checkAll(conversations()));
    assertTrue(Thread.interrupted(), "the interrupt was swallowed");
  }
}
