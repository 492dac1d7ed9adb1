package org.alignment4j.tune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Supervised fine-tuning of a LoRA. */
class LoraTrainingTests {
  private static final Path MODEL = Path.of("src/test/resources/parity/llama2");

  @TempDir Path folder;

  private static List<Encoded> rows() {
    Random random = new Random(1);
    return IntStream.range(0, 12)
        .mapToObj(i -> new Encoded(random.ints(10, 3, 320).toArray(), 4))
        .toList();
  }

  private static double loss(LanguageModel model) {
    double sum = 0;
    for (Encoded e : rows()) {
      int[] ids = e.ids();
      sum -=
          model
              .scoreIds(
                  java.util.Arrays.copyOf(ids, 4),
                  List.of(java.util.Arrays.copyOfRange(ids, 4, ids.length)))
              .get(0)
              .sum();
    }
    return sum / (6 * rows().size());
  }

  @Test
  void learnsItsDataLeavesTheBaseAndComesBackFromItsFiles() {
    TrainingSettings settings =
        TrainingSettings.builder().epochs(40).batchSize(4).learningRate(1e-2).seed(3).build();
    try (LanguageModel model = LanguageModel.load(MODEL)) {
      List<Layer> layers = List.of(new Layer(2), new Layer(3));
      LoraAdapter initial =
          TrainableLora.initial(
              model,
              new TrainableLora.Shape(4, 8, List.of("q_proj", "v_proj", "down_proj")),
              layers,
              5);
      assertEquals(6, initial.targets().size());
      double before = loss(model);
      LoraAdapter trained;
      try (TrainableLora lora = new TrainableLora(model, initial)) {
        TrainingLoop.<Encoded>of(settings)
            .run(rows(), new SupervisedObjective(lora), ProgressListener.NONE);
        trained = lora.snapshot(initial.provenance());
      }
      assertEquals(before, loss(model), 0.0);
      try (LanguageModel tuned = model.with(trained)) {
        double after = loss(tuned);
        assertTrue(after < 0.5 * before, before + " to " + after);
        trained.save(folder);
        try (LanguageModel again = model.with(Adapter.load(folder))) {
          List<int[]> ids = List.of(new int[] {5, 7, 9});
          assertArrayEquals(tuned.nextTokenLogitsIds(ids)[0], again.nextTokenLogitsIds(ids)[0], 0f);
        }
      }
    }
  }

  @Test
  void matricesThatDoNotExistAreNamed() {
    try (LanguageModel model = LanguageModel.load(MODEL)) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  TrainableLora.initial(
                      model,
                      new TrainableLora.Shape(2, 2, List.of("qkv_proj")),
                      List.of(new Layer(1)),
                      1));
      assertTrue(e.getMessage().contains("qkv_proj"), e.getMessage());
      assertTrue(e.getMessage().contains("self_attn.q_proj"), e.getMessage());
    }
  }
}
