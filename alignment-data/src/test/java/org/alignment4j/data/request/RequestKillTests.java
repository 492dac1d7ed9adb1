package org.alignment4j.data.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.alignment4j.chat.Prompt;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.ChatRequest.Sampling;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.data.testing.ScriptedChatServer;
import org.alignment4j.data.testing.ScriptedChatServer.Fault;
import org.alignment4j.data.testing.ScriptedChatServer.Script;
import org.alignment4j.testing.ChildJvm;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Killed processes lose no answer that they were given. */
@Tag("slow")
@Timeout(300)
class RequestKillTests {
  private static final int REQUESTS = 150;
  private static final int WORKERS = 4;

  @TempDir Path folder;

  /** Writes answers as fast as it can, and behind each its key into another file. */
  static final class Writer {
    public static void main(String[] arguments) throws IOException {
      Path log = Path.of(arguments[1]);
      int round = Integer.parseInt(arguments[2]);
      try (RequestStore store = RequestStore.open(Path.of(arguments[0]))) {
        System.out.println("begun");
        for (int i = 0; ; i++) {
          String key = round + "-" + i;
          store.put(
              key,
              new StoredAnswer(
                  new ChatAnswer(key.repeat(300), Finish.STOP, 1, 1),
                  "m",
                  "hash",
                  BigDecimal.ONE,
                  "USD",
                  false));
          Files.writeString(log, key + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
      }
    }
  }

  @Test
  void whatWasStoredIsThereAfterAKill() throws Exception {
    Path file = folder.resolve("store.db");
    Path log = folder.resolve("log");
    SplittableRandom random = new SplittableRandom(1);
    int rounds = 6;
    for (int round = 0; round < rounds; round++) {
      try (ChildJvm child =
          ChildJvm.start(folder.resolve("child" + round), Writer.class, file, log, round)) {
        child.awaitOutput();
        Thread.sleep(random.nextInt(20, 400));
        child.kill();
        child.await();
        assertEquals("begun", child.output().strip(), child.errors());
      }
      // A kill may cut the log's last line, which then names no key that was noted whole.
      String noted = Files.exists(log) ? Files.readString(log) : "";
      List<String> keys = noted.substring(0, noted.lastIndexOf('\n') + 1).lines().toList();
      try (RequestStore store = RequestStore.open(file)) {
        for (String key : keys) {
          assertEquals(
              key.repeat(300), store.find(key).orElseThrow().answer().text(), "key " + key);
        }
        long stored = store.totals().getOrDefault("m", RequestStore.Totals.NONE).requests();
        // One more for each process that was killed between the two.
        assertTrue(
            stored >= keys.size() && stored <= keys.size() + round + 1,
            stored + " stored, " + keys.size() + " noted");
      }
    }
    assertTrue(Files.readString(log).lines().count() > 3 * rounds);
  }

  /** Answers all requests of a run through store and endpoint, and writes the texts. */
  static final class Client {
    public static void main(String[] arguments) throws Exception {
      try (RequestStore store = RequestStore.open(Path.of(arguments[0]));
          OpenAiChatModel model =
              OpenAiChatModel.builder(arguments[1], "tiny")
                  .firstWait(Duration.ofMillis(5))
                  .tries(10)
                  .build()) {
        RequestLedger requests = RequestLedger.over(store);
        System.out.println("begun");
        ExecutorService threads = Executors.newFixedThreadPool(WORKERS);
        List<Future<StoredAnswer>> all = new ArrayList<>();
        for (int i = 0; i < REQUESTS; i++) {
          ChatRequest request =
              ChatRequest.of(Prompt.user("question " + i), Sampling.of(20, 0.7, 0.95), i);
          all.add(threads.submit(() -> requests.answer(model, request)));
        }
        List<String> texts = new ArrayList<>();
        for (Future<StoredAnswer> f : all) {
          texts.add(f.get().answer().text());
        }
        threads.shutdown();
        Files.write(Path.of(arguments[2]), texts);
      }
    }
  }

  @Test
  void aKilledRunGoesOnAndPaysForNoStoredAnswerAgain() throws Exception {
    // Faults in front of answers only: each whole answer that the server counts is one to pay for.
    try (ScriptedChatServer server =
        ScriptedChatServer.start(
            0,
            Script.seeded(3, 0.3, Fault.status(429, "Retry-After-Ms", "5"), Fault.status(503)),
            ScriptedChatServer::answer,
            Duration.ofMillis(20))) {
      Path whole = folder.resolve("whole");
      try (ChildJvm child =
          ChildJvm.start(
              folder.resolve("a"), Client.class, folder.resolve("a.db"), server.baseUrl(), whole)) {
        assertEquals(0, child.await(), child.errors());
      }
      Map<String, Integer> before = server.answered();
      assertEquals(REQUESTS, before.size());
      Path resumed = folder.resolve("resumed");
      SplittableRandom random = new SplittableRandom(2);
      int kills = 0;
      while (!Files.exists(resumed)) {
        try (ChildJvm child =
            ChildJvm.start(
                folder.resolve("b" + kills),
                Client.class,
                folder.resolve("b.db"),
                server.baseUrl(),
                resumed)) {
          child.awaitOutput();
          if (kills < 4) {
            Thread.sleep(random.nextInt(100, 600));
            child.kill();
            kills++;
          } else {
            assertEquals(0, child.await(), child.errors());
          }
        }
      }
      assertEquals(Files.readAllLines(whole), Files.readAllLines(resumed));
      int again =
          server.answered().values().stream().mapToInt(Integer::intValue).sum() - 2 * REQUESTS;
      assertTrue(again >= 0 && again <= kills * WORKERS, again + " after " + kills + " kills");
      try (RequestStore store = RequestStore.open(folder.resolve("b.db"))) {
        assertEquals(REQUESTS, store.totals().get("tiny").requests());
      }
    }
  }
}
