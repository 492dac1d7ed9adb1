package org.alignment4j.data.synthesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.request.ChatModel;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.ChatRequest;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesizedPair;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SparkSaferInstructTests {
  /** What executors of this process share, by test; factories are copied by serialization. */
  private static final ConcurrentHashMap<String, MemoryRequests> STORES = new ConcurrentHashMap<>();

  private static final ConcurrentHashMap<String, ScriptedChat> CHATS = new ConcurrentHashMap<>();
  private static final AtomicInteger CALLS = new AtomicInteger();
  private static final AtomicInteger NOW = new AtomicInteger();
  private static final AtomicInteger MOST = new AtomicInteger();

  private static JavaSparkContext context;

  @BeforeAll
  static void start() {
    context =
        new JavaSparkContext(
            new SparkConf()
                .setMaster("local[2, 4]")
                .setAppName("synthesis")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "localhost")
                .set("spark.driver.bindAddress", "127.0.0.1"));
  }

  @AfterAll
  static void stop() {
    context.close();
  }

  private static SaferInstruct synthesis(String test, int threads) {
    ScriptedChat chat = CHATS.computeIfAbsent(test, ScriptedChat::new);
    MemoryRequests store = STORES.computeIfAbsent(test, name -> new MemoryRequests(Long.MAX_VALUE));
    // The 100th answer is lost, and its task dies of something that is no failed request.
    ChatModel dying =
        new ChatModel() {
          @Override
          public String name() {
            return chat.name();
          }

          @Override
          public ChatAnswer answer(ChatRequest request) {
            MOST.accumulateAndGet(NOW.incrementAndGet(), Math::max);
            if (test.equals("third")) {
              LockSupport.parkNanos(20_000_000);
            }
            ChatAnswer answer = chat.answer(request);
            NOW.decrementAndGet();
            if (test.equals("chat") && CALLS.incrementAndGet() == 100) {
              throw new IllegalStateException("the machine of this task is gone");
            }
            return answer;
          }
        };
    return SaferInstructTests.synthesis(store, dying, chat, threads);
  }

  @Test
  void sparkGivesWhatThreadsGive() {
    List<SynthesizedPair> threads = new ArrayList<>();
    ScriptedChat chat = new ScriptedChat("chat");
    SynthesisReport expected =
        SaferInstructTests.synthesis(new MemoryRequests(Long.MAX_VALUE), chat, chat, 2)
            .run(SaferInstructTests.texts(200).stream(), threads::add, ProgressListener.NONE);

    List<SynthesizedPair> spark = new ArrayList<>();
    SparkSaferInstruct run = new SparkSaferInstruct(() -> synthesis("chat", 2));
    SynthesisReport report =
        run.run(
            context,
            context.parallelize(SaferInstructTests.texts(200), 5),
            spark::add,
            ProgressListener.NONE);
    assertEquals(threads, spark);
    assertEquals(expected, report);
    assertTrue(CALLS.get() > 100);
    ScriptedChat asked = CHATS.get("chat");
    assertEquals(asked.keys.size() + 1, asked.asked.get(), "only the lost answer is asked again");
  }

  @Test
  void aBudgetStopsAllTasksAndTheRestComesLater() {
    List<SynthesizedPair> whole = new ArrayList<>();
    ScriptedChat chat = new ScriptedChat("other");
    SaferInstructTests.synthesis(new MemoryRequests(Long.MAX_VALUE), chat, chat, 2)
        .run(SaferInstructTests.texts(60).stream(), whole::add, ProgressListener.NONE);

    STORES.put("other", new MemoryRequests(200));
    SparkSaferInstruct run = new SparkSaferInstruct(() -> synthesis("other", 1));
    List<SynthesizedPair> begun = new ArrayList<>();
    SynthesisReport report =
        run.run(
            context,
            context.parallelize(SaferInstructTests.texts(60), 3),
            begun::add,
            ProgressListener.NONE);
    assertFalse(report.complete());
    assertEquals("the budget of requests is used up", report.stopped());
    assertTrue(begun.size() < whole.size());

    STORES.get("other").left.set(Long.MAX_VALUE);
    List<SynthesizedPair> all = new ArrayList<>();
    run.run(
        context,
        context.parallelize(SaferInstructTests.texts(60), 3),
        all::add,
        ProgressListener.NONE);
    assertEquals(whole, all);
  }

  @Test
  void partitionsAreWorkedOnAtOnce() {
    MOST.set(0);
    new SparkSaferInstruct(() -> synthesis("third", 1))
        .run(
            context,
            context.parallelize(SaferInstructTests.texts(24), 2),
            pair -> {},
            ProgressListener.NONE);
    assertEquals(2, MOST.get(), "one request of each of two tasks");
  }

  @Test
  void speculativeExecutionIsRefused() {
    SparkSaferInstruct.requireNoSpeculation(new SparkConf(false));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            SparkSaferInstruct.requireNoSpeculation(
                new SparkConf(false).set("spark.speculation", "true")));
  }
}
