package org.alignment4j.internal.tokenizer;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;

/**
 * A tokenizer.json with a byte-pair model. The vocabulary and the merges are written one by one,
 * since a tree of them would need several times the memory.
 */
final class TokenizerJson {
  private static final Gson GSON = new Gson();

  /** Writes a model's merges, in the order of their ranks. */
  interface Merges {
    void write(Sink sink) throws IOException;
  }

  /** Takes one merge after the other. */
  interface Sink {
    void add(String left, String right) throws IOException;
  }

  /**
   * The parts of a tokenizer.json, as in the file.
   *
   * @param settings of the model
   */
  record Parts(
      JsonArray added,
      JsonElement normaliser,
      JsonElement preTokeniser,
      JsonElement postProcessor,
      JsonElement decoder,
      JsonObject settings) {}

  private TokenizerJson() {}

  static String write(Parts parts, Vocabulary vocabulary, Merges merges) {
    StringWriter out = new StringWriter(64 * vocabulary.size());
    try (JsonWriter json = new JsonWriter(out)) {
      json.setSerializeNulls(true);
      json.beginObject();
      json.name("version").value("1.0");
      json.name("truncation").nullValue();
      json.name("padding").nullValue();
      put(json, "added_tokens", parts.added);
      put(json, "normalizer", parts.normaliser);
      put(json, "pre_tokenizer", parts.preTokeniser);
      put(json, "post_processor", parts.postProcessor);
      put(json, "decoder", parts.decoder);
      json.name("model").beginObject();
      json.name("type").value("BPE");
      for (String name : parts.settings.keySet()) {
        put(json, name, parts.settings.get(name));
      }
      json.name("vocab").beginObject();
      for (int id = 0; id < vocabulary.size(); id++) {
        json.name(vocabulary.token(id)).value(id);
      }
      json.endObject();
      json.name("merges").beginArray();
      merges.write((left, right) -> json.beginArray().value(left).value(right).endArray());
      json.endArray();
      json.endObject();
      json.endObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory cannot fail", e);
    }
    return out.toString();
  }

  private static void put(JsonWriter json, String name, JsonElement value) throws IOException {
    json.name(name);
    GSON.toJson(value, json);
  }

  /**
   * A post-processor that puts the tokens around a text that begin and end it; JSON null if none.
   */
  static JsonElement around(Vocabulary vocabulary, SpecialTokens special) {
    JsonArray single = new JsonArray();
    JsonArray pair = new JsonArray();
    JsonObject tokens = new JsonObject();
    for (String sequence : new String[] {"A", "B"}) {
      JsonArray items = new JsonArray();
      int type = sequence.equals("A") ? 0 : 1;
      if (special.addsBos()) {
        items.add(token(vocabulary, special.bos().getAsInt(), type, tokens));
      }
      items.add(item("Sequence", sequence, type));
      if (special.addsEos()) {
        items.add(token(vocabulary, special.eos().getAsInt(), type, tokens));
      }
      pair.addAll(items);
      if (type == 0) {
        single = items;
      }
    }
    if (tokens.isEmpty()) {
      return JsonNull.INSTANCE;
    }
    JsonObject template = new JsonObject();
    template.addProperty("type", "TemplateProcessing");
    template.add("single", single);
    template.add("pair", pair);
    template.add("special_tokens", tokens);
    return template;
  }

  private static JsonObject token(Vocabulary vocabulary, int id, int type, JsonObject tokens) {
    String text = vocabulary.token(id);
    JsonObject entry = new JsonObject();
    entry.addProperty("id", text);
    entry.add("ids", list(id));
    entry.add("tokens", list(text));
    tokens.add(text, entry);
    return item("SpecialToken", text, type);
  }

  private static JsonObject item(String kind, String id, int type) {
    JsonObject inner = new JsonObject();
    inner.addProperty("id", id);
    inner.addProperty("type_id", type);
    JsonObject outer = new JsonObject();
    outer.add(kind, inner);
    return outer;
  }

  private static JsonArray list(Object value) {
    JsonArray list = new JsonArray();
    list.add(GSON.toJsonTree(value));
    return list;
  }
}
