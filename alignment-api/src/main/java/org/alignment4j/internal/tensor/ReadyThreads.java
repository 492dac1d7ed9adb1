package org.alignment4j.internal.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.internal.host.ProcessorUse;
import org.alignment4j.internal.host.ProcessorUse.Times;

/**
 * The times of the threads that are ready to run most of the time, the engine's among them. Reading
 * those of all threads takes long, so it is done in two windows of ten. Not thread-safe.
 */
final class ReadyThreads {
  private static final int ROUND = 10;

  private final ProcessorUse use;
  private final Set<String> ready = new HashSet<>();
  private Map<String, Times> before;
  private boolean beforeAll = true;
  private int window;

  ReadyThreads(ProcessorUse use) {
    this.use = use;
    this.before = use.threads();
  }

  /**
   * The times since the last call.
   *
   * @param busy nanoseconds in which the engine computed
   */
  List<Times> since(long busy) {
    boolean all = window++ % ROUND < 2;
    Map<String, Times> now = all ? use.threads() : use.threads(ready);
    Map<String, Times> since = new HashMap<>();
    now.forEach(
        (thread, times) -> {
          Times old = before.get(thread);
          if (old != null) {
            since.put(thread, times.since(old));
          } else if (all && beforeAll) {
            since.put(thread, times); // started meanwhile
          }
        });
    before = now;
    beforeAll = all;
    if (all) {
      ready.clear();
      since.forEach(
          (thread, times) -> {
            if (times.ran() + times.waited() >= busy / 4) {
              ready.add(thread);
            }
          });
    }
    return new ArrayList<>(since.values());
  }
}
