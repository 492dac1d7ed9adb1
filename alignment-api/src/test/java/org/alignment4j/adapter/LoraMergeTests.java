package org.alignment4j.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.adapter.Loras.Stored;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.StorageType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Merging into a full checkpoint: sums, precisions, shards, fused matrices, misfits. */
class LoraMergeTests {
  @TempDir Path folder;

  private static String weight(Target t) {
    return "model.layers." + t.layer().block() + "." + t.module() + ".weight";
  }

  /** W + s B A, the plain way. */
  private static double[] sums(float[] w, Target t, LoraAdapter lora) {
    double[] sums = new double[w.length];
    for (int o = 0; o < t.out(); o++) {
      for (int i = 0; i < t.in(); i++) {
        double product = 0;
        for (int k = 0; k < lora.rank(); k++) {
          product += (double) t.b()[o * lora.rank() + k] * t.a()[k * t.in() + i];
        }
        sums[o * t.in() + i] = w[o * t.in() + i] + lora.scale() * product;
      }
    }
    return sums;
  }

  /** Relative size of half a step of a storage type. */
  private static double rounding(StorageType type) {
    return switch (type) {
      case F16 -> 0x1p-11;
      case BF16 -> 0x1p-8;
      default -> 0x1p-24;
    };
  }

  @ParameterizedTest
  @EnumSource(
      value = StorageType.class,
      names = {"F32", "F16", "BF16"})
  void everyWeightIsTheRoundedSumInTheBasesTypeAndShards(StorageType type) throws IOException {
    Path base = folder.resolve("base");
    Files.createDirectories(base);
    Map<String, Stored> first = Loras.tensors(Loras.LLAMA.resolve("model.safetensors"));
    Map<String, Stored> second = new LinkedHashMap<>();
    StringBuilder index = new StringBuilder();
    for (String name : List.copyOf(first.keySet())) {
      boolean late = name.contains("layers.2.") || name.contains("layers.3.");
      if (late) {
        second.put(name, first.remove(name));
      }
      index.append(index.isEmpty() ? "" : ",");
      index.append('"').append(name).append("\":\"").append(late ? "b" : "a");
      index.append(".safetensors\"");
    }
    Loras.write(base.resolve("a.safetensors"), type, first);
    Loras.write(base.resolve("b.safetensors"), type, second);
    Files.writeString(
        base.resolve("model.safetensors.index.json"), "{\"weight_map\":{" + index + "}}");
    Files.writeString(base.resolve("config.json"), "{}");

    LoraAdapter lora = Loras.small();
    Path out = folder.resolve("out");
    lora.merge(base, out);
    lora.merge(base, out); // again over what is there
    assertEquals("{}", Files.readString(out.resolve("config.json")));
    try (Checkpoint before = Checkpoint.open(base);
        Checkpoint after = Checkpoint.open(out)) {
      assertEquals(before.names(), after.names());
      assertEquals(2, after.files().size());
      Map<String, Target> targets = new LinkedHashMap<>();
      lora.targets().forEach(t -> targets.put(weight(t), t));
      for (String name : before.names()) {
        assertEquals(type, after.info(name).type());
        float[] found = after.floats(name);
        Target t = targets.get(name);
        if (t == null) {
          assertArrayEquals(before.floats(name), found);
          continue;
        }
        double[] expected = sums(before.floats(name), t, lora);
        for (int i = 0; i < found.length; i++) {
          double step = rounding(type) * (Math.abs(expected[i]) + 1e-3) * 1.01;
          assertEquals(expected[i], found[i], step, name);
        }
      }
    }
  }

  @Test
  void mergingTheNegativeTakesTheChangeBack() {
    LoraAdapter lora = Loras.small();
    lora.merge(Loras.LLAMA, folder.resolve("there"));
    lora.scaled(-1).merge(folder.resolve("there"), folder.resolve("back"));
    try (Checkpoint before = Checkpoint.open(Loras.LLAMA);
        Checkpoint there = Checkpoint.open(folder.resolve("there"));
        Checkpoint after = Checkpoint.open(folder.resolve("back"))) {
      for (Target t : lora.targets()) {
        float[] w = before.floats(weight(t));
        float[] sum = there.floats(weight(t));
        float[] back = after.floats(weight(t));
        double changed = 0;
        for (int i = 0; i < w.length; i++) {
          changed = Math.max(changed, Math.abs(sum[i] - w[i]));
          assertEquals(w[i], back[i], 0x1p-23 * (Math.abs(w[i]) + Math.abs(sum[i])));
        }
        assertTrue(changed > 0.1, "it matters");
      }
    }
  }

  @Test
  void matricesThatTheBaseStoresAsOneAreChangedInTheirRows() throws IOException {
    Path base = folder.resolve("base");
    Files.createDirectories(base);
    Random random = new Random(9);
    Map<String, Stored> tensors = new LinkedHashMap<>();
    String block = "model.layers.0.";
    // 3 heads of 4, 1 key/value head: rows 0-11 queries, 12-15 keys, 16-19 values
    tensors.put(
        block + "self_attn.qkv_proj.weight",
        new Stored(new long[] {20, 6}, Loras.normal(random, 120, 1)));
    tensors.put(
        block + "mlp.gate_up_proj.weight",
        new Stored(new long[] {10, 6}, Loras.normal(random, 60, 1)));
    Loras.write(base.resolve("model.safetensors"), StorageType.F32, tensors);
    Files.writeString(
        base.resolve("config.json"), "{\"num_attention_heads\":3,\"num_key_value_heads\":1}");
    List<Object[]> parts =
        List.of(
            new Object[] {"self_attn.q_proj", 12, 0},
            new Object[] {"self_attn.k_proj", 4, 12},
            new Object[] {"self_attn.v_proj", 4, 16},
            new Object[] {"mlp.gate_proj", 5, 0},
            new Object[] {"mlp.up_proj", 5, 5});
    List<Target> targets = new ArrayList<>();
    for (Object[] part : parts) {
      targets.add(Loras.target(random, 1, (String) part[0], 6, (int) part[1], 2));
    }
    for (List<Target> chosen : List.of(targets, targets.subList(1, 2), targets.subList(4, 5))) {
      LoraAdapter lora = new LoraAdapter(2, 3, chosen, Loras.PROVENANCE);
      Path out = folder.resolve("out" + chosen.size() + chosen.get(0).module());
      lora.merge(base, out);
      Map<String, Stored> merged = Loras.tensors(out.resolve("model.safetensors"));
      for (int p = 0; p < parts.size(); p++) {
        Target t = targets.get(p);
        String fused = block + (p < 3 ? "self_attn.qkv_proj" : "mlp.gate_up_proj") + ".weight";
        int from = (int) parts.get(p)[2] * 6;
        int to = from + t.out() * 6;
        float[] w = java.util.Arrays.copyOfRange(tensors.get(fused).values(), from, to);
        float[] found = java.util.Arrays.copyOfRange(merged.get(fused).values(), from, to);
        if (!chosen.contains(t)) {
          assertArrayEquals(w, found);
          continue;
        }
        double[] expected = sums(w, t, lora);
        for (int i = 0; i < found.length; i++) {
          assertEquals(expected[i], found[i], 1e-6);
        }
      }
    }
    Target wrong = Loras.target(random, 1, "self_attn.q_proj", 6, 8, 2);
    misfit(base, wrong, "12 rows for q_proj, the adapter 8");
    misfit(base, Loras.target(random, 1, "self_attn.k_proj", 5, 4, 2), "[20, 6]");
  }

  private void misfit(Path base, Target target, String named) {
    LoraAdapter lora = new LoraAdapter(2, 3, List.of(target), Loras.PROVENANCE);
    Path out = folder.resolve("refused");
    String message =
        assertThrows(CheckpointException.class, () -> lora.merge(base, out)).getMessage();
    assertTrue(message.contains(named), message);
    assertTrue(Files.notExists(out), "nothing is written");
  }

  @Test
  void aBaseThatDoesNotFitIsRefusedBeforeAnythingIsWritten() {
    Random random = new Random(1);
    misfit(
        Loras.LLAMA,
        Loras.target(random, 5, "self_attn.q_proj", 64, 64, 2),
        "model.layers.4.self_attn.q_proj.weight");
    misfit(Loras.LLAMA, Loras.target(random, 1, "self_attn.q_proj", 64, 32, 2), "[32, 64]");
    misfit(Loras.LLAMA, Loras.target(random, 1, "mlp.up_proj", 160, 64, 2), "[160, 64]");
    misfit(Loras.LLAMA, Loras.target(random, 1, "input_layernorm", 64, 1, 2), "[64]");
    assertThrows(
        IllegalArgumentException.class, () -> Loras.small().merge(Loras.LLAMA, Loras.LLAMA));
  }

  @Test
  void aSumOutsideOfTheStorageTypesRangeIsRefused() throws IOException {
    Path base = folder.resolve("base");
    Files.createDirectories(base);
    Loras.write(
        base.resolve("model.safetensors"),
        StorageType.F16,
        Map.of(
            "model.layers.0.m.weight",
            new Stored(new long[] {2, 2}, new float[] {0, 0, 65504, 65504})));
    for (float change : new float[] {15, 17}) {
      Target t = new Target(new Layer(1), "m", 2, 2, new float[] {0, 1}, new float[] {0, change});
      LoraAdapter lora = new LoraAdapter(1, 1, List.of(t), Loras.PROVENANCE);
      Path out = folder.resolve("out");
      if (change < 16) {
        lora.merge(base, out);
        continue;
      }
      String message =
          assertThrows(CheckpointException.class, () -> lora.merge(base, out)).getMessage();
      assertTrue(message.contains("model.layers.0.m.weight: the sum at [1, 1]"), message);
    }
  }

  @Test
  void rowsThatAreWrittenInTwoPiecesAreChangedAsOne() throws IOException {
    Path base = folder.resolve("base");
    Files.createDirectories(base);
    Random random = new Random(2);
    Target t = Loras.target(random, 1, "m", 401, 700, 2); // more numbers than a chunk of 2^18
    float[] w = Loras.normal(random, 401 * 700, 1);
    Loras.write(
        base.resolve("model.safetensors"),
        StorageType.F32,
        Map.of(weight(t), new Stored(new long[] {700, 401}, w)));
    LoraAdapter lora = new LoraAdapter(2, 3, List.of(t), Loras.PROVENANCE);
    lora.merge(base, folder.resolve("out"));
    double[] expected = sums(w, t, lora);
    float[] found =
        Loras.tensors(folder.resolve("out").resolve("model.safetensors")).get(weight(t)).values();
    for (int i = 0; i < found.length; i++) {
      assertEquals(expected[i], found[i], 1e-6);
    }
  }

  @Test
  void weightsOfAnotherModelInTheFolderAreNotMistakenForTheMerged() throws IOException {
    Path out = folder.resolve("out");
    Files.createDirectories(out);
    Files.writeString(out.resolve("model-00001-of-00002.safetensors"), "other");
    assertThrows(CheckpointException.class, () -> Loras.small().merge(Loras.LLAMA, out));
  }
}
