package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;

/**
 * A LoRA in training: float32 matrices A and B over a frozen model, whose weights are shared, not
 * copied. The model must stay open. Low-rank changes that its view already has remain active and
 * frozen.
 */
public final class TrainableLora implements Trainable {
  /**
   * The matrices that a LoRA changes, and settings of its training.
   *
   * @param rank r, 1 or more
   * @param alpha the change is alpha / r times B A; above 0
   * @param dropout probability with which an element of A's input is dropped in training, in [0, 1)
   * @param modules names of the changed matrices, such as {@code q_proj}; at least one
   */
  public record Shape(int rank, double alpha, double dropout, List<String> modules) {
    /** Rank 8, alpha 16, dropout 0.05 on query and value projections. */
    public static final Shape DEFAULT = new Shape(8, 16, 0.05, List.of("q_proj", "v_proj"));

    /**
     * @throws IllegalArgumentException if a number is out of range or there are no modules
     */
    public Shape {
      require(rank >= 1, "rank must be >= 1, was %s", rank);
      require(alpha > 0 && Double.isFinite(alpha), "alpha must be > 0, was %s", alpha);
      require(dropout >= 0 && dropout < 1, "dropout must be in [0, 1), was %s", dropout);
      modules = List.copyOf(modules);
      require(!modules.isEmpty(), "no modules to change");
    }

    /** A shape without dropout. */
    public Shape(int rank, double alpha, List<String> modules) {
      this(rank, alpha, 0, modules);
    }
  }

  private final LanguageModel model;
  private final LoraAdapter initial;
  private final LowRank lowRank;
  private final NDManager manager;
  private final NDList parameters = new NDList();
  private final List<String> names = new ArrayList<>();
  private final double dropout;
  private long seed;

  /**
   * Starts from an adapter's values.
   *
   * @throws org.alignment4j.core.CheckpointException if it does not match the model
   */
  public TrainableLora(LanguageModel model, LoraAdapter initial) {
    this(model, initial, 0);
  }

  /**
   * Starts from an adapter's values.
   *
   * @param dropout probability with which an element of A's inputs is dropped in training, in [0,
   *     1); the others are scaled up; masks are drawn from {@link #seed}
   * @throws org.alignment4j.core.CheckpointException if it does not match the model
   */
  public TrainableLora(LanguageModel model, LoraAdapter initial, double dropout) {
    require(dropout >= 0 && dropout < 1, "dropout must be in [0, 1), was %s", dropout);
    model.pass().requireUnsteered();
    this.dropout = dropout;
    this.model = model;
    this.initial = initial;
    this.lowRank = LowRank.of(model.config(), initial);
    this.manager = model.pass().manager().newSubManager();
    for (NDArray array : lowRank.toNative(manager)) {
      array.setRequiresGradient(true);
      parameters.add(array);
    }
    for (String side : List.of("lora_A", "lora_B")) {
      for (Target t : lowRank.targets()) {
        names.add("model.layers." + t.layer().block() + "." + t.module() + "." + side);
      }
    }
  }

  /**
   * An initial LoRA: A is uniform in +-1/sqrt(in) and B zero, so that it changes nothing yet.
   *
   * @param layers the layers written by the changed blocks
   * @throws IllegalArgumentException if the model has no such matrix or block; the message names it
   */
  public static LoraAdapter initial(
      LanguageModel model, Shape shape, Collection<Layer> layers, long seed) {
    Map<String, Object> settings =
        Map.of(
            "rank",
            shape.rank,
            "alpha",
            shape.alpha,
            "modules",
            shape.modules,
            "layers",
            layers.stream().map(Layer::index).toList());
    return LoraAdapter.initial(
        shape.rank,
        shape.alpha,
        LowRank.shapes(model.config(), shape.modules, layers),
        seed,
        new Provenance("lora", settings, seed, Map.of("model", model.hash()), Map.of()));
  }

  @Override
  public NDList parameters() {
    return parameters;
  }

  @Override
  public List<String> parameterNames() {
    return List.copyOf(names);
  }

  @Override
  public NDList crossEntropy(List<Encoded> sequences, NDManager scope) {
    return loss(scope).crossEntropy(sequences, parameters, scope);
  }

  @Override
  public NDArray logProbabilities(List<Encoded> sequences, NDManager scope) {
    return loss(scope).logProbabilities(sequences, scope);
  }

  /**
   * Hidden states of response tokens, with their graph. Blocks above the highest layer are not run.
   *
   * @param layers ascending, each once, 1 to the number of blocks
   * @param tokens maximum number of tokens, from the start of each response
   * @return per layer [R, D] float32 in {@code scope}, ordered by sequence, then token
   * @throws IllegalArgumentException if no sequence has a response
   */
  public NDList hiddenStates(
      List<Encoded> sequences, List<Layer> layers, int tokens, NDManager scope) {
    return hiddenStates(sequences, new Capture(layers, TokenPositions.response(tokens)), scope);
  }

  /**
   * Hidden states of some tokens, with their graph. Blocks above the highest layer are not run.
   *
   * @param what layers up to the number of blocks, and the tokens
   * @return per layer [R, D] float32 in {@code scope}, ordered by sequence, then token
   * @throws IllegalArgumentException if no sequence has such a token
   */
  public NDList hiddenStates(List<Encoded> sequences, Capture what, NDManager scope) {
    return loss(scope).hiddenStates(sequences, what, scope);
  }

  /**
   * The same states of the model without this LoRA, computed in float32 in the same way, so that
   * they differ by what the LoRA does and not by how a product is rounded. They have no graph.
   *
   * @param what layers up to the number of blocks, and the tokens
   * @return per layer [R, D] float32 in {@code scope}, ordered by sequence, then token
   * @throws IllegalArgumentException if no sequence has such a token
   */
  public NDList startStates(List<Encoded> sequences, Capture what, NDManager scope) {
    return LanguageLoss.of(model.pass()).hiddenStates(sequences, what, scope);
  }

  private LanguageLoss loss(NDManager scope) {
    return new LanguageLoss(pass(scope), new Decoder.Dropout(dropout, seed));
  }

  @Override
  public void seed(long newSeed) {
    this.seed = newSeed;
  }

  private ForwardPass pass(NDManager scope) {
    ForwardPass pass = model.pass();
    NDList fused = pass.decoder().fuseLowRank(scope, lowRank, parameters, initial.scale(), true);
    return pass.with(lowRank.applied(pass.weights(), fused, pass.decoder(), scope));
  }

  /** A view with the LoRA as it is now; it does not follow further training. Close it. */
  @Override
  public LanguageModel view() {
    return model.with(snapshot(initial.provenance()));
  }

  /** The adapter as it is now. */
  public LoraAdapter snapshot(Provenance provenance) {
    List<Target> targets = new ArrayList<>();
    int n = lowRank.targets().size();
    for (int i = 0; i < n; i++) {
      Target t = lowRank.targets().get(i);
      targets.add(
          new Target(
              t.layer(),
              t.module(),
              t.in(),
              t.out(),
              parameters.get(i).toFloatArray(),
              parameters.get(n + i).toFloatArray()));
    }
    return new LoraAdapter(initial.rank(), initial.alpha(), targets, provenance);
  }

  @Override
  public void close() {
    manager.close();
  }
}
