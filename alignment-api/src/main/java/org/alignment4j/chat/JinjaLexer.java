package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits a Jinja template into tokens, with the white space rules of transformers: {@code
 * trim_blocks} and {@code lstrip_blocks}.
 */
final class JinjaLexer {
  /** The type of a token. */
  enum Kind {
    TEXT,
    OUTPUT_BEGIN,
    OUTPUT_END,
    BLOCK_BEGIN,
    BLOCK_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  /**
   * A token.
   *
   * @param text its characters; of a string literal its value
   * @param line 1-based
   */
  record Token(Kind kind, String text, int line) {
    boolean is(Kind wanted, String wantedText) {
      return kind == wanted && text.equals(wantedText);
    }
  }

  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final Pattern NUMBER =
      Pattern.compile(
          "0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+"
              + "|\\d+(?:_\\d+)*(\\.\\d+(?:_\\d+)*)?([eE][+-]?\\d+(?:_\\d+)*)?");
  private static final Pattern OPERATOR =
      Pattern.compile("//|\\*\\*|==|!=|>=|<=|[-+/*%~\\[\\](){}<>=.:|,;]");
  private static final Pattern RAW = Pattern.compile("\\s*raw\\s*(-%}\\s*|%})");
  private static final Pattern END_RAW =
      Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(?:\\+%}|-%}\\s*|%}\\n?)");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;

  private JinjaLexer(String source) {
    this.source = source;
  }

  /**
   * The tokens of a template, {@link Kind#END} at the end.
   *
   * @throws JinjaException.Syntax if a tag, comment or literal is not closed
   */
  static List<Token> tokens(String template) {
    String source = template.replace("\r\n", "\n").replace('\r', '\n');
    if (source.endsWith("\n")) {
      source = source.substring(0, source.length() - 1);
    }
    JinjaLexer lexer = new JinjaLexer(source);
    while (lexer.at < source.length()) {
      lexer.textThenTag();
    }
    lexer.emit(Kind.END, "");
    return lexer.tokens;
  }

  private void textThenTag() {
    int tag = nextTag();
    if (tag < 0) {
      emitText(source.substring(at));
      moveTo(source.length());
      return;
    }
    char kind = source.charAt(tag + 1);
    char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
    String text = trimmed(tag, sign, kind != '{');
    emitText(text);
    moveTo(tag + (sign == '-' || sign == '+' ? 3 : 2));
    if (kind == '#') {
      comment();
      return;
    }
    Matcher raw = RAW.matcher(source).region(at, source.length());
    if (kind == '%' && raw.lookingAt()) {
      moveTo(raw.end());
      raw();
      return;
    }
    emit(kind == '{' ? Kind.OUTPUT_BEGIN : Kind.BLOCK_BEGIN, "");
    inside(kind == '%');
  }

  private int nextTag() {
    int open = source.indexOf('{', at);
    while (open >= 0 && open + 1 < source.length()) {
      if ("{%#".indexOf(source.charAt(open + 1)) >= 0) {
        return open;
      }
      open = source.indexOf('{', open + 1);
    }
    return -1;
  }

  /** The text before a tag, without the white space that the tag removes. */
  private String trimmed(int tag, char sign, boolean block) {
    String text = source.substring(at, tag);
    if (sign == '-') {
      return PythonText.stripRight(text);
    }
    if (block && sign != '+') {
      int lineStart = text.lastIndexOf('\n') + 1;
      boolean starting = lineStart > 0 || at == 0 || source.charAt(at - 1) == '\n';
      if (starting && PythonText.strip(text.substring(lineStart)).isEmpty()) {
        return text.substring(0, lineStart);
      }
    }
    return text;
  }

  private void comment() {
    int end = source.indexOf("#}", at);
    if (end < 0) {
      throw new JinjaException.Syntax(line, "a comment is not closed");
    }
    char sign = end > at ? source.charAt(end - 1) : ' ';
    moveTo(end + 2);
    afterTag(sign, true);
  }

  private void raw() {
    Matcher end = END_RAW.matcher(source);
    if (!end.find(at)) {
      throw new JinjaException.Syntax(line, "a raw block is not closed");
    }
    String sign = end.group(1);
    emitText(trimmed(end.start(), sign.isEmpty() ? ' ' : sign.charAt(0), true));
    moveTo(end.end());
  }

  /** Skips the white space that a tag's end removes; the end itself has been read. */
  private void afterTag(char sign, boolean trimsNewline) {
    int to = at;
    if (sign == '-') {
      while (to < source.length() && PythonText.isSpace(source.charAt(to))) {
        to++;
      }
    } else if (sign != '+' && trimsNewline && source.startsWith("\n", to)) {
      to++;
    }
    moveTo(to);
  }

  private void inside(boolean block) {
    String end = block ? "%}" : "}}";
    int opened = line;
    int depth = 0;
    while (true) {
      while (at < source.length() && PythonText.isSpace(source.charAt(at))) {
        moveTo(at + 1);
      }
      if (at >= source.length()) {
        throw new JinjaException.Syntax(opened, "a tag is not closed");
      }
      char sign = source.charAt(at);
      boolean signed = (sign == '-' || (block && sign == '+')) && source.startsWith(end, at + 1);
      if (depth == 0 && (signed || source.startsWith(end, at))) {
        emit(block ? Kind.BLOCK_END : Kind.OUTPUT_END, "");
        moveTo(at + (signed ? 3 : 2));
        afterTag(signed ? sign : ' ', block);
        return;
      }
      depth = Math.max(0, depth + token());
    }
  }

  /** Reads one token inside a tag; returns the change of the bracket depth. */
  private int token() {
    char c = source.charAt(at);
    if (c == '\'' || c == '"') {
      string(c);
      return 0;
    }
    Matcher match = NUMBER.matcher(source).region(at, source.length());
    if (match.lookingAt()) {
      boolean whole = match.group(1) == null && match.group(2) == null;
      String digits = match.group().replace("_", "");
      if (whole && digits.matches("0+[1-9]\\d*")) {
        throw new JinjaException.Syntax(line, "the number " + digits + " begins with 0");
      }
      emit(whole ? Kind.INTEGER : Kind.FLOAT, digits);
    } else if (match.usePattern(NAME).region(at, source.length()).lookingAt()) {
      emit(Kind.NAME, match.group());
    } else if (match.usePattern(OPERATOR).region(at, source.length()).lookingAt()) {
      emit(Kind.OPERATOR, match.group());
    } else {
      throw new JinjaException.Syntax(line, "unexpected character '" + c + "' in a tag");
    }
    moveTo(match.end());
    return "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
  }

  private void string(char quote) {
    StringBuilder value = new StringBuilder();
    int i = at + 1;
    while (i < source.length() && source.charAt(i) != quote) {
      if (source.charAt(i) == '\\' && i + 1 < source.length()) {
        i = escape(i + 1, value);
      } else {
        value.append(source.charAt(i));
        i++;
      }
    }
    if (i >= source.length()) {
      throw new JinjaException.Syntax(line, "a text literal is not closed");
    }
    emit(Kind.STRING, value.toString());
    moveTo(i + 1);
  }

  /** Reads one of Python's escapes in text literals; returns the index after it. */
  private int escape(int i, StringBuilder value) {
    char c = source.charAt(i);
    int simple = "nrtabfv\\'\"".indexOf(c);
    if (simple >= 0) {
      value.append("\n\r\t\u0007\b\f\u000b\\'\"".charAt(simple));
      return i + 1;
    }
    int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits > 0) {
      int end = Math.min(source.length(), i + 1 + digits);
      try {
        value.appendCodePoint(Integer.parseInt(source.substring(i + 1, end), 16));
      } catch (IllegalArgumentException e) {
        throw new JinjaException.Syntax(line, "a text literal has a malformed escape");
      }
      return end;
    }
    if (c >= '0' && c <= '7') {
      int end = i + 1;
      while (end < i + 3 && source.charAt(end) >= '0' && source.charAt(end) <= '7') {
        end++;
      }
      value.append((char) Integer.parseInt(source.substring(i, end), 8));
      return end;
    }
    if (c == 'N') {
      int end = source.indexOf('}', i);
      try {
        value.appendCodePoint(Character.codePointOf(source.substring(i + 2, Math.max(i + 2, end))));
      } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
        throw new JinjaException.Syntax(line, "a text literal has a malformed escape");
      }
      return end + 1;
    }
    if (c != '\n') {
      value.append('\\').append(c);
    }
    return i + 1;
  }

  private void emitText(String text) {
    if (!text.isEmpty()) {
      emit(Kind.TEXT, text);
    }
  }

  private void emit(Kind kind, String text) {
    tokens.add(new Token(kind, text, line));
  }

  private void moveTo(int index) {
    for (int i = at; i < index; i++) {
      if (source.charAt(i) == '\n') {
        line++;
      }
    }
    at = index;
  }
}
