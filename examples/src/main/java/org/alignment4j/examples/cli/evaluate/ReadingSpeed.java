package org.alignment4j.examples.cli.evaluate;

import java.util.Locale;
import org.alignment4j.core.ProgressListener;

/** Rate at which questions were answered, without those that an earlier run had answered. */
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

  /** Returns the number of questions, those of earlier runs, and the rate of the others. */
  String text(double seconds) {
    long sent = subjects.sent() - sentBefore;
    long stored = subjects.stored() - storedBefore;
    // A question with some samples in the store counts by the share that was sent.
    double share = sent + stored == 0 ? 1 : (double) sent / (sent + stored);
    long fresh = Math.round((done - kept) * share);
    if (fresh == 0) {
      return done + " questions, all of them answered by earlier runs";
    }
    return String.format(
        Locale.ROOT,
        "%d questions%s, %d answered in %.1f s, %.1f per second",
        done,
        fresh == done ? "" : ", " + (done - fresh) + " of them by earlier runs",
        fresh,
        seconds,
        fresh / seconds);
  }
}
