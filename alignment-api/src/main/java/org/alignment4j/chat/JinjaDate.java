package org.alignment4j.chat;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.alignment4j.chat.JinjaValue.Callable;

/**
 * transformers' {@code strftime_now}, with the clock stopped: a prompt's ids must not change over
 * night. For templates that test whether the function is defined it is not, and they write their
 * own fallback; others get 26 Jul 2024, midnight, which is Llama 3.1's fallback.
 */
record JinjaDate() implements Callable {
  private static final Pattern DIRECTIVE = Pattern.compile("%(-?)(.)");
  private static final LocalDateTime NOW = LocalDateTime.of(2024, 7, 26, 0, 0);

  @Override
  public Object call(JinjaRun run, List<Object> arguments, Map<String, Object> named) {
    String format = JinjaArguments.of("strftime_now", arguments, named, "format").text(0);
    return TracedText.of(
        DIRECTIVE
            .matcher(format)
            .replaceAll(
                match -> {
                  String field = field(match.group(2).charAt(0));
                  boolean unpadded = match.group(1).equals("-") && field.startsWith("0");
                  return unpadded ? field.substring(1) : field;
                }));
  }

  private static String field(char letter) {
    String pattern =
        switch (letter) {
          case 'd' -> "dd";
          case 'm' -> "MM";
          case 'y' -> "yy";
          case 'Y' -> "yyyy";
          case 'b' -> "MMM";
          case 'B' -> "MMMM";
          case 'a' -> "EEE";
          case 'A' -> "EEEE";
          case 'H' -> "HH";
          case 'I' -> "hh";
          case 'M' -> "mm";
          case 'S' -> "ss";
          case 'p' -> "a";
          case 'j' -> "DDD";
          case '%' -> "'%'";
          default ->
              throw new JinjaException("it writes a date with %" + letter + ", not supported");
        };
    return NOW.format(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH));
  }
}
