package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.PreferenceWriter.Layout;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.data.filter.Decontamination.EvaluationSet;
import org.alignment4j.tune.PreferencePair;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk that is full while a file is written has afterwards what it had before. */
class FullDiskTests {
  private static final int DISK = 256 << 10;

  private FileSystem disk;
  private Path folder;

  @BeforeEach
  void make() throws IOException {
    disk =
        Jimfs.newFileSystem(
            Configuration.unix().toBuilder().setMaxSize(DISK).setBlockSize(4 << 10).build());
    folder = Files.createDirectory(disk.getPath("/data"));
  }

  @AfterEach
  void close() throws IOException {
    disk.close();
  }

  /** Texts that gzip cannot make small. */
  private static List<String> texts() {
    Random random = new Random(5);
    return IntStream.range(0, 40)
        .mapToObj(
            i ->
                random
                    .ints(16_000, 'a', 'z' + 1)
                    .collect(
                        StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString())
        .toList();
  }

  private void assertLeftAsItWas(Path file, Runnable write) throws IOException {
    Files.writeString(file, "earlier");
    String message = assertThrows(BadDataException.class, write::run).getMessage();
    assertTrue(message.startsWith("cannot write " + file + ": "), message);
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(file), left.toList());
    }
    assertEquals("earlier", Files.readString(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.jsonl", "a.jsonl.gz"})
  void prompts(String name) throws IOException {
    List<PromptRow> rows = texts().stream().map(t -> PromptRow.of(t.substring(0, 8), t)).toList();
    Path file = folder.resolve(name);
    assertLeftAsItWas(file, () -> Prompts.writeJsonl(file, rows));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.jsonl", "a.jsonl.gz", "a.csv", "a.csv.gz", "a.parquet"})
  void preferences(String name) throws IOException {
    Path file = folder.resolve(name);
    assertLeftAsItWas(
        file,
        () -> {
          try (PreferenceWriter out = PreferenceWriter.open(file, Layout.TRL_CONVERSATIONAL)) {
            for (String text : texts()) {
              out.write(new PreferencePair(text.substring(0, 8), Prompt.user("p"), text, "no"));
            }
            out.commit();
          }
        });
  }

  @Test
  void evaluationSets() throws IOException {
    Path file = folder.resolve("set.hashes");
    List<String> words = IntStream.range(0, 30_000).mapToObj(i -> "word" + i).toList();
    EvaluationSet set = EvaluationSet.of("set", "note", words);
    assertLeftAsItWas(file, () -> set.write(file));
  }
}
