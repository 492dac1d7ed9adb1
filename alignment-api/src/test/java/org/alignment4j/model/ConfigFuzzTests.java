package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.testing.Damage;
import org.alignment4j.testing.Fuzz;
import org.alignment4j.testing.JsonDamage;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged configurations: reading one, and loading a sound checkpoint with one, ends with a result
 * or an error that names the file or its folder, soon and in bounds.
 */
class ConfigFuzzTests {
  private static final Path PARITY = Path.of("src/test/resources/parity");
  private static final String FILE = "config.json";
  private static final JsonDamage CONFIGURATIONS = new JsonDamage(keys(), values());

  /** Checkpoints of every family that is checked against transformers. */
  private static final List<Path> CHECKPOINTS = new ArrayList<>();

  /** Their configurations, and those of optional further models. */
  private static final List<String> SOUND = new ArrayList<>();

  @TempDir Path folder;

  @BeforeAll
  static void configurations() throws IOException {
    if (!CHECKPOINTS.isEmpty()) {
      return;
    }
    try (Stream<Path> families = Files.list(PARITY)) {
      CHECKPOINTS.addAll(families.sorted().toList());
    }
    List<Path> files = new ArrayList<>(CHECKPOINTS.stream().map(f -> f.resolve(FILE)).toList());
    Path more = Path.of(System.getProperty("alignment4j.shared", "none"), "fixtures");
    if (Files.isDirectory(more)) {
      try (Stream<Path> found = Files.walk(more, 4)) {
        found.filter(f -> f.endsWith(FILE)).sorted().forEach(files::add);
      }
    }
    for (Path f : new TreeSet<>(files)) {
      SOUND.add(Files.readString(f));
    }
  }

  private static List<String> keys() {
    return List.of(
        "model_type",
        "vocab_size",
        "hidden_size",
        "num_hidden_layers",
        "num_attention_heads",
        "num_key_value_heads",
        "head_dim",
        "intermediate_size",
        "max_position_embeddings",
        "original_max_position_embeddings",
        "rms_norm_eps",
        "rope_theta",
        "rope_scaling",
        "rope_parameters",
        "rope_type",
        "type",
        "factor",
        "low_freq_factor",
        "high_freq_factor",
        "long_factor",
        "short_factor",
        "attention_factor",
        "partial_rotary_factor",
        "hidden_act",
        "hidden_activation",
        "tie_word_embeddings",
        "attention_bias",
        "mlp_bias",
        "sliding_window",
        "use_sliding_window",
        "max_window_layers",
        "layer_types",
        "eos_token_id",
        "quantization_config",
        "query_pre_attn_scalar",
        "attn_logit_softcapping",
        "final_logit_softcapping",
        "use_bidirectional_attention",
        "torch_dtype",
        "dtype",
        "");
  }

  private static List<String> values() {
    String llama3 =
        "{\"rope_type\":\"llama3\",\"factor\":8,\"low_freq_factor\":1,"
            + "\"high_freq_factor\":4,\"original_max_position_embeddings\":64}";
    return List.of(
        "\"llama\"",
        "\"mistral\"",
        "\"qwen2\"",
        "\"qwen3\"",
        "\"gemma\"",
        "\"gemma2\"",
        "\"phi3\"",
        "\"gpt2\"",
        "\"silu\"",
        "\"gelu\"",
        "\"gelu_pytorch_tanh\"",
        "\"relu\"",
        "\"sliding_attention\"",
        "\"full_attention\"",
        "[\"sliding_attention\",\"full_attention\",\"sliding_attention\",\"full_attention\"]",
        "[\"sliding_attention\",1,null,[]]",
        llama3,
        llama3.replace("8", "0"),
        llama3.replace("8", "\"NaN\""),
        llama3.replace("8", "1e300"),
        llama3.replace("64", "1e300"),
        llama3.replace("64", "0.5"),
        llama3.replace("low_freq_factor\":1", "low_freq_factor\":4"),
        llama3.replace("\"llama3\"", "[\"llama3\"]"),
        "{\"type\":\"linear\",\"factor\":2.0}",
        "{\"type\":\"linear\",\"factor\":-2.0}",
        "{\"type\":\"linear\",\"factor\":\"Infinity\"}",
        "{\"rope_type\":\"dynamic\",\"factor\":2.0}",
        "{\"rope_type\":\"yarn\",\"factor\":4.0,\"original_max_position_embeddings\":64}",
        "{\"rope_type\":\"longrope\",\"long_factor\":[1,1],\"short_factor\":[1,1],"
            + "\"original_max_position_embeddings\":64}",
        "{\"rope_type\":\"longrope\",\"long_factor\":[1,1,1,1,1,1,1,1],"
            + "\"short_factor\":[1,1,1,1,1,1,1,1],\"factor\":32}",
        "{\"rope_type\":\"longrope\",\"long_factor\":[null,0,-1,1e400,1,1,1,1],"
            + "\"short_factor\":\"x\"}",
        "{\"rope_type\":\"default\",\"rope_theta\":0}",
        "{\"rope_type\":\"default\",\"rope_theta\":1e300,\"partial_rotary_factor\":0.75}",
        "{\"rope_theta\":\"x\"}",
        "{\"full_attention\":{\"rope_theta\":1},\"sliding_attention\":{\"rope_theta\":2}}",
        "{\"quant_method\":\"gptq\",\"bits\":4}",
        "[2,3]",
        "[\"2\"]",
        "16",
        "64",
        "4",
        "10000",
        "1000000000",
        "0.00001");
  }

  private static byte[] damaged(String sound, Random random) {
    String text = sound;
    do {
      text = CONFIGURATIONS.once(text, random);
    } while (random.nextInt(3) == 0);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return bytes.length > 0 && random.nextInt(5) == 0
        ? Damage.once(bytes, Damage.JSON_WORDS, random)
        : bytes;
  }

  @Test
  void damagedConfigurationsAreReadOrRefused() {
    read(2_000, 21);
  }

  @Test
  @Tag("slow")
  void manyDamagedConfigurationsAreReadOrRefused() {
    read(100_000, 22);
  }

  private void read(int count, long seed) {
    Path file = folder.resolve(FILE);
    Fuzz.Tally tally =
        new Fuzz(file, file.toString(), AlignmentException.class, 2, 8 << 20)
            .run(
                count,
                seed,
                random -> damaged(SOUND.get(random.nextInt(SOUND.size())), random),
                () -> ModelConfig.read(folder));
    assertTrue(tally.read() > count / 10 && tally.refused() > count / 4, tally::toString);
  }

  @Test
  void soundCheckpointsWithDamagedConfigurationsRunOrAreRefused() throws IOException {
    load(60, 23);
  }

  @Test
  @Tag("slow")
  void manySoundCheckpointsWithDamagedConfigurationsRunOrAreRefused() throws IOException {
    load(2_000, 24);
  }

  /** Spreads the versions over the families. */
  private void load(int count, long seed) throws IOException {
    int each = (count + CHECKPOINTS.size() - 1) / CHECKPOINTS.size();
    long before = residentBytes();
    int read = 0;
    int refused = 0;
    for (Path checkpoint : CHECKPOINTS) {
      String family = checkpoint.getFileName().toString();
      Path own = Files.createDirectory(folder.resolve(family));
      Files.copy(checkpoint.resolve("model.safetensors"), own.resolve("model.safetensors"));
      String sound = Files.readString(checkpoint.resolve(FILE));
      Fuzz.Tally tally =
          new Fuzz(own.resolve(FILE), own.toString(), AlignmentException.class, 5, 64 << 20)
              .run(each, seed + family.hashCode(), r -> damaged(sound, r), () -> loadAndRun(own));
      read += tally.read();
      refused += tally.refused();
    }
    assertTrue(read > count / 10 && refused > count / 4, read + " read, " + refused + " refused");
    long grown = residentBytes() - before;
    assertTrue(grown < 1L << 30, "the process grew by " + grown + " bytes");
  }

  private static void loadAndRun(Path folder) {
    try (LanguageModel model = LanguageModel.load(folder)) {
      int context = model.config().contextLength();
      int room = Math.min(20, context - 3);
      if (room > 0 && model.config().vocabulary() > 20) {
        int[] ids = IntStream.rangeClosed(1, room).toArray();
        model.nextTokenLogitsIds(List.of(ids, new int[] {1}));
        model.generateIds(List.of(ids, new int[] {1}), Generation.greedy(2));
      }
    }
  }

  /** Most memory the process has held; 0 where the system does not tell. */
  private static long residentBytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return 0;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElse(0);
  }
}
