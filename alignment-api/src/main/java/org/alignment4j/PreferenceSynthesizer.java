package org.alignment4j;

import java.util.function.Consumer;
import java.util.stream.Stream;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesizedPair;

/**
 * Makes preference pairs from texts, without annotators. Implementations say what they keep, so
 * that a run that was cut off goes on where it stopped.
 */
public interface PreferenceSynthesizer {
  /**
   * Makes pairs from texts.
   *
   * @param texts read once, in order, by the calling thread; stays the caller's to close
   * @param pairs is given each pair by the calling thread, in the order of the texts
   * @param progress hears of texts that are done
   * @return what was made and dropped at which step, and why the run stopped if it did
   * @throws org.alignment4j.core.CancelledException if the calling thread is interrupted; answers
   *     that had arrived are kept
   */
  SynthesisReport run(
      Stream<SourceText> texts, Consumer<SynthesizedPair> pairs, ProgressListener progress);
}
