package org.alignment4j.examples.cli.option;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.alignment4j.data.Preferences;
import org.alignment4j.data.Preferences.Contents;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.tune.PreferencePair;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The model and the preference file of commands on preferences. */
public final class PairsInput {
  @Mixin private StartModel model = new StartModel();

  @Parameters(
      index = "1",
      paramLabel = "PAIRS",
      description = "preference file: JSON Lines, JSON or CSV, plain or gzip")
  @CheckedPath(CheckedPath.Kind.FILE)
  private Path pairs = Path.of("");

  /** Reads the file; call before loading the model, which takes longer. */
  public Contents read() {
    return Preferences.read(pairs);
  }

  public Path model() {
    return model.path();
  }

  public Path pairs() {
    return pairs;
  }

  /** Runs {@code work} with the model and closes it. */
  public <R> R use(Function<LanguageModel, R> work) {
    return model.use(work);
  }

  /** Loads another model in the same precision; close it. */
  public LanguageModel open(Path folder) {
    return model.open(folder);
  }

  /**
   * Returns some of the pairs, in the file's order.
   *
   * @param skip number of first pairs that are left out
   * @param max maximum number of pairs; 0 for all
   */
  public List<PreferencePair> some(Contents set, int skip, int max) {
    return some(set.pairs(), skip, max);
  }

  /** The same of some of the file's pairs. */
  public List<PreferencePair> some(List<PreferencePair> usable, int skip, int max) {
    require(skip >= 0 && max >= 0, "numbers of pairs must be >= 0, were %s and %s", skip, max);
    int n = usable.size();
    require(skip < n, "%s has %s pairs, none after the first %s", pairs, n, skip);
    return usable.subList(skip, max == 0 ? n : (int) Math.min(n, (long) skip + max));
  }
}
