package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.alignment4j.chat.EncodedMessages.TokenRange;
import org.alignment4j.core.CheckpointException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates close to known ones, and thoughts in answers: text and ids are transformers'. */
class PublicTemplateTests {
  private static final String THOUGHTFUL = "<think>\nhm\n</think>\n\nYes";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jinja-float-text",
        "jinja-int-default",
        "jinja-mapping-equality",
        "jinja-replace-count",
        "jinja-select-none",
        "template-chatml-skips-system",
        "template-llama2-default-system",
        "template-llama3-alternation-check",
        "template-llama3-indented",
        "template-phi3-default-system",
        "think-removed-from-history",
      })
  void rendersWhatTransformersRenders(String name) throws IOException {
    String place = "public-cases/" + name + "/";
    JsonObject config =
        JsonParser.parseString(ChatFixtures.resource(place + "tokenizer_config.json"))
            .getAsJsonObject();
    Path model = ChatFixtures.folder(folder, "byte-level", config);
    Files.writeString(
        model.resolve("chat_template.jinja"), ChatFixtures.resource(place + "chat_template.jinja"));
    JsonObject asked =
        JsonParser.parseString(ChatFixtures.resource(place + "messages.json")).getAsJsonObject();
    List<Message> messages = new ArrayList<>();
    for (JsonElement each : asked.getAsJsonArray("messages")) {
      String role = each.getAsJsonObject().get("role").getAsString();
      String text = each.getAsJsonObject().get("content").getAsString();
      messages.add(new Message(Role.valueOf(role.toUpperCase(Locale.ROOT)), text));
    }
    Prompt prompt = new Prompt(messages);
    boolean generation = asked.get("add_generation_prompt").getAsBoolean();
    String right = ChatFixtures.resource(place + "right.txt");
    try (ChatTokenizer tokenizer = ChatTokenizer.load(model)) {
      if (right.startsWith("ERROR")) {
        IllegalArgumentException e =
            assertThrows(
                IllegalArgumentException.class, () -> tokenizer.render(prompt, generation));
        assertTrue(e.getMessage().endsWith(": alternate"), e.getMessage());
      } else {
        assertEquals(right, tokenizer.render(prompt, generation));
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        // Qwen3 writes the tags itself; hermes, plain ChatML, leaves them in the answers.
        "qwen3  ~ 0 ~ 513 419 198 39 72 514 198 513 482 198 533 198 71 76 198 534 198 198 56 266 514",
        "hermes ~ 0 ~ 513 419 198 39 72 514 198 513 482 198 533 198 71 76 198 534 198 198 56 266 514",
        "qwen3  ~ 1 ~ 513 419 198 39 72 514 198 513 482 198 56 266 514 198 513 419 198 39 72 514 198"
            + " 513 482 198 533 198 71 76 198 534 198 198 56 266 514",
        "hermes ~ 1 ~ 513 419 198 39 72 514 198 513 482 198 533 198 71 76 198 534 198 198 56 266 514"
            + " 198 513 419 198 39 72 514 198 513 482 198 533 198 71 76 198 534 198 198 56 266 514",
      })
  void thoughtsToLearnHaveTheTokensOfTheirTags(String name, int before, String ids) {
    Prompt prompt = Prompt.user("Hi").withResponse(THOUGHTFUL);
    for (int i = 0; i < before; i++) {
      prompt = prompt.withUser("Hi").withResponse(THOUGHTFUL);
    }
    try (ChatTokenizer tokenizer = load(name)) {
      Encoded encoded = tokenizer.encodeForTraining(prompt);
      assertEquals(ids, spelled(encoded.ids()));
      int response = ids.substring(0, ids.lastIndexOf("533")).split(" ").length;
      assertEquals(response, encoded.responseStart());
      Rendered rendered = tokenizer.renderedForTraining(prompt);
      assertEquals(encoded, rendered.encoded());
      assertEquals(THOUGHTFUL + "<|im_end|>", rendered.text().substring(rendered.responseOffset()));
    }
  }

  @Test
  void nobodyElseWritesTheTagsOfThoughts() {
    try (ChatTokenizer tokenizer = load("hermes")) {
      Prompt typed = Prompt.user(THOUGHTFUL).withSystem(THOUGHTFUL);
      List<Prompt> prompts = List.of(typed, typed.withResponse(THOUGHTFUL).withUser("x"));
      for (Prompt prompt : prompts) {
        assertTrue(Arrays.stream(tokenizer.encode(prompt)).noneMatch(id -> id == 533 || id == 534));
      }
      int[] learned = tokenizer.encodeForTraining(typed.withResponse(THOUGHTFUL)).ids();
      assertEquals(2, Arrays.stream(learned).filter(id -> id == 533 || id == 534).count());
    }
  }

  @Test
  void whereAMessageStandsCountsItsThoughts() {
    try (ChatTokenizer tokenizer = load("qwen3")) {
      EncodedMessages found = tokenizer.encodeMessages(Prompt.user("Hi").withResponse(THOUGHTFUL));
      assertEquals(List.of(new TokenRange(3, 5), new TokenRange(12, 20)), found.messages());
    }
  }

  @Test
  void severalTemplatesHaveADefault() throws IOException {
    JsonObject config = new JsonObject();
    JsonObject several = new JsonObject();
    several.addProperty("tool_use", "no");
    several.addProperty("default", "object");
    config.add("chat_template", several);
    Path model = ChatFixtures.folder(folder, "byte-level", config);
    assertEquals("object", rendered(model));
    Path more = Files.createDirectory(model.resolve("additional_chat_templates"));
    assertEquals("object", rendered(model));
    Files.writeString(more.resolve("rag.jinja"), "no");
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> ChatTokenizer.load(model));
    assertTrue(e.getMessage().contains("no default"), e.getMessage());
    Files.writeString(model.resolve("chat_template.jinja"), "file");
    assertEquals("file", rendered(model));
    Files.writeString(more.resolve("default.jinja"), "named");
    assertEquals("named", rendered(model));
    several.remove("default");
    Path without = ChatFixtures.folder(folder, "byte-level", config);
    CheckpointException none =
        assertThrows(CheckpointException.class, () -> ChatTokenizer.load(without));
    assertTrue(none.getMessage().contains("found [tool_use]"), none.getMessage());
  }

  private static String rendered(Path model) {
    try (ChatTokenizer tokenizer = ChatTokenizer.load(model)) {
      assertTrue(Files.isRegularFile(tokenizer.templateFile().orElseThrow()));
      return tokenizer.render(Prompt.user("q"), true);
    }
  }

  private ChatTokenizer load(String golden) {
    return ChatFixtures.load(folder, "byte-level", ChatFixtures.golden(golden));
  }

  private static String spelled(int[] ids) {
    return String.join(" ", Arrays.stream(ids).mapToObj(Integer::toString).toList());
  }
}
