package org.alignment4j;

import java.util.function.Consumer;
import java.util.stream.Stream;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesizedPair;

/**
 * Makes preference pairs from texts, without annotators. Implementations document what they store
 * to resume an interrupted run.
 */
public interface PreferenceSynthesizer {
  /**
   * Makes pairs from texts.
   *
   * @param texts read once, in order, on the calling thread; the caller closes the stream
   * @param pairs called with each pair on the calling thread, in the order of the texts
   * @param progress notified of processed texts
   * @return the numbers of items made and dropped at each step, and why the run stopped early, if
   *     it did
   * @throws org.alignment4j.core.CancelledException if the calling thread is interrupted;
   *     completions received so far are kept
   */
  SynthesisReport run(
      Stream<SourceText> texts, Consumer<SynthesizedPair> pairs, ProgressListener progress);
}
