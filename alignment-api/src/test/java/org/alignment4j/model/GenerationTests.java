package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.CancelledException;
import org.alignment4j.model.Completion.Finish;
import org.alignment4j.model.Completion.GeneratedToken;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Settings, texts, stops and listeners, on a random model with a tokenizer and one without. */
class GenerationTests {
  @TempDir static Path folder;
  private static LanguageModel model;
  private static LanguageModel wordless;

  @BeforeAll
  static void load() throws IOException {
    Path talking = folder.resolve("talking");
    int vocabulary;
    Files.createDirectories(talking);
    try (InputStream in =
        Objects.requireNonNull(
            GenerationTests.class.getResourceAsStream(
                "/org/alignment4j/chat/byte-level/tokenizer.json"))) {
      Files.copy(in, talking.resolve("tokenizer.json"));
    }
    try (ChatTokenizer tokenizer = ChatTokenizer.load(talking)) {
      vocabulary = tokenizer.vocabularySize();
    }
    ModelConfig config =
        new ModelConfig(
            Family.LLAMA,
            vocabulary,
            16,
            2,
            2,
            2,
            8,
            24,
            256,
            1e-5,
            new Rope(10_000, null),
            0,
            Collections.nCopies(2, false),
            true,
            Set.of(1));
    RandomCheckpoint.write(config, 5, talking);
    model = LanguageModel.load(talking);
    wordless = LanguageModel.load(TinyModels.write(folder.resolve("w"), Family.LLAMA, 0, 4));
  }

  @AfterAll
  static void close() {
    model.close();
    wordless.close();
  }

  private static Generation.Builder sampled(int tokens) {
    return Generation.builder(tokens).temperature(1).seed(9);
  }

  private static List<int[]> prompts(int n) {
    Random random = new Random(n);
    return IntStream.range(0, n)
        .mapToObj(i -> random.ints(1 + random.nextInt(9), 3, 250).toArray())
        .toList();
  }

  /** The texts of a call's events, joined for each sequence. */
  private static final class Heard {
    private final List<GeneratedToken> all = new ArrayList<>();
    private final StringBuilder[] texts;

    Heard(int n) {
      texts =
          IntStream.range(0, n).mapToObj(i -> new StringBuilder()).toArray(StringBuilder[]::new);
    }

    void hear(GeneratedToken token) {
      all.add(token);
      texts[token.sequence()].append(token.text());
    }

    List<GeneratedToken> of(int sequence) {
      return all.stream().filter(t -> t.sequence() == sequence).toList();
    }
  }

  @Test
  void badSettingsAreRefusedByName() {
    Generation.Builder b = Generation.builder(5);
    for (Generation.Builder bad :
        List.of(
            Generation.builder(0),
            Generation.builder(5).minNewTokens(6),
            Generation.builder(5).temperature(-1),
            Generation.builder(5).temperature(Double.NaN),
            Generation.builder(5).topK(-1),
            Generation.builder(5).topP(0),
            Generation.builder(5).topP(Double.NaN),
            Generation.builder(5).minP(1.1),
            Generation.builder(5).repetitionPenalty(0),
            Generation.builder(5).repetitionPenalty(Double.NaN),
            Generation.builder(5).stopStrings(List.of("")),
            Generation.builder(5).stopTokens(Set.of(-3)))) {
      assertThrows(IllegalArgumentException.class, bad::build);
    }
    Generation all =
        b.minNewTokens(2)
            .ignoreEnd(true)
            .temperature(0.5)
            .topK(3)
            .topP(0.5)
            .minP(0.1)
            .repetitionPenalty(1.1)
            .stopStrings(List.of("x"))
            .stopTokens(Set.of(4))
            .seed(8)
            .seeds(List.of(1L))
            .logProbabilities(true)
            .build();
    assertEquals(all, all.toBuilder().build());
    assertThrows(
        IllegalArgumentException.class,
        () -> wordless.generateIds(prompts(2), sampled(2).seeds(List.of(1L)).build()));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    wordless.generateIds(
                        List.of(new int[] {1}), sampled(2).stopStrings(List.of("x")).build()))
            .getMessage();
    assertTrue(message.contains("tokenizer"), message);
  }

  @Test
  void whatIsHeardIsWhatIsReturned() {
    List<int[]> prompts = prompts(40);
    Generation settings =
        sampled(25).stopStrings(List.of("q", "7", "th")).logProbabilities(true).build();
    Heard heard = new Heard(prompts.size());
    List<Completion> found = model.generateIds(prompts, settings, heard::hear);
    assertEquals(found, model.generateIds(prompts, settings));
    Set<Finish> ways = new java.util.HashSet<>();
    for (int i = 0; i < prompts.size(); i++) {
      Completion c = found.get(i);
      ways.add(c.finish());
      assertEquals(c.text(), heard.texts[i].toString());
      List<GeneratedToken> own = heard.of(i);
      int n = c.ids().length;
      assertEquals(n, c.logProbabilities().length);
      for (int j = 0; j < n; j++) {
        assertEquals(c.ids()[j], own.get(j).id());
        assertEquals(c.logProbabilities()[j], own.get(j).logProbability());
      }
      assertEquals(c.finish() == Finish.END_OF_TURN ? n + 1 : n, own.size());
      for (int j = 0; j + 1 < own.size(); j++) {
        assertNull(own.get(j).finish());
      }
      assertEquals(c.finish(), own.get(own.size() - 1).finish());
      assertEquals(c.finish() == Finish.END_OF_TURN, c.ended());
      for (String stop : settings.stopStrings()) {
        assertFalse(c.text().contains(stop), c.text());
      }
    }
    assertEquals(Set.of(Finish.values()), ways);
  }

  @Test
  void aListenerDoesNotChangeTheText() {
    List<int[]> prompts = prompts(33);
    Generation settings = sampled(60).ignoreEnd(true).build();
    Heard heard = new Heard(prompts.size());
    assertEquals(
        model.generateIds(prompts, settings), model.generateIds(prompts, settings, heard::hear));
  }

  @Test
  void aStopStringAcrossTokensCutsTheTextBeforeItAndKeepsTheTokenThatCompletedIt() {
    int[] prompt = {40, 41};
    Generation free = sampled(60).ignoreEnd(true).build();
    Completion whole = model.generateIds(List.of(prompt), free).get(0);
    int at = 20;
    String text = whole.text();
    while (text.substring(at, at + 3).contains("\uFFFD")) {
      at++;
    }
    String stop = text.substring(at, at + 3);
    int cut = text.indexOf(stop);
    Completion c =
        model
            .generateIds(
                List.of(prompt), free.toBuilder().stopStrings(List.of("nowhere", stop)).build())
            .get(0);
    assertEquals(Finish.STOP, c.finish());
    assertEquals(text.substring(0, cut), c.text());
    assertArrayEquals(Arrays.copyOf(whole.ids(), c.ids().length), c.ids());
    String kept = model.tokenizer().decode(c.ids());
    assertTrue(kept.contains(stop), kept);
    int[] before = Arrays.copyOf(c.ids(), c.ids().length - 1);
    assertFalse(model.tokenizer().decode(before).contains(stop), "it stops at once");
  }

  @Test
  void aStopTokenEndsAnAnswerWithoutBeingPartOfIt() {
    int[] prompt = {3, 4};
    int[] whole =
        wordless.generateIds(List.of(prompt), sampled(12).ignoreEnd(true).build()).get(0).ids();
    int stop = whole[5];
    int first = IntStream.range(0, 12).filter(i -> whole[i] == stop).findFirst().orElseThrow();
    Generation settings = sampled(12).ignoreEnd(true).stopTokens(Set.of(stop, 1_000_000)).build();
    Completion c = wordless.generateIds(List.of(prompt), settings).get(0);
    assertEquals(Finish.STOP, c.finish());
    assertArrayEquals(Arrays.copyOf(whole, first), c.ids());
    assertEquals("", c.text());
    Completion later =
        wordless.generateIds(List.of(prompt), settings.toBuilder().minNewTokens(9).build()).get(0);
    assertTrue(later.ids().length >= 9);
    assertTrue(Arrays.stream(later.ids()).limit(9).noneMatch(id -> id == stop));
  }

  @Test
  void aStrongPenaltyForbidsRepetition() {
    int[] prompt = {3, 4, 5, 6};
    int[] ids =
        wordless
            .generateIds(
                List.of(prompt, new int[] {9}),
                Generation.builder(20).ignoreEnd(true).repetitionPenalty(1e6).build())
            .get(0)
            .ids();
    // Where a token repeats, no unseen one had a positive logit; the first ones do not.
    int[] all = IntStream.concat(Arrays.stream(prompt), Arrays.stream(ids).limit(6)).toArray();
    assertEquals(all.length, Arrays.stream(all).distinct().count());
  }

  @Test
  void whatAListenerThrowsEndsTheCallAndLeavesNothingBehind() {
    List<int[]> prompts = prompts(3);
    wordless.generateIds(List.of(new int[] {1}), sampled(2).build());
    int before = wordless.pass().manager().getManagedArrays().size();
    RuntimeException thrown = new IllegalStateException("enough");
    List<GeneratedToken> heard = new ArrayList<>();
    assertSame(
        thrown,
        assertThrows(
            IllegalStateException.class,
            () ->
                wordless.generateIds(
                    List.of(new int[] {1}, new int[] {2, 3}),
                    sampled(20).ignoreEnd(true).repetitionPenalty(1.1).build(),
                    token -> {
                      heard.add(token);
                      if (heard.size() == 5) {
                        throw thrown;
                      }
                    })));
    assertEquals(5, heard.size());
    assertEquals(before, wordless.pass().manager().getManagedArrays().size());
    assertEquals(3, model.generateIds(prompts, sampled(2).build()).size());
  }

  @Test
  void anInterruptBetweenTwoTokensCancels() {
    List<GeneratedToken> heard = new ArrayList<>();
    try {
      assertThrows(
          CancelledException.class,
          () ->
              wordless.generateIds(
                  List.of(new int[] {1}),
                  sampled(20).ignoreEnd(true).build(),
                  token -> {
                    heard.add(token);
                    if (heard.size() == 4) {
                      Thread.currentThread().interrupt();
                    }
                  }));
    } finally {
      Thread.interrupted();
    }
    assertEquals(4, heard.size(), "no token comes after the interrupt");
  }

  @Test
  void theLastTokenOfALengthLimitSaysSo() {
    Heard heard = new Heard(1);
    Completion c =
        wordless
            .generateIds(List.of(new int[] {1}), sampled(3).ignoreEnd(true).build(), heard::hear)
            .get(0);
    assertEquals(Finish.LENGTH, c.finish());
    assertEquals(Finish.LENGTH, heard.all.get(2).finish());
    assertTrue(Float.isNaN(heard.all.get(0).logProbability()), "it was not asked for");
  }

  @Test
  void textsAreScoredAsOneTextWithThePrompt() {
    Prompt prompt = Prompt.user("What is it?");
    List<String> answers = List.of("the fox", " the dog and more", "", "\u00e9");
    List<ContinuationScore> found = model.score(prompt, answers);
    int[] prefix = model.tokenizer().encode(prompt);
    for (int i = 0; i < answers.size(); i++) {
      int[] whole = model.tokenizer().encode(prompt.withResponse(answers.get(i)));
      int[] own = found.get(i).ids();
      int start = whole.length - own.length;
      assertArrayEquals(Arrays.copyOfRange(whole, start, whole.length), own);
      assertArrayEquals(Arrays.copyOf(prefix, start), Arrays.copyOf(whole, start));
      float[] alone =
          model.scoreIds(Arrays.copyOf(whole, start), List.of(own)).get(0).logProbabilities();
      assertArrayEquals(alone, found.get(i).logProbabilities(), 1e-5f);
    }
  }

  @Test
  void anOpenAnswerIsContinued() {
    Prompt open = Prompt.user("What is it?").withResponse("the fo");
    List<ContinuationScore> found = model.score(open, List.of("x", "r"));
    for (int i = 0; i < 2; i++) {
      String text = "the fo" + (i == 0 ? "x" : "r");
      int[] whole = model.tokenizer().encode(Prompt.user("What is it?").withResponse(text));
      int[] own = found.get(i).ids();
      assertTrue(own.length > 0);
      assertArrayEquals(Arrays.copyOfRange(whole, whole.length - own.length, whole.length), own);
    }
  }
}
