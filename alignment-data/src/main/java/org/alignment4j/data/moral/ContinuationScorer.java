package org.alignment4j.data.moral;

import java.util.List;

/** How likely continuations of a question's stem are: what a forced reading needs of a model. */
interface ContinuationScorer {
  /** Tells apart what answers differently. */
  String fingerprint();

  /** What a reader of the report should know of the model. */
  List<String> marks();

  /**
   * Natural logarithms of the probabilities of continuations, each given the question and its stem
   * [N]; an empty array if the model cannot read the question. A continuation whose tokens are
   * those of an earlier one gets negative infinity, so that sums count it once.
   */
  List<double[]> score(List<AnswerReader.Question> questions, List<List<String>> continuations);

  /** What goes on from each question's chain's opening. */
  List<String> generate(List<AnswerReader.Question> questions);
}
