package org.alignment4j.internal.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CancelledException;
import org.alignment4j.core.CheckpointException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class OutputFileTests {
  @TempDir Path folder;

  private List<String> names(Path in) throws IOException {
    try (Stream<Path> files = Files.list(in)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void aFileAppearsWhenItIsCommitted() throws IOException {
    Path file = folder.resolve("a.json");
    try (OutputFile out = OutputFile.data(file)) {
      out.write(bytes -> bytes.write(new byte[] {'a', 'b'}));
      assertFalse(Files.exists(file));
      out.commit();
      assertEquals("ab", Files.readString(file));
      assertThrows(IllegalStateException.class, out::commit);
    }
    assertEquals(List.of("a.json"), names(folder));
  }

  @Test
  void aFileThatIsThereIsReplaced() throws IOException {
    Path file = Files.writeString(folder.resolve("a.json"), "earlier");
    OutputFile.checkpoint(file).writeAll("now");
    assertEquals("now", Files.readString(file));
    assertEquals(List.of("a.json"), names(folder));
  }

  @Test
  void withoutCommitWhatWasThereStays() throws IOException {
    Path file = Files.writeString(folder.resolve("a.json"), "earlier");
    RuntimeException failure = new IllegalStateException("the content cannot be made");
    RuntimeException seen =
        assertThrows(
            IllegalStateException.class,
            () -> {
              try (OutputFile out = OutputFile.data(file)) {
                out.write(ByteBuffer.wrap(new byte[1000]));
                throw failure;
              }
            });
    assertSame(failure, seen);
    assertEquals("earlier", Files.readString(file));
    assertEquals(List.of("a.json"), names(folder));
  }

  @Test
  void aFullDiskIsLeftAsItWas() throws IOException {
    Configuration small =
        Configuration.unix().toBuilder().setMaxSize(64 << 10).setBlockSize(4 << 10).build();
    try (FileSystem disk = Jimfs.newFileSystem(small)) {
      Path root = Files.createDirectory(disk.getPath("/results"));
      Path file = Files.writeString(root.resolve("a.json"), "earlier");
      AlignmentException e =
          assertThrows(
              CheckpointException.class,
              () -> OutputFile.checkpoint(file).writeAll("x".repeat(1 << 20)));
      assertEquals("cannot write /results/a.json: out of disk space", e.getMessage());
      assertThrows(
          BadDataException.class, () -> OutputFile.partial(file).writeAll("x".repeat(1 << 20)));
      assertThrows(
          BadDataException.class,
          () -> {
            try (OutputFile out = OutputFile.data(file)) {
              out.write(ByteBuffer.allocate(1 << 20));
            }
          });
      assertEquals("earlier", Files.readString(file));
      assertEquals(List.of("a.json"), names(root));
    }
  }

  @Test
  void whatAKilledProgramLeftIsWrittenOver() throws IOException {
    Path file = folder.resolve("pairs.jsonl");
    Files.createSymbolicLink(folder.resolve("pairs.jsonl.partial"), folder.resolve("elsewhere"));
    OutputFile.partial(file).writeAll("whole");
    assertEquals(List.of("pairs.jsonl"), names(folder));
    assertEquals("whole", Files.readString(file));
  }

  @Test
  void aDeviceIsNotReplacedByAFile() throws IOException {
    Path device = Path.of("/dev/null");
    assumeTrue(Files.exists(device));
    Path link = Files.createSymbolicLink(folder.resolve("out.json"), device);
    for (Path target : List.of(device, link)) {
      assertEquals(
          "cannot write " + target + ": expected a file or none, found a pipe, socket or device",
          assertThrows(BadDataException.class, () -> OutputFile.data(target)).getMessage());
    }
    assertTrue(Files.isSymbolicLink(link));
  }

  @Test
  void aFolderAndAFolderThatIsNotThereAreNamed() {
    assertEquals(
        "cannot write " + folder + ": expected a file or none, found a folder",
        assertThrows(BadDataException.class, () -> OutputFile.data(folder)).getMessage());
    Path file = folder.resolve("none/a.json");
    assertEquals(
        "cannot write " + file + ": no such file or folder",
        assertThrows(CheckpointException.class, () -> OutputFile.checkpoint(file)).getMessage());
  }

  @Test
  void aFileIsCopiedWhole() throws IOException {
    Path from = Files.writeString(folder.resolve("from"), "x".repeat(200_000));
    Path to = folder.resolve("to");
    OutputFile.checkpoint(to).copyAll(InputFile.checkpoint(from));
    assertEquals(Files.readString(from), Files.readString(to));
    Files.delete(from);
    assertThrows(
        CheckpointException.class,
        () -> OutputFile.checkpoint(to).copyAll(InputFile.checkpoint(from)));
    assertEquals(List.of("to"), names(folder));
  }

  @Test
  void anInterruptCancels() throws IOException {
    Path file = folder.resolve("a.json");
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancelledException.class, () -> OutputFile.data(file).writeAll("text"));
    } finally {
      assertTrue(Thread.interrupted());
    }
    assertEquals(List.of(), names(folder));
  }
}
