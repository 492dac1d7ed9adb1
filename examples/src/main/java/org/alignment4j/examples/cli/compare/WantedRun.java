package org.alignment4j.examples.cli.compare;

import java.nio.file.Path;
import org.alignment4j.examples.cli.tune.MethodName;
import org.alignment4j.examples.cli.tune.PreferenceControl;
import org.alignment4j.examples.cli.tune.PreferenceOptions;
import org.alignment4j.rahf.PreferenceSettings;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;

/**
 * A tuning run of a comparison; the start model has none.
 *
 * @param options the method's options
 */
record WantedRun(
    PreferenceMethod method, PreferenceControl control, long seed, PreferenceOptions options) {
  /** Returns the name of the run's folders. */
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
