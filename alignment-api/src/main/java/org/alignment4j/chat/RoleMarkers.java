package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alignment4j.chat.TemplateProbe.Lead;
import org.alignment4j.chat.TokenizerFile.AddedToken;
import org.jspecify.annotations.Nullable;

/**
 * Finds the plain-text strings by which an unknown template marks roles.
 *
 * <ul>
 *   <li>Every string that looks like a tag, {@code <|user|>} or {@code [INST]}, and is not a
 *       control token.
 *   <li>The header of a role: the last line before its messages and short lines directly above it,
 *       as far as they are the same before several messages, so that a system prompt on the same
 *       line is not part of it. It is matched anywhere in a line, {@code USER:}, unless the
 *       template writes it at the start of a line only: then with the line break, {@code
 *       "\nUser:"}.
 *   <li>Not a bare word after a control token, such as {@code user} after {@code <|im_start|>}:
 *       without the token it has no effect, and users write the word.
 * </ul>
 */
final class RoleMarkers {
  private static final Pattern TAG =
      Pattern.compile("<<[^<>\\s]{1,40}>>|<[^<>\\s]{1,40}>|\\[/?[A-Z][A-Z_]{1,38}]");
  private static final int MAX_UPPER_LINE = 40;
  private static final Pattern BARE_WORD = Pattern.compile("[\\p{L}\\p{N}_]+");

  /**
   * A text that may contain a header.
   *
   * @param text the last stretch of a lead, without control tokens
   * @param afterControl whether a control token precedes the stretch
   */
  private record Stretch(String text, boolean afterControl) {}

  private final ControlTokens control;
  private final Set<String> markers = new LinkedHashSet<>();

  private RoleMarkers(ControlTokens control) {
    this.control = control;
  }

  static List<String> of(TemplateProbe probe, ControlTokens control) {
    RoleMarkers finder = new RoleMarkers(control);
    Matcher tag = TAG.matcher(probe.text());
    while (tag.find()) {
      if (control.get(tag.group()) == null) {
        finder.markers.add(tag.group());
      }
    }
    for (Role role : Role.values()) {
      finder.addHeaders(
          probe.leads().stream()
              .filter(lead -> lead.role() == role)
              .map(finder::lastStretch)
              .distinct()
              .toList());
    }
    return List.copyOf(finder.markers);
  }

  /** The text of a lead after its last control token or tag. */
  private Stretch lastStretch(Lead lead) {
    String text = PythonText.stripRight(lead.text());
    int start = 0;
    int i = 0;
    while (i < text.length()) {
      AddedToken token = control.at(text, i);
      i += token == null ? 1 : token.content().length();
      start = token == null ? start : i;
    }
    Matcher tag = TAG.matcher(text);
    while (tag.find()) {
      start = Math.max(start, tag.end());
    }
    return new Stretch(text.substring(start), start > 0);
  }

  private void addHeaders(List<Stretch> stretches) {
    Set<String> headers = new LinkedHashSet<>();
    stretches.forEach(stretch -> headers.addAll(lastLines(shared(stretch, stretches))));
    for (String header : headers) {
      List<Stretch> occurrences = stretches.stream().filter(s -> s.text.contains(header)).toList();
      boolean guarded = occurrences.stream().allMatch(Stretch::afterControl);
      if (header.length() > 1 && !(guarded && BARE_WORD.matcher(header).matches())) {
        markers.add(startsLines(header, occurrences) ? "\n" + header : header);
      } else if (header.length() == 1 && !guarded) {
        markers.add("\n" + header);
      }
    }
  }

  /** Whether the header follows a line break at least once, and is never within a line. */
  private static boolean startsLines(String header, List<Stretch> occurrences) {
    boolean behindBreak = false;
    for (Stretch stretch : occurrences) {
      String before = stretch.text.substring(0, stretch.text.lastIndexOf(header));
      if (before.endsWith("\n")) {
        behindBreak = true;
      } else if (!before.isEmpty()) {
        return false;
      }
    }
    return behindBreak;
  }

  /** The shortest text, in whole words, that this lead and another one both end with. */
  private static String shared(Stretch stretch, List<Stretch> stretches) {
    String shortest = null;
    for (Stretch other : stretches) {
      String suffix = other.equals(stretch) ? null : commonWords(stretch.text, other.text);
      if (suffix != null && (shortest == null || suffix.length() < shortest.length())) {
        shortest = suffix;
      }
    }
    return shortest == null ? stretch.text : shortest;
  }

  /** The longest common suffix that starts with a whole word of both; null if there is no word. */
  private static @Nullable String commonWords(String a, String b) {
    int n = 0;
    while (n < a.length()
        && n < b.length()
        && a.charAt(a.length() - 1 - n) == b.charAt(b.length() - 1 - n)) {
      n++;
    }
    while (n > 0 && !(startsWord(a, a.length() - n) && startsWord(b, b.length() - n))) {
      n--;
    }
    String common = a.substring(a.length() - n);
    return PythonText.strip(common).isEmpty() ? null : common;
  }

  private static boolean startsWord(String text, int at) {
    return at == 0
        || PythonText.isSpace(text.charAt(at - 1))
        || (at < text.length() && PythonText.isSpace(text.charAt(at)));
  }

  /** The last line, with the short ones directly above it. */
  private static List<String> lastLines(String text) {
    List<String> last = new ArrayList<>();
    List<String> lines = PythonText.strip(text).lines().map(PythonText::strip).toList();
    for (int i = lines.size() - 1; i >= 0; i--) {
      String line = lines.get(i);
      if (line.isEmpty() || (!last.isEmpty() && line.length() > MAX_UPPER_LINE)) {
        break;
      }
      last.add(line);
    }
    return last;
  }
}
