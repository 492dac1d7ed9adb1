package org.alignment4j.chat;

import java.util.List;
import java.util.Map;
import org.alignment4j.chat.JinjaValue.Callable;
import org.alignment4j.chat.JinjaValue.None;
import org.alignment4j.chat.JinjaValue.Undefined;

/** Jinja's tests: {@code value is name}. */
final class JinjaChecks {
  private JinjaChecks() {}

  static boolean holds(String name, Object value, List<Object> arguments) {
    return switch (name) {
      case "defined" -> !isUndefined(value);
      case "undefined" -> isUndefined(value);
      case "none" -> value instanceof None;
      case "string" -> value instanceof Rope;
      case "mapping" -> value instanceof Map<?, ?>;
      case "iterable", "sequence" ->
          value instanceof Rope
             
              || value instanceof List<?>
              || value instanceof Map<?, ?>
              || (name.equals("iterable") && value instanceof Undefined);
      case "number" -> JinjaValue.isNumber(value);
      case "integer" -> value instanceof Long;
      case "float" -> value instanceof Double;
      case "boolean" -> value instanceof Boolean;
      case "true" -> Boolean.TRUE.equals(value);
      case "false" -> Boolean.FALSE.equals(value);
      case "callable" -> value instanceof Callable;
      case "odd" -> Math.floorMod(JinjaValue.whole(value, "odd"), 2L) == 1;
      case "even" -> Math.floorMod(JinjaValue.whole(value, "even"), 2L) == 0;
      case "divisibleby" ->
          JinjaValue.whole(value, name) % JinjaValue.whole(argument(name, arguments), name) == 0;
      case "eq", "equalto", "==" -> JinjaValue.same(value, argument(name, arguments));
      case "ne", "!=" -> !JinjaValue.same(value, argument(name, arguments));
      case "lt", "lessthan", "<" -> JinjaValue.order(value, argument(name, arguments)) < 0;
      case "le", "<=" -> JinjaValue.order(value, argument(name, arguments)) <= 0;
      case "gt", "greaterthan", ">" -> JinjaValue.order(value, argument(name, arguments)) > 0;
      case "ge", ">=" -> JinjaValue.order(value, argument(name, arguments)) >= 0;
      case "in" -> JinjaValue.contains(argument(name, arguments), value);
      default -> throw new JinjaException("the test " + name + " is not supported");
    };
  }

  private static boolean isUndefined(Object value) {
    return value instanceof Undefined || value instanceof JinjaDate;
  }

  private static Object argument(String name, List<Object> arguments) {
    if (arguments.isEmpty()) {
      throw new JinjaException("the test " + name + " needs an argument");
    }
    return arguments.get(0);
  }
}
