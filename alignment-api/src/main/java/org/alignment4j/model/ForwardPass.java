package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.SoftPrompt;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.host.Cancellation;
import org.jspecify.annotations.Nullable;

/**
 * Everything a model or a view of it runs with: kernels, weights, steering and input embeddings.
 * Immutable and thread-safe. {@link LanguageModel} is its public API; generation, scoring and
 * training build on it.
 *
 * @param manager of the model's device; parent of the managers of temporary tensors
 */
record ForwardPass(
    NDManager manager, Decoder decoder, Weights weights, ViewSteering steering, InputRows inputs) {
  /** Maximum number of tokens, without padding, of one forward pass that reads hidden states. */
  static final int TOKENS = 1024;

  static ForwardPass of(LoadedCheckpoint base) {
    return new ForwardPass(
        base.manager(), base.decoder(), base.weights(), ViewSteering.NONE, InputRows.NONE);
  }

  ForwardPass with(Weights other) {
    return new ForwardPass(manager, decoder, other, steering, inputs);
  }

  ForwardPass with(ViewSteering other) {
    return new ForwardPass(manager, decoder, weights, other, inputs);
  }

  ForwardPass with(InputRows other) {
    return new ForwardPass(manager, decoder, weights, steering, other);
  }

  /** With one block replaced; its arrays belong to {@code own}. */
  ForwardPass with(TunedBlock block, NDManager own) {
    require(
        block.layer().index() <= config().blocks(),
        "%s of a model of %s blocks",
        block.layer(),
        config().blocks());
    return with(
        weights.with(
            block.layer(), BlockTensors.toNative(config(), decoder.precision(), block, own)));
  }

  /** With a LoRA's pairs, owned by {@code own}, applied alongside the matrices they change. */
  ForwardPass with(LoraAdapter lora, NDManager own) {
    LowRank lowRank = LowRank.of(config(), lora);
    return with(lowRank.applied(weights, fused(lowRank, lora, own), decoder, own));
  }

  /** With a LoRA added to copies, in {@code own}, of the matrices it changes. */
  ForwardPass withMerged(LoraAdapter lora, NDManager own) {
    LowRank lowRank = LowRank.of(config(), lora);
    try (NDManager scope = own.newSubManager()) {
      return with(lowRank.merged(weights, fused(lowRank, lora, scope), decoder, own));
    }
  }

  private List<NDArray> fused(LowRank lowRank, LoraAdapter lora, NDManager into) {
    try (NDManager scope = into.newSubManager()) {
      List<NDArray> parts = lowRank.toNative(scope);
      NDList fused = decoder.fuseLowRank(scope, lowRank, parts, lora.scale(), true);
      fused.attach(into);
      return fused;
    }
  }

  /** With a soft prompt, whose rows belong to {@code own}, before every sequence. */
  ForwardPass with(SoftPrompt soft, NDManager own) {
    if (soft.width() != config().width()) {
      throw new CheckpointException(
          "the soft prompt's width is " + soft.width() + ", the model's " + config().width());
    }
    require(
        virtualTokens() + soft.tokens() < config().contextLength(),
        "a soft prompt of %s tokens leaves no room in the context of %s",
        soft.tokens(),
        config().contextLength());
    return with(inputs.withPrefix(soft.values(), soft.tokens(), config().width(), own));
  }

  /** With input embeddings for the ids -1 to -N. */
  ForwardPass withInputEmbeddings(float[][] rows, NDManager own) {
    require(rows.length > 0, "no input embeddings");
    require(inputs.given() == 0, "this view already has input embeddings");
    for (int i = 0; i < rows.length; i++) {
      require(
          rows[i].length == config().width(),
          "input embedding %s has %s numbers, the model's width is %s",
          i,
          rows[i].length,
          config().width());
    }
    return with(inputs.withGiven(rows, config().width(), own));
  }

  ForwardPass with(List<Steering> changes) {
    changes.forEach(this::requireFitting);
    return with(steering.with(changes));
  }

  /** With a gated edit, whose tensors belong to {@code own}. */
  ForwardPass with(GatedEdit edit, NDManager own) {
    return with(steering.with(GatedEdits.of(config(), edit, own)));
  }

  ForwardPass withEach(List<List<Steering>> changes) {
    require(!changes.isEmpty(), "no sequences to steer");
    changes.forEach(own -> own.forEach(this::requireFitting));
    return with(steering.withEach(changes));
  }

  private void requireFitting(Steering s) {
    require(s.layer().index() <= config().blocks(), "no %s in this model", s.layer());
    require(
        s.vector().length == config().width(),
        "the vector has %s numbers, the model's width is %s",
        s.vector().length,
        config().width());
  }

  ModelConfig config() {
    return decoder.config();
  }

  /** The layer written by the last block. */
  Layer topLayer() {
    return new Layer(config().blocks());
  }

  /** Number of input embeddings before every sequence. */
  int virtualTokens() {
    return inputs.prefix();
  }

  /** Maximum number of tokens in one of the caller's sequences. */
  int longestSequence() {
    return config().contextLength() - virtualTokens();
  }

  /**
   * Checks that the model can read sequences.
   *
   * @throws IllegalArgumentException as in {@link LanguageModel#captureIds}
   */
  void check(List<int[]> sequences) {
    check(sequences, inputs.given());
  }

  /** The same if the ids -1 to {@code -given} denote input embeddings. */
  void check(List<int[]> sequences, int given) {
    require(!sequences.isEmpty(), "no prompts");
    for (int i = 0; i < sequences.size(); i++) {
      int[] s = sequences.get(i);
      require(s.length > 0, "sequence %s is empty", i);
      require(
          s.length <= longestSequence(),
          "sequence %s has %s tokens, the model's context is %s",
          i,
          s.length,
          longestSequence());
      for (int id : s) {
        require(
            id >= -given && id < config().vocabulary(),
            "sequence %s has id %s, the vocabulary ends at %s",
            i,
            id,
            config().vocabulary());
      }
    }
  }

  /**
   * @throws IllegalArgumentException if the residual stream is steered, which training ignores
   */
  void requireUnsteered() {
    require(
        !steering.any() && !inputs.any(),
        "a view with steering, a gated edit or a soft prompt cannot be trained; train the model it is a"
            + " view of");
  }

  /**
   * @throws IllegalArgumentException if the view has anything besides the weights themselves
   */
  void requireOwnWeights() {
    requireUnsteered();
    require(!weights.hasLowRank(), "this view has a LoRA; merge it before its weights are trained");
  }

  /**
   * The sequences as they run, with the virtual tokens before them.
   *
   * @throws IllegalArgumentException if the view has per-sequence steering for another number of
   *     sequences
   */
  List<int[]> prepared(List<int[]> sequences) {
    steering.requireFor(sequences.size());
    return inputs.prepared(sequences);
  }

  /**
   * A batch padded on the right with common beginnings stored once, unless a token's hidden states
   * depend on more than the tokens up to it: steering on where the prompt ends, frequencies on the
   * length.
   */
  Batch sharing(Batch batch) {
    return shares() ? batch.sharingBeginnings() : batch;
  }

  /** Whether a token's hidden states depend on nothing but the tokens up to it. */
  boolean shares() {
    return !steering.any() && config().rope().switchesAbove() == 0;
  }

  /** Steering resolved for a batch, with room for tokens still to be generated. */
  List<Edit> edits(NDManager scope, Batch batch, int room) {
    return steering.edits(scope, batch, room, virtualTokens());
  }

  /**
   * The output of the block that writes {@code top}, then the captured rows.
   *
   * @param rows indices of the tokens, among the batch's N, whose hidden states are captured
   * @param pick index of one token per sequence if the output is needed only there
   */
  NDList hidden(
      NDManager scope,
      Batch batch,
      Layer top,
      List<Layer> captures,
      long[] rows,
      long @Nullable [] pick) {
    NDArray x = decoder.embed(scope, batch.tokenIds(scope), weights, inputs.array(), false);
    return decoder.blocks(
        scope,
        x,
        weights,
        batch,
        new Decoder.Pass(
            0, top.index(), captures, rows, top.index() == 0 ? null : pick, edits(scope, batch, 0)),
        false);
  }

  /** The last block's output for all tokens of a batch [N, D]. */
  NDArray states(NDManager scope, Batch batch) {
    return hidden(scope, batch, topLayer(), List.of(), new long[] {0}, null).get(0);
  }

  /** Logits of the token that follows each sequence [sequences, V]. */
  float[][] nextTokenLogits(List<int[]> sequences) {
    check(sequences);
    float[][] logits = new float[sequences.size()][];
    for (Batch group : Batch.group(prepared(sequences), TOKENS, Batch.Side.RIGHT)) {
      Batch batch = sharing(group);
      Cancellation.check("logits");
      try (NDManager scope = manager.newSubManager()) {
        float[] all = decoder.head(scope, lastStates(scope, batch), weights).toFloatArray();
        int v = config().vocabulary();
        for (int b = 0; b < batch.size(); b++) {
          logits[batch.index()[b]] = Arrays.copyOfRange(all, b * v, (b + 1) * v);
        }
      }
    }
    return logits;
  }

  private NDArray lastStates(NDManager scope, Batch batch) {
    long[] last = batch.lastTokens();
    if (!steering.any()) {
      return hidden(scope, batch, topLayer(), List.of(), last, last).get(0);
    }
    return hidden(scope, batch, topLayer(), List.of(topLayer()), last, null).get(1);
  }
}
