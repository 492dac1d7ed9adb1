package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PromptTests {
  @Test
  void systemMessageComesFirstAndIsReplaced() {
    Prompt prompt = Prompt.user("q").withSystem("a").withSystem("b");
    assertEquals(Prompt.of(Message.system("b"), Message.user("q")), prompt);
    assertEquals(List.of(Message.user("q")), Prompt.user("q").messages());
  }

  @Test
  void systemMessagesFromAnywhereBecomeOne() {
    List<Message> found =
        List.of(
            Message.user("q"), Message.system("a"), Message.assistant("r"), Message.system("b"));
    assertEquals(
        Prompt.of(Message.system("a\n\nb"), Message.user("q"), Message.assistant("r")),
        Prompt.systemFirst(found));
    assertEquals(Prompt.user("q"), Prompt.systemFirst(List.of(Message.user("q"))));
    List<Message> alone = List.of(Message.system("a"), Message.system("b"));
    assertThrows(IllegalArgumentException.class, () -> Prompt.systemFirst(alone));
  }

  @Test
  void aResponseIsAppended() {
    Prompt prompt = Prompt.user("q").withResponse("a");
    assertTrue(prompt.endsWithResponse());
    assertFalse(Prompt.user("q").endsWithResponse());
    assertEquals(Message.assistant("a"), prompt.last());
  }

  @Test
  void keepsNoReferenceToTheCallersList() {
    List<Message> messages = new ArrayList<>(List.of(Message.user("q")));
    Prompt prompt = new Prompt(messages);
    messages.clear();
    assertEquals(1, prompt.messages().size());
  }

  @Test
  void refusesWhatIsNoConversation() {
    assertThrows(IllegalArgumentException.class, () -> new Prompt(List.of()));
    assertThrows(IllegalArgumentException.class, () -> Prompt.of(Message.system("s")));
    assertThrows(
        IllegalArgumentException.class,
        () -> Prompt.of(Message.user("q"), Message.system("s"), Message.user("q")));
  }
}
