package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.alignment4j.chat.ChatFixtures.Golden;
import org.alignment4j.chat.Script.Piece;

/**
 * Whatever messages say, the control tokens and role markers of a conversation are those that the
 * template writes; unless it looks into messages, those of the same conversation in which everybody
 * only says "x".
 */
class ForgeryTests {
  private static final List<String> CONTROL =
      List.of(
          "<|im_start|>",
          "<|im_end|>",
          "<|start_header_id|>",
          "<|end_header_id|>",
          "<|eot_id|>",
          "<|begin_of_text|>",
          "<start_of_turn>",
          "<end_of_turn>",
          "<bos>",
          "<eos>",
          "<s>",
          "</s>",
          "<unk>",
          "<|user|>",
          "<|system|>",
          "<|assistant|>",
          "<|end|>",
          "<|endoftext|>",
          "<think>",
          "</think>",
          "<tool_response>",
          "</tool_response>",
          "<|START_OF_TURN_TOKEN|>",
          "<|USER_TOKEN|>",
          "<｜User｜>",
          "<｜Assistant｜>",
          "<|start_of_role|>",
          "<|end_of_turn|>");
  private static final List<String> MARKERS =
      List.of(
          "[INST]",
          "[/INST]",
          "<<SYS>>",
          "<</SYS>>",
          "\nUser:",
          "\nAssistant:",
          "\nSystem:",
          "USER:",
          "ASSISTANT:",
          "### Instruction:",
          "\n### Response:\n",
          "GPT4 Correct User:",
          "GPT4 Correct Assistant:");

  /** Templates that write other turns or tags of their own where a text has something in it. */
  private static final Set<String> DECIDED_BY_TEXT = Set.of("qwen3 ", "deepseek ", "macros ");

  private static final List<String> BOTH =
      Stream.concat(CONTROL.stream(), MARKERS.stream()).toList();
  private static final List<String> ORDINARY =
      List.of(
          " ",
          "\n",
          "\n\n\n",
          "\t",
          "\u00a0",
          "\u3000",
          "\u2581",
          "\u200b",
          "user",
          "assistant\n",
          "system",
          "model",
          "hello there",
          "é",
          "\u0301",
          "\u212a",
          "日本",
          "🙂",
          "\ud83d",
          "\ude42",
          "\u0000",
          "{{ bos_token }}",
          "{% raw %}",
          "[",
          "]",
          "INST]",
          "[/",
          "<",
          "<|",
          "|>",
          "<<",
          ">>",
          "SYS>>",
          "User:",
          "Assistant:");

  private static final List<String> GGUF = List.of("byte-level.gguf", "pieces.gguf");
  private static final List<String> PLAIN =
      Stream.concat(ChatFixtures.TOKENIZERS.stream(), GGUF.stream()).toList();

  private static final Map<String, ChatTokenizer> TOKENIZERS = new TreeMap<>();
  private static final Map<String, int[]> EXPECTED = new HashMap<>();
  private static final Map<String, Boolean> REFUSING_SYSTEM = new HashMap<>();
  private static Path folder = Path.of("");

  @BeforeContainer
  static void load() throws IOException {
    folder = Files.createTempDirectory("forgery");
    for (String tokenizer : ChatFixtures.TOKENIZERS) {
      for (Golden golden : ChatFixtures.goldens()) {
        TOKENIZERS.put(
            golden.name() + " on " + tokenizer, ChatFixtures.load(folder, tokenizer, golden));
      }
      Golden none = new Golden("none", "plain", "<s>", "</s>", "", List.of());
      TOKENIZERS.put("none on " + tokenizer, ChatFixtures.load(folder, tokenizer, none));
    }
    for (String name : List.of("llama2", "llama3.1", "gemma", "phi3", "qwen2.5", "smollm2")) {
      Golden golden = ChatFixtures.golden(name);
      for (String tokenizer : GGUF) {
        TOKENIZERS.put(name + " on " + tokenizer, GgufFixtures.load(folder, tokenizer, golden));
      }
    }
  }

  @AfterContainer
  static void close() throws IOException {
    TOKENIZERS.values().forEach(ChatTokenizer::close);
    TOKENIZERS.clear();
    EXPECTED.clear();
    REFUSING_SYSTEM.clear();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Provide
  Arbitrary<String> hostile() {
    Arbitrary<String> fragment =
        Arbitraries.oneOf(
            Arbitraries.of(CONTROL),
            Arbitraries.of(MARKERS),
            Arbitraries.of(ORDINARY),
            // A token or marker cut in two, one part of which may be doubled.
            Arbitraries.of(BOTH)
                .flatMap(t -> Arbitraries.integers().between(1, t.length()).map(t::substring)),
            Arbitraries.of(BOTH)
                .flatMap(
                    t -> Arbitraries.integers().between(1, t.length()).map(n -> t.substring(0, n))),
            Arbitraries.strings().ofMaxLength(4));
    return fragment.list().ofMaxSize(8).map(parts -> String.join("", parts));
  }

  /** More of the same, which takes its time. */
  @net.jqwik.api.Tag("slow")
  @Property(tries = 200)
  void noneOfManyTextsForgesAControlTokenOrARoleMarker(
      @ForAll("hostile") String a, @ForAll("hostile") String b, @ForAll("hostile") String c) {
    noTextForgesAControlTokenOrARoleMarker(a, b, c);
  }

  @Property(tries = 20)
  void noTextForgesAControlTokenOrARoleMarker(
      @ForAll("hostile") String a, @ForAll("hostile") String b, @ForAll("hostile") String c) {
    TOKENIZERS.forEach(
        (name, tokenizer) -> {
          check(name, tokenizer, List.of(Role.USER), a);
          check(name, tokenizer, List.of(Role.USER, Role.ASSISTANT), b, a);
          check(name, tokenizer, List.of(Role.USER, Role.ASSISTANT, Role.USER), c, b, a);
          if (!REFUSING_SYSTEM.computeIfAbsent(name, key -> refusesSystem(tokenizer))) {
            // A blank system message may be left out, as Phi-3.5's template does.
            String system = PythonText.strip(b).isEmpty() ? "x" : b;
            check(name, tokenizer, List.of(Role.SYSTEM, Role.USER), system, c);
          }
        });
  }

  @Property(tries = 300)
  void plainTextYieldsNoControlToken(@ForAll("hostile") String text) {
    for (String name : PLAIN) {
      ChatTokenizer tokenizer = TOKENIZERS.get("llama2 on " + name);
      assertEquals(List.of(), controls(tokenizer, tokenizer.encodeText(text)), name);
      int added = name.startsWith("byte-level") ? 0 : 1;
      assertEquals(added, controls(tokenizer, tokenizer.encodeRaw(text)).size(), name);
    }
  }

  private static boolean refusesSystem(ChatTokenizer tokenizer) {
    try {
      tokenizer.encode(Prompt.user("x").withSystem("x"));
      return false;
    } catch (IllegalArgumentException e) {
      return true;
    }
  }

  private static void check(
      String name, ChatTokenizer tokenizer, List<Role> roles, String... texts) {
    List<Message> hostile = new ArrayList<>();
    List<Message> harmless = new ArrayList<>();
    for (int i = 0; i < texts.length; i++) {
      hostile.add(new Message(roles.get(i), texts[i]));
      harmless.add(new Message(roles.get(i), "x"));
    }
    int[] found = tokenizer.encode(new Prompt(hostile), true);
    Script mute = muted(tokenizer.script(new Prompt(hostile), true));
    assertEquals(
        controls(tokenizer, tokenizer.encode(mute).ids()), controls(tokenizer, found), name);
    if (DECIDED_BY_TEXT.stream().anyMatch(name::startsWith)) {
      return;
    }
    int[] expected =
        EXPECTED.computeIfAbsent(name + roles, key -> tokenizer.encode(new Prompt(harmless), true));
    assertEquals(controls(tokenizer, expected), controls(tokenizer, found), name);
    for (String marker : tokenizer.format().markers()) {
      if (tokenizer.isPlainText(marker)) {
        assertEquals(
            count(tokenizer.decode(expected), marker),
            count(tokenizer.decode(found), marker),
            () -> name + ": " + marker);
      }
    }
  }

  /** What the template itself writes, with "x" for all that it makes of messages. */
  private static Script muted(Script script) {
    Script muted = new Script();
    for (Piece piece : script.pieces()) {
      if (piece.trusted()) {
        muted.template(piece.text());
      } else {
        muted.message(piece.message(), piece.text().isEmpty() ? "" : "x");
      }
    }
    return muted;
  }

  private static List<Integer> controls(ChatTokenizer tokenizer, int[] ids) {
    Set<Integer> control = tokenizer.controlIds();
    return Arrays.stream(ids).boxed().filter(control::contains).toList();
  }

  private static int count(String text, String marker) {
    int n = 0;
    for (int at = text.indexOf(marker); at >= 0; at = text.indexOf(marker, at + 1)) {
      n++;
    }
    return n;
  }
}
