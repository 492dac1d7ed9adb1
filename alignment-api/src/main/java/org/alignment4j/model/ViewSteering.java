package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The steering and the gated edits of a view.
 *
 * @param all what applies to every sequence, in the order in which it was added
 * @param each further steering of the i-th sequence of a call, or null; comes last
 */
record ViewSteering(List<Part> all, @Nullable List<List<Steering>> each) {
  static final ViewSteering NONE = new ViewSteering(List.of(), null);

  /** Steering, or a gated edit. */
  sealed interface Part {
    record Steered(List<Steering> changes) implements Part {}

    record Gated(GatedEdits edits) implements Part {}
  }

  boolean any() {
    return !all.isEmpty() || each != null;
  }

  ViewSteering with(List<Steering> changes) {
    return changes.isEmpty() ? this : with(new Part.Steered(List.copyOf(changes)));
  }

  ViewSteering with(GatedEdits edits) {
    return with(new Part.Gated(edits));
  }

  private ViewSteering with(Part part) {
    List<Part> more = new ArrayList<>(all);
    more.add(part);
    return new ViewSteering(List.copyOf(more), each);
  }

  ViewSteering withEach(List<List<Steering>> changes) {
    require(each == null, "this view already has per-sequence steering");
    return new ViewSteering(all, changes.stream().map(List::copyOf).toList());
  }

  /**
   * @throws IllegalArgumentException if the view has per-sequence steering for another number of
   *     sequences
   */
  void requireFor(int sequences) {
    require(
        each == null || each.size() == sequences,
        "%s sequences, but this view is made for %s",
        sequences,
        each == null ? 0 : each.size());
  }

  /**
   * The edits of a batch.
   *
   * @param room columns after the batch for tokens still to be generated
   * @param virtual input embeddings before each sequence, not counted in positions
   */
  List<Edit> edits(NDManager scope, Batch batch, int room, int virtual) {
    List<Edit> edits = new ArrayList<>();
    int gates = 0;
    for (Part part : all) {
      if (part instanceof Part.Gated gated) {
        edits.addAll(gated.edits.resolve(scope, batch, room, virtual, gates));
        gates += gated.edits.gates();
      } else if (part instanceof Part.Steered steered) {
        edits.addAll(BatchSteering.resolve(scope, batch, room, virtual, b -> steered.changes));
      }
    }
    List<List<Steering>> ofEach = each;
    if (ofEach != null) {
      edits.addAll(
          BatchSteering.resolve(scope, batch, room, virtual, b -> ofEach.get(batch.index()[b])));
    }
    return Edit.ordered(edits);
  }
}
