package org.alignment4j.evaluation;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
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
 * Measures the effect of preference tuning on a model: pair accuracy on held-out pairs, divergence
 * from the start model, and length and variety of generated answers. Immutable and thread-safe.
 *
 * @param generation settings of the answers; with the same settings, two methods sample with the
 *     same random numbers
 * @param answers maximum number of prompts to answer, 0 for none: the first distinct ones that
 *     leave room for {@code generation.maxNewTokens()} tokens
 * @param bootstrap the method of the intervals
 */
public record PreferenceEvaluator(Generation generation, int answers, Bootstrap bootstrap) {
  /** The number of pairs scored between two progress reports. */
  private static final int CHUNK = 64;

  /** Part of Java's heap for a start model's predictions. */
  private static final int HEAP_PARTS = 8;

  /**
   * @throws IllegalArgumentException if {@code answers} is negative
   */
  public PreferenceEvaluator {
    require(answers >= 0, "answers must be >= 0, was %s", answers);
  }

  /** A pair with its token ids. */
  private record Tokens(PreferencePair pair, Encoded chosen, Encoded rejected) {}

  /**
   * Measures a model. Prompt and response are tokenised as one text by the tuned model's tokenizer,
   * up to the end-of-turn token. Pairs with a blank response, or longer than either model's
   * context, are not scored but listed in the report.
   *
   * @param tuned the model to measure, such as a view with an adapter
   * @param start the model it was tuned from, with the same vocabulary
   * @param pairs pairs that the model was not trained on, at least one
   * @throws IllegalArgumentException if there are no pairs, the vocabularies differ in size, or the
   *     template does not allow a prompt's roles
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
    int longest = Math.min(tuned.longestSequence(), start.longestSequence());
    List<Tokens> tokens = tokens(tuned.tokenizer(), pairs, longest, omitted);
    // One model that is compared once: nothing of the start model needs to be kept.
    List<PairScore> scores = scores(tokens, (chunk, some) -> both(tuned, start, some), progress);
    List<AnswerScore> texts = answers(tuned, tokens, omitted, progress);
    return new PreferenceReport(scores, texts, omitted, bootstrap);
  }

  /**
   * Held-out pairs, and a start model's predictions of their chosen responses: models tuned from it
   * are measured without running it again. Keeps 4 bytes times the model's width for each token of
   * a chosen response, in at most an eighth of Java's heap; beyond that the start model runs again.
   * Made by {@link #against}; the start model must stay open. Immutable and thread-safe.
   */
  public static final class HeldOut {
    private final PreferenceEvaluator evaluator;
    private final LanguageModel start;
    private final List<Tokens> tokens;
    private final List<Omission> omitted;
    private final List<ResponseScore.Reference> chosen;

    private HeldOut(
        PreferenceEvaluator evaluator,
        LanguageModel start,
        List<Tokens> tokens,
        List<Omission> omitted,
        List<ResponseScore.Reference> chosen) {
      this.evaluator = evaluator;
      this.start = start;
      this.tokens = tokens;
      this.omitted = omitted;
      this.chosen = chosen;
    }

    /**
     * Measures a model tuned from the start model, as {@link PreferenceEvaluator#evaluate} does.
     *
     * @param tuned with the start model's tokenizer and vocabulary
     * @throws IllegalArgumentException if the model cannot read a pair
     * @throws org.alignment4j.core.CancelledException if the thread is interrupted
     */
    public PreferenceReport evaluate(LanguageModel tuned, ProgressListener progress) {
      List<Omission> all = new ArrayList<>(omitted);
      List<PairScore> scores =
          scores(
              tokens,
              (chunk, some) ->
                  chunk < chosen.size()
                      ? tuned.scoreAgainst(chosen.get(chunk), rejected(some))
                      : both(tuned, start, some),
              progress);
      List<AnswerScore> texts = evaluator.answers(tuned, tokens, all, progress);
      return new PreferenceReport(scores, texts, all, evaluator.bootstrap);
    }
  }

  /**
   * Runs the start model on held-out pairs, once for all models that are tuned from it.
   *
   * @param start the model without tuning
   * @param pairs as in {@link #evaluate}
   * @throws IllegalArgumentException as in {@link #evaluate}
   * @throws org.alignment4j.core.CheckpointException if the model has no tokenizer
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public HeldOut against(
      LanguageModel start, List<PreferencePair> pairs, ProgressListener progress) {
    require(!pairs.isEmpty(), "no pairs");
    List<Omission> omitted = new ArrayList<>();
    List<Tokens> tokens = tokens(start.tokenizer(), pairs, start.longestSequence(), omitted);
    List<ResponseScore.Reference> chosen = new ArrayList<>();
    long left = Runtime.getRuntime().maxMemory() / HEAP_PARTS;
    for (int from = 0; from < tokens.size(); from += CHUNK) {
      List<Tokens> some = tokens.subList(from, Math.min(tokens.size(), from + CHUNK));
      long predicted = some.stream().mapToLong(t -> t.chosen.predictedLength()).sum();
      left -= predicted * start.config().width() * Float.BYTES;
      if (left < 0) {
        break;
      }
      chosen.add(start.reference(chosen(some)));
      progress.step("read start model", from + some.size(), tokens.size());
    }
    return new HeldOut(this, start, tokens, List.copyOf(omitted), List.copyOf(chosen));
  }

  /** In one call, since the two responses of a pair have the same prompt. */
  private static List<ResponseScore> both(
      LanguageModel tuned, LanguageModel start, List<Tokens> some) {
    return tuned.scoreAgainst(
        start,
        Stream.concat(chosen(some).stream(), rejected(some).stream()).toList(),
        i -> i < some.size());
  }

  private static List<Encoded> chosen(List<Tokens> some) {
    return some.stream().map(Tokens::chosen).toList();
  }

  private static List<Encoded> rejected(List<Tokens> some) {
    return some.stream().map(Tokens::rejected).toList();
  }

  /**
   * Returns a benchmark named {@code preferences}, which measures a single model without comparison
   * to its start model. Scores: {@code accuracy}, {@code accuracy_by_sum}, {@code margin}, and of
   * answers {@code length}, {@code repetition}, {@code distinct_1} and {@code distinct_2}; rates:
   * {@code at_limit}. The seed of a run replaces those of generation and bootstrap.
   *
   * @param pairs pairs that the model was not trained on
   * @throws IllegalArgumentException if there are no pairs, or a prompt is blank
   */
  public Benchmark benchmark(List<PreferencePair> pairs) {
    return new PreferenceBenchmark(this, pairs);
  }

  private static List<Tokens> tokens(
      ChatTokenizer tokenizer, List<PreferencePair> pairs, int longest, List<Omission> omitted) {
    List<Tokens> all = new ArrayList<>();
    for (PreferencePair pair : pairs) {
      // A template writes an end of turn after an empty response too.
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

  private interface Scoring {
    /**
     * Scores of some pairs' chosen responses with divergence, then of the rejected ones: in one
     * call, since the two responses of a pair have the same prompt.
     */
    List<ResponseScore> of(int chunk, List<Tokens> some);
  }

  private static List<PairScore> scores(
      List<Tokens> tokens, Scoring scoring, ProgressListener progress) {
    Map<Prompt, Integer> prompts = new HashMap<>();
    List<PairScore> scores = new ArrayList<>();
    for (int from = 0; from < tokens.size(); from += CHUNK) {
      List<Tokens> some = tokens.subList(from, Math.min(tokens.size(), from + CHUNK));
      int n = some.size();
      List<ResponseScore> both = scoring.of(from / CHUNK, some);
      for (int i = 0; i < some.size(); i++) {
        Tokens t = some.get(i);
        int prompt = prompts.computeIfAbsent(t.pair.prompt(), p -> prompts.size());
        scores.add(
            new PairScore(
                t.pair.id(),
                prompt,
                both.get(i).logProbability(),
                // Equal responses tie, whatever they are rounded to.
                both.get(t.rejected.equals(t.chosen) ? i : n + i).logProbability(),
                t.chosen.predictedLength(),
                t.rejected.predictedLength(),
                both.get(i).divergence()));
      }
      progress.step("score preferences", scores.size(), tokens.size());
    }
    return scores;
  }

  private List<AnswerScore> answers(
      LanguageModel model, List<Tokens> tokens, List<Omission> omitted, ProgressListener progress) {
    Map<Prompt, String> ids = new LinkedHashMap<>();
    List<int[]> answerable = new ArrayList<>();
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
        answerable.add(prompt);
      }
    }
    if (answerable.isEmpty()) {
      return List.of();
    }
    int[] done = new int[1];
    List<Completion> found =
        model.generateIds(
            answerable,
            generation,
            token -> {
              if (token.finish() != null) {
                progress.step("answer prompts", ++done[0], answerable.size());
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
