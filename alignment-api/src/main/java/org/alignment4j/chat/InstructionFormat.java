package org.alignment4j.chat;

import static org.alignment4j.core.Arguments.require;

import java.util.List;

/**
 * Formats in which user text stands between {@code [INST]} and {@code [/INST]} and answers follow
 * bare: Llama 2 and Mistral.
 *
 * @param name the family's name
 * @param start text before the conversation
 * @param open text before a user message
 * @param close text after a user message
 * @param answerOpen text before an assistant message
 * @param answerClose text after an assistant message
 * @param trimUser whether a user message, system text included, loses the white space around it
 * @param trimAnswer whether an assistant message does
 * @param system where the system text goes
 * @param eos the end-of-sequence token's text, which ends a turn
 */
record InstructionFormat(
    String name,
    String start,
    String open,
    String close,
    String answerOpen,
    String answerClose,
    boolean trimUser,
    boolean trimAnswer,
    SystemPlace system,
    String eos)
    implements ChatFormat {

  /** Where the system text goes. */
  enum SystemPlace {
    /** Nowhere: the template refuses it. */
    REFUSED,
    /** Before the first user text, between {@code <<SYS>>} tags. */
    TAGGED_IN_FIRST,
    /** Before the first user text and an empty line. */
    IN_FIRST,
    /** Before the user text that ends the conversation; dropped when an assistant's ends it. */
    IN_LAST
  }

  @Override
  public String endOfTurn() {
    return eos;
  }

  @Override
  public List<String> markers() {
    return system == SystemPlace.TAGGED_IN_FIRST
        ? List.of("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>")
        : List.of("[INST]", "[/INST]");
  }

  @Override
  public Script write(List<Message> messages, boolean generationPrompt) {
    boolean hasSystem = messages.get(0).role() == Role.SYSTEM;
    require(
        !hasSystem || system != SystemPlace.REFUSED,
        "the chat template of %s has no system messages; put the instructions into the first user"
            + " message",
        name);
    Roles.requireAlternating(messages, name);
    int first = hasSystem ? 1 : 0;
    int last = messages.size() - 1;
    int carrier = !hasSystem ? -1 : system == SystemPlace.IN_LAST ? last : first;
    Script script = new Script().template(start);
    for (int i = first; i <= last; i++) {
      String text = messages.get(i).text();
      if (messages.get(i).role() == Role.ASSISTANT) {
        if (i == last) {
          script.beginResponse();
        }
        script.template(answerOpen).message(trimAnswer ? PythonText.strip(text) : text);
        script.template(answerClose);
      } else {
        script.template(open);
        if (i == carrier) {
          writeWithSystem(script, messages.get(0).text(), text);
        } else {
          script.message(trimUser ? PythonText.strip(text) : text);
        }
        script.template(close);
      }
    }
    return script;
  }

  private void writeWithSystem(Script script, String systemText, String text) {
    if (system == SystemPlace.TAGGED_IN_FIRST) {
      // The template trims tags and user text as one string, so only the right end can change.
      String trimmed = trimUser ? PythonText.stripRight(text) : text;
      script.template("<<SYS>>\n").message(systemText);
      script.template(trimUser && trimmed.isEmpty() ? "\n<</SYS>>" : "\n<</SYS>>\n\n");
      script.message(trimmed);
    } else {
      script.message(systemText).template("\n\n").message(text);
    }
  }
}
