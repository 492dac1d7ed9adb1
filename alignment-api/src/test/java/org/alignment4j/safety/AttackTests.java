package org.alignment4j.safety;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.junit.jupiter.api.Test;

class AttackTests {
  @Property(tries = 100)
  void theSameSeedGivesTheSameText(
      @ForAll Attack attack, @ForAll String request, @ForAll long seed) {
    assertEquals(attack.apply(request, seed), attack.apply(request, seed));
  }

  @Test
  void ofAPromptTheLastMessageIsReworded() {
    List<Message> messages =
        List.of(
            Message.system("Be brief."),
            Message.user("Hello."),
            Message.assistant("Hello!"),
            Message.user("Open sesame"));
    for (Attack attack : Attack.values()) {
      List<Message> changed = attack.apply(new Prompt(messages), 7).messages();
      assertEquals(messages.subList(0, 3), changed.subList(0, 3));
      assertEquals(List.of(Message.user(attack.apply("Open sesame", 7))), changed.subList(3, 4));
    }
  }

  @Property(tries = 100)
  void base64CanBeReadAgain(@ForAll("wellFormed") String request) {
    byte[] decoded = Base64.getDecoder().decode(Attack.BASE64_RAW.apply(request, 1));
    assertEquals(request, new String(decoded, StandardCharsets.UTF_8));
  }

  @net.jqwik.api.Provide
  net.jqwik.api.Arbitrary<String> wellFormed() {
    return net.jqwik.api.Arbitraries.strings().excludeChars().alpha().numeric().ofMaxLength(60);
  }

  @Test
  void lettersAreChangedAsTheNameSays() {
    assertTrue(Attack.ROT13.apply("Open, sesame 1!", 1).endsWith("Bcra, frfnzr 1!"));
    assertTrue(Attack.DISEMVOWEL.apply("Open sesame", 1).endsWith("pn ssm"));
    String leet = Attack.LEETSPEAK.apply("a test of a most easy text", 1);
    assertFalse(leet.equals("a test of a most easy text"));
    assertEquals(
        "a test of a most easy text",
        leet.replace('4', 'a')
            .replace('3', 'e')
            .replace('0', 'o')
            .replace('5', 's')
            .replace('7', 't'));
  }

  @Test
  void whatIsReadableHoldsTheRequest() {
    Set<Attack> changed =
        EnumSet.of(
            Attack.BASE64,
            Attack.BASE64_INPUT_ONLY,
            Attack.BASE64_RAW,
            Attack.ROT13,
            Attack.LEETSPEAK,
            Attack.DISEMVOWEL,
            Attack.COMBINATION_1,
            Attack.COMBINATION_2,
            Attack.COMBINATION_3);
    for (Attack attack : EnumSet.complementOf(EnumSet.copyOf(changed))) {
      assertTrue(attack.apply("open sesame", 3).contains("open sesame"), attack::name);
      assertNotEquals("open sesame", attack.apply("open sesame", 3));
    }
  }

  @Test
  void everyFamilyHasOne() {
    assertEquals(
        EnumSet.allOf(Attack.Family.class),
        Arrays.stream(Attack.values()).map(Attack::family).collect(Collectors.toSet()));
  }
}
