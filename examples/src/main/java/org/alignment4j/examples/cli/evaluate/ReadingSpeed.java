package org.alignment4j.examples.cli.evaluate;

import java.util.Locale;
import org.alignment4j.core.ProgressListener;

/** How fast questions were read, those not counted that an earlier run had read. */
final class ReadingSpeed implements ProgressListener {
  private final ProgressListener listener;
  private final MoralSubjects subjects;
  private final long sentBefore;
  private final long storedBefore;
  private long done;
  private long kept;

  ReadingSpeed(ProgressListener listener, MoralSubjects subjects) {
    this.listener = listener;
    this.subjects = subjects;
    this.sentBefore = subjects.sent();
    this.storedBefore = subjects.stored();
  }

  @Override
  public void onProgress(Progress progress) {
    done = progress.done();
    kept = progress.metrics().getOrDefault("kept", 0.0).longValue();
    listener.onProgress(progress);
  }

  /** Questions in all, those of earlier runs, and the others by time. */
  String text(double seconds) {
    long sent = subjects.sent() - sentBefore;
    long stored = subjects.stored() - storedBefore;
    // A question whose samples lie partly in the store counts by the part that was sent.
    double share = sent + stored == 0 ? 1 : (double) sent / (sent + stored);
    long fresh = Math.round((done - kept) * share);
    if (fresh == 0) {
      return done + " questions, all of them read by earlier runs";
    }
    return String.format(
        Locale.ROOT,
        "%d questions%s, %d read in %.1f s, %.1f a second",
        done,
        fresh == done ? "" : ", " + (done - fresh) + " of them by earlier runs",
        fresh,
        seconds,
        fresh / seconds);
  }
}
