package org.alignment4j.examples.cli.option;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.alignment4j.safety.Attack;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Attacks selected by name, by family, or all. */
public record AttackList(List<Attack> attacks) {
  public static final AttackList NONE = new AttackList(List.of());

  public AttackList {
    attacks = List.copyOf(attacks);
  }

  /** Reads {@code injection,base64-raw} and the like. */
  public static final class Converter implements ITypeConverter<AttackList> {
    @Override
    public AttackList convert(String text) {
      List<Attack> found = new ArrayList<>();
      for (String word : text.split(",", -1)) {
        String name = word.strip().toUpperCase(Locale.ROOT).replace('-', '_');
        List<Attack> own =
            Arrays.stream(Attack.values())
                .filter(
                    a ->
                        name.equals("ALL")
                            || a.name().equals(name)
                            || a.family().name().equals(name))
                .toList();
        if (own.isEmpty()) {
          throw new TypeConversionException(
              "no attack or family '" + word + "'; families: " + names(Attack.Family.values()));
        }
        own.stream().filter(a -> !found.contains(a)).forEach(found::add);
      }
      return new AttackList(found);
    }
  }

  /** A name as users write it. */
  public static String name(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String names(Enum<?>[] values) {
    return String.join(", ", Arrays.stream(values).map(AttackList::name).toList());
  }
}
