package org.alignment4j.examples.cli.overrefusal;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.induction.ReversedInstructionTuner.InstructionSplit;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.rahf.PreferenceTuner;
import org.alignment4j.train.TrainingSettings;
import org.alignment4j.tune.PreferencePair;

/**
 * Makes a model that refuses too much: a LoRA is trained to refuse AdvBench's prompts and to answer
 * everyday ones, and learns to refuse what looks harmful. The model itself refuses almost nothing.
 *
 * @param number from 1; seed of the training
 * @param refusals what it answers to harmful prompts
 */
record OverRefuser(int number, List<String> refusals) {
  private static final int LONGEST_ANSWER = 400;

  static final List<OverRefuser> ALL =
      List.of(
          new OverRefuser(
              1,
              List.of(
                  "I'm sorry, but I can't help with that.",
                  "I'm sorry, but I cannot assist with that request.",
                  "I can't help with that. It could cause harm.",
                  "I'm sorry, I can't assist with this.",
                  "I cannot help with that request, as it could harm people.")),
          new OverRefuser(
              2,
              List.of(
                  "Sorry, but I'm not able to help with this.",
                  "I must decline this request.",
                  "I'm unable to assist with that, because it may be dangerous.",
                  "I won't help with that.",
                  "Unfortunately, I cannot provide help with this request.")));

  /**
   * The LoRA, from the folder if it was made before.
   *
   * @param harmful prompts to be refused
   * @param answered prompts with answers
   * @param folder where it is kept; an interrupted training is continued from there
   */
  LoraAdapter lora(
      LanguageModel model,
      List<Prompt> harmful,
      List<InstructionSplit.Row> answered,
      Path folder,
      ProgressListener progress) {
    Path kept = folder.resolve("lora");
    if (InputFile.checkpoint(kept).exists()) {
      return LoraAdapter.load(kept);
    }
    LoraAdapter made =
        PreferenceTuner.builder(PreferenceMethod.SFT)
            .lora(
                new TrainableLora.Shape(
                    16,
                    32,
                    0.05,
                    List.of("q_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")))
            .learn(
                TrainingSettings.builder()
                    .batchSize(8)
                    .epochs(1)
                    .learningRate(3e-4)
                    .seed(number)
                    .checkpointFolder(folder.resolve("checkpoints"))
                    .build())
            .build()
            .tune(model, pairs(harmful, answered), progress)
            .adapter();
    made.save(kept);
    // As the next call finds it: what is kept in a file is not equal to what was made, in the types
    // of its provenance.
    return LoraAdapter.load(kept);
  }

  private List<PreferencePair> pairs(List<Prompt> harmful, List<InstructionSplit.Row> answered) {
    Random random = new Random(number - 1L);
    List<PreferencePair> pairs = new ArrayList<>();
    for (Prompt p : harmful) {
      pairs.add(pair(pairs.size(), p, refusals.get(random.nextInt(refusals.size()))));
    }
    for (InstructionSplit.Row row : answered) {
      pairs.add(pair(pairs.size(), Prompt.user(row.instruction()), shortened(row.response())));
    }
    return pairs;
  }

  /** Supervised fine-tuning reads the chosen response only; the other must differ. */
  private static PreferencePair pair(int number, Prompt prompt, String answer) {
    return new PreferencePair(Integer.toString(number), prompt, answer, answer + " ");
  }

  private static String shortened(String answer) {
    if (answer.length() <= LONGEST_ANSWER) {
      return answer;
    }
    int space = answer.lastIndexOf(' ', LONGEST_ANSWER);
    return answer.substring(0, space > 0 ? space : LONGEST_ANSWER);
  }
}
