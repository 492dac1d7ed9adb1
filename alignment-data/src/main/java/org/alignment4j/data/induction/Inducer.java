package org.alignment4j.data.induction;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.List;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.synthesis.SourceText;

/**
 * Finds instructions to which a text would be the answer (Safer-Instruct, stage 2). Implementations
 * must be thread-safe.
 */
public interface Inducer {
  /** Maximum number of instructions per text. */
  int MAX_SAMPLES = 4;

  /**
   * Returns its name in reports and lineage; inducers whose instructions may differ have different
   * names.
   */
  String name();

  /**
   * Samples instructions for a text. The i-th depends on the text, the seed and i, and not on
   * {@code n}, on other texts or on the text's position among them. Some may be equal.
   *
   * @param n number of instructions, 1 to {@link #MAX_SAMPLES}
   * @param seed the text's seed
   * @param requests the ledger that sends the requests, so that none is sent twice
   * @return n inductions, in order
   * @throws IllegalArgumentException if n is out of range
   * @throws org.alignment4j.data.request.ChatException if the model returns no answer
   * @throws org.alignment4j.data.request.RequestLedger.BudgetException if a request could exceed
   *     the budget; the answers before it are stored
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  List<Induction> induce(SourceText text, int n, long seed, RequestLedger requests);

  /**
   * An instruction that was induced from a text (Safer-Instruct, stage 2). Immutable.
   *
   * @param instruction without white space around it; may be empty
   * @param sample its index among those of its text, from 0
   * @param seed the seed with which it was sampled
   * @param inducer the name of the inducer
   * @param answers the answers it required, in order, for the lineage; at least one
   */
  record Induction(
      String instruction, int sample, long seed, String inducer, List<StoredAnswer> answers) {
    /**
     * @throws IllegalArgumentException if the number is negative or there is no answer
     */
    public Induction {
      require(sample >= 0, "a sample's number must be 0 or more, was %s", sample);
      answers = List.copyOf(answers);
      require(!answers.isEmpty(), "an instruction needs the answer that it is from");
    }

    /**
     * Whether the instruction is complete: neither cut off at the maximum number of tokens nor
     * withheld.
     */
    public boolean complete() {
      return answers.get(answers.size() - 1).answer().finish() == Finish.STOP;
    }

    /** Returns the length and the other fields; the text may be private. */
    @Override
    public String toString() {
      return "Induction[%d characters, sample %d, seed %d, by %s]"
          .formatted(instruction.length(), sample, seed, inducer);
    }
  }
}
