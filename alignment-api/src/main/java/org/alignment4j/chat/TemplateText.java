package org.alignment4j.chat;

/**
 * A Jinja chat template in a canonical spelling, so that differences without a meaning (white space
 * in tags, kinds of quotes, {@code message.role} or {@code message['role']}, split literals) do not
 * hide a known template.
 */
final class TemplateText {
  private TemplateText() {}

  /** Rewrites a template; text outside tags keeps its characters, line breaks become {@code \n}. */
  static String canonical(String template) {
    StringBuilder out = new StringBuilder(template.length());
    boolean inTag = false;
    int i = 0;
    while (i < template.length()) {
      char c = template.charAt(i);
      if (!inTag) {
        if (template.startsWith("{#", i)) {
          int end = template.indexOf("#}", i);
          i = end < 0 ? template.length() : end + 2;
        } else if (template.startsWith("{{", i) || template.startsWith("{%", i)) {
          out.append(template, i, i + 2);
          i += 2;
          if (i < template.length() && template.charAt(i) == '-') {
            i++;
          }
          inTag = true;
        } else {
          out.append(c == '\n' ? "\\n" : String.valueOf(c));
          i++;
        }
      } else if (c == '\'' || c == '"') {
        i = literal(template, i, out);
      } else if (template.startsWith("}}", i) || template.startsWith("%}", i)) {
        if (out.charAt(out.length() - 1) == '-') {
          out.setLength(out.length() - 1);
        }
        out.append(template, i, i + 2);
        i += 2;
        inTag = false;
      } else {
        if (!Character.isWhitespace(c)) {
          out.append(c);
        }
        i++;
      }
    }
    return out.toString()
        .replace("message.role", "message['role']")
        .replace("message.content", "message['content']")
        .replace("messages[0].role", "messages[0]['role']")
        .replace("messages[0].content", "messages[0]['content']")
        .replace("'+'", "");
  }

  private static int literal(String template, int start, StringBuilder out) {
    char quote = template.charAt(start);
    out.append('\'');
    int i = start + 1;
    while (i < template.length() && template.charAt(i) != quote) {
      char c = template.charAt(i);
      if (c == '\\' && i + 1 < template.length()) {
        out.append(c).append(template.charAt(i + 1));
        i += 2;
        continue;
      }
      if (c == '\n') {
        out.append("\\n");
      } else if (c == '\'') {
        out.append("\\'");
      } else {
        out.append(c);
      }
      i++;
    }
    out.append('\'');
    return i + 1;
  }
}
