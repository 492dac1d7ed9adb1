package org.alignment4j.data.synthesis;

import org.alignment4j.data.request.ChatAnswer;
import org.alignment4j.synthesis.Lineage;

/**
 * An expert's answer to a candidate's instruction. Immutable.
 *
 * @param candidate what was answered
 * @param text the answer, possibly empty
 * @param finish why it ends
 * @param lineage the candidate's, with the answer's request added
 */
public record Response(
    Candidate candidate, String text, ChatAnswer.Finish finish, Lineage lineage) {
  /** The candidate's id; the texts may be private. */
  @Override
  public String toString() {
    return "Response[" + candidate.id() + "]";
  }
}
