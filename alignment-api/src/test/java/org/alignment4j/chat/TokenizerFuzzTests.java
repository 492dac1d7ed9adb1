package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.testing.Damage;
import org.alignment4j.testing.Fuzz;
import org.alignment4j.testing.JsonDamage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged tokenizer files: loading ends with a tokenizer or an error that names the folder. */
class TokenizerFuzzTests {
  private static final List<String> FILES =
      List.of("tokenizer_config.json", "tokenizer.json", "config.json");
  private static final JsonDamage DAMAGE =
      new JsonDamage(
          List.of(
              "bos_token",
              "eos_token",
              "chat_template",
              "additional_special_tokens",
              "added_tokens_decoder",
              "eos_token_id",
              "content",
              "special",
              "model",
              "vocab",
              "merges",
              "added_tokens",
              "pre_tokenizer",
              "normalizer",
              "post_processor",
              "decoder",
              "id",
              "type"),
          List.of(
              "\"<s>\"",
              "{\"content\":\"<s>\",\"special\":true}",
              "{\"content\":[]}",
              "[{\"name\":\"default\",\"template\":\"x\"}]",
              "[{\"name\":\"default\"}]",
              "{\"5\":{\"content\":\"<s>\",\"special\":true}}",
              "{\"x\":3}",
              "[[\"a\",0.5]]",
              "\"BPE\"",
              "\"Unigram\"",
              "{\"a\":0,\"b\":1}",
              "{\"a\":2147483647}",
              "[\"a b\"]",
              "[\"a\"]"));

  @TempDir Path folder;

  @Test
  void damagedTokenizersAreLoadedOrRefused() throws Exception {
    fuzz(150, 31);
  }

  @Test
  @Tag("slow")
  void manyDamagedTokenizersAreLoadedOrRefused() throws Exception {
    fuzz(6_000, 32);
  }

  private void fuzz(int count, long seed) throws Exception {
    JsonObject config = new JsonObject();
    ChatFixtures.Golden golden = ChatFixtures.goldens().get(0);
    config.addProperty("bos_token", golden.bos());
    config.addProperty("eos_token", golden.eos());
    config.addProperty("chat_template", golden.template());
    int read = 0;
    int refused = 0;
    for (String name : FILES) {
      for (String tokenizer : ChatFixtures.TOKENIZERS) {
        Path own = ChatFixtures.folder(folder, tokenizer, config);
        Path file = own.resolve(name);
        String sound = Files.exists(file) ? Files.readString(file) : "{\"eos_token_id\":[1,2]}";
        Fuzz.Tally tally =
            new Fuzz(file, own.toString(), AlignmentException.class, 5, 32 << 20)
                .run(
                    count / (FILES.size() * ChatFixtures.TOKENIZERS.size()),
                    seed + (name + tokenizer).hashCode(),
                    random -> damaged(sound, random),
                    () -> loadAndUse(own));
        read += tally.read();
        refused += tally.refused();
      }
    }
    assertTrue(read > count / 10 && refused > count / 10, read + " read, " + refused + " refused");
  }

  private static byte[] damaged(String sound, Random random) {
    byte[] bytes = DAMAGE.once(sound, random).getBytes(StandardCharsets.UTF_8);
    return bytes.length > 0 && random.nextInt(4) == 0
        ? Damage.once(bytes, Damage.JSON_WORDS, random)
        : bytes;
  }

  private static void loadAndUse(Path folder) {
    try (ChatTokenizer tokenizer = ChatTokenizer.load(folder)) {
      tokenizer.encode(Prompt.user("Hello <s> world"));
    }
  }
}
