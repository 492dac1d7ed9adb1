package org.alignment4j.chat;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.JinjaList.Kind;
import org.jspecify.annotations.Nullable;

/**
 * The values of a template and Python's rules for them. A value is a {@link TracedText}, a Boolean,
 * a Long, a Double, a {@link JinjaList}, a Map with {@link MapKey} keys, or one of the types here.
 */
final class JinjaValue {
  /** Python's None. */
  enum None {
    NONE
  }

  /**
   * A name or attribute that is undefined.
   *
   * @param name the name, for messages
   */
  record Undefined(String name) {}

  /** A value with attributes: {@code loop}, a namespace. */
  interface WithAttributes {
    /** The attribute's value, or null if there is none. */
    @Nullable Object attribute(String name);
  }

  /** A callable value: a macro, a method, a global function. */
  interface Callable {
    Object call(JinjaRun run, List<Object> arguments, Map<String, Object> named);
  }

  /** Values to iterate over once, without a length. */
  record Generator(Iterator<Object> rest) {
    static Generator of(List<Object> values) {
      return new Generator(values.iterator());
    }
  }

  /** A value as a key of a Map: equal if Python's are, such as 1, 1.0 and True. */
  record MapKey(Object value) {
    /**
     * @throws JinjaException if the value cannot be a key
     */
    static MapKey of(Object value) {
      if (value instanceof Map<?, ?>
          || (value instanceof JinjaList list && list.kind() == Kind.LIST)
          || (value instanceof JinjaList view && view.kind() == Kind.VIEW)) {
        throw new JinjaException("it takes " + kind(value) + " as a key");
      }
      if (value instanceof JinjaList tuple) {
        tuple.forEach(MapKey::of);
      }
      return new MapKey(value);
    }

    static MapKey of(String text) {
      return new MapKey(TracedText.of(text));
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof MapKey key && same(value, key.value);
    }

    @Override
    public int hashCode() {
      if (isNumber(value)) {
        return Double.hashCode(real(value) + 0.0);
      } else if (value instanceof JinjaList tuple) {
        int hash = tuple.kind().hashCode();
        for (Object element : tuple) {
          hash = 31 * hash + new MapKey(element).hashCode();
        }
        return hash;
      }
      return value instanceof Undefined ? 1 : value.hashCode();
    }
  }

  private JinjaValue() {}

  static boolean truth(Object value) {
    if (value instanceof Boolean b) {
      return b;
    } else if (value instanceof TracedText rope) {
      return !rope.isEmpty();
    } else if (value instanceof Long number) {
      return number != 0;
    } else if (value instanceof Double number) {
      return number != 0;
    } else if (value instanceof List<?> list) {
      return !list.isEmpty();
    } else if (value instanceof Map<?, ?> map) {
      return !map.isEmpty();
    }
    return !(value instanceof None || value instanceof Undefined);
  }

  /** The characters of a text. */
  static String literal(Object value, String purpose) {
    if (value instanceof TracedText rope) {
      return rope.text();
    }
    throw new JinjaException(purpose + " needs a text, found " + kind(value));
  }

  /** Python's {@code ==}. */
  static boolean same(Object a, Object b) {
    if (isNumber(a) && isNumber(b)) {
      if (a instanceof Double || b instanceof Double) {
        return !isNan(a) && !isNan(b) && compareNumbers(a, b) == 0;
      }
      return whole(a, "==") == whole(b, "==");
    }
    if (a instanceof JinjaList x && b instanceof JinjaList y) {
      if (x.kind() == Kind.VIEW || y.kind() == Kind.VIEW) {
        throw new JinjaException("comparing keys(), values() or items() is not supported");
      }
      if (x.kind() != y.kind() || x.size() != y.size()) {
        return false;
      }
      for (int i = 0; i < x.size(); i++) {
        if (!same(x.get(i), y.get(i))) {
          return false;
        }
      }
      return true;
    }
    if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
      return x.size() == y.size()
          && x.entrySet().stream()
              .allMatch(
                  each -> {
                    Object other = y.get(each.getKey());
                    return other != null && same(each.getValue(), other);
                  });
    }
    if (a instanceof TracedText x) {
      return x.equals(b);
    }
    return a == b || (a instanceof Undefined && b instanceof Undefined);
  }

  private static boolean isNan(Object value) {
    return value instanceof Double number && number.isNaN();
  }

  private static int compareNumbers(Object a, Object b) {
    double x = real(a);
    double y = real(b);
    if (x != y || Double.isInfinite(x)) {
      return x < y ? -1 : x > y ? 1 : 0;
    }
    return exact(a).compareTo(exact(b));
  }

  private static BigDecimal exact(Object number) {
    return number instanceof Double real
        ? new BigDecimal(real)
        : new BigDecimal(whole(number, "comparing"));
  }

  /** Python's order: negative, zero or positive. */
  static int order(Object a, Object b) {
    if (isNumber(a) && isNumber(b)) {
      if (isNan(a) || isNan(b)) {
        throw new JinjaException("comparing nan is not supported");
      }
      return compareNumbers(a, b);
    }
    if (a instanceof TracedText x && b instanceof TracedText y) {
      return order(x.text(), y.text());
    }
    if (a instanceof JinjaList x
        && b instanceof JinjaList y
        && x.kind() == y.kind()
        && (x.kind() == Kind.LIST || x.kind() == Kind.TUPLE)) {
      for (int i = 0; i < Math.min(x.size(), y.size()); i++) {
        if (!same(x.get(i), y.get(i))) {
          return order(x.get(i), y.get(i));
        }
      }
      return Integer.compare(x.size(), y.size());
    }
    throw new JinjaException("it compares " + kind(a) + " with " + kind(b));
  }

  /** By code points, which UTF-16 units are not. */
  private static int order(String a, String b) {
    int i = 0;
    while (i < a.length() && i < b.length() && a.charAt(i) == b.charAt(i)) {
      i++;
    }
    if (i == a.length() || i == b.length()) {
      return Integer.compare(a.length(), b.length());
    }
    boolean low = Character.isLowSurrogate(a.charAt(i)) && i > 0;
    int from = low && Character.isHighSurrogate(a.charAt(i - 1)) ? i - 1 : i;
    return Integer.compare(a.codePointAt(from), b.codePointAt(from));
  }

  static boolean contains(Object whole, Object part) {
    if (whole instanceof TracedText rope && part instanceof TracedText wanted) {
      return rope.text().contains(wanted.text());
    } else if (whole instanceof List<?> list) {
      return list.stream().anyMatch(each -> each == part || same(each, part));
    } else if (whole instanceof Map<?, ?> map) {
      return map.containsKey(MapKey.of(part));
    } else if (whole instanceof Undefined) {
      return false;
    } else if (whole instanceof Generator generator) {
      while (generator.rest.hasNext()) {
        if (same(generator.rest.next(), part)) {
          return true;
        }
      }
      return false;
    }
    throw new JinjaException("it looks for " + kind(part) + " in " + kind(whole));
  }

  static boolean isNumber(Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean;
  }

  static boolean isWhole(Object value) {
    return value instanceof Long || value instanceof Boolean;
  }

  static long whole(Object value, String purpose) {
    if (value instanceof Long number) {
      return number;
    } else if (value instanceof Boolean b) {
      return b ? 1 : 0;
    }
    throw new JinjaException(purpose + " needs a whole number, found " + kind(value));
  }

  static double real(Object value) {
    return value instanceof Double number ? number : whole(value, "arithmetic");
  }

  /** The values of a loop, in a list that the caller may change. */
  static List<Object> each(Object value) {
    if (value instanceof List<?> list) {
      return new ArrayList<>(list);
    } else if (value instanceof Map<?, ?> map) {
      List<Object> keys = new ArrayList<>(map.size());
      map.keySet().forEach(key -> keys.add(((MapKey) key).value()));
      return keys;
    } else if (value instanceof Undefined) {
      return new ArrayList<>();
    } else if (value instanceof TracedText rope) {
      return characters(rope);
    } else if (value instanceof Generator generator) {
      List<Object> rest = new ArrayList<>();
      generator.rest.forEachRemaining(rest::add);
      return rest;
    }
    throw new JinjaException("it loops over " + kind(value));
  }

  private static List<Object> characters(TracedText text) {
    List<Object> characters = new ArrayList<>(text.length());
    String all = text.text();
    for (int i = 0; i < all.length(); ) {
      int next = i + Character.charCount(all.codePointAt(i));
      characters.add(text.sub(i, next));
      i = next;
    }
    return characters;
  }

  /** The attribute of a value, as {@code value.name}; an {@link Undefined} if there is none. */
  static Object attribute(Object value, String name) {
    if (value instanceof Undefined undefined) {
      throw new JinjaException(undefined.name + " is undefined and has no attribute " + name);
    }
    Object found = ownAttribute(value, name);
    if (found == null && value instanceof Map<?, ?> map) {
      found = map.get(MapKey.of(name));
    }
    return found == null ? new Undefined(name) : found;
  }

  /** The result of Python's {@code getattr}, or null. */
  static @Nullable Object ownAttribute(Object value, String name) {
    if (name.startsWith("_")) {
      return null; // not accessible in a sandbox
    } else if (value instanceof WithAttributes object) {
      return object.attribute(name);
    } else if (value instanceof JinjaList list && list.named(name) != null) {
      return list.named(name);
    }
    return JinjaMethods.of(value, name);
  }

  /** {@code value[key]}. */
  static Object item(Object value, Object key) {
    if (value instanceof Undefined undefined) {
      throw new JinjaException(undefined.name + " is undefined and has no elements");
    } else if (value instanceof Map<?, ?> map) {
      boolean hashable = !(key instanceof Map<?, ?>) && !isListLike(key);
      Object found = hashable ? map.get(MapKey.of(key)) : null;
      if (found != null) {
        return found;
      }
    } else if (value instanceof JinjaList list && list.kind() != Kind.VIEW && isWhole(key)) {
      long index = whole(key, "an index");
      long from = index < 0 ? index + list.size() : index;
      return from >= 0 && from < list.size() ? list.get((int) from) : new Undefined("element");
    } else if (value instanceof TracedText rope && isWhole(key)) {
      return character(rope, whole(key, "an index"));
    }
    Object found = key instanceof TracedText name ? ownAttribute(value, name.text()) : null;
    return found != null
        ? found
        : new Undefined(key instanceof TracedText name ? name.shown() : "element");
  }

  private static boolean isListLike(Object value) {
    return value instanceof JinjaList list
        && (list.kind() == Kind.LIST || list.kind() == Kind.VIEW);
  }

  private static Object character(TracedText rope, long index) {
    String text = rope.text();
    int size = text.codePointCount(0, text.length());
    long from = index < 0 ? index + size : index;
    if (from < 0 || from >= size) {
      return new Undefined("character");
    }
    int at = text.offsetByCodePoints(0, (int) from);
    return rope.sub(at, at + Character.charCount(text.codePointAt(at)));
  }

  /** {@code value[from:to:step]}, each possibly null. */
  static Object slice(
      Object value, @Nullable Long from, @Nullable Long to, @Nullable Long wantedStep) {
    long step = wantedStep == null ? 1 : wantedStep;
    if (step == 0) {
      throw new JinjaException("it takes a slice with a step of 0");
    }
    if (value instanceof TracedText rope) {
      if (step != 1) {
        TracedText.Builder text = new TracedText.Builder();
        part(characters(rope), from, to, step).forEach(c -> text.add((TracedText) c));
        return text.build();
      }
      String text = rope.text();
      int size = text.codePointCount(0, text.length());
      long start = from == null ? 0 : clamp(from, size, 0, size);
      long end = Math.max(start, to == null ? size : clamp(to, size, 0, size));
      int low = text.offsetByCodePoints(0, (int) start);
      return rope.sub(low, text.offsetByCodePoints(low, (int) (end - start)));
    }
    if (value instanceof JinjaList list && list.kind() != Kind.VIEW) {
      return JinjaList.of(list.kind(), part(list, from, to, step));
    }
    throw new JinjaException("it takes a slice of " + kind(value));
  }

  private static List<Object> part(
      List<?> list, @Nullable Long from, @Nullable Long to, long step) {
    int size = list.size();
    long low = step > 0 ? 0 : -1;
    long high = step > 0 ? size : size - 1;
    long start = from == null ? (step > 0 ? low : high) : clamp(from, size, low, high);
    long end = to == null ? (step > 0 ? high : low) : clamp(to, size, low, high);
    List<Object> part = new ArrayList<>();
    for (long i = start; step > 0 ? i < end : i > end; i += step) {
      part.add(list.get((int) i));
      if (Math.abs(step) > size) {
        break;
      }
    }
    return part;
  }

  private static long clamp(long index, int size, long low, long high) {
    return Math.max(low, Math.min(high, index < 0 ? index + size : index));
  }

  /** The type of a value, for messages. */
  static String kind(Object value) {
    if (value instanceof Undefined undefined) {
      return undefined.name + ", which is undefined,";
    } else if (value instanceof None) {
      return "none";
    } else if (value instanceof TracedText) {
      return "a text";
    } else if (value instanceof JinjaList list) {
      return switch (list.kind()) {
        case LIST -> "a list";
        case TUPLE -> "a tuple";
        case RANGE -> "a range";
        case VIEW -> "a mapping's keys, values or items";
      };
    } else if (value instanceof Map<?, ?>) {
      return "a mapping";
    } else if (isNumber(value)) {
      return "a number";
    } else if (value instanceof Generator) {
      return "a generator";
    }
    return "an object";
  }
}
