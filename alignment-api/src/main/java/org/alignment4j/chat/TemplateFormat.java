package org.alignment4j.chat;

import java.util.List;
import org.alignment4j.chat.TokenizerFile.AddedToken;
import org.alignment4j.chat.TracedText.Part;
import org.alignment4j.core.UnsupportedArchitectureException;

/**
 * A chat template as published, whose text is that of transformers' {@code apply_chat_template}.
 *
 * @param template the template
 * @param markers role markers, found by {@link RoleMarkers}
 * @param endOfTurn the first control token behind an answer, or empty
 */
record TemplateFormat(JinjaTemplate template, List<String> markers, String endOfTurn)
    implements ChatFormat {
  static final String NAME = "Jinja template";

  /**
   * @param probe what the template writes
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

  /** The first control token of a text that has so many of them, or empty. */
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
   * @throws UnsupportedArchitectureException if the template writes something of another message
   *     behind the last answer, or cannot be run
   */
  @Override
  public Script write(List<Message> messages, boolean generationPrompt) {
    TracedText text = template.render(messages, generationPrompt);
    List<Part> parts = text.parts();
    int last = messages.size() - 1;
    boolean answered = messages.get(last).role() == Role.ASSISTANT;
    Place response = answered ? response(messages, parts) : Place.NOWHERE;
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

  /** Templates leave out an answer that is blank; its place is kept. */
  private static void beginResponse(Script script, boolean blank, int message) {
    script.beginResponse();
    if (blank) {
      script.message(message, "");
    }
  }

  /** A place in a rope: so many characters into one of its parts. */
  private record Place(int part, int offset) {
    static final Place NOWHERE = new Place(-1, 0);
  }

  /**
   * Where the answer begins: behind what the template would have written to open it, and no earlier
   * than behind the message before it.
   */
  private Place response(List<Message> messages, List<Part> parts) {
    int last = messages.size() - 1;
    Place common = commonBeginning(parts, opened(messages).parts());
    int first = -1;
    for (int i = 0; i < parts.size(); i++) {
      if (parts.get(i).message() == last && first < 0) {
        first = i;
      } else if (first >= 0 && !parts.get(i).isTemplate() && parts.get(i).message() != last) {
        throw new UnsupportedArchitectureException(
            "chat template in " + template.where() + " writes another message behind the answer");
      }
    }
    if (first < 0) {
      return common;
    }
    boolean near = common.part == first - 1 && parts.get(first - 1).isTemplate();
    return near ? common : new Place(first, 0);
  }

  private TracedText opened(List<Message> messages) {
    List<Message> before = messages.subList(0, messages.size() - 1);
    try {
      return before.isEmpty() ? TracedText.EMPTY : template.render(before, true);
    } catch (IllegalArgumentException e) {
      return TracedText.EMPTY; // no such conversation without the answer
    }
  }

  private static Place commonBeginning(List<Part> a, List<Part> b) {
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
      return new Place(i, n);
    }
    return new Place(i, 0);
  }
}
