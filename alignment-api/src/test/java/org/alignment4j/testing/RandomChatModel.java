package org.alignment4j.testing;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.model.Family;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.ModelConfig;
import org.alignment4j.model.Precision;
import org.alignment4j.model.RandomCheckpoint;
import org.alignment4j.model.Rope;
import org.alignment4j.model.TrainableWeights;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.train.TrainingSettings.Schedule;
import org.alignment4j.tune.SupervisedObjective;

/** A small random model with a tokenizer of bytes and some words, and a ChatML template. */
public final class RandomChatModel {
  private RandomChatModel() {}

  /**
   * Writes a model of 6 blocks of width 48 with a context of 128 tokens.
   *
   * @param words that are a token each, at the beginning of a text and behind a space
   */
  public static Path write(Path folder, List<String> words) throws IOException {
    Map<String, Integer> vocabulary = ByteTokenizer.bytes();
    for (String word : words) {
      vocabulary.putIfAbsent(word, vocabulary.size());
      vocabulary.putIfAbsent("\u0120" + word, vocabulary.size());
    }
    ModelConfig config =
        new ModelConfig(
            Family.LLAMA,
            vocabulary.size() + 2,
            48,
            6,
            4,
            4,
            12,
            96,
            128,
            1e-5,
            new Rope(10_000, null),
            0,
            Collections.nCopies(6, false),
            true,
            Set.of(vocabulary.size() + 1));
    RandomCheckpoint.write(config, 5, folder);
    ByteTokenizer.write(folder, vocabulary);
    return folder;
  }

  /**
   * Trains all of such a model on examples and writes it beside itself.
   *
   * @param folder of the model
   * @param rows makes the examples, with the model's tokenizer
   * @return the trained model's folder
   */
  public static Path teach(
      Path folder, Function<LanguageModel, List<Encoded>> rows, int epochs, int warmupSteps) {
    try (LanguageModel model = LanguageModel.load(folder);
        TrainableWeights weights = TrainableWeights.all(model)) {
      TrainingSettings settings =
          TrainingSettings.builder()
              .epochs(epochs)
              .batchSize(32)
              .learningRate(3e-3)
              .schedule(Schedule.linear().withWarmupSteps(warmupSteps))
              .maxGradientNorm(1)
              .seed(2)
              .build();
      TrainingLoop.<Encoded>of(settings)
          .run(rows.apply(model), new SupervisedObjective(weights), ProgressListener.NONE);
      Path out = folder.resolve("taught");
      weights.save(out, Precision.FLOAT32, new Provenance("test", Map.of(), 2, Map.of(), Map.of()));
      return out;
    }
  }
}
