package org.alignment4j.data.synthesis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedWriter;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.SourceFile;
import org.alignment4j.data.filter.Deduplicator;
import org.alignment4j.data.induction.Inducer;
import org.alignment4j.data.induction.Inducer.Induction;
import org.alignment4j.data.request.ChatModel.ChatAnswer;
import org.alignment4j.data.request.RequestLedger;
import org.alignment4j.data.request.RequestLedger.StoredAnswer;
import org.alignment4j.data.request.RequestStore;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesisReport;
import org.alignment4j.synthesis.SynthesisReport.StageYield;
import org.alignment4j.testing.ChildJvm;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A million rows through reader, rules and exact deduplication in a heap of 512 MiB. */
@Tag("slow")
@Timeout(600)
class SynthesisMemoryTests {
  private static final int ROWS = 1_000_000;

  @TempDir Path folder;

  /** Reads the file through all stages that need no model. */
  static final class Run {
    public static void main(String[] arguments) {
      StoredAnswer none =
          new StoredAnswer(
              new ChatAnswer("", ChatAnswer.Finish.STOP, 0, 0),
              "none",
              "00".repeat(32),
              BigDecimal.ZERO,
              "",
              true);
      Inducer inducer =
          new Inducer() {
            @Override
            public String name() {
              return "fixed";
            }

            @Override
            public List<Induction> induce(
                SourceText text, int n, long seed, RequestLedger requests) {
              String instruction =
                  text.id().endsWith("7") ? "Too short" : "Write what row " + text.id() + " says";
              return List.of(new Induction(instruction, 0, seed, name(), List.of(none)));
            }
          };
      long start = System.nanoTime();
      try (RequestStore store = RequestStore.inMemory();
          Stream<SourceText> texts =
              SourceFile.jsonl(Path.of(arguments[0]))
                  .open(skipped -> System.out.println("skipped " + skipped))) {
        SynthesisReport report =
            SaferInstruct.builder()
                .requests(RequestLedger.over(store))
                .inducer(inducer)
                .threads(2)
                .deduplicating(Deduplicator::exact, Deduplicator::exact)
                .build()
                .candidates(texts, candidate -> {}, ProgressListener.NONE);
        long kept =
            report.stages().stream()
                .filter(stage -> stage.stage().equals(SynthesisStages.INSTRUCTION_DUPLICATES))
                .mapToLong(StageYield::out)
                .sum();
        System.out.println(report.texts() + " " + kept + " " + Runtime.getRuntime().maxMemory());
      }
      System.err.println((System.nanoTime() - start) / 1_000_000_000L + " s");
    }
  }

  @Test
  void aMillionRowsFitIntoHalfAGibibyte() throws Exception {
    Path file = folder.resolve("rows.jsonl");
    write(file);
    try (ChildJvm child = ChildJvm.start(folder.resolve("child"), Run.class, file)) {
      assertEquals(0, child.await(), child.errors());
      System.out.println(child.errors().strip());
      // Each tenth row repeats the one before it, each tenth instruction is too short.
      assertEquals("1000000 800000 " + (512L << 20), child.output().strip());
    }
  }

  private static void write(Path file) throws IOException {
    try (BufferedWriter writer = Files.newBufferedWriter(file)) {
      for (int i = 0; i < ROWS; i++) {
        int number = i % 10 == 9 ? i - 1 : i;
        writer.write(
            ("{\"id\":\"r%d\",\"text\":\"Some text of a dozen words that differs in row number %d,"
                    + " sent to somebody%d@example.org\",\"category\":\"hate\",\"licence\":\"MIT\"}%n")
                .formatted(i, number, number));
      }
    }
  }
}
