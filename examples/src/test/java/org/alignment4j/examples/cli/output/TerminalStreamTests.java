package org.alignment4j.examples.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import org.alignment4j.examples.cli.CommandRun;
import org.alignment4j.internal.text.Shown;
import org.junit.jupiter.api.Test;

class TerminalStreamTests {
  private static final String HOSTILE =
      "a\u001B]0;x\u0007\u009B2J\u007F\b\r\u202Ez\u2066é\uD83D\uDE00";

  @Test
  void controlsComeOutAsEscapes() {
    assertEquals(
        "a\\u001B]0;x\\u0007\\u009B2J\\u007F\\u0008\\u000D\\u202Ez\\u2066é\uD83D\uDE00",
        printed(HOSTILE));
    assertEquals("one\n\ttwo\r\nthree", printed("one\n\ttwo\r\nthree"));
  }

  @Property(tries = 300)
  void nothingThatActsOnATerminalGetsThroughInWhateverParts(
      @ForAll String any, @ForAll @Chars({'\u001B', '\r', '\n', '\u0085', '\u202A'}) String odd) {
    String text = any + odd + any;
    String whole = printed(text);
    assertTrue(
        whole
            .codePoints()
            .noneMatch(c -> c != '\n' && c != '\t' && c != '\r' && Shown.isHidden(c)));
    assertFalse(whole.replace("\r\n", "\n").contains("\r"));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (PrintStream stream = TerminalStream.of(plain(out))) {
      for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
        stream.write(b);
        stream.flush();
      }
    }
    assertEquals(whole, out.toString(StandardCharsets.UTF_8));
  }

  @Test
  void jsonHoldsTheSameTextWithoutTheCharacters() {
    String json = Json.text(Map.of("text", HOSTILE)) + Json.line(Map.of("text", HOSTILE));
    assertTrue(json.codePoints().noneMatch(c -> c != '\n' && Shown.isHidden(c)));
    String line = Json.line(Map.of("text", HOSTILE));
    assertEquals(HOSTILE, JsonParser.parseString(line).getAsJsonObject().get("text").getAsString());
  }

  @Test
  void anErrorLineShowsNoControlOfWhatItQuotesAndIsShort() {
    CommandRun run =
        CommandRun.of(
            "generate", "--model", "no\u001B[31m\u202E" + "x".repeat(20000), "--prompt", "hi");
    assertTrue(run.err().contains("no\\u001B[31m\\u202Exxx"), run.err());
    assertTrue(run.err().length() < 12000, () -> String.valueOf(run.err().length()));
    assertTrue(run.err().codePoints().noneMatch(c -> c != '\n' && Shown.isHidden(c)));
  }

  private static String printed(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (PrintStream stream = TerminalStream.of(plain(out))) {
      stream.print(text);
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  private static PrintStream plain(ByteArrayOutputStream out) {
    return new PrintStream(out, true, StandardCharsets.UTF_8);
  }
}
