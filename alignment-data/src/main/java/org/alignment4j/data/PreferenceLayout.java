package org.alignment4j.data;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Set;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Role;
import org.alignment4j.tune.PreferencePair;

/**
 * How a row of a preference file holds a pair. Beside prompt, chosen and rejected it has the keys
 * or columns id, label and lineage.
 */
public enum PreferenceLayout {
  /** TRL standard: prompt, chosen and rejected as text. The prompt can be one user message only. */
  TRL_STANDARD,

  /**
   * TRL conversational: prompt, chosen and rejected as lists of messages with role and content, of
   * which chosen and rejected hold the response alone. Holds every pair.
   */
  TRL_CONVERSATIONAL,

  /**
   * HH-RLHF: chosen and rejected as whole dialogues, without a prompt of its own. Turns of user and
   * assistant alternate, the user's first; there is no system message, and no text holds
   * "\n\nHuman:" or "\n\nAssistant:", which would be read as a turn.
   */
  HH_RLHF;

  List<String> columns() {
    return this == HH_RLHF
        ? List.of("id", "chosen", "rejected", "label", "lineage")
        : List.of("id", "prompt", "chosen", "rejected", "label", "lineage");
  }

  boolean isList(String column) {
    return this == TRL_CONVERSATIONAL && Set.of("prompt", "chosen", "rejected").contains(column);
  }

  /**
   * The pair as keys and values.
   *
   * @throws BadRow if the layout has no place for something
   */
  JsonObject fields(PreferencePair pair) throws BadRow {
    return switch (this) {
      case TRL_CONVERSATIONAL -> PreferenceRow.toJson(pair);
      case TRL_STANDARD -> standard(pair);
      case HH_RLHF -> dialogues(pair);
    };
  }

  private static JsonObject standard(PreferencePair pair) throws BadRow {
    List<Message> messages = pair.prompt().messages();
    if (messages.size() > 1) {
      throw new BadRow(
          "TRL's standard form holds a prompt of one user message, found "
              + messages.size()
              + " messages; its conversational form holds them");
    }
    JsonObject o = new JsonObject();
    o.addProperty("id", pair.id());
    o.addProperty("prompt", pair.prompt().last().text());
    return withResponses(o, pair.chosen(), pair.rejected());
  }

  private static JsonObject dialogues(PreferencePair pair) throws BadRow {
    JsonObject o = new JsonObject();
    o.addProperty("id", pair.id());
    return withResponses(
        o, dialogue(pair, "chosen", pair.chosen()), dialogue(pair, "rejected", pair.rejected()));
  }

  private static JsonObject withResponses(JsonObject o, String chosen, String rejected) {
    o.addProperty("chosen", chosen);
    o.addProperty("rejected", rejected);
    return o;
  }

  private static String dialogue(PreferencePair pair, String name, String response) throws BadRow {
    StringBuilder dialogue = new StringBuilder();
    int turn = 0;
    for (Message message : pair.prompt().messages()) {
      turn++;
      if (message.role() == Role.SYSTEM) {
        throw new BadRow("HH-RLHF holds no system message, found one");
      }
      boolean human = message.role() == Role.USER;
      if (human != (turn % 2 == 1)) {
        throw new BadRow(
            "HH-RLHF's turns alternate, the user's first: turn "
                + turn
                + " is the "
                + (human ? "user's" : "assistant's"));
      }
      HhDialogue.append(dialogue, "turn " + turn, human, message.text());
    }
    HhDialogue.append(dialogue, name, false, response);
    return dialogue.toString();
  }
}
