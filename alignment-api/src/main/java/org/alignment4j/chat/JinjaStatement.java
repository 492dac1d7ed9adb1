package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.JinjaValue.Callable;
import org.alignment4j.chat.JinjaValue.MapKey;
import org.alignment4j.chat.JinjaValue.Undefined;
import org.alignment4j.chat.JinjaValue.WithAttributes;
import org.jspecify.annotations.Nullable;

/** A statement of a template: output, condition, loop or assignment. */
interface JinjaStatement {
  /** How a statement ended. */
  enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  Flow run(JinjaRun run);

  /** Runs statements, up to one that leaves a loop. */
  static Flow run(List<JinjaStatement> body, JinjaRun run) {
    for (JinjaStatement statement : body) {
      Flow flow = statement.run(run);
      if (flow != Flow.ON) {
        return flow;
      }
    }
    return Flow.ON;
  }

  /** Text between tags. */
  record Text(TracedText text) implements JinjaStatement {
    @Override
    public Flow run(JinjaRun run) {
      run.write(text);
      return Flow.ON;
    }
  }

  /** {@code {{ value }}}. */
  record Output(JinjaExpression expression, int line) implements JinjaStatement {
    @Override
    public Flow run(JinjaRun run) {
      run.at(line);
      run.write(JinjaText.of(expression.value(run)));
      return Flow.ON;
    }
  }

  /** {@code {% if condition %} ... {% else %} ... {% endif %}}. */
  record If(JinjaExpression condition, List<JinjaStatement> yes, List<JinjaStatement> no, int line)
      implements JinjaStatement {
    @Override
    public Flow run(JinjaRun run) {
      run.at(line);
      return JinjaStatement.run(JinjaValue.truth(condition.value(run)) ? yes : no, run);
    }
  }

  /** {@code {% break %}} or {@code {% continue %}}. */
  record Leave(Flow flow) implements JinjaStatement {
    @Override
    public Flow run(JinjaRun run) {
      return flow;
    }
  }

  /** A body with variables of its own: {@code {% with a=b %}}, {@code {% generation %}}. */
  record Block(List<String> names, List<JinjaExpression> values, List<JinjaStatement> body)
      implements JinjaStatement {
    @Override
    public Flow run(JinjaRun run) {
      List<Object> given = JinjaExpression.values(values, run);
      JinjaRun.Scope back = run.enter(run.scope());
      for (int i = 0; i < given.size(); i++) {
        run.set(names.get(i), given.get(i));
      }
      Flow flow = JinjaStatement.run(body, run);
      run.leave(back);
      return flow;
    }
  }

  /** {@code {% for names in values if condition %} ... {% else %} ... {% endfor %}}. */
  record For(
      List<String> names,
      JinjaExpression values,
      @Nullable JinjaExpression condition,
      List<JinjaStatement> body,
      List<JinjaStatement> otherwise,
      int line)
      implements JinjaStatement {
    @Override
    public Flow run(JinjaRun run) {
      run.at(line);
      List<Object> all = JinjaValue.each(values.value(run));
      List<Object> chosen = condition == null ? all : chosen(all, condition, run);
      boolean completed = false;
      for (int i = 0; i < chosen.size(); i++) {
        run.at(line);
        JinjaRun.Scope back = run.enter(run.scope());
        assign(names, chosen.get(i), run);
        run.set("loop", new Loop(chosen, i));
        Flow flow = JinjaStatement.run(body, run);
        run.leave(back);
        if (flow == Flow.BREAK) {
          break;
        }
        completed |= flow == Flow.ON;
      }
      // As Jinja compiles it: else follows unless one body ran to its end.
      return !completed ? JinjaStatement.run(otherwise, run) : Flow.ON;
    }

    private List<Object> chosen(List<Object> all, JinjaExpression wanted, JinjaRun run) {
      List<Object> chosen = new ArrayList<>();
      for (Object each : all) {
        JinjaRun.Scope back = run.enter(run.scope());
        assign(names, each, run);
        if (JinjaValue.truth(wanted.value(run))) {
          chosen.add(each);
        }
        run.leave(back);
      }
      return chosen;
    }
  }

  /** {@code {% set names = value %}}. */
  record Set(List<String> names, JinjaExpression value, int line) implements JinjaStatement {
    @Override
    public Flow run(JinjaRun run) {
      run.at(line);
      assign(names, value.value(run), run);
      return Flow.ON;
    }
  }

  /** Represents, in an expression, the text of the block that it applies to. */
  final class Caught implements JinjaExpression {
    private static final String NAME = " caught";

    @Override
    public Object value(JinjaRun run) {
      return run.get(NAME);
    }
  }

  /**
   * {@code {% set name | filters %} ... {% endset %}}, or {@code {% filter filters %}}, which has
   * no name and writes its value.
   */
  record SetBlock(String name, JinjaExpression value, List<JinjaStatement> body)
      implements JinjaStatement {
    @Override
    public Flow run(JinjaRun run) {
      JinjaRun.Scope back = run.enter(run.scope());
      run.set(Caught.NAME, run.caught(body));
      Object result = value.value(run);
      run.leave(back);
      if (name.isEmpty()) {
        run.write(JinjaText.of(result));
      } else {
        run.set(name, result);
      }
      return Flow.ON;
    }
  }

  /** {@code {% set space.name = value %}}. */
  record SetIn(String space, String name, JinjaExpression value, int line)
      implements JinjaStatement {
    @Override
    public Flow run(JinjaRun run) {
      run.at(line);
      if (!(run.get(space) instanceof Namespace namespace)) {
        throw new JinjaException("it sets " + space + "." + name + ", but that is no namespace");
      }
      namespace.values.put(name, value.value(run));
      return Flow.ON;
    }
  }

  /**
   * {@code {% macro name(parameters) %} ... {% endmacro %}}.
   *
   * @param calls whether it uses the body of a call block
   */
  record Macro(
      String name,
      Map<String, JinjaExpression> parameters,
      boolean calls,
      List<JinjaStatement> body)
      implements JinjaStatement {
    @Override
    public Flow run(JinjaRun run) {
      JinjaRun.Scope home = run.scope();
      Callable macro =
          (caller, arguments, named) -> {
            JinjaArguments.of(
                "the macro " + name, arguments, named, parameters.keySet().toArray(String[]::new));
            Object bodyOfCall = caller.callFor(new Undefined("caller"));
            if (!calls && !(bodyOfCall instanceof Undefined)) {
              throw new JinjaException("it passes a body to macro " + name + ", which uses none");
            }
            JinjaRun.Scope back = caller.enter(home);
            caller.set("caller", bodyOfCall);
            int next = 0;
            for (Map.Entry<String, JinjaExpression> parameter : parameters.entrySet()) {
              Object given =
                  next < arguments.size() ? arguments.get(next) : named.get(parameter.getKey());
              next++;
              caller.set(
                  parameter.getKey(), given != null ? given : parameter.getValue().value(caller));
            }
            TracedText text = caller.caught(body);
            caller.leave(back);
            return text;
          };
      run.set(name, macro);
      return Flow.ON;
    }
  }

  /** {@code {% call macro(arguments) %} ... {% endcall %}}: a macro that can use the body. */
  record CallBlock(JinjaExpression call, List<JinjaStatement> body, int line)
      implements JinjaStatement {
    @Override
    public Flow run(JinjaRun run) {
      run.at(line);
      JinjaRun.Scope home = run.scope();
      Callable caller =
          (macro, arguments, named) -> {
            JinjaArguments.of("caller", arguments, named);
            JinjaRun.Scope back = macro.enter(home);
            TracedText text = macro.caught(body);
            macro.leave(back);
            return text;
          };
      Object outer = run.callFor(caller);
      run.write(JinjaText.of(call.value(run)));
      run.callFor(outer);
      return Flow.ON;
    }
  }

  /** Values that can be set from inside loops. */
  record Namespace(Map<String, Object> values) implements WithAttributes {
    static Namespace of(List<Object> initial, Map<String, Object> named) {
      Map<String, Object> values = new LinkedHashMap<>();
      for (Object each : initial) {
        if (!(each instanceof Map<?, ?> map) || initial.size() > 1) {
          throw new JinjaException("namespace of such values is not supported");
        }
        map.forEach(
            (key, value) ->
                values.put(JinjaValue.literal(((MapKey) key).value(), "a name"), value));
      }
      values.putAll(named);
      return new Namespace(values);
    }

    @Override
    public @Nullable Object attribute(String name) {
      return values.get(name);
    }
  }

  /**
   * The variable {@code loop} of a loop's body.
   *
   * @param all the values of the loop
   * @param index 0-based
   */
  record Loop(List<Object> all, int index) implements WithAttributes {
    @Override
    public @Nullable Object attribute(String name) {
      return switch (name) {
        case "index" -> index + 1L;
        case "index0" -> (long) index;
        case "revindex" -> (long) (all.size() - index);
        case "revindex0" -> all.size() - index - 1L;
        case "first" -> index == 0;
        case "last" -> index == all.size() - 1;
        case "length" -> (long) all.size();
        case "previtem" -> index == 0 ? new Undefined("loop.previtem") : all.get(index - 1);
        case "nextitem" ->
            index == all.size() - 1 ? new Undefined("loop.nextitem") : all.get(index + 1);
        case "cycle" -> cycle();
        case "depth" -> 1L;
        case "depth0" -> 0L;
        case "changed" -> throw new JinjaException("loop.changed is not supported");
        default -> null;
      };
    }

    private Callable cycle() {
      return (run, arguments, named) -> {
        if (arguments.isEmpty() || !named.isEmpty()) {
          throw new JinjaException("loop.cycle needs values");
        }
        return arguments.get(index % arguments.size());
      };
    }
  }

  /** Assigns a value to a name, or the elements of a list to several. */
  static void assign(List<String> names, Object value, JinjaRun run) {
    if (names.size() == 1) {
      run.set(names.get(0), value);
      return;
    }
    List<Object> values = JinjaValue.each(value);
    if (values.size() != names.size()) {
      throw new JinjaException(
          "it assigns " + values.size() + " values to " + names.size() + " names");
    }
    for (int i = 0; i < values.size(); i++) {
      run.set(names.get(i), values.get(i));
    }
  }
}
