package org.alignment4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.PreferenceEvaluator.HeldOut;
import org.alignment4j.evaluation.PreferenceReport.AnswerScore;
import org.alignment4j.evaluation.PreferenceReport.Omission;
import org.alignment4j.evaluation.PreferenceReport.PairScore;
import org.alignment4j.evaluation.PreferenceReport.Reason;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.Steering;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.testing.ByteTokenizer;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A random model with a tokenizer of bytes, and a steered view in place of a tuned one. */
class PreferenceEvaluatorTests {
  private static final Path WEIGHTS = Path.of("src/test/resources/parity/llama2");
  private static final Bootstrap BOOTSTRAP = new Bootstrap(200, 0.95, 1);
  private static final PreferenceEvaluator EVALUATOR =
      new PreferenceEvaluator(Generation.greedy(6), 3, BOOTSTRAP);

  @TempDir static Path folder;
  private static LanguageModel model;
  private static LanguageModel tuned;

  @BeforeAll
  static void load() throws IOException {
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(WEIGHTS.resolve(name), folder.resolve(name));
    }
    ByteTokenizer.write(folder, ByteTokenizer.bytes());
    model = LanguageModel.load(folder);
    float[] v = new float[model.config().width()];
    Random random = new Random(1);
    for (int j = 0; j < v.length; j++) {
      v[j] = (float) random.nextGaussian();
    }
    tuned = model.with(new Steering(new Layer(2), TokenPositions.all(), Steering.Kind.ADD, v));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static String text(Random random, int most) {
    StringBuilder text = new StringBuilder();
    for (int k = 1 + random.nextInt(most); k > 0; k--) {
      text.append((char) ('a' + random.nextInt(26)));
    }
    return text.toString();
  }

  /** More pairs than are scored at once; two of each prompt. */
  private static List<PreferencePair> pairs(int n) {
    Random random = new Random(5);
    return IntStream.range(0, n)
        .mapToObj(
            i ->
                new PreferencePair(
                    "p" + i, Prompt.user("q" + i / 2), text(random, 20), text(random, 20)))
        .toList();
  }

  private static PreferenceReport evaluate(LanguageModel measured, List<PreferencePair> pairs) {
    return EVALUATOR.evaluate(measured, model, pairs, ProgressListener.NONE);
  }

  private static Encoded whole(Prompt prompt, String response) {
    return model.tokenizer().encodeForTraining(prompt.withResponse(response));
  }

  @Test
  void scoresAreThoseOfTheTextAndItsEndOfTurn() {
    List<PreferencePair> pairs = pairs(70);
    PreferenceReport report = evaluate(tuned, pairs);
    assertEquals(pairs.stream().map(PreferencePair::id).toList(), ids(report));
    for (int i = 0; i < pairs.size(); i += 7) {
      PreferencePair pair = pairs.get(i);
      PairScore score = report.pairs().get(i);
      Encoded chosen = whole(pair.prompt(), pair.chosen());
      assertEquals(i / 2, score.prompt());
      assertEquals(pair.chosen().length() + 1, score.chosenTokens());
      assertEquals(pair.rejected().length() + 1, score.rejectedTokens());
      near(tuned.logProbabilities(List.of(chosen))[0], score.chosen());
      near(
          tuned.logProbabilities(List.of(whole(pair.prompt(), pair.rejected())))[0],
          score.rejected());
      near(tuned.divergence(model, List.of(chosen))[0], score.divergence());
      // What a score of the text leaves out is the token that ends the turn.
      int[] ids = chosen.ids();
      Encoded open = new Encoded(Arrays.copyOf(ids, ids.length - 1), chosen.responseStart());
      near(
          tuned.score(pair.prompt(), List.of(pair.chosen())).get(0).sum(),
          tuned.logProbabilities(List.of(open))[0]);
    }
    assertTrue(report.divergence().lo() > 0);
    assertEquals(0, evaluate(model, pairs(4)).divergence().hi());
  }

  @Test
  void aStartModelThatRanOnceGivesTheSameReports() {
    List<PreferencePair> pairs = pairs(70);
    HeldOut heldOut = EVALUATOR.against(model, pairs, ProgressListener.NONE);
    for (LanguageModel measured : List.of(tuned, model)) {
      PreferenceReport expected = evaluate(measured, pairs);
      PreferenceReport found = heldOut.evaluate(measured, ProgressListener.NONE);
      assertEquals(expected.answers(), found.answers());
      assertEquals(expected.omitted(), found.omitted());
      for (int i = 0; i < pairs.size(); i++) {
        PairScore a = expected.pairs().get(i);
        PairScore b = found.pairs().get(i);
        near(a.chosen(), b.chosen());
        near(a.rejected(), b.rejected());
        near(a.divergence(), b.divergence());
      }
    }
  }

  private static void near(double expected, double found) {
    assertEquals(expected, found, 1e-4 * Math.abs(expected));
  }

  private static List<String> ids(PreferenceReport report) {
    return report.pairs().stream().map(PairScore::id).toList();
  }

  @Test
  void swappedPairsGiveTheRest() {
    List<PreferencePair> pairs = new ArrayList<>(pairs(30));
    pairs.add(new PreferencePair("tie", Prompt.user("q"), "same", "same"));
    PreferenceReport straight = evaluate(tuned, pairs);
    PreferenceReport swapped =
        evaluate(tuned, pairs.stream().map(PreferencePair::swapped).toList());
    assertEquals(0.5, straight.pairs().get(30).correct(), "equal responses tie");
    double accuracy = straight.accuracy().estimate();
    assertTrue(accuracy > 0 && accuracy < 1, () -> "accuracy " + accuracy);
    assertEquals(1 - accuracy, swapped.accuracy().estimate(), 1e-12);
    assertEquals(
        1 - straight.accuracyBySum().estimate(), swapped.accuracyBySum().estimate(), 1e-12);
    assertEquals(-straight.margin().estimate(), swapped.margin().estimate(), 1e-5);
  }

  @Test
  void whatCannotBeScoredIsListed() {
    String longer = "x".repeat(300);
    String close = "y".repeat(model.longestSequence() - 45);
    List<PreferencePair> pairs =
        List.of(
            new PreferencePair("blank", Prompt.user("q"), "fine", " \n"),
            new PreferencePair("none", Prompt.user("q"), "", "fine"),
            new PreferencePair("long", Prompt.user("q"), "fine", longer),
            new PreferencePair("close", Prompt.user(close), "f", "g"),
            new PreferencePair("good", Prompt.user("q"), "fine", "finer"));
    PreferenceEvaluator evaluator = new PreferenceEvaluator(Generation.greedy(100), 3, BOOTSTRAP);
    PreferenceReport report = evaluator.evaluate(tuned, model, pairs, ProgressListener.NONE);
    assertEquals(List.of("close", "good"), ids(report));
    assertEquals(List.of("good"), report.answers().stream().map(AnswerScore::id).toList());
    assertEquals(
        List.of(
            new Omission("blank", Reason.EMPTY_RESPONSE),
            new Omission("none", Reason.EMPTY_RESPONSE),
            new Omission("long", Reason.TOO_LONG),
            new Omission("close", Reason.NO_ROOM_FOR_ANSWER)),
        report.omitted());
    PreferenceReport nothing =
        evaluator.evaluate(tuned, model, pairs.subList(0, 3), ProgressListener.NONE);
    assertEquals(0, nothing.pairs().size() + nothing.answers().size());
    assertThrows(
        IllegalArgumentException.class,
        () -> evaluator.evaluate(tuned, model, List.of(), ProgressListener.NONE));
  }

  @Test
  void eachPromptIsAnsweredOnceAndProgressIsTold() {
    List<PreferencePair> pairs = pairs(8);
    List<String> told = new ArrayList<>();
    PreferenceReport report =
        EVALUATOR.evaluate(
            tuned, model, pairs, p -> told.add(p.task() + " " + p.done() + "/" + p.total()));
    assertEquals(
        List.of("p0", "p2", "p4"), report.answers().stream().map(AnswerScore::id).toList());
    List<Completion> own =
        tuned.generate(
            List.of(Prompt.user("q0"), Prompt.user("q1"), Prompt.user("q2")),
            EVALUATOR.generation());
    for (int i = 0; i < own.size(); i++) {
      assertEquals(own.get(i).ids().length, report.answers().get(i).tokens());
      assertEquals(
          own.get(i).finish() == Completion.Finish.LENGTH, report.answers().get(i).atLimit());
    }
    assertEquals(
        List.of(
            "score preferences 8/8",
            "answer prompts 1/3",
            "answer prompts 2/3",
            "answer prompts 3/3"),
        told);
    PreferenceEvaluator none = new PreferenceEvaluator(Generation.greedy(6), 0, BOOTSTRAP);
    assertEquals(List.of(), none.evaluate(tuned, model, pairs, ProgressListener.NONE).answers());
  }
}
