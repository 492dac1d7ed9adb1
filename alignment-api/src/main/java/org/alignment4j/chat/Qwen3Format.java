package org.alignment4j.chat;

import java.util.List;
import java.util.Locale;

/**
 * Qwen3's ChatML: the last answer always carries a {@code <think>} block, empty if there were no
 * thoughts, and earlier answers lose theirs.
 */
record Qwen3Format() implements ChatFormat {
  private static final String OPEN = "<think>";
  private static final String CLOSE = "</think>";

  @Override
  public String name() {
    return "Qwen3";
  }

  @Override
  public String endOfTurn() {
    return "<|im_end|>";
  }

  @Override
  public List<String> markers() {
    return List.of("<|im_start|>", "<|im_end|>");
  }

  @Override
  public Script write(List<Message> messages, boolean generationPrompt) {
    int last = messages.size() - 1;
    int lastQuery = last;
    while (lastQuery >= 0 && messages.get(lastQuery).role() != Role.USER) {
      lastQuery--;
    }
    if (lastQuery < 0) {
      lastQuery = last;
    }
    Script script = new Script();
    for (int i = 0; i <= last; i++) {
      Message message = messages.get(i);
      String role = message.role().name().toLowerCase(Locale.ROOT);
      script.template("<|im_start|>" + role + "\n");
      if (message.role() == Role.ASSISTANT) {
        if (i == last) {
          script.beginResponse();
        }
        writeAnswer(script, message.text(), i > lastQuery, i == last);
      } else {
        script.message(message.text());
      }
      script.template("<|im_end|>\n");
    }
    return generationPrompt ? script.template("<|im_start|>assistant\n") : script;
  }

  private static void writeAnswer(Script script, String text, boolean current, boolean isLast) {
    String thoughts = "";
    String content = text;
    if (text.contains(CLOSE)) {
      String before = PythonText.stripNewlinesRight(text.substring(0, text.indexOf(CLOSE)));
      int open = before.lastIndexOf(OPEN);
      thoughts =
          PythonText.stripNewlinesLeft(open < 0 ? before : before.substring(open + OPEN.length()));
      content =
          PythonText.stripNewlinesLeft(text.substring(text.lastIndexOf(CLOSE) + CLOSE.length()));
    }
    if (!current || (!isLast && thoughts.isEmpty())) {
      script.message(content);
      return;
    }
    String inner = PythonText.stripNewlinesRight(PythonText.stripNewlinesLeft(thoughts));
    content = PythonText.stripNewlinesLeft(content);
    if (isLast) {
      // Written for every last answer, whatever its text, so the text decides nothing.
      script.template(OPEN + "\n").message(inner).template("\n" + CLOSE + "\n\n").message(content);
    } else {
      // Here the text alone decides whether there is a block: its tags stay ordinary text.
      script.message(OPEN + "\n" + inner + "\n" + CLOSE + "\n\n" + content);
    }
  }
}
