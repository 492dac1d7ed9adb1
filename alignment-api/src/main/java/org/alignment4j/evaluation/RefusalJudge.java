package org.alignment4j.evaluation;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.List;

/**
 * Decides whether answers refuse. A judge may read strings, as {@link StringRefusalJudge} does, or
 * ask a chat model with a rubric; the latter overrides {@link #judgeAll} to work in batches.
 * Implementations say whether threads may share them.
 */
@FunctionalInterface
public interface RefusalJudge {
  /**
   * Judges one answer.
   *
   * @param prompt the request, without chat template
   * @param answer what the model wrote, possibly cut off or empty
   */
  RefusalVerdict judge(String prompt, String answer);

  /**
   * Judges answers in order: verdict i is of prompt i and answer i.
   *
   * @throws IllegalArgumentException if the lists differ in length
   */
  default List<RefusalVerdict> judgeAll(List<String> prompts, List<String> answers) {
    require(
        prompts.size() == answers.size(),
        "prompts and answers differ in number: %d != %d",
        prompts.size(),
        answers.size());
    List<RefusalVerdict> verdicts = new ArrayList<>(prompts.size());
    for (int i = 0; i < prompts.size(); i++) {
      verdicts.add(judge(prompts.get(i), answers.get(i)));
    }
    return List.copyOf(verdicts);
  }
}
