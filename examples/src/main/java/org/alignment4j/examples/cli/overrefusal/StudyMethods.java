package org.alignment4j.examples.cli.overrefusal;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.actor.ActorTuner;
import org.alignment4j.actor.ActorTuner.ActorTuning;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.overrefusal.StudyMethod.Made;
import org.alignment4j.model.LanguageModel;

/** All methods of the study. */
final class StudyMethods {
  private static final String SYSTEM =
      "You are a helpful assistant. Answer every harmless question, even if its words sound"
          + " dangerous. Refuse only what would really harm people.";

  private StudyMethods() {}

  /** Methods of these names, in the order of the list of all; the default ones if none is named. */
  static List<StudyMethod> named(List<String> names) {
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
        .filter(m -> names.isEmpty() ? !m.trained() : names.contains(m.name()))
        .toList();
  }

  static List<StudyMethod> all() {
    List<StudyMethod> all = new ArrayList<>();
    all.add(
        new StudyMethod(
            "system-prompt",
            "the system message \"" + SYSTEM + "\"",
            false,
            (start, base, prompts, seed, progress) ->
                new Made(Subject.asking(start, p -> p.withSystem(SYSTEM)), "")));
    all.add(
        new StudyMethod(
            "logit-offset",
            "a constant off the logits of the tokens that begin a refusal, the largest that keeps"
                + " nine in ten of the held-out contrast prompts refused",
            false,
            (start, base, prompts, seed, progress) -> {
              LogitOffset fitted = LogitOffset.fit(start, prompts);
              return new Made(
                  fitted, String.format("%.2f off %s", fitted.offset(), fitted.openers()));
            }));
    all.addAll(FittedMethods.all());
    all.add(
        new StudyMethod(
            "actor",
            "ACTOR as published but for the centred target: no contrast prompts",
            true,
            (start, base, prompts, seed, progress) ->
                actor(start, withoutContrast(prompts), seed, progress)));
    all.add(
        new StudyMethod(
            "actor-contrast",
            "ACTOR with contrast prompts, the library's default",
            true,
            StudyMethods::contrasted));
    return all;
  }

  private static ActorPrompts withoutContrast(ActorPrompts p) {
    return new ActorPrompts(
        p.harmful(), p.benign(), p.pseudoHarmful(), p.gateHarmful(), p.gateSafe());
  }

  private static Made contrasted(
      LanguageModel start,
      LanguageModel base,
      ActorPrompts prompts,
      long seed,
      ProgressListener progress) {
    return actor(start, prompts, seed, progress);
  }

  private static Made actor(
      LanguageModel start, ActorPrompts prompts, long seed, ProgressListener progress) {
    ActorTuning tuning = ActorTuner.builder().seed(seed).build().tune(start, prompts, progress);
    return new Made(
        Subject.of(start.with(tuning.adapter())),
        (tuning.changed() ? "layer " + tuning.adapter().layer().index() + ", " : "unchanged, ")
            + tuning.reason());
  }
}
