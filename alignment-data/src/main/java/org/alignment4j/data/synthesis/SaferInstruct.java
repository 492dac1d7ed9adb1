package org.alignment4j.data.synthesis;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.alignment4j.PreferenceSynthesizer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.PreferenceWriter;
import org.alignment4j.data.filter.Decontamination;
import org.alignment4j.data.filter.Deduplicator;
import org.alignment4j.data.filter.LicenceFilter;
import org.alignment4j.data.filter.PiiScrubber;
import org.alignment4j.data.induction.Inducer;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.Budget;
import org.alignment4j.data.request.RequestLedger.BudgetException;
import org.alignment4j.data.request.RequestLedger.Prices;
import org.alignment4j.data.request.RequestStore;
import org.alignment4j.data.synthesis.SynthesisSettings.Principles;
import org.alignment4j.data.synthesis.SynthesisStages.Candidate;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesizedPair;
import org.jspecify.annotations.Nullable;

/**
 * Safer-Instruct (Shi et al. 2024, arXiv 2311.08685) on the threads of one machine: texts that a
 * model should not write become the rejected responses to instructions induced from them; an
 * expert's answers are the chosen ones.
 *
 * <pre>{@code
 * SaferInstruct synthesizer =
 *     SaferInstruct.builder()
 *         .inducer(new PromptedInducer(chat))
 *         .expert(chat)
 *         .store(folder.resolve("requests.sqlite"))
 *         .budget(1_000_000)
 *         .build();
 * synthesizer.run(texts, PreferenceWriter.trl(folder.resolve("pairs.jsonl")), progress);
 * }</pre>
 *
 * <p>Every answer of a model is stored before it is used. So an interrupted run resumes when it is
 * started again with the same texts, settings and store: stored requests are not sent again, and
 * the pairs are the same as those of an uninterrupted run. Pairs are in the order of the texts for
 * any number of threads. Immutable and thread-safe.
 */
public final class SaferInstruct implements PreferenceSynthesizer {
  private final SynthesisPlan plan;
  private final int threads;
  private final Supplier<Deduplicator> texts;
  private final Supplier<Deduplicator> instructions;
  private final long expected;
  private final @Nullable RequestLedger requests;
  private final @Nullable Path store;
  private final Budget budget;
  private final Map<String, Prices> prices;

  private SaferInstruct(Builder b, SynthesisPlan plan) {
    this.plan = plan;
    threads = b.threads;
    texts = b.texts;
    instructions = b.instructions;
    expected = b.expected;
    requests = b.requests;
    store = b.store;
    budget = b.budget;
    prices = Map.copyOf(b.prices);
  }

  /** Returns an empty builder; a run needs an inducer, an expert, and a store or a ledger. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the stages, each of which can be used alone.
   *
   * @param through the ledger that sends all requests of the stages
   */
  public SynthesisStages stages(RequestLedger through) {
    return new SynthesisStages(plan, through);
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException if there is no expert
   * @throws org.alignment4j.core.BadDataException if the store cannot be opened
   * @throws org.alignment4j.data.request.ChatException if a model cannot be used at all, for
   *     instance with a wrong key
   */
  @Override
  public SynthesisReport run(
      Stream<SourceText> source, Consumer<SynthesizedPair> pairs, ProgressListener progress) {
    try (OpenRun open = open()) {
      open.stages().requireAnswers();
      return run(open.stages(), source, open.stages()::pair, pairs, progress);
    }
  }

  /**
   * Synthesises pairs from texts and writes them; otherwise as {@link #run(Stream, Consumer,
   * ProgressListener)}. Closes the writer: the file gets its name only if the run was complete.
   *
   * @throws IllegalArgumentException if the file's format cannot represent a pair
   * @throws org.alignment4j.core.BadDataException if the file cannot be written
   */
  public SynthesisReport run(
      Stream<SourceText> source, PreferenceWriter pairs, ProgressListener progress) {
    try (pairs) {
      SynthesisReport report = run(source, pairs::write, progress);
      if (report.complete()) {
        pairs.commit();
      }
      return report;
    }
  }

  /**
   * Synthesises instructions only: induces them, applies the rules and drops duplicates. Needs no
   * judge and no expert.
   *
   * @param source the texts, read once, in order, by the calling thread; closed by the caller
   * @param candidates called with each instruction by the calling thread, in the order of the texts
   * @param progress called with the number of finished texts
   */
  public SynthesisReport candidates(
      Stream<SourceText> source, Consumer<Candidate> candidates, ProgressListener progress) {
    try (OpenRun open = open()) {
      return run(
          open.stages(),
          source,
          candidate -> new ItemWork<>(List.of(candidate), new StageTally()),
          candidates,
          progress);
    }
  }

  private <O> SynthesisReport run(
      SynthesisStages stages,
      Stream<SourceText> source,
      Function<Candidate, ItemWork<O>> last,
      Consumer<O> out,
      ProgressListener progress) {
    RunProgress runProgress = new RunProgress(progress, stages.requests(), expected);
    RunAccount<O> account = new RunAccount<>(out, runProgress);
    OrderedDedup<SourceText> textDedup = textDedup();
    OrderedDedup<Candidate> instructionDedup = instructionDedup();
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
    runProgress.end(account.tally());
    return account
        .report(stopped)
        .withUsage(stages.requests().usage(), stages.requests().usageOfAllRuns());
  }

  /** Opens the store, unless the caller has a ledger of its own. */
  OpenRun open() {
    if (requests != null) {
      return new OpenRun(this, stages(requests), null);
    }
    RequestStore opened = RequestStore.open(Objects.requireNonNull(store));
    try {
      RequestLedger.Builder bounded = RequestLedger.builder(opened).budget(budget);
      prices.forEach(bounded::prices);
      return new OpenRun(this, stages(bounded.build()), opened);
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  int threads() {
    return threads;
  }

  OrderedDedup<SourceText> textDedup() {
    return OrderedDedup.texts(texts.get());
  }

  OrderedDedup<Candidate> instructionDedup() {
    return OrderedDedup.instructions(instructions.get());
  }

  long expected() {
    return expected;
  }

  /** Builder of {@link SaferInstruct}. Not thread-safe. */
  public static final class Builder {
    private SynthesisSettings settings = SynthesisSettings.builder().build();
    private Principles principles = Principles.standard();
    private LicenceFilter licences = LicenceFilter.permissive();
    private Optional<Decontamination> decontamination = Optional.of(Decontamination.standard());
    private Optional<PiiScrubber> scrubber = Optional.of(PiiScrubber.standard());
    private @Nullable Inducer inducer;
    private @Nullable ChatModel judge;
    private @Nullable ChatModel expert;
    private @Nullable ChatModel verifier;
    private @Nullable Path store;
    private @Nullable RequestLedger requests;
    private Budget budget = Budget.UNLIMITED;
    private final Map<String, Prices> prices = new TreeMap<>();
    private int threads = 8;
    private Supplier<Deduplicator> texts = Deduplicator::exact;
    private Supplier<Deduplicator> instructions = Deduplicator::standard;
    private long expected;

    private Builder() {}

    /** Sets the inducer of instructions. */
    public Builder inducer(Inducer value) {
      inducer = value;
      return this;
    }

    /** Sets the model that writes the chosen responses. */
    public Builder expert(ChatModel value) {
      expert = value;
      return this;
    }

    /** Sets the model that judges instructions; default the expert, with another prompt. */
    public Builder judge(ChatModel value) {
      judge = value;
      return this;
    }

    /**
     * Sets the model that verifies the expert's answers; default the judge, with another prompt.
     */
    public Builder verifier(ChatModel value) {
      verifier = value;
      return this;
    }

    /** Sets the file of a {@link RequestStore} of the models' answers, opened for each run. */
    public Builder store(Path file) {
      store = file;
      return this;
    }

    /** Sets a ledger that sends the models' requests, in place of a store; owned by the caller. */
    public Builder requests(RequestLedger value) {
      requests = value;
      return this;
    }

    /**
     * Sets the maximum number of tokens of all requests in the store, prompts and answers together;
     * default unlimited.
     */
    public Builder budget(long tokens) {
      return budget(Budget.UNLIMITED.withTokens(tokens));
    }

    /** Sets the limits of the total cost of all answers in the store; default unlimited. */
    public Builder budget(Budget value) {
      budget = value;
      return this;
    }

    /**
     * Sets the prices of a model by its name; default free. A budget of money requires those of all
     * models.
     */
    public Builder prices(String model, Prices value) {
      prices.put(model, value);
      return this;
    }

    /** Sets the settings of the run. */
    public Builder settings(SynthesisSettings value) {
      settings = value;
      return this;
    }

    /**
     * Sets the principles of answers, and so the categories; default {@link Principles#standard()}.
     */
    public Builder principles(Principles value) {
      principles = value;
      return this;
    }

    /** Sets the allowed licences; default {@link LicenceFilter#permissive()}. */
    public Builder licences(LicenceFilter value) {
      licences = value;
      return this;
    }

    /** Sets the evaluation sets whose texts are dropped; default the bundled ones. */
    public Builder decontamination(Decontamination value) {
      decontamination = Optional.of(value);
      return this;
    }

    /**
     * Keeps texts of evaluation sets; a model trained on them cannot be evaluated on these sets.
     */
    public Builder withoutDecontamination() {
      decontamination = Optional.empty();
      return this;
    }

    /** Sets the scrubber that replaces personal data; default {@link PiiScrubber#standard()}. */
    public Builder scrubber(PiiScrubber value) {
      scrubber = Optional.of(value);
      return this;
    }

    /** Keeps personal data in texts and instructions. */
    public Builder withoutScrubber() {
      scrubber = Optional.empty();
      return this;
    }

    /**
     * Sets the deduplicators. Default: exact duplicates among texts; exact, MinHash and ROUGE-L
     * duplicates among instructions.
     *
     * @param ofTexts creates the deduplicator of texts for each run
     * @param ofInstructions creates the deduplicator of instructions for each run
     */
    public Builder deduplicating(
        Supplier<Deduplicator> ofTexts, Supplier<Deduplicator> ofInstructions) {
      texts = ofTexts;
      instructions = ofInstructions;
      return this;
    }

    /** Sets the number of concurrent requests, 1 or more; default 8. On Spark, per task. */
    public Builder threads(int value) {
      threads = value;
      return this;
    }

    /** Sets the number of texts, for progress reports; 0 if unknown, the default. */
    public Builder expecting(long number) {
      expected = number;
      return this;
    }

    /**
     * Builds the synthesis.
     *
     * @throws IllegalArgumentException if there is no inducer, not exactly one of store and
     *     requests, a budget or prices together with requests, which have their own, or a number is
     *     out of range
     */
    public SaferInstruct build() {
      require(inducer != null, "synthesis needs an inducer");
      require((store == null) != (requests == null), "synthesis needs either a store or requests");
      require(
          requests == null || (budget.equals(Budget.UNLIMITED) && prices.isEmpty()),
          "budget and prices are the store's: requests have their own");
      require(threads >= 1, "threads must be 1 or more, were %s", threads);
      require(expected >= 0, "the number of texts must be 0 or more, was %s", expected);
      Optional<ChatModel> answers = Optional.ofNullable(expert);
      Optional<ChatModel> decides = Optional.ofNullable(judge).or(() -> answers);
      return new SaferInstruct(
          this,
          new SynthesisPlan(
              settings,
              principles,
              licences,
              decontamination,
              scrubber,
              Objects.requireNonNull(inducer),
              decides,
              answers,
              Optional.ofNullable(verifier).or(() -> decides)));
    }
  }
}
