package org.alignment4j.model;

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
   * A view of the model that runs with the part as it is now; whether it follows further training
   * is the implementation's to say. Close it.
   */
  LanguageModel view();

  @Override
  void close();
}
