package org.alignment4j.data.synthesis;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.alignment4j.PreferenceSynthesizer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.filter.Deduplicator;
import org.alignment4j.data.request.BudgetException;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesizedPair;

/**
 * Safer-Instruct (Shi et al. 2024, arXiv 2311.08685) on the threads of one machine: texts that a
 * model should not write become the rejected answers to instructions that are induced from them, an
 * expert's answers are the chosen ones.
 *
 * <p>A run asks models through {@link org.alignment4j.data.request.Requests}, which keeps every
 * answer. So a run that was cut off at whatever point goes on where it stopped when it is started
 * again with the same texts, settings and store: what is there already is not asked again, and the
 * pairs are the same as those of a run that was not cut off. Pairs come out in the order of the
 * texts, whatever the number of threads. Immutable; threads may share it.
 */
public final class SaferInstruct implements PreferenceSynthesizer {
  private final SynthesisStages stages;
  private final int threads;
  private final Supplier<Deduplicator> texts;
  private final Supplier<Deduplicator> instructions;
  private final long total;

  private SaferInstruct(
      SynthesisStages stages,
      int threads,
      Supplier<Deduplicator> texts,
      Supplier<Deduplicator> instructions,
      long total) {
    this.stages = stages;
    this.threads = threads;
    this.texts = texts;
    this.instructions = instructions;
    this.total = total;
  }

  /**
   * A run over stages.
   *
   * @param threads how many requests are under way at once, 1 or more
   */
  public static SaferInstruct of(SynthesisStages stages, int threads) {
    require(threads >= 1, "threads must be 1 or more, were %s", threads);
    return new SaferInstruct(stages, threads, Deduplicator::exact, Deduplicator::standard, 0);
  }

  /**
   * The same run with other ideas of what is a duplicate; exact ones among texts, and exact ones,
   * MinHash's and ROUGE-L's among instructions, unless set.
   *
   * @param ofTexts makes a new deduplicator for each run
   * @param ofInstructions makes a new deduplicator for each run
   */
  public SaferInstruct deduplicating(
      Supplier<Deduplicator> ofTexts, Supplier<Deduplicator> ofInstructions) {
    return new SaferInstruct(stages, threads, ofTexts, ofInstructions, total);
  }

  /**
   * The same run, told how many texts there are, so that progress can say when it will end.
   *
   * @param number of texts, 0 if not known
   */
  public SaferInstruct expecting(long number) {
    require(number >= 0, "the number of texts must be 0 or more, was %s", number);
    return new SaferInstruct(stages, threads, texts, instructions, number);
  }

  /** The stages, each of which can be used alone. */
  public SynthesisStages stages() {
    return stages;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException if the stages lack a judge or an expert
   * @throws org.alignment4j.data.request.ChatException if a model cannot be used at all, as with a
   *     wrong key
   */
  @Override
  public SynthesisReport run(
      Stream<SourceText> source, Consumer<SynthesizedPair> pairs, ProgressListener progress) {
    stages.requireAnswers();
    return run(source, stages::pair, pairs, progress);
  }

  /**
   * Makes instructions only: induces, applies the rules and drops duplicates. Needs no judge and no
   * expert.
   *
   * @param source read once, in order, by the calling thread; stays the caller's to close
   * @param candidates is given each instruction by the calling thread, in the order of the texts
   * @param progress hears of texts that are done
   */
  public SynthesisReport candidates(
      Stream<SourceText> source, Consumer<Candidate> candidates, ProgressListener progress) {
    return run(
        source, candidate -> new ItemWork<>(List.of(candidate), new Tally()), candidates, progress);
  }

  private <O> SynthesisReport run(
      Stream<SourceText> source,
      Function<Candidate, ItemWork<O>> last,
      Consumer<O> out,
      ProgressListener progress) {
    RunProgress told = new RunProgress(progress, stages.requests(), total);
    RunAccount<O> account = new RunAccount<>(out, told);
    OrderedDedup<SourceText> textDedup = OrderedDedup.texts(texts.get());
    OrderedDedup<Candidate> instructionDedup = OrderedDedup.instructions(instructions.get());
    OrderedWork<SourceText, ItemWork<Candidate>, Candidate, ItemWork<O>> work =
        new OrderedWork<>(
            threads,
            "synthesis",
            stages::candidates,
            induced -> {
              account.induced(induced);
              List<Candidate> kept = new ArrayList<>();
              for (Candidate candidate : induced.items()) {
                instructionDedup.offer(candidate, account.tally()).ifPresent(kept::add);
              }
              return kept;
            },
            last,
            account::answered);
    String stopped;
    try {
      work.run(new UsableTexts(source.iterator(), stages, textDedup, account), account::failing);
      stopped = account.failure().orElse("");
    } catch (BudgetException e) {
      stopped = String.valueOf(e.getMessage());
    }
    told.end(account.tally());
    return account
        .report(stopped)
        .withUsage(stages.requests().usage(), stages.requests().usageOfAllRuns());
  }
}
