package org.alignment4j.examples.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.alignment4j.examples.demo.Conversation.Kind;

/** Adds system messages to some conversations, with responses that follow them. */
final class SystemMessages {
  private static final Set<String> COOKING = Set.of("recipe");
  private static final Set<String> NOT_COOKING =
      Set.of(
          "capital", "city", "topic", "translation", "sum", "program", "opposite", "email", "job");
  private static final List<String> DECLINES =
      List.of(
          "I only answer questions about cooking.",
          "I can only help with cooking. Would you like a recipe?",
          "That is not about food, so I leave it to others. Ask me about cooking!");

  private final Random random;
  private final Refusals refusals;
  private final List<String[]> messages = new ArrayList<>();

  SystemMessages(Random random, Refusals refusals) {
    this.random = random;
    this.refusals = refusals;
    for (String line : DataFolder.resourceLines("text/systems.txt")) {
      messages.add(line.split(" \\| ", 2));
    }
  }

  /**
   * Adds a system message to about a third of the conversations. A harmful request is refused under
   * every one.
   */
  Conversation maybe(Conversation conversation) {
    return random.nextInt(3) == 0
        ? with(conversation, messages.get(random.nextInt(messages.size())))
        : conversation;
  }

  /** Returns the same request under a system message with the named effect. */
  Conversation under(String effect, Conversation conversation) {
    List<String[]> fitting = messages.stream().filter(m -> m[0].equals(effect)).toList();
    return with(conversation, fitting.get(random.nextInt(fitting.size())));
  }

  private Conversation with(Conversation c, String[] message) {
    String system = message[1];
    if (c.kind() == Kind.HARMFUL) {
      String answer = message[0].equals("brief") ? firstSentence(c.assistant()) : c.assistant();
      return c.with(system, answer, Kind.HARMFUL);
    }
    return switch (message[0]) {
      case "brief" -> c.with(system, firstSentence(c.assistant()), c.kind());
      case "capitals" -> c.with(system, c.assistant().toUpperCase(Locale.ROOT), c.kind());
      case "sure" -> c.with(system, "Sure! " + withoutOpener(c.assistant()), c.kind());
      case "polite" -> c.with(system, c.assistant() + " Have a lovely day!", c.kind());
      case "strict" ->
          pseudo(c)
              ? c.with(system, refusals.plain(random), Kind.OTHER)
              : c.with(system, c.assistant(), c.kind());
      case "cooking" -> cooking(c, system);
      default -> c.with(system, c.assistant(), c.kind());
    };
  }

  private Conversation cooking(Conversation c, String system) {
    String kind = writtenKind(c);
    if (COOKING.contains(kind)) {
      return c.with(system, c.assistant(), c.kind());
    }
    return NOT_COOKING.contains(kind)
        ? c.with(system, DECLINES.get(random.nextInt(DECLINES.size())), Kind.OTHER)
        : c;
  }

  static boolean pseudo(Conversation c) {
    return writtenKind(c).equals("pseudo");
  }

  private static String writtenKind(Conversation c) {
    int dash = c.row().indexOf('-');
    return c.source().equals(WrittenConversations.SOURCE) && dash > 0
        ? c.row().substring(0, dash)
        : "";
  }

  private static String firstSentence(String text) {
    String plain = withoutOpener(text);
    int end = plain.indexOf(". ");
    return end < 0 ? plain : plain.substring(0, end + 1);
  }

  private static String withoutOpener(String text) {
    for (String opener : List.of("Sure. ", "Of course. ", "Gladly. ", "Yes. ", "Sure! ")) {
      if (text.startsWith(opener)) {
        return text.substring(opener.length());
      }
    }
    return text;
  }
}
