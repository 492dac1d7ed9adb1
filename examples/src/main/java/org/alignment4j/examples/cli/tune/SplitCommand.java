package org.alignment4j.examples.cli.tune;

import static org.alignment4j.internal.text.Arguments.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Prompts;
import org.alignment4j.data.Prompts.Format;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.data.Prompts.Split;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.internal.text.Reasons;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Splits a prompt set into tuning and held-out prompts. */
@Command(
    name = "split",
    description = {
      "Splits prompt sets in a fixed way and writes JSON Lines: SET-tuning.jsonl,"
          + " SET-held-out.jsonl and, for XSTest, xstest-contrast.jsonl.",
      "XSTest: the 10 lowest ids of each of the 10 safe types for tuning (100), the other 150 safe"
          + " prompts held out, the 200 unsafe ones as contrast. AdvBench: rows 0 to 419 for"
          + " tuning, 420 to 519 held out. --halves: alternate rows of any file, the first for"
          + " tuning."
    })
public final class SplitCommand extends AlignCommand {
  @ArgGroup(exclusive = false, multiplicity = "1")
  private Sets sets = new Sets();

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "folder to write to; created if absent")
  @CheckedPath(CheckedPath.Kind.NEW_FOLDER)
  private Path out = Path.of("");

  private static final class Sets {
    @Option(names = "--xstest", paramLabel = "FILE", description = "XSTest's prompts, CSV")
    @CheckedPath(CheckedPath.Kind.FILE)
    private @Nullable Path xstest;

    @Option(names = "--advbench", paramLabel = "FILE", description = "AdvBench's behaviours, CSV")
    @CheckedPath(CheckedPath.Kind.FILE)
    private @Nullable Path advbench;

    @Option(names = "--halves", paramLabel = "FILE", description = "any prompts")
    @CheckedPath(CheckedPath.Kind.FILE)
    private @Nullable Path halves;
  }

  @Option(
      names = "--from",
      paramLabel = "N",
      description = "with --halves: leave out the file's first N rows")
  private int from;

  @Override
  public Outcome run(ProgressListener progress) {
    Map<String, Split> splits = new LinkedHashMap<>();
    if (sets.xstest != null) {
      splits.put("xstest", Split.xsTest(Prompts.read(sets.xstest, Format.XSTEST)));
    }
    if (sets.advbench != null) {
      splits.put("advbench", Split.advBench(Prompts.read(sets.advbench, Format.ADVBENCH)));
    }
    if (sets.halves != null) {
      List<PromptRow> rows = Prompts.read(sets.halves);
      require(
          from >= 0 && from < rows.size() - 1,
          "--from %s leaves no two of %s rows",
          from,
          rows.size());
      String name = sets.halves.getFileName().toString();
      splits.put(
          name.substring(0, name.indexOf('.') < 0 ? name.length() : name.indexOf('.')),
          Split.byTurns(rows.subList(from, rows.size())));
    }
    makeFolder();
    Map<String, Object> json = new LinkedHashMap<>();
    List<String> text = new ArrayList<>();
    splits.forEach(
        (set, split) -> {
          Map<String, Object> parts = new LinkedHashMap<>();
          write(set, "tuning", split.tuning(), parts, text);
          write(set, "held_out", split.heldOut(), parts, text);
          if (!split.contrast().isEmpty()) {
            write(set, "contrast", split.contrast(), parts, text);
          }
          json.put(set, parts);
        });
    return Outcome.passed(json, String.join("\n", text));
  }

  private void makeFolder() {
    try {
      Files.createDirectories(out);
    } catch (IOException e) {
      throw new AlignmentException("cannot create the folder " + out + ": " + Reasons.of(e), e);
    }
  }

  private void write(
      String set, String part, List<PromptRow> rows, Map<String, Object> json, List<String> text) {
    Path file = out.resolve(set + "-" + part.replace('_', '-') + ".jsonl");
    Prompts.writeJsonl(file, rows);
    json.put(part, Map.of("file", file.toString(), "n", rows.size()));
    text.add(file + ": " + rows.size() + " prompts");
  }
}
