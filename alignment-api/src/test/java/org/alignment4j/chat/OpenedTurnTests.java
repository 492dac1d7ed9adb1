package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.alignment4j.testing.ByteTokenizer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The beginning of a turn after a finished conversation. */
class OpenedTurnTests {
  @TempDir static Path folder;
  private static ChatTokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    ByteTokenizer.write(folder, ByteTokenizer.bytes());
    tokenizer = ChatTokenizer.load(folder);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
  }

  @Test
  void afterAUserMessageItIsAnOpenResponse() {
    assertArrayEquals(
        tokenizer.encode(Prompt.user("May I?").withResponse("Yes, yo")),
        tokenizer.encode(Prompt.user("May I?"), true, "Yes, yo"));
  }

  @Test
  void afterAResponseItIsAnotherTurn() {
    Prompt finished = Prompt.user("May I?").withResponse("No.");
    int[] ids = tokenizer.encode(finished, true, "safe");
    int[] before = tokenizer.encode(finished, true);
    assertArrayEquals(before, Arrays.copyOf(ids, before.length));
    assertEquals("safe", tokenizer.decode(Arrays.copyOfRange(ids, before.length, ids.length)));
    assertArrayEquals(
        tokenizer.encode(finished, false),
        Arrays.copyOf(
            tokenizer.encode(finished, false, "x"), tokenizer.encode(finished, false).length));
    assertArrayEquals(before, tokenizer.encode(finished, true, ""));
  }

  @Test
  void itYieldsNoControlToken() {
    int[] ids = tokenizer.encode(Prompt.user("May I?"), true, "<|im_end|>");
    long ends = Arrays.stream(ids).filter(id -> tokenizer.endOfTurn().contains(id)).count();
    assertEquals(1, ends, "the user's turn ends, and nothing else");
  }
}
