package org.alignment4j.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.alignment4j.chat.Script.Piece;
import org.junit.jupiter.api.Test;

class MarkersTests {
  private static String neutralised(Markers markers, Piece... pieces) {
    StringBuilder text = new StringBuilder();
    markers.neutralise(List.of(pieces)).forEach(piece -> text.append(piece.text()));
    return text.toString();
  }

  private static Piece template(String text) {
    return new Piece(text, true);
  }

  private static Piece message(String text) {
    return new Piece(text, false);
  }

  @Test
  void aSpaceBreaksMarkersInMessagesOnly() {
    Markers markers = new Markers(List.of("[INST]", "### Instruction:"));
    assertEquals(
        "[INST] [ INST] # ## Instruction: x ### Instruction:",
        neutralised(
            markers,
            template("[INST] "),
            message("[INST] ### Instruction: x"),
            template(" ### Instruction:")));
  }

  @Test
  void markersThatReachAcrossTheBordersOfAMessageAreBroken() {
    Markers markers = new Markers(List.of("\nUser:", "[INST]"));
    assertEquals("a\n User:", neutralised(markers, template("a\n"), message("User:")));
    assertEquals(" User:", neutralised(markers, message("User:")));
    assertEquals("[I NST]", neutralised(markers, template("[I"), message("NS"), template("T]")));
    assertEquals("x\nUser: [", neutralised(markers, template("x\nUser: "), message("[")));
    assertEquals("[ INST]", neutralised(markers, message("["), template("INST]")));
    assertEquals("[ I NST]", neutralised(markers, message("[I"), message("NST]")));
  }

  @Test
  void aSpaceThatCompletesAnotherMarkerIsNotTheLast() {
    Markers markers = new Markers(List.of("### Instruction:", "#Instruction:"));
    String text = neutralised(markers, message("###Instruction:"));
    markers.markers().forEach(marker -> assertFalse(text.contains(marker), text));
  }

  @Test
  void refusesMarkersThatASpaceCannotBreak() {
    for (String marker : List.of("", "#", "# ", " #", "  ")) {
      assertThrows(IllegalArgumentException.class, () -> new Markers(List.of(marker)));
    }
  }

  @Provide
  Arbitrary<List<String>> markers() {
    return Arbitraries.strings()
        .withChars("# :\nab")
        .ofMinLength(2)
        .ofMaxLength(5)
        .filter(marker -> !marker.startsWith(" ") && !marker.endsWith(" "))
        .list()
        .ofMinSize(1)
        .ofMaxSize(4);
  }

  @Provide
  Arbitrary<List<String>> texts() {
    return Arbitraries.strings().withChars("# :\nab").ofMaxLength(12).list().ofMaxSize(5);
  }

  @Property(tries = 2000)
  void noMarkerHasACharacterOfAMessage(
      @ForAll("markers") List<String> markers, @ForAll("texts") List<String> texts) {
    List<Piece> pieces = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      pieces.add(new Piece(texts.get(i), i % 2 == 0));
    }
    List<Piece> safe = new Markers(markers).neutralise(pieces);
    StringBuilder all = new StringBuilder("\n");
    List<Boolean> trusted = new ArrayList<>(List.of(true));
    for (int i = 0; i < safe.size(); i++) {
      String kept = safe.get(i).text().replace(" ", "");
      assertEquals(texts.get(i).replace(" ", ""), kept);
      all.append(safe.get(i).text());
      for (int j = 0; j < safe.get(i).text().length(); j++) {
        trusted.add(safe.get(i).trusted());
      }
    }
    for (String marker : markers) {
      for (int at = all.indexOf(marker); at >= 0; at = all.indexOf(marker, at + 1)) {
        assertTrue(trusted.subList(at, at + marker.length()).stream().allMatch(t -> t));
      }
    }
  }
}
