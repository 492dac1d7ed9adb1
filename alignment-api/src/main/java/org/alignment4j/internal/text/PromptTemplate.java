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
 * A text with named placeholders, such as {@code {question}}. All are filled in one pass, so that a
 * placeholder in a value is not replaced. Other braces are ordinary text. Immutable.
 */
public final class PromptTemplate {
  private final String text;
  private final Pattern placeholder;

  private PromptTemplate(String text, Pattern placeholder) {
    this.text = text;
    this.placeholder = placeholder;
  }

  /**
   * Creates a template.
   *
   * @param names the names of the placeholders, at least one
   * @throws IllegalArgumentException if a placeholder is not in the text
   */
  public static PromptTemplate of(String text, String... names) {
    require(names.length > 0, "a template needs a placeholder");
    for (String name : names) {
      require(text.contains("{" + name + "}"), "the template has no {%s}", name);
    }
    String any = List.of(names).stream().map(Pattern::quote).collect(Collectors.joining("|"));
    return new PromptTemplate(text, Pattern.compile("\\{(" + any + ")\\}"));
  }

  /**
   * Reads a template from a UTF-8 resource, without white space at its ends.
   *
   * @param owner a class in the package of the resource
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
   * Returns the text with its placeholders replaced by their values.
   *
   * @throws IllegalArgumentException if a placeholder has no value
   */
  public String fill(Map<String, String> values) {
    return placeholder
        .matcher(text)
        .replaceAll(
            (MatchResult found) -> {
              String value = values.get(found.group(1));
              require(value != null, "no value for {%s}", found.group(1));
              return Matcher.quoteReplacement(String.valueOf(value));
            });
  }

  /** The text with its placeholders. */
  public String text() {
    return text;
  }
}
