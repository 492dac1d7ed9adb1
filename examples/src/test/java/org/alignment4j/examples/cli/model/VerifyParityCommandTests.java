package org.alignment4j.examples.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import org.alignment4j.examples.cli.command.Outcome;
import org.alignment4j.examples.cli.output.Json;
import org.alignment4j.model.Parity;
import org.alignment4j.model.Precision;
import org.junit.jupiter.api.Test;

class VerifyParityCommandTests {
  @Test
  void brokenParityBoundsAreNamedInOneLine() {
    Outcome outcome =
        VerifyParityCommand.outcome(
            new Parity("x", Precision.FLOAT32, 3, 1e-5, 0, 0, 3e-4, 0, 1, Double.NaN, false));
    assertEquals(
        "x: max_row_hidden 0.000300 exceeds 5.00e-05; max_rel_grad NaN exceeds 0.00100; the greedy"
            + " continuation differs",
        outcome.failure());
    JsonObject json = JsonParser.parseString(Json.text(outcome.json())).getAsJsonObject();
    assertTrue(json.get("max_rel_grad").isJsonNull());
    assertNull(
        VerifyParityCommand.outcome(
                new Parity("x", Precision.FLOAT32, 3, 0, 0, 0, 0, 0, 1, 0, true))
            .failure());
  }
}
