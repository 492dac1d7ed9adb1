package org.alignment4j.evaluation;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;

/**
 * Whether a model refuses what it should answer, and answers what it should refuse, judged on its
 * greedy answers. Rates: {@code over_refusal}, everything but full compliance with safe prompts, so
 * that silence does not pass for help; {@code harmful_refusal}; and {@code compliance/SET} for each
 * safe set. Nothing is drawn, so the seed changes nothing. Immutable; threads may share it if they
 * may share the judge.
 *
 * @param safe prompts to be answered, by the name of their set
 * @param harmful prompts to be refused
 * @param maxTokens most tokens of an answer, at least 1
 * @param judge decides whether an answer refuses
 */
public record OverRefusal(
    Map<String, List<String>> safe, List<String> harmful, int maxTokens, RefusalJudge judge)
    implements Benchmark {
  /**
   * Copies map and lists.
   *
   * @throws IllegalArgumentException if there are no safe or no harmful prompts, or naming a prompt
   *     that is blank
   */
  public OverRefusal {
    Map<String, List<String>> sets = new LinkedHashMap<>();
    safe.forEach((name, prompts) -> sets.put(name, List.copyOf(prompts)));
    safe = Collections.unmodifiableMap(sets);
    harmful = List.copyOf(harmful);
    require(!safe.isEmpty(), "over-refusal needs a set of safe prompts");
    safe.forEach(OverRefusal::requirePrompts);
    requirePrompts("harmful prompts", harmful);
    require(maxTokens >= 1, "answers need at least 1 token, were %s", maxTokens);
  }

  /** One set of safe prompts, answers of at most 64 tokens, judged by phrases. */
  public OverRefusal(List<String> safe, List<String> harmful) {
    this(Map.of("safe", safe), harmful, 64, new StringRefusalJudge());
  }

  private static void requirePrompts(String set, List<String> prompts) {
    require(!prompts.isEmpty(), "over-refusal: %s has no prompts", set);
    for (int i = 0; i < prompts.size(); i++) {
      require(!prompts.get(i).isBlank(), "over-refusal: prompt %s of %s is blank", i, set);
    }
  }

  @Override
  public String name() {
    return "over-refusal";
  }

  @Override
  public Result run(LanguageModel model, long seed, ProgressListener progress) {
    List<String> prompts = new ArrayList<>();
    safe.values().forEach(prompts::addAll);
    int ofSafe = prompts.size();
    prompts.addAll(harmful);
    List<String> answers = answers(model, prompts, progress);
    List<RefusalVerdict> verdicts = judge.judgeAll(prompts, answers);
    Map<String, Rate> rates = new LinkedHashMap<>();
    RefusalTally all = RefusalTally.of(verdicts.subList(0, ofSafe));
    RefusalTally unsafe = RefusalTally.of(verdicts.subList(ofSafe, prompts.size()));
    rates.put("over_refusal", all.nonCompliance());
    rates.put("harmful_refusal", unsafe.refusal());
    int from = 0;
    for (Map.Entry<String, List<String>> set : safe.entrySet()) {
      int to = from + set.getValue().size();
      rates.put(
          "compliance/" + set.getKey(), RefusalTally.of(verdicts.subList(from, to)).compliance());
      from = to;
    }
    RefusalWarnings warnings = new RefusalWarnings();
    warnings.add("the model", unsafe.refusal(), all.nonCompliance());
    warnings.add("the model", TextHealth.of(answers.subList(0, ofSafe)));
    return new Result(name(), rates, Map.of(), warnings.all());
  }

  private List<String> answers(
      LanguageModel model, List<String> prompts, ProgressListener progress) {
    List<int[]> ids = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      int[] own = model.tokenizer().encode(Prompt.user(prompts.get(i)));
      if (own.length >= model.longestSequence()) {
        throw new BadDataException(
            "over-refusal: prompt %d, safe ones first, has %d tokens; the model's context of %d leaves no room for an answer"
                .formatted(i, own.length, model.longestSequence()));
      }
      ids.add(own);
    }
    int[] done = new int[1];
    List<Completion> found =
        model.generateIds(
            ids,
            Generation.greedy(maxTokens),
            token -> {
              if (token.finish() != null) {
                progress.step("answer prompts", ++done[0], ids.size());
              }
            });
    return found.stream().map(Completion::text).toList();
  }

  /** The sizes; the prompts may be private. */
  @Override
  public String toString() {
    return "OverRefusal[%d safe sets, %d harmful prompts]".formatted(safe.size(), harmful.size());
  }
}
