package org.alignment4j.chat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one call, by parameter; an argument without a parameter is an error that names
 * it, as in Python.
 */
final class JinjaArguments {
  private final String callee;
  private final List<String> parameters;
  private final @Nullable Object[] values;

  private JinjaArguments(String callee, List<String> parameters, @Nullable Object[] values) {
    this.callee = callee;
    this.parameters = parameters;
    this.values = values;
  }

  /**
   * @param callee the called function's name, for messages
   * @param parameters names in order; those that start with a slash are positional only
   * @throws JinjaException if an argument is too many, unknown or given twice
   */
  static JinjaArguments of(
      String callee, List<Object> positional, Map<String, Object> named, String... parameters) {
    if (positional.size() > parameters.length) {
      throw new JinjaException(
          callee + " with " + positional.size() + " arguments is not supported");
    }
    List<String> names = Arrays.asList(parameters);
    @Nullable Object[] values = positional.toArray(new @Nullable Object[parameters.length]);
    for (int i = positional.size(); i < values.length; i++) {
      values[i] = null;
    }
    named.forEach(
        (name, value) -> {
          int at = names.indexOf(name);
          if (at < 0 || values[at] != null) {
            throw new JinjaException(callee + " with " + name + "= is not supported");
          }
          values[at] = value;
        });
    return new JinjaArguments(callee, names, values);
  }

  boolean has(int index) {
    return values[index] != null;
  }

  Object required(int index) {
    Object value = values[index];
    if (value == null) {
      throw new JinjaException(
          callee + " needs its argument " + parameters.get(index).replace("/", ""));
    }
    return value;
  }

  Object or(int index, Object otherwise) {
    Object value = values[index];
    return value == null ? otherwise : value;
  }

  /** A text argument; null if absent or None. */
  @Nullable String textOrNone(int index) {
    Object value = or(index, JinjaValue.None.NONE);
    return value == JinjaValue.None.NONE ? null : JinjaValue.literal(value, callee);
  }

  String text(int index) {
    return JinjaValue.literal(required(index), callee);
  }

  long whole(int index, long otherwise) {
    return JinjaValue.whole(or(index, otherwise), callee);
  }

  boolean truth(int index, boolean otherwise) {
    return JinjaValue.truth(or(index, otherwise));
  }
}
