package org.alignment4j.reading;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.Steering;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.reading.RepresentationReader.ContrastPair;
import org.alignment4j.reading.RepresentationReader.ReadingMethod;
import org.alignment4j.reading.RepresentationReading.LayerReading;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RepresentationReaderTests {
  private static final Layer TOP = new Layer(PlantedModel.BLOCKS);

  private static LanguageModel model;

  @BeforeAll
  static void load(@TempDir Path folder) throws IOException {
    model = LanguageModel.load(PlantedModel.write(folder));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static RepresentationReading read(RepresentationReader.Builder builder) {
    return builder.build().read(model, PlantedModel.pairs(40), ProgressListener.NONE);
  }

  private static ControlVector planted(Layer layer) {
    return new ControlVector(
        new TreeMap<>(Map.of(layer, PlantedModel.direction())),
        new Provenance("planted", Map.of(), 0, Map.of(), Map.of()));
  }

  private static Steering[] steering(ControlVector vector, double coefficient) {
    return vector.directions().entrySet().stream()
        .map(e -> Steering.add(e.getKey(), e.getValue(), coefficient))
        .toArray(Steering[]::new);
  }

  private static String answer(ControlVector vector, double coefficient) {
    return model
        .with(steering(vector, coefficient))
        .generate(List.of(Prompt.user("hello")), Generation.greedy(3))
        .get(0)
        .text();
  }

  @ParameterizedTest
  @EnumSource
  void findsThePlantedDirectionAtEveryLayer(ReadingMethod method) {
    RepresentationReading reading = read(RepresentationReader.builder().method(method).seed(5));
    assertEquals(PlantedModel.BLOCKS, reading.layers().size());
    assertEquals(32, reading.pairs());
    assertEquals(8, reading.heldOut());
    for (LayerReading l : reading.layers()) {
      double cosine = reading.vector().cosine(planted(l.layer())).get(l.layer());
      // A classifier turns away from what varies within the classes.
      double least = method == ReadingMethod.LOGISTIC_PROBE ? 0.6 : 0.95;
      assertTrue(cosine > least, () -> method + " at " + l.layer() + ": " + cosine);
      assertTrue(l.auroc() > 0.95, () -> l.toString());
      assertTrue(l.accuracy() > 0.9, () -> l.toString());
      assertEquals(1, l.pairAccuracy());
      assertTrue(l.separation() > 0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void exchangingTheClassesNegatesTheVector(ReadingMethod method) {
    List<ContrastPair> pairs = PlantedModel.pairs(20);
    List<ContrastPair> exchanged =
        pairs.stream().map(p -> new ContrastPair(p.negative(), p.positive())).toList();
    RepresentationReader reader = RepresentationReader.builder().method(method).build();
    ControlVector vector = reader.read(model, pairs, ProgressListener.NONE).vector();
    ControlVector opposite = reader.read(model, exchanged, ProgressListener.NONE).vector();
    vector.plus(opposite).lengths().values().forEach(l -> assertEquals(0, l, 1e-5));
  }

  @ParameterizedTest
  @EnumSource
  void addedItBringsAboutWhatWasReadAndTakenAwayTheOpposite(ReadingMethod method) {
    ControlVector vector =
        read(RepresentationReader.builder().method(method).layers(List.of(TOP))).inResidualNorms();
    assertEquals("AAA", answer(vector, 1));
    assertEquals("BBB", answer(vector, -1));
    assertEquals("BBB", answer(vector.negate(), 1));
  }

  @Test
  void steeringWithAMultipleIsSteeringMoreStrongly() {
    ControlVector vector = read(RepresentationReader.builder()).vector();
    List<Prompt> prompts = List.of(Prompt.user("hello"), Prompt.user("+-"));
    float[][] multiple = model.with(steering(vector.times(20), 1)).nextTokenLogits(prompts);
    float[][] stronger = model.with(steering(vector, 20)).nextTokenLogits(prompts);
    assertArrayEquals(multiple[0], stronger[0]);
    assertArrayEquals(multiple[1], stronger[1]);
    float[][] both =
        model.with(steering(vector, 0.5)).with(steering(vector, 0.25)).nextTokenLogits(prompts);
    float[][] sum =
        model
            .with(steering(vector.times(0.5).plus(vector.times(0.25)), 1))
            .nextTokenLogits(prompts);
    assertArrayEquals(sum[0], both[0], 1e-4f);
    float[][] none = model.with(steering(vector.minus(vector), 1)).nextTokenLogits(prompts);
    assertArrayEquals(model.nextTokenLogits(prompts)[0], none[0], 1e-5f);
  }

  @Test
  void theDifferenceInMeansIsThatOfTheCapturedStates() {
    RepresentationReading reading = read(RepresentationReader.builder().heldOut(0));
    List<ContrastPair> pairs = PlantedModel.pairs(40);
    Layer layer = new Layer(2);
    float[][] p = states(pairs.stream().map(ContrastPair::positive).toList(), layer);
    float[][] n = states(pairs.stream().map(ContrastPair::negative).toList(), layer);
    double[] difference = new double[PlantedModel.WIDTH];
    double norm = 0;
    for (int i = 0; i < 40; i++) {
      for (int j = 0; j < difference.length; j++) {
        difference[j] += ((double) p[i][j] - n[i][j]) / 40;
      }
      norm += (length(p[i]) + length(n[i])) / 80;
    }
    float[] found = reading.inClassDistances().directions().get(layer);
    for (int j = 0; j < difference.length; j++) {
      assertEquals(difference[j], found[j], 1e-4);
    }
    LayerReading l = reading.layers().get(1);
    assertEquals(norm, l.residualNorm(), 1e-4);
    assertEquals(Double.NaN, l.auroc());
    assertEquals(Double.NaN, l.accuracy());
    assertEquals(Double.NaN, l.pairAccuracy());
    assertEquals(norm, reading.inResidualNorms().lengths().get(layer), 1e-4);
    assertEquals(1, reading.vector().lengths().get(layer), 1e-6);
  }

  private static float[][] states(List<Prompt> prompts, Layer layer) {
    return model.capture(prompts, Capture.lastPrompt(layer)).at(layer);
  }

  private static double length(float[] row) {
    double squares = 0;
    for (float f : row) {
      squares += (double) f * f;
    }
    return Math.sqrt(squares);
  }

  @Test
  void severalTokensCountAsTheirMean() {
    Layer layer = new Layer(1);
    List<ContrastPair> pairs = PlantedModel.pairs(5);
    RepresentationReading reading =
        RepresentationReader.builder()
            .layers(List.of(layer))
            .positions(TokenPositions.range(-3, 0))
            .heldOut(0)
            .build()
            .read(model, pairs, ProgressListener.NONE);
    double[] sum = new double[PlantedModel.WIDTH];
    double norm = 0;
    for (ContrastPair pair : pairs) {
      Capture last = new Capture(List.of(layer), TokenPositions.range(-3, 0));
      for (float[] row : model.capture(List.of(pair.positive()), last).at(layer)) {
        for (int j = 0; j < sum.length; j++) {
          sum[j] += row[j] / 15;
        }
        norm += length(row) / 30;
      }
      for (float[] row : model.capture(List.of(pair.negative()), last).at(layer)) {
        for (int j = 0; j < sum.length; j++) {
          sum[j] -= row[j] / 15;
        }
        norm += length(row) / 30;
      }
    }
    assertEquals(norm, reading.layers().get(0).residualNorm(), 1e-4);
    float[] found = reading.inClassDistances().directions().get(layer);
    for (int j = 0; j < sum.length; j++) {
      assertEquals(sum[j], found[j], 1e-4);
    }
  }

  @Test
  void readsTheTokensOfResponses() {
    List<ContrastPair> pairs = new ArrayList<>();
    for (String text : List.of("ab", "cde", "f", "ghij", "kl", "mno")) {
      pairs.add(
          new ContrastPair(
              Prompt.of(Message.user("say"), Message.assistant(text + "+")),
              Prompt.of(Message.user("say"), Message.assistant(text + "-"))));
    }
    RepresentationReading reading =
        RepresentationReader.builder()
            .positions(TokenPositions.response())
            .build()
            .read(model, pairs, ProgressListener.NONE);
    assertTrue(reading.vector().cosine(planted(TOP)).get(TOP) > 0.9);
    assertEquals(1, reading.layers().get(0).pairAccuracy());
  }

  @Test
  void promptsThatDoNotDifferGiveZero() {
    List<ContrastPair> same =
        PlantedModel.pairs(6).stream()
            .map(p -> new ContrastPair(p.positive(), p.positive()))
            .toList();
    for (ReadingMethod method : ReadingMethod.values()) {
      RepresentationReading reading =
          RepresentationReader.builder()
              .method(method)
              .build()
              .read(model, same, ProgressListener.NONE);
      reading.inResidualNorms().lengths().values().forEach(l -> assertEquals(0.0, l));
      assertEquals(0.5, reading.layers().get(0).auroc());
      assertEquals(0.5, reading.layers().get(0).accuracy());
    }
  }

  @Test
  void theSeedDecidesWhatIsHeldOut() {
    SortedMap<Layer, float[]> first =
        read(RepresentationReader.builder().seed(1)).vector().directions();
    SortedMap<Layer, float[]> again =
        read(RepresentationReader.builder().seed(1)).vector().directions();
    SortedMap<Layer, float[]> other =
        read(RepresentationReader.builder().seed(2)).vector().directions();
    assertArrayEquals(first.get(TOP), again.get(TOP));
    assertNotEquals(first.get(TOP)[0], other.get(TOP)[0]);
  }

  @Test
  void theProvenanceSaysHowAndHowWell(@TempDir Path folder) {
    RepresentationReading reading = read(RepresentationReader.builder().seed(9));
    reading.inResidualNorms().save(folder);
    Provenance provenance = ControlVector.load(folder).provenance();
    assertEquals("representation_reading", provenance.method());
    assertEquals("residual_norm", provenance.settings().get("scale"));
    assertEquals("llama", provenance.settings().get("model_hint"));
    assertEquals(9, provenance.seed());
    assertEquals(model.hash(), provenance.inputs().get("model"));
    List<?> layers = (List<?>) provenance.metrics().get("layers");
    assertEquals(
        reading.layers().get(0).residualNorm(),
        (double) ((Map<?, ?>) layers.get(0)).get("residual_norm"),
        1e-12);
  }

  @Test
  void progressIsToldAndAnInterruptCancels() {
    List<String> steps = new ArrayList<>();
    RepresentationReader.builder()
        .build()
        .read(
            model,
            PlantedModel.pairs(100),
            p -> steps.add(p.task() + " " + p.done() + "/" + p.total()));
    assertEquals(
        List.of(
            "read representations 64/100",
            "read representations 80/100",
            "find directions 1/3",
            "find directions 2/3",
            "find directions 3/3",
            "read representations 100/100"),
        steps);
    Thread.currentThread().interrupt();
    assertThrows(CancelledException.class, () -> read(RepresentationReader.builder()));
    assertTrue(Thread.interrupted());
  }

  @Test
  void whatCannotBeReadIsRefusedByName() {
    List<ContrastPair> pairs = PlantedModel.pairs(3);
    RepresentationReader embeddings =
        RepresentationReader.builder().layers(List.of(Layer.EMBEDDINGS)).build();
    RepresentationReader above =
        RepresentationReader.builder().layers(List.of(new Layer(4))).build();
    RepresentationReader nowhere =
        RepresentationReader.builder().positions(TokenPositions.range(60, 0)).build();
    RepresentationReader plain = RepresentationReader.builder().build();
    List<ContrastPair> longer = new ArrayList<>(pairs);
    longer.add(new ContrastPair(Prompt.user("x"), Prompt.user("x".repeat(64))));
    assertTrue(refusal(embeddings, pairs).contains("layer 0"));
    assertTrue(refusal(above, pairs).contains("layer 4 in a model of 3 blocks"));
    assertTrue(
        refusal(nowhere, pairs).startsWith("the positive prompt of pair 0 has no token at Range"));
    assertTrue(refusal(plain, longer).startsWith("the negative prompt of pair 3 has "));
    assertEquals(
        "of 1 pairs 1 are held out, which leaves none to find directions from",
        refusal(plain, pairs.subList(0, 1)));
    assertEquals(
        "of 0 pairs 1 are held out, which leaves none to find directions from",
        refusal(plain, List.of()));
    assertThrows(IllegalArgumentException.class, () -> RepresentationReader.builder().heldOut(1));
    assertThrows(
        IllegalArgumentException.class,
        () -> ContrastPair.of(List.of(Prompt.user("x")), List.of()));
  }

  private static String refusal(RepresentationReader reader, List<ContrastPair> pairs) {
    return assertThrows(
            IllegalArgumentException.class, () -> reader.read(model, pairs, ProgressListener.NONE))
        .getMessage();
  }
}
