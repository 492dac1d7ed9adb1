package org.alignment4j.testing;

import com.google.gson.Gson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A tokenizer of single bytes and, if wanted, whole words, with ChatML's template. */
public final class ByteTokenizer {
  private static final String CHATML =
      "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' +"
          + " message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt"
          + " %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

  private ByteTokenizer() {}

  /** The bytes as byte-level BPE spells them, by their ids 0 to 255; to add words to. */
  public static Map<String, Integer> bytes() {
    Map<String, Integer> all = new LinkedHashMap<>();
    int other = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
      all.put(String.valueOf((char) (printable ? b : other++)), b);
    }
    return all;
  }

  /**
   * Writes a tokenizer's files; the ids after the vocabulary's are {@code <|im_start|>} and {@code
   * <|im_end|>}.
   *
   * @param vocabulary {@link #bytes} and whole words, behind a "Ġ" if a space precedes them
   */
  public static void write(Path folder, Map<String, Integer> vocabulary) throws IOException {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("type", "BPE");
    model.put("ignore_merges", true);
    model.put("vocab", vocabulary);
    model.put("merges", List.of());
    Map<String, Object> byteLevel =
        Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true);
    Map<String, Object> file = new LinkedHashMap<>();
    file.put("version", "1.0");
    file.put(
        "added_tokens",
        List.of(
            control(vocabulary.size(), "<|im_start|>"),
            control(vocabulary.size() + 1, "<|im_end|>")));
    file.put("pre_tokenizer", byteLevel);
    file.put("decoder", byteLevel);
    file.put("model", model);
    Gson gson = new Gson();
    Files.writeString(folder.resolve("tokenizer.json"), gson.toJson(file));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        gson.toJson(Map.of("eos_token", "<|im_end|>", "chat_template", CHATML)));
  }

  private static Map<String, Object> control(int id, String content) {
    Map<String, Object> token = new LinkedHashMap<>();
    token.put("id", id);
    token.put("content", content);
    for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
      token.put(flag, false);
    }
    token.put("special", true);
    return token;
  }
}
