package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.tensor.GgufCheckpoint;
import org.alignment4j.internal.tensor.GgufType;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.model.LanguageModel.GgufWeights;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Written GGUF files against those that examples/python/gguf_models.py wrote from the same
 * checkpoints, and models read from them against the models that were written.
 */
class GgufConversionTests {
  private static final Path PARITY = Path.of("src/test/resources/parity");
  private static final Path MODELS = Path.of("src/test/resources/org/alignment4j/model/gguf");
  private static final int[] IDS = {1, 17, 200, 33, 5, 250, 91, 8, 300, 4};

  @TempDir Path folder;

  static Stream<String> families() throws IOException {
    return Files.list(PARITY).map(f -> f.getFileName().toString()).sorted();
  }

  private Path written(Path model, GgufWeights weights) {
    Path file = folder.resolve(weights + ".gguf");
    LanguageModel.writeGguf(model, null, weights, file);
    return file;
  }

  private static byte[] raw(GgufCheckpoint file, String tensor) {
    ByteBuffer bytes = ByteBuffer.allocate((int) file.info(tensor).bytes());
    file.readRaw(tensor, 0, bytes);
    return bytes.array();
  }

  private static float[][] logits(LanguageModel model) {
    List<int[]> prefixes = new ArrayList<>();
    for (int n = 1; n <= IDS.length; n++) {
      prefixes.add(java.util.Arrays.copyOf(IDS, n));
    }
    return model.nextTokenLogitsIds(prefixes);
  }

  private static float[][] logits(Path path) {
    try (LanguageModel model = LanguageModel.load(path, Device.cpu(), Precision.FLOAT32)) {
      return logits(model);
    }
  }

  private static void assertClose(float[][] expected, float[][] found, double tolerance) {
    for (int i = 0; i < expected.length; i++) {
      assertArrayEquals(expected[i], found[i], (float) tolerance);
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void modelsReadFromWhatWasWrittenAreTheSame(String family) {
    float[][] expected = logits(PARITY.resolve(family));
    assertClose(expected, logits(written(PARITY.resolve(family), GgufWeights.F32)), 2e-5);
    assertClose(expected, logits(written(PARITY.resolve(family), GgufWeights.BF16)), 0.2);
  }

  /** All keys, names and shapes, and the bytes of matrices that both write in one type. */
  @ParameterizedTest
  @MethodSource("families")
  void filesAreThoseOfPythonsPackage(String family) {
    try (GgufCheckpoint python = GgufCheckpoint.open(MODELS.resolve(family + ".gguf"))) {
      GgufType type = python.info("blk.0.ffn_down.weight").type();
      GgufWeights weights = type == GgufType.Q4_0 ? GgufWeights.Q4_0 : GgufWeights.Q8_0;
      try (GgufCheckpoint ours = GgufCheckpoint.open(written(PARITY.resolve(family), weights))) {
        assertEquals(python.names(), ours.names());
        python
            .metadata()
            .forEach(
                (key, value) -> {
                  GgufValue found = ours.metadata().get(key);
                  if (!key.startsWith("tokenizer.")) {
                    assertNotNull(found, key);
                    assertEquals(value.decoded(), found.decoded(), key);
                    assertEquals(value.type(), found.type(), key);
                  }
                });
        int same = 0;
        for (String name : python.names()) {
          assertArrayEquals(python.info(name).shape(), ours.info(name).shape(), name);
          if (python.info(name).type() == ours.info(name).type()) {
            if (name.startsWith("rope_")) {
              assertArrayEquals(python.floats(name), ours.floats(name), 1e-5f, name);
            } else {
              assertArrayEquals(raw(python, name), raw(ours, name), name);
            }
            same++;
          }
        }
        assertTrue(same > 8, same + " tensors of equal type");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void anUnchangedGgufIsCopiedByteForByte(String family) {
    Path source = MODELS.resolve(family + ".gguf");
    Path copy = written(source, GgufWeights.F16);
    try (GgufCheckpoint before = GgufCheckpoint.open(source);
        GgufCheckpoint after = GgufCheckpoint.open(copy)) {
      assertEquals(before.metadata(), after.metadata());
      assertEquals(List.copyOf(before.names()), List.copyOf(after.names()));
      for (String name : before.names()) {
        assertEquals(before.info(name).type(), after.info(name).type());
        assertArrayEquals(raw(before, name), raw(after, name), name);
      }
    }
  }

  private static LoraAdapter lora(LanguageModel model) {
    List<String> modules =
        model.config().family() == Family.PHI3
            ? List.of("qkv_proj", "o_proj", "gate_up_proj", "down_proj")
            : List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");
    LoraAdapter zero =
        TrainableLora.initial(
            model, new TrainableLora.Shape(3, 6, modules), List.of(new Layer(1), new Layer(3)), 5);
    Random random = new Random(6);
    List<LoraAdapter.Target> targets = new ArrayList<>();
    for (LoraAdapter.Target t : zero.targets()) {
      float[] b = new float[t.b().length];
      for (int i = 0; i < b.length; i++) {
        b[i] = (float) random.nextGaussian() * 0.05f;
      }
      targets.add(new LoraAdapter.Target(t.layer(), t.module(), t.in(), t.out(), t.a(), b));
    }
    return new LoraAdapter(3, 6, targets, new Provenance("test", Map.of(), 0, Map.of(), Map.of()));
  }

  @ParameterizedTest
  @MethodSource("families")
  void aLoraIsMergedIntoTheMatricesThatItChanges(String family) {
    for (Path source : List.of(PARITY.resolve(family), MODELS.resolve(family + ".gguf"))) {
      Path merged = folder.resolve("merged.gguf");
      float[][] expected;
      try (LanguageModel model = LanguageModel.load(source, Device.cpu(), Precision.FLOAT32)) {
        LoraAdapter lora = lora(model);
        LanguageModel.writeGguf(source, lora, GgufWeights.F32, merged);
        try (LanguageModel tuned = model.with(lora)) {
          expected = logits(tuned);
        }
        float[][] plain = logits(model);
        float most = 0;
        for (int v = 0; v < plain[9].length; v++) {
          most = Math.max(most, Math.abs(plain[9][v] - expected[9][v]));
        }
        assertTrue(most > 0.01, "the LoRA changes logits by " + most);
      }
      assertClose(expected, logits(merged), 5e-5);
      if (source.toString().endsWith(".gguf")) {
        try (GgufCheckpoint before = GgufCheckpoint.open(source);
            GgufCheckpoint after = GgufCheckpoint.open(merged)) {
          for (String name : before.names()) {
            boolean changed =
                name.matches("blk\\.[02]\\.(attn_(q|k|v|qkv|output)|ffn_\\w+)\\.weight")
                    && !name.contains("norm");
            if (changed) {
              assertEquals(GgufType.F32, after.info(name).type(), name);
            } else {
              assertArrayEquals(raw(before, name), raw(after, name), name);
            }
          }
        }
      }
    }
  }

  /** Rounded to the nearest, numbers on a grid would be rounded back to where they were. */
  @Test
  void aSmallChangeOfQ8IsThereOnAverageInQ8() {
    Path source = written(PARITY.resolve("llama2"), GgufWeights.Q8_0);
    Path exact = folder.resolve("exact.gguf");
    Path rounded = folder.resolve("rounded.gguf");
    Path again = folder.resolve("again.gguf");
    try (LanguageModel model = LanguageModel.load(source, Device.cpu(), Precision.FLOAT32)) {
      LoraAdapter large = lora(model);
      LoraAdapter small = new LoraAdapter(3, 0.1, large.targets(), large.provenance());
      LanguageModel.writeGguf(source, small, GgufWeights.F32, exact);
      LanguageModel.writeGguf(source, small, GgufWeights.Q8_0, rounded);
      LanguageModel.writeGguf(source, small, GgufWeights.Q8_0, again);
    }
    double moved = 0;
    double change = 0;
    try (GgufCheckpoint before = GgufCheckpoint.open(source);
        GgufCheckpoint wanted = GgufCheckpoint.open(exact);
        GgufCheckpoint found = GgufCheckpoint.open(rounded);
        GgufCheckpoint same = GgufCheckpoint.open(again)) {
      for (String name : before.names()) {
        assertArrayEquals(raw(found, name), raw(same, name), name);
        if (wanted.info(name).type() == GgufType.F32 && before.info(name).type() == GgufType.Q8_0) {
          float[] was = before.floats(name);
          float[] to = wanted.floats(name);
          float[] is = found.floats(name);
          for (int i = 0; i < was.length; i++) {
            moved += (double) (to[i] - was[i]) * (is[i] - was[i]);
            change += (double) (to[i] - was[i]) * (to[i] - was[i]);
          }
        }
      }
    }
    assertTrue(change > 0);
    assertEquals(1, moved / change, 0.3, "of the change");
  }

  @ParameterizedTest
  @MethodSource("families")
  void aWrittenLoraIsTheDifferenceOfTheMergedModel(String family) {
    try (LanguageModel model =
        LanguageModel.load(PARITY.resolve(family), Device.cpu(), Precision.FLOAT32)) {
      assertWrites(lora(model), PARITY.resolve(family), 4);
    }
  }

  /** In one matrix of the base, beside each other: other parts of it do not change. */
  @Test
  void aLoraOfPartsOfAFusedMatrixIsWrittenAsOneOfTheWhole() {
    Random random = new Random(8);
    List<LoraAdapter.Target> targets = new ArrayList<>();
    Map<String, Integer> rows =
        Map.of("self_attn.q_proj", 64, "self_attn.v_proj", 32, "mlp.up_proj", 160);
    rows.forEach(
        (module, out) -> {
          float[] a = new float[3 * 64];
          float[] b = new float[out * 3];
          for (int i = 0; i < b.length; i++) {
            a[i % a.length] = (float) random.nextGaussian();
            b[i] = (float) random.nextGaussian() * 0.05f;
          }
          targets.add(new LoraAdapter.Target(new Layer(2), module, 64, out, a, b));
        });
    assertWrites(
        new LoraAdapter(3, 6, targets, new Provenance("test", Map.of(), 0, Map.of(), Map.of())),
        PARITY.resolve("phi3"),
        2);
  }

  /** What llama.cpp adds, scale B A of the file, is the difference of the merged matrices. */
  private void assertWrites(LoraAdapter adapter, Path source, int least) {
    Path file = folder.resolve("lora.gguf");
    Path merged = folder.resolve("merged.gguf");
    adapter.writeGguf(source, file);
    LanguageModel.writeGguf(source, adapter, GgufWeights.F32, merged);
    try (GgufCheckpoint lora = GgufCheckpoint.open(file);
        GgufCheckpoint after = GgufCheckpoint.open(merged);
        GgufCheckpoint before = GgufCheckpoint.open(written(source, GgufWeights.F32))) {
      Map<String, Object> metadata = new LinkedHashMap<>();
      lora.metadata().forEach((key, value) -> metadata.put(key, value.decoded()));
      assertEquals("adapter", metadata.get("general.type"));
      assertEquals("lora", metadata.get("adapter.type"));
      assertEquals(6f, metadata.get("adapter.lora.alpha"));
      assertEquals(
          before.metadata().get("general.architecture"),
          lora.metadata().get("general.architecture"));
      int changed = 0;
      for (String name : before.names()) {
        float[] old = before.floats(name);
        float[] now = after.floats(name);
        if (!lora.names().contains(name + ".lora_a")) {
          assertArrayEquals(old, now, name);
          continue;
        }
        changed++;
        float[] a = lora.floats(name + ".lora_a");
        float[] b = lora.floats(name + ".lora_b");
        long[] shapeA = lora.info(name + ".lora_a").shape();
        long[] shapeB = lora.info(name + ".lora_b").shape();
        long[] shape = before.info(name).shape();
        assertEquals(shape[0], shapeA[0]);
        assertEquals(shape[1], shapeB[1]);
        assertEquals(shapeA[1], shapeB[0]);
        int in = (int) shape[0];
        int rank = (int) shapeA[1];
        for (int i = 0; i < old.length; i++) {
          double sum = 0;
          for (int k = 0; k < rank; k++) {
            sum += (double) b[i / in * rank + k] * a[k * in + i % in];
          }
          assertEquals(now[i] - old[i], 6.0 / rank * sum, 1e-5, name + " " + i);
        }
      }
      assertEquals(2 * changed, lora.names().size());
      assertTrue(changed >= least, changed + " matrices");
    }
  }

  @Test
  void aTunedBlockReplacesItsWeights() {
    Path source = PARITY.resolve("gemma2");
    Map<String, TunedBlock.Weight> tensors = new LinkedHashMap<>();
    float[] norm = new float[64];
    float[] down = new float[64 * 160];
    for (int i = 0; i < down.length; i++) {
      norm[i % 64] = i % 64 * 0.01f;
      down[i] = (i % 37 - 18) * 0.001f;
    }
    tensors.put("post_feedforward_layernorm.weight", new TunedBlock.Weight(new long[] {64}, norm));
    tensors.put("mlp.down_proj.weight", new TunedBlock.Weight(new long[] {64, 160}, down));
    TunedBlock block =
        new TunedBlock(
            new Layer(2), tensors, new Provenance("test", Map.of(), 0, Map.of(), Map.of()));
    Path merged = folder.resolve("merged.gguf");
    LanguageModel.writeGguf(source, block, GgufWeights.F32, merged);
    try (GgufCheckpoint file = GgufCheckpoint.open(merged)) {
      assertArrayEquals(down, file.floats("blk.1.ffn_down.weight"));
      assertEquals(1.05f, file.floats("blk.1.post_ffw_norm.weight")[5]);
    }
  }

  private Path changed(String family, String from, String to) throws IOException {
    Path copy = Files.createDirectories(folder.resolve("changed"));
    String config = Files.readString(PARITY.resolve(family).resolve("config.json"));
    assertTrue(config.contains(from), from);
    Files.writeString(copy.resolve("config.json"), config.replace(from, to));
    Files.copy(
        PARITY.resolve(family).resolve("model.safetensors"), copy.resolve("model.safetensors"));
    return copy;
  }

  @Test
  void whatLlamaCppWouldComputeOtherwiseIsRejectedByName() throws IOException {
    Path scale =
        changed("gemma2", "\"query_pre_attn_scalar\": 24", "\"query_pre_attn_scalar\": 30");
    UnsupportedArchitectureException e =
        assertThrows(UnsupportedArchitectureException.class, () -> written(scale, GgufWeights.F32));
    assertTrue(e.getMessage().contains("attention scores scaled by"), e.getMessage());
  }

  @Test
  void whatAFileDoesNotKeepIsNoted() throws IOException {
    List<String> notes =
        LanguageModel.writeGguf(
            PARITY.resolve("mistral"), null, GgufWeights.F16, folder.resolve("m.gguf"));
    assertTrue(notes.get(0).contains("sliding window of architecture llama"), notes.get(0));
    assertTrue(notes.get(1).contains("no tokenizer.json"), notes.get(1));
  }

  @Test
  void weightsOfAnotherShapeWriteNothing() throws IOException {
    Path other = changed("qwen2", "\"intermediate_size\": 160", "\"intermediate_size\": 128");
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> written(other, GgufWeights.F32));
    assertTrue(e.getMessage().contains("mlp.gate_proj.weight has shape"), e.getMessage());
    assertTrue(Files.notExists(folder.resolve("F32.gguf")));
  }
}
