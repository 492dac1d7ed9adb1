package org.alignment4j.data.internal;

import com.google.common.base.CharMatcher;
import com.google.common.collect.Sets;
import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A normalised text for comparison: Unicode NFKC, lower case, each run of white space replaced by
 * one space, none at the ends; and its words, which are runs of letters, digits and marks. In
 * scripts without spaces between words, each character is a word. Not thread-safe.
 */
public final class NormalText {
  private static final Set<UnicodeScript> UNSPACED =
      Sets.immutableEnumSet(
          UnicodeScript.HAN,
          UnicodeScript.HIRAGANA,
          UnicodeScript.KATAKANA,
          UnicodeScript.THAI,
          UnicodeScript.LAO,
          UnicodeScript.MYANMAR,
          UnicodeScript.KHMER);

  private final String value;
  private @Nullable List<String> words;

  private NormalText(String value) {
    this.value = value;
  }

  public static NormalText of(String text) {
    // Lower-casing can produce sequences that NFKC composes.
    String lower = nfkc(nfkc(text).toLowerCase(Locale.ROOT));
    // Which of the two small sigmas a capital becomes depends on its neighbours.
    String folded = lower.replace('\u03c2', '\u03c3');
    return new NormalText(CharMatcher.whitespace().trimAndCollapseFrom(folded, ' '));
  }

  private static String nfkc(String text) {
    return CharMatcher.ascii().matchesAllOf(text)
        ? text
        : Normalizer.normalize(text, Normalizer.Form.NFKC);
  }

  public String value() {
    return value;
  }

  /** Returns the words in order; none if the text has neither letter nor digit. */
  public List<String> plainWords() {
    if (words == null) {
      words = split(value);
    }
    return words;
  }

  /** Returns the words in order; the whole text is one word if it has neither letter nor digit. */
  public List<String> words() {
    List<String> plain = plainWords();
    return plain.isEmpty() ? List.of(value) : plain;
  }

  private static List<String> split(String text) {
    List<String> words = new ArrayList<>();
    int begin = -1;
    int width;
    for (int i = 0; i < text.length(); i += width) {
      int c = text.codePointAt(i);
      width = Character.charCount(c);
      boolean alone = c >= 0x0E00 && isUnspaced(c);
      boolean inside = !alone && isPartOfWord(c);
      if (begin >= 0 && !inside) {
        words.add(text.substring(begin, i));
        begin = -1;
      }
      if (alone) {
        words.add(text.substring(i, i + width));
      } else if (inside && begin < 0) {
        begin = i;
      }
    }
    if (begin >= 0) {
      words.add(text.substring(begin));
    }
    return words;
  }

  private static boolean isPartOfWord(int c) {
    if (c < 0x80) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    }
    if (Character.isLetterOrDigit(c)) {
      return true;
    }
    int type = Character.getType(c);
    return type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK;
  }

  private static boolean isUnspaced(int c) {
    return Character.isLetter(c) && UNSPACED.contains(UnicodeScript.of(c));
  }
}
