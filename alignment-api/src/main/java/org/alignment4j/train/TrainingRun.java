package org.alignment4j.train;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.core.ProgressListener.Progress;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.train.TrainingLoop.Evaluator;
import org.alignment4j.train.TrainingLoop.Evaluator.Evaluation;
import org.alignment4j.train.TrainingLoop.Objective;
import org.alignment4j.train.TrainingLoop.Objective.Gradients;
import org.alignment4j.train.TrainingResult.EvaluationRecord;
import org.alignment4j.train.TrainingResult.StepRecord;
import org.alignment4j.train.TrainingResult.StopReason;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One training run from start or checkpoint to its end. Between any two steps, its fields, the
 * parameters and the moments together are the whole state; a checkpoint stores exactly that.
 */
final class TrainingRun<B> implements AutoCloseable {
  private static final int HISTORY = 1000;
  private static final Logger LOG = LoggerFactory.getLogger(TrainingRun.class);

  private final TrainingLoop<B> loop;
  private final TrainingSettings settings;
  private final List<B> data;
  private final Objective<B> objective;
  private final ProgressListener progress;
  private final @Nullable Evaluator evaluator;
  private final BatchOrder order;
  private final long total;
  private final Map<String, String> identity;

  private final NDList parameters;
  private final NDManager manager;
  private final AdamW optimizer;
  private final NDList sums = new NDList(); // accumulated gradients, one per parameter
  private final NDList kept = new NDList(); // best parameters, initially the start; if evaluated
  private final @Nullable CheckpointFolder folder;

  private long step;
  private long evaluatedAt;
  private long writtenAt = -1;
  private @Nullable StepRecord last;
  private @Nullable EvaluationRecord best;
  private final List<EvaluationRecord> evaluations = new ArrayList<>();
  private final List<StepRecord> history = new ArrayList<>();
  private @Nullable StopReason stop;
  private double secondsBefore;
  private final long startedNanos = System.nanoTime();

  TrainingRun(
      TrainingLoop<B> loop, List<B> data, Objective<B> objective, ProgressListener progress) {
    this.loop = loop;
    this.settings = loop.settings();
    this.data = data;
    this.objective = objective;
    this.progress = progress;
    this.evaluator = loop.evaluator();
    this.order = new BatchOrder(settings, data.size(), loop.lengths(data));
    this.total = settings.totalSteps(data.size());
    this.parameters = objective.parameters();
    List<String> names = objective.parameterNames();
    require(!parameters.isEmpty(), "the objective has no parameters");
    require(
        names.size() == parameters.size() && new HashSet<>(names).size() == names.size(),
        "expected one name for each of %s parameters, each once, found %s",
        parameters.size(),
        names);
    this.identity = identity(names);
    this.folder =
        settings.checkpointFolder() == null
            ? null
            : CheckpointFolder.open(settings.checkpointFolder());
    this.manager = parameters.get(0).getManager().newSubManager();
    boolean complete = false;
    try {
      this.optimizer = new AdamW(parameters, settings.optimizer());
      for (NDArray parameter : parameters) {
        sums.add(manager.zeros(parameter.getShape()));
        if (evaluator != null) {
          kept.add(manager.zeros(parameter.getShape()));
        }
      }
      complete = true;
    } finally {
      if (!complete) {
        manager.close();
        if (folder != null) {
          folder.close();
        }
      }
    }
  }

  private Map<String, String> identity(List<String> names) {
    Map<String, String> all = new TreeMap<>();
    settings.toMap().forEach((key, value) -> all.put(key, String.valueOf(value)));
    all.put("rows", String.valueOf(data.size()));
    all.put("fingerprint", loop.fingerprint());
    all.put("evaluator", evaluator == null ? "none" : "present");
    all.put("parameters", String.valueOf(parameters.size()));
    for (int i = 0; i < parameters.size(); i++) {
      all.put("shape of " + names.get(i), Arrays.toString(parameters.get(i).getShape().getShape()));
    }
    return all;
  }

  TrainingResult complete() {
    keep();
    resume();
    boolean ended = stop != null;
    try {
      while (stop == null) {
        Cancellation.check(loop.task());
        if (evaluator != null && evaluatedAt < step && evaluationDue()) {
          evaluate(evaluator);
        } else if (step == total) {
          stop =
              evaluator == null || best != null
                  ? StopReason.COMPLETED
                  : StopReason.NO_ACCEPTABLE_CHECKPOINT;
        } else {
          if (checkpointDue()) {
            write();
          }
          step();
        }
      }
      if (!ended) {
        write();
      }
    } catch (CancelledException e) {
      writeBeforeLeaving(e);
      throw e;
    }
    useKept();
    return result(stop, Objects.requireNonNull(last, "a training has steps"));
  }

  // ---- one step

  private void step() {
    try (NDManager scope = manager.newSubManager()) {
      objective.beforeStep(step, scope);
    }
    double lossSum = 0;
    double weight = 0;
    Map<String, Double> metrics = new LinkedHashMap<>();
    List<int[]> parts = order.microBatches(step);
    for (int i = 0; i < parts.size(); i++) {
      Cancellation.check(loop.task());
      List<B> batch = Arrays.stream(parts.get(i)).<B>mapToObj(data::get).toList();
      try (NDManager scope = manager.newSubManager()) {
        Gradients part =
            objective.gradients(batch, scope, Seeds.ofMicroBatch(settings.seed(), step, i));
        if (!Double.isFinite(part.lossSum())) {
          throw diverged("the loss is " + part.lossSum(), parts.get(i));
        }
        checkShapes(part.gradients());
        TrainKernels.accumulate(sums, part.gradients(), i == 0, scope);
        lossSum += part.lossSum();
        weight += part.weight();
        part.metrics().forEach((name, value) -> metrics.merge(name, value, Double::sum));
      }
    }
    if (weight == 0) {
      throw new BadDataException(
          loop.task()
              + ", step "
              + (step + 1)
              + ": the rows of the batch have total weight 0: "
              + Arrays.toString(parts.stream().flatMapToInt(Arrays::stream).limit(20).toArray()));
    }
    update(lossSum / weight, weight, metrics);
  }

  private void update(double meanLoss, double weight, Map<String, Double> metricSums) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    metricSums.forEach((name, sum) -> metrics.put(name, sum / weight));
    try (NDManager scope = manager.newSubManager()) {
      double norm = TrainKernels.average(sums, weight, scope);
      if (!Double.isFinite(norm)) {
        throw diverged("the gradient of " + firstNotFinite() + " is not finite", null);
      }
    }
    double rate = settings.learningRate() * settings.schedule().factor(step, total);
    AdamW.StepReport report = optimizer.step(sums, rate, settings.maxGradientNorm());
    step++;
    StepRecord done =
        new StepRecord(
            step, meanLoss, rate, report.gradientNorm(), report.medianGradientOverEps(), metrics);
    last = done;
    if ((step - 1) % ((total + HISTORY - 1) / HISTORY) == 0) {
      history.add(done);
    }
    Map<String, Double> shown = new LinkedHashMap<>(metrics);
    shown.put("loss", done.loss());
    shown.put("learning_rate", done.learningRate());
    shown.put("gradient_norm", done.gradientNorm());
    shown.put("median_gradient_over_eps", done.medianGradientOverEps());
    progress.onProgress(new Progress(loop.task(), step, total, shown));
  }

  private void checkShapes(NDList gradients) {
    require(
        gradients.size() == parameters.size(),
        "the objective gave %s gradients for %s parameters",
        gradients.size(),
        parameters.size());
    for (int i = 0; i < gradients.size(); i++) {
      require(
          gradients.get(i).getShape().equals(parameters.get(i).getShape()),
          "the objective's gradient of %s has shape %s, the parameter %s",
          objective.parameterNames().get(i),
          gradients.get(i).getShape(),
          parameters.get(i).getShape());
    }
  }

  private AlignmentException diverged(String what, int @Nullable [] rows) {
    useKept();
    String where =
        rows == null
            ? ""
            : ", rows " + Arrays.toString(Arrays.copyOf(rows, Math.min(20, rows.length)));
    return new AlignmentException(
        loop.task()
            + ": "
            + what
            + " at step "
            + (step + 1)
            + " of "
            + total
            + where
            + "; the parameters are those "
            + (evaluator == null
                ? "before that step"
                : best == null
                    ? "from before the training"
                    : "of the best evaluation, after step " + best.step())
            + ". A lower learning rate, a longer warm-up or a maxGradientNorm may help");
  }

  private String firstNotFinite() {
    for (int i = 0; i < sums.size(); i++) {
      for (float value : sums.get(i).toFloatArray()) {
        if (!Float.isFinite(value)) {
          return objective.parameterNames().get(i);
        }
      }
    }
    return "all parameters together";
  }

  // ---- evaluation

  private boolean evaluationDue() {
    return step == total || (settings.evaluateEvery() > 0 && step % settings.evaluateEvery() == 0);
  }

  private void evaluate(Evaluator judge) {
    Evaluation evaluation = judge.evaluate(step);
    EvaluationRecord done = new EvaluationRecord(step, evaluation);
    if (evaluation.acceptable()
        && (best == null || evaluation.score() > best.evaluation().score())) {
      keep();
      best = done;
    }
    evaluations.add(done);
    evaluatedAt = step;
    long sinceBest =
        evaluations.stream().filter(e -> best == null || e.step() > best.step()).count();
    boolean impatient = settings.patience() > 0 && sinceBest >= settings.patience();
    if (step < total && (evaluation.stop() || impatient)) {
      stop = best == null ? StopReason.NO_ACCEPTABLE_CHECKPOINT : StopReason.EARLY_STOPPED;
      LOG.info("{}: ends after step {} of {}", loop.task(), step, total);
    }
    Map<String, Double> shown = new LinkedHashMap<>(evaluation.metrics());
    shown.put("score", evaluation.score());
    shown.put("acceptable", evaluation.acceptable() ? 1.0 : 0.0);
    progress.onProgress(new Progress(loop.task() + ": evaluate", step, total, shown));
  }

  /** Keeps a copy of the current parameters. */
  private void keep() {
    if (!kept.isEmpty()) {
      try (NDManager scope = manager.newSubManager()) {
        TrainKernels.assign(kept, parameters, scope);
      }
    }
  }

  /** Restores the kept parameters. */
  private void useKept() {
    if (!kept.isEmpty()) {
      try (NDManager scope = manager.newSubManager()) {
        TrainKernels.assign(parameters, kept, scope);
      }
    }
  }

  // ---- checkpoints

  private boolean checkpointDue() {
    return settings.checkpointEvery() > 0
        && step > 0
        && step % settings.checkpointEvery() == 0
        && writtenAt != step;
  }

  private Map<String, NDArray> tensors() {
    Map<String, NDArray> all = new LinkedHashMap<>();
    List<String> names = objective.parameterNames();
    NDList moments = optimizer.state();
    int n = names.size();
    for (int i = 0; i < n; i++) {
      all.put("parameter." + names.get(i), parameters.get(i));
      all.put("first_moment." + names.get(i), moments.get(i));
      all.put("second_moment." + names.get(i), moments.get(n + i));
      all.put("steps." + names.get(i), moments.get(2 * n + i));
      if (!kept.isEmpty()) {
        all.put("kept." + names.get(i), kept.get(i));
      }
    }
    return all;
  }

  private void write() {
    if (folder != null) {
      folder.write(
          new TrainingState(
              identity, step, evaluatedAt, last, best, evaluations, history, stop, seconds()),
          tensors(),
          objective.state());
      writtenAt = step;
    }
  }

  /** Writes despite the interrupt that ends the training, and restores the interrupt status. */
  private void writeBeforeLeaving(CancelledException reason) {
    boolean interrupted = Thread.interrupted();
    try {
      write();
    } catch (AlignmentException e) {
      LOG.warn("{} was cancelled, and its checkpoint could not be written", loop.task(), e);
      reason.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void resume() {
    if (folder == null || !folder.hasCheckpoint()) {
      return;
    }
    CheckpointFolder.Restored restored = folder.read(identity, tensors(), manager);
    TrainingState state = restored.state();
    step = state.step();
    evaluatedAt = state.evaluatedAt();
    last = state.last();
    best = state.best();
    evaluations.addAll(state.evaluations());
    history.addAll(state.history());
    stop = state.stop();
    secondsBefore = state.seconds();
    writtenAt = step;
    objective.restore(restored.objective());
    LOG.info("{}: resumes after step {} of {}, from {}", loop.task(), step, total, folder.file());
  }

  private double seconds() {
    return secondsBefore + (System.nanoTime() - startedNanos) * 1e-9;
  }

  private TrainingResult result(StopReason reason, StepRecord end) {
    List<StepRecord> all = new ArrayList<>(history);
    if (!all.contains(end)) {
      all.add(end);
    }
    return new TrainingResult(
        reason,
        step,
        evaluator == null ? step : best == null ? 0 : best.step(),
        end.loss(),
        all,
        evaluations,
        Optional.ofNullable(best),
        seconds());
  }

  @Override
  public void close() {
    optimizer.close();
    manager.close();
    if (folder != null) {
      folder.close();
    }
  }
}
