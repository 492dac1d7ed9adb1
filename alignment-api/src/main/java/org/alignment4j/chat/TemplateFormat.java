package org.alignment4j.chat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.alignment4j.chat.Rope.Hole;
import org.alignment4j.chat.Rope.Literal;
import org.alignment4j.chat.Rope.Part;
import org.alignment4j.chat.TokenizerFile.AddedToken;
import org.alignment4j.core.UnsupportedArchitectureException;

/**
 * A chat template of no known family, run around holes that the messages' texts fill afterwards.
 *
 * <p>Equal to what transformers renders, but for texts that the template looks into: a text counts
 * as one that holds nothing of what the template looks for, so that an answer keeps its {@code
 * <think>} block where transformers would cut it off.
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
   * @throws UnsupportedArchitectureException if the template leaves a message out, writes something
   *     of one behind the last answer, or cannot be run
   */
  @Override
  public Script write(List<Message> messages, boolean generationPrompt) {
    Rope text = template.render(messages, generationPrompt);
    List<Part> parts = text.parts();
    int last = messages.size() - 1;
    boolean answered = messages.get(last).role() == Role.ASSISTANT;
    int lastHole = requireAllThere(parts, messages, answered);
    Place response = answered ? response(messages, parts, lastHole) : Place.NOWHERE;
    Script script = new Script();
    for (int i = 0; i < parts.size(); i++) {
      boolean begins = response.part == i;
      if (begins && response.offset == 0) {
        beginResponse(script, lastHole < 0);
      }
      if (parts.get(i) instanceof Hole hole) {
        script.message(hole.fill(messages.get(hole.message()).text()));
      } else if (begins && response.offset > 0) {
        String split = ((Literal) parts.get(i)).text();
        script.template(split.substring(0, response.offset));
        beginResponse(script, lastHole < 0);
        script.template(split.substring(response.offset));
      } else {
        script.template(((Literal) parts.get(i)).text());
      }
    }
    if (response.part == parts.size()) {
      beginResponse(script, lastHole < 0);
    }
    return script;
  }

  private static void beginResponse(Script script, boolean leftOut) {
    script.beginResponse();
    if (leftOut) {
      script.message("");
    }
  }

  /**
   * Gives the index of the part that is the last message, or -1 if that is an answer without text
   * which the template left out.
   */
  private int requireAllThere(List<Part> parts, List<Message> messages, boolean answered) {
    Set<Integer> there = new HashSet<>();
    int lastHole = -1;
    for (int i = 0; i < parts.size(); i++) {
      if (parts.get(i) instanceof Hole hole) {
        there.add(hole.message());
        lastHole = i;
      }
    }
    for (int i = 0; i < messages.size(); i++) {
      Message message = messages.get(i);
      if (!there.contains(i) && !PythonText.strip(message.text()).isEmpty()) {
        throw new UnsupportedArchitectureException(
            String.format(
                "chat template in %s leaves out the %s message, number %s of %s",
                template.where(), message.role(), i + 1, messages.size()));
      }
    }
    int last = messages.size() - 1;
    boolean ends = lastHole >= 0 && ((Hole) parts.get(lastHole)).message() == last;
    if (answered && there.contains(last) && !ends) {
      throw new UnsupportedArchitectureException(
          "chat template in " + template.where() + " writes another message behind the answer");
    }
    return ends ? lastHole : -1;
  }

  /** A place in a rope: so many characters into one of its parts. */
  private record Place(int part, int offset) {
    static final Place NOWHERE = new Place(-1, 0);
  }

  /**
   * Where the answer begins: behind what the template would have written to open it, and no earlier
   * than behind the message before it.
   */
  private Place response(List<Message> messages, List<Part> parts, int hole) {
    Place common = commonBeginning(parts, opened(messages).parts());
    if (hole < 0) {
      return common;
    }
    boolean near = common.part == hole - 1 && parts.get(hole - 1) instanceof Literal;
    return near ? common : new Place(hole, 0);
  }

  private Rope opened(List<Message> messages) {
    List<Message> before = messages.subList(0, messages.size() - 1);
    try {
      return before.isEmpty() ? Rope.EMPTY : template.render(before, true);
    } catch (IllegalArgumentException e) {
      return Rope.EMPTY; // no such conversation without the answer
    }
  }

  private static Place commonBeginning(List<Part> a, List<Part> b) {
    int i = 0;
    while (i < a.size() && i < b.size() && a.get(i).equals(b.get(i))) {
      i++;
    }
    if (i < a.size()
        && i < b.size()
        && a.get(i) instanceof Literal x
        && b.get(i) instanceof Literal y) {
      int n = 0;
      while (n < x.text().length()
          && n < y.text().length()
          && x.text().charAt(n) == y.text().charAt(n)) {
        n++;
      }
      return new Place(i, n);
    }
    return new Place(i, 0);
  }
}
