package org.alignment4j.examples.cli.overrefusal;

import static org.alignment4j.internal.text.Arguments.require;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.actor.ContrastPairs;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.bench.ProcessMemory;
import org.alignment4j.examples.cli.output.RunFile;
import org.alignment4j.internal.host.Hashes;
import org.jspecify.annotations.Nullable;

/** Runs of the study, kept in a file so that finished ones are not repeated. Not thread-safe. */
final class StudyRuns {
  private static final int HARMFUL = 100;
  private static final int PAIRS = 60;
  private static final double HELD_OUT = 0.2;

  private final StudySets sets;
  private final StudyMeasure measure;
  private final Path file;
  private final PrintStream err;
  private final List<StudyRun> runs;

  /**
   * @param file where runs are kept
   * @param err stream to print finished runs to
   */
  StudyRuns(StudySets sets, StudyMeasure measure, Path file, PrintStream err) {
    this.sets = sets;
    this.measure = measure;
    this.file = file;
    this.err = err;
    this.runs = RunFile.read(file, "compare over-refusal", StudyRun::of);
  }

  /**
   * The runs of one over-refuser: the model itself, then every method with the first seed, then
   * some with the others.
   *
   * @param number the over-refuser's
   * @param models the over-refuser and the model it was made from
   * @param repeated names of the methods that run with every seed
   */
  List<StudyRun> run(
      int number,
      StudyModels models,
      List<StudyMethod> methods,
      List<String> repeated,
      long[] seeds,
      ProgressListener progress) {
    String common = Hashes.sha256(List.of(models.origin(), measure.toString()));
    List<StudyRun> all = new ArrayList<>();
    StudyMethod none =
        new StudyMethod(
            StudyRun.START,
            "the over-refuser itself",
            false,
            (m, prompts, seed, listener) ->
                new StudyMethod.Made(Subject.asking(m.start(), q -> q), ""));
    all.add(one(number, none, 0, common, models, progress));
    for (long seed : seeds) {
      for (StudyMethod method : methods) {
        if (seed != seeds[0] && !repeated.contains(method.name())) {
          continue;
        }
        all.add(one(number, method, seed, common, models, progress));
      }
    }
    return all;
  }

  private StudyRun one(
      int number,
      StudyMethod method,
      long seed,
      String common,
      StudyModels models,
      ProgressListener progress) {
    String fingerprint =
        Hashes.sha256(List.of(common, method.name(), method.description(), Long.toString(seed)));
    StudyRun kept = finished(number, method, seed, fingerprint);
    if (kept != null) {
      return kept;
    }
    boolean ownPeak = ProcessMemory.forgetPeak();
    ActorPrompts prompts = prompts(sets, seed);
    long begin = System.nanoTime();
    StudyMethod.Made made = method.method().make(models, prompts, seed, progress);
    double seconds = (System.nanoTime() - begin) / 1e9;
    Double peak = ownPeak ? ProcessMemory.peak() : null;
    try (Subject subject = made.subject()) {
      StudyMeasure.Figures figures = measure.of(models.start(), subject, progress);
      StudyRun run =
          new StudyRun(
              number,
              method.name(),
              seed,
              fingerprint,
              seconds,
              peak,
              made.notes(),
              figures.verdicts(),
              figures.fluency(),
              figures.divergence(),
              figures.perplexity());
      runs.add(run);
      RunFile.write(file, runs.stream().map(StudyRun::toMap).toList());
      err.println(line(run, (System.nanoTime() - begin) / 1e9 - seconds));
      return run;
    }
  }

  /** A finished run of an earlier call; null if there is none. */
  private @Nullable StudyRun finished(
      int number, StudyMethod method, long seed, String fingerprint) {
    for (StudyRun r : runs) {
      if (r.is(number, method.name(), seed)) {
        require(
            r.fingerprint().equals(fingerprint),
            "%s holds %s, model %s, seed %s, with another model, other prompts or other settings;"
                + " give another --out",
            file,
            method.name(),
            number,
            seed);
        return r;
      }
    }
    return null;
  }

  private String line(StudyRun run, double measuring) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            "model %d, %s, seed %d, %.0f s and %.0f s to measure:",
            run.model(), run.method(), run.seed(), run.seconds(), measuring));
    for (Map.Entry<String, String> e : run.verdicts().entrySet()) {
      boolean harmless = measure.harmless().containsKey(e.getKey());
      double refused = java.util.Arrays.stream(Answers.refused(e.getValue(), harmless)).sum();
      text.append(String.format(" %s %.0f/%d", e.getKey(), refused, e.getValue().length()));
    }
    text.append(String.format(java.util.Locale.ROOT, " KL %.3f", run.divergence()));
    return run.notes().isEmpty() ? text.toString() : text + " (" + run.notes() + ")";
  }

  /**
   * The prompts of one seed: a part of the harmful ones, and the library's own pairs beside the
   * safe prompts and their contrast, a fifth of everything held out for gates.
   */
  static ActorPrompts prompts(StudySets sets, long seed) {
    List<Prompt> harmful = new ArrayList<>(sets.harmful());
    Collections.shuffle(harmful, new Random(seed));
    ContrastPairs pairs = ContrastPairs.generate(PAIRS, seed);
    List<Prompt> safe = new ArrayList<>(sets.safe());
    safe.addAll(pairs.harmless());
    List<Prompt> contrast = new ArrayList<>(sets.contrast());
    contrast.addAll(pairs.harmful());
    return ActorPrompts.holdingOut(
        harmful.subList(0, Math.min(HARMFUL, harmful.size())),
        sets.benign(),
        safe,
        contrast,
        HELD_OUT,
        seed);
  }
}
