package org.alignment4j.chat;

import java.util.List;
import org.alignment4j.chat.TokenizerFile.AddedToken;
import org.alignment4j.chat.TracedText.Part;
import org.alignment4j.core.UnsupportedArchitectureException;

/**
 * A chat template as published; its output equals that of transformers' {@code
 * apply_chat_template}.
 *
 * @param template the template
 * @param markers role markers, found by {@link RoleMarkers}
 * @param endOfTurn the first control token after a response, or empty
 */
record TemplateFormat(JinjaTemplate template, List<String> markers, String endOfTurn)
    implements ChatFormat {
  static final String NAME = "Jinja template";

  /**
   * @param probe the template's output around messages
   * @param eos text of the end-of-sequence token, or empty
   */
  static TemplateFormat of(
      JinjaTemplate template, TemplateProbe probe, ControlTokens control, String eos) {
    String endOfTurn = first(control, probe.answerEnd(), 1);
    if (endOfTurn.isEmpty() && !eos.isEmpty() && probe.answerEnd().contains(eos)) {
      endOfTurn = eos;
    }
    if (endOfTurn.isEmpty()) {
      // Some templates end every turn but the last. A single token could be the next turn's first.
      endOfTurn = first(control, probe.betweenTurns(), 2);
    }
    return new TemplateFormat(template, RoleMarkers.of(probe, control), endOfTurn);
  }

  /** The first control token of a text with at least {@code atLeast} of them, or empty. */
  private static String first(ControlTokens control, String text, int atLeast) {
    String first = "";
    int count = 0;
    int i = 0;
    while (i < text.length()) {
      AddedToken token = control.at(text, i);
      if (token != null) {
        first = count == 0 ? token.content() : first;
        count++;
      }
      i += token == null ? 1 : token.content().length();
    }
    return count >= atLeast ? first : "";
  }

  @Override
  public String name() {
    return NAME;
  }

  /**
   * @throws UnsupportedArchitectureException if the template writes text of another message after
   *     the last response, or cannot be run
   */
  @Override
  public Script write(List<Message> messages, boolean generationPrompt) {
    TracedText text = template.render(messages, generationPrompt);
    List<Part> parts = text.parts();
    int last = messages.size() - 1;
    boolean answered = messages.get(last).role() == Role.ASSISTANT;
    TextPosition response = answered ? response(messages, parts) : TextPosition.NONE;
    boolean leftOut = answered && parts.stream().noneMatch(part -> part.message() == last);
    boolean blank = leftOut && PythonText.strip(messages.get(last).text()).isEmpty();
    Script script = new Script();
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      int split = response.part == i ? response.offset : -1;
      if (split > 0) {
        script.template(part.text().substring(0, split));
      }
      if (split >= 0) {
        beginResponse(script, blank, last);
      }
      if (part.isTemplate()) {
        script.template(part.text().substring(Math.max(0, split)));
      } else {
        script.message(part.message(), part.text(), part.offset());
      }
    }
    if (response.part == parts.size()) {
      beginResponse(script, blank, last);
    }
    return script;
  }

  /** Starts the response; a blank one, which templates omit, is added as an empty message. */
  private static void beginResponse(Script script, boolean blank, int message) {
    script.beginResponse();
    if (blank) {
      script.message(message, "");
    }
  }

  /** A position in a text: an offset in one of its parts. */
  private record TextPosition(int part, int offset) {
    static final TextPosition NONE = new TextPosition(-1, 0);
  }

  /**
   * The start of the response: after the text with which the template starts an assistant turn, and
   * not before the end of the previous message.
   */
  private TextPosition response(List<Message> messages, List<Part> parts) {
    int last = messages.size() - 1;
    TextPosition common = commonBeginning(parts, opened(messages).parts());
    int first = -1;
    for (int i = 0; i < parts.size(); i++) {
      if (parts.get(i).message() == last && first < 0) {
        first = i;
      } else if (first >= 0 && !parts.get(i).isTemplate() && parts.get(i).message() != last) {
        throw new UnsupportedArchitectureException(
            "chat template in " + template.where() + " writes another message after the response");
      }
    }
    if (first < 0) {
      return common;
    }
    boolean near = common.part == first - 1 && parts.get(first - 1).isTemplate();
    return near ? common : new TextPosition(first, 0);
  }

  private TracedText opened(List<Message> messages) {
    List<Message> before = messages.subList(0, messages.size() - 1);
    try {
      return before.isEmpty() ? TracedText.EMPTY : template.render(before, true);
    } catch (IllegalArgumentException e) {
      return TracedText.EMPTY; // no such conversation without the response
    }
  }

  private static TextPosition commonBeginning(List<Part> a, List<Part> b) {
    int i = 0;
    while (i < a.size() && i < b.size() && a.get(i).equals(b.get(i))) {
      i++;
    }
    if (i < a.size() && i < b.size() && a.get(i).isTemplate() && b.get(i).isTemplate()) {
      String x = a.get(i).text();
      String y = b.get(i).text();
      int n = 0;
      while (n < x.length() && n < y.length() && x.charAt(n) == y.charAt(n)) {
        n++;
      }
      return new TextPosition(i, n);
    }
    return new TextPosition(i, 0);
  }
}
