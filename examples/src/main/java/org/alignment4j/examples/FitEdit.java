package org.alignment4j.examples;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.data.Prompts;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Completion;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.steering.DirectionalAblation;

/**
 * The program of docs/edits.md: fit an edit against false refusals, save it, merge it, apply it.
 */
public final class FitEdit {
  private FitEdit() {}

  /**
   * Runs it.
   *
   * @param args a checkpoint folder; files of harmful, harmless and harmless but refused prompts; a
   *     layer, from 1; folders to write the edit and the merged checkpoint into
   */
  public static void main(String[] args) {
    if (args.length != 7) {
      System.err.println("usage: FitEdit CHECKPOINT HARMFUL HARMLESS REFUSED LAYER EDIT MERGED");
      System.exit(2);
    }
    List<Prompt> refused = prompts(Path.of(args[3]));
    run(
            Path.of(args[0]),
            prompts(Path.of(args[1])),
            prompts(Path.of(args[2])),
            refused,
            new Layer(Integer.parseInt(args[4])),
            Path.of(args[5]),
            Path.of(args[6]))
        .forEach(answer -> System.out.println(answer.text()));
  }

  private static List<Prompt> prompts(Path file) {
    return Prompts.read(file).stream().map(row -> Prompt.user(row.prompt())).toList();
  }

  static List<Completion> run(
      Path checkpoint,
      List<Prompt> harmful,
      List<Prompt> harmless,
      List<Prompt> harmlessButRefused,
      Layer layer,
      Path folder,
      Path merged) {
    // docs: begin
    try (LanguageModel model = LanguageModel.load(checkpoint)) {
      Capture capture = Capture.lastPrompt(layer);
      float[][] harmfulStates = model.capture(harmful, capture).at(layer);
      float[][] harmlessStates = model.capture(harmless, capture).at(layer);
      float[][] refusedStates = model.capture(harmlessButRefused, capture).at(layer);

      float[] trueRefusal = DirectionalAblation.difference(harmfulStates, harmlessStates);
      float[] falseRefusal = DirectionalAblation.difference(refusedStates, harmlessStates);
      float[] direction = DirectionalAblation.orthogonalised(falseRefusal, trueRefusal, 1);
      int blocks = model.config().blocks();
      GatedEdit edit = DirectionalAblation.of(direction, blocks, Map.of("model", model.hash()));
      edit.save(folder); // Adapter.load(folder) reads it, --adapter of the commands too
      edit.merge(checkpoint, merged); // as weights
      try (LanguageModel view = model.with(edit)) {
        return view.generate(harmlessButRefused, Generation.greedy(64));
      }
    }
    // docs: end
  }
}
