package org.alignment4j.data.induction;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.List;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.synthesis.SourceText;

/**
 * Finds instructions to which a text would be the answer (Safer-Instruct, stage 2). Threads may
 * share it.
 */
public interface Inducer {
  /** Most instructions of one text. */
  int MAX_SAMPLES = 4;

  /** What it is called in reports and lineage; it differs where instructions could. */
  String name();

  /**
   * Draws instructions for a text. The i-th depends on the text, the seed and i, and not on {@code
   * n}, on other texts or on the text's place among them. Equal ones may be among them.
   *
   * @param n instructions, 1 to {@link #MAX_SAMPLES}
   * @param seed of the text
   * @param requests through which a model is asked, so that no instruction is drawn twice
   * @return n inductions, in order
   * @throws IllegalArgumentException if n is out of its range
   * @throws org.alignment4j.data.request.ChatException if the model gives no answer
   * @throws org.alignment4j.data.request.RequestLedger.BudgetException if a request could go over
   *     the budget; the answers before it are stored
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  List<Induction> induce(SourceText text, int n, long seed, RequestLedger requests);

  /**
   * An instruction that was induced from a text (Safer-Instruct, stage 2). Immutable.
   *
   * @param instruction without white space around it; may be empty
   * @param sample its number among those of its text, from 0
   * @param seed that it was drawn with
   * @param inducer the name of what induced it
   * @param answers the requests it took, in order, for the lineage; one at least
   */
  record Induction(
      String instruction, int sample, long seed, String inducer, List<StoredAnswer> answers) {
    /**
     * @throws IllegalArgumentException if the number is below 0 or there is no answer
     */
    public Induction {
      require(sample >= 0, "a sample's number must be 0 or more, was %s", sample);
      answers = List.copyOf(answers);
      require(!answers.isEmpty(), "an instruction needs the answer that it is from");
    }

    /** Whether the instruction is whole: it was not cut off at the most tokens, or withheld. */
    public boolean complete() {
      return answers.get(answers.size() - 1).answer().finish() == Finish.STOP;
    }

    /** The length and the other fields; the text may be private. */
    @Override
    public String toString() {
      return "Induction[%d characters, sample %d, seed %d, by %s]"
          .formatted(instruction.length(), sample, seed, inducer);
    }
  }
}
