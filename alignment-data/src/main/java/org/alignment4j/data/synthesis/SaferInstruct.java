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
 * model should not write become the rejected answers to instructions that are induced from them, an
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
 * <p>Every answer of a model is kept before it is used. So a run that was cut off at whatever point
 * goes on where it stopped when it is started again with the same texts, settings and store: what
 * is there already is not asked again, and the pairs are the same as those of a run that was not
 * cut off. Pairs come out in the order of the texts, whatever the number of threads. Immutable;
 * threads may share it.
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

  /** Begins with nothing set; a run needs an inducer, an expert, and where answers are kept. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The stages, each of which can be used alone.
   *
   * @param through sends all requests of the stages
   */
  public SynthesisStages stages(RequestLedger through) {
    return new SynthesisStages(plan, through);
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException if there is no expert
   * @throws org.alignment4j.core.BadDataException if the store cannot be opened
   * @throws org.alignment4j.data.request.ChatException if a model cannot be used at all, as with a
   *     wrong key
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
   * Makes pairs from texts and writes them, as {@link #run(Stream, Consumer, ProgressListener)}
   * otherwise. Closes the writer: the file is there under its name only if the run was complete.
   *
   * @throws IllegalArgumentException if the file cannot hold a pair
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
   * Makes instructions only: induces, applies the rules and drops duplicates. Needs no judge and no
   * expert.
   *
   * @param source read once, in order, by the calling thread; stays the caller's to close
   * @param candidates is given each instruction by the calling thread, in the order of the texts
   * @param progress hears of texts that are done
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
    RunProgress told = new RunProgress(progress, stages.requests(), expected);
    RunAccount<O> account = new RunAccount<>(out, told);
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
    told.end(account.tally());
    return account
        .report(stopped)
        .withUsage(stages.requests().usage(), stages.requests().usageOfAllRuns());
  }

  /** Opens the store, unless the caller has requests of its own. */
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

  /** Sets up {@link SaferInstruct}. For one thread. */
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

    /** What finds instructions. */
    public Builder inducer(Inducer value) {
      inducer = value;
      return this;
    }

    /** What writes the answers to prefer. */
    public Builder expert(ChatModel value) {
      expert = value;
      return this;
    }

    /** What decides on instructions; the expert, under another prompt, unless set. */
    public Builder judge(ChatModel value) {
      judge = value;
      return this;
    }

    /** What checks the answers; the judge, under another prompt, unless set. */
    public Builder verifier(ChatModel value) {
      verifier = value;
      return this;
    }

    /** The file of a {@link RequestStore}, opened for each run, that keeps the models' answers. */
    public Builder store(Path file) {
      store = file;
      return this;
    }

    /** Sends the models' requests, in place of a store; stays the caller's. */
    public Builder requests(RequestLedger value) {
      requests = value;
      return this;
    }

    /** Most tokens of all answers in the store, read and written; no bound unless set. */
    public Builder budget(long tokens) {
      return budget(Budget.UNLIMITED.withTokens(tokens));
    }

    /** What all answers in the store may cost together; no bound unless set. */
    public Builder budget(Budget value) {
      budget = value;
      return this;
    }

    /** What a model of a name costs; nothing unless set. A budget of money needs those of all. */
    public Builder prices(String model, Prices value) {
      prices.put(model, value);
      return this;
    }

    /** The numbers of the run. */
    public Builder settings(SynthesisSettings value) {
      settings = value;
      return this;
    }

    /** What answers keep to, and the categories; {@link Principles#standard()} unless set. */
    public Builder principles(Principles value) {
      principles = value;
      return this;
    }

    /** The licences that are allowed; {@link LicenceFilter#permissive()} unless set. */
    public Builder licences(LicenceFilter value) {
      licences = value;
      return this;
    }

    /** The evaluation sets whose texts are dropped; the shipped ones unless set. */
    public Builder decontamination(Decontamination value) {
      decontamination = Optional.of(value);
      return this;
    }

    /** Keeps texts of evaluation sets: what is trained on them cannot be measured by them. */
    public Builder withoutDecontamination() {
      decontamination = Optional.empty();
      return this;
    }

    /** What is replaced as personal data; {@link PiiScrubber#standard()} unless set. */
    public Builder scrubber(PiiScrubber value) {
      scrubber = Optional.of(value);
      return this;
    }

    /** Leaves personal data in texts and instructions. */
    public Builder withoutScrubber() {
      scrubber = Optional.empty();
      return this;
    }

    /**
     * What is a duplicate; exact ones among texts, and exact ones, MinHash's and ROUGE-L's among
     * instructions, unless set.
     *
     * @param ofTexts makes a new deduplicator for each run
     * @param ofInstructions makes a new deduplicator for each run
     */
    public Builder deduplicating(
        Supplier<Deduplicator> ofTexts, Supplier<Deduplicator> ofInstructions) {
      texts = ofTexts;
      instructions = ofInstructions;
      return this;
    }

    /** How many requests are under way at once, 1 or more; 8 unless set. On Spark in each task. */
    public Builder threads(int value) {
      threads = value;
      return this;
    }

    /** How many texts there are, so that progress can say when a run will end; 0 if not known. */
    public Builder expecting(long number) {
      expected = number;
      return this;
    }

    /**
     * The synthesis.
     *
     * @throws IllegalArgumentException if there is no inducer, not exactly one of store and
     *     requests, a budget or prices for requests that have their own, or a number is out of its
     *     range
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
