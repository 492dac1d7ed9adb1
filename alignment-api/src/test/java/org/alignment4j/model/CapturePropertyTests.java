package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.model.Capture.Activations;
import org.alignment4j.model.Capture.Activations.Label;

/**
 * What is read does not depend on how it is asked for: in which company and order, on which side
 * padded, at how many layers at once, at which positions.
 */
class CapturePropertyTests {
  /** Of a row's largest element; see {@link BatchingTests}. */
  private static final double TOLERANCE = 4e-5;

  private static final TinyFamilies MODELS = new TinyFamilies();

  @AfterContainer
  static void close() {
    MODELS.close();
  }

  private static List<Encoded> sequences(Random random, int n) {
    return IntStream.range(0, n)
        .mapToObj(i -> TinyModels.ids(random, 1 + random.nextInt(14)))
        .map(ids -> new Encoded(ids, 1 + random.nextInt(ids.length)))
        .toList();
  }

  private static List<Layer> layers(int first, int last) {
    return IntStream.rangeClosed(first, last).mapToObj(Layer::new).toList();
  }

  private static void assertClose(float[] expected, float[] own) {
    double d = TinyModels.relative(own, expected);
    assertTrue(d <= TOLERANCE, () -> "differs by " + d + " of the largest element");
  }

  /** Positions as one crosses them out in a list: by counting from an end, without arithmetic. */
  private static int[] slowRange(int from, int to, int length) {
    List<Integer> places = new ArrayList<>();
    for (int p = 0; p < length; p++) {
      places.add(p);
    }
    Set<Integer> kept = new TreeSet<>(places);
    if (from >= 0) {
      places.stream().limit(from).forEach(kept::remove);
    }
    if (to > 0) {
      places.stream().skip(to).forEach(kept::remove);
    }
    Collections.reverse(places);
    if (from < 0) {
      places.stream().skip(-(long) from).forEach(kept::remove);
    }
    if (to < 0) {
      places.stream().limit(-(long) to).forEach(kept::remove);
    }
    return kept.stream().mapToInt(i -> i).toArray();
  }

  @Example
  void rangesAreWhatCrossingOutFromTheirEndsLeaves() {
    List<Integer> ends =
        new ArrayList<>(List.of(Integer.MIN_VALUE + 1, Integer.MAX_VALUE, 40, -40));
    IntStream.rangeClosed(-9, 9).forEach(ends::add);
    int refused = 0;
    for (int from : ends) {
      for (int to : ends) {
        TokenPositions range;
        try {
          range = TokenPositions.range(from, to);
        } catch (IllegalArgumentException e) {
          refused++;
          for (int length = 1; length <= 60; length++) {
            assertEquals(0, slowRange(from, to, length).length, from + ":" + to + " is not empty");
          }
          continue;
        }
        for (int length = 1; length <= 12; length++) {
          for (int start = 0; start <= length; start++) {
            assertArrayEquals(
                slowRange(from, to, length),
                range.resolve(length, start),
                from + ":" + to + " of " + length);
          }
        }
      }
    }
    assertTrue(refused > 50, refused + " refused");
  }

  @Example
  void promptAndResponseMeetWhereTheResponseBegins() {
    for (int length = 1; length <= 12; length++) {
      for (int start = 1; start <= length; start++) {
        List<Integer> all = new ArrayList<>();
        Arrays.stream(TokenPositions.all().resolve(length, start)).forEach(all::add);
        assertEquals(length, all.size());
        List<Integer> prompt = all.subList(0, start);
        assertEquals(
            List.of(prompt.get(prompt.size() - 1)),
            Arrays.stream(TokenPositions.lastPrompt().resolve(length, start)).boxed().toList());
        assertEquals(
            all.subList(start, length),
            Arrays.stream(TokenPositions.response().resolve(length, start)).boxed().toList());
      }
    }
  }

  private static TokenPositions positions(Random random) {
    return switch (random.nextInt(5)) {
      case 0 -> TokenPositions.lastPrompt();
      case 1 -> TokenPositions.response();
      case 2 -> TokenPositions.range(random.nextInt(8), 8 + random.nextInt(8));
      case 3 -> TokenPositions.range(-1 - random.nextInt(8), 0);
      default -> TokenPositions.range(random.nextInt(4), -1 - random.nextInt(4));
    };
  }

  @Property(tries = 60)
  void rowsAreThoseOfAllAtTheirLabelsInOrder(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 6) int n) {
    LanguageModel model = MODELS.get(kind);
    Random random = new Random(seed);
    List<Encoded> sequences = sequences(random, n);
    TokenPositions positions = positions(random);
    List<Label> expected = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      Encoded s = sequences.get(i);
      for (int p : positions.resolve(s.ids().length, s.responseStart())) {
        expected.add(new Label(i, p));
      }
    }
    List<Layer> layers = layers(0, model.config().blocks());
    Activations some = model.captureIds(sequences, new Capture(layers, positions));
    Activations all = model.captureIds(sequences, new Capture(layers, TokenPositions.all()));
    assertEquals(expected, some.labels());
    assertEquals(
        sequences.stream().mapToInt(s -> s.ids().length).sum(), all.labels().size(), "all");
    for (Layer l : layers) {
      assertEquals(expected.size(), some.at(l).length);
      for (int i = 0; i < expected.size(); i++) {
        assertClose(all.at(l)[all.labels().indexOf(expected.get(i))], some.at(l)[i]);
      }
    }
  }

  @Property(tries = 60)
  void anySetOfLayersGivesWhatAllLayersGiveThere(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 15) int set) {
    LanguageModel model = MODELS.get(kind);
    assertEquals(3, model.config().blocks());
    Random random = new Random(seed);
    List<Encoded> sequences = sequences(random, 1 + random.nextInt(4));
    TokenPositions positions = positions(random);
    List<Layer> wanted =
        new ArrayList<>(layers(0, 3).stream().filter(l -> (set >> l.index() & 1) == 1).toList());
    Collections.shuffle(wanted, random);
    Activations some = model.captureIds(sequences, new Capture(wanted, positions));
    Activations full = model.captureIds(sequences, new Capture(layers(0, 3), positions));
    assertEquals(Set.copyOf(wanted), some.layers());
    assertEquals(full.labels(), some.labels());
    for (Layer l : wanted) {
      for (int i = 0; i < some.labels().size(); i++) {
        assertClose(full.at(l)[i], some.at(l)[i]);
      }
    }
    for (Layer l : layers(0, 3)) {
      if (!wanted.contains(l)) {
        assertThrows(IllegalArgumentException.class, () -> some.at(l));
      }
    }
  }

  @Property(tries = 40)
  void neighboursAndOrderChangeNeitherStatesNorLogits(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 4) int n,
      @ForAll @IntRange(max = 40) int neighbours) {
    LanguageModel model = MODELS.get(kind);
    Random random = new Random(seed);
    List<Encoded> own = sequences(random, n);
    List<Encoded> company = new ArrayList<>(own);
    for (int i = 0; i < neighbours; i++) {
      company.add(
          TinyModels.prompt(TinyModels.ids(random, 1 + random.nextInt(TinyModels.CONTEXT))));
    }
    List<Integer> order = new ArrayList<>(IntStream.range(0, company.size()).boxed().toList());
    Collections.shuffle(order, random);
    List<Encoded> shuffled = order.stream().map(company::get).toList();

    Capture capture = new Capture(layers(0, model.config().blocks()), TokenPositions.all());
    Activations alone = model.captureIds(own, capture);
    Activations together = model.captureIds(shuffled, capture);
    Map<Label, Integer> rows = new HashMap<>();
    for (int i = 0; i < together.labels().size(); i++) {
      Label l = together.labels().get(i);
      rows.put(new Label(order.get(l.sequence()), l.position()), i);
    }
    assertEquals(together.labels().size(), rows.size());
    for (Layer l : capture.layers()) {
      for (int i = 0; i < alone.labels().size(); i++) {
        assertClose(alone.at(l)[i], together.at(l)[rows.get(alone.labels().get(i))]);
      }
    }
    float[][] expected = model.nextTokenLogitsIds(own.stream().map(Encoded::ids).toList());
    float[][] found = model.nextTokenLogitsIds(shuffled.stream().map(Encoded::ids).toList());
    for (int i = 0; i < n; i++) {
      assertClose(expected[i], found[order.indexOf(i)]);
    }
  }

  @Property(tries = 40)
  void theSideOfThePaddingChangesNoLogits(
      @ForAll @IntRange(max = TinyFamilies.LAST) int kind,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 6) int n) {
    LanguageModel model = MODELS.get(kind);
    List<int[]> ids = sequences(new Random(seed), n).stream().map(Encoded::ids).toList();
    for (Batch.Side side : Batch.Side.values()) {
      Batch batch = Batch.of(ids, side);
      long[] pick = batch.lastTokens();
      float[] logits;
      try (NDManager scope = model.pass().manager().newSubManager()) {
        NDArray last =
            model
                .pass()
                .hidden(scope, batch, model.topLayer(), List.of(), new long[] {0}, pick)
                .get(0);
        logits = model.pass().decoder().head(scope, last, model.pass().weights()).toFloatArray();
      }
      int v = model.config().vocabulary();
      for (int b = 0; b < n; b++) {
        float[] alone = model.nextTokenLogitsIds(List.of(ids.get(b)))[0];
        assertClose(alone, Arrays.copyOfRange(logits, b * v, (b + 1) * v));
      }
    }
  }
}
