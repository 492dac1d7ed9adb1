package org.alignment4j.chat;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.alignment4j.chat.Rope.Hole;
import org.alignment4j.chat.Rope.Literal;
import org.alignment4j.chat.Rope.Part;
import org.alignment4j.core.UnsupportedArchitectureException;

/**
 * What an unknown template writes around the messages of a few conversations, which tells how it
 * says who speaks.
 *
 * @param leads what it writes between one message, or the beginning, and the next; the text that
 *     opens an assistant turn counts as a lead of the assistant
 * @param answerEnd what it writes behind an answer that ends a conversation
 */
record TemplateProbe(Set<Lead> leads, String answerEnd) {
  private static final List<List<Role>> CONVERSATIONS =
      List.of(
          List.of(Role.USER),
          List.of(Role.SYSTEM, Role.USER),
          List.of(Role.USER, Role.ASSISTANT),
          List.of(Role.USER, Role.ASSISTANT, Role.USER),
          List.of(Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.USER, Role.ASSISTANT),
          List.of(Role.USER, Role.ASSISTANT, Role.USER, Role.ASSISTANT, Role.USER));

  /**
   * What a template writes before a message.
   *
   * @param role the message's
   * @param text everything since the message before
   */
  record Lead(Role role, String text) {}

  /**
   * @throws UnsupportedArchitectureException if the template cannot be run, or takes none of the
   *     conversations
   */
  static TemplateProbe of(JinjaTemplate template) {
    Set<Lead> leads = new LinkedHashSet<>();
    String answerEnd = "";
    RuntimeException refused = null;
    boolean taken = false;
    for (List<Role> roles : CONVERSATIONS) {
      List<Message> messages = roles.stream().map(role -> new Message(role, "x")).toList();
      for (boolean generation : new boolean[] {false, true}) {
        Rope text;
        try {
          text = template.render(messages, generation);
        } catch (IllegalArgumentException e) {
          refused = e;
          continue;
        }
        taken = true;
        String end = addLeads(text, roles, leads);
        if (generation) {
          leads.add(new Lead(Role.ASSISTANT, end));
        } else if (roles.equals(List.of(Role.USER, Role.ASSISTANT))) {
          answerEnd = end;
        }
      }
    }
    if (!taken) {
      throw new UnsupportedArchitectureException(
          "chat template in " + template.where() + " refuses every conversation", refused);
    }
    return new TemplateProbe(leads, answerEnd);
  }

  /** All text the template wrote. */
  String text() {
    StringBuilder text = new StringBuilder();
    leads.forEach(lead -> text.append(lead.text).append('\n'));
    return text.append(answerEnd).toString();
  }

  /** Adds what stands before each message, and gives what stands behind the last. */
  private static String addLeads(Rope text, List<Role> roles, Set<Lead> leads) {
    List<Part> parts = new ArrayList<>(text.parts());
    String written = "";
    for (Part part : parts) {
      if (part instanceof Literal literal) {
        written = literal.text();
      } else {
        leads.add(new Lead(roles.get(((Hole) part).message()), written));
        written = "";
      }
    }
    return written;
  }
}
