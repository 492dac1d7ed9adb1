package org.alignment4j.adapter;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.alignment4j.adapter.Gate.Reading;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;

/** Random gated edits for tests. */
final class GatedEdits {
  private GatedEdits() {}

  static GatedEdit random(Random random, Provenance provenance) {
    int d = 1 + random.nextInt(6);
    List<Affine> maps = new ArrayList<>();
    List<Gate> gates = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      int rank = random.nextInt(4);
      maps.add(
          new Affine(
              rank,
              Loras.normal(random, d * rank, 1),
              Loras.normal(random, rank * d, 1),
              Loras.normal(random, d, 1)));
      gates.add(gate(random, d));
    }
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i <= random.nextInt(6); i++) {
      changes.add(
          new Change(
              new Layer(4 + random.nextInt(9)),
              any(random, GatedEdit.Site.values()),
              positions(random),
              maps.get(random.nextInt(3)),
              gates.get(random.nextInt(3))));
    }
    return new GatedEdit(changes, provenance);
  }

  private static Positions positions(Random random) {
    Positions.Kind kind = any(random, Positions.Kind.values());
    return kind == Positions.Kind.PROMPT_ENDS
        ? Positions.promptEnds(1 + random.nextInt(3), random.nextInt(3))
        : new Positions(kind, 0, 0);
  }

  static Gate gate(Random random, int d) {
    Gate.Function function = any(random, Gate.Function.values());
    double low = random.nextGaussian();
    return new Gate(
        function,
        random.nextGaussian(),
        random.nextGaussian(),
        low,
        random.nextBoolean() ? Float.MAX_VALUE : low + random.nextDouble(),
        function == Gate.Function.CONSTANT
            ? null
            : new Reading(
                new Layer(random.nextInt(4)),
                any(random, Reading.State.values()),
                any(random, Reading.Measure.values()),
                Loras.normal(random, d, 1)));
  }

  private static <T> T any(Random random, T[] values) {
    return values[random.nextInt(values.length)];
  }
}
