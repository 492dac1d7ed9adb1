package org.alignment4j.examples.cli.input;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.Layer;
import org.alignment4j.model.Capture.Activations;

/**
 * The rows captured of one sequence.
 *
 * @param positions token index of each row [N]
 * @param values per layer the rows [N][D]
 */
public record CapturedRows(List<Integer> positions, Map<Layer, List<float[]>> values) {
  /** Splits the activations of {@code sequences} sequences by sequence. */
  static List<CapturedRows> of(Activations activations, int sequences) {
    List<CapturedRows> all = new ArrayList<>();
    for (int i = 0; i < sequences; i++) {
      CapturedRows rows = new CapturedRows(new ArrayList<>(), new LinkedHashMap<>());
      activations.layers().stream()
          .sorted()
          .forEach(layer -> rows.values.put(layer, new ArrayList<>()));
      all.add(rows);
    }
    for (int row = 0; row < activations.labels().size(); row++) {
      Activations.Label label = activations.labels().get(row);
      CapturedRows own = all.get(label.sequence());
      own.positions.add(label.position());
      for (Map.Entry<Layer, List<float[]>> entry : own.values.entrySet()) {
        entry.getValue().add(activations.at(entry.getKey())[row]);
      }
    }
    return all;
  }
}
