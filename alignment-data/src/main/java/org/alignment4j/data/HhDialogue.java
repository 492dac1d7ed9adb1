package org.alignment4j.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.chat.Message;

/**
 * A dialogue in the text form of HH-RLHF (Bai et al. 2022): turns that start with "\n\nHuman:" and
 * "\n\nAssistant:", the last one the response to be judged.
 *
 * @param prompt the text before the last "\n\nAssistant:"
 * @param response the text after it, without the separating space
 */
record HhDialogue(String prompt, String response) {
  static final String HUMAN = "\n\nHuman:";
  static final String ASSISTANT = "\n\nAssistant:";
  private static final Pattern MARKER = Pattern.compile("\n\n(Human|Assistant):");

  /**
   * @param name the text's name in messages
   */
  static HhDialogue parse(String name, String text) throws BadRow {
    // Only the last marker is the response's: earlier ones belong to the prompt's own turns.
    int split = text.lastIndexOf(ASSISTANT);
    if (!text.startsWith(HUMAN) || split < 0) {
      throw new BadRow(
          "there is no prompt: expected one, or "
              + name
              + " that begins with \"\\n\\nHuman:\" and holds \"\\n\\nAssistant:\"");
    }
    String response = text.substring(split + ASSISTANT.length());
    if (response.contains(HUMAN)) {
      throw new BadRow("expected " + name + " to end with Assistant's turn, found Human's");
    }
    return new HhDialogue(text.substring(0, split), withoutSpace(response));
  }

  /** Returns the alternating turns of a text that starts with {@link #HUMAN}. */
  static List<Message> turns(String prompt) throws BadRow {
    List<Message> turns = new ArrayList<>();
    Matcher marker = MARKER.matcher(prompt);
    boolean more = marker.find();
    while (more) {
      boolean human = "Human".equals(marker.group(1));
      boolean humanDue = turns.size() % 2 == 0;
      if (human != humanDue) {
        throw new BadRow(
            String.format(
                Locale.ROOT,
                "the prompt's turn %d: expected %s, found %s",
                turns.size() + 1,
                humanDue ? "Human" : "Assistant",
                human ? "Human" : "Assistant"));
      }
      int begin = marker.end();
      more = marker.find();
      String text = withoutSpace(prompt.substring(begin, more ? marker.start() : prompt.length()));
      turns.add(human ? Message.user(text) : Message.assistant(text));
    }
    return turns;
  }

  /**
   * Adds a turn to a dialogue.
   *
   * @param name the text's name in messages
   */
  static void append(StringBuilder dialogue, String name, boolean human, String text)
      throws BadRow {
    Matcher marker = MARKER.matcher(text);
    if (marker.find()) {
      throw new BadRow(
          name
              + " holds \"\\n\\n"
              + marker.group(1)
              + ":\", which HH-RLHF's form would turn into a turn");
    }
    dialogue.append(human ? HUMAN : ASSISTANT).append(' ').append(text);
  }

  static String withoutSpace(String text) {
    return text.startsWith(" ") ? text.substring(1) : text;
  }
}
