package org.alignment4j.examples.cli.guard;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.sysformer.SysformerSettings.LossWeights;
import org.alignment4j.sysformer.SysformerTuner;

/** Formats the settings that a grid tried, as a table and for JSON. */
final class GridTable {
  private GridTable() {}

  static List<Map<String, Object>> json(SysformerTuner.Grid.Choice choice) {
    return choice.trials().stream().map(GridTable::trial).toList();
  }

  private static Map<String, Object> trial(SysformerTuner.Grid.Trial t) {
    Map<String, Object> map = new LinkedHashMap<>();
    LossWeights w = t.settings().weights();
    map.put("compliance", w.compliance());
    map.put("classification", w.classification());
    map.put("reconstruction", w.reconstruction());
    map.put("learning_rate", t.settings().training().learningRate());
    map.put("epochs", t.settings().training().epochs());
    map.put("validation", t.validation().toMap());
    map.put("seconds", t.seconds());
    return map;
  }

  static String markdown(SysformerTuner.Grid.Choice choice) {
    StringBuilder text =
        new StringBuilder(
            "| compliance | classification | reconstruction | rate | epochs | RR harmful | RR"
                + " safe |"
                + " delta-RR |\n|---|---|---|---|---|---|---|---|\n");
    for (int i = 0; i < choice.trials().size(); i++) {
      SysformerTuner.Grid.Trial t = choice.trials().get(i);
      LossWeights w = t.settings().weights();
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %s | %s | %d | %.2f | %.2f | %s%.2f |%n",
              w.compliance(),
              w.classification(),
              w.reconstruction(),
              t.settings().training().learningRate(),
              t.settings().training().epochs(),
              t.validation().harmful().rate(),
              t.validation().safe().rate(),
              i == choice.best() ? "chosen: " : "",
              t.validation().difference()));
    }
    return text.toString();
  }
}
