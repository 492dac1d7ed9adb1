package org.alignment4j.chat;

/** A template that cannot be parsed or run; messages refer to the template as "it". */
final class JinjaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  JinjaException(String message) {
    super(message);
  }

  /** A template that called {@code raise_exception}. */
  static final class Raised extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Raised(String message) {
      super(message);
    }
  }

  /** A template that is not Jinja. */
  static final class Syntax extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int line;

    Syntax(int line, String message) {
      super(message);
      this.line = line;
    }

    int line() {
      return line;
    }
  }
}
