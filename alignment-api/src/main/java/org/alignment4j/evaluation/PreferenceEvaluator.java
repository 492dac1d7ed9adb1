package org.alignment4j.evaluation;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.PreferenceReport.AnswerScore;
import org.alignment4j.evaluation.PreferenceReport.Omission;
import org.alignment4j.evaluation.PreferenceReport.PairScore;
import org.alignment4j.evaluation.PreferenceReport.Reason;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.ResponseScore;
import org.alignment4j.tune.PreferencePair;

/**
 * Measures what tuning on preferences did to a model: whether it tells preferred responses of
 * held-out pairs from others, how far it has moved from where it started, and what became of its
 * answers. Immutable and thread-safe.
 *
 * @param generation settings of the answers; the same settings give two methods the same draws
 * @param answers most prompts to answer, 0 for none: the first different ones that leave room for
 *     {@code generation.maxNewTokens()} tokens
 * @param bootstrap how intervals are made
 */
public record PreferenceEvaluator(Generation generation, int answers, Bootstrap bootstrap) {
  /** Pairs that are scored between two reports of progress. */
  private static final int CHUNK = 64;

  /**
   * @throws IllegalArgumentException if {@code answers} is negative
   */
  public PreferenceEvaluator {
    require(answers >= 0, "answers must be >= 0, was %s", answers);
  }

  /** A pair as the model reads it. */
  private record Tokens(PreferencePair pair, Encoded chosen, Encoded rejected) {}

  /**
   * Measures a model. Responses are tokenised with their prompts, as one text, by the tuned model's
   * tokenizer, and end with the end of their turn. Pairs with a blank response, or longer than
   * either model's context, are not scored but listed in the report.
   *
   * @param tuned the model to measure, such as a view with an adapter
   * @param start the model it was tuned from, with the same vocabulary
   * @param pairs not trained on; one at least
   * @throws IllegalArgumentException if there are no pairs, the vocabularies differ in size, or the
   *     template refuses a prompt's roles
   * @throws org.alignment4j.core.CheckpointException if the tuned model has no tokenizer
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public PreferenceReport evaluate(
      LanguageModel tuned,
      LanguageModel start,
      List<PreferencePair> pairs,
      ProgressListener progress) {
    require(!pairs.isEmpty(), "no pairs");
    List<Omission> omitted = new ArrayList<>();
    List<Tokens> tokens =
        tokens(
            tuned.tokenizer(),
            pairs,
            Math.min(tuned.longestSequence(), start.longestSequence()),
            omitted);
    List<PairScore> scores = scores(tuned, start, tokens, progress);
    List<AnswerScore> texts = answers(tuned, tokens, omitted, progress);
    return new PreferenceReport(scores, texts, omitted, bootstrap);
  }

  /**
   * This measurement of a model by itself, without one that it was tuned from, as a benchmark named
   * {@code preferences}. Scores: {@code accuracy}, {@code accuracy_by_sum}, {@code margin}, and of
   * answers {@code length}, {@code repetition}, {@code distinct_1} and {@code distinct_2}; rates:
   * {@code at_limit}. The seed of a run takes the place of those of generation and bootstrap.
   *
   * @param pairs not trained on
   * @throws IllegalArgumentException if there are no pairs, or naming one whose prompt is blank
   */
  public Benchmark benchmark(List<PreferencePair> pairs) {
    return new PreferenceBenchmark(this, pairs);
  }

  private static List<Tokens> tokens(
      ChatTokenizer tokenizer, List<PreferencePair> pairs, int longest, List<Omission> omitted) {
    List<Tokens> all = new ArrayList<>();
    for (PreferencePair pair : pairs) {
      // A template writes the end of a turn behind an empty response too.
      if (pair.chosen().isBlank() || pair.rejected().isBlank()) {
        omitted.add(new Omission(pair.id(), Reason.EMPTY_RESPONSE));
        continue;
      }
      Encoded chosen = tokenizer.encodeForTraining(pair.prompt().withResponse(pair.chosen()));
      Encoded rejected = tokenizer.encodeForTraining(pair.prompt().withResponse(pair.rejected()));
      if (Math.max(chosen.ids().length, rejected.ids().length) > longest) {
        omitted.add(new Omission(pair.id(), Reason.TOO_LONG));
      } else {
        all.add(new Tokens(pair, chosen, rejected));
      }
    }
    return all;
  }

  private static List<PairScore> scores(
      LanguageModel tuned, LanguageModel start, List<Tokens> tokens, ProgressListener progress) {
    Map<Prompt, Integer> prompts = new HashMap<>();
    List<PairScore> scores = new ArrayList<>();
    for (int from = 0; from < tokens.size(); from += CHUNK) {
      List<Tokens> some = tokens.subList(from, Math.min(tokens.size(), from + CHUNK));
      List<ResponseScore> chosen =
          tuned.scoreAgainst(start, some.stream().map(Tokens::chosen).toList());
      double[] rejected = rejected(tuned, some, chosen);
      for (int i = 0; i < some.size(); i++) {
        Tokens t = some.get(i);
        int prompt = prompts.computeIfAbsent(t.pair.prompt(), p -> prompts.size());
        scores.add(
            new PairScore(
                t.pair.id(),
                prompt,
                chosen.get(i).logProbability(),
                rejected[i],
                t.chosen.predictedLength(),
                t.rejected.predictedLength(),
                chosen.get(i).divergence()));
      }
      progress.step("score preferences", scores.size(), tokens.size());
    }
    return scores;
  }

  /** Of the rejected responses; equal responses get equal figures, so that they tie. */
  private static double[] rejected(
      LanguageModel model, List<Tokens> some, List<ResponseScore> chosen) {
    double[] sums = model.logProbabilities(some.stream().map(Tokens::rejected).toList());
    for (int i = 0; i < sums.length; i++) {
      if (some.get(i).rejected.equals(some.get(i).chosen)) {
        sums[i] = chosen.get(i).logProbability();
      }
    }
    return sums;
  }

  private List<AnswerScore> answers(
      LanguageModel model, List<Tokens> tokens, List<Omission> omitted, ProgressListener progress) {
    Map<Prompt, String> ids = new LinkedHashMap<>();
    List<int[]> asked = new ArrayList<>();
    for (Tokens t : tokens) {
      if (ids.size() == answers) {
        break;
      }
      if (ids.containsKey(t.pair.prompt())) {
        continue;
      }
      int[] prompt = model.tokenizer().encode(t.pair.prompt());
      if ((long) prompt.length + generation.maxNewTokens() > model.longestSequence()) {
        omitted.add(new Omission(t.pair.id(), Reason.NO_ROOM_FOR_ANSWER));
      } else {
        ids.put(t.pair.prompt(), t.pair.id());
        asked.add(prompt);
      }
    }
    if (asked.isEmpty()) {
      return List.of();
    }
    int[] done = new int[1];
    List<Completion> found =
        model.generateIds(
            asked,
            generation,
            token -> {
              if (token.finish() != null) {
                progress.step("answer prompts", ++done[0], asked.size());
              }
            });
    List<String> names = List.copyOf(ids.values());
    List<AnswerScore> scores = new ArrayList<>();
    for (int i = 0; i < found.size(); i++) {
      scores.add(AnswerVariety.of(names.get(i), found.get(i)));
    }
    return scores;
  }
}
