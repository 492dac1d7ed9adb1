package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.host.Cancellation;
import org.alignment4j.model.Capture.Activations;
import org.alignment4j.model.Capture.Activations.Label;

/** Reads hidden states of sequences in batches of similar length. */
final class StateReader {
  private final ForwardPass pass;
  private final List<Encoded> sequences;
  private final Capture capture;

  /** The captured positions of each sequence. */
  private final int[][] positions;

  /** The index of each sequence's first row in the result. */
  private final int[] firstRow;

  private final List<Label> labels = new ArrayList<>();
  private final Map<Layer, float[][]> values = new LinkedHashMap<>();

  /**
   * @throws IllegalArgumentException as in {@link LanguageModel#captureIds}
   */
  StateReader(ForwardPass pass, List<Encoded> sequences, Capture capture) {
    pass.check(sequences.stream().map(Encoded::ids).toList());
    require(capture.top().index() <= pass.config().blocks(), "no %s in this model", capture.top());
    this.pass = pass;
    this.sequences = sequences;
    this.capture = capture;
    this.positions = new int[sequences.size()][];
    this.firstRow = new int[sequences.size()];
    for (int i = 0; i < positions.length; i++) {
      Encoded e = sequences.get(i);
      positions[i] = capture.positions().resolve(e.ids().length, e.responseStart());
      firstRow[i] = labels.size();
      for (int p : positions[i]) {
        labels.add(new Label(i, p));
      }
    }
    capture.layers().forEach(l -> values.put(l, new float[labels.size()][]));
  }

  Activations read() {
    List<int[]> ids = pass.prepared(sequences.stream().map(Encoded::ids).toList());
    int[] starts = sequences.stream().mapToInt(Encoded::responseStart).toArray();
    for (Batch batch : Batch.group(ids, ForwardPass.TOKENS, Batch.Side.RIGHT)) {
      Cancellation.check("capture");
      read(pass.sharing(batch).withResponseStarts(starts));
    }
    return new Activations(labels, values);
  }

  private void read(Batch batch) {
    long[] rows = rows(batch);
    boolean onePerSequence = Arrays.stream(batch.index()).allMatch(i -> positions[i].length == 1);
    long[] pick = onePerSequence && !pass.steering().any() ? rows : null;
    try (NDManager scope = pass.manager().newSubManager()) {
      NDList found = pass.hidden(scope, batch, capture.top(), capture.layers(), rows, pick);
      for (int j = 0; j < capture.layers().size(); j++) {
        float[][] into = Objects.requireNonNull(values.get(capture.layers().get(j)));
        store(batch, found.get(1 + j).toFloatArray(), into);
      }
    }
  }

  /** The captured tokens among a batch's N. */
  private long[] rows(Batch batch) {
    List<Long> rows = new ArrayList<>();
    Batch.Places places = batch.places();
    for (int b = 0; b < batch.size(); b++) {
      for (int p : positions[batch.index()[b]]) {
        rows.add((long) places.of(b, p + pass.virtualTokens()));
      }
    }
    return rows.stream().mapToLong(Long::longValue).toArray();
  }

  private void store(Batch batch, float[] found, float[][] into) {
    int width = pass.config().width();
    int row = 0;
    for (int i : batch.index()) {
      for (int k = 0; k < positions[i].length; k++, row++) {
        into[firstRow[i] + k] = Arrays.copyOfRange(found, row * width, (row + 1) * width);
      }
    }
  }
}
