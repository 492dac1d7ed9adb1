package org.alignment4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.Steering;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.testing.RandomChatModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A judge that has learned to prefer polite answers, and one that has learned nothing. */
class ModelJudgeTests {
  private static final String TEXT = "say {question} A {a} B {b}";
  private static final List<String> WORDS =
      List.of("run", "jump", "walk", "sing", "read", "cook", "swim", "draw");
  private static final Bootstrap BOOTSTRAP = new Bootstrap(300, 0.95, 5);

  @TempDir static Path folder;
  private static LanguageModel untaught;
  private static LanguageModel polite;

  @BeforeAll
  static void load() throws IOException {
    List<String> words = new ArrayList<>(WORDS);
    words.addAll(List.of("please", "now", "say", "user", "assistant"));
    Path start = RandomChatModel.write(folder, words);
    untaught = LanguageModel.load(start);
    polite = LanguageModel.load(RandomChatModel.teach(start, ModelJudgeTests::lessons, 8, 20));
  }

  @AfterAll
  static void close() {
    untaught.close();
    polite.close();
  }

  private static String word(Random random) {
    return WORDS.get(random.nextInt(WORDS.size()));
  }

  private static List<Encoded> lessons(LanguageModel model) {
    Random random = new Random(2);
    List<Encoded> rows = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      boolean first = random.nextBoolean();
      String word = word(random);
      String text =
          TEXT.replace("{question}", word)
              .replace("{a}", word(random) + (first ? " please" : " now"))
              .replace("{b}", word(random) + (first ? " now" : " please"));
      rows.add(
          model.tokenizer().encodeForTraining(Prompt.user(text).withResponse(first ? "A" : "B")));
    }
    return rows;
  }

  @Test
  void aJudgeThatCanTellFindsThePlantedPreferenceInBothOrders() {
    Random random = new Random(9);
    List<Prompt> prompts = new ArrayList<>();
    List<String> kind = new ArrayList<>();
    List<String> rude = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      prompts.add(Prompt.user(word(random)));
      kind.add(word(random) + " please");
      rude.add(word(random) + " now");
    }
    ModelJudge judge = new ModelJudge(polite, TEXT);
    WinRate better = WinRate.of(judge, prompts, kind, rude, BOOTSTRAP, ProgressListener.NONE);
    assertTrue(better.wins().rate() > 0.9, better.wins()::toString);
    assertTrue(better.winRate().lo() > 0.8 && better.logOdds().lo() > 0);
    WinRate worse = WinRate.of(judge, prompts, rude, kind, BOOTSTRAP, ProgressListener.NONE);
    assertEquals(better.wins(), worse.losses());
    WinRate same = WinRate.of(judge, prompts, kind, kind, BOOTSTRAP, ProgressListener.NONE);
    assertEquals(40, same.ties().k());
    WinRate blind =
        WinRate.of(
            new ModelJudge(untaught, TEXT), prompts, kind, rude, BOOTSTRAP, ProgressListener.NONE);
    assertTrue(blind.wins().rate() < 0.8, blind.wins()::toString);
  }

  @Test
  void pairsTogetherAreJudgedAsEachByItself() {
    Random random = new Random(5);
    ModelJudge judge = new ModelJudge(polite, TEXT);
    List<Prompt> prompts = new ArrayList<>();
    List<String> first = new ArrayList<>();
    List<String> second = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      prompts.add(Prompt.user(word(random)));
      first.add(i == 7 ? "jump ".repeat(200) : word(random) + " please");
      second.add(word(random));
    }
    List<OptionalDouble> found = judge.prefersAll(prompts, first, second);
    for (int i = 0; i < 20; i++) {
      OptionalDouble alone = judge.prefers(prompts.get(i), first.get(i), second.get(i));
      assertEquals(i != 7, found.get(i).isPresent());
      assertEquals(alone.orElse(0), found.get(i).orElse(0), 1e-4, "pair " + i);
    }
  }

  @Test
  void theVerdictIsHowMuchLikelierOneLetterIsThanTheOther() {
    Prompt prompt = Prompt.user("run");
    float[] logits =
        polite.nextTokenLogits(List.of(Prompt.user("say run A jump please B sing now")))[0];
    int a = last(polite, "A");
    int b = last(polite, "B");
    OptionalDouble found = new ModelJudge(polite, TEXT).prefers(prompt, "jump please", "sing now");
    assertEquals(logits[a] - logits[b], found.orElseThrow(), 1e-3);
  }

  /** The token of an answer that is one letter. */
  private static int last(LanguageModel model, String letter) {
    int[] ids = model.tokenizer().encode(Prompt.user("run").withResponse(letter));
    int[] before = model.tokenizer().encode(Prompt.user("run"));
    return ids[before.length];
  }

  @Test
  void textsAreFilledInAsTheyAre() {
    // What looks like a place in an answer stays, and a conversation keeps its roles.
    ModelJudge judge = new ModelJudge(untaught, "{question}|{a}|{b}");
    Prompt prompt = Prompt.of(Message.user("run"), Message.assistant("$1"), Message.user("jump"));
    double found = judge.prefers(prompt, "{b} \\", "{a}").orElseThrow();
    float[] logits =
        untaught
            .nextTokenLogits(
                List.of(Prompt.user("user: run\n\nassistant: $1\n\nuser: jump|{b} \\|{a}")))[0];
    assertEquals(logits[last(untaught, "A")] - logits[last(untaught, "B")], found, 1e-3);
    for (String missing : List.of("{a} {b}", "{question} {b}", "{question} {a}")) {
      assertThrows(IllegalArgumentException.class, () -> new ModelJudge(untaught, missing));
    }
    assertTrue(ModelJudge.defaultText().contains("{question}"));
  }

  @Test
  void modelsAreAskedAndTheirAnswersJudged() {
    float[] v = new float[untaught.config().width()];
    Random random = new Random(1);
    for (int j = 0; j < v.length; j++) {
      v[j] = (float) random.nextGaussian();
    }
    List<Prompt> prompts =
        List.of(
            Prompt.user("run"),
            Prompt.user("run ".repeat(125)),
            Prompt.user("jump"),
            Prompt.user("sing ".repeat(60)));
    Generation generation = Generation.greedy(4);
    ModelJudge judge = new ModelJudge(polite, "say {question} {question} A {a} B {b}");
    try (LanguageModel tuned =
        untaught.with(new Steering(new Layer(2), TokenPositions.all(), Steering.Kind.ADD, v))) {
      List<String> told = new ArrayList<>();
      WinRate found =
          WinRate.between(
              judge,
              tuned,
              untaught,
              prompts,
              generation,
              BOOTSTRAP,
              p -> told.add(p.task() + " " + p.done() + "/" + p.total()));
      // The second leaves no room for an answer, the fourth is too long for the judge.
      assertEquals(List.of(1, 3), found.unjudged());
      List<Prompt> some = List.of(prompts.get(0), prompts.get(2));
      WinRate given =
          WinRate.of(
              judge,
              some,
              tuned.generate(some, generation).stream().map(c -> c.text()).toList(),
              untaught.generate(some, generation).stream().map(c -> c.text()).toList(),
              BOOTSTRAP,
              ProgressListener.NONE);
      assertEquals(given.winRate(), found.winRate());
      assertEquals(List.of(0, 2), found.comparisons().stream().map(c -> c.prompt()).toList());
      assertEquals("answer prompts 6/6", told.get(1));
      assertEquals("judge answers 3/3", told.get(2));
    }
    WinRate self =
        WinRate.between(
            judge, untaught, untaught, prompts, generation, BOOTSTRAP, ProgressListener.NONE);
    assertEquals(new Rate(2, 2), self.ties());
  }
}
