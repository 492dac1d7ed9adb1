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

/** A model and a preference file, which the commands on preferences work on. */
public final class PairsInput {
  @Mixin private StartModel model = new StartModel();

  @Parameters(
      index = "1",
      paramLabel = "PAIRS",
      description = "preference file: JSON Lines, JSON or CSV, plain or gzip")
  @CheckedPath(CheckedPath.Kind.FILE)
  private Path pairs = Path.of("");

  /** Reads the file; before the model, which takes longer. */
  public Contents read() {
    return Preferences.read(pairs);
  }

  public Path model() {
    return model.folder();
  }

  public Path pairs() {
    return pairs;
  }

  /** Runs {@code work} with the model and closes it. */
  public <R> R use(Function<LanguageModel, R> work) {
    return model.use(work);
  }

  /** Another model in the same precision; close it. */
  public LanguageModel open(Path folder) {
    return model.open(folder);
  }

  /**
   * Some of the pairs that were read, in the file's order.
   *
   * @param skip so many are left out, the first
   * @param most so many are taken; 0 for all
   */
  public List<PreferencePair> some(Contents set, int skip, int most) {
    require(skip >= 0 && most >= 0, "numbers of pairs must be >= 0, were %s and %s", skip, most);
    int n = set.pairs().size();
    require(skip < n, "%s has %s pairs, none behind the first %s", pairs, n, skip);
    return set.pairs().subList(skip, most == 0 ? n : (int) Math.min(n, (long) skip + most));
  }
}
