package org.alignment4j.model;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.alignment4j.core.Layer;

/**
 * One edit of the residual stream, or the reading of a gate, resolved for a batch; see
 * edits.torchscript.
 *
 * @param place twice the layer, less 1 between attention and MLP of the block that writes it
 * @param tensors as the kernel expects them for the kind
 * @param gate identifies a gate among those of a view: the edit's factor, or itself; -1 for none
 * @param form of a gate: 3 x its measure + its function
 */
record Edit(int place, Kind kind, List<NDArray> tensors, int gate, int form) {
  static final int NO_GATE = -1;

  /** Index of a gate's mask among its tensors, [0] if it reads each token. */
  private static final int GATE_MASK = 2;

  /** Index of a gate's value among its tensors. */
  private static final int VALUE = 3;

  private static final int AFFINE_MASK = 3;
  private static final int STEERING_MASK = 1;

  /** What the kernel does, by its number. */
  enum Kind {
    ADD(0),
    PROJECT_OUT(1),
    AFFINE(2),
    GATE(3);

    private final int code;

    Kind(int code) {
      this.code = code;
    }
  }

  /** The place of a layer. */
  static int at(Layer layer) {
    return 2 * layer.index();
  }

  /** In the order of their places; those of one place keep theirs. */
  static List<Edit> ordered(List<Edit> edits) {
    return edits.stream().sorted(Comparator.comparingInt(Edit::place)).toList();
  }

  /**
   * The edits of continuations of a prompt.
   *
   * @param edits of the continuations
   * @param prompt those with which the prompt ran, whose gates' values are taken over
   */
  static List<Edit> continuing(List<Edit> edits, List<Edit> prompt) {
    List<Edit> continued = new ArrayList<>();
    for (int i = 0; i < edits.size(); i++) {
      Edit e = edits.get(i);
      List<NDArray> tensors = new ArrayList<>(e.tensors);
      if (e.kind == Kind.GATE) {
        tensors.set(VALUE, prompt.get(i).tensors.get(VALUE));
      }
      continued.add(new Edit(e.place, e.kind, tensors, e.gate, e.form));
    }
    return continued;
  }

  /**
   * The edit of some of a batch's sequences.
   *
   * @param rows takes their rows from an array that has one row per sequence
   */
  Edit only(UnaryOperator<NDArray> rows) {
    List<NDArray> some = new ArrayList<>(tensors);
    for (int i : ofEachSequence()) {
      some.set(i, rows.apply(tensors.get(i)));
    }
    return new Edit(place, kind, some, gate, form);
  }

  /** Which tensors have a row for each sequence. */
  private List<Integer> ofEachSequence() {
    return switch (kind) {
      // Vectors that are the same for all sequences are one row.
      case ADD, PROJECT_OUT ->
          tensors.get(0).getShape().get(0) == 1
              ? List.of(STEERING_MASK)
              : List.of(0, STEERING_MASK);
      case AFFINE -> List.of(AFFINE_MASK);
      case GATE -> tensors.get(GATE_MASK).size() == 0 ? List.of(VALUE) : List.of(GATE_MASK, VALUE);
    };
  }

  /** The kernel's plan: the number of edits, then five numbers for each. */
  static long[] plan(List<Edit> edits) {
    Map<Integer, Integer> gates = new HashMap<>();
    for (Edit e : edits) {
      if (e.kind == Kind.GATE) {
        gates.put(e.gate, gates.size());
      }
    }
    long[] plan = new long[1 + 5 * edits.size()];
    plan[0] = edits.size();
    int at = 1;
    int tensors = 0;
    for (Edit e : edits) {
      plan[at++] = e.place;
      plan[at++] = e.kind.code;
      plan[at++] = tensors;
      plan[at++] = gates.getOrDefault(e.gate, NO_GATE);
      plan[at++] = e.form;
      tensors += e.tensors.size();
    }
    return plan;
  }

  /** The tensors of all edits, in their order. */
  static List<NDArray> tensors(List<Edit> edits) {
    return edits.stream().flatMap(e -> e.tensors.stream()).toList();
  }
}
