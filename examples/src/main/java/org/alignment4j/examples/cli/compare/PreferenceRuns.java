package org.alignment4j.examples.cli.compare;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.evaluation.PreferenceEvaluator.HeldOut;
import org.alignment4j.examples.bench.ProcessMemory;
import org.alignment4j.examples.cli.evaluate.EvaluatePreferences;
import org.alignment4j.examples.cli.option.JudgeOptions.Judge;
import org.alignment4j.examples.cli.tune.MethodName;
import org.alignment4j.examples.cli.tune.PreferenceControl;
import org.alignment4j.examples.cli.tune.TunePreferences;
import org.alignment4j.internal.host.Hashes;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.rahf.PreferenceSettings;
import org.alignment4j.rahf.PreferenceTuner;
import org.alignment4j.rahf.PreferenceTuner.PreferenceTuning;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.tune.PreferencePair;
import org.jspecify.annotations.Nullable;

/**
 * Runs of a comparison, stored in a folder so that finished runs are not repeated. Not thread-safe.
 */
final class PreferenceRuns {
  private final List<PreferencePair> learned;
  private final List<PreferencePair> measured;
  private final EvaluatePreferences.Measuring measuring;
  private final @Nullable Judge judge;
  private final Path out;
  private final PrintStream err;
  private final Path file;
  private final List<ComparedRun> runs;
  private @Nullable HeldOut heldOut;

  /**
   * @param learned pairs to train on
   * @param measured pairs to measure on
   * @param judge compares each run's responses with the start model's; may be null
   * @param out folder of the runs
   * @param err stream to print finished runs to
   */
  PreferenceRuns(
      List<PreferencePair> learned,
      List<PreferencePair> measured,
      EvaluatePreferences.Measuring measuring,
      @Nullable Judge judge,
      Path out,
      PrintStream err) {
    this.learned = learned;
    this.measured = measured;
    this.measuring = measuring;
    this.judge = judge;
    this.out = out;
    this.err = err;
    this.file = out.resolve("runs.jsonl");
    this.runs = ComparedRun.read(file);
  }

  /** Returns the start model's run, then the wanted ones. */
  List<ComparedRun> run(LanguageModel model, List<WantedRun> wanted, ProgressListener progress) {
    String common =
        Hashes.sha256(
            List.of(
                model.hash(),
                model.precision().name(),
                measured.toString(),
                measuring.toMap().toString()));
    String judged = judge == null ? common : Hashes.sha256(List.of(common, judge.fingerprint()));
    List<ComparedRun> runs = new ArrayList<>();
    runs.add(start(model, common, progress));
    for (WantedRun w : wanted) {
      Path checkpoints = out.resolve("checkpoints").resolve(w.name());
      PreferenceSettings settings = w.settings(model.config().blocks(), checkpoints);
      List<PreferencePair> pairs = w.control().apply(w.method(), learned, w.seed());
      String fingerprint =
          Hashes.sha256(List.of(judged, pairs.toString(), settings.toMap().toString()));
      ComparedRun run = finished(MethodName.of(w.method()), w.control(), w.seed(), fingerprint);
      if (run == null) {
        run = one(model, w, settings, fingerprint, pairs, checkpoints, progress);
        keep(run);
        delete(checkpoints);
        err.printf(
            "%s, seed %d: pair accuracy %.3f, KL %.3f%n",
            run.setting(),
            run.seed(),
            run.report().accuracy().estimate(),
            run.report().divergence().estimate());
      }
      runs.add(run);
    }
    return runs;
  }

  private ComparedRun start(LanguageModel model, String common, ProgressListener progress) {
    ComparedRun start = finished(ComparedRun.START, PreferenceControl.NONE, 0, common);
    if (start == null) {
      start =
          new ComparedRun(
              ComparedRun.START,
              PreferenceControl.NONE,
              0,
              common,
              0,
              false,
              null,
              Map.of(),
              heldOut(model, progress).evaluate(model, progress),
              null);
      keep(start);
    }
    return start;
  }

  /** Made when the first run needs it: finished runs do not. */
  private HeldOut heldOut(LanguageModel model, ProgressListener progress) {
    if (heldOut == null) {
      heldOut = measuring.evaluator().against(model, measured, progress);
    }
    return heldOut;
  }

  private void keep(ComparedRun run) {
    runs.add(run);
    ComparedRun.write(file, runs);
  }

  /** Returns a run of an earlier call; null if there is none. */
  private @Nullable ComparedRun finished(
      String method, PreferenceControl control, long seed, String fingerprint) {
    for (ComparedRun r : runs) {
      if (r.is(method, control, seed)) {
        require(
            r.fingerprint().equals(fingerprint),
            "%s holds %s, seed %s, of another model, other pairs or other settings; give another"
                + " --out",
            file,
            r.setting(),
            seed);
        return r;
      }
    }
    return null;
  }

  private ComparedRun one(
      LanguageModel model,
      WantedRun w,
      PreferenceSettings settings,
      String fingerprint,
      List<PreferencePair> pairs,
      Path checkpoints,
      ProgressListener progress) {
    boolean resumed = InputFile.checkpoint(checkpoints).exists();
    boolean ownPeak = ProcessMemory.forgetPeak();
    long begin = System.nanoTime();
    PreferenceTuning tuning = new PreferenceTuner(settings).tune(model, pairs, progress);
    double seconds = (System.nanoTime() - begin) / 1e9;
    if (resumed) {
      // Includes the steps before the interruption; their peak memory is unknown.
      seconds = tuning.trainings().values().stream().mapToDouble(TrainingResult::seconds).sum();
    }
    Double peak = ownPeak && !resumed ? ProcessMemory.peak() : null;
    tuning.adapter().save(out.resolve("adapters").resolve(w.name()));
    List<PreferencePair> asked = asked(measured, settings);
    try (LanguageModel tuned = model.with(tuning.adapter())) {
      return new ComparedRun(
          MethodName.of(w.method()),
          w.control(),
          w.seed(),
          fingerprint,
          seconds,
          resumed,
          peak,
          TunePreferences.trainings(tuning),
          asked.equals(measured)
              ? heldOut(model, progress).evaluate(tuned, progress)
              : measuring.evaluator().evaluate(tuned, model, asked, progress),
          judge == null ? null : measuring.judged(judge.judge(), tuned, model, asked, progress));
    }
  }

  /** Pairs with their prompts as a tuned model is to be asked; the start model then is, too. */
  static List<PreferencePair> asked(List<PreferencePair> pairs, PreferenceSettings settings) {
    return pairs.stream()
        .map(p -> new PreferencePair(p.id(), settings.asked(p.prompt()), p.chosen(), p.rejected()))
        .toList();
  }

  private static void delete(Path folder) {
    try {
      if (InputFile.checkpoint(folder).exists()) {
        MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
      }
    } catch (IOException e) {
      throw new AlignmentException("cannot delete " + folder + ": " + Reasons.of(e), e);
    }
  }
}
