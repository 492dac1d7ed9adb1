package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The values of a template and Python's rules for them. A value is a {@link Rope}, a Boolean, a
 * Long, a Double, a List, a Map with String keys, or one of the kinds here.
 */
final class JinjaValue {
  /** Python's None. */
  enum None {
    NONE
  }

  /**
   * A name or attribute that is not there.
   *
   * @param name for messages
   */
  record Undefined(String name) {}

  /** Something with attributes of its own: {@code loop}, a namespace. */
  interface WithAttributes {
    /** The attribute's value, or null if there is none. */
    @Nullable Object attribute(String name);
  }

  /** Something to call: a macro, a method, a global function. */
  interface Callable {
    Object call(JinjaRun run, List<Object> arguments, Map<String, Object> named);
  }

  private JinjaValue() {}

  static boolean truth(Object value) {
    if (value instanceof Boolean b) {
      return b;
    } else if (value instanceof Rope rope) {
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

  /** What {@code {{ value }}} writes. */
  static Rope text(Object value) {
    if (value instanceof Rope rope) {
      return rope;
    } else if (value instanceof Boolean b) {
      return Rope.of(b ? "True" : "False");
    } else if (value instanceof Long || value instanceof Double) {
      return Rope.of(value.toString());
    } else if (value instanceof None) {
      return Rope.of("None");
    } else if (value instanceof Undefined) {
      return Rope.EMPTY;
    }
    throw new JinjaException("it writes " + kind(value) + " as text");
  }

  /** The characters of a text that must not depend on a message's. */
  static String literal(Object value, String purpose) {
    if (value instanceof Rope rope) {
      return rope.text();
    }
    throw new JinjaException(purpose + " needs a text, found " + kind(value));
  }

  static boolean same(Object a, Object b) {
    if (isNumber(a) && isNumber(b)) {
      return order(a, b) == 0;
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      if (x.size() != y.size()) {
        return false;
      }
      for (int i = 0; i < x.size(); i++) {
        if (!same(x.get(i), y.get(i))) {
          return false;
        }
      }
      return true;
    }
    if (a instanceof Map<?, ?> || b instanceof Map<?, ?>) {
      return a == b;
    }
    return a.equals(b) || (a instanceof Undefined && b instanceof Undefined);
  }

  /** Python's order: negative, zero or positive. */
  static int order(Object a, Object b) {
    if (isNumber(a) && isNumber(b)) {
      return a instanceof Double || b instanceof Double
          ? Double.compare(real(a), real(b))
          : Long.compare(whole(a, "comparing"), whole(b, "comparing"));
    }
    if (a instanceof Rope && b instanceof Rope) {
      return literal(a, "comparing").compareTo(literal(b, "comparing"));
    }
    throw new JinjaException("it compares " + kind(a) + " with " + kind(b));
  }

  static boolean contains(Object whole, Object part) {
    if (whole instanceof Rope rope && part instanceof Rope wanted) {
      return rope.text().contains(wanted.text());
    } else if (whole instanceof List<?> list) {
      return list.stream().anyMatch(each -> same(each, part));
    } else if (whole instanceof Map<?, ?> map) {
      return map.containsKey(key(part));
    } else if (whole instanceof Undefined) {
      return false;
    }
    throw new JinjaException("it looks for something in " + kind(whole));
  }

  static boolean isNumber(Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean;
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

  /** The values a loop goes through. */
  static List<Object> each(Object value) {
    if (value instanceof List<?> list) {
      return new ArrayList<>(list);
    } else if (value instanceof Map<?, ?> map) {
      List<Object> keys = new ArrayList<>();
      map.keySet().forEach(key -> keys.add(ofKey(key)));
      return keys;
    } else if (value instanceof Undefined) {
      return List.of();
    } else if (value instanceof Rope rope) {
      return characters(rope);
    }
    throw new JinjaException("it goes through " + kind(value));
  }

  private static List<Object> characters(Rope text) {
    List<Object> characters = new ArrayList<>();
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
    Object found = null;
    if (value instanceof Undefined undefined) {
      throw new JinjaException(undefined.name + " is undefined; it asks for ." + name);
    } else if (value instanceof WithAttributes object) {
      found = object.attribute(name);
    } else if (value instanceof Map<?, ?> map) {
      found = JinjaMethods.ofMap(map, name);
      found = found == null ? map.get(Rope.of(name)) : found;
    } else if (value instanceof Rope rope) {
      found = JinjaMethods.ofText(rope, name);
    }
    return found == null ? new Undefined(name) : found;
  }

  /** {@code value[key]}. */
  static Object item(Object value, Object key) {
    if (value instanceof Undefined undefined) {
      throw new JinjaException(undefined.name + " is undefined; it asks for an element");
    } else if (value instanceof List<?> list && key instanceof Long index) {
      long from = index < 0 ? index + list.size() : index;
      return from >= 0 && from < list.size() ? list.get((int) from) : new Undefined("element");
    } else if (value instanceof Rope rope && key instanceof Long index) {
      return item(characters(rope), index);
    }
    Object name = key(key);
    Object found = value instanceof Map<?, ?> map ? map.get(name) : null;
    if (found != null) {
      return found;
    }
    return name instanceof Rope rope ? attribute(value, rope.text()) : new Undefined("element");
  }

  /** A value as the key of a Map. */
  static Object key(Object value) {
    if (value instanceof Rope text) {
      return text;
    }
    return whole(value, "a key");
  }

  /** A Map's key as a value. */
  static Object ofKey(Object key) {
    return key;
  }

  /** {@code value[from:to:step]}, each possibly null. */
  static Object slice(
      Object value, @Nullable Long from, @Nullable Long to, @Nullable Long wantedStep) {
    if (value instanceof Rope rope) {
      if (from == null && to == null && wantedStep == null) {
        return value;
      }
      Rope.Builder text = new Rope.Builder();
      for (Object c : (List<?>) slice(characters(rope), from, to, wantedStep)) {
        text.add((Rope) c);
      }
      return text.build();
    }
    if (!(value instanceof List<?> list)) {
      throw new JinjaException("it takes a part of " + kind(value));
    }
    long step = wantedStep == null ? 1 : wantedStep;
    if (step == 0) {
      throw new JinjaException("it takes a part in steps of 0");
    }
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

  /** What a value is, for messages. */
  static String kind(Object value) {
    if (value instanceof Undefined undefined) {
      return undefined.name + ", which is undefined,";
    } else if (value instanceof None) {
      return "none";
    } else if (value instanceof Rope) {
      return "a text";
    } else if (value instanceof List<?>) {
      return "a list";
    } else if (value instanceof Map<?, ?>) {
      return "a mapping";
    } else if (isNumber(value)) {
      return "a number";
    }
    return "an object";
  }
}
