package org.alignment4j.chat;

import static org.alignment4j.core.Arguments.require;

import java.util.List;

/** The order of roles that some templates insist on. */
final class Roles {
  private Roles() {}

  /**
   * @throws IllegalArgumentException unless users and assistants alternate, a user first, after an
   *     optional system message
   */
  static void requireAlternating(List<Message> messages, String family) {
    int first = messages.get(0).role() == Role.SYSTEM ? 1 : 0;
    for (int i = first; i < messages.size(); i++) {
      Role expected = (i - first) % 2 == 0 ? Role.USER : Role.ASSISTANT;
      require(
          messages.get(i).role() == expected,
          "the chat template of %s needs alternating roles: message %s should be %s, was %s",
          family,
          i,
          expected,
          messages.get(i).role());
    }
  }
}
