package org.alignment4j.rahf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.function.ToDoubleBiFunction;
import java.util.function.ToDoubleFunction;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.GradientScope;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Capture.Activations;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.rahf.PreferenceSettings.FitLoss;
import org.alignment4j.train.TrainingLoop.Objective;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The gradients of each loss through the model against central differences of what the loss says on
 * paper, computed in Java from log-probabilities and hidden states of the model with the moved
 * LoRA.
 */
@SuppressWarnings("try") // a gradient scope's use is that it is open
class PreferenceGradientTests {
  private static final Encoded ONE = new Encoded(new int[] {5, 9, 11, 40, 41}, 3);
  private static final Encoded ONE_GOOD = new Encoded(new int[] {7, 7, 8, 9, 11, 40, 41}, 5);
  private static final Encoded ONE_BAD = new Encoded(new int[] {3, 8, 9, 11, 40, 41}, 4);
  private static final Encoded TWO = new Encoded(new int[] {5, 9, 11, 60, 61, 62, 63}, 3);
  private static final Encoded TWO_GOOD =
      new Encoded(new int[] {7, 7, 8, 9, 11, 60, 61, 62, 63}, 5);
  private static final Encoded TWO_BAD = new Encoded(new int[] {3, 8, 9, 11, 60, 61, 62, 63}, 4);
  private static final List<Layer> FITTED = List.of(new Layer(2), new Layer(4));
  private static final int TOKENS = 3;
  private static final double ALPHA = 2;

  @TempDir static Path folder;
  private static LanguageModel model;
  private static RahfKernels kernels;

  @BeforeAll
  static void load() throws IOException {
    model = LanguageModel.load(StyleTask.writeRandom(folder));
    kernels = new RahfKernels(model.device());
  }

  @AfterAll
  static void close() {
    kernels.close();
    model.close();
  }

  /** A LoRA on the first blocks, both of whose matrices matter. */
  private static LoraAdapter stirred() {
    LoraAdapter zero =
        TrainableLora.initial(
            model,
            new TrainableLora.Shape(2, 4, List.of("q_proj", "v_proj", "down_proj")),
            List.of(new Layer(1), new Layer(3), new Layer(4)),
            3);
    Random random = new Random(8);
    List<Target> targets = new ArrayList<>();
    for (Target t : zero.targets()) {
      float[] b = new float[t.b().length];
      for (int k = 0; k < b.length; k++) {
        b[k] = (float) (0.3 * random.nextGaussian());
      }
      targets.add(new Target(t.layer(), t.module(), t.in(), t.out(), t.a(), b));
    }
    return new LoraAdapter(zero.rank(), zero.alpha(), targets, zero.provenance());
  }

  /** The LoRA with one matrix moved along a direction: A of the i-th target, or its B. */
  private static LoraAdapter moved(
      LoraAdapter lora, int target, boolean first, float[] direction, double by) {
    List<Target> targets = new ArrayList<>(lora.targets());
    Target t = targets.get(target);
    float[] values = (first ? t.a() : t.b()).clone();
    for (int k = 0; k < values.length; k++) {
      values[k] += (float) (by * direction[k]);
    }
    targets.set(
        target,
        new Target(
            t.layer(),
            t.module(),
            t.in(),
            t.out(),
            first ? values : t.a(),
            first ? t.b() : values));
    return new LoraAdapter(lora.rank(), lora.alpha(), targets, lora.provenance());
  }

  private static double at(LoraAdapter lora, ToDoubleFunction<LanguageModel> paper) {
    try (LanguageModel view = model.with(lora)) {
      return paper.applyAsDouble(view);
    }
  }

  /**
   * Each matrix is moved along its gradient, where the slope is the gradient's norm, and along a
   * random direction.
   */
  private static <R> void check(
      Function<TrainableLora, Objective<R>> objective,
      List<R> rows,
      ToDoubleFunction<LanguageModel> paper) {
    LoraAdapter lora = stirred();
    List<float[]> gradients = new ArrayList<>();
    try (GradientScope scope = GradientScope.open();
        TrainableLora live = new TrainableLora(model, lora);
        NDManager manager = NDManager.newBaseManager(model.device(), "PyTorch")) {
      Objective.Gradients found = objective.apply(live).gradients(rows, manager, 1);
      double expected = at(lora, paper);
      assertEquals(expected, found.lossSum(), 1e-4 * Math.abs(expected));
      found.gradients().forEach(g -> gradients.add(g.toFloatArray()));
    }
    int n = lora.targets().size();
    assertEquals(2 * n, gradients.size());
    Random random = new Random(4);
    for (int i = 0; i < 2 * n; i++) {
      float[] gradient = gradients.get(i);
      Target t = lora.targets().get(i % n);
      String name = t.module() + " of " + t.layer() + (i < n ? ", A" : ", B");
      double norm = Math.sqrt(dot(gradient, gradient));
      assertTrue(norm > 1e-4, () -> name + " has a gradient, norm " + norm);
      float[] other = new float[gradient.length];
      for (int k = 0; k < other.length; k++) {
        // About as long as the gradient, and half along it, so that the slope is not lost in
        // rounding.
        other[k] =
            (float) (0.5 * gradient[k] + norm * random.nextGaussian() / Math.sqrt(other.length));
      }
      for (float[] direction : List.of(gradient, other)) {
        double by = 1e-2 / Math.sqrt(dot(direction, direction));
        double up = at(moved(lora, i % n, i < n, direction, by), paper);
        double down = at(moved(lora, i % n, i < n, direction, -by), paper);
        double slope = dot(gradient, direction) * by;
        assertEquals((up - down) / 2, slope, 0.02 * 1e-2 * norm, name);
      }
    }
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += (double) a[k] * b[k];
    }
    return sum;
  }

  private static double softplus(double x) {
    return Math.log1p(Math.exp(x));
  }

  @Test
  void dpo() {
    double beta = 0.7;
    List<DpoRow> rows = List.of(new DpoRow(ONE, TWO, -9, -24), new DpoRow(TWO_GOOD, ONE, -22, -11));
    check(
        lora -> new DpoObjective(lora, beta, kernels),
        rows,
        view -> {
          double loss = 0;
          for (DpoRow row : rows) {
            double[] sums = view.logProbabilities(List.of(row.chosen(), row.rejected()));
            double margin =
                beta * (sums[0] - row.chosenReference() - (sums[1] - row.rejectedReference()));
            loss += softplus(-margin);
          }
          return loss;
        });
  }

  @Test
  void scit() {
    double lambda = 1.5;
    double smoothing = 0.2;
    List<ScitRow> rows = List.of(new ScitRow(ONE_GOOD, ONE_BAD), new ScitRow(TWO_BAD, TWO_GOOD));
    check(
        lora -> new ScitObjective(lora, lambda, smoothing, kernels),
        rows,
        view -> {
          double loss = 0;
          for (ScitRow row : rows) {
            double[] sums = view.logProbabilities(List.of(row.own(), row.other()));
            double own = sums[0] / row.own().predictedLength();
            double d = own - sums[1] / row.other().predictedLength();
            loss += -own + lambda * ((1 - smoothing) * softplus(-d) + smoothing * softplus(d));
          }
          return loss;
        });
  }

  @ParameterizedTest
  @EnumSource(FitLoss.class)
  void fit(FitLoss form) {
    List<FitRow> rows =
        List.of(new FitRow(0, ONE, ONE_GOOD, ONE_BAD), new FitRow(1, TWO, TWO_GOOD, TWO_BAD));
    FitCondition plain = new FitCondition(model, FitRow::plain);
    ActivityPatterns patterns =
        new ActivityPatterns(
            plain,
            new FitCondition(model, FitRow::good),
            new FitCondition(model, FitRow::bad),
            FITTED,
            TOKENS,
            ALPHA,
            java.util.OptionalLong.empty(),
            Long.MAX_VALUE);
    Activations base = states(model, List.of(ONE, TWO));
    Activations good = states(model, List.of(ONE_GOOD, TWO_GOOD));
    Activations bad = states(model, List.of(ONE_BAD, TWO_BAD));
    check(
        lora -> new FitObjective(lora, patterns, FITTED, TOKENS, form, kernels),
        rows,
        view -> {
          Activations own = states(view, List.of(ONE, TWO));
          double loss = 0;
          for (Layer l : FITTED) {
            for (int r = 0; r < own.at(l).length; r++) {
              double square = 0;
              for (int k = 0; k < own.at(l)[r].length; k++) {
                double v = good.at(l)[r][k] - bad.at(l)[r][k];
                double away = own.at(l)[r][k] - (base.at(l)[r][k] + ALPHA * v);
                square += away * away;
              }
              loss += form == FitLoss.SQUARED ? square : Math.sqrt(square);
            }
          }
          return loss;
        });
  }

  /** The third of five steps: breaking has seven tenths of alpha, keeping three. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void reroute(boolean prompts) {
    TokenPositions where = prompts ? TokenPositions.all() : TokenPositions.response();
    List<Layer> kept = List.of(new Layer(1), new Layer(2), new Layer(3), new Layer(4));
    List<ReroutingRow> rows = ReroutingRow.of(List.of(ONE, TWO_GOOD), List.of(TWO, ONE_BAD), 3);
    assertEquals(List.of(2, 3), rows.stream().map(r -> r.broken().responseLength()).toList());
    check(
        lora -> {
          ReroutingObjective objective =
              new ReroutingObjective(lora, FITTED, kept, where, ALPHA, 5, kernels);
          try (NDManager scope = NDManager.newBaseManager(model.device(), "PyTorch")) {
            objective.beforeStep(2, scope);
          }
          return objective;
        },
        rows,
        view -> {
          double loss = 0;
          for (ReroutingRow row : rows) {
            loss +=
                ALPHA
                    * 0.7
                    * mean(
                        view,
                        row.broken(),
                        new Capture(FITTED, where),
                        PreferenceGradientTests::aligned);
            loss +=
                ALPHA
                    * 0.3
                    * mean(
                        view,
                        row.kept(),
                        new Capture(kept, where),
                        PreferenceGradientTests::distance);
          }
          return loss;
        });
  }

  private static double mean(
      LanguageModel view, Encoded sequence, Capture what, ToDoubleBiFunction<float[], float[]> of) {
    Activations own = view.captureIds(List.of(sequence), what);
    Activations start = model.captureIds(List.of(sequence), what);
    double sum = 0;
    int n = 0;
    for (Layer l : what.layers()) {
      for (int r = 0; r < own.at(l).length; r++) {
        sum += of.applyAsDouble(own.at(l)[r], start.at(l)[r]);
        n++;
      }
    }
    return sum / n;
  }

  private static double aligned(float[] h, float[] h0) {
    return Math.max(0, dot(h, h0) / Math.sqrt(dot(h, h) * dot(h0, h0)));
  }

  private static double distance(float[] h, float[] h0) {
    return Math.sqrt(dot(h, h) - 2 * dot(h, h0) + dot(h0, h0));
  }

  private static Activations states(LanguageModel view, List<Encoded> sequences) {
    return view.captureIds(sequences, new Capture(FITTED, TokenPositions.response(TOKENS)));
  }
}
