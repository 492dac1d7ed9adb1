package org.alignment4j.sysformer;

import static org.alignment4j.core.Arguments.require;

import java.util.List;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.chat.Role;

/**
 * A request to learn from.
 *
 * @param prompt what the user says, ending with a user message and without a system message
 * @param harmful whether it is to be refused
 */
public record GuardPrompt(Prompt prompt, boolean harmful) {
  /**
   * @throws IllegalArgumentException if the prompt ends otherwise or has a system message
   */
  public GuardPrompt {
    require(!prompt.endsWithResponse(), "the prompt must end with a user message");
    for (Message m : prompt.messages()) {
      require(m.role() != Role.SYSTEM, "the system message is the guard's to give");
    }
  }

  /** One message to refuse. */
  public static GuardPrompt harmful(String text) {
    return new GuardPrompt(Prompt.user(text), true);
  }

  /** One message to answer. */
  public static GuardPrompt harmless(String text) {
    return new GuardPrompt(Prompt.user(text), false);
  }

  static void requireBothKinds(List<GuardPrompt> prompts) {
    require(prompts != null, "no prompts to learn from");
    require(prompts.stream().anyMatch(GuardPrompt::harmful), "no harmful prompt to refuse");
    require(!prompts.stream().allMatch(GuardPrompt::harmful), "no harmless prompt to answer");
  }
}
