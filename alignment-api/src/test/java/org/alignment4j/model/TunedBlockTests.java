package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.adapter.TunedBlock.Weight;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A block of its own: cached prefix, save, load, view and merged checkpoint say the same. */
class TunedBlockTests {
  private static final List<int[]> IDS =
      List.of(new int[] {1, 5, 9, 30, 2, 8}, new int[] {7}, new int[] {3, 3, 12, 36});

  @TempDir Path folder;

  static Provenance provenance() {
    return new Provenance("test", Map.of(), 7, Map.of(), Map.of());
  }

  private static TunedBlock changed(LanguageModel model, Layer layer) {
    Random random = new Random(5);
    try (TrainableBlock block = TrainableBlock.of(model, layer)) {
      Map<String, Weight> tensors = new LinkedHashMap<>();
      block
          .snapshot(provenance())
          .tensors()
          .forEach(
              (name, w) -> {
                float[] values = w.values().clone();
                for (int i = 0; i < values.length; i++) {
                  values[i] += (float) (0.1 * random.nextGaussian());
                }
                tensors.put(name, new Weight(w.shape(), values));
              });
      return new TunedBlock(layer, tensors, provenance());
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void savedLoadedAndMergedItGivesTheSameLogitsAsTheView(Family family) throws IOException {
    Path base = TinyModels.write(folder.resolve("base"), family, 0, 2);
    try (LanguageModel model = LanguageModel.load(base)) {
      float[][] before = model.nextTokenLogitsIds(IDS);
      TunedBlock block = changed(model, new Layer(2));
      block.save(folder.resolve("block"));
      TunedBlock loaded = TunedBlock.load(folder.resolve("block"));
      assertEquals(block.layer(), loaded.layer());
      assertEquals(block.tensors().keySet(), loaded.tensors().keySet());
      block
          .tensors()
          .forEach((n, w) -> assertArrayEquals(w.values(), loaded.tensors().get(n).values()));
      assertEquals(block.provenance(), loaded.provenance());
      loaded.merge(base, folder.resolve("merged"));
      try (LanguageModel view = model.with(loaded);
          LanguageModel merged = LanguageModel.load(folder.resolve("merged"))) {
        float[][] expected = view.nextTokenLogitsIds(IDS);
        float[][] found = merged.nextTokenLogitsIds(IDS);
        for (int i = 0; i < IDS.size(); i++) {
          assertArrayEquals(expected[i], found[i]);
          assertTrue(TinyModels.difference(expected[i], before[i]) > 1e-3, "the block matters");
        }
      }
      float[][] after = model.nextTokenLogitsIds(IDS);
      for (int i = 0; i < IDS.size(); i++) {
        assertArrayEquals(before[i], after[i], "the base is unchanged");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void aCachedPrefixAndOneBlockGiveWhatACaptureGives(Family family) throws IOException {
    int window = family == Family.MISTRAL ? 3 : 0;
    Path base = TinyModels.write(folder.resolve("base"), family, window, 6);
    try (LanguageModel model = LanguageModel.load(base)) {
      for (int l = 1; l <= 3; l++) {
        Layer layer = new Layer(l);
        float[][] expected =
            model
                .captureIds(
                    IDS.stream().map(TinyModels::prompt).toList(), Capture.lastPrompt(layer))
                .at(layer);
        for (long budget : new long[] {1 << 20, 0}) {
          try (PrefixCache cache =
                  PrefixCache.of(model, IDS, new Layer(l - 1), budget, ProgressListener.NONE);
              TrainableBlock block = TrainableBlock.of(model, layer);
              NDManager scope = model.pass().manager().newSubManager()) {
            for (boolean gradients : new boolean[] {false, true}) {
              float[] found =
                  block.lastToken(cache, new int[] {2, 0, 1}, gradients, scope).toFloatArray();
              int[] order = {2, 0, 1};
              for (int i = 0; i < 3; i++) {
                float[] own = Arrays.copyOfRange(found, i * 24, (i + 1) * 24);
                double d = TinyModels.relative(own, expected[order[i]]);
                assertTrue(d <= 1e-5, () -> layer + " differs by " + d);
              }
            }
          }
        }
      }
    }
  }

  @Test
  void aClosedCacheIsNotReadAsZeros() throws IOException {
    Path base = TinyModels.write(folder.resolve("base"), Family.LLAMA, 0, 6);
    try (LanguageModel model = LanguageModel.load(base);
        TrainableBlock block = TrainableBlock.of(model, new Layer(1));
        NDManager scope = model.pass().manager().newSubManager()) {
      PrefixCache cache = PrefixCache.of(model, IDS, new Layer(0), 1 << 20, ProgressListener.NONE);
      cache.close();
      assertThrows(
          IllegalStateException.class, () -> block.lastToken(cache, new int[] {0}, false, scope));
    }
  }

  @Test
  void aBlockOfAnotherModelIsRefusedByNameAndShape() throws IOException {
    Path base = TinyModels.write(folder.resolve("base"), Family.LLAMA, 0, 6);
    Path other = TinyModels.write(folder.resolve("other"), Family.QWEN2, 0, 6);
    try (LanguageModel model = LanguageModel.load(base);
        LanguageModel second = LanguageModel.load(other)) {
      TunedBlock qwen = changed(second, new Layer(2));
      TunedBlock llama = changed(model, new Layer(2));
      assertThrows(CheckpointException.class, () -> model.with(qwen));
      assertThrows(CheckpointException.class, () -> second.with(llama));
      assertThrows(CheckpointException.class, () -> qwen.merge(base, folder.resolve("merged")));
      TunedBlock high = new TunedBlock(new Layer(9), llama.tensors(), provenance());
      assertThrows(IllegalArgumentException.class, () -> model.with(high));
      assertThrows(
          IllegalArgumentException.class, () -> new Weight(new long[] {24, 20}, new float[7]));
    }
  }

  @Test
  void aTrainedModelSavedAndLoadedGivesTheSameLogits() throws IOException {
    for (boolean tied : new boolean[] {true, false}) {
      Path base = TinyModels.write(folder.resolve("base" + tied), Family.LLAMA, 2, tied, 0, 6);
      Path out = folder.resolve("out" + tied);
      try (LanguageModel model = LanguageModel.load(base);
          TrainableWeights weights = TrainableWeights.all(model)) {
        NDList parameters = weights.parameters();
        parameters.forEach(p -> p.addi(0.01f));
        weights.save(out, Precision.FLOAT32, provenance());
        try (LanguageModel saved = LanguageModel.load(out)) {
          float[][] expected = weights.view().nextTokenLogitsIds(IDS);
          float[][] found = saved.nextTokenLogitsIds(IDS);
          for (int i = 0; i < IDS.size(); i++) {
            assertArrayEquals(expected[i], found[i]);
          }
        }
      }
    }
  }
}
