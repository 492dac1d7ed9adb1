package org.alignment4j.examples.cli.overrefusal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.chat.Prompt;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;

/**
 * The plainest rival: a constant is taken off the logits of the tokens that begin a refusal, at the
 * first token of an answer. It moves the threshold of refusing and tells nothing apart.
 *
 * @param model the model, which stays open
 * @param openers ids of the tokens
 * @param offset what is taken off
 */
record LogitOffset(LanguageModel model, Set<Integer> openers, double offset) implements Subject {
  private static final double SHARE = 0.05;
  private static final double KEPT = 0.9;

  /**
   * Finds the openers, which begin at least a twentieth of the refusals of harmful prompts, and the
   * largest offset at which nine in ten of the held-out contrast prompts that were refused still
   * are.
   */
  static LogitOffset fit(LanguageModel model, ActorPrompts prompts) {
    Map<Integer, Integer> first = new HashMap<>();
    List<Completion> answers = model.generate(prompts.gateHarmful(), Generation.greedy(16));
    String verdicts =
        Answers.judged(prompts.gateHarmful(), answers.stream().map(Completion::text).toList());
    int refusals = 0;
    for (int i = 0; i < answers.size(); i++) {
      if (verdicts.charAt(i) == 'r') {
        first.merge(answers.get(i).ids()[0], 1, Integer::sum);
        refusals++;
      }
    }
    Set<Integer> openers = new TreeSet<>();
    for (Map.Entry<Integer, Integer> e : first.entrySet()) {
      if (e.getValue() >= SHARE * refusals) {
        openers.add(e.getKey());
      }
    }
    double[] margins =
        Arrays.stream(model.nextTokenLogits(prompts.gateContrast()))
            .mapToDouble(l -> margin(l, openers))
            .filter(m -> m > 0)
            .sorted()
            .toArray();
    // At the offset of a prompt's margin this prompt is no longer refused.
    double offset =
        margins.length == 0 ? 0 : margins[(int) Math.floor((1 - KEPT) * margins.length)] * 0.999;
    return new LogitOffset(model, openers, offset);
  }

  /** How far the best opener is above the best other token; below 0 if it is not the best. */
  private static double margin(float[] logits, Set<Integer> openers) {
    double best = Double.NEGATIVE_INFINITY;
    double other = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < logits.length; i++) {
      if (openers.contains(i)) {
        best = Math.max(best, logits[i]);
      } else {
        other = Math.max(other, logits[i]);
      }
    }
    return best - other;
  }

  @Override
  public List<String> answers(List<Prompt> prompts, int tokens) {
    float[][] logits = model.nextTokenLogits(prompts);
    List<int[]> begun = new ArrayList<>();
    int[] first = new int[logits.length];
    for (int i = 0; i < logits.length; i++) {
      first[i] = first(logits[i]);
      int[] ids = model.tokenizer().encode(prompts.get(i));
      int[] longer = Arrays.copyOf(ids, ids.length + 1);
      longer[ids.length] = first[i];
      begun.add(longer);
    }
    List<Completion> rest = model.generateIds(begun, Generation.greedy(tokens - 1));
    List<String> answers = new ArrayList<>();
    for (int i = 0; i < first.length; i++) {
      int[] own = rest.get(i).ids();
      int[] all = new int[own.length + 1];
      all[0] = first[i];
      System.arraycopy(own, 0, all, 1, own.length);
      answers.add(
          model.tokenizer().endOfTurn().contains(first[i]) ? "" : model.tokenizer().decode(all));
    }
    return answers;
  }

  private int first(float[] logits) {
    int best = 0;
    double highest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < logits.length; i++) {
      double value = logits[i] - (openers.contains(i) ? offset : 0);
      if (value > highest) {
        highest = value;
        best = i;
      }
    }
    return best;
  }

  @Override
  public void close() {}
}
