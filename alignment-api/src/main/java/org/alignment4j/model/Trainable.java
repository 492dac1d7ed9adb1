package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.alignment4j.chat.Encoded;

/**
 * A part of a model that is trained with losses on its logits while the rest is frozen. Not
 * thread-safe; used by the training thread only.
 */
public interface Trainable extends AutoCloseable {
  /** The trained tensors, float32, requiring gradients; live, the same objects at each call. */
  NDList parameters();

  /** Unique names of the parameters, in their order. */
  List<String> parameterNames();

  /**
   * The sum of cross entropies of the responses' tokens, in nats, and its gradients.
   *
   * @param sequences prompt and response; tokens from {@code responseStart} on are predicted
   * @return the sum [], then a gradient per parameter, in {@code scope}
   * @throws IllegalArgumentException if no sequence has a response
   */
  NDList crossEntropy(List<Encoded> sequences, NDManager scope);

  /**
   * Sums of the log-probabilities of each sequence's response tokens, in nats, for custom losses:
   * they carry their graph, so that gradients flow to the parameters.
   *
   * @param sequences prompt and response; tokens from {@code responseStart} on are predicted
   * @return [B] float32, in {@code scope}; 0 for a sequence without response
   * @throws IllegalArgumentException if no sequence has a response
   */
  NDArray logProbabilities(List<Encoded> sequences, NDManager scope);

  /** Sets the seed of random operations in the following calls, such as dropout. */
  default void seed(long seed) {}

  /**
   * A view of the model with the part as it is now; the implementation specifies whether it follows
   * further training. Close it.
   */
  LanguageModel view();

  @Override
  void close();
}
