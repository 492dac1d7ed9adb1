package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.alignment4j.core.Layer;
import org.alignment4j.model.Capture.Activations;
import org.alignment4j.model.Steering.Kind;
import org.alignment4j.testing.Npz;
import org.alignment4j.testing.Shared;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real trained models against published texts and against transformers' numbers. */
class ReferenceTests {
  private static final double TOLERANCE = 1e-5;
  private static final String STORIES = "stories260k";

  private static JsonObject json(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }

  private static int[] ints(JsonElement array) {
    return array.getAsJsonArray().asList().stream().mapToInt(JsonElement::getAsInt).toArray();
  }

  private static int[] ids(Npz reference, int prompt) {
    return Arrays.stream(reference.longs("p" + prompt + "_ids")).mapToInt(i -> (int) i).toArray();
  }

  private static List<int[]> prefixes(int[] ids) {
    return IntStream.rangeClosed(1, ids.length).mapToObj(n -> Arrays.copyOf(ids, n)).toList();
  }

  /** Rows of all the arrays, one after the other. */
  private static float[] flat(List<float[][]> parts) {
    int width = parts.get(0)[0].length;
    int rows = parts.stream().mapToInt(p -> p.length).sum();
    float[] all = new float[rows * width];
    int at = 0;
    for (float[][] part : parts) {
      for (float[] row : part) {
        System.arraycopy(row, 0, all, at, width);
        at += width;
      }
    }
    return all;
  }

  private static float[] states(LanguageModel model, int[] ids) {
    int top = model.config().blocks();
    Activations found =
        model.captureIds(
            List.of(TinyModels.prompt(ids)), Capture.layers(1, top, TokenPositions.all()));
    return flat(IntStream.rangeClosed(1, top).mapToObj(l -> found.at(new Layer(l))).toList());
  }

  private static float[] logits(LanguageModel model, int[] ids) {
    return flat(Collections.singletonList(model.nextTokenLogitsIds(prefixes(ids))));
  }

  private static void assertClose(float[] reference, float[] own, String what) {
    double d = TinyModels.relative(own, reference);
    assertTrue(d <= TOLERANCE, () -> what + " differs by " + d + " of its largest element");
  }

  @ParameterizedTest
  @CsvSource({"stories260k, stories260k/derived-hf", "tinystories-656k, tinystories-656k"})
  void hiddenStatesLogitsAndGreedyTokensAgreeWithTransformers(String name, String folder)
      throws IOException {
    Path model = Shared.path("fixtures", folder);
    Path reference = Shared.path("fixtures/reference", name);
    Npz npz = Npz.read(reference.resolve("reference.npz"));
    JsonArray prompts = json(reference.resolve("reference.json")).getAsJsonArray("prompts");
    List<int[]> all = IntStream.range(0, 4).mapToObj(i -> ids(npz, i)).toList();
    try (LanguageModel m = LanguageModel.load(model)) {
      List<Completion> greedy = m.generateIds(all, Generation.greedy(60).ignoringEnd());
      for (int i = 0; i < all.size(); i++) {
        assertClose(npz.floats("p" + i + "_resid"), states(m, all.get(i)), "states of prompt " + i);
        assertClose(npz.floats("p" + i + "_logits"), logits(m, all.get(i)), "logits of " + i);
        int[] wanted = ints(prompts.get(i).getAsJsonObject().get("greedy_60_ids"));
        assertArrayEquals(wanted, Arrays.copyOf(greedy.get(i).ids(), wanted.length));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"stories260k, stories260k/derived-hf", "tinystories-656k, tinystories-656k"})
  void steeringAndAblationAgreeWithTransformers(String name, String folder) throws IOException {
    Path model = Shared.path("fixtures", folder);
    Path reference = Shared.path("fixtures/reference", name);
    Npz npz = Npz.read(reference.resolve("reference.npz"));
    JsonObject steering = json(reference.resolve("reference.json")).getAsJsonObject("steering");
    float[] vector = npz.floats("steer_vector");
    int[] ids = ids(npz, steering.get("prompt_index").getAsInt());
    try (LanguageModel m = LanguageModel.load(model)) {
      LanguageModel steered =
          m.with(
              Steering.add(
                  new Layer(steering.get("layer").getAsInt() + 1),
                  vector,
                  steering.get("coefficient").getAsDouble()));
      assertClose(npz.floats("steer_resid"), states(steered, ids), "steered states");
      assertClose(npz.floats("steer_logits"), logits(steered, ids), "steered logits");
      Steering[] ablation =
          IntStream.rangeClosed(1, m.config().blocks())
              .mapToObj(
                  l -> new Steering(new Layer(l), TokenPositions.all(), Kind.PROJECT_OUT, vector))
              .toArray(Steering[]::new);
      assertClose(npz.floats("ablate_logits"), logits(m.with(ablation), ids), "ablated logits");
    }
  }

  /** The published program decodes with the pieces of its vocabulary, no space at the start. */
  private static String decode(int[] ids) throws IOException {
    JsonArray pieces =
        JsonParser.parseString(
                Files.readString(Shared.path("fixtures/stories260k/derived-hf/tok512_vocab.json")))
            .getAsJsonArray();
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      String piece = pieces.get(id).getAsJsonObject().get("piece").getAsString();
      text.append(
          piece.matches("<0x[0-9A-F]{2}>")
              ? String.valueOf((char) Integer.parseInt(piece.substring(3, 5), 16))
              : piece);
    }
    return text.toString().replaceFirst("^ ", "");
  }

  @Test
  void stories260kReproducesItsPublishedText() throws IOException {
    JsonObject published =
        json(Shared.path("fixtures/reference", STORIES, "published_outputs.json"));
    JsonObject greedy = published.getAsJsonObject("published_greedy");
    JsonObject zoo = published.getAsJsonObject("published_zoo");
    int[] wanted = ints(greedy.get("ids_from_hf"));
    int[] prompt = ints(zoo.get("prompt_ids"));
    try (LanguageModel m = LanguageModel.load(Shared.path("fixtures/stories260k/derived-hf"))) {
      List<Completion> found =
          m.generateIds(
              List.of(new int[] {wanted[0]}, prompt), Generation.greedy(200).ignoringEnd());
      int[] own = found.get(0).ids();
      assertArrayEquals(
          Arrays.copyOfRange(wanted, 1, wanted.length), Arrays.copyOf(own, wanted.length - 1));
      assertEquals(greedy.get("text").getAsString(), decode(own));
      List<Integer> whole = new ArrayList<>(Arrays.stream(prompt).skip(1).boxed().toList());
      Arrays.stream(found.get(1).ids()).limit(57).forEach(whole::add);
      assertEquals(
          zoo.get("text").getAsString(),
          decode(whole.stream().mapToInt(Integer::intValue).toArray()));
    }
  }

  @Test
  void tinystoriesHoldsItsTiedTableOnlyUnderTheNameOfTheHead() throws IOException {
    Path folder = Shared.path("fixtures", "tinystories-656k");
    JsonObject values =
        json(Shared.path(
                "fixtures/reference/tinystories-656k", "published_weight_spot_checks.json"))
            .getAsJsonObject("values");
    try (org.alignment4j.internal.tensor.Checkpoint checkpoint =
            org.alignment4j.internal.tensor.Checkpoint.open(folder);
        LanguageModel m = LanguageModel.load(folder)) {
      assertTrue(checkpoint.contains("lm_head.weight"));
      assertTrue(!checkpoint.contains("model.embed_tokens.weight"));
      assertEquals(
          values.get("model.embed_tokens.weight[50]").getAsFloat(),
          m.pass().weights().embeddings().floats()[50],
          1e-6);
      assertEquals(m.pass().weights().embeddings(), m.pass().weights().output());
    }
  }
}
