package org.alignment4j.reading;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.model.Capture;
import org.alignment4j.model.Capture.Activations;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;
import org.alignment4j.reading.RepresentationReader.ContrastPair;

/** Captures the hidden states of pairs of prompts, a portion at a time. */
final class PairStates {
  /** Maximum bytes of captured rows in memory. */
  private static final long PORTION_BYTES = 64 << 20;

  private static final int PORTION_PAIRS = 64;

  private final LanguageModel model;
  private final Capture capture;
  private final List<Encoded> positive = new ArrayList<>();
  private final List<Encoded> negative = new ArrayList<>();

  /**
   * A prompt's hidden state at a layer.
   *
   * @param mean mean of the residual stream over the captured tokens [D]
   * @param norm mean Euclidean norm of the residual stream over these tokens
   */
  record State(float[] mean, double norm) {}

  /** Receives the states of one pair at one layer. */
  interface Sink {
    void accept(int layer, State positive, State negative);
  }

  /** Called with the number of pairs done. */
  interface Steps {
    void done(int pairs);
  }

  /**
   * @throws IllegalArgumentException if a prompt has no token at the positions or is too long
   */
  PairStates(
      LanguageModel model, List<ContrastPair> pairs, List<Layer> layers, TokenPositions positions) {
    this.model = model;
    this.capture = new Capture(layers, positions);
    for (int i = 0; i < pairs.size(); i++) {
      positive.add(encoded(pairs.get(i).positive(), "positive prompt of pair " + i));
      negative.add(encoded(pairs.get(i).negative(), "negative prompt of pair " + i));
    }
  }

  private Encoded encoded(Prompt prompt, String what) {
    ChatTokenizer tokenizer = model.tokenizer();
    Encoded encoded;
    if (prompt.endsWithResponse()) {
      encoded = tokenizer.encodeForTraining(prompt);
    } else {
      int[] ids = tokenizer.encode(prompt);
      encoded = new Encoded(ids, ids.length);
    }
    int length = encoded.ids().length;
    int context = model.config().contextLength();
    require(
        length <= context,
        "the %s has %s tokens, the model's context is %s",
        what,
        length,
        context);
    require(tokens(encoded) > 0, "the %s has no token at %s", what, capture.positions());
    return encoded;
  }

  private int tokens(Encoded encoded) {
    return capture.positions().resolve(encoded.ids().length, encoded.responseStart()).length;
  }

  /** Captures the states of pairs, given by their indices, in order. */
  void read(List<Integer> pairs, Sink sink, Steps steps) {
    int from = 0;
    while (from < pairs.size()) {
      Cancellation.check("representation reading");
      int to = from;
      long bytes = 0;
      do {
        bytes += bytes(pairs.get(to));
        to++;
      } while (to < pairs.size()
          && to - from < PORTION_PAIRS
          && bytes + bytes(pairs.get(to)) <= PORTION_BYTES);
      readPortion(pairs.subList(from, to), sink);
      from = to;
      steps.done(from);
    }
  }

  private long bytes(int pair) {
    long rows = (long) tokens(positive.get(pair)) + tokens(negative.get(pair));
    return rows * capture.layers().size() * model.config().width() * Float.BYTES;
  }

  private void readPortion(List<Integer> pairs, Sink sink) {
    List<Encoded> sequences = new ArrayList<>();
    for (int pair : pairs) {
      sequences.add(positive.get(pair));
      sequences.add(negative.get(pair));
    }
    Activations read = model.captureIds(sequences, capture);
    for (int l = 0; l < capture.layers().size(); l++) {
      List<State> states = states(read, capture.layers().get(l), sequences.size());
      for (int i = 0; i < states.size(); i += 2) {
        sink.accept(l, states.get(i), states.get(i + 1));
      }
    }
  }

  private static List<State> states(Activations read, Layer layer, int sequences) {
    float[][] rows = read.at(layer);
    List<State> states = new ArrayList<>();
    int row = 0;
    for (int i = 0; i < sequences; i++) {
      int first = row;
      while (row < rows.length && read.labels().get(row).sequence() == i) {
        row++;
      }
      states.add(state(rows, first, row));
    }
    return states;
  }

  private static State state(float[][] rows, int from, int to) {
    double[] sum = new double[rows[from].length];
    double norms = 0;
    for (int i = from; i < to; i++) {
      double squares = 0;
      for (int j = 0; j < sum.length; j++) {
        sum[j] += rows[i][j];
        squares += (double) rows[i][j] * rows[i][j];
      }
      norms += Math.sqrt(squares);
    }
    float[] mean = new float[sum.length];
    for (int j = 0; j < mean.length; j++) {
      mean[j] = (float) (sum[j] / (to - from));
    }
    return new State(mean, norms / (to - from));
  }
}
