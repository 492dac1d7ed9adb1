package org.alignment4j.chat;

import java.util.List;
import org.alignment4j.chat.JinjaException.Syntax;
import org.alignment4j.chat.JinjaLexer.Kind;
import org.alignment4j.chat.JinjaLexer.Token;

/** A cursor over the tokens of a template. */
final class JinjaTokens {
  private final List<Token> tokens;
  private int at;

  /**
   * @param tokens ends with {@link Kind#END}
   */
  JinjaTokens(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(at);
  }

  Token peekSecond() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(at);
    if (at < tokens.size() - 1) {
      at++;
    }
    return token;
  }

  /** The index of the current token, for {@link #named}. */
  int index() {
    return at;
  }

  /** Whether a name occurs between a token index and the current one. */
  boolean named(String name, int from) {
    return tokens.subList(from, at).stream().anyMatch(token -> token.is(Kind.NAME, name));
  }

  int line() {
    return peek().line();
  }

  int previousLine() {
    return tokens.get(Math.max(0, at - 1)).line();
  }

  boolean isNext(Kind kind, String text) {
    return peek().is(kind, text);
  }

  boolean skip(Kind kind, String text) {
    boolean there = isNext(kind, text);
    if (there) {
      next();
    }
    return there;
  }

  Token expect(Kind kind) {
    Token token = next();
    if (token.kind() != kind) {
      throw unexpected(token);
    }
    return token;
  }

  void expect(Kind kind, String text) {
    Token token = next();
    if (!token.is(kind, text)) {
      throw new Syntax(token.line(), "expected " + text + ", found " + shown(token));
    }
  }

  static Syntax unexpected(Token token) {
    return new Syntax(token.line(), "unexpected " + shown(token));
  }

  private static String shown(Token token) {
    return switch (token.kind()) {
      case END -> "end of the template";
      case OUTPUT_END, BLOCK_END -> "end of a tag";
      case TEXT, OUTPUT_BEGIN, BLOCK_BEGIN -> "beginning of a tag";
      default -> token.text();
    };
  }
}
