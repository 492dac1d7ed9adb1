package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.tensor.GgufCheckpoint;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.internal.tokenizer.GgufTokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What the keys of a GGUF file mean for its tokenizer, and that wrong ones are told. */
class GgufTokenizerFileTests {
  private static final String KEY = "tokenizer.ggml.";

  @TempDir Path folder;

  /** What a test does to a file's metadata. */
  private interface Change extends Consumer<Map<String, GgufValue>> {}

  private Path changed(String name, Change change) {
    return GgufFixtures.changed(GgufFixtures.file(name), folder.resolve(name), change);
  }

  private static Arguments wrong(String name, String key, Change change, String... parts) {
    return Arguments.of(name, key, change, parts);
  }

  private static Change put(String key, GgufValue value) {
    return metadata -> metadata.put(key, value);
  }

  private static Change without(String key) {
    return metadata -> metadata.remove(key);
  }

  private static Change tokens(int id, String token) {
    return metadata -> {
      List<String> tokens = GgufFixtures.tokens(metadata);
      tokens.set(id, token);
      metadata.put(KEY + "tokens", GgufFixtures.strings(tokens));
    };
  }

  static Stream<Arguments> wrongFiles() {
    String bytes = "byte-level.gguf";
    String pieces = "pieces.gguf";
    GgufValue text = GgufValue.of("x");
    GgufValue number = GgufValue.ofUint32(7);
    return Stream.of(
        wrong(bytes, KEY + "model", without(KEY + "model"), "gpt2, llama", "none"),
        wrong(bytes, KEY + "model", put(KEY + "model", GgufValue.of("bert")), "gpt2", "'bert'"),
        wrong(bytes, KEY + "model", put(KEY + "model", number), "a string", "UINT32"),
        wrong(bytes, KEY + "pre", put(KEY + "pre", GgufValue.of("new")), "smollm", "'new'"),
        wrong(bytes, KEY + "pre", put(KEY + "pre", number), "a string", "UINT32"),
        wrong(bytes, KEY + "tokens", without(KEY + "tokens"), "found none"),
        wrong(bytes, KEY + "tokens", put(KEY + "tokens", number), "array of strings", "UINT32"),
        wrong(bytes, KEY + "tokens", put(KEY + "tokens", GgufFixtures.ints(1)), "ARRAY"),
        wrong(bytes, KEY + "tokens", tokens(9, "!"), "tokens 0 and 9 are both '!'"),
        wrong(bytes, KEY + "tokens", tokens(9, "x".repeat(20_000)), "16384", "20000 at 9"),
        wrong(bytes, KEY + "token_type", put(KEY + "token_type", GgufFixtures.ints(1)), "found 1"),
        wrong(bytes, KEY + "token_type", put(KEY + "token_type", text), "32-bit", "STRING"),
        wrong(bytes, KEY + "merges", without(KEY + "merges"), "found none"),
        wrong(
            bytes,
            KEY + "merges",
            put(KEY + "merges", GgufFixtures.strings(List.of("a", "b c"))),
            "'a' at 0"),
        wrong(
            bytes,
            KEY + "merges",
            put(KEY + "merges", GgufFixtures.strings(List.of("! x"))),
            "third one",
            "'! x' at 0"),
        wrong(
            bytes,
            KEY + "eos_token_id",
            put(KEY + "eos_token_id", GgufValue.ofUint32(4000)),
            "below 538",
            "4000"),
        wrong(bytes, KEY + "eos_token_id", put(KEY + "eos_token_id", text), "token id", "STRING"),
        wrong(
            bytes,
            KEY + "eos_token_ids",
            put(KEY + "eos_token_ids", GgufFixtures.ints(1, -1)),
            "below 538",
            "-1"),
        wrong(bytes, KEY + "add_bos_token", put(KEY + "add_bos_token", text), "truth value"),
        wrong(
            bytes,
            "tokenizer.chat_template",
            put("tokenizer.chat_template", number),
            "a string",
            "UINT32"),
        wrong(
            bytes,
            "tokenizer.chat_template",
            put("tokenizer.chat_template.tool_use", text),
            "default one is missing"),
        wrong(pieces, KEY + "scores", without(KEY + "scores"), "found none"),
        wrong(pieces, KEY + "scores", put(KEY + "scores", text), "FLOAT32", "STRING"),
        wrong(pieces, KEY + "scores", put(KEY + "scores", GgufFixtures.ints(1, 2)), "found 2"),
        wrong(
            pieces,
            KEY + "precompiled_charsmap",
            put(KEY + "precompiled_charsmap", GgufFixtures.ints(1)),
            "not supported"),
        wrong(pieces, KEY + "add_space_prefix", put(KEY + "add_space_prefix", text), "truth"));
  }

  @ParameterizedTest
  @MethodSource("wrongFiles")
  void aWrongValueIsToldWithFileAndKey(String name, String key, Change change, String[] parts) {
    Path file = changed(name, change);
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> ChatTokenizer.load(file).close());
    String message = Objects.requireNonNull(e.getMessage());
    assertTrue(message.startsWith(file + ": " + key + ": "), message);
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  void whatIsNoGgufFileIsTold() throws Exception {
    Path none = folder.resolve("none.gguf");
    assertTrue(message(none).contains(none.toString()), message(none));
    Path other = Files.writeString(folder.resolve("tokenizer.json"), "{}".repeat(40));
    assertTrue(message(other).contains(other.toString()), message(other));
  }

  private static String message(Path file) {
    return Objects.requireNonNull(
        assertThrows(CheckpointException.class, () -> ChatTokenizer.load(file).close())
            .getMessage());
  }

  @Test
  void aPartOfASplitFileHasTheTokenizerOfTheFirst() {
    Path parts = folder.resolve("m-00001-of-00002.gguf");
    GgufFixtures.changed(
        GgufFixtures.file("pieces.gguf"),
        parts,
        metadata -> {
          metadata.put("split.no", GgufValue.ofUint32(0));
          metadata.put("split.count", GgufValue.ofUint32(2));
        });
    Path second = folder.resolve("m-00002-of-00002.gguf");
    GgufFixtures.changed(
        GgufFixtures.file("words.gguf"),
        second,
        metadata -> {
          metadata.clear();
          metadata.put("split.no", GgufValue.ofUint32(1));
          metadata.put("split.count", GgufValue.ofUint32(2));
        });
    try (ChatTokenizer tokenizer = ChatTokenizer.load(second);
        ChatTokenizer whole = ChatTokenizer.load(GgufFixtures.file("pieces.gguf"))) {
      assertArrayEquals(whole.encodeRaw("The user asks."), tokenizer.encodeRaw("The user asks."));
    }
  }

  @Test
  void endsAreThoseThatAreNamedAndThoseThatAreKnownByTheirSpelling() {
    Path file =
        changed(
            "byte-level.gguf",
            metadata -> {
              List<String> tokens = GgufFixtures.tokens(metadata);
              metadata.put(KEY + "eot_token_id", id(tokens, "<tool_call>"));
              metadata.put(
                  KEY + "eos_token_ids", GgufFixtures.ints(tokens.indexOf("</tool_call>")));
            });
    try (ChatTokenizer tokenizer = ChatTokenizer.load(file)) {
      List<Integer> ends = List.copyOf(tokenizer.endOfTurn());
      assertEquals(
          List.of("<|endoftext|>", "</tool_call>", "<tool_call>"),
          tokenizer.tokens(ends.stream().mapToInt(i -> i).limit(3).toArray()));
      List<String> others =
          tokenizer.tokens(ends.stream().mapToInt(i -> i).skip(3).sorted().toArray());
      assertEquals(
          List.of(
              "<|im_end|>",
              "<|end_of_text|>",
              "<|eot_id|>",
              "<eos>",
              "<end_of_turn>",
              "<|end|>",
              "</s>"),
          others);
      // They are not part of what a response says.
      assertEquals(
          "ab",
          tokenizer.decode(concat(tokenizer.encodeText("a"), ends, tokenizer.encodeText("b"))));
    }
  }

  private static int[] concat(int[] a, List<Integer> ids, int[] b) {
    List<Integer> all = new ArrayList<>(Arrays.stream(a).boxed().toList());
    all.addAll(ids);
    all.addAll(Arrays.stream(b).boxed().toList());
    return all.stream().mapToInt(i -> i).toArray();
  }

  private static GgufValue id(List<String> tokens, String token) {
    return GgufValue.ofUint32(tokens.indexOf(token));
  }

  @Test
  void aWordThatIsSpelledLikeAnEndIsNone() {
    Path file =
        changed(
            "byte-level.gguf",
            metadata -> {
              int[] types = Objects.requireNonNull(metadata.get(KEY + "token_type")).ints();
              int end = GgufFixtures.tokens(metadata).indexOf("</s>");
              Objects.requireNonNull(types)[end] = 1;
              metadata.put(KEY + "token_type", GgufFixtures.ints(types));
            });
    try (ChatTokenizer tokenizer = ChatTokenizer.load(file)) {
      List<String> ends =
          tokenizer.tokens(tokenizer.endOfTurn().stream().mapToInt(i -> i).toArray());
      assertFalse(ends.contains("</s>"), ends.toString());
      assertTrue(ends.contains("<|im_end|>"), ends.toString());
    }
  }

  @Test
  void anOrdinaryTokenNamedForPaddingStaysText() {
    Path file = changed("byte-level.gguf", put(KEY + "padding_token_id", GgufValue.ofUint32(0)));
    try (ChatTokenizer tokenizer = ChatTokenizer.load(file)) {
      assertEquals(List.of("!"), tokenizer.tokens(tokenizer.encodeText("!")));
      assertEquals("!", tokenizer.decode(tokenizer.encodeText("!")));
      assertEquals(List.of("<|endoftext|>"), tokenizer.tokens(new int[] {tokenizer.pad()}));
    }
  }

  @Test
  void textsBeginAndEndAsTheFileSays() {
    int eos = 2;
    try (ChatTokenizer tokenizer = ChatTokenizer.load(GgufFixtures.file("pieces.gguf"))) {
      assertEquals(OptionalInt.of(1), tokenizer.bos());
      assertEquals(1, tokenizer.encodeRaw("a")[0]);
    }
    Path none = changed("pieces.gguf", put(KEY + "add_bos_token", GgufFixtures.flag(false)));
    try (ChatTokenizer tokenizer = ChatTokenizer.load(none)) {
      assertArrayEquals(tokenizer.encodeText("a"), tokenizer.encodeRaw("a"));
    }
    Path both = changed("pieces.gguf", put(KEY + "add_eos_token", GgufFixtures.flag(true)));
    try (ChatTokenizer tokenizer = ChatTokenizer.load(both)) {
      int[] raw = tokenizer.encodeRaw("a");
      assertEquals(1, raw[0]);
      assertEquals(eos, raw[raw.length - 1]);
    }
    Path llama3 = changed("words.gguf", put(KEY + "pre", GgufValue.of("llama-bpe")));
    Path silent =
        GgufFixtures.changed(llama3, folder.resolve("silent.gguf"), without(KEY + "add_bos_token"));
    try (ChatTokenizer tokenizer = ChatTokenizer.load(silent)) {
      assertEquals(tokenizer.bos().getAsInt(), tokenizer.encodeRaw("a")[0]);
    }
  }

  @Test
  void aFileThatDoesNotNameSpecialTokensHasTheUsualIdsOfItsModel() {
    Path file =
        changed(
            "pieces.gguf",
            metadata ->
                List.of("bos", "eos", "unknown")
                    .forEach(name -> metadata.remove(KEY + name + "_token_id")));
    try (ChatTokenizer tokenizer = ChatTokenizer.load(file)) {
      assertEquals(OptionalInt.of(1), tokenizer.bos());
      assertEquals(2, List.copyOf(tokenizer.endOfTurn()).get(0));
    }
    Path bytes = changed("byte-level.gguf", without(KEY + "eos_token_id"));
    try (ChatTokenizer tokenizer = ChatTokenizer.load(bytes)) {
      assertEquals(OptionalInt.empty(), tokenizer.bos());
    }
  }

  @Test
  void withoutItsNameTextIsCutAsByDefault() {
    JsonElement golden = GgufFixtures.goldens().getAsJsonObject("words").get("default");
    try (ChatTokenizer tokenizer =
        ChatTokenizer.load(changed("words.gguf", without(KEY + "pre")))) {
      assertEquals(GgufFixtures.ids(golden), GgufFixtures.ids(tokenizer, GgufFixtures.texts()));
    }
  }

  @Test
  void anEmptyTokenKeepsItsId() {
    Path file =
        changed(
            "byte-level.gguf",
            metadata -> {
              List<String> tokens = GgufFixtures.tokens(metadata);
              tokens.set(tokens.indexOf("<tool_call>"), "");
              metadata.put(KEY + "tokens", GgufFixtures.strings(tokens));
            });
    try (ChatTokenizer tokenizer = ChatTokenizer.load(file)) {
      assertEquals(538, tokenizer.vocabularySize());
      assertTrue(tokenizer.tokens(IntStream.range(0, 538).toArray()).contains("[EMPTY_529]"));
    }
  }

  @Test
  void mistralsControlTokensAreNotFollowedByAWordMark() {
    Path old = GgufFixtures.file("pieces.gguf");
    Path third =
        changed(
            "pieces.gguf",
            metadata -> {
              List<String> tokens = GgufFixtures.tokens(metadata);
              tokens.set(tokens.indexOf("<|im_start|>"), "[INST]");
              metadata.put(KEY + "tokens", GgufFixtures.strings(tokens));
            });
    String template = "{{ bos_token }}[INST] {{ messages[0]['content'] }}";
    for (Path file : List.of(old, third)) {
      Path with =
          GgufFixtures.changed(
              file,
              folder.resolve("with-template.gguf"),
              put("tokenizer.chat_template", GgufValue.of(template)));
      try (ChatTokenizer tokenizer = ChatTokenizer.load(with)) {
        List<String> found = tokenizer.tokens(tokenizer.encode(Prompt.user("The user")));
        boolean control = found.contains("[INST]");
        assertEquals(file == third, control);
        String all = String.join("", found);
        assertTrue(
            all.startsWith(control ? "<s>[INST]\u2581The" : "<s>\u2581[INST]\u2581The"), all);
        assertEquals(List.of("\u2581The"), tokenizer.tokens(tokenizer.encodeText("The")));
      }
    }
  }

  @Test
  void phi3sTokensIncludeTheWhiteSpaceAfterThem() {
    String template = "<|user|>\n{{ messages[0]['content'] }}<|end|>\n<|assistant|>\n";
    Path file =
        changed(
            "pieces.gguf",
            metadata -> {
              metadata.put("general.architecture", GgufValue.of("phi3"));
              metadata.put("tokenizer.chat_template", GgufValue.of(template));
            });
    try (ChatTokenizer tokenizer = ChatTokenizer.load(file)) {
      assertEquals(
          "<|user|>\u2581The<|end|><|assistant|>",
          String.join("", tokenizer.tokens(tokenizer.encode(Prompt.user("The")))));
    }
  }

  @Test
  void theTemplateIsTheFilesDefaultOne() {
    Path file =
        changed(
            "byte-level.gguf",
            metadata -> {
              metadata.put("tokenizer.chat_template.tool_use", GgufValue.of("{{ tools }}"));
              metadata.put(
                  "tokenizer.chat_template",
                  GgufValue.of("<|user|>{{ messages[0].content }}<|end|>"));
            });
    try (ChatTokenizer tokenizer = ChatTokenizer.load(file)) {
      assertEquals("<|user|>hi<|end|>", tokenizer.render(Prompt.user("hi"), false));
      assertEquals(Optional.of(file), tokenizer.templateFile());
    }
    Path blank = changed("byte-level.gguf", put("tokenizer.chat_template", GgufValue.of(" ")));
    try (ChatTokenizer tokenizer = ChatTokenizer.load(blank)) {
      assertFalse(tokenizer.hasChatTemplate());
    }
  }

  /** A folder with these files is the same tokenizer. */
  @Test
  void theFilesMakeAFolder() throws Exception {
    for (String name : List.of("byte-level.gguf", "pieces.gguf", "gemma.gguf")) {
      Path file =
          changed(name, put("tokenizer.chat_template", GgufValue.of("{{ messages[0].content }}")));
      Path made = Files.createDirectories(folder.resolve(name + "-files"));
      try (GgufCheckpoint gguf = GgufCheckpoint.open(file)) {
        Map<String, String> files = GgufTokenizer.files(gguf);
        assertEquals(
            Set.of(
                "tokenizer.json",
                "tokenizer_config.json",
                "generation_config.json",
                "chat_template.jinja"),
            files.keySet());
        for (Map.Entry<String, String> entry : files.entrySet()) {
          Files.writeString(made.resolve(entry.getKey()), entry.getValue());
        }
        JsonObject generation =
            JsonParser.parseString(files.get("generation_config.json")).getAsJsonObject();
        assertTrue(generation.has("eos_token_id"));
      }
      try (ChatTokenizer one = ChatTokenizer.load(file);
          ChatTokenizer other = ChatTokenizer.load(made)) {
        assertEquals(one.endOfTurn(), other.endOfTurn());
        assertEquals(one.bos(), other.bos());
        assertEquals(one.pad(), other.pad());
        assertEquals(
            GgufFixtures.ids(one, GgufFixtures.texts()),
            GgufFixtures.ids(other, GgufFixtures.texts()));
      }
    }
  }

  @Test
  void aLargeVocabularyIsReadWithinSeconds() {
    List<String> tokens = new ArrayList<>();
    try (GgufCheckpoint small = GgufCheckpoint.open(GgufFixtures.file("pieces.gguf"))) {
      tokens.addAll(GgufFixtures.tokens(small.metadata()));
    }
    int base = tokens.size();
    for (int i = 0; tokens.size() < 256_000; i++) {
      tokens.add("\u2581" + Integer.toString(i, 36) + "ing");
    }
    int[] types = new int[tokens.size()];
    Arrays.fill(types, 1);
    types[0] = 2;
    types[1] = 3;
    types[2] = 3;
    Arrays.fill(types, 3, 259, 6);
    Path file =
        changed(
            "pieces.gguf",
            metadata -> {
              metadata.put(KEY + "tokens", GgufFixtures.strings(tokens));
              metadata.put(KEY + "token_type", GgufFixtures.ints(types));
              metadata.put(
                  KEY + "scores",
                  GgufFixtures.ints(IntStream.range(0, tokens.size()).map(i -> -i).toArray()));
            });
    long start = System.nanoTime();
    try (ChatTokenizer tokenizer = ChatTokenizer.load(file)) {
      assertEquals(256_000, tokenizer.vocabularySize());
      assertTrue(base < tokens.size());
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    assertTrue(seconds < 30, "took " + seconds + " s");
  }
}
