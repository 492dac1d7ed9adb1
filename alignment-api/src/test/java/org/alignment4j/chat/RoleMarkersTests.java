package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoleMarkersTests {
  @TempDir Path folder;

  private Set<String> markers(String template, String tokenizerName) {
    JsonObject config = new JsonObject();
    config.addProperty("bos_token", "<s>");
    config.addProperty("eos_token", "</s>");
    config.addProperty("chat_template", template);
    try (ChatTokenizer tokenizer = ChatFixtures.load(folder, tokenizerName, config)) {
      return Set.copyOf(tokenizer.format().markers());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "vicuna ~ byte-level ~ USER:,ASSISTANT:",
        "alpaca ~ byte-level ~ \\n### Instruction:,\\n### Response:",
        "falcon ~ byte-level ~ \\nUser:,\\nAssistant:",
        "olmo ~ byte-level ~ ''",
        "olmo ~ metaspace ~ <|system|>,<|user|>,<|assistant|>",
        "gemma-folded ~ byte-level ~ ''",
        "gemma-folded ~ metaspace ~ <start_of_turn>,<end_of_turn>",
        "macros ~ byte-level ~ ''",
        "openchat ~ metaspace ~ <|end_of_turn|>,GPT4 Correct User:,GPT4 Correct Assistant:",
        "deepseek ~ metaspace ~ <｜User｜>,<｜Assistant｜>,<think>,<｜end▁of▁sentence｜>",
      })
  void findsHowTemplatesSayWhoSpeaks(String name, String tokenizer, String markers) {
    Set<String> expected =
        markers.isEmpty() ? Set.of() : Set.of(markers.replace("\\n", "\n").split(","));
    assertEquals(expected, markers(ChatFixtures.golden(name).template(), tokenizer));
  }

  @Test
  void aSystemPromptOnTheSameLineIsNoPartOfAHeader() {
    String template =
        "{% for m in messages %}{% if loop.first and m.role != 'system' %}Be good. {% endif %}"
            + "{{ {'system': '', 'user': 'Q: ', 'assistant': 'A: '}[m.role] + m.content + ' ' }}"
            + "{% endfor %}{% if add_generation_prompt %}A:{% endif %}";
    assertEquals(Set.of("Q:", "A:"), markers(template, "metaspace"));
  }

  @Test
  void bareWordsThatNoControlTokenGuardsCount() {
    String template =
        "{% for m in messages %}{{ m.role + '\\n' + m.content + '\\n' }}{% endfor %}"
            + "{% if add_generation_prompt %}{{ 'assistant\\n' }}{% endif %}";
    assertEquals(Set.of("system", "\nuser", "\nassistant"), markers(template, "byte-level"));
  }

  @Test
  void templatesThatEndEveryTurnButTheLastGetExamplesThatEnd() {
    JsonObject config = new JsonObject();
    config.addProperty(
        "chat_template",
        "{% for m in messages %}<|im_start|>{{ m.role + '\\n' + m.content }}"
            + "{% if not loop.last or add_generation_prompt %}<|im_end|>\n{% endif %}{% endfor %}"
            + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}");
    try (ChatTokenizer tokenizer = ChatFixtures.load(folder, "byte-level", config)) {
      assertEquals("<|im_end|>", tokenizer.format().endOfTurn());
      int[] ids = tokenizer.encodeForTraining(Prompt.user("q").withResponse("a")).ids();
      int[] last = Arrays.copyOfRange(ids, ids.length - 1, ids.length);
      assertEquals(List.of("<|im_end|>"), tokenizer.tokens(last));
      int[] prompt = tokenizer.encode(Prompt.user("q"));
      assertArrayEquals(prompt, Arrays.copyOf(ids, prompt.length));
    }
  }
}
