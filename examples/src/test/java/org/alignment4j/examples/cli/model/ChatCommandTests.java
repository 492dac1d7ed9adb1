package org.alignment4j.examples.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.CancelledException;
import org.alignment4j.examples.cli.CommandRun;
import org.alignment4j.examples.cli.input.InputLines;
import org.alignment4j.model.Generation;
import org.alignment4j.model.LanguageModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations with the demonstration model, and generation's further options. */
class ChatCommandTests {
  private static final Path DEMO = Path.of("demo-model");

  @TempDir Path folder;

  private static JsonObject completion(CommandRun run) {
    assertEquals(0, run.status(), run.err());
    return run.json().getAsJsonArray("completions").get(0).getAsJsonObject();
  }

  @Test
  void aConversationRemembersItsTurnsAndSaysWhatItTalksTo() {
    CommandRun run =
        CommandRun.typing(
            "What is the capital of France?\n\n  And of Italy?  \n",
            "chat",
            "--model",
            DEMO,
            "--max-tokens",
            12);
    assertEquals(0, run.status(), run.err());
    List<String> answers = run.out().lines().toList();
    try (LanguageModel model = LanguageModel.load(DEMO)) {
      Generation settings = Generation.greedy(12);
      Prompt first = Prompt.user("What is the capital of France?");
      String one = model.generate(List.of(first), settings).get(0).text();
      Prompt second =
          Prompt.of(first.last(), Message.assistant(one), Message.user("And of Italy?"));
      String two = model.generate(List.of(second), settings).get(0).text();
      assertEquals(one + "\n" + two + "\n", run.out());
      assertFalse(answers.isEmpty());
      for (String told :
          List.of("demo-model", "llama, 6 blocks", "parameters", "template", "generated")) {
        assertTrue(run.err().contains(told), run.err());
      }
    }
  }

  @Test
  void commandsActOnTheConversation() throws IOException {
    Path json = folder.resolve("c.json");
    CommandRun run =
        CommandRun.typing(
            "/help\nHello\n/reset\nHello\n/system Be brief.\n/fly\n//x is a path?\n/exit\nnever\n",
            "chat",
            "--model",
            DEMO,
            "--max-tokens",
            8,
            "--json",
            json);
    assertEquals(0, run.status(), run.err());
    assertTrue(run.err().contains("/reset "), run.err());
    assertTrue(run.err().contains("no command /fly"), run.err());
    JsonArray turns =
        JsonParser.parseString(Files.readString(json)).getAsJsonObject().getAsJsonArray("turns");
    assertEquals(3, turns.size());
    assertEquals(
        turns.get(0).getAsJsonObject().get("assistant"),
        turns.get(1).getAsJsonObject().get("assistant"));
    assertEquals(1, turns.get(1).getAsJsonObject().get("remembered").getAsInt());
    assertEquals(2, turns.get(2).getAsJsonObject().get("remembered").getAsInt());
    assertEquals("/x is a path?", turns.get(2).getAsJsonObject().get("user").getAsString());
  }

  @Test
  void aFullContextForgetsTheOldestTurnsWithANotice() {
    String words = "word ".repeat(200);
    CommandRun run =
        CommandRun.typing(
            (words + "\n").repeat(6) + "word ".repeat(3000) + "\nHello\n",
            "chat",
            "--model",
            DEMO,
            "--max-tokens",
            4,
            "--json");
    assertEquals(0, run.status(), run.err());
    JsonArray turns = run.json().getAsJsonArray("turns");
    assertEquals(7, turns.size(), run.err());
    assertTrue(run.err().contains("removed"), run.err());
    assertTrue(run.err().contains("leaves no room"), run.err());
    int remembered = turns.get(5).getAsJsonObject().get("remembered").getAsInt();
    assertTrue(remembered >= 2 && remembered < 6, remembered + " turns");
  }

  @Test
  void aWaitForInputCanBeInterrupted() throws IOException {
    try (PipedInputStream silent = new PipedInputStream(new PipedOutputStream())) {
      InputLines lines = new InputLines(silent);
      Thread.currentThread().interrupt();
      try {
        assertThrows(CancelledException.class, lines::next);
      } finally {
        Thread.interrupted();
      }
    }
  }

  @Test
  void aStreamedAnswerIsTheSameAnswer() {
    Object[] plain = {"generate", "--model", DEMO, "--prompt", "Hello", "--max-tokens", 20};
    CommandRun whole = CommandRun.of(plain);
    Object[] more = java.util.Arrays.copyOf(plain, plain.length + 1);
    more[plain.length] = "--stream";
    CommandRun streamed = CommandRun.of(more);
    assertEquals(0, streamed.status(), streamed.err());
    assertEquals(whole.out(), streamed.out());
    CommandRun json =
        CommandRun.of("generate", "--model", DEMO, "--prompt", "Hello", "--stream", "--json");
    assertEquals(0, json.status(), json.err());
    assertEquals(json.err().strip(), completion(json).get("text").getAsString().strip());
    CommandRun file = CommandRun.of("generate", "--model", DEMO, "--file", "x", "--stream");
    assertEquals(2, file.status());
  }

  @Test
  void sampledAnswersFollowTheSeedNotThePlaceOfThePromptInItsPortion() throws IOException {
    Path prompts =
        Files.writeString(
            folder.resolve("p.txt"),
            "What is the capital of France, and of Italy, and of Spain?\nHello\nHello\n");
    Object[] sampled = {
      "--model",
      DEMO,
      "--max-tokens",
      10,
      "--temperature",
      1.2,
      "--top-k",
      40,
      "--top-p",
      0.95,
      "--min-p",
      0.01,
      "--repetition-penalty",
      1.1,
      "--seed",
      5,
      "--json"
    };
    CommandRun all = CommandRun.of(join(sampled, "generate", "--file", prompts));
    assertEquals(0, all.status(), all.err());
    JsonArray found = all.json().getAsJsonArray("completions");
    assertEquals(5, all.json().getAsJsonObject("sampling").get("seed").getAsInt());
    assertNotEquals(text(found, 1), text(found, 2), "each prompt has its own draws");
    CommandRun again = CommandRun.of(join(sampled, "generate", "--file", prompts));
    assertEquals(found, again.json().getAsJsonArray("completions"));
    CommandRun bad = CommandRun.of("generate", "--model", DEMO, "--prompt", "x", "--top-p", "1.5");
    assertEquals(1, bad.status());
    assertTrue(bad.err().contains("topP"), bad.err());
  }

  private static Object[] join(Object[] tail, Object... head) {
    Object[] all = java.util.Arrays.copyOf(head, head.length + tail.length);
    System.arraycopy(tail, 0, all, head.length, tail.length);
    return all;
  }

  private static String text(JsonArray completions, int i) {
    return completions.get(i).getAsJsonObject().get("text").getAsString();
  }

  @Test
  void stopTextsAndLogProbabilitiesComeInTheJson() {
    JsonObject whole =
        completion(
            CommandRun.of(
                "generate", "--model", DEMO, "--prompt", "Hello", "--logprobs", "--json"));
    int n = whole.get("tokens").getAsInt();
    assertEquals(n, whole.getAsJsonArray("logprobs").size());
    assertEquals(n, whole.getAsJsonArray("ids").size());
    assertTrue(whole.getAsJsonArray("logprobs").get(0).getAsDouble() <= 0);
    String text = whole.get("text").getAsString();
    String stop = text.substring(3, 6);
    JsonObject stopped =
        completion(
            CommandRun.of(
                "generate", "--model", DEMO, "--prompt", "Hello", "--stop", stop, "--json"));
    assertEquals("stop", stopped.get("finish").getAsString());
    assertEquals(text.substring(0, text.indexOf(stop)), stopped.get("text").getAsString());
  }
}
