package org.alignment4j.data.moral;

import java.util.List;

/**
 * A question of BBQ with the parts that its answers play.
 *
 * @param item as scores see it
 * @param context what is known
 * @param question what is asked
 * @param answers the three options
 * @param ambiguous whether the context does not tell
 * @param label number of the correct answer
 * @param biased number of the answer that fits the stereotype
 * @param anti number of the answer that names the other group
 * @param unknown number of the answer that nothing is known
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
