package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Text that a chat template builds, with the origin of every character: the template or one of the
 * messages.
 *
 * <p>A template may inspect, cut and join message text as in Python. Text made of a message's
 * characters still belongs to that message, so that no message text can become a control token or
 * role marker. Two texts are equal if their characters are. Immutable.
 */
final class TracedText {
  static final TracedText EMPTY = new TracedText(List.of());

  /**
   * A part with one origin.
   *
   * @param message index of the message in its conversation, or -1 if the template wrote it
   * @param offset its offset in the message, in UTF-16 units; 0 for template text
   */
  record Part(String text, int message, int offset) {
    boolean isTemplate() {
      return message < 0;
    }

    private Part sub(int from, int to) {
      return new Part(text.substring(from, to), message, isTemplate() ? 0 : offset + from);
    }
  }

  private final List<Part> parts;
  private final int length;
  private @Nullable String text;

  private TracedText(List<Part> parts) {
    this.parts = List.copyOf(parts);
    this.length = parts.stream().mapToInt(part -> part.text.length()).sum();
    this.text = parts.size() == 1 ? parts.get(0).text : null;
  }

  /** Text of the template. */
  static TracedText of(String text) {
    return text.isEmpty() ? EMPTY : new TracedText(List.of(new Part(text, -1, 0)));
  }

  /** The text of a message, possibly empty. */
  static TracedText ofMessage(int message, String text) {
    return new TracedText(List.of(new Part(text, message, 0)));
  }

  /**
   * The parts in order. Those of the template are not empty and not adjacent; an empty one of a
   * message marks where text of that message was removed.
   */
  List<Part> parts() {
    return parts;
  }

  /** All characters. */
  String text() {
    String joined = text;
    if (joined == null) {
      StringBuilder all = new StringBuilder(length);
      parts.forEach(part -> all.append(part.text));
      joined = all.toString();
      text = joined;
    }
    return joined;
  }

  /** The number of UTF-16 units. */
  int length() {
    return length;
  }

  boolean isEmpty() {
    return length == 0;
  }

  /** The text for error messages, with dots in place of message text. */
  String shown() {
    StringBuilder shown = new StringBuilder();
    parts.forEach(part -> shown.append(part.isTemplate() ? part.text : "..."));
    return shown.toString();
  }

  TracedText plus(TracedText more) {
    if (parts.isEmpty() || more.parts.isEmpty()) {
      return parts.isEmpty() ? more : this;
    }
    Builder builder = new Builder();
    builder.add(this);
    builder.add(more);
    return builder.build();
  }

  /** The text between two offsets, in UTF-16 units. */
  TracedText sub(int from, int to) {
    if (from == 0 && to == length) {
      return this;
    }
    Builder builder = new Builder();
    int start = 0;
    for (Part part : parts) {
      int end = start + part.text.length();
      int low = Math.max(from, start);
      int high = Math.min(to, end);
      // A message whose text is removed still marks its position.
      if (low < high || (from == to && low == high && !part.isTemplate())) {
        builder.add(part.sub(low - start, high - start));
      }
      start = end;
    }
    return builder.build();
  }

  /** Applies a function to each part; origins are kept. */
  TracedText map(UnaryOperator<String> change) {
    Builder builder = new Builder();
    for (Part part : parts) {
      builder.add(new Part(change.apply(part.text), part.message, part.offset));
    }
    return builder.build();
  }

  /**
   * Python's {@code replace}. The replacement of a message's characters belongs to that message.
   *
   * @param count the greatest number of replacements; negative for all
   */
  TracedText replace(String old, String replacement, long count) {
    String all = text();
    Builder builder = new Builder();
    int copied = 0;
    int from = 0;
    for (long n = 0; count < 0 || n < count; n++) {
      int at = from > all.length() ? -1 : all.indexOf(old, from);
      if (at < 0) {
        break;
      }
      builder.add(sub(copied, at));
      builder.add(inPlaceOf(at, at + old.length(), replacement));
      copied = at + old.length();
      from = old.isEmpty() ? at + step(all, at) : copied;
    }
    if (copied == 0 && from == 0) {
      return this;
    }
    builder.add(sub(copied, all.length()));
    return builder.build();
  }

  private static int step(String text, int at) {
    return at < text.length() ? Character.charCount(text.codePointAt(at)) : 1;
  }

  /** A part with the origin of the first message within a range. */
  private Part inPlaceOf(int from, int to, String replacement) {
    int start = 0;
    for (Part part : parts) {
      int end = start + part.text.length();
      if (!part.isTemplate() && start < to && end > from) {
        return new Part(replacement, part.message, part.offset + Math.max(0, from - start));
      }
      start = end;
    }
    return new Part(replacement, -1, 0);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TracedText that && length == that.length && text().equals(that.text());
  }

  @Override
  public int hashCode() {
    return text().hashCode();
  }

  @Override
  public String toString() {
    return parts.toString();
  }

  /** Joins parts. */
  static final class Builder {
    private final List<Part> parts = new ArrayList<>();
    private final StringBuilder open = new StringBuilder();
    private int message = -1;
    private int offset;

    void add(TracedText rope) {
      rope.parts.forEach(this::add);
    }

    void add(Part part) {
      boolean follows =
          part.message == message && (part.isTemplate() || part.offset == offset + open.length());
      if (!follows) {
        flush();
        message = part.message;
        offset = part.offset;
      }
      open.append(part.text);
    }

    void add(String text) {
      add(new Part(text, -1, 0));
    }

    private void flush() {
      if (open.length() > 0 || message >= 0) {
        parts.add(new Part(open.toString(), message, offset));
      }
      open.setLength(0);
      message = -1;
    }

    TracedText build() {
      flush();
      return parts.isEmpty() ? EMPTY : new TracedText(parts);
    }
  }
}
