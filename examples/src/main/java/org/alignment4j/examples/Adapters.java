package org.alignment4j.examples;

import java.nio.file.Path;
import java.util.List;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.model.TrainableLora.Shape;
import org.alignment4j.train.TrainingLoop;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.tune.SupervisedObjective;

/** The program of docs/adapters.md: train a LoRA, save it, generate with it, merge it. */
public final class Adapters {
  private Adapters() {}

  /**
   * Runs it.
   *
   * @param args a checkpoint folder; a folder to write the adapter to; one for the merged model
   */
  public static void main(String[] args) {
    if (args.length != 3) {
      System.err.println("usage: Adapters CHECKPOINT ADAPTER MERGED");
      System.exit(2);
    }
    System.out.println(run(Path.of(args[0]), Path.of(args[1]), Path.of(args[2])));
  }

  static String run(Path checkpoint, Path folder, Path merged) {
    Prompt question = Prompt.user("What is the capital of France?");
    List<Prompt> lessons = List.of(question.withResponse("Paris, of course."));
    List<Layer> layers = List.of(new Layer(3), new Layer(4));
    TrainingSettings settings = TrainingSettings.builder().steps(30).learningRate(1e-2).build();
    ProgressListener progress = ProgressListener.NONE;
    // docs: begin
    try (LanguageModel model = LanguageModel.load(checkpoint)) {
      List<Encoded> rows = lessons.stream().map(model.tokenizer()::encodeForTraining).toList();
      Shape shape = new Shape(8, 16, List.of("q_proj", "v_proj", "down_proj")); // rank, alpha
      LoraAdapter initial = TrainableLora.initial(model, shape, layers, 7);
      try (TrainableLora lora = new TrainableLora(model, initial)) {
        TrainingLoop.<Encoded>of(settings).run(rows, new SupervisedObjective(lora), progress);
        lora.snapshot(initial.provenance()).save(folder); // PEFT loads it too
      }
      LoraAdapter trained = LoraAdapter.load(folder);
      trained.merge(checkpoint, merged); // a whole checkpoint
      try (LanguageModel tuned = model.with(trained)) { // shares the base's weights
        return tuned.generate(List.of(question), Generation.greedy(64)).get(0).text();
      }
    }
    // docs: end
  }
}
