package org.alignment4j.examples.cli.option;

import ai.djl.Device;
import java.nio.file.Path;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.Precision;
import picocli.CommandLine.Mixin;

/** Options for loading and running models: precision and threads. */
public final class EngineOptions {
  @Mixin private PrecisionOption precision = new PrecisionOption();
  @Mixin private ThreadOptions threads = new ThreadOptions();

  /** The precision that is asked for, or the model's default. */
  public Precision precision(Path model) {
    return precision.get(model);
  }

  /**
   * Sets the number of threads; call before the engine's first use in this process.
   *
   * @return the number of threads
   */
  public int applyThreads() {
    return threads.apply();
  }

  /** Loads a model in this precision; close it. */
  public LanguageModel load(Path folder) {
    threads.apply();
    return LanguageModel.load(folder, Device.cpu(), precision.get(folder));
  }
}
