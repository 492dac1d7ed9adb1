package org.alignment4j.examples.cli.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.Preferences.FileInspection;
import org.alignment4j.data.Preferences.FileInspection.Lengths;
import org.alignment4j.data.Preferences.FileInspection.Refusal;
import org.alignment4j.data.Preferences.FileInspection.Sample;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what is read from data files and what is skipped. */
@Command(
    name = "inspect",
    description = {
      "Shows what is read from prompt and preference files, and what is skipped and why: kind"
          + " and format, columns, numbers of rows, lengths, duplicates, chat template markers,"
          + " the first rows.",
      "No model is needed."
    })
public final class InspectCommand extends AlignCommand {
  /** Number of reasons and columns in the text output; the JSON has all. */
  private static final int LISTED = 10;

  @Parameters(
      arity = "1..*",
      paramLabel = "FILE",
      description = "prompts or preferences: JSON Lines, JSON, CSV, TSV, text or Parquet")
  private List<Path> files = List.of();

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      description =
          "${COMPLETION-CANDIDATES}; without it a file with chosen and rejected holds preferences")
  private FileInspection.@Nullable Kind kind;

  @Override
  public Outcome run(ProgressListener progress) {
    List<Map<String, Object>> json = new ArrayList<>();
    List<String> text = new ArrayList<>();
    List<String> failures = new ArrayList<>();
    for (Path file : files) {
      try {
        FileInspection found =
            kind == null ? FileInspection.of(file) : FileInspection.of(file, kind);
        json.add(json(found));
        text.add(text(found));
        if (found.usable() == 0) {
          failures.add(Shown.line(file + ": none of " + found.rows() + " rows can be used"));
        }
      } catch (AlignmentException e) {
        String reason = Shown.line(String.valueOf(e.getMessage()));
        json.add(Map.of("file", file, "error", reason));
        failures.add(reason);
      }
    }
    String all = String.join("\n\n", text);
    Map<String, Object> result = Map.of("files", json);
    return failures.isEmpty()
        ? Outcome.passed(result, all)
        : new Outcome(result, all, String.join("; ", failures));
  }

  private static Map<String, Object> json(FileInspection found) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("file", found.file());
    json.put("kind", name(found));
    json.put("container", found.container());
    json.put("layouts", found.layouts());
    json.put("columns", Map.of("read", found.used(), "not_read", found.unused()));
    json.put("rows", found.rows());
    json.put("usable", found.usable());
    List<Map<String, Object>> skipped = new ArrayList<>();
    for (Refusal refusal : found.refusals()) {
      Map<String, Object> each = new LinkedHashMap<>();
      each.put("reason", refusal.reason());
      each.put("rows", refusal.count());
      each.put("first", refusal.first());
      skipped.add(each);
    }
    json.put("skipped", skipped);
    json.put("duplicates", found.duplicates());
    Map<String, Object> lengths = new LinkedHashMap<>();
    found
        .lengths()
        .forEach(
            (name, l) -> {
              Map<String, Object> each = new LinkedHashMap<>();
              each.put("shortest", l.shortest());
              each.put("median", l.median());
              each.put("longest", l.longest());
              each.put("mean", l.mean());
              lengths.put(name, each);
            });
    json.put("characters", lengths);
    found.markers().ifPresent(warning -> json.put("warning", warning));
    List<Map<String, Object>> samples = new ArrayList<>();
    for (Sample sample : found.samples()) {
      Map<String, Object> each = new LinkedHashMap<>();
      each.put("line", sample.line());
      sample.texts().forEach((name, value) -> each.put(name, Shown.value(value)));
      samples.add(each);
    }
    json.put("samples", samples);
    return json;
  }

  private static String text(FileInspection found) {
    List<String> lines = new ArrayList<>();
    lines.add(Shown.line(found.file() + ": " + name(found) + " in " + found.container()));
    found.layouts().forEach((layout, n) -> lines.add("  " + n + " " + layout));
    lines.add(
        String.format(
            Locale.ROOT,
            "  %d rows, %d usable, %d skipped, %d duplicates",
            found.rows(),
            found.usable(),
            found.rows() - found.usable(),
            found.duplicates()));
    lines.add("  read: " + listed(found.used()) + "; not read: " + listed(found.unused()));
    found.lengths().forEach((name, lengths) -> lines.add("  " + name + ": " + text(lengths)));
    found.markers().ifPresent(warning -> lines.add(Shown.line("  warning: " + warning)));
    found.refusals().stream().limit(LISTED).forEach(r -> lines.add("  skipped " + text(r)));
    if (found.refusals().size() > LISTED) {
      lines.add("  and for " + (found.refusals().size() - LISTED) + " further reasons");
    }
    for (Sample sample : found.samples()) {
      lines.add("  line " + sample.line());
      sample.texts().forEach((name, value) -> lines.add("    " + name + ": " + Shown.value(value)));
    }
    return String.join("\n", lines);
  }

  private static String text(Lengths lengths) {
    return String.format(
        Locale.ROOT,
        "%d to %d characters, median %d, mean %.1f",
        lengths.shortest(),
        lengths.longest(),
        lengths.median(),
        lengths.mean());
  }

  private static String text(Refusal refusal) {
    return refusal.count()
        + ": "
        + Shown.line(refusal.reason())
        + " (first at "
        + String.join(", ", refusal.first().stream().map(String::valueOf).toList())
        + ")";
  }

  private static String listed(List<String> names) {
    if (names.isEmpty()) {
      return "nothing";
    }
    String listed = String.join(", ", names.stream().limit(LISTED).map(Shown::value).toList());
    return names.size() > LISTED ? listed + " and " + (names.size() - LISTED) + " more" : listed;
  }

  private static String name(FileInspection found) {
    return found.kind().name().toLowerCase(Locale.ROOT);
  }
}
