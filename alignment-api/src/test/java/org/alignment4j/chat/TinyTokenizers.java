package org.alignment4j.chat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Small tokenizer.json files of every kind, with any normaliser, written by rule. */
final class TinyTokenizers {
  /** How a tokenizer cuts text into tokens. */
  enum Kind {
    BYTE_LEVEL,
    PREPEND,
    METASPACE,
    UNIGRAM,
    UNIGRAM_BYTES,
    WORD_PIECE,
    WORD_LEVEL
  }

  /** Where a tokenizer.json holds its control tokens. */
  enum Held {
    SPECIAL,
    ADDED,
    VOCABULARY
  }

  private static final List<String> WORDS =
      List.of(
          "INST",
          "inst",
          "SYS",
          "sys",
          "User",
          "user",
          "USER",
          "Assistant",
          "assistant",
          "System",
          "ASSISTANT",
          "system",
          "Human",
          "###",
          "Instruction",
          "Response",
          "instruction",
          "response",
          "GPT4",
          "Correct",
          "start",
          "turn",
          "hello",
          "ing",
          "est",
          "model");

  private TinyTokenizers() {}

  /**
   * @param normaliser a normaliser as JSON, or "null"
   */
  static String json(Kind kind, String normaliser, List<String> control, Held held) {
    JsonObject file = new JsonObject();
    file.addProperty("version", "1.0");
    file.add("truncation", JsonNull.INSTANCE);
    file.add("padding", JsonNull.INSTANCE);
    JsonArray added = new JsonArray();
    file.add("added_tokens", added);
    file.add("normalizer", normaliser(kind, JsonParser.parseString(normaliser)));
    file.add("pre_tokenizer", JsonParser.parseString(preTokeniser(kind)));
    file.add("post_processor", JsonNull.INSTANCE);
    file.add("decoder", JsonParser.parseString(decoder(kind)));
    Set<String> pieces = pieces(kind);
    List<String> vocabulary = new ArrayList<>(pieces);
    for (String token : control) {
      if (held == Held.VOCABULARY) {
        vocabulary.add(token);
      } else {
        JsonObject entry = new JsonObject();
        entry.addProperty("id", vocabulary.size() + added.size());
        entry.addProperty("content", token);
        entry.addProperty("single_word", false);
        entry.addProperty("lstrip", false);
        entry.addProperty("rstrip", false);
        entry.addProperty("normalized", held == Held.ADDED);
        entry.addProperty("special", held == Held.SPECIAL);
        added.add(entry);
      }
    }
    file.add("model", model(kind, vocabulary));
    return file.toString();
  }

  private static JsonElement normaliser(Kind kind, JsonElement own) {
    if (kind != Kind.PREPEND) {
      return own;
    }
    JsonArray steps = new JsonArray();
    if (!own.isJsonNull()) {
      steps.add(own);
    }
    steps.add(JsonParser.parseString("{'type':'Prepend','prepend':'\u2581'}"));
    steps.add(
        JsonParser.parseString("{'type':'Replace','pattern':{'String':' '},'content':'\u2581'}"));
    JsonObject sequence = new JsonObject();
    sequence.addProperty("type", "Sequence");
    sequence.add("normalizers", steps);
    return sequence;
  }

  private static String preTokeniser(Kind kind) {
    return switch (kind) {
      case BYTE_LEVEL ->
          "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':false,'use_regex':true}";
      case PREPEND -> "null";
      case METASPACE, UNIGRAM_BYTES ->
          "{'type':'Metaspace','replacement':'\u2581','prepend_scheme':'first','split':false}";
      case UNIGRAM ->
          "{'type':'Metaspace','replacement':'\u2581','prepend_scheme':'always','split':true}";
      case WORD_PIECE -> "{'type':'BertPreTokenizer'}";
      case WORD_LEVEL -> "{'type':'Whitespace'}";
    };
  }

  private static String decoder(Kind kind) {
    return switch (kind) {
      case BYTE_LEVEL ->
          "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':false,'use_regex':true}";
      case PREPEND, METASPACE, UNIGRAM_BYTES ->
          "{'type':'Sequence','decoders':[{'type':'Replace','pattern':{'String':'\u2581'},"
              + "'content':' '},{'type':'ByteFallback'},{'type':'Fuse'}]}";
      case UNIGRAM -> "{'type':'Metaspace','replacement':'\u2581','prepend_scheme':'always'}";
      case WORD_PIECE -> "{'type':'WordPiece','prefix':'##','cleanup':false}";
      case WORD_LEVEL -> "null";
    };
  }

  private static Set<String> pieces(Kind kind) {
    Set<String> pieces = new LinkedHashSet<>();
    pieces.add("<unk>");
    if (kind == Kind.PREPEND || kind == Kind.METASPACE || kind == Kind.UNIGRAM_BYTES) {
      for (int i = 0; i < 256; i++) {
        pieces.add(String.format("<0x%02X>", i));
      }
    }
    if (kind == Kind.BYTE_LEVEL) {
      pieces.addAll(byteAlphabet());
      WORDS.forEach(word -> addGrown(word, pieces));
      WORDS.forEach(word -> addGrown("\u0120" + word, pieces));
      return pieces;
    }
    if (kind != Kind.WORD_LEVEL) {
      for (char c = '!'; c <= '~'; c++) {
        pieces.add(String.valueOf(c));
        if (kind == Kind.WORD_PIECE) {
          pieces.add("##" + c);
        }
      }
    }
    if (kind == Kind.WORD_PIECE || kind == Kind.WORD_LEVEL) {
      WORDS.forEach(pieces::add);
      pieces.addAll(List.of("[", "]", "[/", ":", "<<", ">>", "<|", "|>", "<", ">", "#", "</"));
      return pieces;
    }
    pieces.addAll(List.of("\u2581", "\n", "\u00e9", "\u65e5"));
    WORDS.forEach(word -> addGrown(word, pieces));
    WORDS.forEach(word -> addGrown("\u2581" + word, pieces));
    return pieces;
  }

  /** A word and all its beginnings, which merges make one after the other. */
  private static void addGrown(String word, Set<String> pieces) {
    for (int end = 1; end <= word.length(); end++) {
      pieces.add(word.substring(0, end));
    }
  }

  private static List<String> byteAlphabet() {
    List<String> characters = new ArrayList<>();
    int next = 256;
    for (int value = 0; value < 256; value++) {
      boolean printable =
          (value > 0x20 && value < 0x7F) || (value > 0xA0 && value < 0x100 && value != 0xAD);
      characters.add(String.valueOf((char) (printable ? value : next++)));
    }
    return characters;
  }

  private static JsonObject model(Kind kind, List<String> vocabulary) {
    JsonObject model = new JsonObject();
    switch (kind) {
      case UNIGRAM, UNIGRAM_BYTES -> {
        model.addProperty("type", "Unigram");
        model.addProperty("unk_id", 0);
        model.addProperty("byte_fallback", kind == Kind.UNIGRAM_BYTES);
        JsonArray scored = new JsonArray();
        for (String piece : vocabulary) {
          JsonArray entry = new JsonArray();
          entry.add(piece);
          entry.add(piece.startsWith("<0x") ? -20.0 : -8.0 + Math.min(piece.length(), 6));
          scored.add(entry);
        }
        model.add("vocab", scored);
        return model;
      }
      case WORD_PIECE -> {
        model.addProperty("type", "WordPiece");
        model.addProperty("unk_token", "<unk>");
        model.addProperty("continuing_subword_prefix", "##");
        model.addProperty("max_input_chars_per_word", 100);
      }
      case WORD_LEVEL -> {
        model.addProperty("type", "WordLevel");
        model.addProperty("unk_token", "<unk>");
      }
      case BYTE_LEVEL, PREPEND, METASPACE -> {
        model.addProperty("type", "BPE");
        if (kind != Kind.BYTE_LEVEL) {
          model.addProperty("unk_token", "<unk>");
          model.addProperty("fuse_unk", true);
          model.addProperty("byte_fallback", true);
        }
        model.add("merges", merges(vocabulary));
      }
    }
    JsonObject ids = new JsonObject();
    for (int id = 0; id < vocabulary.size(); id++) {
      ids.addProperty(vocabulary.get(id), id);
    }
    model.add("vocab", ids);
    return model;
  }

  private static JsonArray merges(List<String> vocabulary) {
    Set<String> known = new TreeSet<>(vocabulary);
    JsonArray merges = new JsonArray();
    for (String piece : vocabulary) {
      int last = piece.length() - 1;
      if (last > 0
          && !piece.startsWith("<")
          && known.contains(piece.substring(0, last))
          && known.contains(piece.substring(last))) {
        merges.add(piece.substring(0, last) + " " + piece.substring(last));
      }
    }
    return merges;
  }
}
