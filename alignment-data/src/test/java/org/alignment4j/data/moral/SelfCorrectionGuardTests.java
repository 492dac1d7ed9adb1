package org.alignment4j.data.moral;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.alignment4j.Verdict;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.junit.jupiter.api.Test;

class SelfCorrectionGuardTests {
  private static Prompt rewritten(Verdict verdict) {
    Verdict.Rewrite rewrite = assertInstanceOf(Verdict.Rewrite.class, verdict);
    assertNull(rewrite.embedded());
    return rewrite.prompt();
  }

  @Test
  void addsTheSentenceToTheLastMessage() {
    Prompt talk =
        Prompt.of(Message.user("Hello"), Message.assistant("Hi"), Message.user("Who was it?"));
    Prompt found = rewritten(SelfCorrectionGuard.inMessage().check(talk));
    assertEquals(
        "Who was it?\n\n" + SelfCorrectionGuard.INSTRUCTION, found.messages().get(2).text());
    assertEquals(talk.messages().subList(0, 2), found.messages().subList(0, 2));
    assertInstanceOf(Verdict.Allow.class, SelfCorrectionGuard.inMessage().check(found));
  }

  @Test
  void addsTheSentenceToTheSystemMessageOrMakesOne() {
    SelfCorrectionGuard guard = SelfCorrectionGuard.inSystem().saying("Be fair.");
    assertEquals(
        Prompt.user("Who?").withSystem("Be fair."), rewritten(guard.check(Prompt.user("Who?"))));
    Prompt found = rewritten(guard.check(Prompt.user("Who?").withSystem("You help.")));
    assertEquals(Prompt.user("Who?").withSystem("You help.\n\nBe fair."), found);
    assertInstanceOf(Verdict.Allow.class, guard.check(found));
  }

  @Test
  void refusesABlankSentence() {
    assertThrows(IllegalArgumentException.class, () -> SelfCorrectionGuard.inMessage().saying(" "));
  }
}
