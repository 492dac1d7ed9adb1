package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.chat.JinjaValue.Callable;
import org.alignment4j.chat.JinjaValue.None;
import org.jspecify.annotations.Nullable;

/** The methods of Python's texts and mappings that templates call. */
final class JinjaMethods {
  private JinjaMethods() {}

  /** A text's method, or null if there is none of this name. */
  static @Nullable Callable ofText(Rope text, String name) {
    return switch (name) {
      case "strip" -> (run, a, n) -> strip(text, optionalText(a, 0));
      case "lstrip" -> (run, a, n) -> stripped(text, true, false, optionalText(a, 0));
      case "rstrip" -> (run, a, n) -> stripped(text, false, true, optionalText(a, 0));
      case "startswith" -> (run, a, n) -> anyOf(argument(a, 0, name), text.text()::startsWith);
      case "endswith" -> (run, a, n) -> anyOf(argument(a, 0, name), text.text()::endsWith);
      case "split" -> (run, a, n) -> split(text, a, run);
      case "join" -> (run, a, n) -> join(JinjaValue.each(argument(a, 0, name)), text, run);
      case "upper", "lower", "title", "capitalize" ->
          (run, a, n) -> text.map(t -> changedCase(t, name));
      case "replace" ->
          (run, a, n) ->
              text.replace(
                  JinjaValue.literal(argument(a, 0, name), name),
                  JinjaValue.literal(argument(a, 1, name), name),
                  -1);
      default -> null;
    };
  }

  /** A mapping's method, or null if there is none of this name. */
  static @Nullable Callable ofMap(Map<?, ?> map, String name) {
    return switch (name) {
      case "items" -> (run, a, n) -> items(map);
      case "keys" -> (run, a, n) -> JinjaValue.each(map);
      case "values" -> (run, a, n) -> new ArrayList<Object>(map.values());
      case "get" ->
          (run, a, n) -> {
            Object found = map.get(JinjaValue.key(argument(a, 0, name)));
            return found != null ? found : a.size() > 1 ? a.get(1) : None.NONE;
          };
      default -> null;
    };
  }

  static List<Object> items(Map<?, ?> map) {
    List<Object> items = new ArrayList<>();
    map.forEach((key, value) -> items.add(List.of(JinjaValue.ofKey(key), value)));
    return items;
  }

  /** Python's {@code strip}; null for white space. */
  static Rope strip(Rope text, @Nullable String chars) {
    return stripped(text, true, true, chars);
  }

  private static Rope stripped(Rope text, boolean left, boolean right, @Nullable String chars) {
    int end = right ? PythonText.end(text.text(), chars) : text.length();
    int start = left ? Math.min(end, PythonText.start(text.text(), chars)) : 0;
    return text.sub(start, end);
  }

  static Rope join(List<Object> values, Rope separator, JinjaRun run) {
    Rope.Builder joined = new Rope.Builder();
    long size = 0;
    for (int i = 0; i < values.size(); i++) {
      Rope value = JinjaValue.text(values.get(i));
      size += value.length() + separator.length();
      JinjaExpression.requireSize(size);
      if (i > 0) {
        joined.add(separator);
      }
      joined.add(value);
    }
    run.spend(size / 64);
    return joined.build();
  }

  static String changedCase(String text, String how) {
    String lower = text.toLowerCase(Locale.ROOT);
    return switch (how) {
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> lower;
      case "capitalize" ->
          lower.isEmpty()
              ? ""
              : lower.substring(0, 1).toUpperCase(Locale.ROOT) + lower.substring(1);
      default -> {
        StringBuilder title = new StringBuilder(lower);
        for (int i = 0; i < title.length(); i++) {
          if (i == 0 || !Character.isLetter(lower.charAt(i - 1))) {
            title.setCharAt(i, Character.toUpperCase(title.charAt(i)));
          }
        }
        yield title.toString();
      }
    };
  }

  private static Object split(Rope text, List<Object> arguments, JinjaRun run) {
    run.spend(text.length() / 8);
    String separator = optionalText(arguments, 0);
    long limit = arguments.size() > 1 ? JinjaValue.whole(arguments.get(1), "split") : -1;
    if (separator == null) {
      return words(text, limit);
    }
    if (separator.isEmpty()) {
      throw new JinjaException("it splits a text at nothing");
    }
    List<Object> parts = new ArrayList<>();
    int from = 0;
    int at = text.text().indexOf(separator);
    while (at >= 0 && (limit < 0 || parts.size() < limit)) {
      parts.add(text.sub(from, at));
      from = at + separator.length();
      at = text.text().indexOf(separator, from);
    }
    parts.add(text.sub(from, text.length()));
    return parts;
  }

  private static List<Object> words(Rope text, long limit) {
    List<Object> words = new ArrayList<>();
    Rope rest = text.sub(PythonText.start(text.text(), null), text.length());
    while (!rest.isEmpty()) {
      String left = rest.text();
      int end = 0;
      while (end < left.length() && !PythonText.isSpace(left.charAt(end))) {
        end++;
      }
      end = limit >= 0 && words.size() >= limit ? left.length() : end;
      words.add(rest.sub(0, end));
      rest = rest.sub(end + PythonText.start(left.substring(end), null), left.length());
    }
    return words;
  }

  private static boolean anyOf(Object wanted, java.util.function.Predicate<String> test) {
    if (wanted instanceof List<?> several) {
      return several.stream().anyMatch(each -> anyOf(each, test));
    }
    return test.test(JinjaValue.literal(wanted, "a prefix or suffix"));
  }

  private static @Nullable String optionalText(List<Object> arguments, int index) {
    return arguments.size() <= index || arguments.get(index) instanceof None
        ? null
        : JinjaValue.literal(arguments.get(index), "an argument");
  }

  private static Object argument(List<Object> arguments, int index, String method) {
    if (index >= arguments.size()) {
      throw new JinjaException(method + " needs " + (index + 1) + " arguments");
    }
    return arguments.get(index);
  }
}
