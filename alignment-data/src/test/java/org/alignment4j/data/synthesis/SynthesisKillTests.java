package org.alignment4j.data.synthesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.request.OpenAiChatModel;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestStore;
import org.alignment4j.data.testing.ScriptedChatServer;
import org.alignment4j.data.testing.ScriptedChatServer.Fault;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.testing.ChildJvm;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A run that is killed, and started again, and killed, ends with what it would have made. */
@Tag("slow")
@Timeout(600)
class SynthesisKillTests {
  private static final int KILLS = 20;
  private static final int WORKERS = 4;
  private static final int TEXTS = 160;

  @TempDir Path folder;

  /** A whole run: store, address, file of pairs, file of the report. */
  static final class Run {
    public static void main(String[] arguments) throws IOException {
      Path out = Path.of(arguments[2]);
      Path partial = out.resolveSibling(out.getFileName() + ".partial");
      try (RequestStore store = RequestStore.open(Path.of(arguments[0]));
          OpenAiChatModel chat =
              OpenAiChatModel.builder(arguments[1], "tiny")
                  .firstWait(Duration.ofMillis(5))
                  .tries(12)
                  .build()) {
        SaferInstruct synthesis =
            SaferInstructTests.synthesis(RequestLedger.over(store), chat, chat, WORKERS);
        System.out.println("begun");
        SynthesisReport report;
        try (BufferedWriter writer = Files.newBufferedWriter(partial)) {
          report =
              synthesis.run(
                  SaferInstructTests.texts(TEXTS).stream(),
                  pair -> {
                    try {
                      writer.write(
                          String.join(
                                  "\t",
                                  pair.pair().id(),
                                  pair.pair().prompt().last().text(),
                                  pair.pair().chosen(),
                                  pair.pair().rejected(),
                                  pair.label(),
                                  pair.lineage().toJson())
                              + "\n");
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  },
                  ProgressListener.NONE);
        }
        Files.writeString(Path.of(arguments[3]), report.withUsage(List.of()).toJson());
        Files.move(partial, out, StandardCopyOption.ATOMIC_MOVE);
      }
    }
  }

  @Test
  void twentyKillsChangeNothing() throws Exception {
    try (ScriptedChatServer server =
        ScriptedChatServer.start(
            0,
            ScriptedChatServer.Script.seeded(
                3, 0.1, Fault.status(429, "Retry-After-Ms", "5"), Fault.status(503)),
            Script::answer,
            Duration.ofMillis(15))) {
      Path whole = folder.resolve("whole");
      try (ChildJvm child =
          ChildJvm.start(
              folder.resolve("a"),
              Run.class,
              folder.resolve("a.db"),
              server.baseUrl(),
              whole,
              folder.resolve("whole.json"))) {
        assertEquals(0, child.await(), child.errors());
      }
      int paid = answered(server);
      assertEquals(paid, server.answered().size(), "one answer for each request");

      Path resumed = folder.resolve("resumed");
      SplittableRandom random = new SplittableRandom(5);
      int kills = 0;
      int starts = 0;
      while (!Files.exists(resumed)) {
        try (ChildJvm child =
            ChildJvm.start(
                folder.resolve("b" + starts++),
                Run.class,
                folder.resolve("b.db"),
                server.baseUrl(),
                resumed,
                folder.resolve("resumed.json"))) {
          child.awaitOutput();
          if (kills < KILLS) {
            // At a random point of the work, however long the start takes here.
            int point = answered(server) + random.nextInt(2 * paid / KILLS);
            while (answered(server) < point && child.isAlive()) {
              Thread.sleep(1);
            }
            child.kill();
            child.await();
            kills++;
          } else {
            assertEquals(0, child.await(), child.errors());
          }
        }
      }
      int again = answered(server) - 2 * paid;
      System.out.printf(
          "%d kills, %d starts: %d requests, of which %d were sent again%n",
          kills, starts, paid, again);
      assertEquals(Files.readString(whole), Files.readString(resumed));
      assertEquals(
          Files.readString(folder.resolve("whole.json")),
          Files.readString(folder.resolve("resumed.json")));
      assertEquals(KILLS, kills);
      assertTrue(again >= 0 && again <= kills * WORKERS, again + " after " + kills + " kills");
      Set<String> ids = new HashSet<>();
      for (String line : Files.readAllLines(resumed)) {
        assertTrue(ids.add(line.substring(0, line.indexOf('\t'))), "a row occurs twice");
      }
      assertTrue(ids.size() > TEXTS / 4, "pairs: " + ids.size());
    }
  }

  private static int answered(ScriptedChatServer server) {
    return server.answered().values().stream().mapToInt(Integer::intValue).sum();
  }
}
