package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.adapter.Gate;
import org.alignment4j.adapter.Gate.Reading;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.GatedEdit.Site;
import org.alignment4j.core.CheckpointException;
import org.jspecify.annotations.Nullable;

/**
 * A gated edit in native memory, to be resolved for batches.
 *
 * @param parts its gates, then its changes
 * @param gates number of gates that read something
 */
record GatedEdits(List<Part> parts, int gates) {
  /**
   * A gate or a change, apart from a batch's masks.
   *
   * @param positions the tokens it applies to or reads; null for a gate that each token reads
   * @param tensors owned by the view
   */
  record Part(
      int place,
      Edit.Kind kind,
      @Nullable TokenPositions positions,
      List<NDArray> tensors,
      int gate,
      int form) {}

  /** A map times its constant factor; changes that have the same share its tensors. */
  private record Scaled(Affine map, double factor) {}

  /**
   * Creates the tensors of an edit.
   *
   * @param own their owner
   * @throws CheckpointException if a layer or the width does not match the model
   */
  static GatedEdits of(ModelConfig config, GatedEdit edit, NDManager own) {
    if (edit.width() != config.width()) {
      throw new CheckpointException(
          "the gated edit's width is " + edit.width() + ", the model's " + config.width());
    }
    Map<Scaled, List<NDArray>> maps = new HashMap<>();
    Map<Gate, Integer> gates = new LinkedHashMap<>();
    List<Part> reads = new ArrayList<>();
    List<Part> changes = new ArrayList<>();
    for (Change c : edit.changes()) {
      if (c.layer().index() > config.blocks()) {
        throw new CheckpointException(
            "the gated edit changes "
                + c.layer()
                + " of a model of "
                + config.blocks()
                + " blocks");
      }
      Reading reading = c.gate().reading();
      int gate = Edit.NO_GATE;
      if (reading != null) {
        gate = gates.computeIfAbsent(c.gate(), g -> gates.size());
        if (gate == reads.size()) {
          reads.add(gate(c.gate(), reading, gate, own));
        }
      }
      Scaled scaled = new Scaled(c.affine(), reading == null ? c.gate().high() : 1);
      List<NDArray> tensors =
          maps.computeIfAbsent(scaled, s -> tensors(s.map.times(s.factor), own));
      int place = Edit.at(c.layer()) - (c.site() == Site.ATTENTION ? 1 : 0);
      changes.add(new Part(place, Edit.Kind.AFFINE, positions(c.positions()), tensors, gate, 0));
    }
    int read = reads.size();
    reads.addAll(changes);
    return new GatedEdits(List.copyOf(reads), read);
  }

  static TokenPositions positions(Positions positions) {
    return switch (positions.kind()) {
      case ALL -> TokenPositions.all();
      case PROMPT -> TokenPositions.prompt();
      case LAST_PROMPT -> TokenPositions.lastPrompt();
      case RESPONSE -> TokenPositions.response();
      case PROMPT_ENDS -> TokenPositions.promptEnds(positions.first(), positions.last());
    };
  }

  private static List<NDArray> tensors(Affine map, NDManager own) {
    int d = map.width();
    NDArray b = own.create(map.b());
    if (map.rank() == 0) {
      return List.of(own.create(new Shape(0)), own.create(new Shape(0)), b);
    }
    return List.of(
        own.create(map.u(), new Shape(d, map.rank())),
        own.create(map.v(), new Shape(map.rank(), d)),
        b);
  }

  private static Part gate(Gate gate, Reading reading, int index, NDManager own) {
    TokenPositions positions =
        switch (reading.state()) {
          case EACH_TOKEN -> null;
          case PROMPT_MEAN -> TokenPositions.prompt();
          case LAST_PROMPT -> TokenPositions.lastPrompt();
        };
    int function =
        switch (gate.function()) {
          case CONSTANT, THRESHOLD -> 0;
          case CLIPPED -> 1;
          case LOGISTIC -> 2;
        };
    int measure =
        switch (reading.measure()) {
          case PROJECTION -> 0;
          case COSINE -> 1;
          case TANH_COSINE -> 2;
        };
    float[] c = reading.direction();
    float[] numbers = {
      (float) gate.slope(), (float) gate.offset(), (float) gate.low(), (float) gate.high()
    };
    return new Part(
        Edit.at(reading.layer()),
        Edit.Kind.GATE,
        positions,
        List.of(own.create(measure == 0 ? c : BatchSteering.unit(c)), own.create(numbers)),
        index,
        3 * measure + function);
  }

  /**
   * The edits of a batch.
   *
   * @param room columns after the batch for tokens still to be generated
   * @param virtual input embeddings before each sequence, not counted in positions
   * @param before number of gates of the view that come before these
   */
  List<Edit> resolve(NDManager scope, Batch batch, int room, int virtual, int before) {
    Map<TokenPositions, NDArray> masks = new HashMap<>();
    List<Edit> edits = new ArrayList<>();
    for (Part p : parts) {
      List<NDArray> tensors = new ArrayList<>();
      for (NDArray t : p.tensors) {
        // A call names its arrays, which threads that share a view must not do to the same object.
        NDArray own = t.reshape(t.getShape());
        own.attach(scope);
        tensors.add(own);
      }
      TokenPositions positions = p.positions;
      tensors.add(
          positions == null
              ? scope.create(new Shape(0))
              : p.kind == Edit.Kind.GATE
                  ? mask(scope, batch, room, virtual, positions, true)
                  : masks.computeIfAbsent(
                      positions, k -> mask(scope, batch, room, virtual, k, false)));
      if (p.kind == Edit.Kind.GATE) {
        tensors.add(scope.zeros(new Shape(batch.size())));
      }
      edits.add(
          new Edit(
              p.place,
              p.kind,
              tensors,
              p.gate == Edit.NO_GATE ? Edit.NO_GATE : before + p.gate,
              p.form));
    }
    return edits;
  }

  /**
   * 1 for the tokens at some positions, else 0, [B, T + room].
   *
   * @param some whether a sequence that has none is marked at its first token
   */
  static NDArray mask(
      NDManager scope, Batch batch, int room, int virtual, TokenPositions positions, boolean some) {
    int columns = batch.length() + room;
    float[] on = new float[batch.size() * columns];
    for (int b = 0; b < batch.size(); b++) {
      BatchSteering.mark(on, columns, batch, b, virtual, positions);
      int n = batch.sequences().get(b).length - virtual;
      if (some && positions.resolve(n, batch.responseStart(b, n)).length == 0) {
        on[b * columns + batch.column(b, virtual)] = 1;
      }
    }
    return scope.create(on, new Shape(batch.size(), columns));
  }
}
