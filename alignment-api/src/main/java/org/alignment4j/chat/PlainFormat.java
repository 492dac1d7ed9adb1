package org.alignment4j.chat;

import java.util.List;

/**
 * The layout for models without a chat template, one line a turn:
 *
 * <pre>
 * System: TEXT
 * User: TEXT
 * Assistant: TEXT
 * </pre>
 *
 * <p>An assistant line ends with the end-of-sequence token, if there is one; the generation prompt
 * is {@code Assistant:}.
 *
 * @param bos text of the beginning-of-sequence token, or empty
 * @param eos text of the end-of-sequence token, or empty
 */
record PlainFormat(String bos, String eos) implements ChatFormat {
  @Override
  public String name() {
    return "plain (no chat template)";
  }

  @Override
  public String endOfTurn() {
    return eos;
  }

  @Override
  public List<String> markers() {
    return List.of("\nSystem:", "\nUser:", "\nAssistant:");
  }

  @Override
  public Script write(List<Message> messages, boolean generationPrompt) {
    Script script = new Script().template(bos);
    int last = messages.size() - 1;
    for (int i = 0; i <= last; i++) {
      Message message = messages.get(i);
      switch (message.role()) {
        case SYSTEM -> script.template("System: ").message(i, message.text()).template("\n");
        case USER -> script.template("User: ").message(i, message.text()).template("\n");
        case ASSISTANT -> {
          script.template("Assistant:");
          if (i == last) {
            script.beginResponse();
          }
          script.template(" ").message(i, message.text()).template(eos + "\n");
        }
      }
    }
    return generationPrompt ? script.template("Assistant:") : script;
  }
}
