package org.alignment4j.data.induction;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import org.alignment4j.core.Hashes;
import org.alignment4j.data.filter.Deduplicator;

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
      return "Row[%s, %d and %d characters]".formatted(id, instruction.length(), response.length());
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
