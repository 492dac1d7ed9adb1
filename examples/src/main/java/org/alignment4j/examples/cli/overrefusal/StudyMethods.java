package org.alignment4j.examples.cli.overrefusal;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.actor.ActorSettings;
import org.alignment4j.actor.ActorTuner;
import org.alignment4j.actor.ActorTuner.AblationSearch;
import org.alignment4j.actor.ActorTuner.ActorTuning;
import org.alignment4j.actor.ActorTuner.ProbeSteering;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.overrefusal.StudyMethod.Made;

/** All methods of the study. */
final class StudyMethods {
  /** ACTOR with the library's defaults. */
  private static final String ACTOR = "actor-contrast";

  private static final String SYSTEM =
      "You are a helpful assistant. Answer every harmless question, even if its words sound"
          + " dangerous. Refuse only what would really harm people.";

  private StudyMethods() {}

  /**
   * Methods of these names, in the order of the list of all.
   *
   * @param names empty for those that are not trained
   * @param tuned whether ACTOR, as the library has it by default, is among these
   */
  static List<StudyMethod> named(List<String> names, boolean tuned) {
    List<StudyMethod> all = all();
    List<String> known = all.stream().map(StudyMethod::name).toList();
    names.forEach(
        n ->
            require(
                known.contains(n),
                "--methods: there is no method '%s'; there are %s",
                n,
                String.join(", ", known)));
    return all.stream()
        .filter(
            m ->
                names.isEmpty()
                    ? !m.trained() || (tuned && m.name().equals(ACTOR))
                    : names.contains(m.name()))
        .toList();
  }

  static List<StudyMethod> all() {
    List<StudyMethod> all = new ArrayList<>();
    all.add(
        new StudyMethod(
            "system-prompt",
            "the system message \"" + SYSTEM + "\"",
            false,
            (models, prompts, seed, progress) ->
                new Made(Subject.asking(models.start(), p -> p.withSystem(SYSTEM)), "")));
    all.add(
        new StudyMethod(
            "logit-offset",
            "a constant off the logits of the tokens that begin a refusal, the largest that keeps"
                + " nine in ten of the held-out contrast prompts refused",
            false,
            (models, prompts, seed, progress) -> {
              LogitOffset fitted = LogitOffset.fit(models.start(), prompts);
              return new Made(
                  fitted, String.format("%.2f off %s", fitted.offset(), fitted.openers()));
            }));
    all.addAll(FittedMethods.all());
    ProbeSteering.Settings probes = ProbeSteering.Settings.DEFAULT;
    all.add(
        new StudyMethod(
            "probe-steer",
            "probed steering: refused minus answered, times "
                + probes.alpha()
                + ", at the layers from "
                + probes.changed()
                + " of the depth to the last but one, added or subtracted as logistic probes (L2 "
                + probes.l2()
                + ") of XSTest's contrast against its safe prompts at "
                + probes.probed()
                + " of the depth say",
            false,
            (models, prompts, seed, progress) ->
                steered(probes.withAttacks(List.of()), models, prompts, progress)));
    all.add(
        new StudyMethod(
            "probe-steer-attacked",
            "the same, but subtracted as probes say that have AdvBench under attacks beside the"
                + " contrast prompts, their log-odds lowered by "
                + probes.sooner().get(0)
                + ", and added as the former say",
            false,
            (models, prompts, seed, progress) -> steered(probes, models, prompts, progress)));
    all.add(
        new StudyMethod(
            "actor",
            "ACTOR as published but for the centred target: no contrast prompts",
            true,
            (models, prompts, seed, progress) ->
                actor(ActorTuner.builder(), models, withoutContrast(prompts), seed, progress)));
    all.add(
        new StudyMethod(
            "actor-published",
            "ACTOR in the paper's form and with its settings: no contrast prompts",
            true,
            (models, prompts, seed, progress) ->
                actor(
                    ActorTuner.builder().published(),
                    models,
                    withoutContrast(prompts),
                    seed,
                    progress)));
    all.add(
        new StudyMethod(
            ACTOR,
            "ACTOR with contrast prompts, the library's default",
            true,
            (models, prompts, seed, progress) ->
                actor(ActorTuner.builder(), models, prompts, seed, progress)));
    all.addAll(TrainedMethods.all());
    all.add(
        new StudyMethod(
            "search",
            "a search over ablations of the false refusals' direction in the weights, on the"
                + " held-out prompts: "
                + AblationSearch.Settings.DEFAULT.candidates()
                + " candidates",
            true,
            StudyMethods::search));
    return all;
  }

  private static ActorPrompts withoutContrast(ActorPrompts p) {
    return new ActorPrompts(
        p.harmful(), p.benign(), p.pseudoHarmful(), p.gateHarmful(), p.gateSafe());
  }

  /** Without a release gate: that is the study's measurement. */
  private static Made steered(
      ProbeSteering.Settings settings,
      StudyModels models,
      ActorPrompts prompts,
      ProgressListener progress) {
    var tuning = new ProbeSteering(settings.ungated()).tune(models.start(), prompts, progress);
    return tuning.changed()
        ? new Made(Subject.of(models.start().with(tuning.adapter())), tuning.reason())
        : new Made(Subject.asking(models.start(), p -> p), "not applied: " + tuning.reason());
  }

  private static Made search(
      StudyModels models, ActorPrompts prompts, long seed, ProgressListener progress) {
    AblationSearch.Settings defaults = AblationSearch.Settings.DEFAULT;
    List<Prompt> harmful = new ArrayList<>(prompts.gateContrast());
    harmful.addAll(prompts.gateHarmful());
    Collections.shuffle(harmful, new Random(seed));
    int half = prompts.benign().size() / 2;
    AblationSearch.Result found =
        new AblationSearch(
                new AblationSearch.Settings(
                    defaults.candidates(), defaults.firstPrompts(), defaults.limits(), seed))
            .run(
                models.start(),
                new AblationSearch.Prompts(
                    prompts.pseudoHarmful(),
                    prompts.harmful(),
                    prompts.benign().subList(0, half),
                    prompts.gateSafe(),
                    harmful,
                    prompts.benign().subList(half, 2 * half)),
                List.of(),
                trial -> {},
                progress);
    LoraAdapter lora = found.adapter();
    return lora == null
        ? new Made(Subject.asking(models.start(), p -> p), "unchanged: " + found.reason())
        : new Made(Subject.of(models.start().with(lora)), found.reason());
  }

  private static Made actor(
      ActorSettings.Builder<ActorTuner> settings,
      StudyModels models,
      ActorPrompts prompts,
      long seed,
      ProgressListener progress) {
    ActorTuning tuning = settings.seed(seed).build().tune(models.trainee(), prompts, progress);
    return new Made(
        Subject.of(models.start().with(tuning.adapter())),
        (tuning.changed() ? "layer " + tuning.adapter().layer().index() + ", " : "unchanged, ")
            + tuning.reason());
  }
}
