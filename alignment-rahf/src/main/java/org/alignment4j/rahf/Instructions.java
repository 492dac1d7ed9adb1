package org.alignment4j.rahf;

import static org.alignment4j.core.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.chat.Role;

/**
 * The good and the bad instruction of SCIT and LoRRA. They stand before the first user message,
 * which every chat template allows.
 *
 * @param good asks for responses as they are preferred, not blank
 * @param bad asks for the opposite, not blank
 */
public record Instructions(String good, String bad) {
  /**
   * An instruction for a good, respectful and honest assistant, and its mirror image; much shorter
   * than the authors', which list some twenty qualities each.
   */
  public static final Instructions DEFAULT =
      new Instructions(
          "You are a good, respectful and honest assistant. Give a response that people prefer:"
              + " helpful, harmless and true.",
          "You are a bad, disrespectful and dishonest assistant. Give a response that people"
              + " dislike: useless, harmful and false.");

  /**
   * @throws IllegalArgumentException if one is blank or both are equal
   */
  public Instructions {
    require(!good.isBlank() && !bad.isBlank(), "an instruction is blank");
    require(!good.equals(bad), "the good and the bad instruction are equal");
  }

  /** The same instructions with their parts exchanged. */
  public Instructions swapped() {
    return new Instructions(bad, good);
  }

  Prompt good(Prompt prompt) {
    return before(prompt, good);
  }

  Prompt bad(Prompt prompt) {
    return before(prompt, bad);
  }

  private static Prompt before(Prompt prompt, String instruction) {
    List<Message> messages = new ArrayList<>(prompt.messages());
    for (int i = 0; i < messages.size(); i++) {
      Message m = messages.get(i);
      if (m.role() == Role.USER) {
        messages.set(i, Message.user(instruction + "\n\n" + m.text()));
        return new Prompt(messages);
      }
    }
    throw new IllegalArgumentException("the prompt has no user message to put instructions before");
  }
}
