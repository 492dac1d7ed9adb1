package org.alignment4j.chat;

import static org.alignment4j.core.Arguments.require;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Formats in which every message stands between a header that names its role and a footer: ChatML,
 * Llama 3, Gemma, Phi-3, Zephyr.
 *
 * @param name the family's name
 * @param start text before the first message
 * @param header text before a message, {@code %s} standing for the role's name
 * @param assistant the assistant's name in a header
 * @param footer text after a message
 * @param trim whether message text loses the white space around it
 * @param generation what opens an assistant turn
 * @param alwaysGenerate whether the template opens an assistant turn whatever it is asked
 * @param unprompted text at the end when no assistant turn is opened
 * @param system what becomes of system messages
 * @param endOfTurn text that closes an assistant turn
 * @param markers role markers
 */
record TurnFormat(
    String name,
    String start,
    String header,
    String assistant,
    String footer,
    boolean trim,
    String generation,
    boolean alwaysGenerate,
    String unprompted,
    SystemRule system,
    String endOfTurn,
    List<String> markers)
    implements ChatFormat {

  /**
   * What becomes of system messages.
   *
   * @param allowed whether the template takes them
   * @param alternating whether users and assistants must alternate, a user first
   * @param skipsEmpty whether an empty system message is left out
   * @param preface template text before every system message's text
   * @param standard the system text where the prompt has none; null to write no system turn then
   */
  record SystemRule(
      boolean allowed,
      boolean alternating,
      boolean skipsEmpty,
      String preface,
      @Nullable String standard) {
    static final SystemRule FREE = new SystemRule(true, false, false, "", null);
    static final SystemRule NONE = new SystemRule(false, true, false, "", null);
  }

  @Override
  public Script write(List<Message> messages, boolean generationPrompt) {
    boolean hasSystem = messages.get(0).role() == Role.SYSTEM;
    require(
        system.allowed || !hasSystem,
        "the chat template of %s has no system messages; put the instructions into the first user"
            + " message",
        name);
    if (system.alternating) {
      Roles.requireAlternating(messages, name);
    }
    Script script = new Script().template(start);
    if (!hasSystem && system.standard != null) {
      script.template(headerOf(Role.SYSTEM) + system.preface + system.standard + footer);
    }
    for (int i = 0; i < messages.size(); i++) {
      Message message = messages.get(i);
      if (message.role() == Role.SYSTEM && system.skipsEmpty && message.text().isEmpty()) {
        continue;
      }
      script.template(headerOf(message.role()));
      if (message.role() == Role.SYSTEM) {
        script.template(system.preface);
      } else if (message.role() == Role.ASSISTANT && i == messages.size() - 1) {
        script.beginResponse();
      }
      script.message(trim ? PythonText.strip(message.text()) : message.text()).template(footer);
    }
    return script.template(generationPrompt || alwaysGenerate ? generation : unprompted);
  }

  private String headerOf(Role role) {
    String roleName = role == Role.ASSISTANT ? assistant : role.name().toLowerCase(Locale.ROOT);
    return header.replace("%s", roleName);
  }
}
