package org.alignment4j.testing;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Random damage to a JSON text that knows its structure: a value of another type or of absurd size,
 * a member deleted, doubled, renamed, added, or wrapped once more. What comes out need not be JSON.
 */
public final class JsonDamage {
  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "false",
          "0",
          "-0",
          "0.0",
          "1",
          "-1",
          "2",
          "3",
          "7",
          "0.5",
          "1.0",
          "1e2",
          "1e-320",
          "1e400",
          "-1e400",
          "1e38",
          "1e300",
          "1e999999999",
          "-1e-999999999",
          "NaN",
          "Infinity",
          "-Infinity",
          "2147483647",
          "2147483648",
          "-2147483648",
          "4294967297",
          "9223372036854775807",
          "9223372036854775808",
          "-9223372036854775809",
          "1" + "0".repeat(400),
          "\"\"",
          "\"x\"",
          "\"1\"",
          "\"NaN\"",
          "\"Infinity\"",
          "\"1e999999999\"",
          "\"0x10\"",
          "\"true\"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "\"\ud83d\ude00\"",
          "\"" + "a".repeat(5000) + "\"",
          "[]",
          "{}",
          "[[]]",
          "[null]",
          "[0,-1]",
          "[true,\"x\",{}]",
          "{\"\":{}}",
          "{\"a\":1,\"a\":2}",
          "[".repeat(100) + "]".repeat(100),
          "[".repeat(300) + "]".repeat(300),
          "{\"a\":".repeat(300) + "0" + "}".repeat(300),
          "[".repeat(20_000),
          "{\"a\":".repeat(20_000));

  private final List<String> keys;
  private final List<String> values;

  /**
   * @param keys names that members may get
   * @param values JSON texts that mean something in this kind of document
   */
  public JsonDamage(List<String> keys, List<String> values) {
    this.keys = List.copyOf(keys);
    this.values = List.copyOf(values);
  }

  /** The text with one damage, or with none if it cannot be read any more. */
  public String once(String json, Random random) {
    JsonElement root;
    try {
      root = JsonParser.parseString(json);
    } catch (JsonParseException e) {
      return json;
    }
    List<JsonElement> nodes = new ArrayList<>();
    collect(root, nodes);
    return new Writer(nodes, random).write(root);
  }

  private static void collect(JsonElement node, List<JsonElement> nodes) {
    nodes.add(node);
    if (node.isJsonObject()) {
      node.getAsJsonObject().asMap().values().forEach(v -> collect(v, nodes));
    } else if (node.isJsonArray()) {
      node.getAsJsonArray().forEach(v -> collect(v, nodes));
    }
  }

  /** Writes a tree, and one of its nodes, told by its number in writing order, otherwise. */
  private final class Writer {
    private final List<JsonElement> nodes;
    private final Random random;
    private final int target;
    private final int kind;
    private int at;

    Writer(List<JsonElement> nodes, Random random) {
      this.nodes = nodes;
      this.random = random;
      this.target = random.nextInt(nodes.size());
      this.kind = random.nextInt(12);
    }

    private <T> T any(List<T> list) {
      return list.get(random.nextInt(list.size()));
    }

    private String value() {
      return random.nextInt(3) == 0 ? any(values) : any(VALUES);
    }

    String write(JsonElement node) {
      boolean here = at++ == target;
      StringBuilder text = new StringBuilder();
      if (node.isJsonObject()) {
        List<String> members = new ArrayList<>();
        for (Map.Entry<String, JsonElement> e : node.getAsJsonObject().entrySet()) {
          member(e.getKey(), e.getValue(), members);
        }
        if (here && kind >= 6) {
          members.add(random.nextInt(members.size() + 1), key() + ":" + value());
        }
        text.append('{').append(String.join(",", members)).append('}');
      } else if (node.isJsonArray()) {
        List<String> elements = new ArrayList<>();
        for (JsonElement e : node.getAsJsonArray()) {
          boolean deleted = at == target && kind == 6;
          boolean doubled = at == target && kind == 7;
          String written = write(e);
          elements.addAll(
              deleted ? List.of() : doubled ? List.of(written, written) : List.of(written));
        }
        text.append('[').append(String.join(",", elements)).append(']');
      } else {
        text.append(node);
      }
      return here ? changed(node, text.toString()) : text.toString();
    }

    private void member(String name, JsonElement node, List<String> into) {
      boolean here = at == target;
      String key = new JsonPrimitive(name).toString();
      String value = write(node);
      if (here && kind == 6) {
        return;
      }
      into.add((here && kind == 8 ? key() : key) + ":" + value);
      if (here && kind == 7) {
        into.add(key + ":" + value());
      }
    }

    private String key() {
      return new JsonPrimitive(any(keys)).toString();
    }

    private String changed(JsonElement node, String text) {
      return switch (kind) {
        case 0, 1, 2, 3 -> value();
        case 4 -> any(nodes).toString();
        case 5 -> random.nextBoolean() ? "[" + text + "]" : "{" + key() + ":" + text + "}";
        case 9, 10, 11 -> neighbour(node, text);
        default -> text;
      };
    }

    private String neighbour(JsonElement node, String text) {
      if (!node.isJsonPrimitive()) {
        return text;
      }
      JsonPrimitive p = node.getAsJsonPrimitive();
      if (p.isBoolean()) {
        return p.getAsBoolean() ? "false" : "true";
      }
      if (p.isString()) {
        String s = p.getAsString();
        return new JsonPrimitive(s.isEmpty() ? "a" : s.substring(random.nextInt(s.length())))
            .toString();
      }
      BigDecimal number;
      try {
        number = p.getAsBigDecimal();
      } catch (NumberFormatException e) {
        return text;
      }
      BigDecimal other =
          switch (random.nextInt(7)) {
            case 0 -> number.add(BigDecimal.ONE);
            case 1 -> number.subtract(BigDecimal.ONE);
            case 2 -> number.add(number);
            case 3 -> number.negate();
            case 4 -> number.multiply(new BigDecimal("0.5"));
            case 5 -> number.multiply(new BigDecimal("65536"));
            default -> number.multiply(new BigDecimal("1e12"));
          };
      return random.nextInt(8) == 0 ? "\"" + other + "\"" : other.toPlainString();
    }
  }
}
