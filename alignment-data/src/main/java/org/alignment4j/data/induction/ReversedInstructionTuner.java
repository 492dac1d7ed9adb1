package org.alignment4j.data.induction;

import static org.alignment4j.core.Arguments.require;

import org.alignment4j.RepresentationTuner;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.model.LanguageModel;

/**
 * Teaches a model P(instruction | response), into a LoRA over it (Safer-Instruct, stage 1): rows
 * are put through a template that states the task and gives the response, and the model learns the
 * instruction behind it and the end token, with no loss on anything else. A row that is too long
 * loses the end of its response, never a token of its instruction.
 *
 * <p>Where the training's settings name a checkpoint folder, an interrupted tuning goes on where it
 * was when called again with the same model, rows and settings, and ends with the same adapter, bit
 * for bit. Immutable; one tuning runs at a time in a process.
 */
public final class ReversedInstructionTuner
    implements RepresentationTuner<InstructionSplit, LoraAdapter> {
  /** Of its adapters' provenance. */
  static final String METHOD = "reversed instructions";

  private final ReversedSettings settings;

  /** A tuner with these settings. */
  public ReversedInstructionTuner(ReversedSettings settings) {
    this.settings = settings;
  }

  /** Starts with the defaults. */
  public static ReversedSettings.Builder<ReversedInstructionTuner> builder() {
    return new ReversedSettings.Builder<>(ReversedInstructionTuner::new);
  }

  /** The settings. */
  public ReversedSettings settings() {
    return settings;
  }

  /**
   * Runs the tuning and measures it on the rows that are held out, which nothing is chosen by.
   *
   * @param model without steering or soft prompt, with a tokenizer
   * @throws org.alignment4j.core.BadDataException if no row can be learned from; the message counts
   *     the reasons
   * @throws org.alignment4j.core.CheckpointException if the model's tokenizer is missing or has no
   *     end token
   * @throws IllegalArgumentException if modules or layers do not fit the model
   */
  @Override
  public ReversedTuning tune(
      LanguageModel model, InstructionSplit data, ProgressListener progress) {
    require(data != null, "no rows to learn from");
    return new ReversedRun(model, settings, data, progress).run();
  }
}
