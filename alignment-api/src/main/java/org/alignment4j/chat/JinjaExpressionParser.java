package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.chat.JinjaException.Syntax;
import org.alignment4j.chat.JinjaLexer.Kind;
import org.alignment4j.chat.JinjaLexer.Token;
import org.alignment4j.chat.JinjaValue.None;
import org.jspecify.annotations.Nullable;

/** Reads the expressions of a template, with Jinja's precedence. */
final class JinjaExpressionParser {
  private static final int MAX_DEPTH = 100;
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> NO_ARGUMENT =
      Set.of("else", "or", "and", "is", "if", "not", "in");

  private final JinjaTokens tokens;
  private int depth;

  JinjaExpressionParser(JinjaTokens tokens) {
    this.tokens = tokens;
  }

  /** One expression, or several with commas between them as a tuple. */
  JinjaExpression tuple() {
    return tuple(expression());
  }

  /** As {@link #tuple()}, leaving a following {@code if} unread. */
  JinjaExpression tupleWithoutCondition() {
    return tuple(withoutCondition());
  }

  private JinjaExpression tuple(JinjaExpression first) {
    if (!tokens.isNext(Kind.OPERATOR, ",")) {
      return first;
    }
    List<JinjaExpression> elements = new ArrayList<>(List.of(first));
    while (tokens.skip(Kind.OPERATOR, ",")) {
      Kind next = tokens.peek().kind();
      if (next == Kind.OUTPUT_END || next == Kind.BLOCK_END || isNext(")")) {
        break;
      }
      elements.add(expression());
    }
    return new JinjaExpression.ListOf(JinjaList.Kind.TUPLE, elements);
  }

  JinjaExpression expression() {
    JinjaExpression value = withoutCondition();
    while (tokens.skip(Kind.NAME, "if")) {
      JinjaExpression condition = withoutCondition();
      JinjaExpression otherwise = tokens.skip(Kind.NAME, "else") ? expression() : null;
      value = new JinjaExpression.Conditional(condition, value, otherwise);
    }
    return value;
  }

  /** An expression that leaves a following {@code if} unread. */
  JinjaExpression withoutCondition() {
    if (++depth > MAX_DEPTH) {
      throw new Syntax(tokens.line(), "an expression nests deeper than " + MAX_DEPTH);
    }
    JinjaExpression value = and();
    while (tokens.skip(Kind.NAME, "or")) {
      value = new JinjaExpression.Logic(false, value, and());
    }
    depth--;
    return value;
  }

  private JinjaExpression and() {
    JinjaExpression value = not();
    while (tokens.skip(Kind.NAME, "and")) {
      value = new JinjaExpression.Logic(true, value, not());
    }
    return value;
  }

  private JinjaExpression not() {
    int negations = 0;
    while (tokens.skip(Kind.NAME, "not")) {
      negations++;
    }
    JinjaExpression value = comparison();
    if (negations > 0) {
      value = new JinjaExpression.Not(value);
      value = negations % 2 == 0 ? new JinjaExpression.Not(value) : value;
    }
    return value;
  }

  private JinjaExpression comparison() {
    JinjaExpression first = sum();
    List<String> operators = new ArrayList<>();
    List<JinjaExpression> operands = new ArrayList<>();
    for (String operator = comparator(); operator != null; operator = comparator()) {
      operators.add(operator);
      operands.add(sum());
    }
    return operators.isEmpty() ? first : new JinjaExpression.Comparison(first, operators, operands);
  }

  private @Nullable String comparator() {
    Token token = tokens.peek();
    if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
      return tokens.next().text();
    }
    if (tokens.skip(Kind.NAME, "in")) {
      return "in";
    }
    if (token.is(Kind.NAME, "not") && tokens.peekSecond().is(Kind.NAME, "in")) {
      tokens.next();
      tokens.next();
      return "not in";
    }
    return null;
  }

  private JinjaExpression sum() {
    JinjaExpression value = joined();
    while (isNext("+") || isNext("-")) {
      value = new JinjaExpression.Binary(tokens.next().text(), value, joined());
    }
    return value;
  }

  private JinjaExpression joined() {
    JinjaExpression value = product();
    while (isNext("~")) {
      value = new JinjaExpression.Binary(tokens.next().text(), value, product());
    }
    return value;
  }

  private JinjaExpression product() {
    JinjaExpression value = power();
    while (isNext("*") || isNext("/") || isNext("//") || isNext("%")) {
      value = new JinjaExpression.Binary(tokens.next().text(), value, power());
    }
    return value;
  }

  private JinjaExpression power() {
    JinjaExpression value = unary(true);
    while (isNext("**")) {
      value = new JinjaExpression.Binary(tokens.next().text(), value, unary(true));
    }
    return value;
  }

  private JinjaExpression unary(boolean filtered) {
    if (++depth > MAX_DEPTH) {
      throw new Syntax(tokens.line(), "an expression nests deeper than " + MAX_DEPTH);
    }
    JinjaExpression value;
    if (isNext("-") || isNext("+")) {
      boolean negative = tokens.next().text().equals("-");
      value = unary(false);
      value = new JinjaExpression.Signed(negative, value);
    } else {
      value = primary();
    }
    value = postfix(value);
    depth--;
    return filtered ? filters(value) : value;
  }

  private JinjaExpression primary() {
    Token token = tokens.next();
    return switch (token.kind()) {
      case NAME -> named(token.text());
      case STRING -> {
        StringBuilder text = new StringBuilder(token.text());
        while (tokens.peek().kind() == Kind.STRING) {
          text.append(tokens.next().text());
        }
        yield new JinjaExpression.Constant(TracedText.of(text.toString()));
      }
      case INTEGER, FLOAT -> number(token);
      case OPERATOR ->
          switch (token.text()) {
            case "(" -> {
              JinjaExpression inner =
                  isNext(")")
                      ? new JinjaExpression.ListOf(JinjaList.Kind.TUPLE, List.of())
                      : tuple();
              tokens.expect(Kind.OPERATOR, ")");
              yield inner;
            }
            case "[" -> new JinjaExpression.ListOf(JinjaList.Kind.LIST, elements("]"));
            case "{" -> map();
            default -> throw JinjaTokens.unexpected(token);
          };
      default -> throw JinjaTokens.unexpected(token);
    };
  }

  private static JinjaExpression named(String name) {
    return switch (name) {
      case "true", "True" -> new JinjaExpression.Constant(true);
      case "false", "False" -> new JinjaExpression.Constant(false);
      case "none", "None" -> new JinjaExpression.Constant(None.NONE);
      default -> new JinjaExpression.Name(name);
    };
  }

  private static JinjaExpression number(Token token) {
    try {
      String text = token.text();
      boolean prefixed = text.length() > 1 && text.startsWith("0") && text.charAt(1) > '9';
      if (prefixed && token.kind() == Kind.INTEGER) {
        Long whole = JinjaNumbers.whole(text, 0);
        if (whole == null) {
          throw JinjaTokens.unexpected(token);
        }
        return new JinjaExpression.Constant(whole);
      }
      return new JinjaExpression.Constant(
          token.kind() == Kind.INTEGER
              ? (Object) Long.valueOf(token.text())
              : (Object) Double.valueOf(token.text()));
    } catch (NumberFormatException | ArithmeticException e) {
      throw new Syntax(token.line(), "the number " + token.text() + " is too large");
    }
  }

  private List<JinjaExpression> elements(String end) {
    List<JinjaExpression> elements = new ArrayList<>();
    while (!tokens.skip(Kind.OPERATOR, end)) {
      if (!elements.isEmpty()) {
        tokens.expect(Kind.OPERATOR, ",");
        if (tokens.skip(Kind.OPERATOR, end)) {
          break;
        }
      }
      elements.add(expression());
    }
    return elements;
  }

  private JinjaExpression map() {
    List<JinjaExpression> keys = new ArrayList<>();
    List<JinjaExpression> values = new ArrayList<>();
    while (!tokens.skip(Kind.OPERATOR, "}")) {
      if (!keys.isEmpty()) {
        tokens.expect(Kind.OPERATOR, ",");
        if (tokens.skip(Kind.OPERATOR, "}")) {
          break;
        }
      }
      keys.add(expression());
      tokens.expect(Kind.OPERATOR, ":");
      values.add(expression());
    }
    return new JinjaExpression.MapOf(keys, values);
  }

  private JinjaExpression postfix(JinjaExpression start) {
    JinjaExpression value = start;
    while (true) {
      int line = tokens.line();
      if (tokens.skip(Kind.OPERATOR, ".")) {
        Token name = tokens.next();
        value =
            switch (name.kind()) {
              case NAME -> new JinjaExpression.Attribute(value, name.text());
              case INTEGER -> new JinjaExpression.Item(value, number(name));
              default -> throw JinjaTokens.unexpected(name);
            };
      } else if (tokens.skip(Kind.OPERATOR, "[")) {
        value = subscript(value);
      } else if (isNext("(")) {
        Arguments arguments = arguments();
        value = new JinjaExpression.Call(value, arguments.positional, arguments.named, line);
      } else {
        return value;
      }
    }
  }

  private JinjaExpression subscript(JinjaExpression object) {
    @Nullable JinjaExpression[] bounds = new @Nullable JinjaExpression[3];
    int colons = 0;
    while (!tokens.skip(Kind.OPERATOR, "]")) {
      if (isNext(":") && colons < 2) {
        tokens.next();
        colons++;
      } else if (bounds[colons] == null) {
        bounds[colons] = expression();
      } else {
        throw JinjaTokens.unexpected(tokens.peek());
      }
    }
    JinjaExpression key = bounds[0];
    if (colons > 0) {
      return new JinjaExpression.Slice(object, key, bounds[1], bounds[2]);
    }
    if (key == null) {
      throw new Syntax(tokens.line(), "an index is missing");
    }
    return new JinjaExpression.Item(object, key);
  }

  private record Arguments(List<JinjaExpression> positional, Map<String, JinjaExpression> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());
  }

  private Arguments arguments() {
    List<JinjaExpression> positional = new ArrayList<>();
    Map<String, JinjaExpression> named = new LinkedHashMap<>();
    tokens.expect(Kind.OPERATOR, "(");
    boolean first = true;
    while (!tokens.skip(Kind.OPERATOR, ")")) {
      if (!first) {
        tokens.expect(Kind.OPERATOR, ",");
        if (tokens.skip(Kind.OPERATOR, ")")) {
          break;
        }
      }
      first = false;
      if (tokens.peek().kind() == Kind.NAME && tokens.peekSecond().is(Kind.OPERATOR, "=")) {
        String name = tokens.next().text();
        tokens.next();
        named.put(name, expression());
      } else if (tokens.skip(Kind.OPERATOR, "*")) {
        positional.add(new JinjaExpression.Spread(expression()));
      } else {
        positional.add(expression());
      }
    }
    return new Arguments(positional, named);
  }

  /** The filters of a filter block, the first without a bar. */
  JinjaExpression filterBlock(JinjaExpression start) {
    int line = tokens.line();
    String name = tokens.expect(Kind.NAME).text();
    Arguments arguments = isNext("(") ? arguments() : Arguments.NONE;
    return filters(
        new JinjaExpression.Filter(start, name, arguments.positional, arguments.named, line));
  }

  JinjaExpression filters(JinjaExpression start) {
    JinjaExpression value = start;
    while (true) {
      int line = tokens.line();
      if (tokens.skip(Kind.OPERATOR, "|")) {
        String name = tokens.expect(Kind.NAME).text();
        Arguments arguments = isNext("(") ? arguments() : Arguments.NONE;
        value =
            new JinjaExpression.Filter(value, name, arguments.positional, arguments.named, line);
      } else if (tokens.skip(Kind.NAME, "is")) {
        value = test(value, line);
      } else if (isNext("(")) {
        value = postfix(value);
      } else {
        return value;
      }
    }
  }

  private JinjaExpression test(JinjaExpression value, int line) {
    boolean negated = tokens.skip(Kind.NAME, "not");
    String name = tokens.expect(Kind.NAME).text();
    List<JinjaExpression> arguments = List.of();
    Token next = tokens.peek();
    boolean bare =
        switch (next.kind()) {
          case NAME -> !NO_ARGUMENT.contains(next.text());
          case STRING, INTEGER, FLOAT -> true;
          case OPERATOR -> next.text().equals("[") || next.text().equals("{");
          default -> false;
        };
    if (isNext("(")) {
      Arguments given = arguments();
      if (!given.named.isEmpty()) {
        throw new Syntax(
            line, "the test " + name + " with " + given.named.keySet() + "= is not supported");
      }
      arguments = given.positional;
    } else if (next.is(Kind.NAME, "is")) {
      throw new Syntax(line, "one test after another");
    } else if (bare) {
      arguments = List.of(postfix(primary()));
    }
    JinjaExpression test = new JinjaExpression.Test(value, name, arguments, line);
    return negated ? new JinjaExpression.Not(test) : test;
  }

  private boolean isNext(String operator) {
    return tokens.isNext(Kind.OPERATOR, operator);
  }
}
