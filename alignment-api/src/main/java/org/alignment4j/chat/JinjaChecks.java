package org.alignment4j.chat;

import java.util.List;
import java.util.Map;
import org.alignment4j.chat.JinjaList.Kind;
import org.alignment4j.chat.JinjaValue.Callable;
import org.alignment4j.chat.JinjaValue.Generator;
import org.alignment4j.chat.JinjaValue.MapKey;
import org.alignment4j.chat.JinjaValue.None;
import org.alignment4j.chat.JinjaValue.Undefined;

/** Jinja's tests: {@code value is name}. */
final class JinjaChecks {
  private JinjaChecks() {}

  static boolean holds(String name, Object value, List<Object> arguments) {
    return switch (name) {
      case "eq", "equalto", "==" -> JinjaValue.same(value, one(name, arguments));
      case "ne", "!=" -> !JinjaValue.same(value, one(name, arguments));
      case "lt", "lessthan", "<" -> JinjaValue.order(value, one(name, arguments)) < 0;
      case "le", "<=" -> JinjaValue.order(value, one(name, arguments)) <= 0;
      case "gt", "greaterthan", ">" -> JinjaValue.order(value, one(name, arguments)) > 0;
      case "ge", ">=" -> JinjaValue.order(value, one(name, arguments)) >= 0;
      case "in" -> JinjaValue.contains(one(name, arguments), value);
      case "divisibleby" -> isZero(JinjaNumbers.compute("%", value, one(name, arguments)));
      case "sameas" -> isIdentical(value, one(name, arguments));
      default -> {
        if (!arguments.isEmpty()) {
          throw new JinjaException("the test " + name + " with an argument is not supported");
        }
        yield holds(name, value);
      }
    };
  }

  private static boolean holds(String name, Object value) {
    return switch (name) {
      case "defined" -> !isUndefined(value);
      case "undefined" -> isUndefined(value);
      case "none" -> value instanceof None;
      case "string" -> value instanceof TracedText;
      case "mapping" -> value instanceof Map<?, ?>;
      case "iterable" ->
          isSequence(value) || value instanceof List<?> || value instanceof Generator;
      case "sequence" -> isSequence(value);
      case "number" -> JinjaValue.isNumber(value);
      case "integer" -> value instanceof Long;
      case "float" -> value instanceof Double;
      case "boolean" -> value instanceof Boolean;
      case "true" -> Boolean.TRUE.equals(value);
      case "false" -> Boolean.FALSE.equals(value);
      case "callable" -> value instanceof Callable || value instanceof Undefined;
      case "odd" -> JinjaValue.same(JinjaNumbers.compute("%", value, 2L), 1L);
      case "even" -> isZero(JinjaNumbers.compute("%", value, 2L));
      case "lower", "upper" -> JinjaCase.is(JinjaText.of(value).text(), "is" + name);
      case "escaped" -> false;
      case "filter" ->
          MapKey.of(value).value() instanceof TracedText text && JinjaFilters.isKnown(text.text());
      default -> throw new JinjaException("the test " + name + " is not supported");
    };
  }

  private static boolean isSequence(Object value) {
    return value instanceof TracedText
        || value instanceof Undefined
        || value instanceof Map<?, ?>
        || (value instanceof JinjaList list && list.kind() != Kind.VIEW);
  }

  private static boolean isUndefined(Object value) {
    return value instanceof Undefined || value instanceof JinjaDate;
  }

  private static boolean isZero(Object value) {
    return JinjaValue.same(value, 0L);
  }

  /** The only values whose identity in Python is known. */
  private static boolean isIdentical(Object a, Object b) {
    boolean known =
        a instanceof Boolean || b instanceof Boolean || a instanceof None || b instanceof None;
    if (!known) {
      throw new JinjaException("the test sameas of such values is not supported");
    }
    return a.equals(b);
  }

  private static Object one(String name, List<Object> arguments) {
    if (arguments.size() != 1) {
      throw new JinjaException("the test " + name + " needs one argument");
    }
    return arguments.get(0);
  }
}
