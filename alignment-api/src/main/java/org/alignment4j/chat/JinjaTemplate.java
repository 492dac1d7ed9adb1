package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.chat.JinjaValue.Callable;
import org.alignment4j.chat.JinjaValue.MapKey;
import org.alignment4j.chat.JinjaValue.None;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;

/**
 * A chat template as published, run as transformers' {@code apply_chat_template} runs it, with the
 * origin of every character kept ({@link TracedText}).
 *
 * <p>The interpreter supports the part of Jinja that chat templates use: no files, no classes, no
 * Java. Steps and sizes of values are bounded. {@code tools} and {@code documents} are None, the
 * date is fixed ({@link JinjaDate}). Immutable.
 */
final class JinjaTemplate {
  /** Jinja's own limit. */
  private static final long MAX_RANGE = 100_000;

  private static final MapKey ROLE = MapKey.of("role");
  private static final MapKey CONTENT = MapKey.of("content");

  private final List<JinjaStatement> body;
  private final Map<String, Object> globals;
  private final Object where;

  private JinjaTemplate(List<JinjaStatement> body, Map<String, Object> globals, Object where) {
    this.body = body;
    this.globals = globals;
    this.where = where;
  }

  /**
   * @param template Jinja source
   * @param special texts of the special tokens by their names, such as {@code bos_token}
   * @param where the template's file, for messages
   * @throws CheckpointException with file and line if the template is not Jinja, or has tags that
   *     chat templates do not have
   */
  static JinjaTemplate read(String template, Map<String, String> special, Object where) {
    try {
      return new JinjaTemplate(JinjaParser.parse(template), globals(special), where);
    } catch (JinjaException.Syntax e) {
      throw new CheckpointException(
          "chat template in " + where + ", line " + e.line() + ": " + e.getMessage(), e);
    }
  }

  /** The template's file. */
  Object where() {
    return where;
  }

  /**
   * Renders a conversation.
   *
   * @throws IllegalArgumentException if the template rejects the conversation
   * @throws UnsupportedArchitectureException with file and line if it cannot be run
   */
  TracedText render(List<Message> messages, boolean generationPrompt) {
    Map<String, Object> all = new HashMap<>(globals);
    List<Object> values = new ArrayList<>(messages.size());
    for (int i = 0; i < messages.size(); i++) {
      Message message = messages.get(i);
      Map<Object, Object> value = new LinkedHashMap<>();
      value.put(ROLE, TracedText.of(message.role().name().toLowerCase(Locale.ROOT)));
      value.put(CONTENT, TracedText.ofMessage(i, message.text()));
      values.add(value);
    }
    all.put("messages", JinjaList.list(values));
    all.put("add_generation_prompt", generationPrompt);
    long messageLength = messages.stream().mapToLong(message -> message.text().length()).sum();
    JinjaRun run = new JinjaRun(all, messageLength);
    try {
      return run.caught(body);
    } catch (JinjaException.Raised e) {
      throw new IllegalArgumentException(
          "the "
              + TemplateFormat.NAME
              + " in "
              + where
              + " rejects this conversation: "
              + e.getMessage(),
          e);
    } catch (JinjaException | ArithmeticException e) {
      throw failed(run, String.valueOf(e.getMessage()), e);
    } catch (StackOverflowError e) {
      throw failed(run, "it nests too deeply", e);
    }
  }

  private UnsupportedArchitectureException failed(JinjaRun run, String message, Throwable cause) {
    return new UnsupportedArchitectureException(
        "chat template in " + where + " cannot be run, line " + run.line() + ": " + message, cause);
  }

  private static Map<String, Object> globals(Map<String, String> special) {
    Map<String, Object> globals = new HashMap<>();
    special.forEach((name, text) -> globals.put(name, TracedText.of(text)));
    globals.put("tools", None.NONE);
    globals.put("documents", None.NONE);
    globals.put("strftime_now", new JinjaDate());
    globals.put(
        "raise_exception",
        (Callable)
            (run, arguments, named) -> {
              Object message =
                  JinjaArguments.of("raise_exception", arguments, named, "message").required(0);
              throw new JinjaException.Raised(JinjaText.of(message).shown());
            });
    globals.put(
        "namespace",
        (Callable) (run, arguments, named) -> JinjaStatement.Namespace.of(arguments, named));
    globals.put(
        "dict",
        (Callable)
            (run, arguments, named) -> {
              Map<Object, Object> map = new LinkedHashMap<>();
              JinjaArguments given = JinjaArguments.of("dict", arguments, Map.of(), "mapping");
              if (given.has(0)) {
                if (!(given.required(0) instanceof Map<?, ?> first)) {
                  throw new JinjaException("dict of such values is not supported");
                }
                map.putAll(first);
              }
              named.forEach((name, value) -> map.put(MapKey.of(name), value));
              return map;
            });
    globals.put("range", (Callable) (run, arguments, named) -> range(arguments, named, run));
    return Map.copyOf(globals);
  }

  private static JinjaList range(List<Object> arguments, Map<String, Object> named, JinjaRun run) {
    JinjaArguments.of("range", arguments, named, "/start", "/stop", "/step");
    List<Long> bounds = new ArrayList<>();
    arguments.forEach(a -> bounds.add(JinjaValue.whole(a, "range")));
    if (bounds.isEmpty() || bounds.size() > 3) {
      throw new JinjaException("range needs one to three numbers");
    }
    long from = bounds.size() == 1 ? 0 : bounds.get(0);
    long to = bounds.size() == 1 ? bounds.get(0) : bounds.get(1);
    long step = bounds.size() == 3 ? bounds.get(2) : 1;
    if (step == 0) {
      throw new JinjaException("range with a step of 0");
    }
    List<Object> range = new ArrayList<>();
    for (long i = from; step > 0 ? i < to : i > to; i = Math.addExact(i, step)) {
      if (range.size() >= MAX_RANGE) {
        throw new JinjaException("range of more than " + MAX_RANGE + " numbers");
      }
      range.add(i);
    }
    run.spend(range.size());
    return JinjaList.of(JinjaList.Kind.RANGE, range);
  }
}
