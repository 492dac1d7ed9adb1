package org.alignment4j.examples.demo;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.model.Family;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.ModelConfig;
import org.alignment4j.model.Precision;
import org.alignment4j.model.RandomCheckpoint;
import org.alignment4j.model.Rope;
import org.alignment4j.model.TrainableWeights;
import org.alignment4j.train.AdamW;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.train.TrainingSettings.Schedule;
import org.alignment4j.tune.SupervisedObjective;

/**
 * Trains the demonstration model from scratch: tokenizer, random weights, supervised training on
 * {@link DemoCorpus}.
 *
 * <p>Arguments: DATA OUT [epochs N] [width N] [blocks N] [mlp N] [rate X] [seed N] [work FOLDER].
 */
public final class TrainDemoModel {
  private TrainDemoModel() {}

  /** Runs the training; prints progress. */
  public static void main(String[] args) {
    PrintStream out = System.out;
    if (args.length < 2 || args.length % 2 != 0) {
      out.println(
          "usage: TrainDemoModel DATA OUT [epochs N] [width N] [blocks N] [mlp N] [rate X]"
              + " [seed N] [work FOLDER]");
      throw new IllegalArgumentException("wrong number of arguments: " + args.length);
    }
    Map<String, String> options = new LinkedHashMap<>();
    for (int i = 2; i < args.length; i += 2) {
      options.put(args[i], args[i + 1]);
    }
    run(Path.of(args[0]), Path.of(args[1]), options, out);
  }

  private static void run(Path data, Path to, Map<String, String> options, PrintStream out) {
    long seed = Long.parseLong(options.getOrDefault("seed", "7"));
    int width = Integer.parseInt(options.getOrDefault("width", "256"));
    int blocks = Integer.parseInt(options.getOrDefault("blocks", "6"));
    int mlp = Integer.parseInt(options.getOrDefault("mlp", "640"));
    Path work = Path.of(options.getOrDefault("work", to + "-start"));
    List<Conversation> conversations = DemoCorpus.build(data, seed);
    DemoCorpus.vocabulary(conversations)
        .write(work, DemoCorpus.CONTROL.get(0), DemoCorpus.CONTROL.get(2), DemoCorpus.CONTEXT);
    ModelConfig config = config(width, blocks, mlp);
    RandomCheckpoint.write(config, seed, work);
    TrainingSettings settings =
        TrainingSettings.builder()
            .epochs(Integer.parseInt(options.getOrDefault("epochs", "8")))
            .batchSize(48)
            .microBatchTokens(4096)
            .groupByLength(true)
            .learningRate(Double.parseDouble(options.getOrDefault("rate", "2e-3")))
            .schedule(Schedule.cosine().withWarmupRatio(0.04))
            .optimizer(new AdamW.Settings(0.9, 0.98, 1e-8, 0.05))
            .maxGradientNorm(1)
            .seed(seed)
            .checkpointEvery(200)
            .checkpointFolder(work.resolve("training"))
            .build();
    try (LanguageModel model = LanguageModel.load(work);
        TrainableWeights weights = TrainableWeights.all(model)) {
      List<Encoded> rows = encode(model.tokenizer(), conversations);
      long tokens = rows.stream().mapToLong(r -> r.ids().length).sum();
      out.printf(
          "%d conversations, %d tokens, %d parameters, %d steps%n",
          rows.size(), tokens, config.parameters(), settings.totalSteps(rows.size()));
      long start = System.nanoTime();
      ProgressListener progress =
          p -> {
            if (p.done() % 25 == 0 || p.done() == p.total()) {
              out.printf(
                  "step %d of %d, %s, %.0f s%n",
                  p.done(), p.total(), p.metrics(), (System.nanoTime() - start) / 1e9);
            }
          };
      TrainingResult result =
          TrainingLoop.<Encoded>builder(settings)
              .task("train the demonstration model")
              .length(e -> e.ids().length)
              .build()
              .run(rows, new SupervisedObjective(weights), progress);
      out.printf("%s, final loss %.4f%n", result.stopReason(), result.finalLoss());
      Map<String, Object> all = new LinkedHashMap<>(settings.toMap());
      all.remove("checkpointFolder");
      all.put("conversations", rows.size());
      all.put("tokens_per_epoch", tokens);
      weights.save(
          to,
          Precision.FLOAT16,
          new Provenance(
              "supervised training from scratch",
              all,
              seed,
              Map.of(
                  "conversations",
                  Hashes.sha256(conversations.stream().map(Conversation::text).toList())),
              Map.of("final_loss", result.finalLoss())));
    }
  }

  private static ModelConfig config(int width, int blocks, int mlp) {
    int headSize = 32;
    return new ModelConfig(
        Family.LLAMA,
        DemoCorpus.VOCABULARY,
        width,
        blocks,
        width / headSize,
        width / headSize / 2,
        headSize,
        mlp,
        DemoCorpus.CONTEXT,
        1e-5,
        new Rope(10_000, null),
        0,
        Collections.nCopies(blocks, false),
        true,
        Set.of(DemoCorpus.CONTROL.indexOf("<|im_end|>")));
  }

  /** Prompts are trained on too: a model this small needs every token of signal. */
  private static List<Encoded> encode(ChatTokenizer tokenizer, List<Conversation> conversations) {
    List<Encoded> rows = new ArrayList<>();
    for (Conversation c : conversations) {
      List<Message> messages = new ArrayList<>();
      if (c.system() != null) {
        messages.add(Message.system(c.system()));
      }
      messages.add(Message.user(c.user()));
      messages.add(Message.assistant(c.assistant()));
      int[] ids = tokenizer.encodeForTraining(new Prompt(messages)).ids();
      rows.add(new Encoded(ids, 1));
    }
    return rows;
  }
}
