package org.alignment4j.internal.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alignment4j.core.CheckpointException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsHeaderTests {
  private final Path folder;

  SafetensorsHeaderTests(@TempDir Path folder) {
    this.folder = folder;
  }

  private static String entry(String name, String dtype, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, dtype, shape, begin, end);
  }

  private static Arguments wrong(String header, String... said) {
    return Arguments.of(header, List.of(said));
  }

  /** Headers over 16 bytes of data, and what the message must say. */
  static List<Arguments> wrongHeaders() {
    return List.of(
        wrong("", "'{'"),
        wrong(" {}", "'{'"),
        wrong("[]", "'{'"),
        wrong("\ufeff{}", "'{'"),
        wrong("{", "not valid JSON"),
        wrong("{" + entry("w", "F32", "[4]", 0, 16), "not valid JSON"),
        wrong("{" + entry("w", "F32", "[4]", 0, 16) + "}{}", "not valid JSON"),
        wrong("{" + entry("w", "F32", "[4]", 0, 16) + "} 1", "not valid JSON"),
        wrong("{" + entry("w", "F32", "[4]", 0, 16) + ",}", "not valid JSON"),
        wrong("{'w':1}", "not valid JSON"),
        wrong("{/**/}", "not valid JSON"),
        wrong("{\"a\u0001\":1}", "not valid JSON"),
        wrong("{\"w\":1}", "'w'", "BEGIN_OBJECT", "NUMBER"),
        wrong("{\"w\":null}", "'w'", "BEGIN_OBJECT", "NULL"),
        wrong("{\"w\":{}}", "'w'", "dtype, shape and data_offsets"),
        wrong("{\"w\":{\"dtype\":\"F32\",\"shape\":[4]}}", "'w'", "data_offsets"),
        wrong(
            "{" + entry("w", "F32", "[2]", 0, 8) + "," + entry("w", "F32", "[2]", 8, 16) + "}",
            "'w'",
            "twice"),
        wrong(
            "{" + entry("w", "F32", "[4]", 0, 16).replace("}", ",\"dtype\":\"F32\"}") + "}",
            "'dtype'",
            "twice",
            "'w'"),
        wrong("{" + entry("w", "F31", "[4]", 0, 16) + "}", "'w'", "BF16", "'F31'"),
        wrong("{" + entry("w", "f32", "[4]", 0, 16) + "}", "'w'", "'f32'"),
        wrong("{" + entry("w", "F32", "[4]", 0, 16).replace("\"F32\"", "7") + "}", "dtype", "'w'"),
        wrong("{" + entry("w", "F32", "[-4]", 0, 16) + "}", "'w'", ">= 0", "-4"),
        wrong("{" + entry("w", "F32", "[4.0]", 0, 16) + "}", "'w'", "4.0"),
        wrong("{" + entry("w", "F32", "[\"4\"]", 0, 16) + "}", "'w'", "NUMBER", "STRING"),
        wrong("{" + entry("w", "F32", "[4e0]", 0, 16) + "}", "'w'", "4e0"),
        wrong("{" + entry("w", "F32", "[-0]", 0, 16) + "}", "'w'", "-0"),
        wrong("{" + entry("w", "F32", "[9223372036854775808]", 0, 16) + "}", "'w'", "2^63"),
        wrong("{" + entry("w", "F32", "4", 0, 16) + "}", "shape", "'w'", "BEGIN_ARRAY"),
        wrong("{" + entry("w", "F32", "[[4]]", 0, 16) + "}", "shape", "'w'"),
        wrong(
            "{" + entry("w", "F32", "[4294967296,4294967296]", 0, 16) + "}",
            "'w'",
            "overflows",
            "[4294967296, 4294967296]"),
        wrong("{" + entry("w", "F32", "[4611686018427387904]", 0, 16) + "}", "'w'", "overflows"),
        wrong("{" + entry("w", "F32", "[4611686018427387904,4,0]", 0, 0) + "}", "'w'", "overflows"),
        wrong("{" + entry("w", "F32", ones(65), 0, 16) + "}", "'w'", "at most 64"),
        wrong("{" + entry("w", "F32", "[4]", 0, 17) + "}", "'w'", "[0, 17]", "16 bytes"),
        wrong("{" + entry("w", "F32", "[4]", 1L << 62, (1L << 62) + 16) + "}", "'w'", "beyond"),
        wrong("{" + entry("w", "F32", "[4]", 16, 0) + "}", "'w'", "begin <= end", "[16, 0]"),
        wrong("{" + entry("w", "F32", "[4]", -16, 0) + "}", "'w'", ">= 0"),
        wrong(
            "{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0]}}",
            "'w'",
            "begin <= end"),
        wrong(
            "{\"w\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,8,16]}}",
            "'w'",
            "at most 2"),
        wrong("{" + entry("w", "F32", "[3]", 0, 16) + "}", "'w'", "12 bytes", "F32[3]", "of 16"),
        wrong("{" + entry("w", "F16", "[4]", 0, 16) + "}", "'w'", "8 bytes", "of 16"),
        wrong(
            "{" + entry("a", "F32", "[3]", 0, 12) + "," + entry("b", "F32", "[2]", 8, 16) + "}",
            "'b'",
            "overlaps",
            "at 12",
            "found 8"),
        wrong(
            "{" + entry("a", "F32", "[1]", 0, 4) + "," + entry("b", "F32", "[2]", 8, 16) + "}",
            "'b'",
            "gap",
            "at 4",
            "found 8"),
        wrong("{" + entry("a", "F32", "[3]", 4, 16) + "}", "'a'", "gap"),
        wrong("{" + entry("a", "F32", "[3]", 0, 12) + "}", "end with the file"),
        wrong("{}", "end with the file"),
        wrong("{\"__metadata__\":{\"a\":1}}", "__metadata__ 'a'", "STRING", "NUMBER"),
        wrong("{\"__metadata__\":[]}", "__metadata__", "BEGIN_OBJECT"),
        wrong("{\"__metadata__\":{\"a\":\"x\",\"a\":\"y\"}}", "'a'", "twice"),
        wrong("{\"__metadata__\":{},\"__metadata__\":{}}", "'__metadata__'", "twice"),
        wrong("{" + entry("\\ud800", "F32", "[4]", 0, 16) + "}", "Unicode"),
        wrong("{" + entry("\\ude00\\ud83d", "F32", "[4]", 0, 16) + "}", "Unicode"),
        wrong("{\"w\":" + "[".repeat(100_000), "'w'"),
        wrong("{\"w\":{\"x\":" + "[".repeat(100_000), "not valid JSON"));
  }

  private static String ones(int n) {
    return IntStream.range(0, n).mapToObj(i -> "1").collect(Collectors.joining(",", "[", "]"));
  }

  @ParameterizedTest
  @MethodSource("wrongHeaders")
  void wrongHeaderIsRefusedWithFileAndReason(String header, List<String> said) {
    assertRefused(RawFiles.bytes(header, 16), said.toArray(String[]::new));
  }

  private void assertRefused(byte[] bytes, String... said) {
    Path file = RawFiles.write(folder.resolve("wrong.safetensors"), bytes);
    String message = refusal(file);
    assertTrue(message.contains(file.toString()), message);
    for (String s : said) {
      assertTrue(message.contains(s), () -> "expected '" + s + "' in: " + message);
    }
  }

  private static String refusal(Path file) {
    return String.valueOf(
        assertThrows(CheckpointException.class, () -> SafetensorsFile.open(file)).getMessage());
  }

  @Test
  void wrongHeaderLengthIsRefused() {
    assertRefused(new byte[0], "at least 8 bytes", "found 0");
    assertRefused(new byte[7], "at least 8 bytes", "found 7");
    assertRefused(RawFiles.length(2), "header of 2 bytes", "only 0");
    assertRefused(RawFiles.length(100_000_000), "header of 100000000 bytes", "only 0");
    assertRefused(RawFiles.length(100_000_001), "at most 100000000", "found length 100000001");
    assertRefused(RawFiles.length(-1), "at most 100000000", "18446744073709551615");
    assertRefused(RawFiles.length(Long.MIN_VALUE), "at most 100000000", "9223372036854775808");
  }

  @Test
  void headerThatIsNotUtf8IsRefused() {
    byte[] header = ("{" + entry("wé", "F32", "[4]", 0, 16) + "}").getBytes(StandardCharsets.UTF_8);
    header[3]++; // the lead byte of é
    header[4] = '"';
    assertRefused(RawFiles.bytes(header, 16), "not valid UTF-8");
  }

  @Test
  void objectsOfTooManyMembersAreRefused() {
    String many =
        IntStream.range(0, 70_000)
            .mapToObj(i -> "\"" + i + "\":\"\"")
            .collect(Collectors.joining(",", "{", "}"));
    assertRefused(RawFiles.bytes("{\"__metadata__\":" + many + "}", 0), "__metadata__", "65536");
    assertRefused(RawFiles.bytes("{\"w\":" + many + "}", 0), "'w'", "at most 64 members");
  }

  @Test
  void foldersPipesAndMissingFilesAreRefused() {
    for (Path path : List.of(folder, folder.resolve("none"), Path.of("/dev/zero"))) {
      String message = refusal(path);
      assertTrue(message.contains(path.toString()), message);
    }
  }

  @Test
  void hostileNameIsShownShortAndWithoutControlCharacters() {
    String name = "\\u001b[31m\\n" + "x".repeat(5000);
    Path file =
        RawFiles.write(
            folder.resolve("a"), RawFiles.bytes("{" + entry(name, "F31", "[4]", 0, 16) + "}", 16));
    String message = refusal(file);
    assertTrue(message.length() < 1000, message);
    assertTrue(message.chars().noneMatch(Character::isISOControl), message);
  }

  @Test
  void unknownKeysNullMetadataScalarsAndEmptyTensorsAreRead() {
    String header =
        "{\"__metadata__\":null,"
            + entry("b", "F8_E4M3", "[2,2]", 4, 8)
            + ","
            + entry("s", "F32", "[]", 0, 4).replace("}", ",\"more\":{\"x\":[1]}}")
            + ","
            + entry("e", "C64", "[3,0]", 4, 4)
            + "}  \n";
    Path file = RawFiles.write(folder.resolve("a"), RawFiles.bytes(header, 8));
    try (SafetensorsFile f = SafetensorsFile.open(file)) {
      assertEquals(List.of("s", "e", "b"), List.copyOf(f.tensors().keySet()));
      assertEquals(Map.of(), f.metadata());
      assertEquals(1, f.info("s").elements());
      assertEquals(0, f.info("e").elements());
      assertArrayEquals(new long[] {2, 2}, f.info("b").shape());
      assertEquals(8 + header.length() + 4, f.info("b").offset());
      assertEquals(4, f.info("b").bytes());
    }
  }

  @Test
  void lyingHeaderOfFullLengthTakesLittleMemory() throws IOException {
    // 100 MB of zero bytes where the header should be, without occupying the disk.
    Path file = folder.resolve("sparse");
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.write(java.nio.ByteBuffer.wrap(RawFiles.length(100_000_000)));
      channel.write(java.nio.ByteBuffer.wrap(new byte[] {'{'}), 8);
      channel.write(java.nio.ByteBuffer.wrap(new byte[1]), 100_000_007);
    }
    assertThrows(CheckpointException.class, () -> SafetensorsFile.open(file));
  }
}
