package org.alignment4j.chat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.chat.JinjaValue.Undefined;
import org.jspecify.annotations.Nullable;

/**
 * One rendering of a template: its variables, its output so far, and its remaining budget of steps.
 * A template is part of a checkpoint and may not terminate.
 */
final class JinjaRun {
  /** Enough for conversations of thousands of turns; reached in about a second. */
  private static final long MAX_STEPS = 20_000_000;

  /** Maximum values in one list, and characters in one text in addition to those of messages. */
  private static final int MAX_SIZE = 1 << 20;

  /** Maximum copies of all message text in one text. */
  private static final int MAX_COPIES = 4;

  private static final int MAX_DEPTH = 100;

  private final Map<String, Object> globals;
  private final long maxSteps;
  private final long maxSize;
  private Scope scope = new Scope(null);
  private TracedText.Builder out = new TracedText.Builder();
  private long steps;
  private long written;
  private Object nextCaller = new Undefined("caller");
  private int depth;
  private int line = 1;

  /** Variables, and then those of the enclosing scope. */
  static final class Scope {
    private final @Nullable Scope parent;
    private final Map<String, Object> variables = new HashMap<>();

    Scope(@Nullable Scope parent) {
      this.parent = parent;
    }
  }

  /**
   * @param globals the predefined variables
   * @param messageLength the number of characters in all messages
   */
  JinjaRun(Map<String, Object> globals, long messageLength) {
    this.globals = globals;
    this.maxSteps = MAX_STEPS + messageLength;
    this.maxSize = MAX_SIZE + MAX_COPIES * messageLength;
  }

  /**
   * @throws JinjaException if a text would have too many characters
   */
  void requireSize(long size) {
    if (size > maxSize) {
      throw new JinjaException("it makes a text of more than " + maxSize + " characters");
    }
  }

  /**
   * @throws JinjaException if a list would have too many elements
   */
  static void requireElements(long size) {
    if (size > MAX_SIZE) {
      throw new JinjaException("it makes a list of more than " + MAX_SIZE + " elements");
    }
  }

  /** Counts steps. */
  void spend(long amount) {
    steps += amount + 1;
    if (steps > maxSteps) {
      throw new JinjaException("it does not end within " + maxSteps + " steps");
    }
  }

  /** Sets the current line of the template, for messages. */
  void at(int newLine) {
    spend(0);
    line = newLine;
  }

  int line() {
    return line;
  }

  /** The value of a name, or an {@link Undefined}. */
  Object get(String name) {
    for (Scope s = scope; s != null; s = s.parent) {
      Object value = s.variables.get(name);
      if (value != null) {
        return value;
      }
    }
    Object value = globals.get(name);
    return value == null ? new Undefined(name) : value;
  }

  void set(String name, Object value) {
    scope.variables.put(name, value);
  }

  Scope scope() {
    return scope;
  }

  /** Enters a scope; returns the one to return to with {@link #leave}. */
  Scope enter(Scope parent) {
    Scope left = scope;
    if (++depth > MAX_DEPTH) {
      throw new JinjaException("it nests deeper than " + MAX_DEPTH);
    }
    scope = new Scope(parent);
    return left;
  }

  void leave(Scope back) {
    depth--;
    scope = back;
  }

  /** Sets the next macro's {@code caller()} and returns the previous one. */
  Object callFor(Object caller) {
    Object before = nextCaller;
    nextCaller = caller;
    return before;
  }

  void write(TracedText text) {
    int size = text.length();
    spend(size / 64);
    written += size;
    if (written > maxSize) {
      throw new JinjaException("it writes more than " + maxSize + " characters");
    }
    out.add(text);
  }

  /** Returns the output of statements instead of writing it. */
  TracedText caught(List<JinjaStatement> body) {
    TracedText.Builder outer = out;
    out = new TracedText.Builder();
    JinjaStatement.run(body, this);
    TracedText text = out.build();
    out = outer;
    return text;
  }
}
