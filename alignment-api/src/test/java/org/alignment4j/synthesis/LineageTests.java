package org.alignment4j.synthesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.BigRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.Hashes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LineageTests {
  private static final SourceText TEXT =
      new SourceText("1", "text", "hate", "hatecheck", "CC-BY-4.0");
  private static final String JSON =
      "{\"source\":\"hatecheck\",\"licence\":\"CC-BY-4.0\",\"category\":\"hate\",\"inducer\":"
          + "\"reversed\",\"seed\":9007199254740993,\"judge_scores\":{\"natural_fit\":3.5},"
          + "\"models\":{\"expert\":\"a\",\"judge\":\"b\"},\"prompt_tokens\":30,"
          + "\"completion_tokens\":5,\"cost\":0.0012,\"currency\":\"EUR\",\"prompt_hash\":\""
          + "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}";

  private static Lineage lineage() {
    return Lineage.of(TEXT)
        .inducer("reversed")
        .seed((1L << 53) + 1)
        .judgeScore("natural_fit", 3.5)
        .model("judge", "b")
        .model("expert", "a")
        .addTokens(10, 2)
        .addTokens(20, 3)
        .addCost(new BigDecimal("0.0010"), "EUR")
        .addCost(new BigDecimal("0.0002"), "EUR")
        .addPromptHash(Hashes.sha256(List.of()))
        .build();
  }

  @Test
  void jsonIsAsDocumented() {
    assertEquals(JSON, lineage().toJson());
    assertEquals(lineage(), Lineage.fromJson(JSON));
    assertEquals(lineage(), Lineage.fromJson(JSON.replace("{\"source\"", "{\"x\":[],\"source\"")));
  }

  @Property(tries = 300)
  void valuesComeBackAsWritten(
      @ForAll String text,
      @ForAll long seed,
      @ForAll @Size(max = 4) Map<String, Double> scores,
      @ForAll @Size(max = 4) Map<String, String> models,
      @ForAll @LongRange(min = 0) long tokens,
      @ForAll @BigRange(min = "0", max = "1e29") BigDecimal cost) {
    Lineage lineage =
        new Lineage(text, text, "", text, seed, scores, models, tokens, 0, cost, "USD", "");
    Lineage back = Lineage.fromJson(lineage.toJson());
    assertEquals(lineage, back);
    assertEquals(lineage.toJson(), back.toJson());
  }

  @Test
  void aCostOfTooManyDigitsIsRefused() {
    for (String cost : List.of("1e30", "1e-31", "1e300")) {
      Lineage.Builder builder = Lineage.of(TEXT).addCost(new BigDecimal(cost), "EUR");
      assertThrows(IllegalArgumentException.class, builder::build, cost);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"seed\":9007199254740993 | \"seed\":1.5 | seed",
        "\"seed\":9007199254740993 | \"seed\":99999999999999999999 | seed",
        "\"seed\":9007199254740993, | '' | seed",
        "\"seed\":9007199254740993 | \"seed\":\"7\" | seed",
        "\"source\":\"hatecheck\" | \"source\":null | source",
        "\"natural_fit\":3.5 | \"natural_fit\":\"good\" | natural_fit",
        "\"judge_scores\":{\"natural_fit\":3.5} | \"judge_scores\":[] | judge_scores",
        "\"cost\":0.0012 | \"cost\":-1 | cost",
        "\"currency\":\"EUR\" | \"currency\":\"euro\" | currency",
        "e3b0c442 | xyz | hash",
        "\"prompt_tokens\":30 | \"prompt_tokens\":-30 | tokens",
      })
  void otherValuesAreNamed(String part, String other, String key) {
    String json = JSON.replace(part, other);
    assertTrue(!json.equals(JSON), "replaced nothing");
    BadDataException bad = assertThrows(BadDataException.class, () -> Lineage.fromJson(json));
    assertTrue(String.valueOf(bad.getMessage()).contains(key), bad.getMessage());
  }

  @Test
  void whatIsNoObjectIsRefused() {
    for (String json : List.of("", "[]", "1", "{", "null", "{}", JSON + "x", "[".repeat(10_000))) {
      assertThrows(BadDataException.class, () -> Lineage.fromJson(json), json);
    }
  }

  @Test
  void currenciesDoNotMix() {
    Lineage.Builder builder = Lineage.of(TEXT).addCost(BigDecimal.ONE, "EUR");
    assertThrows(IllegalArgumentException.class, () -> builder.addCost(BigDecimal.ONE, "USD"));
    assertThrows(
        IllegalArgumentException.class, () -> Lineage.of(TEXT).judgeScore("x", Double.NaN).build());
  }
}
