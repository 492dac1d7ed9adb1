package org.alignment4j.examples.cli.overrefusal;

import org.alignment4j.actor.ActorPrompts;
import org.alignment4j.core.ProgressListener;

/**
 * A method against over-refusal, with the settings that the study runs it with. These were chosen
 * on tuning prompts that were held out, and are the same for every model and seed.
 *
 * @param name on the command line and in tables
 * @param description what it does, and its settings
 * @param trained whether it is trained, rather than fitted or asked
 * @param method the method
 */
record StudyMethod(String name, String description, boolean trained, Method method) {
  /** What a method made, and what is worth noting about it. */
  record Made(Subject subject, String notes) {}

  /** Makes a subject from the over-refuser. */
  interface Method {
    Made make(StudyModels models, ActorPrompts prompts, long seed, ProgressListener progress);
  }
}
