package org.alignment4j.data.synthesis;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.alignment4j.data.synthesis.SynthesisStages.Candidate;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesizedPair;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The statistics of one run, updated by the thread that runs it. */
final class RunAccount<O> {
  private static final Logger LOG = LoggerFactory.getLogger(RunAccount.class);

  /** After this many unanswered items in a row, the endpoint is considered unavailable. */
  private static final int HOPELESS = 25;

  /** After this many rejected items in a row, the model is assumed to reject all. */
  private static final int REFUSING = 100;

  private final RunProgress progress;
  private final Consumer<O> out;
  private final StageTally tally = new StageTally();
  private final PairStatistics statistics = new PairStatistics();
  private long texts;
  private final InARow textsInARow = new InARow();
  private final InARow itemsInARow = new InARow();

  /** Failures without a success between them. */
  private static final class InARow {
    private int unanswered;
    private int notAccepted;

    void count(StageTally of) {
      unanswered = of.unanswered() > 0 ? unanswered + 1 : 0;
      notAccepted = of.notAccepted() > 0 ? notAccepted + 1 : 0;
    }
  }

  RunAccount(Consumer<O> out, RunProgress progress) {
    this.out = out;
    this.progress = progress;
  }

  StageTally tally() {
    return tally;
  }

  void read() {
    texts++;
  }

  /** Adds the results of a text, before its instructions are deduplicated. */
  void induced(ItemWork<Candidate> work) {
    textsInARow.count(work.tally());
    tally.add(work.tally());
    progress.text(tally);
  }

  /** Adds the results of an instruction. */
  void answered(ItemWork<O> work) {
    itemsInARow.count(work.tally());
    tally.add(work.tally());
    for (O item : work.items()) {
      if (item instanceof SynthesizedPair pair) {
        statistics.add(pair);
      }
      out.accept(item);
    }
    progress.item(tally, work.items().size());
  }

  /** Whether no further item should be started. */
  boolean failing() {
    return failure().isPresent();
  }

  Optional<String> failure() {
    if (Math.max(textsInARow.unanswered, itemsInARow.unanswered) >= HOPELESS) {
      return Optional.of("of " + HOPELESS + " items in a row, none was answered");
    }
    if (Math.max(textsInARow.notAccepted, itemsInARow.notAccepted) >= REFUSING) {
      return Optional.of("of " + REFUSING + " items in a row, none was accepted");
    }
    return Optional.empty();
  }

  SynthesisReport report(String stopped) {
    if (!tally.lastFailure().isEmpty()) {
      LOG.warn(
          "{} items were not answered, {} not accepted; the last failure: {}",
          tally.unanswered(),
          tally.notAccepted(),
          tally.lastFailure());
    }
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
