package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorInfo;
import org.alignment4j.internal.tensor.TensorSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against outputs computed by Hugging Face transformers in float32. */
class ParityTests {
  private static final Path CHECKPOINTS = Path.of("src/test/resources/parity");
  private static final Path HUGE = Path.of("src/test/resources/huge-token");

  static Stream<Path> checkpoints() throws IOException {
    return Files.list(CHECKPOINTS).sorted();
  }

  static Stream<Arguments> halves() throws IOException {
    return checkpoints()
        .flatMap(
            c ->
                Stream.of(Precision.values())
                    .filter(p -> p != Precision.FLOAT32)
                    .map(p -> Arguments.of(c, p)));
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void agreesWithTransformers(Path checkpoint) {
    Parity parity = Parity.verify(checkpoint);
    assertTrue(parity.passed(), parity::toString);
  }

  /** A family with everything that others have in part. */
  static Stream<Arguments> halvesOfOne() throws IOException {
    return halves().filter(a -> ((Path) a.get()[0]).endsWith("gemma2"));
  }

  @ParameterizedTest
  @MethodSource("halvesOfOne")
  void oneFamilyStaysNearInEveryOtherPrecision(Path checkpoint, Precision precision) {
    Parity parity = Parity.verify(checkpoint, precision);
    assertTrue(parity.passed(), parity::toString);
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("halves")
  void staysNearInEveryOtherPrecision(Path checkpoint, Precision precision) {
    Parity parity = Parity.verify(checkpoint, precision);
    assertTrue(parity.passed(), parity::toString);
  }

  /** What a port may get wrong without a text that looks wrong. */
  static Stream<Arguments> breaks() {
    UnaryOperator<String> same = name -> name;
    return Stream.of(
        Arguments.of("a rotary base", "\"rope_theta\": 10000.0", "\"rope_theta\": 10010.0", same),
        Arguments.of("eps", "\"rms_norm_eps\": 1e-05", "\"rms_norm_eps\": 2e-05", same),
        Arguments.of("an activation", "\"silu\"", "\"gelu\"", same),
        Arguments.of(
            "two blocks",
            "",
            "",
            (UnaryOperator<String>)
                name ->
                    name.contains("layers.1.")
                        ? name.replace("layers.1.", "layers.2.")
                        : name.replace("layers.2.", "layers.1.")),
        Arguments.of(
            "two norms of the last block",
            "",
            "",
            (UnaryOperator<String>)
                name ->
                    name.equals("model.layers.3.input_layernorm.weight")
                        ? "model.layers.3.post_attention_layernorm.weight"
                        : name.equals("model.layers.3.post_attention_layernorm.weight")
                            ? "model.layers.3.input_layernorm.weight"
                            : name));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("breaks")
  void aModelThatIsWrongFails(
      String what, String from, String to, UnaryOperator<String> names, @TempDir Path folder)
      throws IOException {
    String config = Files.readString(CHECKPOINTS.resolve("llama2/config.json"));
    assertTrue(config.contains(from), config);
    write(folder, config.replace(from, to), names, null);
    Parity parity = Parity.verify(folder);
    assertFalse(parity.passed(), parity::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.embed_tokens.weight",
        "model.layers.0.self_attn.k_proj.weight",
        "model.layers.3.mlp.down_proj.weight",
        "model.norm.weight",
        "lm_head.weight"
      })
  void oneNumberThatIsWrongFails(String tensor, @TempDir Path folder) throws IOException {
    String config = Files.readString(CHECKPOINTS.resolve("llama2/config.json"));
    write(folder, config, name -> name, tensor);
    Parity parity = Parity.verify(folder);
    assertFalse(parity.passed(), parity::toString);
  }

  /** The Llama with tensors under other names, and one number changed in one of them. */
  private static void write(
      Path folder, String config, UnaryOperator<String> names, @Nullable String changed)
      throws IOException {
    Path base = CHECKPOINTS.resolve("llama2");
    Files.writeString(folder.resolve("config.json"), config);
    Files.copy(base.resolve("expected.safetensors"), folder.resolve("expected.safetensors"));
    try (SafetensorsFile file = SafetensorsFile.open(base.resolve("model.safetensors"));
        SafetensorsFile expected = SafetensorsFile.open(base.resolve("expected.safetensors"))) {
      List<TensorSource> tensors = new ArrayList<>();
      for (TensorInfo info : file.tensors().values()) {
        float[] values = file.floats(info.name());
        if (info.name().equals(changed)) {
          // in the embeddings, of a token that is read
          int row = changed.contains("embed") ? (int) expected.longs("input_ids")[3] : 0;
          int at = row * (int) info.shape()[info.shape().length - 1] + 1;
          values[at] = values[at] * 1.02f + 0.002f;
        }
        tensors.add(
            TensorSource.of(names.apply(info.name()), StorageType.F32, info.shape(), values));
      }
      SafetensorsWriter.write(folder.resolve("model.safetensors"), Map.of(), tensors);
    }
  }

  /** One token's states are thousands of times as large as the others', as in real models. */
  @Test
  void aHugeTokenDoesNotFailARightModel() {
    Parity parity = Parity.verify(HUGE);
    assertTrue(parity.passed(), parity::toString);
  }

  @Test
  void aHugeTokenDoesNotHideAnother(@TempDir Path folder) throws IOException {
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(HUGE.resolve(name), folder.resolve(name));
    }
    String states = "hidden_states";
    try (SafetensorsFile file = SafetensorsFile.open(HUGE.resolve("expected.safetensors"))) {
      long[] shape = file.info(states).shape();
      float[] values = file.floats(states);
      // layer 1, sequence 1, position 2, which is not the huge token
      values[(int) (((shape[1] + 1) * shape[2] + 2) * shape[3])] += 0.01f;
      List<TensorSource> tensors = new ArrayList<>();
      for (String name : file.tensors().keySet()) {
        tensors.add(
            name.equals(states)
                ? TensorSource.of(states, StorageType.F32, shape, values)
                : TensorSource.copy(file, name));
      }
      SafetensorsWriter.write(folder.resolve("expected.safetensors"), Map.of(), tensors);
    }
    Parity parity = Parity.verify(folder);
    assertFalse(parity.passed(), parity::toString);
    assertEquals(1, parity.worstLayer());
    assertTrue(parity.maxRelHidden() < Parity.MAX_ROW, parity::toString);
  }
}
