package org.alignment4j.examples;

import java.nio.file.Path;
import java.util.List;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.Steering;
import org.alignment4j.reading.RepresentationReader;
import org.alignment4j.reading.RepresentationReader.ContrastPair;
import org.alignment4j.reading.RepresentationReader.ReadingMethod;
import org.alignment4j.reading.RepresentationReading;

/** The program of docs/reading-and-steering.md: read a direction, save it, steer with it. */
public final class ReadAndSteer {
  private ReadAndSteer() {}

  /**
   * Runs it.
   *
   * @param args a checkpoint folder; files of positive and negative prompts; a layer, from 1; a
   *     .gguf file to write
   */
  public static void main(String[] args) {
    if (args.length != 5) {
      System.err.println("usage: ReadAndSteer CHECKPOINT POSITIVE NEGATIVE LAYER OUT.gguf");
      System.exit(2);
    }
    String answer =
        run(
            Path.of(args[0]),
            prompts(Path.of(args[1])),
            prompts(Path.of(args[2])),
            new Layer(Integer.parseInt(args[3])),
            Path.of(args[4]));
    System.out.println(answer);
  }

  private static List<Prompt> prompts(Path file) {
    return Prompts.read(file).stream().map(row -> Prompt.user(row.prompt())).toList();
  }

  static String run(
      Path checkpoint, List<Prompt> positive, List<Prompt> negative, Layer layer, Path file) {
    Prompt question = Prompt.user("What is the capital of France?");
    ProgressListener progress = ProgressListener.NONE;
    // docs: begin
    try (LanguageModel model = LanguageModel.load(checkpoint)) {
      RepresentationReader reader =
          RepresentationReader.builder().method(ReadingMethod.DIFFERENCE_IN_MEANS).build();
      RepresentationReading reading =
          reader.read(model, ContrastPair.of(positive, negative), progress);
      reading.layers().forEach(System.out::println); // how well each layer tells them apart
      ControlVector vector = reading.inResidualNorms().restrictedTo(List.of(layer));
      vector.writeGguf(file, "llama"); // llama.cpp reads it too
      LanguageModel steered = model.with(Steering.add(layer, vector.at(layer), 1.0));
      return steered.generate(List.of(question), Generation.greedy(64)).get(0).text();
    }
    // docs: end
  }
}
