package org.alignment4j.examples.cli.overrefusal;

import ai.djl.Device;
import java.util.function.Function;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.Precision;
import org.jspecify.annotations.Nullable;

/**
 * An over-refuser and the model that it was made from. Both are asked and fitted in the precision
 * that they were loaded in; training is in float32, which is exact, and faster than over rounded
 * weights. Not thread-safe.
 */
final class StudyModels implements AutoCloseable {
  private final LanguageModel base;
  private final LoraAdapter lora;
  private final LanguageModel start;
  private @Nullable LanguageModel exact;
  private @Nullable LanguageModel trainee;

  /**
   * @param base the model, which stays open
   * @param make makes the over-refuser's LoRA from the model in float32
   */
  StudyModels(LanguageModel base, Function<LanguageModel, LoraAdapter> make) {
    this.base = base;
    LoraAdapter made;
    try (LanguageModel other = exactCopy()) {
      made = make.apply(other == null ? base : other);
    }
    this.lora = made;
    this.start = base.withMerged(lora);
  }

  /** Null if the model is in float32 itself. */
  private @Nullable LanguageModel exactCopy() {
    return base.precision() == Precision.FLOAT32
        ? null
        : LanguageModel.load(base.path(), Device.cpu(), Precision.FLOAT32);
  }

  LanguageModel base() {
    return base;
  }

  LanguageModel start() {
    return start;
  }

  /** The over-refuser in float32. */
  LanguageModel trainee() {
    if (trainee == null) {
      exact = exactCopy();
      trainee = exact == null ? start : exact.withMerged(lora);
    }
    return trainee;
  }

  /** What tells this over-refuser from any other. */
  String origin() {
    // Not the whole LoRA's hash: its provenance may hold objects whose hash differs by process.
    return String.join(
        " ",
        base.hash(),
        base.precision().toString(),
        Double.toString(lora.alpha()),
        Integer.toString(lora.targets().hashCode()));
  }

  @Override
  public void close() {
    if (exact != null && trainee != null) {
      trainee.close();
      exact.close();
    }
    start.close();
  }
}
