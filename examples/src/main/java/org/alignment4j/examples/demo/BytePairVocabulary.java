package org.alignment4j.examples.demo;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.OutputFile;

/**
 * A byte-level byte-pair vocabulary, written as Hugging Face tokenizer files.
 *
 * @param control control tokens, ids 0 to control.size() - 1
 * @param tokens the other tokens as bytes, in id order: 256 single bytes, then one for each merge
 * @param merges pairs of ids in the order learned
 */
public record BytePairVocabulary(List<String> control, List<byte[]> tokens, List<Merge> merges) {
  private static final String TEMPLATE =
      "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' +"
          + " message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
          + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
  private static final Gson GSON =
      new GsonBuilder().disableHtmlEscaping().serializeNulls().setPrettyPrinting().create();

  /** Two adjacent tokens that are merged. */
  public record Merge(int left, int right) {}

  /** Copies the lists. */
  public BytePairVocabulary {
    control = List.copyOf(control);
    tokens = List.copyOf(tokens);
    merges = List.copyOf(merges);
  }

  /** Number of tokens, control tokens included. */
  public int size() {
    return control.size() + tokens.size();
  }

  /**
   * Writes {@code tokenizer.json} and {@code tokenizer_config.json} into a folder.
   *
   * @param folder is created if absent
   * @param bos token that starts a text, also used for padding
   * @param eos token that ends a response
   * @param context the longest input in tokens
   */
  public void write(Path folder, String bos, String eos, int context) {
    try {
      Files.createDirectories(folder);
      OutputFile.checkpoint(folder.resolve("tokenizer.json"))
          .writeAll(GSON.toJson(tokenizer()) + "\n");
      OutputFile.checkpoint(folder.resolve("tokenizer_config.json"))
          .writeAll(GSON.toJson(config(bos, eos, context)) + "\n");
    } catch (IOException e) {
      throw new BadDataException("cannot write " + folder + ": " + e.getMessage(), e);
    }
  }

  private JsonObject tokenizer() {
    JsonObject vocabulary = new JsonObject();
    for (int id = 0; id < size(); id++) {
      vocabulary.addProperty(spelled(id), id);
    }
    JsonArray pairs = new JsonArray();
    for (Merge merge : merges) {
      pairs.add(spelled(merge.left()) + " " + spelled(merge.right()));
    }
    JsonObject model = new JsonObject();
    model.addProperty("type", "BPE");
    model.add("dropout", JsonNull.INSTANCE);
    model.add("unk_token", JsonNull.INSTANCE);
    model.add("continuing_subword_prefix", JsonNull.INSTANCE);
    model.add("end_of_word_suffix", JsonNull.INSTANCE);
    model.addProperty("fuse_unk", false);
    model.addProperty("byte_fallback", false);
    model.addProperty("ignore_merges", false);
    model.add("vocab", vocabulary);
    model.add("merges", pairs);

    JsonArray added = new JsonArray();
    for (int id = 0; id < control.size(); id++) {
      JsonObject token = addedToken(control.get(id));
      token.addProperty("id", id);
      added.add(token);
    }
    JsonObject json = new JsonObject();
    json.addProperty("version", "1.0");
    json.add("truncation", JsonNull.INSTANCE);
    json.add("padding", JsonNull.INSTANCE);
    json.add("added_tokens", added);
    json.add("normalizer", JsonNull.INSTANCE);
    json.add("pre_tokenizer", byteLevel());
    json.add("post_processor", JsonNull.INSTANCE);
    json.add("decoder", byteLevel());
    json.add("model", model);
    return json;
  }

  private JsonObject config(String bos, String eos, int context) {
    JsonObject added = new JsonObject();
    for (int id = 0; id < control.size(); id++) {
      added.add(Integer.toString(id), addedToken(control.get(id)));
    }
    JsonObject json = new JsonObject();
    json.addProperty("tokenizer_class", "PreTrainedTokenizerFast");
    json.addProperty("bos_token", bos);
    json.addProperty("eos_token", eos);
    json.addProperty("pad_token", bos);
    json.add("unk_token", JsonNull.INSTANCE);
    json.addProperty("add_bos_token", false);
    json.addProperty("add_eos_token", false);
    json.addProperty("clean_up_tokenization_spaces", false);
    json.addProperty("model_max_length", context);
    json.add("added_tokens_decoder", added);
    json.addProperty("chat_template", TEMPLATE);
    return json;
  }

  private static JsonObject addedToken(String content) {
    JsonObject token = new JsonObject();
    token.addProperty("content", content);
    token.addProperty("single_word", false);
    token.addProperty("lstrip", false);
    token.addProperty("rstrip", false);
    token.addProperty("normalized", false);
    token.addProperty("special", true);
    return token;
  }

  private static JsonObject byteLevel() {
    JsonObject json = new JsonObject();
    json.addProperty("type", "ByteLevel");
    json.addProperty("add_prefix_space", false);
    json.addProperty("trim_offsets", true);
    json.addProperty("use_regex", true);
    return json;
  }

  private String spelled(int id) {
    if (id < control.size()) {
      return control.get(id);
    }
    StringBuilder text = new StringBuilder();
    for (byte b : tokens.get(id - control.size())) {
      text.append(letter(b & 0xff));
    }
    return text.toString();
  }

  /**
   * GPT-2's byte alphabet: printable bytes map to themselves, the others to characters from U+0100.
   */
  private static char letter(int value) {
    if (printable(value)) {
      return (char) value;
    }
    int before = 0;
    for (int b = 0; b < value; b++) {
      before += printable(b) ? 0 : 1;
    }
    return (char) (256 + before);
  }

  private static boolean printable(int value) {
    return (value >= '!' && value <= '~')
        || (value >= 0xa1 && value <= 0xac)
        || (value >= 0xae && value <= 0xff);
  }
}
