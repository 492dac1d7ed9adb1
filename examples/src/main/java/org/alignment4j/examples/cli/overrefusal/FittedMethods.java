package org.alignment4j.examples.cli.overrefusal;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.adapter.Gate.Reading;
import org.alignment4j.adapter.GatedEdit;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.examples.cli.overrefusal.StudyMethod.Made;
import org.alignment4j.examples.cli.overrefusal.StudyStates.Kind;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.steering.AdaSteer;
import org.alignment4j.steering.AlphaSteer;
import org.alignment4j.steering.ConditionalSteering;
import org.alignment4j.steering.ConditionalSteering.Condition;
import org.alignment4j.steering.DirectionalAblation;
import org.jspecify.annotations.Nullable;

/**
 * Methods that fit an edit of the residual stream to hidden states of the tuning prompts. One pass
 * over the prompts serves all of them. Layers are shares of the model's depth. Not thread-safe.
 */
final class FittedMethods {
  /** Where directions and conditions are read. */
  private static final double READ = 0.53;

  /** Where refusing is changed: above it, up to the last but one. */
  private static final double CHANGED = 0.9;

  private @Nullable LanguageModel model;
  private @Nullable ActorPrompts prompts;
  private @Nullable StudyStates states;

  private FittedMethods() {}

  /** Fits an edit of a model with that many blocks. */
  private interface Fit {
    GatedEdit of(StudyStates states, int blocks);
  }

  static List<StudyMethod> all() {
    FittedMethods fitted = new FittedMethods();
    String changed = "the layers from " + CHANGED + " of the depth to the last but one";
    return List.of(
        fitted.method(
            "ablation",
            "directional ablation of AdvBench minus everyday prompts at " + READ + " of the depth",
            FittedMethods::ablation),
        fitted.method(
            "false-refusal",
            "false-refusal vector: ablation of refused safe minus everyday prompts, orthogonal to"
                + " the direction of ablation, at "
                + READ
                + " of the depth",
            FittedMethods::falseRefusal),
        fitted.method(
            "cast",
            "conditional steering: refused minus answered is subtracted at "
                + changed
                + " where the condition vector of the library's pairs, its threshold fitted to all safe"
                + " and contrast prompts, says safe",
            FittedMethods::conditional),
        fitted.method(
            "alphasteer",
            "AlphaSteer turned round: refused minus answered is subtracted for safe prompts, in the"
                + " null space of harmful and contrast prompts, at "
                + changed,
            FittedMethods::alphaSteer),
        fitted.method(
            "adasteer",
            "AdaSteer: refused minus answered at "
                + changed
                + ", subtracted and added with coefficients from the projection on contrast minus"
                + " safe prompts at "
                + READ
                + " of the depth",
            FittedMethods::adaSteer));
  }

  private static Layer layer(double share, int blocks) {
    return new Layer(Math.max(1, (int) Math.round(share * blocks)));
  }

  private static List<Layer> changed(int blocks) {
    int first = Math.min(layer(CHANGED, blocks).index(), Math.max(1, blocks - 1));
    return IntStream.rangeClosed(first, Math.max(1, blocks - 1)).mapToObj(Layer::new).toList();
  }

  private static GatedEdit ablation(StudyStates s, int blocks) {
    return DirectionalAblation.of(harm(s, layer(READ, blocks)), blocks, Map.of());
  }

  private static float[] harm(StudyStates s, Layer at) {
    return DirectionalAblation.difference(s.at(at, Kind.HARMFUL), s.at(at, Kind.BENIGN));
  }

  private static GatedEdit falseRefusal(StudyStates s, int blocks) {
    Layer at = layer(READ, blocks);
    float[] wrong =
        DirectionalAblation.difference(s.at(at, true, Kind.SAFE), s.at(at, Kind.BENIGN));
    return DirectionalAblation.of(
        DirectionalAblation.orthogonalised(wrong, harm(s, at), 1), blocks, Map.of());
  }

  /** Refused minus answered prompts, at the layers that are changed. */
  private static ControlVector refusal(StudyStates s, int blocks) {
    SortedMap<Layer, float[]> directions = new TreeMap<>();
    for (Layer l : changed(blocks)) {
      directions.put(
          l,
          DirectionalAblation.difference(
              s.at(l, true, Kind.SAFE, Kind.CONTRAST), s.at(l, false, Kind.SAFE, Kind.CONTRAST)));
    }
    return new ControlVector(
        directions, new Provenance("refused minus answered", Map.of(), 0, Map.of(), Map.of()));
  }

  private static GatedEdit conditional(StudyStates s, int blocks) {
    List<Layer> layers =
        IntStream.rangeClosed(layer(READ, blocks).index(), layer(CHANGED, blocks).index())
            .mapToObj(Layer::new)
            .toList();
    Condition condition =
        ConditionalSteering.fit(
            s.pairs(layers, Kind.SAFE),
            s.pairs(layers, Kind.CONTRAST),
            s.at(layers, Kind.SAFE),
            s.at(layers, Kind.CONTRAST),
            Reading.State.LAST_PROMPT);
    int read = java.util.Objects.requireNonNull(condition.gate().reading()).layer().index();
    ControlVector behaviour =
        refusal(s, blocks)
            .restrictedTo(changed(blocks).stream().filter(l -> l.index() >= read).toList());
    return ConditionalSteering.edit(condition, behaviour, -1, Map.of());
  }

  private static GatedEdit alphaSteer(StudyStates s, int blocks) {
    List<Layer> layers = changed(blocks);
    return AlphaSteer.fit(
        s.at(layers, Kind.HARMFUL, Kind.CONTRAST),
        s.at(layers, Kind.SAFE),
        refusal(s, blocks).negate().directions(),
        AlphaSteer.Settings.DEFAULT,
        Map.of());
  }

  private static GatedEdit adaSteer(StudyStates s, int blocks) {
    Layer at = layer(READ, blocks);
    float[][] safe = s.at(at, Kind.SAFE);
    float[][] contrast = s.at(at, Kind.CONTRAST);
    float[] direction = DirectionalAblation.difference(contrast, safe);
    ControlVector refusal = refusal(s, blocks);
    return AdaSteer.edit(
        List.of(
            AdaSteer.fit(at, safe, contrast, direction, -1, refusal),
            AdaSteer.fit(at, contrast, safe, direction, 1, refusal)),
        Map.of());
  }

  private StudyMethod method(String name, String description, Fit fit) {
    return new StudyMethod(
        name,
        description,
        false,
        (models, own, seed, progress) -> {
          StudyStates read = states(models.start(), own);
          if (!read.tellsRefusals()) {
            return new Made(
                Subject.asking(models.start(), p -> p),
                "not applied: the tuning prompts are all refused or all answered");
          }
          GatedEdit edit = fit.of(read, models.start().config().blocks());
          return new Made(
              Subject.of(models.start().with(edit)),
              String.format(
                  "with %.0f s for states that all fitted methods share", read.seconds()));
        });
  }

  private StudyStates states(LanguageModel start, ActorPrompts own) {
    StudyStates read = states;
    if (read == null || model != start || !own.equals(prompts)) {
      read = StudyStates.of(start, own);
      model = start;
      prompts = own;
      states = read;
    }
    return read;
  }
}
