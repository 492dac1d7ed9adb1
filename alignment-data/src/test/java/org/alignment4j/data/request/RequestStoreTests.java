package org.alignment4j.data.request;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatModel.ChatAnswer.Finish;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.data.request.RequestStore.Totals;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RequestStoreTests {
  @TempDir Path folder;

  private static StoredAnswer answer(String text, String model, String cost) {
    return new StoredAnswer(
        new ChatAnswer(text, Finish.STOP, 7, 3),
        model,
        "hash of " + text,
        new BigDecimal(cost),
        cost.equals("0") ? "" : "EUR",
        false);
  }

  @Property(tries = 200)
  void anAnswerIsFoundAsItWasReturned(
      @ForAll String text,
      @ForAll Finish finish,
      @ForAll @LongRange(min = 0) long read,
      @ForAll @IntRange(min = 0, max = 9) int scale) {
    try (RequestStore store = RequestStore.inMemory()) {
      BigDecimal cost = new BigDecimal(java.math.BigInteger.valueOf(read), scale);
      StoredAnswer given =
          new StoredAnswer(
              new ChatAnswer(text, finish, read, scale), "model", "hash", cost, "USD", false);
      StoredAnswer put = store.put("key", given);
      StoredAnswer found = store.find("key").orElseThrow();
      assertEquals(put.answer(), found.answer());
      assertEquals(given.cost(), found.cost());
      assertTrue(found.fromStore());
      if (StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
        assertEquals(given.answer(), found.answer());
      }
    }
  }

  @Test
  void aStoreIsTheSameWhenOpenedAgain() {
    Path file = folder.resolve("store.db");
    try (RequestStore store = RequestStore.open(file)) {
      store.put("a", answer("one\0two", "m", "0.25"));
      store.put("b", answer("", "m", "0.000000000001"));
      store.put("c", answer("three", "k", "0"));
      store.setMetadata("seed", "1");
      store.setMetadata("seed", "2");
    }
    try (RequestStore store = RequestStore.open(file)) {
      assertEquals("one\0two", store.find("a").orElseThrow().answer().text());
      assertEquals(Optional.empty(), store.find("d"));
      assertEquals(Optional.of("2"), store.metadata("seed"));
      assertEquals(Optional.empty(), store.metadata("none"));
      assertEquals(
          Map.of(
              "k", new Totals(1, 7, 3, new BigDecimal("0"), ""),
              "m", new Totals(2, 14, 6, new BigDecimal("0.250000000001"), "EUR")),
          store.totals());
    }
  }

  @Test
  void theFirstAnswerIsKeptAndBothArePaidFor() {
    Path file = folder.resolve("store.db");
    try (RequestStore one = RequestStore.open(file);
        RequestStore other = RequestStore.open(file)) {
      assertFalse(one.put("a", answer("first", "m", "1")).fromStore());
      assertEquals("first", other.find("a").orElseThrow().answer().text());
      StoredAnswer second = other.put("a", answer("second", "m", "2"));
      assertEquals("first", second.answer().text());
      assertTrue(second.fromStore());
      for (RequestStore store : List.of(one, other)) {
        assertEquals(Map.of("m", new Totals(2, 14, 6, new BigDecimal("3"), "EUR")), store.totals());
      }
    }
  }

  @Test
  void eightMayOpenANewFileAtOnce() throws Exception {
    Path file = folder.resolve("store.db");
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        String key = "key" + t;
        all.add(
            threads.submit(
                () -> {
                  try (RequestStore store = RequestStore.open(file)) {
                    store.put(key, answer(key, "m", "1"));
                  }
                }));
      }
      for (Future<?> f : all) {
        f.get();
      }
    } finally {
      threads.shutdown();
    }
    try (RequestStore store = RequestStore.open(file)) {
      assertEquals(8, store.totals().get("m").requests());
    }
  }

  @Test
  void anotherProgramsFileIsLeftAlone() throws IOException, SQLException {
    Path text = Files.writeString(folder.resolve("text"), "no database ".repeat(100));
    Path foreign = folder.resolve("foreign.db");
    try (Connection c = DriverManager.getConnection("jdbc:sqlite:" + foreign);
        Statement s = c.createStatement()) {
      s.execute("CREATE TABLE other (key TEXT)");
    }
    for (Path file : List.of(text, foreign)) {
      byte[] before = Files.readAllBytes(file);
      BadDataException e = assertThrows(BadDataException.class, () -> RequestStore.open(file));
      assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
      assertArrayEquals(before, Files.readAllBytes(file));
    }
    for (Path file : List.of(folder, folder.resolve("none").resolve("store.db"))) {
      BadDataException e = assertThrows(BadDataException.class, () -> RequestStore.open(file));
      assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    }
  }

  @Test
  void aLaterVersionIsRefused() throws SQLException {
    Path file = folder.resolve("store.db");
    RequestStore.open(file).close();
    try (Connection c = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement s = c.createStatement()) {
      s.execute("PRAGMA user_version = 2");
    }
    BadDataException e = assertThrows(BadDataException.class, () -> RequestStore.open(file));
    assertTrue(e.getMessage().contains("version 1"), e.getMessage());
  }

  /** Damaged bytes give one kind of exception with the file's name, or other answers, no more. */
  @Test
  void damageIsToldOfByName() throws IOException {
    Path file = folder.resolve("store.db");
    try (RequestStore store = RequestStore.open(file)) {
      for (int i = 0; i < 200; i++) {
        store.put("key" + i, answer("text " + i, "m", "1"));
      }
    }
    byte[] whole = Files.readAllBytes(file);
    SplittableRandom random = new SplittableRandom(3);
    int found = 0;
    for (int round = 0; round < 60; round++) {
      byte[] damaged = whole.clone();
      int from = random.nextInt(damaged.length);
      for (int i = from; i < Math.min(damaged.length, from + 600); i++) {
        damaged[i] = (byte) random.nextInt();
      }
      Path other = folder.resolve("damaged" + round);
      Files.write(other, round % 3 == 0 ? java.util.Arrays.copyOf(whole, from) : damaged);
      try (RequestStore store = RequestStore.open(other)) {
        for (int i = 0; i < 200; i++) {
          store.find("key" + i);
        }
        store.put("new", answer("text", "m", "1"));
      } catch (BadDataException e) {
        found++;
        assertTrue(e.getMessage().contains(other.toString()), e.getMessage());
      }
    }
    assertTrue(found > 20, "found " + found);
  }
}
