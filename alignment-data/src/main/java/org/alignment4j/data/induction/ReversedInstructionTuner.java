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
 * Teaches a model P(instruction | response), into a LoRA over it (Safer-Instruct, stage 1): rows
 * are put through a template that states the task and gives the response, and the model learns the
 * instruction behind it and the end token, with no loss on anything else. A row that is too long
 * loses the end of its response, never a token of its instruction.
 *
 * <p>Where the training's settings name a checkpoint folder, an interrupted tuning goes on where it
 * was when called again with the same model, rows and settings, and ends with the same adapter, bit
 * for bit. Immutable; one tuning runs at a time in a process.
 */
public final class ReversedInstructionTuner
    implements RepresentationTuner<ReversedInstructionTuner.InstructionSplit, LoraAdapter> {
  /** Of its adapters' provenance. */
  static final String METHOD = "reversed instructions";

  private final ReversedSettings settings;

  /** A tuner with these settings. */
  public ReversedInstructionTuner(ReversedSettings settings) {
    this.settings = settings;
  }

  /** Starts with the defaults. */
  public static ReversedSettings.Builder<ReversedInstructionTuner> builder() {
    return new ReversedSettings.Builder<>(ReversedInstructionTuner::new);
  }

  /** The settings. */
  public ReversedSettings settings() {
    return settings;
  }

  /**
   * Runs the tuning and measures it on the rows that are held out, which nothing is chosen by.
   *
   * @param model without steering or soft prompt, with a tokenizer
   * @throws org.alignment4j.core.BadDataException if no row can be learned from; the message counts
   *     the reasons
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
   * Instructions with their responses: those to learn from, and others to measure on. Immutable.
   *
   * @param training to learn from
   * @param heldOut to measure on; may be empty
   */
  public record InstructionSplit(List<Row> training, List<Row> heldOut) {
    /**
     * An instruction and the response to it.
     *
     * @param id names the row in messages
     * @param instruction may be blank; such a row is not learned from
     * @param response may be blank; such a row is not learned from
     */
    public record Row(String id, String instruction, String response) {
      /** The id and the lengths; the texts may be private. */
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
     * Splits rows by their instructions, not by their places: a row's side depends on its own
     * instruction and the seed alone, and equal instructions, but for case and white space, are on
     * the same side. The order of the rows is kept.
     *
     * @param share of the rows that is held out, about, 0 up to 1
     * @throws IllegalArgumentException if the share is out of its range
     */
    public static InstructionSplit of(List<Row> rows, double share, long seed) {
      require(share >= 0 && share < 1, "the share must be 0 up to 1, was %s", share);
      List<Row> training = new ArrayList<>();
      List<Row> heldOut = new ArrayList<>();
      for (Row row : rows) {
        (place(row, seed) < share ? heldOut : training).add(row);
      }
      return new InstructionSplit(training, heldOut);
    }

    /** In [0, 1), evenly spread. */
    private static double place(Row row, long seed) {
      String hash =
          Hashes.sha256(List.of(Long.toString(seed), Deduplicator.normalForm(row.instruction())));
      // Eight hexadecimal digits are 32 bits.
      return Long.parseLong(hash.substring(0, 8), 16) * 0x1p-32;
    }

    /** The sizes; the texts may be private. */
    @Override
    public String toString() {
      return "InstructionSplit[%d to learn from, %d held out]"
          .formatted(training.size(), heldOut.size());
    }
  }

  /**
   * What reversed instruction tuning gave. Immutable.
   *
   * @param adapter the LoRA that turns the model into one of instructions, given responses
   * @param reason how it ended, in one sentence
   * @param unused rows that could not be learned from
   * @param counts of the rows to learn from
   * @param heldOut measured on rows that were not learned from; empty if fewer than two were usable
   * @param training losses by step
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

    /** Why a row is not used. */
    public enum Drop {
      /** There is no response. */
      BLANK_RESPONSE,
      /** The instruction, with the token that ends it, has fewer than 4 tokens. */
      SHORT_INSTRUCTION,
      /** The instruction leaves no room for 16 tokens of the response, or all of a shorter one. */
      LONG_INSTRUCTION
    }

    /**
     * What became of rows. That each used row has a loss is checked: it holds by {@code
     * fewestTargetTokens}.
     *
     * @param rows all of them
     * @param used those that are learned from or measured on, each with all of its instruction
     * @param dropped the others by reason, each counted once
     * @param cut used rows whose response lost its end
     * @param fewestTargetTokens of a used row's instruction and end token, at least 4; 0 if no row
     *     is used
     * @param targetTokens of all used rows together
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
     * How likely the model finds true instructions that it has not learned from, given the
     * responses: means over rows of a row's mean log-probability per token, in nats, at most 0.
     * Intervals are paired bootstrap intervals of 95 % over rows.
     *
     * @param counts of the rows that were held out
     * @param before of the model as it was
     * @param after with the adapter
     * @param change after less before
     * @param fromResponse after, less the same given the next row's response in place of its own:
     *     above 0, the model reads the instruction out of the response and has not only learned
     *     what instructions look like
     * @param fromResponseBefore the same of the model as it was
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
