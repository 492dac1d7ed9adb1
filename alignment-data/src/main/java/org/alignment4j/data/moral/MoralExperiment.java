package org.alignment4j.data.moral;

import java.util.List;
import java.util.Set;
import org.alignment4j.data.moral.AnswerReader.Question;

/**
 * One of the three experiments with its items: {@link Bbq}, {@link Winogender} or {@link
 * LawSchool}. Immutable.
 */
public abstract sealed class MoralExperiment permits Bbq, Winogender, LawSchool {
  MoralExperiment() {}

  /** Its name in reports: {@code bbq}, {@code winogender} or {@code law-school}. */
  public abstract String name();

  /** The conditions it has. */
  public abstract Set<Condition> conditions();

  /** How many questions each condition asks, option orders not counted. */
  public final int size() {
    return items().size();
  }

  abstract List<MoralItem> items();

  /** SHA-256 of what is asked. */
  abstract String hash();

  /** In how many cyclic orders the options can be listed; 1 if no order is seen. */
  abstract int orders();

  /** What to ask, with the options in one of the orders. */
  abstract Question question(int item, Condition condition, int order, long seed);

  /** What the chances of a reading mean in reports, in order. */
  abstract List<String> roles();

  /** For each role the place of its option among a question's, in an order. */
  abstract int[] places(int item, int order);

  /** How its answers add up to scores. */
  abstract Tally tally();

  @Override
  public String toString() {
    return name() + "[" + size() + " items]";
  }
}
