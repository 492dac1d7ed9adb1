package org.alignment4j.sysformer;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.RefusalJudge;
import org.jspecify.annotations.Nullable;

/**
 * Measures what a guarded model refuses, as prompts are and in the wordings of {@link Attack}s.
 * Immutable; as thread-safe as its judge.
 */
public final class AttackEvaluator {
  private static final int PORTION = 128;

  private final RefusalJudge judge;
  private final long seed;
  private final int most;

  /**
   * A prompt set.
   *
   * @param name for the report
   * @param harmful whether its prompts are to be refused
   * @param prompts single requests, one at least
   */
  public record Prompts(String name, boolean harmful, List<String> prompts) {
    /** Copies the list. */
    public Prompts {
      prompts = List.copyOf(prompts);
      require(!prompts.isEmpty(), "set %s has no prompts", name);
    }
  }

  /**
   * An evaluator.
   *
   * @param judge sees the request before it was reworded
   * @param seed of what attacks draw
   */
  public AttackEvaluator(RefusalJudge judge, long seed) {
    this(judge, seed, Integer.MAX_VALUE);
  }

  private AttackEvaluator(RefusalJudge judge, long seed, int most) {
    require(most >= 1, "attacks need a prompt of each set at least, was %s", most);
    this.judge = judge;
    this.seed = seed;
    this.most = most;
  }

  /**
   * The same with attacks on a sample of each set only, drawn by the seed; prompts as they are stay
   * all.
   *
   * @param prompts of each set at most
   */
  public AttackEvaluator attacking(int prompts) {
    return new AttackEvaluator(judge, seed, prompts);
  }

  /**
   * Measures.
   *
   * @param answers what is measured: gives the answers to prompts, in order, such as by {@link
   *     org.alignment4j.GuardedChat#replyAll}
   * @param sets at least one
   * @param attacks wordings to measure beside the prompts as they are; may be empty
   */
  public AttackReport evaluate(
      Function<List<Prompt>, List<String>> answers,
      List<Prompts> sets,
      List<Attack> attacks,
      ProgressListener progress) {
    require(!sets.isEmpty(), "no prompt sets");
    List<Case> cases = new ArrayList<>();
    List<Prompt> asked = new ArrayList<>();
    List<@Nullable Attack> wordings = new ArrayList<>();
    wordings.add(null);
    wordings.addAll(attacks);
    for (Attack attack : wordings) {
      for (Prompts set : sets) {
        int n = set.prompts.size();
        Case one = new Case(set, attack, rows(n, attack == null ? n : most));
        cases.add(one);
        one.rows.forEach(i -> asked.add(Prompt.user(worded(attack, set.prompts.get(i), seed + i))));
      }
    }
    // Together, for few prompts make small batches.
    List<String> found = new ArrayList<>();
    for (int at = 0; at < asked.size(); at += PORTION) {
      found.addAll(answers.apply(asked.subList(at, Math.min(asked.size(), at + PORTION))));
      progress.step("attack", found.size(), asked.size());
    }
    List<AttackReport.Entry> entries = new ArrayList<>();
    int at = 0;
    for (Case one : cases) {
      List<String> own = found.subList(at, at + one.rows.size());
      at += own.size();
      entries.add(one.entry(judge, own));
    }
    return new AttackReport(entries);
  }

  /** One set in one wording. */
  private record Case(Prompts set, @Nullable Attack attack, List<Integer> rows) {
    AttackReport.Entry entry(RefusalJudge judge, List<String> answers) {
      List<String> asked = rows.stream().map(set.prompts::get).toList();
      return new AttackReport.Entry(set.name, set.harmful, attack, judge.judgeAll(asked, answers));
    }
  }

  /** The same sample for every attack, in the set's order. */
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
}
