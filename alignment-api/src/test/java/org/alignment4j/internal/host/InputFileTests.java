package org.alignment4j.internal.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alignment4j.core.BadDataException;
import org.alignment4j.core.CheckpointException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Pipes and devices would hang it: hence the time limit. */
@Timeout(20)
class InputFileTests {
  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void name() {
    path = folder.resolve("config.json");
  }

  private String refusal() {
    String message =
        assertThrows(CheckpointException.class, () -> InputFile.checkpoint(path).text(100))
            .getMessage();
    assertEquals(
        message,
        assertThrows(BadDataException.class, () -> InputFile.data(path).stream()).getMessage());
    assertEquals(
        message,
        assertThrows(BadDataException.class, () -> InputFile.data(path).channel()).getMessage());
    return message;
  }

  @Test
  void aFileOrALinkToOneIsRead() throws IOException {
    Files.writeString(path, "\uFEFFgrüße \uD83D\uDE00");
    Path link = Files.createSymbolicLink(folder.resolve("link"), path);
    assertEquals("\uFEFFgrüße \uD83D\uDE00", InputFile.checkpoint(link).text(100));
    assertArrayEquals(Files.readAllBytes(path), InputFile.data(link).bytes(100));
    assertTrue(InputFile.checkpoint(link).exists());
  }

  @Test
  void anEmptyFileIsAnEmptyText() throws IOException {
    Files.createFile(path);
    assertEquals("", InputFile.data(path).text(100));
  }

  @Test
  void absentIsOnlyWhatHasNoEntry() throws IOException {
    assertFalse(InputFile.checkpoint(path).exists());
    assertEquals(path + ": expected a file, found none", refusal());
  }

  @Test
  void aLinkThatLeadsNowhereIsThereAndAnError() throws IOException {
    Files.createSymbolicLink(path, Path.of("../../blobs/gone"));
    assertTrue(InputFile.checkpoint(path).exists());
    assertEquals(path + ": expected a file, found a dangling link", refusal());
  }

  @Test
  void aLoopOfLinksIsThereAndAnError() throws IOException {
    Files.createSymbolicLink(path, Path.of("config.json"));
    assertTrue(InputFile.checkpoint(path).exists());
    assertTrue(refusal().startsWith("cannot read " + path + ": "), refusal());
  }

  @Test
  void aFolderIsAnError() throws IOException {
    Files.createDirectory(path);
    assertTrue(InputFile.checkpoint(path).exists());
    assertEquals(path + ": expected a file, found a folder", refusal());
  }

  @Test
  void aPipeDoesNotHang() throws Exception {
    Process made = new ProcessBuilder("mkfifo", path.toString()).start();
    assumeTrue(made.waitFor() == 0);
    assertTrue(InputFile.checkpoint(path).exists());
    assertEquals(path + ": expected a file, found a pipe, socket or device", refusal());
  }

  @Test
  void aDeviceIsNotReadForEver() throws IOException {
    assumeTrue(Files.exists(Path.of("/dev/zero")));
    Files.createSymbolicLink(path, Path.of("/dev/zero"));
    assertEquals(path + ": expected a file, found a pipe, socket or device", refusal());
  }

  @Test
  void aPathThroughAFileIsAnErrorAndNotAbsence() throws IOException {
    Files.createFile(path);
    InputFile below = InputFile.checkpoint(path.resolve("tokenizer.json"));
    String message = assertThrows(CheckpointException.class, below::exists).getMessage();
    assertTrue(message.startsWith("cannot read " + below.path() + ": "), message);
  }

  @Test
  void aFolderIsTold() throws IOException {
    assertEquals(folder, InputFile.checkpoint(folder).requireFolder().path());
    assertEquals(
        path + ": expected a folder, found none",
        assertThrows(CheckpointException.class, () -> InputFile.checkpoint(path).requireFolder())
            .getMessage());
    Files.createFile(path);
    assertEquals(
        path + ": expected a folder, found a file",
        assertThrows(CheckpointException.class, () -> InputFile.checkpoint(path).requireFolder())
            .getMessage());
  }

  @Test
  void whatIsReadWholeIsBounded() throws IOException {
    Files.writeString(path, "x".repeat(100));
    assertEquals(100, InputFile.data(path).bytes(100).length);
    assertEquals(
        path + ": expected at most 99 bytes, found 100",
        assertThrows(BadDataException.class, () -> InputFile.data(path).bytes(99)).getMessage());
  }

  @Test
  void theHeapBoundsToo() throws IOException {
    long size = Runtime.getRuntime().maxMemory() / 8 + 1;
    assumeTrue(size < Integer.MAX_VALUE);
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.setLength(size);
    }
    String message =
        assertThrows(BadDataException.class, () -> InputFile.data(path).text(Long.MAX_VALUE))
            .getMessage();
    assertEquals(
        path
            + ": expected at most "
            + (size - 1)
            + " bytes, an eighth of the Java heap, which can be made larger, found "
            + size,
        message);
  }

  /** Files of /proc say 0 bytes and have more, as a file does that grows while it is read. */
  @Test
  void aFileThatHasMoreThanItsSizeIsBounded() {
    path = Path.of("/proc/self/status");
    assumeTrue(Files.isRegularFile(path));
    assertTrue(InputFile.data(path).text(1 << 20).startsWith("Name:"));
    assertEquals(
        path + ": expected at most 10 bytes, found more",
        assertThrows(BadDataException.class, () -> InputFile.data(path).text(10)).getMessage());
  }

  @Test
  void whatIsUnpackedIsBounded() {
    byte[] packed = "0123456789".getBytes(StandardCharsets.UTF_8);
    InputFile file = InputFile.data(path);
    assertArrayEquals(packed, file.unpacked(new ByteArrayInputStream(packed), 10));
    assertEquals(
        path + ": expected at most 9 bytes, found more",
        assertThrows(
                BadDataException.class, () -> file.unpacked(new ByteArrayInputStream(packed), 9))
            .getMessage());
  }

  @Test
  void whatIsNotUtf8IsNamedWithItsPlace() throws IOException {
    byte[] bytes = ("a".repeat(70_000) + "é").getBytes(StandardCharsets.ISO_8859_1);
    Files.write(path, bytes);
    assertEquals(
        path + ": expected UTF-8, found byte 0xE9 at offset 70000",
        assertThrows(BadDataException.class, () -> InputFile.data(path).text(1 << 20))
            .getMessage());
  }
}
