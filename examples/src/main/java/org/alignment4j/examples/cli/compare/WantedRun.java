package org.alignment4j.examples.cli.compare;

import java.nio.file.Path;
import org.alignment4j.examples.cli.tune.MethodName;
import org.alignment4j.examples.cli.tune.PreferenceControl;
import org.alignment4j.examples.cli.tune.PreferenceOptions;
import org.alignment4j.rahf.PreferenceSettings;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;

/**
 * A tuning that a comparison consists of; the start model has none.
 *
 * @param options of its method
 */
record WantedRun(
    PreferenceMethod method, PreferenceControl control, long seed, PreferenceOptions options) {
  /** Names its folders. */
  String name() {
    return MethodName.of(method)
        + (control == PreferenceControl.NONE ? "" : "-" + control)
        + "-seed"
        + seed;
  }

  PreferenceSettings settings(int blocks, Path checkpoints) {
    return options.settings(method, control, seed, blocks, checkpoints);
  }
}
