package org.alignment4j.data.synthesis;

import java.util.Map;
import java.util.TreeMap;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.synthesis.ModelUsage;

/**
 * Reports the progress of a run to a listener, at most four times a second except for the first and
 * last report.
 */
final class RunProgress {
  private static final long EVERY_NANOS = 250_000_000L;

  private final ProgressListener listener;
  private final RequestLedger requests;
  private final long total;
  private final long start = System.nanoTime();
  private long last = start - EVERY_NANOS;
  private long texts;
  private long items;

  /**
   * @param total the number of texts, 0 if unknown
   */
  RunProgress(ProgressListener listener, RequestLedger requests, long total) {
    this.listener = listener;
    this.requests = requests;
    this.total = total;
  }

  void text(StageTally tally) {
    texts++;
    report(tally, false);
  }

  void item(StageTally tally, int made) {
    items += made;
    report(tally, false);
  }

  void end(StageTally tally) {
    report(tally, true);
  }

  private void report(StageTally tally, boolean always) {
    long now = System.nanoTime();
    if (!always && now - last < EVERY_NANOS) {
      return;
    }
    last = now;
    Map<String, Double> metrics = new TreeMap<>();
    metrics.put("pairs", (double) items);
    metrics.put("dropped", (double) tally.droppedInAll());
    metrics.put("unanswered", (double) tally.unanswered());
    double sent = 0;
    double cached = 0;
    double tokens = 0;
    double money = 0;
    double retries = 0;
    for (ModelUsage usage : requests.usage()) {
      sent += usage.sent();
      retries += usage.retries();
      cached += usage.fromStore();
      tokens += usage.promptTokens() + usage.completionTokens();
      money += usage.cost().doubleValue();
    }
    metrics.put("sent", sent);
    metrics.put("retries", retries);
    metrics.put("from_store", cached);
    metrics.put("tokens", tokens);
    metrics.put("money", money);
    if (total > 0 && texts > 0) {
      double seconds = (now - start) / 1e9;
      metrics.put("seconds_left", seconds / texts * Math.max(0, total - texts));
    }
    listener.onProgress(
        new ProgressListener.Progress(
            "synthesis", total > 0 ? Math.min(texts, total) : texts, total, metrics));
  }
}
