package org.alignment4j.sysformer;

import java.util.List;
import org.alignment4j.train.TrainingResult;

/**
 * A finished training. Immutable.
 *
 * @param sysformer what was learned
 * @param result steps, losses, seconds
 * @param unused prompts that were left out
 */
public record SysformerTuning(Sysformer sysformer, TrainingResult result, List<Unused> unused) {
  /**
   * A prompt that was left out.
   *
   * @param index of the prompt, from 0
   * @param reason why; holds nothing of the prompt
   */
  public record Unused(int index, String reason) {}

  /** Copies the list. */
  public SysformerTuning {
    unused = List.copyOf(unused);
  }
}
