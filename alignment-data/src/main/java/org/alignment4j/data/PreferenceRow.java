package org.alignment4j.data;

import com.google.common.base.Strings;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.chat.Role;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.text.Shown;
import org.alignment4j.synthesis.Lineage;
import org.alignment4j.synthesis.SynthesizedPair;
import org.alignment4j.tune.PreferencePair;
import org.jspecify.annotations.Nullable;

/** One row of a preference file, as keys and values: TRL's forms and HH-RLHF's. */
final class PreferenceRow {
  /** The keys that are read. */
  static final List<String> KEYS =
      List.of("id", "prompt", "instruction", "chosen", "rejected", "label", "lineage");

  private static final List<String> TEXTS = List.of("prompt", "instruction", "chosen", "rejected");
  private static final String NO_REJECTED = "rejected is empty";

  private PreferenceRow() {}

  /**
   * @param number the row's number, its id if it has none
   */
  static PreferencePair pair(JsonObject o, long number) throws BadRow {
    if (o.has("rejected") && isEmpty(o.get("rejected"))) {
      example(o, number);
      throw onlyExample();
    }
    PreferencePair pair = parsed(o, number);
    Optional<String> flaw = flaw(pair);
    if (flaw.isPresent()) {
      throw flaw.get().equals(NO_REJECTED) ? onlyExample() : new BadRow(flaw.get());
    }
    return pair;
  }

  private static BadRow onlyExample() {
    return new BadRow(
        NO_REJECTED + ": prompt and chosen serve supervised fine-tuning, not preferences (DPO)");
  }

  /**
   * Returns prompt and chosen alone, ignoring rejected.
   *
   * @param number the row's number, its id if it has none
   */
  static PreferenceFile.Example example(JsonObject o, long number) throws BadRow {
    JsonElement chosen = o.get("chosen");
    if (chosen == null) {
      throw new BadRow(
          "expected chosen, found " + Shown.value(o.keySet()) + RowShape.hint(o, TEXTS));
    }
    if (!isText(chosen) && !chosen.isJsonArray()) {
      throw new BadRow(
          "expected chosen as text or as a list of messages, found "
              + JsonPreferences.kind(chosen));
    }
    JsonObject alone = new JsonObject();
    for (String key : List.of("id", "prompt", "instruction")) {
      if (o.has(key)) {
        alone.add(key, o.get(key));
      }
    }
    // In every form the end of the prompt is found without the other response.
    alone.add("chosen", chosen);
    alone.add("rejected", chosen);
    PreferencePair twice = parsed(alone, number);
    if (twice.prompt().last().text().isBlank() || twice.chosen().isBlank()) {
      throw new BadRow(flaw(twice).orElse(""));
    }
    return new PreferenceFile.Example(twice.id(), twice.prompt(), twice.chosen(), label(o));
  }

  /** Returns a pair with its label and lineage. */
  static SynthesizedPair synthesized(JsonObject o, long number) throws BadRow {
    PreferencePair pair = pair(o, number);
    JsonElement lineage = o.get("lineage");
    if (isEmpty(lineage)) {
      throw new BadRow("expected a lineage, found none");
    }
    if (!isText(lineage) && !lineage.isJsonObject()) {
      throw new BadRow(
          "expected the lineage as an object or as text, found " + JsonPreferences.kind(lineage));
    }
    try {
      return new SynthesizedPair(
          pair,
          label(o),
          Lineage.fromJson(isText(lineage) ? lineage.getAsString() : lineage.toString()));
    } catch (BadDataException e) {
      throw new BadRow(String.valueOf(e.getMessage()));
    }
  }

  /** Returns the label; empty if there is none. */
  static String label(JsonObject o) throws BadRow {
    JsonElement label = o.get("label");
    if (label == null || JsonPreferences.isMissing(label)) {
      return "";
    }
    if (!label.isJsonPrimitive()) {
      throw new BadRow(
          "expected the label as text, number or truth value, found "
              + JsonPreferences.kind(label));
    }
    return label.getAsString();
  }

  private static PreferencePair parsed(JsonObject o, long number) throws BadRow {
    if (!o.has("chosen") || !o.has("rejected")) {
      throw new BadRow(
          "expected chosen and rejected, found "
              + Shown.value(o.keySet())
              + RowShape.hint(o, TEXTS));
    }
    JsonElement chosen = MessageText.unfolded("chosen", o.get("chosen"));
    JsonElement rejected = MessageText.unfolded("rejected", o.get("rejected"));
    String id = id(o, number);
    JsonElement prompt = prompt(o, chosen);
    if (isText(chosen) && isText(rejected)) {
      return texts(id, prompt, chosen.getAsString(), rejected.getAsString());
    }
    if (RowShape.isColumn(chosen) && RowShape.isColumn(rejected)) {
      throw new BadRow("expected chosen and rejected of one row" + RowShape.hint(o, TEXTS));
    }
    if (chosen.isJsonArray() && rejected.isJsonArray()) {
      return conversations(id, prompt, messages("chosen", chosen), messages("rejected", rejected));
    }
    throw new BadRow(
        "expected chosen and rejected both as text or both as lists of messages, found chosen "
            + JsonPreferences.kind(chosen)
            + " and rejected "
            + JsonPreferences.kind(rejected)
            + RowShape.hint(o, TEXTS));
  }

  /** Returns the name of a usable row's form. */
  static String layout(JsonObject o) throws BadRow {
    JsonElement chosen = MessageText.unfolded("chosen", o.get("chosen"));
    JsonElement prompt = prompt(o, chosen);
    if (isText(chosen)) {
      boolean dialogue =
          prompt == null || (isText(prompt) && prompt.getAsString().startsWith(HhDialogue.HUMAN));
      return dialogue ? "HH-RLHF" : "TRL standard";
    }
    String form =
        prompt == null
            ? "TRL conversational, implicit prompt"
            : chosen.getAsJsonArray().size() > 1
                ? "UltraFeedback, binarized"
                : "TRL conversational";
    return isText(o.get("chosen")) ? form + ", lists as text" : form;
  }

  /**
   * Returns the prompt; null if the dialogues or conversations of the responses contain it.
   * Safer-Instruct's release names it instruction.
   */
  private static @Nullable JsonElement prompt(JsonObject o, JsonElement chosen) throws BadRow {
    JsonElement prompt = o.get("prompt");
    if (JsonPreferences.isMissing(prompt)) {
      prompt = o.get("instruction");
    }
    if (prompt == null || JsonPreferences.isMissing(prompt)) {
      return null;
    }
    // In CSV an empty cell represents null.
    boolean inside =
        isText(chosen)
            ? chosen.getAsString().startsWith(HhDialogue.HUMAN)
            : chosen.isJsonArray() && chosen.getAsJsonArray().size() > 1;
    return isEmpty(prompt) && inside ? null : MessageText.unfolded("prompt", prompt);
  }

  /**
   * Returns the row in TRL's conversational form, which {@link #pair} reads back as an equal pair.
   */
  static JsonObject toJson(PreferencePair pair) {
    JsonObject o = new JsonObject();
    o.addProperty("id", pair.id());
    JsonArray prompt = new JsonArray();
    pair.prompt().messages().forEach(message -> prompt.add(toJson(message)));
    o.add("prompt", prompt);
    o.add("chosen", response(pair.chosen()));
    o.add("rejected", response(pair.rejected()));
    return o;
  }

  /** Returns why a pair is useless for training; empty if it is usable. */
  static Optional<String> flaw(PreferencePair pair) {
    if (pair.prompt().last().text().isBlank()) {
      return Optional.of("the prompt is empty");
    }
    if (pair.chosen().isBlank()) {
      return Optional.of("chosen is empty");
    }
    if (pair.rejected().isBlank()) {
      return Optional.of(NO_REJECTED);
    }
    return pair.chosen().equals(pair.rejected())
        ? Optional.of("chosen and rejected are equal")
        : Optional.empty();
  }

  private static PreferencePair texts(
      String id, @Nullable JsonElement prompt, String chosen, String rejected) throws BadRow {
    if (prompt == null) {
      HhDialogue better = HhDialogue.parse("chosen", chosen);
      HhDialogue worse = HhDialogue.parse("rejected", rejected);
      if (!better.prompt().equals(worse.prompt())) {
        int same = Strings.commonPrefix(better.prompt(), worse.prompt()).length();
        throw new BadRow(
            "the prompts of chosen and rejected, before the last \"\\n\\nAssistant:\", differ from"
                + " character "
                + (same + 1)
                + " on");
      }
      return pair(id, HhDialogue.turns(better.prompt()), better.response(), worse.response());
    }
    if (prompt.isJsonArray()) {
      return pair(id, messages("prompt", prompt), chosen, rejected);
    }
    String text = promptText(prompt);
    if (text.startsWith(HhDialogue.HUMAN) && text.endsWith(HhDialogue.ASSISTANT)) {
      // HH-RLHF in three columns: as one user message its markers would become text.
      String turns = text.substring(0, text.length() - HhDialogue.ASSISTANT.length());
      return pair(
          id,
          HhDialogue.turns(turns),
          HhDialogue.withoutSpace(chosen),
          HhDialogue.withoutSpace(rejected));
    }
    return pair(id, List.of(Message.user(text)), chosen, rejected);
  }

  private static PreferencePair conversations(
      String id, @Nullable JsonElement prompt, List<Message> chosen, List<Message> rejected)
      throws BadRow {
    String better = response("chosen", chosen);
    String worse = response("rejected", rejected);
    List<Message> before = chosen.subList(0, chosen.size() - 1);
    if (!before.equals(rejected.subList(0, rejected.size() - 1))) {
      throw new BadRow("the messages before the last differ between chosen and rejected");
    }
    if (prompt == null) {
      if (before.isEmpty()) {
        throw new BadRow("there is no prompt: expected one, or messages before the response");
      }
      return pair(id, before, better, worse);
    }
    if (before.isEmpty()) {
      return pair(
          id,
          prompt.isJsonArray()
              ? messages("prompt", prompt)
              : List.of(Message.user(promptText(prompt))),
          better,
          worse);
    }
    // UltraFeedback, binarized: the prompt is a text of its own, repeated in the conversations.
    if (isText(prompt)) {
      String text = prompt.getAsString().strip();
      if (before.stream().anyMatch(m -> m.role() == Role.USER && m.text().strip().equals(text))) {
        return pair(id, before, better, worse);
      }
      throw new BadRow("the prompt is no user message of the conversations");
    }
    throw new BadRow(
        String.format(
            Locale.ROOT,
            "expected one assistant message in chosen, as there is a prompt, found %d messages",
            chosen.size()));
  }

  private static PreferencePair pair(
      String id, List<Message> messages, String chosen, String rejected) throws BadRow {
    try {
      return new PreferencePair(id, new Prompt(messages), chosen, rejected);
    } catch (IllegalArgumentException e) {
      // The two types validate conversations; their messages contain no text of them.
      throw new BadRow(String.valueOf(e.getMessage()));
    }
  }

  private static String response(String name, List<Message> conversation) throws BadRow {
    if (conversation.isEmpty()) {
      throw new BadRow(name + " holds no message");
    }
    Message last = conversation.get(conversation.size() - 1);
    if (last.role() != Role.ASSISTANT) {
      throw new BadRow(
          "expected "
              + name
              + " to end with an assistant message, found role "
              + last.role().name().toLowerCase(Locale.ROOT));
    }
    return last.text();
  }

  private static List<Message> messages(String name, JsonElement list) throws BadRow {
    List<Message> messages = new ArrayList<>();
    for (JsonElement element : list.getAsJsonArray()) {
      String location = name + ", message " + (messages.size() + 1);
      if (!element.isJsonObject()) {
        throw new BadRow(location + ": expected an object, found " + JsonPreferences.kind(element));
      }
      JsonObject o = element.getAsJsonObject();
      Role role = role(location, text(location, o, "role"));
      messages.add(new Message(role, text(location, o, "content")));
    }
    return messages;
  }

  private static Role role(String location, String name) throws BadRow {
    return switch (name) {
      case "system" -> Role.SYSTEM;
      case "user" -> Role.USER;
      case "assistant" -> Role.ASSISTANT;
      default ->
          throw new BadRow(
              location + ": expected role system, user or assistant, found '" + name + "'");
    };
  }

  private static String text(String location, JsonObject o, String key) throws BadRow {
    JsonElement value = o.get(key);
    if (value == null) {
      throw new BadRow(location + ": expected role and content, found " + Shown.value(o.keySet()));
    }
    if (!isText(value)) {
      throw new BadRow(
          location + ": expected " + key + " as text, found " + JsonPreferences.kind(value));
    }
    return value.getAsString();
  }

  private static String promptText(JsonElement prompt) throws BadRow {
    if (!isText(prompt)) {
      throw new BadRow(
          "expected the prompt as text or as a list of messages, found "
              + JsonPreferences.kind(prompt));
    }
    return prompt.getAsString();
  }

  private static String id(JsonObject o, long number) throws BadRow {
    JsonElement id = o.get("id");
    if (id == null || JsonPreferences.isMissing(id)) {
      return Long.toString(number);
    }
    if (!id.isJsonPrimitive() || id.getAsJsonPrimitive().isBoolean()) {
      throw new BadRow("expected the id as text or as a number, found " + JsonPreferences.kind(id));
    }
    String text = id.getAsString();
    return text.isBlank() ? Long.toString(number) : text;
  }

  static JsonArray response(String text) {
    JsonArray messages = new JsonArray();
    messages.add(toJson(Message.assistant(text)));
    return messages;
  }

  static JsonObject toJson(Message message) {
    JsonObject o = new JsonObject();
    o.addProperty("role", message.role().name().toLowerCase(Locale.ROOT));
    o.addProperty("content", message.text());
    return o;
  }

  /** Whether there is no value, or blank text. */
  private static boolean isEmpty(@Nullable JsonElement value) {
    return value == null
        || JsonPreferences.isMissing(value)
        || (isText(value) && value.getAsString().isBlank());
  }

  private static boolean isText(JsonElement value) {
    return value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
  }
}
