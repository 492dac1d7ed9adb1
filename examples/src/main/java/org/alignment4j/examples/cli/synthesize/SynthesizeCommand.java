package org.alignment4j.examples.cli.synthesize;

import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.PreferenceWriter.Layout;
import org.alignment4j.data.SourceFile;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.Budget;
import org.alignment4j.data.request.RequestStore;
import org.alignment4j.data.synthesis.SaferInstruct;
import org.alignment4j.data.synthesis.SynthesisEstimate;
import org.alignment4j.examples.cli.command.AlignCommand;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.option.CheckedPath;
import org.alignment4j.examples.cli.option.ThreadOptions;
import org.alignment4j.examples.cli.output.TextOutput;
import org.alignment4j.examples.report.SynthesisPage;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.StrictJson;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesisReport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Generates preference data from unsafe texts. */
@Command(
    name = "synthesize",
    description = {
      "Makes preference pairs from texts that a model should not write (Safer-Instruct):"
          + " induces the instruction to which each text would be the response, filters and"
          + " judges it, and has an expert model write the preferred response. A YAML file"
          + " describes the run.",
      "Every response of a model is stored in DIR before it is used. A stopped run resumes with"
          + " --resume and sends no request twice.",
      "Without judge and expert in the description, only instructions are made."
    })
public final class SynthesizeCommand extends AlignCommand {
  private static final String STORE = "requests.sqlite";
  private static final String DESCRIPTION = "description";

  @Parameters(paramLabel = "RUN.yaml", description = "description of the run")
  @CheckedPath(CheckedPath.Kind.FILE)
  private Path file = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "folder for store, pairs and reports")
  @CheckedPath(CheckedPath.Kind.NEW_FOLDER)
  private Path out = Path.of("");

  @Option(names = "--resume", description = "resume the run in DIR")
  private boolean resume;

  @Option(
      names = "--budget",
      paramLabel = "MONEY",
      description = "maximum cost of all responses in DIR, in the prices' currency")
  private @Nullable BigDecimal budget;

  @Option(
      names = "--budget-tokens",
      paramLabel = "N",
      description = "maximum number of prompt and completion tokens of all responses in DIR")
  private @Nullable Long budgetTokens;

  @Option(
      names = "--budget-requests",
      paramLabel = "N",
      description = "maximum number of responses in DIR")
  private @Nullable Long budgetRequests;

  @Option(
      names = "--dry-run",
      description = "estimate requests, tokens and cost; send no requests except with --pilot")
  private boolean dryRun;

  @Option(
      names = "--pilot",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "with --dry-run: really process N of the texts, spread over all, to estimate from;"
              + " their responses are stored (default: simulate)")
  private int pilot;

  @Option(
      names = "--acceptance",
      paramLabel = "SHARE",
      defaultValue = "0.7",
      description =
          "with --dry-run and no pilot: assumed acceptance rate of the judges (default:"
              + " ${DEFAULT-VALUE})")
  private double acceptance;

  @Option(
      names = "--concurrent",
      paramLabel = "N",
      defaultValue = "8",
      description = "maximum number of concurrent requests (default: ${DEFAULT-VALUE})")
  private int concurrent;

  @Mixin private ThreadOptions engineThreads = new ThreadOptions();

  @Override
  public Outcome run(ProgressListener progress) {
    SynthesisDescription description = SynthesisDescription.read(file);
    Layout layout = layout(description.layout());
    engineThreads.apply();
    List<SourceFile.Skipped> skipped = new ArrayList<>();
    long texts = count(description, skipped);
    skipped.forEach(row -> console().err().println("skipped: " + row));
    if (texts == 0) {
      throw new AlignmentException(file + ": there is no text to start from");
    }
    if (dryRun && pilot == 0) {
      return estimated(
          description,
          SynthesisSimulation.run(description, texts, acceptance, progress),
          "simulated, with an acceptance of " + acceptance);
    }
    begin();
    try (RequestStore store = RequestStore.open(out.resolve(STORE));
        SynthesisModels models = new SynthesisModels(description.models())) {
      check(store);
      RequestLedger requests = requests(store, description, models);
      if (dryRun) {
        RequestLedger counted = RequestLedger.counting(requests);
        SynthesisReport sample =
            make(description, counted, models)
                .build()
                .run(spread(description, texts), pair -> {}, progress);
        return estimated(
            description,
            SynthesisEstimate.scaled(sample, texts),
            "measured on " + sample.texts() + " texts");
      }
      SaferInstruct run = make(description, requests, models).expecting(texts).build();
      SynthesisReport report;
      try (SynthesisOutput output = SynthesisOutput.open(out, description, layout);
          Stream<SourceText> source = description.open(row -> {})) {
        report =
            description.expert().isPresent()
                ? run.run(source, output::pair, progress)
                : run.candidates(source, output::candidate, progress);
        if (report.complete()) {
          output.commit();
        }
      }
      return finished(description, report, skipped);
    }
  }

  private static Layout layout(String name) {
    for (Layout layout : Layout.values()) {
      if (layout.name().equalsIgnoreCase(name)) {
        return layout;
      }
    }
    throw new AlignmentException(
        "layout: expected one of "
            + List.of(Layout.values()).toString().toLowerCase(Locale.ROOT)
            + ", found '"
            + name
            + "'");
  }

  private static long count(SynthesisDescription description, List<SourceFile.Skipped> skipped) {
    try (Stream<SourceText> texts = description.open(skipped::add)) {
      return texts.count();
    }
  }

  private void begin() {
    boolean there = InputFile.data(out.resolve(STORE)).exists();
    if (there && !resume) {
      throw new AlignmentException(
          out + " already holds a run; --resume resumes it and sends no request twice");
    }
    if (!there && resume) {
      throw new AlignmentException(out + " holds no run to resume");
    }
    try {
      Files.createDirectories(out);
    } catch (IOException e) {
      throw new AlignmentException("cannot create " + out + ": " + Reasons.of(e), e);
    }
  }

  /**
   * Prints a note if a run resumes with a changed description; stored responses are reused where
   * requests match.
   */
  private void check(RequestStore store) {
    String hash = Hashes.sha256(file);
    PrintStream err = console().err();
    store
        .metadata(DESCRIPTION)
        .filter(before -> !before.equals(hash))
        .ifPresent(
            before ->
                err.println(
                    "note: the description has changed since the run started; responses to"
                        + " identical requests are reused"));
    store.setMetadata(DESCRIPTION, hash);
  }

  private RequestLedger requests(
      RequestStore store, SynthesisDescription description, SynthesisModels models) {
    Budget bound = Budget.UNLIMITED;
    bound = budget == null ? bound : bound.withMoney(budget);
    bound = budgetTokens == null ? bound : bound.withTokens(budgetTokens);
    bound = budgetRequests == null ? bound : bound.withRequests(budgetRequests);
    RequestLedger.Builder builder = RequestLedger.builder(store).budget(bound).othersAreFree();
    description
        .models()
        .forEach(
            (name, model) -> {
              if (model.endpoint().isPresent()) {
                builder.prices(models.chat(name).name(), model.prices());
              }
            });
    return builder.build();
  }

  private SaferInstruct.Builder make(
      SynthesisDescription description, RequestLedger requests, SynthesisModels models) {
    SaferInstruct.Builder run =
        description
            .synthesis(requests)
            .threads(concurrent)
            .inducer(models.inducer(description.inducer()));
    description.judge().map(models::chat).ifPresent(run::judge);
    description.expert().map(models::chat).ifPresent(run::expert);
    description.verifier().map(models::chat).ifPresent(run::verifier);
    return run;
  }

  /** Returns every n-th text, so that all files and categories are sampled. */
  private Stream<SourceText> spread(SynthesisDescription description, long texts) {
    long step = Math.max(1, texts / pilot);
    long[] at = {0};
    return description.open(row -> {}).filter(text -> at[0]++ % step == 0).limit(pilot);
  }

  private Outcome estimated(
      SynthesisDescription description, SynthesisEstimate estimate, String how) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("run", file.toString());
    json.put("how", how);
    json.put("texts", estimate.texts());
    json.put("sample", estimate.sample());
    json.put("pairs", estimate.pairs());
    json.put("usage", estimate.usage().stream().map(SynthesisTable::map).toList());
    return Outcome.passed(json, SynthesisTable.estimate(description, estimate, how));
  }

  private Outcome finished(
      SynthesisDescription description, SynthesisReport report, List<SourceFile.Skipped> skipped) {
    TextOutput.write(out.resolve("report.json"), report.toJson() + "\n");
    TextOutput.write(out.resolve("report.html"), SynthesisPage.of(file.toString(), report));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("run", file.toString());
    json.put("out", out.toString());
    json.put("skipped", skipped.size());
    json.put("report", StrictJson.object(report.toJson()));
    String text = SynthesisTable.of(description, report);
    if (report.complete()) {
      return Outcome.passed(json, text);
    }
    String why =
        report.stopped().isEmpty()
            ? report.unanswered() + " items were not answered"
            : report.stopped();
    return new Outcome(json, text, why + "; all responses are stored, continue with --resume");
  }
}
