package org.alignment4j.data.moral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.data.moral.AnswerReader.Chain;
import org.alignment4j.data.moral.AnswerReader.Option;
import org.alignment4j.data.moral.AnswerReader.Question;
import org.alignment4j.data.moral.AnswerReader.Reading;
import org.alignment4j.data.moral.AnswerReader.Status;
import org.alignment4j.model.Capture;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.Steering;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.testing.RandomChatModel;
import org.alignment4j.testing.Shared;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Forced reading of a real, if random, model. */
class LocalScorerTests {
  @TempDir static Path folder;
  private static LanguageModel model;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(RandomChatModel.write(folder, List.of("yes", "no", "think")));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static Question question(String text, Chain chain, String stem) {
    return new Question(
        Prompt.user(text),
        List.of(),
        chain,
        stem,
        List.of(
            new Option("yes", List.of(" yes", " Yes"), List.of()),
            new Option("no", List.of(" no", " never"), List.of())),
        false,
        16,
        5);
  }

  /** The chance of a continuation by one pass over all of it. */
  private static double alone(Prompt prompt, String stem, String form) {
    int[] prefilled = model.tokenizer().encode(prompt.withResponse(stem));
    int[] whole = model.tokenizer().encode(prompt.withResponse(stem + form));
    return Math.exp(model.logProbabilities(List.of(new Encoded(whole, prefilled.length)))[0]);
  }

  @Test
  void readsTheShareOfEachOptionsFormsAndTheirCoverage() {
    Question q = question("Is it?", null, "It is");
    Reading found = AnswerReader.forced(model, "m").read(List.of(q, q)).get(1);
    double yes = alone(q.prompt(), "It is", " yes") + alone(q.prompt(), "It is", " Yes");
    double no = alone(q.prompt(), "It is", " no") + alone(q.prompt(), "It is", " never");
    assertEquals(yes / (yes + no), found.probabilities().get(0), 1e-5);
    assertEquals(1, found.coverage() / (yes + no), 1e-4);
  }

  @Test
  void formsOfTheSameTokensCountOnce() {
    Question q =
        new Question(
            Prompt.user("Is it?"),
            List.of(),
            null,
            "It is",
            List.of(
                new Option("yes", List.of(" yes", " yes"), List.of()),
                new Option("no", List.of(" no"), List.of())),
            false,
            16,
            5);
    Reading found = AnswerReader.forced(model, "m").read(List.of(q)).get(0);
    double yes = alone(q.prompt(), "It is", " yes");
    double no = alone(q.prompt(), "It is", " no");
    assertEquals(yes / (yes + no), found.probabilities().get(0), 1e-5);
  }

  @Test
  void whereWordsEndWithTheirSpaceTheStemIsStillGiven() {
    try (LanguageModel stories = LanguageModel.load(Shared.path("fixtures", "tinystories-656k"))) {
      Prompt prompt = Prompt.user("Tell me.");
      Question q =
          new Question(
              prompt,
              List.of(),
              null,
              "The girl said that",
              List.of(
                  new Option("female", List.of(" she"), List.of()),
                  new Option("male", List.of(" he"), List.of())),
              false,
              16,
              5);
      int[] stem = stories.tokenizer().encode(prompt.withResponse(q.stem()));
      double[] mass = new double[2];
      for (int i = 0; i < 2; i++) {
        String form = q.options().get(i).forms().get(0);
        int[] whole = stories.tokenizer().encode(prompt.withResponse(q.stem() + form));
        // "that" and a space are one token, other than "that" alone; "she" is not "she" and a
        // space.
        assertNotEquals(stem[stem.length - 1], whole[stem.length - 1]);
        Encoded encoded = new Encoded(whole, stem.length);
        mass[i] = Math.exp(stories.logProbabilities(List.of(encoded))[0]);
      }
      Reading found = AnswerReader.forced(stories, "s").read(List.of(q)).get(0);
      assertEquals(mass[0] / (mass[0] + mass[1]), found.probabilities().get(0), 1e-5);
      assertEquals(1, found.coverage() / (mass[0] + mass[1]), 1e-4);
    }
  }

  @Test
  void systemEmbeddingsOfTheWordsThemselvesChangeNothing() {
    Question q = question("Is it?", null, "It is");
    Question instructed = q.withPrompt(q.prompt().withSystem("think"), List.of());
    Reading plain = AnswerReader.forced(model, "m").read(List.of(instructed)).get(0);
    int[] ids = model.tokenizer().encodeText("think");
    float[][] rows =
        model
            .captureIds(
                List.of(new Encoded(ids, ids.length)), Capture.layers(0, 0, TokenPositions.all()))
            .at(new Layer(0));
    Question embedded = q.withPrompt(instructed.prompt(), List.of(rows));
    Reading found = AnswerReader.forced(model, "m").read(List.of(embedded)).get(0);
    assertEquals(plain.probabilities().get(0), found.probabilities().get(0), 1e-5);
    float[][] others = Arrays.stream(rows).map(float[]::clone).toArray(float[][]::new);
    others[0][0] += 3;
    Reading moved =
        AnswerReader.forced(model, "m")
            .read(List.of(q.withPrompt(instructed.prompt(), List.of(others))))
            .get(0);
    assertNotEquals(plain.probabilities().get(0), moved.probabilities().get(0), 1e-5);
  }

  @Test
  void whatDoesNotFitTheContextIsUnreadable() {
    Question q = question("x".repeat(200), null, "It is");
    Reading found = AnswerReader.forced(model, "m").read(List.of(q)).get(0);
    assertEquals(Status.UNREADABLE, found.status());
    assertTrue(found.probabilities().get(0).isNaN());
  }

  @Test
  void thinkingRepeatsWithItsSeedAndLeavesRoomForTheQuestion() {
    AnswerReader reader = AnswerReader.forced(model, "m");
    Question q = question("Is it?", new Chain("Hm.", "So?", 256), "It is");
    Question other = question("Was it so?", new Chain("Hm.", "So?", 256), "It is");
    List<String> thoughts = reader.reason(List.of(q, other));
    assertEquals(thoughts, reader.reason(List.of(q, other)));
    assertNotEquals(thoughts.get(0), thoughts.get(1));
    for (Reading r : reader.read(List.of(q.after(thoughts.get(0)), other.after(thoughts.get(1))))) {
      assertEquals(Status.READ, r.status());
    }
    Question full = question("x".repeat(80), new Chain("Hm.", "So?", 256), "It is");
    assertEquals(List.of(""), reader.reason(List.of(full)));
  }

  @Test
  void viewsOfOneCheckpointAreToldApart() {
    float[] vector = new float[model.config().width()];
    vector[0] = 1;
    LanguageModel view = model.with(Steering.add(new Layer(3), vector, 1));
    assertEquals(
        AnswerReader.forced(model, "m").method(), AnswerReader.forced(model, "m").method());
    assertNotEquals(
        AnswerReader.forced(model, "m").method(), AnswerReader.forced(view, "m").method());
  }
}
