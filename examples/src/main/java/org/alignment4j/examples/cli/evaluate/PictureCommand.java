package org.alignment4j.examples.cli.evaluate;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.output.TextOutput;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Draws the refusals before and after that {@code demo} and {@code evaluate over-refusal} measured,
 * or {@code compare over-refusal} of its best method.
 */
@Command(
    name = "picture",
    description =
        "Draws the JSON of demo, evaluate over-refusal or compare over-refusal as an SVG figure:"
            + " refusals before and after with their 95 %% intervals.")
public final class PictureCommand extends AlignCommand {
  @Parameters(index = "0", paramLabel = "JSON", description = "result of one of them")
  @CheckedPath(CheckedPath.Kind.FILE)
  private Path from = Path.of("");

  @Parameters(index = "1", paramLabel = "SVG", description = "file to write")
  @CheckedPath(CheckedPath.Kind.NEW_FILE)
  private Path to = Path.of("");

  @Option(
      names = "--method",
      paramLabel = "NAME",
      defaultValue = "",
      description =
          "which method of a comparison (default: the best of those that the release gate accepts)")
  private String method = "";

  @Override
  public Outcome run(ProgressListener progress) {
    BeforeAfterPicture picture = BeforeAfterPicture.read(from, method);
    TextOutput.write(to, picture.svg());
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("picture", to.toString());
    return Outcome.passed(json, "figure written to " + to);
  }
}
