package org.alignment4j.data.induction;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.RepresentationTuner;
import org.alignment4j.Tuning;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.filter.Deduplicator;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.train.TrainingResult;

/**
 * Trains a LoRA that models P(instruction | response) (Safer-Instruct, stage 1): a template states
 * the task and contains the response, and the loss covers only the instruction after it and the end
 * token. If a row is too long, the end of the response is cut, never the instruction.
 *
 * <p>If the training settings name a checkpoint folder, an interrupted tuning resumes when called
 * again with the same model, rows and settings, and ends with the same adapter, bit for bit.
 * Immutable; one tuning runs at a time in a process.
 */
public final class ReversedInstructionTuner
    implements RepresentationTuner<ReversedInstructionTuner.InstructionSplit, LoraAdapter> {
  /** The method in its adapters' provenance. */
  static final String METHOD = "reversed instructions";

  private final ReversedSettings settings;

  /** Creates a tuner with these settings. */
  public ReversedInstructionTuner(ReversedSettings settings) {
    this.settings = settings;
  }

  /** Returns a builder with the defaults. */
  public static ReversedSettings.Builder<ReversedInstructionTuner> builder() {
    return new ReversedSettings.Builder<>(ReversedInstructionTuner::new);
  }

  /** Returns the settings. */
  public ReversedSettings settings() {
    return settings;
  }

  /**
   * Runs the tuning and evaluates it on the held-out rows, which select nothing.
   *
   * @param model without steering or soft prompt, with a tokenizer
   * @throws org.alignment4j.core.BadDataException if no row can be used for training; the message
   *     counts the reasons
   * @throws org.alignment4j.core.CheckpointException if the model's tokenizer is missing or has no
   *     end token
   * @throws IllegalArgumentException if modules or layers do not fit the model
   */
  @Override
  public ReversedTuning tune(
      LanguageModel model, InstructionSplit data, ProgressListener progress) {
    require(data != null, "no rows to learn from");
    return new ReversedRun(model, settings, data, progress).run();
  }

  /**
   * Instructions with their responses, split into training and held-out rows. Immutable.
   *
   * @param training the rows for training
   * @param heldOut the rows for evaluation; may be empty
   */
  public record InstructionSplit(List<Row> training, List<Row> heldOut) {
    /**
     * An instruction and the response to it.
     *
     * @param id identifies the row in messages
     * @param instruction may be blank; such a row is not used
     * @param response may be blank; such a row is not used
     */
    public record Row(String id, String instruction, String response) {
      /** Returns the id and the lengths; the texts may be private. */
      @Override
      public String toString() {
        return "Row[%s, %d and %d characters]"
            .formatted(id, instruction.length(), response.length());
      }
    }

    /** Copies the lists. */
    public InstructionSplit {
      training = List.copyOf(training);
      heldOut = List.copyOf(heldOut);
    }

    /**
     * Splits rows by their instructions, not by their positions: a row's side depends on its
     * instruction and the seed alone, and instructions that are equal up to case and white space
     * are on the same side. The order of the rows is preserved.
     *
     * @param share approximate share of held-out rows, in [0, 1)
     * @throws IllegalArgumentException if the share is out of range
     */
    public static InstructionSplit of(List<Row> rows, double share, long seed) {
      require(share >= 0 && share < 1, "the share must be 0 up to 1, was %s", share);
      List<Row> training = new ArrayList<>();
      List<Row> heldOut = new ArrayList<>();
      for (Row row : rows) {
        (fraction(row, seed) < share ? heldOut : training).add(row);
      }
      return new InstructionSplit(training, heldOut);
    }

    /** Returns a uniformly distributed number in [0, 1). */
    private static double fraction(Row row, long seed) {
      String hash =
          Hashes.sha256(List.of(Long.toString(seed), Deduplicator.normalForm(row.instruction())));
      // Eight hexadecimal digits are 32 bits.
      return Long.parseLong(hash.substring(0, 8), 16) * 0x1p-32;
    }

    /** Returns the sizes only; the texts may be private. */
    @Override
    public String toString() {
      return "InstructionSplit[%d to learn from, %d held out]"
          .formatted(training.size(), heldOut.size());
    }
  }

  /**
   * The result of a reversed instruction tuning. Immutable.
   *
   * @param adapter the LoRA that makes the model predict instructions from responses
   * @param reason why it ended, in one sentence
   * @param unused rows that could not be used
   * @param counts counts of the training rows
   * @param heldOut the evaluation on held-out rows; empty if fewer than two were usable
   * @param training the losses by step
   */
  public record ReversedTuning(
      LoraAdapter adapter,
      String reason,
      List<Unused> unused,
      Counts counts,
      Optional<HeldOut> heldOut,
      TrainingResult training)
      implements Tuning<LoraAdapter> {
    /** Copies the list. */
    public ReversedTuning {
      unused = List.copyOf(unused);
    }

    /** The reason why a row is not used. */
    public enum Drop {
      /** There is no response. */
      BLANK_RESPONSE,
      /** The instruction, including the end token, has fewer than 4 tokens. */
      SHORT_INSTRUCTION,
      /**
       * The instruction leaves no room for 16 tokens of the response, or for all of a shorter one.
       */
      LONG_INSTRUCTION
    }

    /**
     * Counts of used and dropped rows. Every used row has tokens to learn, which {@code
     * fewestTargetTokens} shows.
     *
     * @param rows number of all rows
     * @param used number of rows used, each with its complete instruction
     * @param dropped the others by reason, each counted once
     * @param cut number of used rows whose response was cut
     * @param fewestTargetTokens minimum number of tokens of a used row's instruction and end token,
     *     at least 4; 0 if no row is used
     * @param targetTokens number of such tokens in all used rows together
     */
    public record Counts(
        int rows,
        int used,
        Map<Drop, Integer> dropped,
        int cut,
        int fewestTargetTokens,
        long targetTokens) {
      /**
       * @throws IllegalArgumentException if the numbers contradict each other or a row has no loss
       */
      public Counts {
        EnumMap<Drop, Integer> copy = new EnumMap<>(Drop.class);
        copy.putAll(dropped);
        dropped = Collections.unmodifiableMap(copy);
        int lost = dropped.values().stream().mapToInt(Integer::intValue).sum();
        require(rows == used + lost, "%s rows, but %s used and %s dropped", rows, used, lost);
        require(cut >= 0 && cut <= used, "%s of %s rows cut", cut, used);
        require(
            used == 0 ? fewestTargetTokens == 0 : fewestTargetTokens >= ReversedEncoder.MIN_TARGET,
            "a row has %s tokens to learn",
            fewestTargetTokens);
        require(
            targetTokens >= (long) used * fewestTargetTokens,
            "%s tokens in %s rows of at least %s",
            targetTokens,
            used,
            fewestTargetTokens);
      }
    }

    /**
     * Log-probabilities of held-out instructions, given their responses: means over rows of a row's
     * mean log-probability per token, in nats, at most 0. Intervals are paired bootstrap intervals
     * of 95 % over rows.
     *
     * @param counts counts of the held-out rows
     * @param before the value before the tuning
     * @param after the value with the adapter
     * @param change after minus before
     * @param fromResponse after, minus the same given the next row's response instead of its own:
     *     if above 0, the model infers the instruction from the response, and has not only learned
     *     the form of instructions
     * @param fromResponseBefore the same before the tuning
     */
    public record HeldOut(
        Counts counts,
        double before,
        double after,
        Bootstrap.Interval change,
        Bootstrap.Interval fromResponse,
        Bootstrap.Interval fromResponseBefore) {}
  }
}
