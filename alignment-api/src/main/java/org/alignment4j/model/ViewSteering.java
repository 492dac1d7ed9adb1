package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The steering of a view.
 *
 * @param all changes that apply to every sequence
 * @param each further changes for the i-th sequence of a call, or null
 */
record ViewSteering(List<Steering> all, @Nullable List<List<Steering>> each) {
  static final ViewSteering NONE = new ViewSteering(List.of(), null);

  boolean any() {
    return !all.isEmpty() || each != null;
  }

  ViewSteering with(List<Steering> changes) {
    List<Steering> more = new ArrayList<>(all);
    more.addAll(changes);
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
    if (each == null) {
      return BatchSteering.resolve(scope, batch, room, virtual, b -> all);
    }
    List<List<Steering>> ofEach = each;
    return BatchSteering.resolve(
        scope,
        batch,
        room,
        virtual,
        b -> {
          List<Steering> own = new ArrayList<>(all);
          own.addAll(ofEach.get(batch.index()[b]));
          return own;
        });
  }
}
