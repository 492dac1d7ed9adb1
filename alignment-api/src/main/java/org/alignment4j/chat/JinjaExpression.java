package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.JinjaList.Kind;
import org.alignment4j.chat.JinjaValue.Callable;
import org.alignment4j.chat.JinjaValue.MapKey;
import org.alignment4j.chat.JinjaValue.None;
import org.alignment4j.chat.JinjaValue.Undefined;
import org.jspecify.annotations.Nullable;

/** An expression of a template. */
interface JinjaExpression {
  Object value(JinjaRun run);

  /** A literal value. */
  record Constant(Object constant) implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      return constant;
    }
  }

  /** A variable. */
  record Name(String name) implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      run.spend(0);
      return run.get(name);
    }
  }

  /** {@code [a, b]} or {@code (a, b)}. */
  record ListOf(Kind kind, List<JinjaExpression> elements) implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      return JinjaList.of(kind, values(elements, run));
    }
  }

  /** {@code {'a': b}}. */
  record MapOf(List<JinjaExpression> keys, List<JinjaExpression> values)
      implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      Map<Object, Object> map = new LinkedHashMap<>();
      for (int i = 0; i < keys.size(); i++) {
        map.put(MapKey.of(keys.get(i).value(run)), values.get(i).value(run));
      }
      return map;
    }
  }

  /** {@code object.name}. */
  record Attribute(JinjaExpression object, String name) implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      run.spend(0);
      return JinjaValue.attribute(object.value(run), name);
    }
  }

  /** {@code object[key]}. */
  record Item(JinjaExpression object, JinjaExpression key) implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      run.spend(0);
      return JinjaValue.item(object.value(run), key.value(run));
    }
  }

  /** {@code object[from:to:step]}. */
  record Slice(
      JinjaExpression object,
      @Nullable JinjaExpression from,
      @Nullable JinjaExpression to,
      @Nullable JinjaExpression step)
      implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      Object whole = object.value(run);
      run.spend(whole instanceof List<?> list ? list.size() / 8 : 0);
      return JinjaValue.slice(whole, bound(from, run), bound(to, run), bound(step, run));
    }

    private static @Nullable Long bound(@Nullable JinjaExpression bound, JinjaRun run) {
      Object value = bound == null ? None.NONE : bound.value(run);
      return value instanceof None ? null : Long.valueOf(JinjaValue.whole(value, "a bound"));
    }
  }

  /** {@code function(arguments, name=argument)}. */
  record Call(
      JinjaExpression function,
      List<JinjaExpression> arguments,
      Map<String, JinjaExpression> named,
      int line)
      implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      run.at(line);
      Object callee = function.value(run);
      if (callee instanceof Callable callable) {
        return callable.call(run, values(arguments, run), values(named, run));
      }
      throw new JinjaException("it calls " + JinjaValue.kind(callee));
    }
  }

  /** {@code *values} among arguments: each of the values. */
  record Spread(JinjaExpression values) implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      return JinjaValue.each(values.value(run));
    }
  }

  /** {@code value | name(arguments)}. */
  record Filter(
      JinjaExpression input,
      String name,
      List<JinjaExpression> arguments,
      Map<String, JinjaExpression> named,
      int line)
      implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      run.at(line);
      return JinjaFilters.apply(
          run, name, input.value(run), values(arguments, run), values(named, run));
    }
  }

  /** {@code value is name(arguments)}. */
  record Test(JinjaExpression input, String name, List<JinjaExpression> arguments, int line)
      implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      run.at(line);
      return JinjaChecks.holds(name, input.value(run), values(arguments, run));
    }
  }

  /** {@code not value}. */
  record Not(JinjaExpression operand) implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      return !JinjaValue.truth(operand.value(run));
    }
  }

  /** {@code -value} or {@code +value}. */
  record Signed(boolean negative, JinjaExpression operand) implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      Object value = operand.value(run);
      if (value instanceof Double number) {
        return negative ? (Object) (-number) : number;
      }
      long number = JinjaValue.whole(value, negative ? "-" : "+");
      return negative ? Math.negateExact(number) : number;
    }
  }

  /** {@code a and b}, {@code a or b}: one of the two values. */
  record Logic(boolean and, JinjaExpression left, JinjaExpression right)
      implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      Object value = left.value(run);
      return JinjaValue.truth(value) == and ? right.value(run) : value;
    }
  }

  /** {@code yes if condition else no}. */
  record Conditional(JinjaExpression condition, JinjaExpression yes, @Nullable JinjaExpression no)
      implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      if (JinjaValue.truth(condition.value(run))) {
        return yes.value(run);
      }
      return no == null ? new Undefined("the missing else") : no.value(run);
    }
  }

  /** A chain of comparisons: {@code a < b <= c}, {@code a in b}. */
  record Comparison(JinjaExpression first, List<String> operators, List<JinjaExpression> operands)
      implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      Object left = first.value(run);
      for (int i = 0; i < operators.size(); i++) {
        Object right = operands.get(i).value(run);
        run.spend(weight(left) + weight(right));
        if (!holds(operators.get(i), left, right)) {
          return false;
        }
        left = right;
      }
      return true;
    }

    private static boolean holds(String operator, Object a, Object b) {
      return switch (operator) {
        case "==" -> JinjaValue.same(a, b);
        case "!=" -> !JinjaValue.same(a, b);
        case "in" -> JinjaValue.contains(b, a);
        case "not in" -> !JinjaValue.contains(b, a);
        case "<" -> JinjaValue.order(a, b) < 0;
        case "<=" -> JinjaValue.order(a, b) <= 0;
        case ">" -> JinjaValue.order(a, b) > 0;
        default -> JinjaValue.order(a, b) >= 0;
      };
    }
  }

  /** Arithmetic and joining texts. */
  record Binary(String operator, JinjaExpression left, JinjaExpression right)
      implements JinjaExpression {
    @Override
    public Object value(JinjaRun run) {
      return compute(operator, left.value(run), right.value(run), run);
    }

    static Object compute(String operator, Object a, Object b, JinjaRun run) {
      if (operator.equals("~")) {
        return joined(JinjaText.of(a), JinjaText.of(b), run);
      }
      if (operator.equals("+") && a instanceof TracedText x && b instanceof TracedText y) {
        return joined(x, y, run);
      }
      if (operator.equals("%") && a instanceof TracedText pattern) {
        return JinjaFormat.percent(pattern, b);
      }
      boolean lists = isList(a) && isList(b);
      if (operator.equals("+") && lists && ((JinjaList) a).kind() == ((JinjaList) b).kind()) {
        List<Object> sum = JinjaValue.each(a);
        sum.addAll((JinjaList) b);
        JinjaRun.requireElements(sum.size());
        run.spend(sum.size());
        return JinjaList.of(((JinjaList) a).kind(), sum);
      }
      if (operator.equals("*") && (a instanceof TracedText || isList(a)) && JinjaValue.isWhole(b)) {
        return repeated(a, JinjaValue.whole(b, "*"), run);
      }
      if (operator.equals("*") && (b instanceof TracedText || isList(b)) && JinjaValue.isWhole(a)) {
        return repeated(b, JinjaValue.whole(a, "*"), run);
      }
      return JinjaNumbers.compute(operator, a, b);
    }

    private static boolean isList(Object value) {
      return value instanceof JinjaList list
          && (list.kind() == Kind.LIST || list.kind() == Kind.TUPLE);
    }

    private static Object repeated(Object value, long times, JinjaRun run) {
      long count = Math.max(0, times);
      if (value instanceof TracedText text) {
        run.requireSize(text.length() * Math.min(count, Integer.MAX_VALUE));
        TracedText.Builder out = new TracedText.Builder();
        for (long i = 0; i < (text.isEmpty() ? 0 : count); i++) {
          out.add(text);
        }
        return out.build();
      }
      JinjaList list = (JinjaList) value;
      List<Object> out = new ArrayList<>();
      for (long i = 0; i < (list.isEmpty() ? 0 : count); i++) {
        out.addAll(list);
        JinjaRun.requireElements(out.size());
        run.spend(list.size());
      }
      return JinjaList.of(list.kind(), out);
    }

    private static TracedText joined(TracedText a, TracedText b, JinjaRun run) {
      int size = a.length() + b.length();
      run.requireSize(size);
      run.spend(size / 64);
      return a.plus(b);
    }
  }

  static List<Object> values(List<JinjaExpression> expressions, JinjaRun run) {
    List<Object> values = new ArrayList<>(expressions.size());
    for (JinjaExpression expression : expressions) {
      Object value = expression.value(run);
      if (expression instanceof Spread) {
        values.addAll(JinjaValue.each(value));
      } else {
        values.add(value);
      }
    }
    return values;
  }

  static Map<String, Object> values(Map<String, JinjaExpression> expressions, JinjaRun run) {
    Map<String, Object> values = new LinkedHashMap<>();
    expressions.forEach((name, expression) -> values.put(name, expression.value(run)));
    return values;
  }

  /** The number of steps to search a value. */
  static long weight(Object value) {
    return value instanceof TracedText rope
        ? rope.length() / 64
        : value instanceof List<?> list ? list.size() : 0;
  }
}
