package org.alignment4j.chat;

import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/** One of Python's sequences. Immutable; equal to nothing but itself ({@link JinjaValue#same}). */
final class JinjaList extends AbstractList<Object> implements RandomAccess {
  /** The type of a sequence. */
  enum Kind {
    LIST,
    TUPLE,
    RANGE,
    /**
     * The result of a mapping's {@code keys()}, {@code values()} or {@code items()}: not indexed.
     */
    VIEW
  }

  private final Kind kind;
  private final List<?> elements;
  private final List<String> names;

  private JinjaList(Kind kind, List<?> elements, List<String> names) {
    this.kind = kind;
    this.elements = elements;
    this.names = names;
  }

  /**
   * @param elements not changed afterwards
   */
  static JinjaList of(Kind kind, List<?> elements) {
    return new JinjaList(kind, elements, List.of());
  }

  static JinjaList list(List<?> elements) {
    return new JinjaList(Kind.LIST, elements, List.of());
  }

  static JinjaList tuple(Object... elements) {
    return new JinjaList(Kind.TUPLE, List.of(elements), List.of());
  }

  /** A result of {@code groupby}: a pair whose parts have names. */
  static JinjaList group(Object grouper, List<?> members) {
    return new JinjaList(Kind.TUPLE, List.of(grouper, list(members)), List.of("grouper", "list"));
  }

  /** The element of this name, or null. */
  @Nullable Object named(String name) {
    int at = names.indexOf(name);
    return at < 0 ? null : elements.get(at);
  }

  Kind kind() {
    return kind;
  }

  @Override
  public Object get(int index) {
    return elements.get(index);
  }

  @Override
  public int size() {
    return elements.size();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
