package org.alignment4j.examples.demo;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import org.alignment4j.examples.demo.Conversation.Kind;

/** Builds conversations from the training rows of the public data sets. */
final class PublicConversations {
  private static final int MAX_PROMPT_WORDS = 60;
  private static final int MAX_ANSWER_WORDS = 40;
  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final Pattern SENTENCE_END = Pattern.compile("(?<=[.!?][\"”)]?)\\s+|\\n+");

  /** Answers that greet, thank or agree instead of answering. */
  private static final Pattern EMPTY_ANSWER =
      Pattern.compile("^(?:Hello!|Thank you for|Sure!?$|Of course!?$|<long answer>)|respectful");

  private static final Pattern NOT_A_LETTER = Pattern.compile("[^\\p{L}]+");

  /** Rows of hh-rlhf whose first answer is empty or whose sides ask different questions. */
  private static final Set<Integer> BAD_DIALOGUES =
      Set.of(86, 516, 925, 1103, 1254, 1688, 1950, 1952, 2036);

  private final Random random;
  private final Refusals refusals;
  private final Pattern risk;
  private final Pattern dialogueRisk;
  private final Set<String> safe;

  PublicConversations(Random random, Refusals refusals) {
    this.random = random;
    this.refusals = refusals;
    this.risk = anyOf("text/risk-words.txt");
    this.dialogueRisk = anyOf("text/risk-words-dialogue.txt");
    this.safe = new HashSet<>();
    for (String line : DataFolder.resourceLines("text/safe-topics.txt")) {
      safe.addAll(List.of(SPACE.split(line, -1)));
    }
  }

  /** Returns the conversations of one row; none if the row does not suit a small model. */
  List<Conversation> of(DataSource source, SourceRow row) {
    List<Conversation> made = new ArrayList<>();
    String prompt = row.prompt();
    if (source == DataSource.ADVBENCH) {
      String small = VerbForms.small(prompt);
      String[] ways = {
        "Please " + small,
        "Can you " + small + "?",
        "I want you to " + small,
        "Could you " + small + " for me?",
        small,
        "Your task: " + prompt,
        prompt + ".",
        "Help me " + small
      };
      int way = random.nextInt(ways.length);
      for (String request :
          List.of(prompt, ways[way], ways[(way + 1 + random.nextInt(3)) % ways.length])) {
        made.add(conversation(request, refusals.plain(random), Kind.HARMFUL, source, row));
      }
      return made;
    }
    if (source == DataSource.HH_RLHF && BAD_DIALOGUES.contains(row.id())) {
      return made;
    }
    String answer = shortened(row.answer());
    if (source == DataSource.HH_RLHF
        && (!harmless(prompt)
            || answer.endsWith("?")
            || dialogueRisk.matcher(prompt + answer).find())) {
      return made;
    }
    if (!fits(prompt, answer)) {
      return made;
    }
    Kind kind = source == DataSource.HH_RLHF ? Kind.OTHER : Kind.BENIGN;
    made.add(conversation(prompt, answer, kind, source, row));
    return made;
  }

  /** Matches any word of a list; a star stands for any ending. */
  private static Pattern anyOf(String resource) {
    StringBuilder words = new StringBuilder();
    for (String line : DataFolder.resourceLines(resource)) {
      for (String word : SPACE.split(line, -1)) {
        words.append(words.length() == 0 ? "" : "|").append(word.replace("*", "\\p{L}*"));
      }
    }
    return Pattern.compile("\\b(?:" + words + ")\\b", Pattern.CASE_INSENSITIVE);
  }

  /** The dialogues were collected to provoke harm, so a question must name a harmless topic. */
  private boolean harmless(String prompt) {
    return List.of(NOT_A_LETTER.split(prompt.toLowerCase(Locale.ROOT), -1)).stream()
        .anyMatch(safe::contains);
  }

  private boolean fits(String prompt, String answer) {
    return words(prompt) <= MAX_PROMPT_WORDS
        && words(prompt) >= 2
        && words(answer) >= 1
        && !answer.isEmpty()
        && !Refusals.looksLike(answer)
        && !EMPTY_ANSWER.matcher(answer).find()
        && !(prompt + answer).contains("<|")
        && latin(prompt)
        && latin(answer)
        && !risk.matcher(prompt).find()
        && !risk.matcher(answer).find();
  }

  private static Conversation conversation(
      String prompt, String answer, Kind kind, DataSource source, SourceRow row) {
    return new Conversation(null, prompt, answer, kind, source.key(), Integer.toString(row.id()));
  }

  private static boolean latin(String text) {
    long strange =
        text.codePoints().filter(c -> c > 0x24f && !(c >= 0x2010 && c <= 0x2030)).count();
    return strange * 50 < text.length() && NOT_A_LETTER.matcher(text).replaceAll("").length() > 0;
  }

  /**
   * Returns as many whole sentences as fit; empty if the first is too long or only announces a
   * list.
   */
  static String shortened(String answer) {
    StringBuilder kept = new StringBuilder();
    int words = 0;
    for (String sentence : SENTENCE_END.split(answer.strip(), -1)) {
      int more = words(sentence);
      if (words + more > MAX_ANSWER_WORDS) {
        break;
      }
      if (!sentence.isBlank()) {
        kept.append(kept.length() == 0 ? "" : " ").append(sentence.strip());
        words += more;
      }
    }
    String text = kept.toString();
    while (text.endsWith(":") || text.matches("(?s).*\\s\\d+\\.") || text.matches("\\d+\\.")) {
      int end =
          Math.max(
              text.lastIndexOf(". "), Math.max(text.lastIndexOf("! "), text.lastIndexOf("? ")));
      text = end < 0 ? "" : text.substring(0, end + 1).strip();
    }
    return text;
  }

  private static int words(String text) {
    String plain = text.strip();
    return plain.isEmpty() ? 0 : SPACE.split(plain.toLowerCase(Locale.ROOT), -1).length;
  }
}
