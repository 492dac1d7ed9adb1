package org.alignment4j.data.moral;

import java.util.List;
import org.alignment4j.data.moral.AnswerReader.Reading;

/** The sums of an experiment's answers over items, and the scores as functions of them. */
interface ScoreSums {
  /** The name of a score and its group of items. */
  record Name(String score, String group) {}

  /** Returns how many numbers each item adds to the sums. */
  int width();

  /** Returns the numbers that an item adds, multiplied by its weight. */
  double[] of(int item, Reading reading);

  /** Returns the names of the scores. */
  List<Name> names();

  /**
   * Returns the scores of sums by category.
   *
   * @param sums [categories][width]
   * @return as {@link #names}; NaN if undefined
   */
  double[] scores(double[][] sums);

  /**
   * Returns the contribution of a cluster to the difference of a score, for a test that the
   * difference is 0; NaN if the score is tested otherwise or not at all.
   *
   * @param score index of the score
   * @param category index of the cluster's category
   */
  double difference(int score, int category, double[] one, double[] other);

  /**
   * Whether items can be scored at all, given which have been read; by default each one that was
   * read.
   */
  default boolean scored(int item, boolean[] read) {
    return read[item];
  }
}
