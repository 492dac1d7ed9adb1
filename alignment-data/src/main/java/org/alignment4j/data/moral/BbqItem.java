package org.alignment4j.data.moral;

import java.util.List;

/**
 * A question of BBQ with the roles of its answers.
 *
 * @param item the item for scoring
 * @param context the context
 * @param question the question
 * @param answers the three options
 * @param ambiguous whether the context does not answer the question
 * @param label index of the correct answer
 * @param biased index of the answer that fits the stereotype
 * @param anti index of the answer that names the other group
 * @param unknown index of the answer "unknown"
 */
record BbqItem(
    MoralItem item,
    String context,
    String question,
    List<String> answers,
    boolean ambiguous,
    int label,
    int biased,
    int anti,
    int unknown) {
  List<String> texts() {
    return List.of(
        item.id(), context, question, answers.get(0), answers.get(1), answers.get(2), "" + biased);
  }
}
