package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Text as a chat template builds it: characters that the template wrote, and holes where the texts
 * of messages will stand.
 *
 * <p>A template engine works with ropes, so that it never sees what a message says. All it can tell
 * of a message is whether it is empty or nothing but white space, which templates ask. Changes of
 * white space are noted at the hole and done when the text is filled in. To every other question a
 * hole answers as a text would that has nothing in it that the template looks for. Immutable.
 *
 * @param parts literals are never empty and never adjacent
 */
record Rope(List<Part> parts) {
  static final Rope EMPTY = new Rope(List.of());

  /** A stretch of a rope. */
  sealed interface Part permits Literal, Hole {}

  /** Characters that the template wrote. */
  record Literal(String text) implements Part {}

  /**
   * The place of a message's text.
   *
   * @param message index of the message in its conversation
   * @param blank the message's text if it is empty or white space only, else null: unknown
   * @param changes what the template does to the text, in order; none of it makes a text with more
   *     than white space in it blank
   */
  record Hole(int message, @Nullable String blank, List<Change> changes) implements Part {
    /** What stands here if the message's text is this. */
    String fill(String text) {
      String filled = text;
      for (Change change : changes) {
        filled = change.of(filled);
      }
      return filled;
    }

    boolean isEmpty() {
      return blank != null && fill(blank).isEmpty();
    }

    private Hole with(Change change) {
      List<Change> more = new ArrayList<>(changes);
      more.add(change);
      return new Hole(message, blank, List.copyOf(more));
    }
  }

  /** What a template does to a message's text. */
  sealed interface Change permits Strip, Spacing {
    String of(String text);
  }

  /** Other white space in place of some: Python's {@code replace('\r\n', '\n')}. */
  record Spacing(String old, String replacement) implements Change {
    @Override
    public String of(String text) {
      return text.replace(old, replacement);
    }
  }

  /**
   * Python's {@code lstrip} or {@code rstrip}.
   *
   * @param left the end to strip
   * @param chars the characters to strip, or null for white space
   */
  record Strip(boolean left, @Nullable String chars) implements Change {
    @Override
    public String of(String text) {
      if (chars == null) {
        return left ? PythonText.stripLeft(text) : PythonText.stripRight(text);
      }
      return left ? PythonText.stripLeft(text, chars) : PythonText.stripRight(text, chars);
    }
  }

  Rope {
    parts = List.copyOf(parts);
  }

  static Rope of(String text) {
    return text.isEmpty() ? EMPTY : new Rope(List.of(new Literal(text)));
  }

  /** The place of a message's text, of which nothing is kept unless it is blank. */
  static Rope hole(int message, String text) {
    String blank = PythonText.strip(text).isEmpty() ? text : null;
    return new Rope(List.of(new Hole(message, blank, List.of())));
  }

  /** The text, if there is no hole in it; else null. */
  @Nullable String literal() {
    if (parts.isEmpty()) {
      return "";
    }
    return parts.size() == 1 && parts.get(0) instanceof Literal only ? only.text : null;
  }

  /** Whether no character will stand here. */
  boolean isEmpty() {
    for (Part part : parts) {
      if (!(part instanceof Hole hole) || !hole.isEmpty()) {
        return false;
      }
    }
    return true;
  }

  /** The text with holes that are known filled in, if all are known; else null. */
  @Nullable String known() {
    StringBuilder text = new StringBuilder();
    for (Part part : parts) {
      if (part instanceof Literal literal) {
        text.append(literal.text);
      } else if (part instanceof Hole hole && hole.blank != null) {
        text.append(hole.fill(hole.blank));
      } else {
        return null;
      }
    }
    return text.toString();
  }

  /** The text for people, with dots where messages stand. */
  String shown() {
    StringBuilder text = new StringBuilder();
    for (Part part : parts) {
      text.append(part instanceof Literal literal ? literal.text : "...");
    }
    return text.toString();
  }

  Rope plus(Rope more) {
    if (parts.isEmpty() || more.parts.isEmpty()) {
      return parts.isEmpty() ? more : this;
    }
    Builder builder = new Builder();
    builder.add(this);
    builder.add(more);
    return builder.build();
  }

  /**
   * Python's {@code strip} at one end.
   *
   * @throws JinjaException if letters should be stripped off a message's text
   */
  Rope strip(Strip strip) {
    List<Part> kept = new ArrayList<>(parts);
    int at = strip.left ? 0 : kept.size() - 1;
    while (at >= 0 && at < kept.size()) {
      if (kept.get(at) instanceof Literal literal) {
        String rest = strip.of(literal.text);
        if (!rest.isEmpty()) {
          kept.set(at, new Literal(rest));
          break;
        }
        kept.remove(at);
        at -= strip.left ? 0 : 1;
      } else {
        Hole hole = (Hole) kept.get(at);
        if (strip.chars != null && !PythonText.strip(strip.chars).isEmpty() && !hole.isEmpty()) {
          throw new JinjaException("it strips other characters than white space off a message");
        }
        Hole stripped = hole.with(strip);
        kept.set(at, stripped);
        if (!stripped.isEmpty()) {
          break;
        }
        at += strip.left ? 1 : -1;
      }
    }
    Builder builder = new Builder();
    kept.forEach(builder::add);
    return builder.build();
  }

  /** Whether the template's own characters hold this text. */
  boolean contains(String text) {
    for (Part part : parts) {
      if (part instanceof Literal literal && literal.text.contains(text)) {
        return true;
      }
    }
    return text.isEmpty();
  }

  boolean startsWith(String text) {
    return text.isEmpty()
        || (!parts.isEmpty()
            && parts.get(0) instanceof Literal literal
            && literal.text.startsWith(text));
  }

  boolean endsWith(String text) {
    return text.isEmpty()
        || (!parts.isEmpty()
            && parts.get(parts.size() - 1) instanceof Literal literal
            && literal.text.endsWith(text));
  }

  /**
   * Python's {@code split}: cuts at a separator in the template's own characters.
   *
   * @param limit the greatest number of cuts; negative for all
   */
  List<Rope> split(String separator, long limit) {
    List<Rope> ropes = new ArrayList<>();
    Builder builder = new Builder();
    for (Part part : parts) {
      if (!(part instanceof Literal literal)) {
        builder.add(part);
        continue;
      }
      int from = 0;
      int at = literal.text.indexOf(separator);
      while (at >= 0 && (limit < 0 || ropes.size() < limit)) {
        builder.add(literal.text.substring(from, at));
        ropes.add(builder.build());
        builder = new Builder();
        from = at + separator.length();
        at = literal.text.indexOf(separator, from);
      }
      builder.add(literal.text.substring(from));
    }
    ropes.add(builder.build());
    return ropes;
  }

  /**
   * Python's {@code replace}. White space in a message's text is replaced when the text is filled
   * in. A word is replaced in the template's own characters alone: templates take words with a
   * meaning of their own out of messages, such as {@code /no_think}, and a message counts as one
   * without.
   *
   * @throws JinjaException if a message's text would change in another way
   */
  Rope replace(String old, String replacement) {
    boolean spacing = PythonText.strip(old).isEmpty() && PythonText.strip(replacement).isEmpty();
    if (spacing && !old.isEmpty() && parts.size() == 1 && parts.get(0) instanceof Hole only) {
      return new Rope(List.of(only.with(new Spacing(old, replacement))));
    }
    boolean word = PythonText.strip(old).length() > 1;
    Builder builder = new Builder();
    for (Part part : parts) {
      if (part instanceof Literal literal) {
        builder.add(literal.text.replace(old, replacement));
      } else if (word || ((Hole) part).isEmpty()) {
        builder.add(part);
      } else {
        throw new JinjaException("it changes a message's text by replace");
      }
    }
    return builder.build();
  }

  /** The number of characters the template wrote, and of holes: a measure of work. */
  int size() {
    int size = 0;
    for (Part part : parts) {
      size += part instanceof Literal literal ? literal.text.length() : 1;
    }
    return size;
  }

  /** Joins parts. */
  static final class Builder {
    private final List<Part> parts = new ArrayList<>();
    private final StringBuilder literal = new StringBuilder();

    void add(Rope rope) {
      rope.parts.forEach(this::add);
    }

    void add(Part part) {
      if (part instanceof Literal text) {
        literal.append(text.text);
      } else {
        flush();
        parts.add(part);
      }
    }

    void add(String text) {
      literal.append(text);
    }

    private void flush() {
      if (literal.length() > 0) {
        parts.add(new Literal(literal.toString()));
        literal.setLength(0);
      }
    }

    Rope build() {
      flush();
      return new Rope(parts);
    }
  }
}
