package org.alignment4j.internal.text;

import static org.alignment4j.internal.text.Arguments.require;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A text with named places, such as {@code {question}}, that are filled in one pass, so that what a
 * filled value holds is never taken for a place. Other braces are text. Immutable.
 */
public final class PromptTemplate {
  private final String text;
  private final Pattern place;

  private PromptTemplate(String text, Pattern place) {
    this.text = text;
    this.place = place;
  }

  /**
   * A template.
   *
   * @param names of the places, at least one
   * @throws IllegalArgumentException if the text lacks one of the places
   */
  public static PromptTemplate of(String text, String... names) {
    require(names.length > 0, "a template needs a place");
    for (String name : names) {
      require(text.contains("{" + name + "}"), "the template has no {%s}", name);
    }
    String any = List.of(names).stream().map(Pattern::quote).collect(Collectors.joining("|"));
    return new PromptTemplate(text, Pattern.compile("\\{(" + any + ")\\}"));
  }

  /**
   * A template that comes along with a class, in UTF-8, without white space at its ends.
   *
   * @param owner the class beside whose package the resource lies
   */
  public static PromptTemplate resource(Class<?> owner, String resource, String... names) {
    try (InputStream in = owner.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + resource + " is missing");
      }
      return of(new String(in.readAllBytes(), StandardCharsets.UTF_8).strip(), names);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The text with its places filled.
   *
   * @throws IllegalArgumentException if a place has no value
   */
  public String fill(Map<String, String> values) {
    return place
        .matcher(text)
        .replaceAll(
            (MatchResult found) -> {
              String value = values.get(found.group(1));
              require(value != null, "no value for {%s}", found.group(1));
              return Matcher.quoteReplacement(String.valueOf(value));
            });
  }

  /** The text with its places. */
  public String text() {
    return text;
  }
}
