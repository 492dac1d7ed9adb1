package org.alignment4j.data.synthesis;

import static org.alignment4j.core.Arguments.require;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What an expert's answers should keep to, by category (Safer-Instruct, stage 4), and so the list
 * of categories. Immutable.
 *
 * @param general for every category
 * @param byCategory what is added for a category; its keys are the categories of a run
 * @param benign the categories whose instructions are harmless: a judge must find that they elicit
 *     nothing unsafe, and an answer must not refuse
 */
public record Principles(String general, Map<String, String> byCategory, Set<String> benign) {
  /**
   * Copies map and set, which are then in the order of their keys.
   *
   * @throws IllegalArgumentException if there is no category, or a benign one is not among them
   */
  public Principles {
    byCategory = Collections.unmodifiableMap(new TreeMap<>(byCategory));
    benign = Collections.unmodifiableSet(new TreeSet<>(benign));
    require(!byCategory.isEmpty(), "principles need a category");
    require(
        byCategory.keySet().containsAll(benign),
        "benign categories %s are not all among %s",
        benign,
        byCategory.keySet());
  }

  /** As the file has it. */
  private record Json(String general, Map<String, String> categories, Set<String> benign) {}

  /** For hate, illegal, nsfw, self-harm (the paper's) and benign, worded by this library. */
  public static Principles standard() {
    String file = "principles.json";
    try (InputStream in = Principles.class.getResourceAsStream(file)) {
      Json json =
          new Gson()
              .fromJson(
                  new InputStreamReader(Objects.requireNonNull(in, file), StandardCharsets.UTF_8),
                  Json.class);
      return new Principles(json.general(), json.categories(), json.benign());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (JsonParseException e) {
      throw new IllegalStateException(file + " is malformed", e);
    }
  }

  /** These principles with another text for a category, which may be new. */
  public Principles with(String category, String text) {
    Map<String, String> more = new TreeMap<>(byCategory);
    more.put(category, text);
    return new Principles(general, more, benign);
  }

  /** The categories. */
  public Set<String> categories() {
    return byCategory.keySet();
  }

  /** The text for a category: the general one, and what is added. */
  public String text(String category) {
    String more = byCategory.getOrDefault(category, "");
    return more.isBlank() ? general : general + "\n" + more;
  }

  boolean isBenign(String category) {
    return benign.contains(category);
  }
}
