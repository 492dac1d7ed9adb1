package org.alignment4j.examples.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.examples.cli.CommandRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenderCommandTests {
  private static final Path DEMO = Path.of("demo-model");
  private static final String ANSWERED =
      "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"},"
          + " {\"role\": \"assistant\", \"content\": \"Yes\\u001b[2J\"}]}";

  @TempDir Path folder;

  private static List<Integer> ids(JsonObject json) {
    return json.getAsJsonArray("ids").asList().stream().map(id -> id.getAsInt()).toList();
  }

  @Test
  void aPromptIsShownAsTheModelGetsIt() {
    CommandRun run =
        CommandRun.of("render", "--model", DEMO, "--prompt", "Hi", "--system", "S", "--json");
    assertEquals(0, run.status(), run.err());
    try (ChatTokenizer tokenizer = ChatTokenizer.load(DEMO)) {
      Prompt prompt = Prompt.user("Hi").withSystem("S");
      int[] right = tokenizer.encode(prompt);
      assertEquals(Arrays.stream(right).boxed().toList(), ids(run.json()));
      assertEquals(tokenizer.render(prompt, true), run.json().get("text").getAsString());
      assertEquals(right.length, run.json().get("response_start").getAsInt());
      assertTrue(run.json().get("template").getAsString().startsWith("demo-model"), run.out());
    }
  }

  @Test
  void anExampleShowsWhatIsTrainedOnAndNothingThatATerminalObeys() throws IOException {
    Path file = Files.writeString(folder.resolve("messages.json"), ANSWERED);
    Object[] words = {"render", "--model", DEMO, "--messages", file, "--ids", "--training"};
    CommandRun run = CommandRun.of(words);
    assertEquals(0, run.status(), run.err());
    try (ChatTokenizer tokenizer = ChatTokenizer.load(DEMO)) {
      Encoded right = tokenizer.encodeForTraining(Prompt.user("Hi").withResponse("Yes\u001b[2J"));
      long trained = run.out().lines().filter(line -> line.endsWith("(trained on)")).count();
      assertEquals(right.predictedLength(), trained);
      assertTrue(run.out().contains("trained on " + trained), run.out());
    }
    assertTrue(run.out().contains("Yes\\u001b[2J"), run.out());
    assertFalse(run.out().contains("\u001b"), run.out());
  }

  @Test
  void filesThatAreNoConversationAreNamed() throws IOException {
    for (String content :
        List.of(
            "",
            "{}",
            "[]",
            "[1]",
            "[{\"role\": \"user\"}]",
            "[{\"role\": \"tool\", \"content\": \"a\"}]",
            "[{\"role\": \"user\", \"content\": \"a\", \"tool_calls\": []}]",
            "[{\"role\": \"user\", \"content\": [1]}]")) {
      Path file = Files.writeString(folder.resolve("bad.json"), content);
      CommandRun run = CommandRun.of("render", "--model", DEMO, "--messages", file);
      assertEquals(1, run.status(), content);
      assertTrue(run.err().contains("bad.json"), run.err());
    }
    assertEquals(2, CommandRun.of("render", "--model", DEMO).status());
  }
}
