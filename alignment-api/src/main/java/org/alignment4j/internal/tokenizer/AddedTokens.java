package org.alignment4j.internal.tokenizer;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.Set;
import java.util.function.IntPredicate;

/** The list {@code added_tokens} of a tokenizer.json: what is matched in text before its model. */
final class AddedTokens {
  private AddedTokens() {}

  /**
   * @param byModel user-defined tokens that the model makes itself
   * @param stripsRight whether a token includes the white space on its right
   */
  static JsonArray of(
      Vocabulary vocabulary,
      SpecialTokens special,
      Set<Integer> byModel,
      IntPredicate stripsRight) {
    JsonArray added = new JsonArray();
    for (int id = 0; id < vocabulary.size(); id++) {
      boolean isSpecial = special.isSpecial(vocabulary, id);
      if (isSpecial
          || (vocabulary.type(id) == Vocabulary.Type.USER_DEFINED && !byModel.contains(id))) {
        JsonObject token = new JsonObject();
        token.addProperty("id", id);
        token.addProperty("content", vocabulary.token(id));
        token.addProperty("single_word", false);
        token.addProperty("lstrip", false);
        token.addProperty("rstrip", stripsRight.test(id));
        token.addProperty("normalized", false);
        token.addProperty("special", isSpecial);
        added.add(token);
      }
    }
    return added;
  }
}
