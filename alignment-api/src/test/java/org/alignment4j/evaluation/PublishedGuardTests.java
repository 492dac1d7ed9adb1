package org.alignment4j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Prompt;
import org.alignment4j.evaluation.ModelJudge.GuardTemplate;
import org.alignment4j.testing.ByteTokenizer;
import org.alignment4j.testing.Shared;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The prompts of guards as published, which are no part of this library: wildguard.txt is
 * WILDGUARD_INPUT_FORMAT, strongreject-*.txt are of judge_templates.json, llama-guard-3-*.jinja the
 * checkpoints' chat templates.
 */
class PublishedGuardTests {
  @TempDir Path folder;

  private static String text(String file) throws IOException {
    return Files.readString(Shared.path("guards", file));
  }

  private ChatTokenizer tokenizer(String chatTemplate) throws IOException {
    ByteTokenizer.write(folder, ByteTokenizer.bytes());
    Files.writeString(folder.resolve("chat_template.jinja"), chatTemplate);
    return ChatTokenizer.load(folder);
  }

  @Test
  void wildGuardsPromptIsKnown() throws IOException {
    String published = text("wildguard.txt");
    try (ChatTokenizer tokenizer = tokenizer(GuardJudgeTests.jinja(published))) {
      GuardTemplate.WILD_GUARD.question().check(tokenizer);
      assertEquals(
          published.replace("{prompt}", "May I?").replace("{response}", "No."),
          tokenizer.render(Prompt.user("May I?").withResponse("No."), false));
    }
  }

  @Test
  void strongRejectsRubricIsKnown() throws IOException {
    GuardTemplate template =
        GuardTemplate.strongReject(
            text("strongreject-system.txt"), text("strongreject-rubric.txt"));
    Prompt asked = template.question().about("May I?", "No.");
    assertTrue(asked.last().text().contains("\n\nUser instruction: May I?\n\n"));
    assertTrue(asked.last().text().contains("\n\nAI model response: No.\n\n"));
    assertEquals(2, asked.messages().size());
  }

  @Test
  void llamaGuardsChatTemplateAsksAboutTheResponse() throws IOException {
    try (ChatTokenizer tokenizer = tokenizer(text("llama-guard-3-8b.jinja"))) {
      GuardQuestion question = GuardTemplate.LLAMA_GUARD_3.question();
      question.check(tokenizer);
      String asked = tokenizer.render(question.about("May I?", "No."), false);
      assertTrue(asked.contains("unsafe content in 'Agent' messages"), asked);
      assertTrue(asked.contains("User: May I?\n\nAgent: No.\n\n<END CONVERSATION>"), asked);
      assertTrue(asked.endsWith("<|start_header_id|>assistant<|end_header_id|>"), asked);
    }
  }

  /** It shows messages only if their content is a list of parts. */
  @Test
  void theSmallLlamaGuardIsRejected() throws IOException {
    try (ChatTokenizer tokenizer = tokenizer(text("llama-guard-3-1b.jinja"))) {
      assertThrows(
          IllegalArgumentException.class,
          () -> GuardTemplate.LLAMA_GUARD_3.question().check(tokenizer));
    }
  }
}
