package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.chat.JinjaException.Syntax;
import org.alignment4j.chat.JinjaLexer.Kind;
import org.alignment4j.chat.JinjaLexer.Token;
import org.alignment4j.chat.JinjaStatement.Flow;

/** Reads the statements of a template. */
final class JinjaParser {
  private static final int MAX_DEPTH = 100;

  private final JinjaTokens tokens;
  private final JinjaExpressionParser expressions;
  private int depth;
  private int loops;

  private JinjaParser(JinjaTokens tokens) {
    this.tokens = tokens;
    this.expressions = new JinjaExpressionParser(tokens);
  }

  /**
   * @throws Syntax if the template is not Jinja, or has tags that chat templates do not have
   */
  static List<JinjaStatement> parse(String template) {
    JinjaParser parser = new JinjaParser(new JinjaTokens(JinjaLexer.tokens(template)));
    return parser.body(Set.of());
  }

  /** Statements up to one of these tags, whose start and name are consumed, or up to the end. */
  private List<JinjaStatement> body(Set<String> ends) {
    if (++depth > MAX_DEPTH) {
      throw new Syntax(tokens.line(), "tags nest deeper than " + MAX_DEPTH);
    }
    List<JinjaStatement> body = new ArrayList<>();
    int opened = tokens.previousLine();
    while (true) {
      Token token = tokens.next();
      switch (token.kind()) {
        case TEXT -> body.add(new JinjaStatement.Text(TracedText.of(token.text())));
        case OUTPUT_BEGIN -> {
          body.add(new JinjaStatement.Output(written(expressions.tuple()), token.line()));
          tokens.expect(Kind.OUTPUT_END);
        }
        case BLOCK_BEGIN -> {
          if (tokens.peek().kind() == Kind.NAME && ends.contains(tokens.peek().text())) {
            depth--;
            return body;
          }
          body.add(statement(tokens.expect(Kind.NAME)));
        }
        default -> {
          if (!ends.isEmpty()) {
            throw new Syntax(opened, "a block is not closed by " + String.join(" or ", ends));
          }
          depth--;
          return body;
        }
      }
    }
  }

  /** Drops a last {@code safe} filter, which has no effect. */
  private static JinjaExpression written(JinjaExpression output) {
    return output instanceof JinjaExpression.Filter filter
            && filter.name().equals("safe")
            && filter.arguments().isEmpty()
            && filter.named().isEmpty()
        ? filter.input()
        : output;
  }

  private JinjaStatement statement(Token tag) {
    return switch (tag.text()) {
      case "if" -> conditional(tag.line());
      case "for" -> loop(tag.line());
      case "set" -> set(tag.line());
      case "macro" -> macro();
      case "call" -> {
        JinjaExpression call = expressions.expression();
        tokens.expect(Kind.BLOCK_END);
        yield new JinjaStatement.CallBlock(call, closedBody("endcall"), tag.line());
      }
      case "filter" -> {
        JinjaStatement.Caught caught = new JinjaStatement.Caught();
        JinjaExpression value = expressions.filterBlock(caught);
        tokens.expect(Kind.BLOCK_END);
        yield new JinjaStatement.SetBlock("", value, closedBody("endfilter"));
      }
      case "with" -> with();
      case "generation" -> {
        tokens.expect(Kind.BLOCK_END);
        yield new JinjaStatement.Block(List.of(), List.of(), closedBody("endgeneration"));
      }
      case "break", "continue" -> {
        if (loops == 0) {
          throw new Syntax(tag.line(), tag.text() + " is outside of a loop");
        }
        tokens.expect(Kind.BLOCK_END);
        yield new JinjaStatement.Leave(tag.text().equals("break") ? Flow.BREAK : Flow.CONTINUE);
      }
      default -> throw new Syntax(tag.line(), "the tag " + tag.text() + " is not supported");
    };
  }

  private List<JinjaStatement> closedBody(String end) {
    List<JinjaStatement> body = body(Set.of(end));
    tokens.next();
    tokens.expect(Kind.BLOCK_END);
    return body;
  }

  private JinjaStatement conditional(int line) {
    JinjaExpression condition = expressions.tupleWithoutCondition();
    tokens.expect(Kind.BLOCK_END);
    List<JinjaStatement> yes = body(Set.of("elif", "else", "endif"));
    Token end = tokens.next();
    List<JinjaStatement> no = List.of();
    if (end.text().equals("elif")) {
      if (++depth > MAX_DEPTH) {
        throw new Syntax(line, "tags nest deeper than " + MAX_DEPTH);
      }
      no = List.of(conditional(end.line()));
      depth--;
    } else {
      tokens.expect(Kind.BLOCK_END);
      no = end.text().equals("else") ? closedBody("endif") : no;
    }
    return new JinjaStatement.If(condition, yes, no, line);
  }

  private JinjaStatement loop(int line) {
    List<String> names = names();
    tokens.expect(Kind.NAME, "in");
    JinjaExpression values = expressions.tupleWithoutCondition();
    JinjaExpression condition = tokens.skip(Kind.NAME, "if") ? expressions.expression() : null;
    tokens.expect(Kind.BLOCK_END);
    loops++;
    List<JinjaStatement> body = body(Set.of("else", "endfor"));
    loops--;
    boolean hasElse = tokens.next().text().equals("else");
    tokens.expect(Kind.BLOCK_END);
    List<JinjaStatement> otherwise = hasElse ? closedBody("endfor") : List.of();
    return new JinjaStatement.For(names, values, condition, body, otherwise, line);
  }

  private JinjaStatement set(int line) {
    List<String> names = names();
    if (tokens.skip(Kind.OPERATOR, ".")) {
      String attribute = tokens.expect(Kind.NAME).text();
      tokens.expect(Kind.OPERATOR, "=");
      JinjaExpression value = expressions.tuple();
      tokens.expect(Kind.BLOCK_END);
      return new JinjaStatement.SetIn(names.get(0), attribute, value, line);
    }
    if (tokens.skip(Kind.OPERATOR, "=")) {
      JinjaExpression value = expressions.tuple();
      tokens.expect(Kind.BLOCK_END);
      return new JinjaStatement.Set(names, value, line);
    }
    JinjaStatement.Caught caught = new JinjaStatement.Caught();
    JinjaExpression value = expressions.filters(caught);
    tokens.expect(Kind.BLOCK_END);
    if (names.size() > 1) {
      throw new Syntax(line, "a set block with several names");
    }
    return new JinjaStatement.SetBlock(names.get(0), value, closedBody("endset"));
  }

  private JinjaStatement macro() {
    String name = tokens.expect(Kind.NAME).text();
    Map<String, JinjaExpression> parameters = new LinkedHashMap<>();
    tokens.expect(Kind.OPERATOR, "(");
    while (!tokens.skip(Kind.OPERATOR, ")")) {
      if (!parameters.isEmpty()) {
        tokens.expect(Kind.OPERATOR, ",");
      }
      String parameter = tokens.expect(Kind.NAME).text();
      JinjaExpression standard =
          tokens.skip(Kind.OPERATOR, "=")
              ? expressions.expression()
              : new JinjaExpression.Constant(new JinjaValue.Undefined(parameter));
      parameters.put(parameter, standard);
    }
    int line = tokens.line();
    tokens.expect(Kind.BLOCK_END);
    int outer = loops;
    loops = 0;
    int from = tokens.index();
    List<JinjaStatement> body = closedBody("endmacro");
    loops = outer;
    if (tokens.named("varargs", from) || tokens.named("kwargs", from)) {
      throw new Syntax(line, "varargs and kwargs of macros are not supported");
    }
    return new JinjaStatement.Macro(name, parameters, tokens.named("caller", from), body);
  }

  private JinjaStatement with() {
    List<String> names = new ArrayList<>();
    List<JinjaExpression> values = new ArrayList<>();
    while (tokens.peek().kind() == Kind.NAME) {
      names.add(tokens.next().text());
      tokens.expect(Kind.OPERATOR, "=");
      values.add(expressions.expression());
      tokens.skip(Kind.OPERATOR, ",");
    }
    tokens.expect(Kind.BLOCK_END);
    return new JinjaStatement.Block(names, values, closedBody("endwith"));
  }

  private List<String> names() {
    boolean bracketed = tokens.skip(Kind.OPERATOR, "(");
    List<String> names = new ArrayList<>();
    do {
      names.add(tokens.expect(Kind.NAME).text());
    } while (tokens.skip(Kind.OPERATOR, ","));
    if (bracketed) {
      tokens.expect(Kind.OPERATOR, ")");
    }
    return names;
  }
}
