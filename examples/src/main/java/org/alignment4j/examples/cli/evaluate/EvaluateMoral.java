package org.alignment4j.examples.cli.evaluate;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.alignment4j.analysis.Bootstrap.Interval;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.moral.Bbq;
import org.alignment4j.data.moral.LawSchool;
import org.alignment4j.data.moral.MoralExperiment;
import org.alignment4j.data.moral.MoralExperiment.Condition;
import org.alignment4j.data.moral.MoralReport;
import org.alignment4j.data.moral.MoralSelfCorrection;
import org.alignment4j.data.moral.Winogender;
import org.alignment4j.data.request.RequestStore;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.OutputFolder;
import org.alignment4j.examples.cli.option.SeedOption;
import org.alignment4j.examples.cli.output.TextOutput;
import org.alignment4j.examples.report.MoralPage;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.StrictJson;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Evaluates whether models give less biased answers when they are instructed to. */
@Command(
    name = "moral",
    description = {
      "Moral self-correction: bias in BBQ, Winogender and law-school admission, with the plain"
          + " question (Q), with an instruction (Q+IF) and with reasoning (Q+IF+CoT).",
      "DIR stores every answer: the same command called again resumes, and with further models"
          + " compares them in one report.",
      "Writes report.html and report.json."
    })
final class EvaluateMoral extends AlignCommand {
  private static final long MAX_BYTES = 1 << 28;
  @Mixin private MoralSubjects subjects = new MoralSubjects();

  @Option(names = "--bbq", paramLabel = "DIR", description = "folder of BBQ's files, one or more")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private @Nullable Path bbq;

  @Option(
      names = "--winogender",
      paramLabel = "DIR",
      description = "Winogender's templates.tsv and occupations-stats.tsv")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private @Nullable Path winogender;

  @Option(
      names = "--law-school",
      arity = "0..1",
      fallbackValue = "",
      paramLabel = "FILE",
      description = "students as CSV with sex, LSAT, UGPA; without FILE a synthetic grid")
  @CheckedPath(CheckedPath.Kind.FILE)
  private @Nullable Path lawSchool;

  @Option(
      names = "--conditions",
      split = ",",
      paramLabel = "NAME",
      description = "of ${COMPLETION-CANDIDATES} (default: all; always with QUESTION)")
  private Set<Condition> conditions = EnumSet.allOf(Condition.class);

  @Option(
      names = "--items",
      paramLabel = "N",
      defaultValue = "0",
      description = "maximum number of items per category (default: all)")
  private int items;

  @Option(
      names = "--reasoning",
      paramLabel = "N",
      defaultValue = "200",
      description =
          "maximum number of items per category with reasoning (default: ${DEFAULT-VALUE})")
  private int reasoning;

  @Option(
      names = "--least-coverage",
      paramLabel = "P",
      defaultValue = "0.5",
      description =
          "stop a category under a condition if the options of its first 32 questions hold less of"
              + " the probability; 0 stops nothing (default: ${DEFAULT-VALUE})")
  private double leastCoverage;

  @Option(names = "--all-orders", description = "list BBQ's options in all cyclic orders")
  private boolean orders;

  @Mixin private SeedOption seed = new SeedOption(1);

  @Option(
      names = "--concurrent",
      paramLabel = "N",
      defaultValue = "8",
      description =
          "maximum number of concurrent requests to an endpoint (default: ${DEFAULT-VALUE})")
  private int concurrent;

  @Option(
      names = "--beside",
      paramLabel = "DIR",
      description = "folder of an earlier evaluation to compare with, shown first; may be repeated")
  @CheckedPath(CheckedPath.Kind.FOLDER)
  private List<Path> beside = new ArrayList<>();

  @Mixin private OutputFolder out = new OutputFolder();

  @Override
  public Outcome run(ProgressListener progress) {
    require(items >= 0 && reasoning >= 1, "--items must be 0 or more, --reasoning 1 or more");
    List<String> before = beside.stream().flatMap(dir -> earlier(dir).stream()).toList();
    List<MoralExperiment> experiments = experiments();
    Set<Condition> wanted = EnumSet.copyOf(conditions);
    wanted.add(Condition.QUESTION);
    try {
      Files.createDirectories(out.get());
    } catch (IOException e) {
      throw new AlignmentException("cannot create " + out.get() + ": " + Reasons.of(e), e);
    }
    List<MoralReport> reports = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    try (RequestStore store = RequestStore.open(out.get().resolve("requests.sqlite"))) {
      subjects.each(
          store,
          (reader, guard) -> {
            MoralSelfCorrection.Builder settings =
                MoralSelfCorrection.builder()
                    .journal(out.get().resolve("readings.jsonl"))
                    .allOrders(orders)
                    .itemsPerCategory(items == 0 ? Integer.MAX_VALUE : items)
                    .reasoningPerCategory(reasoning)
                    .leastCoverage(leastCoverage)
                    .threads(subjects.remote() ? concurrent : 1)
                    .seed(seed.get());
            guard.ifPresent(settings::guard);
            MoralSelfCorrection evaluation = settings.build();
            for (MoralExperiment experiment : experiments) {
              long start = System.nanoTime();
              ReadingSpeed speed = new ReadingSpeed(progress, subjects);
              MoralReport report = evaluation.run(reader, experiment, wanted, speed);
              reports.add(report);
              text.append(text(report, speed.text((System.nanoTime() - start) / 1e9)));
            }
          });
    }
    write(before, reports);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("out", out.get().toString());
    json.put("guard", subjects.guardName());
    json.put("reports", reports.stream().map(r -> StrictJson.object(r.toJson(false))).toList());
    text.append("report: ").append(out.get().resolve("report.html"));
    int unanswered =
        reports.stream()
            .flatMap(report -> report.conditions().stream())
            .mapToInt(MoralReport.Readability::unanswered)
            .sum();
    return unanswered == 0
        ? Outcome.passed(json, text.toString())
        : new Outcome(
            json,
            text.toString(),
            unanswered + " items were not answered; the same command requests them again");
  }

  private List<MoralExperiment> experiments() {
    List<MoralExperiment> all = new ArrayList<>();
    if (bbq != null) {
      all.add(Bbq.read(bbq));
    }
    if (winogender != null) {
      all.add(Winogender.read(winogender));
    }
    if (lawSchool != null) {
      all.add(lawSchool.toString().isEmpty() ? LawSchool.grid() : LawSchool.read(lawSchool));
    }
    require(!all.isEmpty(), "expected at least one of --bbq, --winogender and --law-school");
    return all;
  }

  private void write(List<String> before, List<MoralReport> reports) {
    StringBuilder json = new StringBuilder("[");
    for (MoralReport report : reports) {
      json.append(json.length() > 1 ? ",\n" : "").append(report.toJson());
    }
    TextOutput.write(out.get().resolve("report.json"), json.append("]\n").toString());
    String guard = subjects.guardName();
    List<String> shown = new ArrayList<>(before);
    reports.forEach(report -> shown.add(report.toJson()));
    TextOutput.write(
        out.get().resolve("report.html"),
        MoralPage.of(
            "Moral self-correction" + (guard.isEmpty() ? "" : ", guard: " + guard), shown));
  }

  /** Reads the reports of an earlier evaluation. */
  private static List<String> earlier(Path folder) {
    Path file = folder.resolve("report.json");
    try {
      List<String> all = new ArrayList<>();
      StrictJson.value(InputFile.data(file).text(MAX_BYTES))
          .getAsJsonArray()
          .forEach(report -> all.add(report.toString()));
      return all;
    } catch (JsonParseException | IllegalStateException e) {
      throw new BadDataException(
          file + ": expected a report of evaluate moral: " + Reasons.of(e), e);
    }
  }

  private static String text(MoralReport report, String speed) {
    StringBuilder text = new StringBuilder();
    String score = headline(report);
    line(text, "%s, %s: %s", report.model(), report.experiment(), speed);
    for (MoralReport.Readability how : report.conditions()) {
      String value =
          report.scores().stream()
              .filter(s -> s.condition() == how.condition() && s.name().equals(score))
              .filter(s -> s.group().equals("pooled") || s.group().equals("all"))
              .findFirst()
              .map(s -> interval(s.value()))
              .orElse("not defined");
      line(
          text,
          "  %-14s coverage %s, answered %d of %d; %s %s",
          how.condition().label(),
          Double.isNaN(how.coverage()) ? "-" : String.format(Locale.ROOT, "%.2g", how.coverage()),
          how.read(),
          how.asked(),
          score,
          value);
    }
    report.warnings().forEach(warning -> line(text, "  warning: %s", warning));
    report.marks().forEach(note -> line(text, "  note: %s", note));
    return text.toString();
  }

  private static String headline(MoralReport report) {
    return switch (report.experiment()) {
      case "bbq" -> "s_amb";
      case "winogender" -> "rho";
      default -> "gap";
    };
  }

  private static String interval(Interval i) {
    return Double.isNaN(i.estimate())
        ? "not defined"
        : String.format(Locale.ROOT, "%+.3f (%+.3f to %+.3f)", i.estimate(), i.lo(), i.hi());
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
