package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import org.alignment4j.core.Layer;
import org.alignment4j.model.Completion.Finish;

/** Sequences that have ended leave their batch; the others go on as if they had been alone. */
class FinishedSequencesTests {
  private static final Set<Integer> STOP = Set.of(3, 7, 11, 19, 23, 29);
  private static final int TOKENS = 10;

  /** Of the larger of 1 and the largest logit: what another batch may change. */
  private static final double NEAR = 4e-5;

  private static final TinyFamilies MODELS = new TinyFamilies();

  @AfterContainer
  static void close() {
    MODELS.close();
  }

  private static List<int[]> prompts(Random random, int n) {
    return IntStream.range(0, n)
        .mapToObj(i -> TinyModels.ids(random, 1 + random.nextInt(9)))
        .toList();
  }

  private static Generation settings() {
    return Generation.builder(TOKENS).stopTokens(STOP).build();
  }

  @Property(tries = 40)
  void theOthersGoOnAsAlone(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 12) int n) {
    LanguageModel model = MODELS.get(kind);
    List<int[]> prompts = prompts(new Random(seed), n);
    List<Completion> found = model.generateIds(prompts, settings());
    for (int i = 0; i < n; i++) {
      assertFollows(model, prompts.get(i), found.get(i));
    }
  }

  @Property(tries = 15)
  void soDoTheirOwnSteeringAndGates(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 12) int n) {
    Random random = new Random(seed);
    List<int[]> prompts = prompts(random, n);
    List<List<Steering>> each = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      List<Steering> own = new ArrayList<>();
      for (int j = 0; j < i % 3; j++) {
        Steering.Kind what = Steering.Kind.values()[random.nextInt(2)];
        own.add(
            new Steering(
                new Layer(random.nextInt(4)),
                TokenPositions.all(),
                what,
                TinyModels.noise(random, 24)));
      }
      each.add(own);
    }
    LanguageModel model = MODELS.get(kind);
    try (LanguageModel gated = model.with(GatedEditTests.everything(seed));
        LanguageModel view = gated.withEach(each)) {
      List<Completion> found = view.generateIds(prompts, settings());
      for (int i = 0; i < n; i++) {
        try (LanguageModel own = gated.withEach(List.of(each.get(i)))) {
          assertSame(own, prompts.get(i), found.get(i), settings());
        }
      }
    }
  }

  @Property(tries = 15)
  void soDoTheTokensThatARepetitionPenaltyHasSeen(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 12) int n) {
    LanguageModel model = MODELS.get(kind);
    List<int[]> prompts = prompts(new Random(seed), n);
    Generation penalised = settings().toBuilder().repetitionPenalty(1.7).build();
    List<Completion> found = model.generateIds(prompts, penalised);
    for (int i = 0; i < n; i++) {
      assertSame(model, prompts.get(i), found.get(i), penalised);
    }
  }

  @Property(tries = 10)
  void listenersAndLogProbabilitiesAreThoseOfTheirSequence(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 12) int n) {
    LanguageModel model = MODELS.get(kind);
    List<int[]> prompts = prompts(new Random(seed), n);
    Generation settings = settings().toBuilder().logProbabilities(true).minNewTokens(2).build();
    List<List<Integer>> heard = new ArrayList<>();
    prompts.forEach(p -> heard.add(new ArrayList<>()));
    List<Completion> found =
        model.generateIds(prompts, settings, token -> heard.get(token.sequence()).add(token.id()));
    for (int i = 0; i < n; i++) {
      Completion own = found.get(i);
      Completion alone = model.generateIds(List.of(prompts.get(i)), settings).get(0);
      assertArrayEquals(alone.ids(), own.ids());
      assertArrayEquals(alone.logProbabilities(), own.logProbabilities(), 1e-4f);
      List<Integer> ids = new ArrayList<>(heard.get(i));
      if (own.finish() != Finish.LENGTH) {
        ids.remove(ids.size() - 1); // the token that ended it
      }
      assertArrayEquals(own.ids(), ids.stream().mapToInt(id -> id).toArray());
    }
  }

  /** Each token is the most likely one after those before it. */
  private static void assertFollows(LanguageModel model, int[] prompt, Completion c) {
    int[] ids = prompt;
    for (int next : c.ids()) {
      assertBest(model.nextTokenLogitsIds(List.of(ids))[0], next);
      ids = Arrays.copyOf(ids, ids.length + 1);
      ids[ids.length - 1] = next;
    }
    if (c.finish() == Finish.LENGTH) {
      assertEquals(TOKENS, c.ids().length);
    } else {
      int best = argmax(model.nextTokenLogitsIds(List.of(ids))[0]);
      assertTrue(STOP.contains(best) || best == 2, "ends before token " + best);
    }
  }

  private static void assertBest(float[] logits, int chosen) {
    float best = logits[argmax(logits)];
    assertTrue(
        logits[chosen] >= best - NEAR * Math.max(1, Math.abs(best)),
        () -> "token " + chosen + " is not the most likely");
  }

  private static int argmax(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  private static void assertSame(
      LanguageModel view, int[] prompt, Completion found, Generation settings) {
    Completion alone = view.generateIds(List.of(prompt), settings).get(0);
    assertEquals(
        Arrays.toString(alone.ids()), Arrays.toString(found.ids()), Arrays.toString(prompt));
    assertEquals(alone.finish(), found.finish());
  }
}
