package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Python's splitting of texts at separators, white space and line ends. */
final class JinjaSplits {
  private JinjaSplits() {}

  static JinjaList partition(TracedText text, String separator, String how) {
    requireSeparator(separator);
    boolean last = how.equals("rpartition");
    int at = last ? text.text().lastIndexOf(separator) : text.text().indexOf(separator);
    if (at < 0) {
      return last
          ? JinjaList.tuple(TracedText.EMPTY, TracedText.EMPTY, text)
          : JinjaList.tuple(text, TracedText.EMPTY, TracedText.EMPTY);
    }
    int after = at + separator.length();
    return JinjaList.tuple(text.sub(0, at), text.sub(at, after), text.sub(after, text.length()));
  }

  private static void requireSeparator(String separator) {
    if (separator.isEmpty()) {
      throw new JinjaException("it splits a text at an empty separator");
    }
  }

  static JinjaList split(TracedText text, JinjaArguments given, boolean right, JinjaRun run) {
    run.spend(text.length() / 8);
    String separator = given.textOrNone(0);
    long limit = given.whole(1, -1);
    if (separator == null) {
      return JinjaList.list(right && limit >= 0 ? wordsFromRight(text, limit) : words(text, limit));
    }
    requireSeparator(separator);
    if (right) {
      return JinjaList.list(splitFromRight(text, separator, limit));
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
    return JinjaList.list(parts);
  }

  private static List<Object> splitFromRight(TracedText text, String separator, long limit) {
    List<Object> parts = new ArrayList<>();
    int end = text.length();
    int at = text.text().lastIndexOf(separator);
    while (at >= 0 && (limit < 0 || parts.size() < limit)) {
      parts.add(text.sub(at + separator.length(), end));
      end = at;
      int before = end - separator.length();
      at = before < 0 ? -1 : text.text().lastIndexOf(separator, before);
    }
    parts.add(text.sub(0, end));
    Collections.reverse(parts);
    return parts;
  }

  private static List<Object> words(TracedText text, long limit) {
    List<Object> words = new ArrayList<>();
    String all = text.text();
    int at = PythonText.start(all, null);
    while (at < all.length()) {
      int end = at;
      if (limit >= 0 && words.size() >= limit) {
        end = all.length();
      }
      while (end < all.length() && !PythonText.isSpace(all.charAt(end))) {
        end++;
      }
      words.add(text.sub(at, end));
      at = end;
      while (at < all.length() && PythonText.isSpace(all.charAt(at))) {
        at++;
      }
    }
    return words;
  }

  private static List<Object> wordsFromRight(TracedText text, long limit) {
    List<Object> words = new ArrayList<>();
    String all = text.text();
    int end = PythonText.end(all, null);
    while (end > 0) {
      int at = words.size() >= limit ? 0 : end;
      while (words.size() < limit && at > 0 && !PythonText.isSpace(all.charAt(at - 1))) {
        at--;
      }
      words.add(0, text.sub(at, end));
      end = words.size() > limit ? 0 : at;
      while (end > 0 && PythonText.isSpace(all.charAt(end - 1))) {
        end--;
      }
    }
    return words;
  }

  /** Python's {@code splitlines}. */
  static List<Object> lines(TracedText text, boolean keepEnds) {
    List<Object> lines = new ArrayList<>();
    String all = text.text();
    int start = 0;
    for (int i = 0; i < all.length(); i++) {
      char c = all.charAt(i);
      boolean ends =
          (c >= '\n' && c <= '\r')
              || (c >= 0x1C && c <= 0x1E)
              || c == 0x85
              || c == 0x2028
              || c == 0x2029;
      if (ends) {
        int after = c == '\r' && i + 1 < all.length() && all.charAt(i + 1) == '\n' ? i + 2 : i + 1;
        lines.add(text.sub(start, keepEnds ? after : i));
        start = after;
        i = after - 1;
      }
    }
    if (start < all.length()) {
      lines.add(text.sub(start, all.length()));
    }
    return lines;
  }
}
