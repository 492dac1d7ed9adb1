package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.core.Layer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several adapters over one base: the base's tensors are there once. */
class AdapterBytesTests {
  private static final int BLOCKS = 2;

  /**
   * Two blocks of a model of 135 M weights; its other 28 would change nothing, and its larger
   * vocabulary would only lower the share.
   */
  private static LanguageModel model(Path folder) {
    ModelConfig config =
        new ModelConfig(
            Family.LLAMA,
            128,
            576,
            BLOCKS,
            9,
            3,
            64,
            1536,
            64,
            1e-5,
            new Rope(10_000, null),
            0,
            Collections.nCopies(BLOCKS, false),
            true,
            Set.of(2));
    RandomCheckpoint.write(config, 1, folder);
    return LanguageModel.load(folder);
  }

  @Test
  void threeAdaptersWeighLittleBesideTheBase(@TempDir Path folder) {
    try (LanguageModel base = model(folder)) {
      assertTrue(share(base, List.of("q_proj", "v_proj")) <= 1.05);
      assertTrue(
          share(
                  base,
                  List.of(
                      "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"))
              <= 1.15);
    }
  }

  /** Bytes of the base and three views with a LoRA of rank 8 each, over the base's. */
  private static double share(LanguageModel base, List<String> modules) {
    List<Layer> layers = IntStream.rangeClosed(1, BLOCKS).mapToObj(Layer::new).toList();
    List<LanguageModel> all = new ArrayList<>(List.of(base));
    try {
      for (int seed = 1; seed <= 3; seed++) {
        LoraAdapter lora =
            TrainableLora.initial(base, new TrainableLora.Shape(8, 16, modules), layers, seed);
        all.add(base.with(lora));
      }
      double share = (double) bytes(all) / bytes(List.of(base));
      System.out.printf("base and three adapters of %s: %.4f of the base%n", modules, share);
      return share;
    } finally {
      all.subList(1, all.size()).forEach(LanguageModel::close);
    }
  }

  private static long bytes(Collection<LanguageModel> models) {
    Set<NDArray> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
    for (LanguageModel model : models) {
      Weights w = model.pass().weights();
      distinct.addAll(w.arrays());
    }
    return distinct.stream().mapToLong(a -> a.size() * a.getDataType().getNumOfBytes()).sum();
  }
}
