package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.stream.IntStream;

/**
 * The tokens of a sequence to capture or steer; padding is not counted. Capture and steering share
 * this type. Immutable.
 */
public sealed interface TokenPositions {
  /** The last token of the prompt: everything is read, nothing generated yet. */
  static TokenPositions lastPrompt() {
    return new LastPrompt();
  }

  /** The tokens of the prompt. */
  static TokenPositions prompt() {
    return new WholePrompt();
  }

  /**
   * The first {@code first} and the last {@code last} tokens of the prompt, each once; all of a
   * prompt that has no more.
   *
   * @param first 0 or more
   * @param last 0 or more, at least 1 if {@code first} is 0
   */
  static TokenPositions promptEnds(int first, int last) {
    return new PromptEnds(first, last);
  }

  /** The tokens of the response, including generated ones. */
  static TokenPositions response() {
    return new Response();
  }

  /** The first {@code tokens} tokens of the response; fewer if it is shorter. */
  static TokenPositions response(int tokens) {
    return new FirstOfResponse(tokens);
  }

  /** Every token. */
  static TokenPositions all() {
    return new All();
  }

  /**
   * Tokens {@code from} (inclusive) to {@code to} (exclusive) of prompt and response together;
   * negative numbers count from the end, and {@code to} = 0 means the end. Positions outside a
   * sequence are ignored.
   */
  static TokenPositions range(int from, int to) {
    return new Range(from, to);
  }

  /**
   * The positions in a sequence, ascending.
   *
   * @param length number of tokens, at least 1
   * @param responseStart index of the response's first token; {@code length} if there is none
   */
  int[] resolve(int length, int responseStart);

  /** Whether tokens generated after the given ones are included. */
  boolean generated();

  /** See {@link #lastPrompt}. */
  record LastPrompt() implements TokenPositions {
    @Override
    public int[] resolve(int length, int responseStart) {
      return new int[] {Math.max(0, responseStart - 1)};
    }

    @Override
    public boolean generated() {
      return false;
    }
  }

  /** See {@link #prompt}. */
  record WholePrompt() implements TokenPositions {
    @Override
    public int[] resolve(int length, int responseStart) {
      return IntStream.range(0, responseStart).toArray();
    }

    @Override
    public boolean generated() {
      return false;
    }
  }

  /** See {@link #promptEnds}. */
  record PromptEnds(int first, int last) implements TokenPositions {
    /** Checks the numbers. */
    public PromptEnds {
      require(
          first >= 0 && last >= 0 && (first > 0 || last > 0),
          "%s first and %s last tokens of the prompt",
          first,
          last);
    }

    @Override
    public int[] resolve(int length, int responseStart) {
      return IntStream.range(0, responseStart)
          .filter(p -> p < first || p >= responseStart - last)
          .toArray();
    }

    @Override
    public boolean generated() {
      return false;
    }
  }

  /** See {@link #response}. */
  record Response() implements TokenPositions {
    @Override
    public int[] resolve(int length, int responseStart) {
      return IntStream.range(responseStart, length).toArray();
    }

    @Override
    public boolean generated() {
      return true;
    }
  }

  /** See {@link #response(int)}. */
  record FirstOfResponse(int tokens) implements TokenPositions {
    /** Checks that {@code tokens} is at least 1. */
    public FirstOfResponse {
      require(tokens >= 1, "tokens must be >= 1, was %s", tokens);
    }

    @Override
    public int[] resolve(int length, int responseStart) {
      int end = (int) Math.min((long) responseStart + tokens, length);
      return IntStream.range(responseStart, end).toArray();
    }

    @Override
    public boolean generated() {
      return false;
    }
  }

  /** See {@link #all}. */
  record All() implements TokenPositions {
    @Override
    public int[] resolve(int length, int responseStart) {
      return IntStream.range(0, length).toArray();
    }

    @Override
    public boolean generated() {
      return true;
    }
  }

  /** See {@link #range}. */
  record Range(int from, int to) implements TokenPositions {
    /** Checks that the range is not empty, as far as that is known without a length. */
    public Range {
      require(to == 0 || (from < 0) != (to < 0) || from < to, "range %s to %s is empty", from, to);
    }

    @Override
    public int[] resolve(int length, int responseStart) {
      int a = Math.max(0, from < 0 ? length + from : from);
      int z = Math.min(length, to <= 0 ? length + to : to);
      return IntStream.range(a, Math.max(a, z)).toArray();
    }

    @Override
    public boolean generated() {
      return false;
    }
  }
}
