package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.alignment4j.internal.host.ProcessorUse.Times;
import org.alignment4j.internal.tensor.ProcessorShare.Window;
import org.junit.jupiter.api.Test;

class ProcessorShareTests {
  private static final long WALL = 100_000_000;

  /** Threads of the engine and of others, always ready, share processors fairly. */
  private static Window fair(int processors, int threads, int others, double busyShare) {
    int all = threads + others;
    double runs = Math.min(1, (double) processors / all);
    long busy = (long) (WALL * busyShare);
    List<Times> times = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      times.add(new Times((long) (busy * runs), (long) (busy * (1 - runs))));
    }
    times.add(new Times(WALL / 200, WALL / 100)); // one that is hardly ever ready
    double idle =
        Math.max(0, processors - all) * busyShare
            + Math.max(0, processors - others) * (1 - busyShare);
    return new Window(WALL, busy, threads, (long) (idle * WALL), times);
  }

  private static int settled(
      ProcessorShare share, int processors, int threads, int others, double busyShare) {
    int now = threads;
    for (int i = 0; i < 200; i++) {
      now = share.next(fair(processors, now, others, busyShare));
    }
    return now;
  }

  @Property
  void oneThreadForEachProcessorThatOthersLeave(
      @ForAll @IntRange(min = 2, max = 12) int processors,
      @ForAll @IntRange(max = 14) int others,
      @ForAll @DoubleRange(min = 0.5, max = 1) double busyShare) {
    ProcessorShare share = new ProcessorShare(processors, processors);
    int expected = Math.max(1, processors - others);
    assertEquals(expected, settled(share, processors, processors, others, busyShare));
    assertEquals(others > 0, share.crowded());
    assertEquals(processors, settled(share, processors, expected, 0, busyShare));
    assertFalse(share.crowded());
  }

  @Test
  void aSingleDisturbanceDoesNotChangeTheThreads() {
    ProcessorShare share = new ProcessorShare(2, 2);
    assertEquals(2, share.next(fair(2, 2, 2, 1)));
    assertTrue(share.crowded());
    assertEquals(2, share.next(fair(2, 2, 0, 1)));
    assertFalse(share.crowded());
    assertEquals(2, share.next(fair(2, 2, 2, 1)));
    assertEquals(1, share.next(fair(2, 2, 2, 1)));
  }

  /** One other thread that pauses whenever the engine takes its processor. */
  @Test
  void triesThatProveWrongBecomeRare() {
    ProcessorShare share = new ProcessorShare(2, 2);
    int now = 2;
    int windowsOnTwo = 0;
    for (int i = 0; i < 400; i++) {
      now = share.next(fair(2, now, now == 2 ? 1 : 0, 1));
      windowsOnTwo += now - 1;
    }
    assertTrue(windowsOnTwo < 40, windowsOnTwo + " windows");
  }

  @Test
  void threadsThatAreSeldomReadyAreNotTheEngines() {
    ProcessorShare share = new ProcessorShare(2, 2);
    List<Times> times =
        List.of(new Times(WALL, 0), new Times(WALL, 0), new Times(WALL / 100, WALL / 3));
    for (int i = 0; i < 10; i++) {
      assertEquals(2, share.next(new Window(WALL, WALL, 2, 0, times)));
    }
  }
}
