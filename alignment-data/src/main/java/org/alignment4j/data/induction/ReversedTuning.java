package org.alignment4j.data.induction;

import static org.alignment4j.core.Arguments.require;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.Tuning;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.train.TrainingResult;

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
   * @param fewestTargetTokens of a used row's instruction and end token, at least 4; 0 if no row is
   *     used
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
   * How likely the model finds true instructions that it has not learned from, given the responses:
   * means over rows of a row's mean log-probability per token, in nats, at most 0. Intervals are
   * paired bootstrap intervals of 95 % over rows.
   *
   * @param counts of the rows that were held out
   * @param before of the model as it was
   * @param after with the adapter
   * @param change after less before
   * @param fromResponse after, less the same given the next row's response in place of its own:
   *     above 0, the model reads the instruction out of the response and has not only learned what
   *     instructions look like
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
