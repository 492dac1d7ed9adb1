package org.alignment4j.examples.cli.option;

import ai.djl.Device;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.alignment4j.model.Precision;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Option for the precision in which a model is stored and computed. */
final class PrecisionOption {
  @Option(
      names = "--precision",
      paramLabel = "P",
      converter = Converter.class,
      description = {
        "float32; bfloat16, float16: stored and computed; bfloat16-weights, float16-weights:"
            + " stored, computed in float32; int8: matrices in 8-bit integers, a quarter of the"
            + " memory; int4: the integers of a 4-bit GGUF file, still less (default: int8 for a quantised GGUF file, else float32)"
      })
  private @Nullable Precision precision;

  Precision get(Path model) {
    return precision == null ? Precision.defaultFor(model, Device.cpu()) : precision;
  }

  static final class Converter implements ITypeConverter<Precision> {
    @Override
    public Precision convert(String value) {
      for (Precision p : Precision.values()) {
        if (p.name().equals(value.toUpperCase(Locale.ROOT).replace('-', '_'))) {
          return p;
        }
      }
      throw new TypeConversionException(
          "expected "
              + Arrays.stream(Precision.values())
                  .map(p -> p.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                  .collect(Collectors.joining(", "))
              + ", found '"
              + value
              + "'");
    }
  }
}
