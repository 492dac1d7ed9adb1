package org.alignment4j.examples.cli.overrefusal;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.examples.cli.overrefusal.StudyMethod.Made;
import org.alignment4j.model.TrainableLora;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.rahf.PreferenceTuner;
import org.alignment4j.rahf.PreferenceTuner.Loreft;
import org.alignment4j.rahf.PreferenceTuner.PreferenceTuning;
import org.alignment4j.train.TrainingResult;
import org.alignment4j.tune.PreferencePair;

/** Methods that are trained on {@link StudyAnswers}, in as few steps as suffice. */
final class TrainedMethods {
  private static final TrainableLora.Shape LORA =
      new TrainableLora.Shape(
          16, 32, 0.05, List.of("q_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"));
  private static final int BATCH = 8;
  private static final double SFT_RATE = 1e-3;
  private static final double DPO_RATE = 2e-4;
  private static final int BREAKER_STEPS = 60;
  private static final int LOREFT_EPOCHS = 3;

  private TrainedMethods() {}

  static List<StudyMethod> all() {
    String answers =
        " the model's own answers to safe prompts, refusals of harmful and contrast prompts, the"
            + " over-refuser's answers to everyday ones; one pass, batches of "
            + BATCH;
    return List.of(
        new StudyMethod(
            "sft",
            "a LoRA of rank 16 learns" + answers + ", learning rate " + SFT_RATE,
            true,
            (models, prompts, seed, progress) ->
                lora(PreferenceMethod.SFT, SFT_RATE, models, prompts, seed, progress)),
        new StudyMethod(
            "dpo",
            "a LoRA of rank 16 learns by DPO, beta 0.1, to prefer, to refusals and to answers,"
                + answers
                + ", learning rate "
                + DPO_RATE,
            true,
            (models, prompts, seed, progress) ->
                lora(PreferenceMethod.DPO, DPO_RATE, models, prompts, seed, progress)),
        new StudyMethod(
            "circuit-breakers",
            "circuit breakers: hidden states of the model's own answers to harmful and contrast"
                + " prompts lose their direction, those of what sft learns stay; "
                + BREAKER_STEPS
                + " steps of 16",
            true,
            TrainedMethods::circuitBreakers),
        new StudyMethod(
            "loreft",
            "LoReFT, rank 4 at four layers, first and last five tokens of the prompt, learns what"
                + " sft learns in "
                + LOREFT_EPOCHS
                + " passes",
            true,
            TrainedMethods::loreft));
  }

  private static Made lora(
      PreferenceMethod method,
      double rate,
      StudyModels models,
      ActorPrompts prompts,
      long seed,
      ProgressListener progress) {
    StudyAnswers answers = StudyAnswers.of(models.start(), models.base(), prompts);
    if (answers.rows().isEmpty()) {
      return new Made(Subject.asking(models.start(), p -> p), "not applied: nothing is refused");
    }
    PreferenceTuning tuning =
        PreferenceTuner.builder(method)
            .lora(LORA)
            .training(t -> t.epochs(1).batchSize(BATCH).learningRate(rate))
            .seed(seed)
            .build()
            .tune(models.trainee(), answers.pairs(), progress);
    return new Made(
        Subject.of(models.start().with(tuning.adapter())), notes(answers, tuning.training()));
  }

  private static Made circuitBreakers(
      StudyModels models, ActorPrompts prompts, long seed, ProgressListener progress) {
    StudyAnswers answers = StudyAnswers.of(models.start(), models.base(), prompts);
    if (answers.rows().isEmpty()) {
      return new Made(Subject.asking(models.start(), p -> p), "not applied: nothing is refused");
    }
    List<PreferencePair> pairs = new ArrayList<>();
    for (StudyAnswers.Row row : answers.rows()) {
      // An empty response is none: an everyday or safe prompt has nothing to be lost.
      String lost = row.harmful() ? row.rejected() : "";
      pairs.add(pair(pairs.size(), row.prompt(), row.chosen(), lost));
    }
    PreferenceTuning tuning =
        PreferenceTuner.builder(PreferenceMethod.CIRCUIT_BREAKERS)
            .training(t -> t.steps(BREAKER_STEPS))
            .responseTokens(StudyAnswers.TOKENS)
            .seed(seed)
            .build()
            .tune(models.trainee(), pairs, progress);
    return new Made(
        Subject.of(models.start().with(tuning.adapter())), notes(answers, tuning.training()));
  }

  private static Made loreft(
      StudyModels models, ActorPrompts prompts, long seed, ProgressListener progress) {
    StudyAnswers answers = StudyAnswers.of(models.start(), models.base(), prompts);
    if (answers.rows().isEmpty()) {
      return new Made(Subject.asking(models.start(), p -> p), "not applied: nothing is refused");
    }
    var tuning =
        Loreft.builder()
            .training(t -> t.epochs(LOREFT_EPOCHS))
            .seed(seed)
            .build()
            .tune(models.trainee(), answers.pairs(), progress);
    return new Made(
        Subject.of(models.start().with(tuning.adapter())), notes(answers, tuning.training()));
  }

  private static PreferencePair pair(int number, Prompt prompt, String chosen, String rejected) {
    return new PreferencePair(Integer.toString(number), prompt, chosen, rejected);
  }

  private static String notes(StudyAnswers answers, TrainingResult training) {
    return String.format(
        Locale.ROOT,
        "%d answers, %d steps, last loss %.3f",
        answers.rows().size(),
        training.steps(),
        training.finalLoss());
  }
}
