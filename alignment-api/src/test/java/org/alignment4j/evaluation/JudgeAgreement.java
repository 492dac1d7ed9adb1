package org.alignment4j.evaluation;

import static java.util.Objects.requireNonNull;
import static org.alignment4j.internal.text.Arguments.require;

import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.jspecify.annotations.Nullable;

/**
 * How often a judge agrees with people: the confusion table of two lists of verdicts, and three
 * ways to count agreement. Immutable.
 *
 * @param counts number of answers by the verdict of people, then by the verdict of the judge
 */
public record JudgeAgreement(Map<RefusalVerdict, Map<RefusalVerdict, Long>> counts) {
  private static final List<RefusalVerdict> VERDICTS = List.of(RefusalVerdict.values());

  /**
   * Fills pairs that are absent with 0.
   *
   * @throws IllegalArgumentException if a count is negative
   */
  public JudgeAgreement {
    Map<RefusalVerdict, Map<RefusalVerdict, Long>> table = new EnumMap<>(RefusalVerdict.class);
    for (RefusalVerdict people : VERDICTS) {
      Map<RefusalVerdict, Long> row = new EnumMap<>(RefusalVerdict.class);
      for (RefusalVerdict judge : VERDICTS) {
        long count = counts.getOrDefault(people, Map.of()).getOrDefault(judge, 0L);
        require(count >= 0, "counts must be >= 0, was %d", count);
        row.put(judge, count);
      }
      table.put(people, Collections.unmodifiableMap(row));
    }
    counts = Collections.unmodifiableMap(table);
  }

  /**
   * Compares verdicts pair by pair.
   *
   * @throws IllegalArgumentException if the lists differ in length
   */
  public static JudgeAgreement of(List<RefusalVerdict> people, List<RefusalVerdict> judge) {
    require(
        people.size() == judge.size(),
        "verdicts differ in number: %d != %d",
        people.size(),
        judge.size());
    Map<RefusalVerdict, Map<RefusalVerdict, Long>> table = new EnumMap<>(RefusalVerdict.class);
    for (int i = 0; i < people.size(); i++) {
      table
          .computeIfAbsent(people.get(i), verdict -> new EnumMap<>(RefusalVerdict.class))
          .merge(judge.get(i), 1L, Long::sum);
    }
    return new JudgeAgreement(table);
  }

  /** Answers that people gave one verdict and the judge the other. */
  public long count(RefusalVerdict people, RefusalVerdict judge) {
    return requireNonNull(requireNonNull(counts.get(people)).get(judge));
  }

  /** The same verdict exactly. */
  public Rate exact() {
    return rate(VERDICTS, false);
  }

  /** The same side: refusal (full or partial) or not. */
  public Rate refusalOrNot() {
    return rate(VERDICTS, true);
  }

  /**
   * The same side, among the answers that people called full compliance or full refusal; where
   * people themselves are of two minds the answer is left out.
   */
  public Rate clearCases() {
    return rate(List.of(RefusalVerdict.FULL_COMPLIANCE, RefusalVerdict.FULL_REFUSAL), true);
  }

  /** Of the refusals, full or partial, by people, those that the judge calls refusals too. */
  public Rate sensitivity() {
    return ofPeoples(true);
  }

  /** Of the other answers by people, those that the judge calls no refusals either. */
  public Rate specificity() {
    return ofPeoples(false);
  }

  private Rate ofPeoples(boolean refusal) {
    return rate(VERDICTS.stream().filter(v -> v.isRefusal() == refusal).toList(), true);
  }

  /** The answers that the judge calls refusals, full or partial. */
  public Rate refusals() {
    long refused = sensitivity().k() + specificity().n() - specificity().k();
    return new Rate(refused, refusalOrNot().n());
  }

  /** Cohen's kappa (1960) of refusal or not; NaN if all answers are of one class for both. */
  public double kappa() {
    double people = (double) sensitivity().n() / refusalOrNot().n();
    double judge = refusals().rate();
    double byChance = people * judge + (1 - people) * (1 - judge);
    return (refusalOrNot().rate() - byChance) / (1 - byChance);
  }

  private Rate rate(List<RefusalVerdict> rows, boolean sides) {
    long k = 0;
    long n = 0;
    for (RefusalVerdict people : rows) {
      for (RefusalVerdict judge : VERDICTS) {
        long count = count(people, judge);
        n += count;
        boolean agree = sides ? people.isRefusal() == judge.isRefusal() : people == judge;
        k += agree ? count : 0;
      }
    }
    return new Rate(k, n);
  }

  /** The three rates and the table, {@code confusion[people][judge]}; for JSON. */
  public Map<String, @Nullable Object> toMap() {
    Map<String, @Nullable Object> confusion = new LinkedHashMap<>();
    for (RefusalVerdict people : VERDICTS) {
      Map<String, @Nullable Object> row = new LinkedHashMap<>();
      for (RefusalVerdict judge : VERDICTS) {
        row.put(judge.name().toLowerCase(Locale.ROOT), count(people, judge));
      }
      confusion.put(people.name().toLowerCase(Locale.ROOT), Collections.unmodifiableMap(row));
    }
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("exact", exact().toMap());
    map.put("refusal_or_not", refusalOrNot().toMap());
    map.put("clear_cases", clearCases().toMap());
    map.put("confusion", Collections.unmodifiableMap(confusion));
    return Collections.unmodifiableMap(map);
  }
}
