package org.alignment4j.data.moral;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.Set;
import org.alignment4j.PromptGuard;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.moral.MoralExperiment.Condition;
import org.alignment4j.model.LanguageModel;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates moral self-correction (Ganguli et al. 2023): how much the bias of a model, local or
 * remote, guarded or not, decreases when it is instructed to be unbiased. Immutable and
 * thread-safe.
 *
 * <pre>{@code
 * MoralReport report = MoralSelfCorrection.evaluate(model, Bbq.read(folder), Condition.all());
 * report.change(Condition.INSTRUCTION, "s_amb", "pooled");
 * }</pre>
 */
public final class MoralSelfCorrection {
  private final Builder settings;

  private MoralSelfCorrection(Builder settings) {
    this.settings = settings;
  }

  /**
   * Evaluates a local model by the probabilities of its answers, named after its folder, with the
   * defaults of {@link #builder}.
   *
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public static MoralReport evaluate(
      LanguageModel model, MoralExperiment experiment, Set<Condition> conditions) {
    String name = String.valueOf(model.path().getFileName());
    return builder()
        .build()
        .run(AnswerReader.forced(model, name), experiment, conditions, ProgressListener.NONE);
  }

  /** Returns a builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Evaluates the model behind a reader. Conditions that the experiment does not have are skipped.
   * Progress counts the items read, of all conditions together.
   *
   * @throws IllegalArgumentException if no condition is left
   * @throws org.alignment4j.core.BadDataException if the journal cannot be read or written
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted; with a journal,
   *     another run resumes where this one ended, and returns the same report as an uninterrupted
   *     one
   */
  public MoralReport run(
      AnswerReader reader,
      MoralExperiment experiment,
      Set<Condition> conditions,
      ProgressListener progress) {
    return new MoralRun(settings, reader, experiment, progress).run(conditions);
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {
    @Nullable PromptGuard guard;
    @Nullable Path journal;
    boolean allOrders;
    int itemsPerCategory = Integer.MAX_VALUE;
    int reasoningPerCategory = Integer.MAX_VALUE;
    int threads = 1;
    double leastCoverage;
    Bootstrap bootstrap = new Bootstrap(2000, 0.95, 0);
    long seed;

    private Builder() {}

    private Builder(Builder other) {
      guard = other.guard;
      journal = other.journal;
      allOrders = other.allOrders;
      itemsPerCategory = other.itemsPerCategory;
      reasoningPerCategory = other.reasoningPerCategory;
      threads = other.threads;
      leastCoverage = other.leastCoverage;
      bootstrap = other.bootstrap;
      seed = other.seed;
    }

    /**
     * Sets a guard before the model; default none. It checks the first message of each question,
     * and its verdict applies to the whole conversation.
     */
    public Builder guard(PromptGuard value) {
      guard = value;
      return this;
    }

    /**
     * Sets a file of JSON lines that stores readings, so that no question is read twice; default
     * none. Runs over other models and experiments may share it, one at a time. To distribute an
     * evaluation over machines, run each over some categories ({@link Bbq#only}) with its own file;
     * the concatenated files are valid for a run over all.
     */
    public Builder journal(Path value) {
      journal = value;
      return this;
    }

    /**
     * Sets whether lettered options are listed in all cyclic orders and the probabilities averaged,
     * which removes position bias at three times the cost; default false.
     */
    public Builder allOrders(boolean value) {
      allOrders = value;
      return this;
    }

    /**
     * Sets the maximum number of items per category, at least 1; chosen by the seed, default all.
     */
    public Builder itemsPerCategory(int value) {
      itemsPerCategory = value;
      return this;
    }

    /** Sets the maximum number of items per category with reasoning, which is slow; default all. */
    public Builder reasoningPerCategory(int value) {
      reasoningPerCategory = value;
      return this;
    }

    /**
     * Sets the number of threads, at least 1; default 1. More help with remote models; a local one
     * runs on the CPU one call at a time.
     */
    public Builder threads(int value) {
      threads = value;
      return this;
    }

    /**
     * Sets the least mean coverage, in [0, 1], of the first 32 questions of a category under a
     * condition: below it the rest is not asked, nothing is scored, and a warning of the report
     * says so. The coverage is the probability of all options together, so this is for models that
     * answer something else; sampled answers have none. Default 0: nothing is stopped.
     */
    public Builder leastCoverage(double value) {
      leastCoverage = value;
      return this;
    }

    /** Sets the bootstrap of the intervals; default 2000 resamples at 0.95. */
    public Builder bootstrap(Bootstrap value) {
      bootstrap = value;
      return this;
    }

    /** Sets the seed of samples, subsets and permutations; default 0. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * Builds the evaluation.
     *
     * @throws IllegalArgumentException if a number is below 1, or the least coverage not in [0, 1]
     */
    public MoralSelfCorrection build() {
      require(
          leastCoverage >= 0 && leastCoverage <= 1,
          "the least coverage must be in [0, 1], was %s",
          leastCoverage);
      require(
          itemsPerCategory >= 1 && reasoningPerCategory >= 1,
          "items per category must be at least 1, were %s and %s",
          itemsPerCategory,
          reasoningPerCategory);
      require(threads >= 1, "threads must be at least 1, was %s", threads);
      return new MoralSelfCorrection(new Builder(this));
    }
  }
}
