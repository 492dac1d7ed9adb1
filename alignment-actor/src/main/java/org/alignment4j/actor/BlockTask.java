package org.alignment4j.actor;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.alignment4j.actor.ActorPrompts.PromptClass;
import org.alignment4j.actor.ProbeReport.LayerScore;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.host.Hashes;

/**
 * Data to tune a block on, and the results of the steps before.
 *
 * @param layer the layer that the tuned block writes
 * @param ids of the prompts
 * @param classes class of each prompt
 * @param axis the axis along which activations are moved
 * @param prompts hashes of the prompts by name; empty if there are only ids
 * @param gate decides which state is kept; empty to keep the last
 * @param layerScores the probe's layer scores
 * @param probe evidence of how well the axis works; empty if it was given
 */
record BlockTask(
    Layer layer,
    List<int[]> ids,
    List<PromptClass> classes,
    RefusalAxis axis,
    Map<String, String> prompts,
    Optional<SafetyGate.Start> gate,
    List<LayerScore> layerScores,
    Optional<ProbeReport> probe) {
  /** A task of token sequences and a given axis. */
  static BlockTask of(Layer layer, List<int[]> ids, List<PromptClass> classes, RefusalAxis axis) {
    return new BlockTask(
        layer, ids, classes, axis, Map.of(), Optional.empty(), List.of(), Optional.empty());
  }

  boolean has(PromptClass promptClass) {
    return classes.contains(promptClass);
  }

  /** SHA-256 hashes of the model and of all data by name. */
  Map<String, String> hashes(String model) {
    Map<String, String> hashes = new LinkedHashMap<>();
    hashes.put("model", model);
    hashes.putAll(prompts);
    hashes.put("sequences", Hashes.sha256(ids.stream().map(Arrays::toString).toList()));
    hashes.put("classes", Hashes.sha256(List.of(classes.toString())));
    hashes.put(
        "direction",
        Hashes.sha256(
            List.of(Arrays.toString(axis.direction()), Arrays.toString(axis.benignMean()))));
    return hashes;
  }
}
