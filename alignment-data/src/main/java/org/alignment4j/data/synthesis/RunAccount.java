package org.alignment4j.data.synthesis;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesizedPair;

/** The account of one run, kept by the thread that runs it. */
final class RunAccount<O> {
  /** So many items in a row without an answer, and the endpoint is taken for gone. */
  private static final int HOPELESS = 25;

  private final RunProgress progress;
  private final Consumer<O> out;
  private final Tally tally = new Tally();
  private final PairStatistics statistics = new PairStatistics();
  private long texts;
  private int textsInARow;
  private int itemsInARow;

  RunAccount(Consumer<O> out, RunProgress progress) {
    this.out = out;
    this.progress = progress;
  }

  Tally tally() {
    return tally;
  }

  void read() {
    texts++;
  }

  /** Takes in what came of a text before its instructions are compared with others. */
  void induced(ItemWork<Candidate> work) {
    textsInARow = unanswered(textsInARow, work.tally());
    tally.add(work.tally());
    progress.text(tally);
  }

  /** Takes in what came of an instruction. */
  void answered(ItemWork<O> work) {
    itemsInARow = unanswered(itemsInARow, work.tally());
    tally.add(work.tally());
    for (O item : work.items()) {
      if (item instanceof SynthesizedPair pair) {
        statistics.add(pair);
      }
      out.accept(item);
    }
    progress.item(tally, work.items().size());
  }

  private static int unanswered(int before, Tally of) {
    return of.unanswered() > 0 ? before + 1 : 0;
  }

  /** Whether nothing more should be begun. */
  boolean failing() {
    return Math.max(textsInARow, itemsInARow) >= HOPELESS;
  }

  Optional<String> failure() {
    return failing()
        ? Optional.of("of " + HOPELESS + " items in a row, none was answered")
        : Optional.empty();
  }

  SynthesisReport report(String stopped) {
    return new SynthesisReport(
        stopped,
        tally.unanswered(),
        texts,
        statistics.pairs(),
        tally.inOrder(SynthesisStages.ORDER),
        statistics.lengths(),
        statistics.styles(),
        List.of());
  }
}
