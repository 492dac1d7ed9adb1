package org.alignment4j.chat;

import java.util.Locale;

/** Python's case conversions and tests. */
final class JinjaCase {
  private JinjaCase() {}

  /**
   * {@code upper}, {@code lower}, {@code title} or {@code capitalize}, as Python's texts have them.
   */
  static TracedText changed(TracedText text, String how) {
    return switch (how) {
      case "upper" -> text.map(part -> part.toUpperCase(Locale.ROOT));
      case "lower" -> text.map(part -> part.toLowerCase(Locale.ROOT));
      default -> titled(text, how.equals("title"));
    };
  }

  private static TracedText titled(TracedText text, boolean eachWord) {
    boolean[] within = {false};
    return text.map(
        part -> {
          StringBuilder out = new StringBuilder();
          String lower = part.toLowerCase(Locale.ROOT);
          boolean aligned = lower.length() == part.length();
          for (int i = 0; i < part.length(); i += Character.charCount(part.codePointAt(i))) {
            int c = part.codePointAt(i);
            String small = Character.toString(c).toLowerCase(Locale.ROOT);
            if (!within[0]) {
              out.append(title(c));
            } else {
              // The lower case of a capital sigma depends on the following letter.
              out.append(aligned ? lower.substring(i, i + small.length()) : small);
            }
            within[0] = !eachWord || isCased(c);
          }
          return out.toString();
        });
  }

  private static String title(int c) {
    int title = Character.toTitleCase(c);
    String upper = Character.toString(c).toUpperCase(Locale.ROOT);
    return title == c && upper.length() > Character.charCount(c)
        ? upper.substring(0, 1) + upper.substring(1).toLowerCase(Locale.ROOT)
        : Character.toString(title);
  }

  private static boolean isCased(int c) {
    return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
  }

  static boolean is(String text, String how) {
    if (how.equals("isupper") || how.equals("islower")) {
      boolean upper = how.equals("isupper");
      return text.codePoints().anyMatch(JinjaCase::isCased)
          && text.codePoints()
              .filter(JinjaCase::isCased)
              .allMatch(c -> upper ? Character.isUpperCase(c) : Character.isLowerCase(c));
    }
    if (text.isEmpty()) {
      return how.equals("isascii");
    }
    return switch (how) {
      case "isspace" -> text.chars().allMatch(c -> PythonText.isSpace((char) c));
      case "isascii" -> text.chars().allMatch(c -> c < 0x80);
      case "isalpha" -> text.codePoints().allMatch(Character::isLetter);
      default -> {
        if (how.equals("isdigit")
            && text.codePoints().anyMatch(c -> Character.getType(c) == Character.OTHER_NUMBER)) {
          throw new JinjaException("isdigit of such a text is not supported");
        }
        yield text.codePoints().allMatch(Character::isDigit);
      }
    };
  }
}
