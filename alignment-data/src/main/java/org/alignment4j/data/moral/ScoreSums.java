package org.alignment4j.data.moral;

import java.util.List;
import org.alignment4j.data.moral.AnswerReader.Reading;

/** How an experiment's answers add up: sums over items, and scores as functions of the sums. */
interface ScoreSums {
  /** A score's name and the group of items it is of. */
  record Name(String score, String group) {}

  /** Numbers that each item adds to the sums. */
  int width();

  /** What an item adds, weight included. */
  double[] of(int item, Reading reading);

  /** The scores. */
  List<Name> names();

  /**
   * The scores of sums by category.
   *
   * @param sums [categories][width]
   * @return as {@link #names}; NaN where one is not defined
   */
  double[] scores(double[][] sums);

  /**
   * What a cluster contributes to the difference of a score, for a test that the difference is 0;
   * NaN if the score is tested otherwise or not at all.
   *
   * @param score number of the score
   * @param category of the cluster
   */
  double difference(int score, int category, double[] one, double[] other);

  /** Whether items can be scored at all, given which have been read; by default each by itself. */
  default boolean scored(int item, boolean[] read) {
    return read[item];
  }
}
