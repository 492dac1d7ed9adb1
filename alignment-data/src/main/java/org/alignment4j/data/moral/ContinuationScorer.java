package org.alignment4j.data.moral;

import java.util.List;

/** Scores continuations of a question's stem, for a forced reading. */
interface ContinuationScorer {
  /** Returns a text that distinguishes models that answer differently. */
  String fingerprint();

  /** Returns notes on the model for readers of the report. */
  List<String> marks();

  /**
   * Returns natural logarithms of the probabilities of continuations, each given the question and
   * its stem [N]; an empty array if the model cannot read the question. A continuation whose tokens
   * are those of an earlier one gets negative infinity, so that sums count it once.
   */
  List<double[]> score(List<AnswerReader.Question> questions, List<List<String>> continuations);

  /** Returns the continuation of the opening of each question's chain. */
  List<String> generate(List<AnswerReader.Question> questions);
}
