package org.alignment4j.sysformer;

import java.util.List;
import org.alignment4j.chat.Encoded;
import org.alignment4j.core.Layer;
import org.alignment4j.model.Capture;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;

/** Features of prompts: hidden states of the last token at the top layer. */
final class Features {
  private Features() {}

  /** Returns the features, scaled to unit root mean square [B, D]. */
  static float[][] of(LanguageModel model, List<int[]> prompts) {
    Layer top = model.topLayer();
    List<Encoded> sequences = prompts.stream().map(i -> new Encoded(i, i.length)).toList();
    Capture last = new Capture(List.of(top), TokenPositions.lastPrompt());
    float[][] states = model.captureIds(sequences, last).at(top);
    float[][] unit = new float[states.length][];
    for (int i = 0; i < unit.length; i++) {
      double square = 0;
      for (float v : states[i]) {
        square += (double) v * v;
      }
      double size = Math.sqrt(square / states[i].length);
      unit[i] = new float[states[i].length];
      for (int d = 0; d < unit[i].length; d++) {
        unit[i][d] = (float) (states[i][d] / size);
      }
    }
    return unit;
  }
}
