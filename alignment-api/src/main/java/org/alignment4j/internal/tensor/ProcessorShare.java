package org.alignment4j.internal.tensor;

import java.util.List;
import org.alignment4j.internal.host.ProcessorUse.Times;

/**
 * Decides how many threads have a processor of their own beside what else runs. Several threads of
 * which one has to wait for its processor are slower than fewer, because the others wait for it
 * after each operation. Not thread-safe.
 *
 * <p>There are fewer threads after two windows in a row in which there was no room for all, since
 * most disturbances are over after one. More threads are tried after two windows in which there was
 * room for them; each time that this proves wrong within seconds the number is doubled.
 */
final class ProcessorShare {
  /** A thread needs at least this share of a processor. */
  private static final double ENOUGH = 0.6;

  /** Threads that wait less than this, in processors, do not lack one. */
  private static final double DISTURBANCE = 0.2;

  private static final int WINDOWS = 2;
  private static final int MOST_WINDOWS = 64;

  /** Windows after which a number of threads has proved right. */
  private static final int PROVED = 20;

  private final int most;
  private final int processors;
  private int threads;
  private boolean lacking;
  private int needed = WINDOWS;
  private int agreeing;
  private int roomFor;
  private int sinceMore = PROVED;

  /**
   * @param most number of threads beside nothing else
   * @param processors that this process may use
   */
  ProcessorShare(int most, int processors) {
    this.most = most;
    this.processors = processors;
    this.threads = most;
  }

  /**
   * What was observed for a while, in nanoseconds.
   *
   * @param wall length of the observation
   * @param busy time within it in which the engine computed, above 0
   * @param threads mean number of threads that it computed on
   * @param idle time that processors were idle, summed over them
   * @param times of this process's threads
   */
  record Window(long wall, long busy, double threads, long idle, List<Times> times) {}

  /** Number of processors that the engine could have had while it computed. */
  private double room(Window w) {
    double ran = 0;
    double waited = 0;
    for (Times t : w.times) {
      if (t.ran() + t.waited() >= w.busy / 2) { // ready most of the time, as its threads are
        ran += t.ran();
        waited += t.waited();
      }
    }
    // If T threads share P processors, each runs for P / T of the time.
    double tooMany = waited < DISTURBANCE * w.busy ? 0 : processors * waited / Math.max(1, ran);
    // Processors that the engine left idle when it did not compute are not spare.
    double share = Math.min(1, (double) w.busy / w.wall);
    double spare = ((double) w.idle / w.wall - (1 - share) * w.threads) / share;
    return w.threads - tooMany + Math.max(0, spare);
  }

  /** Whether other threads use processors that the engine would need. */
  boolean crowded() {
    return lacking || threads < most;
  }

  /** Returns the number of threads to compute on from now on, at least 1. */
  int next(Window window) {
    int room = (int) Math.floor(room(window) + 1 - ENOUGH);
    room = Math.max(1, Math.min(most, room));
    sinceMore++;
    boolean again = lacking;
    lacking = room < threads;
    if (lacking && again) {
      needed = sinceMore <= PROVED ? Math.min(MOST_WINDOWS, 2 * needed) : WINDOWS;
      threads = room;
      lacking = false;
    }
    if (room <= threads) {
      agreeing = 0;
    } else {
      roomFor = agreeing == 0 ? room : Math.min(room, roomFor);
      if (++agreeing >= needed) {
        threads = roomFor;
        agreeing = 0;
        sinceMore = 0;
      }
    }
    return threads;
  }
}
