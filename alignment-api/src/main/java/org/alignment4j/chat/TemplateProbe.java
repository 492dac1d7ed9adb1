package org.alignment4j.chat;

import com.google.common.base.Strings;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.alignment4j.chat.TracedText.Part;
import org.alignment4j.core.UnsupportedArchitectureException;

/**
 * The text that a chat template writes around the messages of a few conversations, from which its
 * role markers are found.
 *
 * @param leads the text before each message, since the previous message or the start; the text that
 *     starts an assistant turn is a lead of the assistant
 * @param answerEnd the text after a response that ends a conversation
 * @param betweenTurns the common prefix of the texts after an earlier response, for every next role
 */
record TemplateProbe(Set<Lead> leads, String answerEnd, String betweenTurns) {
  private static final List<Role> ANSWERED = List.of(Role.USER, Role.ASSISTANT);
  private static final List<Role> ASKED_AGAIN = List.of(Role.USER, Role.ASSISTANT, Role.USER);
  private static final List<List<Role>> CONVERSATIONS =
      List.of(
          List.of(Role.USER),
          List.of(Role.SYSTEM, Role.USER),
          ANSWERED,
          ASKED_AGAIN,
          List.of(Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.USER, Role.ASSISTANT),
          List.of(Role.USER, Role.ASSISTANT, Role.USER, Role.ASSISTANT, Role.USER));

  /**
   * The text that a template writes before a message.
   *
   * @param role the message's role
   * @param text all text since the previous message
   */
  record Lead(Role role, String text) {}

  /**
   * @throws UnsupportedArchitectureException if the template cannot be run, or rejects all of the
   *     conversations
   */
  static TemplateProbe of(JinjaTemplate template) {
    Set<Lead> leads = new LinkedHashSet<>();
    String answerEnd = "";
    String beforeUser = "";
    String beforeAnswer = "";
    RuntimeException rejected = null;
    boolean taken = false;
    for (List<Role> roles : CONVERSATIONS) {
      List<Message> messages = roles.stream().map(role -> new Message(role, "x")).toList();
      for (boolean generation : new boolean[] {false, true}) {
        TracedText text;
        try {
          text = template.render(messages, generation);
        } catch (IllegalArgumentException e) {
          rejected = e;
          continue;
        }
        taken = true;
        String end = addLeads(text, roles, leads);
        if (generation) {
          leads.add(new Lead(Role.ASSISTANT, end));
        }
        if (roles.equals(ANSWERED)) {
          answerEnd = generation ? answerEnd : end;
          beforeAnswer = generation ? end : beforeAnswer;
        } else if (roles.equals(ASKED_AGAIN)) {
          beforeUser = beforeLast(text);
        }
      }
    }
    if (!taken) {
      throw new UnsupportedArchitectureException(
          "chat template in " + template.where() + " rejects every conversation", rejected);
    }
    return new TemplateProbe(leads, answerEnd, Strings.commonPrefix(beforeUser, beforeAnswer));
  }

  /** All text that the template wrote. */
  String text() {
    StringBuilder text = new StringBuilder();
    leads.forEach(lead -> text.append(lead.text).append('\n'));
    return text.append(answerEnd).toString();
  }

  /** The template text directly before the last message. */
  private static String beforeLast(TracedText text) {
    String written = "";
    for (int i = 1; i < text.parts().size(); i++) {
      Part before = text.parts().get(i - 1);
      if (!text.parts().get(i).isTemplate() && before.isTemplate()) {
        written = before.text();
      }
    }
    return written;
  }

  /** Adds the text before each message and returns the text after the last. */
  private static String addLeads(TracedText text, List<Role> roles, Set<Lead> leads) {
    String written = "";
    for (Part part : text.parts()) {
      if (part.isTemplate()) {
        written = part.text();
      } else {
        leads.add(new Lead(roles.get(part.message()), written));
        written = "";
      }
    }
    return written;
  }
}
