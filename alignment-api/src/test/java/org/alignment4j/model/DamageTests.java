package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged checkpoints and impossible requests give an error that says what is wrong. */
class DamageTests {
  @TempDir static Path whole;
  @TempDir Path folder;
  private static LanguageModel model;
  private Path weights;
  private Path config;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(TinyModels.write(whole, Family.LLAMA, 0, 3));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @BeforeEach
  void copy() throws IOException {
    weights = folder.resolve("model.safetensors");
    config = folder.resolve("config.json");
    Files.copy(whole.resolve("model.safetensors"), weights);
    Files.copy(whole.resolve("config.json"), config);
  }

  private String refused() {
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> LanguageModel.load(folder).close());
    return String.valueOf(e.getMessage());
  }

  private void rewrite(String name, UnaryOperator<float[]> change, long... shape) {
    Map<String, TensorSource> sources = new LinkedHashMap<>();
    try (SafetensorsFile in = SafetensorsFile.open(weights)) {
      in.tensors()
          .values()
          .forEach(
              t ->
                  sources.put(
                      t.name(),
                      t.name().equals(name)
                          ? TensorSource.of(
                              name,
                              StorageType.F32,
                              shape.length > 0 ? shape : t.shape(),
                              change.apply(in.floats(name)))
                          : TensorSource.of(
                              t.name(), StorageType.F32, t.shape(), in.floats(t.name()))));
    }
    SafetensorsWriter.write(weights, Map.of(), new ArrayList<>(sources.values()));
  }

  @Test
  void missingFilesAreNamed() throws IOException {
    Files.delete(weights);
    assertTrue(refused().contains("model.safetensors"));
    Files.delete(config);
    assertTrue(refused().contains("config.json"));
    assertThrows(CheckpointException.class, () -> LanguageModel.load(folder.resolve("none")));
  }

  @Test
  void truncatedAnywhereTheFileIsRefused() throws IOException {
    byte[] all = Files.readAllBytes(weights);
    Random random = new Random(1);
    for (int i = 0; i < 12; i++) {
      int n = i < 4 ? i * 5 : random.nextInt(all.length);
      Files.write(weights, Arrays.copyOf(all, n));
      assertTrue(refused().contains("model.safetensors"), "cut at " + n);
    }
  }

  @Test
  void bitFlipsInTheHeaderNeverEscapeAsOtherErrors() throws IOException {
    byte[] all = Files.readAllBytes(weights);
    int header = (int) ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).getLong();
    Random random = new Random(2);
    int refused = 0;
    for (int i = 0; i < 150; i++) {
      byte[] flipped = all.clone();
      flipped[random.nextInt(8 + header)] ^= (byte) (1 << random.nextInt(8));
      Files.write(weights, flipped);
      refused += loads() ? 0 : 1;
    }
    assertTrue(refused > 100, "refused " + refused);
  }

  /** Whether the folder loads; fails the test on an error that is not the library's. */
  private boolean loads() {
    try (LanguageModel m = LanguageModel.load(folder)) {
      m.nextTokenLogitsIds(List.of(new int[] {0}));
      return true;
    } catch (AlignmentException | IllegalArgumentException e) {
      return false;
    }
  }

  @Test
  void aHeaderThatLiesAboutItsLengthIsRefused() throws IOException {
    byte[] all = Files.readAllBytes(weights);
    for (long lie : new long[] {0, -1, Long.MAX_VALUE, 1L << 40, all.length, 3}) {
      byte[] lying = all.clone();
      ByteBuffer.wrap(lying).order(ByteOrder.LITTLE_ENDIAN).putLong(0, lie);
      Files.write(weights, lying);
      refused();
    }
  }

  @Test
  void aMissingShardIsNamed() throws IOException {
    Files.delete(weights);
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\": {\"model.norm.weight\": \"model-00001-of-00002.safetensors\"}}");
    assertTrue(refused().contains("model-00001-of-00002.safetensors"));
  }

  @Test
  void aWrongShapeIsToldWithWhatWasExpected() {
    rewrite("model.layers.1.mlp.up_proj.weight", v -> v, 24, 20);
    String message = refused();
    assertTrue(message.contains("model.layers.1.mlp.up_proj.weight"), message);
    assertTrue(message.contains("[24, 20]") && message.contains("[20, 24]"), message);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void aWeightThatIsNoNumberIsRefusedByNameAndPlace(float bad) {
    rewrite(
        "model.layers.2.self_attn.k_proj.weight",
        v -> {
          v[17] = bad;
          return v;
        });
    String message = refused();
    assertTrue(message.contains("model.layers.2.self_attn.k_proj.weight"), message);
    assertTrue(message.contains("17"), message);
  }

  @Test
  void halfPrecisionCheckpointsLoadAsTheirRoundedValues() throws IOException {
    for (StorageType type : List.of(StorageType.BF16, StorageType.F16)) {
      Path half = Files.createDirectories(folder.resolve(type.name()));
      Path rounded = Files.createDirectories(folder.resolve(type + "32"));
      List<TensorSource> sources = new ArrayList<>();
      try (SafetensorsFile in = SafetensorsFile.open(weights)) {
        in.tensors()
            .values()
            .forEach(
                t -> sources.add(TensorSource.of(t.name(), type, t.shape(), in.floats(t.name()))));
        SafetensorsWriter.write(half.resolve("model.safetensors"), Map.of(), sources);
      }
      sources.clear();
      try (SafetensorsFile in = SafetensorsFile.open(half.resolve("model.safetensors"))) {
        in.tensors()
            .values()
            .forEach(
                t ->
                    sources.add(
                        TensorSource.of(
                            t.name(), StorageType.F32, t.shape(), in.floats(t.name()))));
        SafetensorsWriter.write(rounded.resolve("model.safetensors"), Map.of(), sources);
      }
      Files.copy(config, half.resolve("config.json"));
      Files.copy(config, rounded.resolve("config.json"));
      try (LanguageModel a = LanguageModel.load(half);
          LanguageModel b = LanguageModel.load(rounded)) {
        List<int[]> ids = List.of(new int[] {1, 2, 3});
        assertEquals(
            0, TinyModels.difference(a.nextTokenLogitsIds(ids)[0], b.nextTokenLogitsIds(ids)[0]));
      }
    }
  }

  @Test
  void impossibleRequestsAreRefusedWithTheIndexOfTheSequence() {
    Capture capture = Capture.lastPrompt(new Layer(1));
    List<Executable> none =
        List.of(
            () -> model.captureIds(List.of(), capture),
            () -> model.nextTokenLogitsIds(List.of()),
            () -> model.generateIds(List.of(), Generation.greedy(1)));
    none.forEach(e -> assertThrows(IllegalArgumentException.class, e::run));
    int[] fine = {1};
    for (int[] bad :
        new int[][] {{}, new int[TinyModels.CONTEXT + 1], {1, TinyModels.VOCABULARY}, {-1}}) {
      List<int[]> two = List.of(fine, bad);
      for (Executable e :
          List.<Executable>of(
              () -> model.captureIds(two.stream().map(TinyModels::prompt).toList(), capture),
              () -> model.nextTokenLogitsIds(two),
              () -> model.generateIds(two, Generation.greedy(1)))) {
        String message = assertThrows(IllegalArgumentException.class, e::run).getMessage();
        assertTrue(message.contains("sequence 1"), message);
      }
    }
    List<int[]> full = List.of(new int[TinyModels.CONTEXT]);
    assertThrows(
        IllegalArgumentException.class, () -> model.generateIds(full, Generation.greedy(1)));
    assertThrows(
        IllegalArgumentException.class,
        () -> model.captureIds(List.of(TinyModels.prompt(1)), Capture.lastPrompt(new Layer(4))));
    assertThrows(CheckpointException.class, model::tokenizer);
  }

  private interface Executable {
    void run();
  }

  @Test
  void moreNewTokensThanAnyMemoryHoldsAreCutAtTheContext() {
    Completion c =
        model
            .generateIds(List.of(new int[] {1}), Generation.greedy(Integer.MAX_VALUE).ignoringEnd())
            .get(0);
    assertEquals(TinyModels.CONTEXT - 1, c.ids().length);
  }

  private static List<JsonElement> nonsense() {
    JsonArray array = new JsonArray();
    array.add("x");
    array.add(new JsonObject());
    JsonObject object = new JsonObject();
    object.addProperty("rope_type", "llama3");
    object.addProperty("factor", "NaN");
    JsonObject nested = new JsonObject();
    nested.add("rope_type", object);
    List<JsonElement> values = new ArrayList<>(List.of(array, object, nested, JsonNull.INSTANCE));
    for (Number n :
        new Number[] {0, -1, 1, 2, 3, 7, 1.5, 1e300, -1e300, 2147483647L, 2147483648L, 1L << 62}) {
      values.add(new JsonPrimitive(n));
    }
    for (String s : List.of("", "x", "NaN", "1e999999999", "-0", "\u0000")) {
      values.add(new JsonPrimitive(s));
    }
    values.add(new JsonPrimitive(true));
    return values;
  }

  @Test
  void nonsenseInTheConfigurationNeverEscapesAsOtherErrors() throws IOException {
    JsonObject good = JsonParser.parseString(Files.readString(config)).getAsJsonObject();
    List<String> keys = new ArrayList<>(good.keySet());
    keys.addAll(
        List.of(
            "rope_scaling",
            "rope_parameters",
            "sliding_window",
            "layer_types",
            "quantization_config",
            "max_window_layers",
            "use_sliding_window"));
    for (String type : List.of("llama", "mistral", "qwen2")) {
      for (String key : keys) {
        for (JsonElement value : nonsense()) {
          JsonObject bad = good.deepCopy();
          bad.addProperty("model_type", type);
          bad.add(key, value);
          if (key.equals("layer_types")) {
            bad.addProperty("sliding_window", 3);
            bad.addProperty("use_sliding_window", true);
          }
          Files.writeString(config, bad.toString());
          try {
            ModelConfig.read(folder);
          } catch (AlignmentException | IllegalArgumentException e) {
            continue;
          } catch (RuntimeException | Error e) {
            fail(key + " = " + value + ": " + e, e);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hidden_size=0",
        "num_attention_heads=0",
        "num_key_value_heads=0",
        "vocab_size=0",
        "hidden_size=2147483647",
        "vocab_size=2147483647",
        "intermediate_size=2147483647",
        "num_hidden_layers=9999",
        "num_hidden_layers=2147483647",
        "num_attention_heads=2147483647",
        "head_dim=2147483646",
        "max_position_embeddings=0",
        "num_key_value_heads=3"
      })
  void sizesThatDoNotFitTheWeightsAreRefusedAtOnce(String change) throws IOException {
    JsonObject json = JsonParser.parseString(Files.readString(config)).getAsJsonObject();
    json.addProperty(change.split("=")[0], Long.valueOf(change.split("=")[1]));
    Files.writeString(config, json.toString());
    assertThrows(AlignmentException.class, () -> LanguageModel.load(folder).close());
  }

  @Test
  void aContextOfAnySizeCostsNoMemoryUntilItIsUsed() throws IOException {
    JsonObject json = JsonParser.parseString(Files.readString(config)).getAsJsonObject();
    json.addProperty("max_position_embeddings", Integer.MAX_VALUE);
    Files.writeString(config, json.toString());
    try (LanguageModel m = LanguageModel.load(folder)) {
      m.generateIds(List.of(new int[] {1}), Generation.greedy(3));
      assertThrows(
          AlignmentException.class,
          () -> m.generateIds(List.of(new int[] {1}), Generation.greedy(Integer.MAX_VALUE)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{", "null", "{\"model_type\": 3}", "{}", "\u0000"})
  void aFileThatIsNoConfigurationIsRefused(String text) throws IOException {
    Files.writeString(config, text);
    assertThrows(AlignmentException.class, () -> LanguageModel.load(folder).close());
    Files.writeString(config, "[".repeat(200_000));
    refused();
  }
}
