package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.chat.Encoded;

/**
 * Scores of a given response under a model: its log-probability, and the divergence from another
 * model, the start.
 *
 * @param logProbability sum of its tokens' natural log-probabilities, each given all tokens before
 *     it, in nats, at most 0
 * @param divergence mean over its tokens of KL(model || start), exact over the vocabulary, in nats
 *     per token, at least 0; NaN if it was not asked for
 */
public record ResponseScore(double logProbability, double divergence) {
  /**
   * A model's predictions of given responses, kept so that several models can be compared with it
   * without running it each time: the hidden states that predict each token, 4 bytes times the
   * model's width for each in Java's heap. Made by {@link LanguageModel#reference}; the model must
   * stay open. Immutable and thread-safe.
   */
  public static final class Reference {
    private final ForwardPass pass;
    private final List<Encoded> sequences;
    private final float[][] states;

    Reference(ForwardPass pass, List<Encoded> sequences) {
      this.pass = pass;
      this.sequences = List.copyOf(sequences);
      this.states = new Responses(pass, sequences, Responses.LOGITS).states();
    }

    /** The responses, each with its prompt. */
    public List<Encoded> sequences() {
      return sequences;
    }

    Responses.Other other() {
      return new Responses.Other() {
        @Override
        public ForwardPass pass() {
          return pass;
        }

        @Override
        public Responses.States states(int[] index, NDManager scope) {
          return kept(index, scope);
        }
      };
    }

    private Responses.States kept(int[] index, NDManager scope) {
      int numbers = Arrays.stream(index).map(i -> states[i].length).sum();
      FloatBuffer all = FloatBuffer.allocate(numbers);
      for (int i : index) {
        all.put(states[i]);
      }
      int width = pass.config().width();
      NDArray x = scope.create(all.array(), new Shape(numbers / width, width));
      long[] rows = new long[numbers / width];
      Arrays.setAll(rows, r -> r);
      return new Responses.States(x, rows);
    }
  }
}
