package org.alignment4j.examples.cli.option;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.alignment4j.core.Layer;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Layers as written on the command line: {@code all}, or numbers and ranges such as {@code 1,3-5}.
 *
 * @param ranges first and last layer of each part; none for all layers
 */
public record LayerList(List<int[]> ranges) {
  public static final LayerList ALL = new LayerList(List.of());

  private static final Pattern PART = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?");

  static LayerList parse(String text) {
    if (text.equals("all")) {
      return ALL;
    }
    List<int[]> ranges = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      Matcher matcher = PART.matcher(part.strip());
      require(matcher.matches(), "'%s' is not a layer, a range such as 3-5, or all", part);
      int first = Integer.parseInt(matcher.group(1));
      int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
      require(first <= last, "the range of layers %s is empty", part);
      ranges.add(new int[] {first, last});
    }
    return new LayerList(ranges);
  }

  /** Returns the layers in a model of {@code blocks} blocks, ascending, each once. */
  public List<Layer> of(int blocks) {
    List<int[]> parts = ranges.isEmpty() ? List.of(new int[] {0, blocks}) : ranges;
    for (int[] part : parts) {
      require(part[1] <= blocks, "no layer %s in a model of layers 0 to %s", part[1], blocks);
    }
    return parts.stream()
        .flatMapToInt(part -> IntStream.rangeClosed(part[0], part[1]))
        .distinct()
        .sorted()
        .mapToObj(Layer::new)
        .toList();
  }

  /** For picocli. */
  public static final class Converter implements ITypeConverter<LayerList> {
    @Override
    public LayerList convert(String text) {
      try {
        return parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
