package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.alignment4j.chat.Encoded;

/**
 * Part of a model that is trained with losses on its logits while the rest is frozen. Belongs to
 * the thread that trains.
 */
public interface Trainable extends AutoCloseable {
  /** The trained tensors, float32, requiring gradients; live, the same at each call. */
  NDList parameters();

  /** Names for the parameters, each once, in their order. */
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
   * Sums of the log-probabilities of each sequence's response tokens, in nats, for losses of one's
   * own: they carry their graph, so that gradients flow to the parameters.
   *
   * @param sequences prompt and response; tokens from {@code responseStart} on are predicted
   * @return [B] float32, in {@code scope}; 0 for a sequence without response
   * @throws IllegalArgumentException if no sequence has a response
   */
  NDArray logProbabilities(List<Encoded> sequences, NDManager scope);

  /** Draws what is random in the calls that follow, such as dropout, from this seed. */
  default void seed(long seed) {}

  /**
   * A view of the model that runs with the part as it is now; whether it follows further training
   * is the implementation's to say. Close it.
   */
  LanguageModel view();

  @Override
  void close();
}
