package org.alignment4j.sysformer;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.alignment4j.analysis.PairedProportions;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.OverRefusal.ComplianceSummary;
import org.alignment4j.evaluation.OverRefusal.ComplianceSummary.RefusalGap;
import org.alignment4j.evaluation.Rate;
import org.alignment4j.evaluation.RefusalJudge;
import org.alignment4j.evaluation.RefusalJudge.RefusalTally;
import org.alignment4j.evaluation.RefusalJudge.RefusalVerdict;
import org.alignment4j.safety.Attack;
import org.jspecify.annotations.Nullable;

/**
 * Measures how often a guarded model refuses prompts, unchanged and reworded by {@link Attack}s.
 * Immutable; as thread-safe as its judge.
 */
public final class AttackEvaluator {
  private static final int PORTION = 128;

  private final RefusalJudge judge;
  private final long seed;
  private final int maxAttacked;

  /**
   * A prompt set.
   *
   * @param name name in the report
   * @param harmful whether its prompts should be refused
   * @param prompts single requests, at least one
   */
  public record Prompts(String name, boolean harmful, List<String> prompts) {
    /** Copies the list. */
    public Prompts {
      prompts = List.copyOf(prompts);
      require(!prompts.isEmpty(), "set %s has no prompts", name);
    }
  }

  /**
   * Creates an evaluator.
   *
   * @param judge receives the original request, before rewording
   * @param seed the seed of the attacks' random choices
   */
  public AttackEvaluator(RefusalJudge judge, long seed) {
    this(judge, seed, Integer.MAX_VALUE);
  }

  private AttackEvaluator(RefusalJudge judge, long seed, int maxAttacked) {
    require(maxAttacked >= 1, "attacks need at least one prompt of each set, was %s", maxAttacked);
    this.judge = judge;
    this.seed = seed;
    this.maxAttacked = maxAttacked;
  }

  /**
   * Returns an evaluator that applies attacks only to a random sample of each set; without attacks,
   * all prompts are measured.
   *
   * @param prompts maximum number of prompts of each set
   */
  public AttackEvaluator attacking(int prompts) {
    return new AttackEvaluator(judge, seed, prompts);
  }

  /**
   * Measures.
   *
   * @param answers the guarded model: returns the responses to prompts, in order, for instance by
   *     {@link org.alignment4j.GuardedChat#replyAll}
   * @param sets at least one prompt set
   * @param attacks attacks to measure in addition to the unchanged prompts; may be empty
   */
  public Report evaluate(
      Function<List<Prompt>, List<String>> answers,
      List<Prompts> sets,
      List<Attack> attacks,
      ProgressListener progress) {
    require(!sets.isEmpty(), "no prompt sets");
    List<Case> cases = new ArrayList<>();
    List<Prompt> prompts = new ArrayList<>();
    List<@Nullable Attack> wordings = new ArrayList<>();
    wordings.add(null);
    wordings.addAll(attacks);
    for (Attack attack : wordings) {
      for (Prompts set : sets) {
        int n = set.prompts.size();
        Case one = new Case(set, attack, rows(n, attack == null ? n : maxAttacked));
        cases.add(one);
        one.rows.forEach(
            i -> prompts.add(Prompt.user(worded(attack, set.prompts.get(i), seed + i))));
      }
    }
    // All cases together: few prompts would make small batches.
    List<String> found = new ArrayList<>();
    for (int at = 0; at < prompts.size(); at += PORTION) {
      found.addAll(answers.apply(prompts.subList(at, Math.min(prompts.size(), at + PORTION))));
      progress.step("attack", found.size(), prompts.size());
    }
    List<Report.Entry> entries = new ArrayList<>();
    int at = 0;
    for (Case one : cases) {
      List<String> own = found.subList(at, at + one.rows.size());
      at += own.size();
      entries.add(one.entry(judge, own));
    }
    return new Report(entries);
  }

  /** A set under one attack, or unchanged. */
  private record Case(Prompts set, @Nullable Attack attack, List<Integer> rows) {
    Report.Entry entry(RefusalJudge judge, List<String> answers) {
      List<String> requests = rows.stream().map(set.prompts::get).toList();
      return new Report.Entry(set.name, set.harmful, attack, judge.judgeAll(requests, answers));
    }
  }

  /** Returns the same sample for every attack, in the set's order. */
  private List<Integer> rows(int n, int atMost) {
    List<Integer> all = new ArrayList<>(IntStream.range(0, n).boxed().toList());
    if (atMost >= n) {
      return all;
    }
    Collections.shuffle(all, new Random(seed));
    return all.subList(0, atMost).stream().sorted().toList();
  }

  private static String worded(@Nullable Attack attack, String prompt, long seed) {
    return attack == null ? prompt : attack.apply(prompt, seed);
  }

  /**
   * Refusals by prompt set and by attack. Immutable.
   *
   * @param entries one for each set and attack, in the order of measurement
   */
  public record Report(List<Entry> entries) {
    /**
     * Verdicts on a set under one attack, or unchanged.
     *
     * @param set the set's name
     * @param harmful whether its prompts should be refused
     * @param attack the attack; null for the unchanged prompts
     * @param verdicts verdicts on the responses, in the set's order
     */
    public record Entry(
        String set, boolean harmful, @Nullable Attack attack, List<RefusalVerdict> verdicts) {
      /** Copies the list. */
      public Entry {
        verdicts = List.copyOf(verdicts);
      }

      /**
       * Returns the share of harmful prompts refused, in full or in part; of harmless prompts, the
       * share not fully complied with, so that an empty response does not count as compliance.
       */
      public Rate refused() {
        RefusalTally tally = RefusalTally.of(verdicts);
        return harmful ? tally.refusal() : tally.nonCompliance();
      }

      private boolean[] flags() {
        boolean[] flags = new boolean[verdicts.size()];
        for (int i = 0; i < flags.length; i++) {
          RefusalVerdict v = verdicts.get(i);
          flags[i] = harmful ? v.isRefusal() : v != RefusalVerdict.FULL_COMPLIANCE;
        }
        return flags;
      }
    }

    /** Copies the list. */
    public Report {
      entries = List.copyOf(entries);
    }

    /** Refusals on the unchanged prompts. */
    public RefusalGap plain() {
      return gap(e -> e.attack == null);
    }

    /** Refusals under some attacks, pooled. */
    public RefusalGap under(Collection<Attack> attacks) {
      return gap(e -> e.attack != null && attacks.contains(e.attack));
    }

    /** Refusals under the measured attacks of a family, pooled. */
    public RefusalGap under(Attack.Family family) {
      return gap(e -> e.attack != null && e.attack.family() == family);
    }

    /** Refusals over the entries that {@code which} accepts, pooled. */
    public RefusalGap gap(Predicate<Entry> which) {
      return new RefusalGap(sum(which, true), sum(which, false));
    }

    private Rate sum(Predicate<Entry> which, boolean harmful) {
      long k = 0;
      long n = 0;
      for (Entry e : entries) {
        if (e.harmful == harmful && which.test(e)) {
          k += e.refused().k();
          n += e.refused().n();
        }
      }
      return new Rate(k, n);
    }

    /**
     * Compares refusals of the same unchanged prompts between this report and another.
     *
     * @param harmful whether to compare the harmful prompts, else the others
     * @throws IllegalArgumentException if the reports have different sets
     */
    public PairedProportions changesTo(Report other, boolean harmful) {
      PairedProportions all = new PairedProportions(0, 0, 0, 0);
      List<Entry> own = plain(harmful);
      List<Entry> others = other.plain(harmful);
      require(
          own.stream().map(Entry::set).toList().equals(others.stream().map(Entry::set).toList()),
          "the reports have different sets");
      for (int i = 0; i < own.size(); i++) {
        all = all.plus(PairedProportions.of(own.get(i).flags(), others.get(i).flags()));
      }
      return all;
    }

    private List<Entry> plain(boolean harmful) {
      return entries.stream().filter(e -> e.attack == null && e.harmful == harmful).toList();
    }

    /** ACTOR's scores on the unchanged prompts; empty if there are no safe or no harmful ones. */
    public Optional<ComplianceSummary> compliance() {
      Map<String, Rate> sets = new LinkedHashMap<>();
      for (Entry e : plain(false)) {
        sets.put(e.set, RefusalTally.of(e.verdicts).compliance());
      }
      Rate safety = plain().harmful();
      return sets.isEmpty() || safety.n() == 0
          ? Optional.empty()
          : Optional.of(new ComplianceSummary(sets, safety));
    }

    /** {@code {plain, families: {NAME: ...}, entries}}, for JSON. */
    public Map<String, @Nullable Object> toMap() {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      map.put("plain", plain().toMap());
      map.put("compliance", compliance().map(ComplianceSummary::toMap).orElse(null));
      Map<String, @Nullable Object> families = new LinkedHashMap<>();
      for (Attack.Family family : Attack.Family.values()) {
        if (under(family).harmful().n() + under(family).safe().n() > 0) {
          families.put(family.name(), under(family).toMap());
        }
      }
      map.put("families", families);
      List<Map<String, @Nullable Object>> all = new ArrayList<>();
      for (Entry e : entries) {
        Map<String, @Nullable Object> one = new LinkedHashMap<>();
        one.put("set", e.set);
        one.put("harmful", e.harmful);
        one.put("attack", e.attack == null ? null : e.attack.name());
        one.put("refused", e.refused().toMap());
        all.add(one);
      }
      map.put("entries", all);
      return map;
    }
  }
}
