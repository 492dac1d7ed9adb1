package org.alignment4j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.PreferenceFile.Counts;
import org.alignment4j.data.PreferenceWriter.Layout;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.tune.PreferencePair;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.Util;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that pyarrow wrote (examples/python/parquet_fixture.py), old ones, and damaged ones. */
class ParquetTests {
  private static final List<String> FIXTURES =
      List.of("element-zstd", "item-gzip", "texts-snappy", "texts-lz4", "released-none");

  private final Path folder;

  ParquetTests(@TempDir Path folder) {
    this.folder = folder;
  }

  /** Under a name that does not tell the format. */
  private Path fixture(String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in =
        Objects.requireNonNull(
            ParquetTests.class.getResourceAsStream("parquet/" + name + ".parquet"))) {
      Files.write(file, in.readAllBytes());
    }
    return file;
  }

  @ParameterizedTest
  @ValueSource(strings = {"element-zstd", "item-gzip"})
  void listsOfMessagesAreConversations(String name) throws IOException {
    Message last = Message.user("Why, \"so\"?\n");
    assertEquals(
        List.of(
            new PreferencePair("a", Prompt.of(Message.system(""), last), "c", "r"),
            new PreferencePair(
                "b",
                Prompt.of(Message.user("\u00e9 \uD83D\uDE00"), Message.assistant(""), last),
                "d\r\n",
                "s")),
        Preferences.readStrict(fixture(name)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"texts-snappy", "texts-lz4"})
  void stringsAreTexts(String name) throws IOException {
    Path file = fixture(name);
    assertEquals(
        List.of(
            new PreferencePair("1", Prompt.user("p"), "c", "r"),
            new PreferencePair("2", Prompt.user("q\n"), "d", "s")),
        Preferences.readStrict(file));
    assertEquals(
        List.of("", "hate"), List.copyOf(PreferenceFile.of(file).countsByLabel().keySet()));
  }

  @Test
  void theReleaseMayBeParquetToo() throws IOException {
    assertEquals(new Counts(1, 1, 0), PreferenceFile.of(fixture("released-none")).counts());
  }

  @Test
  void sourceTextsHaveTheColumnsOfJsonLines() throws IOException {
    Path file = fixture("sources-zstd");
    List<SourceFile.Skipped> skipped = new ArrayList<>();
    try (Stream<SourceText> texts =
        SourceFile.parquet(file).withCategory("c").withLicence("l").open(skipped::add)) {
      assertEquals(
          List.of(
              new SourceText("7", "t", "hate", "", "MIT"),
              new SourceText("8", "u\nv", "c", "", "l")),
          texts.toList());
    }
    assertEquals(List.of(), skipped);
    String message =
        String.valueOf(
            assertThrows(
                    BadDataException.class,
                    () -> SourceFile.parquet(fixture("texts-lz4")).open(skipped::add).close())
                .getMessage());
    assertTrue(message.contains("expected columns [text]"), message);
  }

  private static Consumer<Group> listed(boolean between) {
    return row -> {
      for (String name : List.of("prompt", "chosen", "rejected")) {
        Group element = row.addGroup(name).addGroup(0);
        element = between ? element.addGroup(0) : element;
        element.add("role", name.equals("prompt") ? "user" : "assistant");
        element.add("content", name);
      }
    };
  }

  /** Of the format's rules for lists, those for old writers. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "repeated group array { S }",
        "repeated group X_tuple { S }",
        "repeated group bag { optional group array { S } }",
        "repeated group list { required group item { S } }",
      })
  void oldListsAreRead(String list) throws IOException {
    StringBuilder schema = new StringBuilder("message m {");
    for (String name : List.of("prompt", "chosen", "rejected")) {
      schema.append(" optional group " + name + " (LIST) { ");
      schema.append(
          list.replace("X", name)
              .replace("S", "required binary role (STRING); required binary content (STRING);"));
      schema.append(" }");
    }
    Path file = folder.resolve("old.parquet");
    ParquetFiles.write(file, schema + " }", listed(list.contains("{ o") || list.contains("{ r")));
    assertEquals(
        List.of(new PreferencePair("1", Prompt.user("prompt"), "chosen", "rejected")),
        Preferences.readStrict(file));
  }

  @Test
  void valuesOfOtherKindsAreReasons() throws IOException {
    Path file = folder.resolve("kinds.parquet");
    ParquetFiles.write(
        file,
        "message m { optional binary prompt; optional double chosen; repeated int32 rejected; }",
        row -> row.append("prompt", "p").append("chosen", 1.5),
        row -> row.append("rejected", 3));
    PreferenceFile in = PreferenceFile.of(file);
    assertEquals(new Counts(0, 0, 2), in.counts());
    List<SourceFile.Skipped> skipped = new ArrayList<>();
    in.pairs(skipped::add).close();
    try (Stream<PreferencePair> pairs = in.pairs(skipped::add)) {
      assertEquals(0, pairs.count());
    }
    assertTrue(skipped.get(0).reason().contains("found chosen a number and rejected a list"));
  }

  /** In the order of sets they would differ between two runs, which one test run cannot see. */
  @Test
  void encodingsAreListedInOneOrder() throws IOException {
    Path file = folder.resolve("sorted.parquet");
    try (PreferenceWriter out = PreferenceWriter.open(file, Layout.TRL_CONVERSATIONAL)) {
      for (int i = 0; i < 50; i++) {
        out.write(new PreferencePair("" + i, Prompt.user("p" + i), "c" + i, "r" + i));
      }
      out.commit();
    }
    byte[] bytes = Files.readAllBytes(file);
    int length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(bytes.length - 8);
    FileMetaData metadata =
        Util.readFileMetaData(new ByteArrayInputStream(bytes, bytes.length - 8 - length, length));
    for (ColumnChunk chunk : metadata.getRow_groups().get(0).getColumns()) {
      List<Encoding> encodings = chunk.getMeta_data().getEncodings();
      assertEquals(encodings.stream().sorted().toList(), encodings);
      assertTrue(encodings.size() > 1);
    }
    assertEquals(50, Preferences.readStrict(file).size());
  }

  private static String outcome(Path file) {
    try (Stream<PreferencePair> pairs = PreferenceFile.of(file).pairs(bad -> {})) {
      return pairs.count() + " pairs";
    } catch (BadDataException e) {
      String message = String.valueOf(e.getMessage());
      assertTrue(message.contains(file.toString()), message);
      assertTrue(message.lines().count() == 1, message);
      return "refused";
    }
  }

  @Test
  void whatIsNoParquetIsOneError() throws IOException {
    byte[] whole = Files.readAllBytes(fixture("texts-snappy"));
    Path file = folder.resolve("cut.parquet");
    for (int length = 4; length < whole.length; length += 7) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertEquals("refused", outcome(file));
    }
    Files.write(
        file, "PAR1 is how this text begins, and it ends in PAR1".getBytes(StandardCharsets.UTF_8));
    assertEquals("refused", outcome(file));
    Files.writeString(file, "neither");
    assertEquals("refused", outcome(file));
    assertThrows(BadDataException.class, () -> SourceFile.parquet(file).open(bad -> {}));
  }

  @Test
  void aDamagedPageNamesTheRowBefore() throws IOException {
    Path file = folder.resolve("page.parquet");
    byte[] bytes = Files.readAllBytes(fixture("texts-snappy"));
    // The second row group's data: the text of its prompt.
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("q\n");
    bytes[at + 1] ^= 0x55;
    bytes[at - 5] ^= 0x55;
    Files.write(file, bytes);
    try (Stream<PreferencePair> pairs = PreferenceFile.of(file).pairs(bad -> {})) {
      var each = pairs.iterator();
      assertEquals("1", each.next().id());
      String message =
          String.valueOf(assertThrows(BadDataException.class, each::hasNext).getMessage());
      assertTrue(message.startsWith(file + ", after row 1: not well-formed Parquet"), message);
    }
  }

  @Test
  void damageIsReadOrRefused() throws IOException {
    damage(60);
  }

  @Tag("slow")
  @Test
  void muchDamageIsReadOrRefused() throws IOException {
    damage(6000);
  }

  /** Bytes set to any value, mostly in the footer, whose sizes and types everything hangs on. */
  private void damage(int tries) throws IOException {
    Random random = new Random(7);
    int refused = 0;
    for (int i = 0; i < tries; i++) {
      byte[] bytes = Files.readAllBytes(fixture(FIXTURES.get(i % FIXTURES.size())));
      for (int n = 1 + random.nextInt(4); n > 0; n--) {
        int at = random.nextInt(bytes.length - 8);
        bytes[random.nextBoolean() ? at : bytes.length - 1 - at / 3] = (byte) random.nextInt(256);
      }
      Path file = Files.write(folder.resolve("damaged"), bytes);
      refused += outcome(file).equals("refused") ? 1 : 0;
    }
    assertTrue(refused > tries / 4 && refused < tries, "refused " + refused + " of " + tries);
  }
}
