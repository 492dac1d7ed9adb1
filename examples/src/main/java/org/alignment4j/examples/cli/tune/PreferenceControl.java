package org.alignment4j.examples.cli.tune;

import static org.alignment4j.internal.text.Arguments.require;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import org.alignment4j.rahf.PreferenceSettings;
import org.alignment4j.rahf.PreferenceSettings.PreferenceMethod;
import org.alignment4j.tune.PreferencePair;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Controls: parts of a method that are left out or replaced, to measure their effect. */
public enum PreferenceControl {
  /** Nothing. */
  NONE,
  /** Ends after step 1. */
  STEP_ONE,
  /**
   * Replaces the differences of hidden states by random vectors of equal norms; in a method that
   * fits none, exchanges chosen and rejected in a random half of the pairs.
   */
  RANDOM,
  /** Exchanges chosen and rejected. */
  SWAPPED;

  public static final String NAMES = "step-one, random, swapped";

  /** Whether a method can be run with this control. */
  public boolean fits(PreferenceMethod method) {
    return switch (this) {
      case NONE, SWAPPED, RANDOM -> true;
      case STEP_ONE -> method.fits() && method != PreferenceMethod.LORRA;
    };
  }

  public void apply(PreferenceMethod method, PreferenceSettings.Builder<?> settings) {
    require(fits(method), "%s cannot be run as control %s", MethodName.of(method), this);
    if (this == STEP_ONE) {
      settings.stepOneOnly();
    } else if (this == RANDOM && method.fits()) {
      settings.randomDirections();
    }
  }

  /**
   * The pairs that are learned from.
   *
   * @param seed of the run
   */
  public List<PreferencePair> apply(
      PreferenceMethod method, List<PreferencePair> pairs, long seed) {
    if (this == RANDOM && !method.fits()) {
      List<PreferencePair> half = new ArrayList<>(pairs);
      List<Integer> order = new ArrayList<>(IntStream.range(0, pairs.size()).boxed().toList());
      Collections.shuffle(order, new Random(seed));
      order.subList(0, pairs.size() / 2).forEach(i -> half.set(i, pairs.get(i).swapped()));
      return half;
    }
    return this == SWAPPED ? pairs.stream().map(PreferencePair::swapped).toList() : pairs;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  public static PreferenceControl parse(String text) {
    for (PreferenceControl c : values()) {
      if (c.toString().equals(text)) {
        return c;
      }
    }
    throw new IllegalArgumentException("unknown control " + text);
  }

  /** For picocli; {@code none} cannot be requested. */
  public static final class Converter implements ITypeConverter<PreferenceControl> {
    @Override
    public PreferenceControl convert(String text) {
      for (PreferenceControl c : values()) {
        if (c != NONE && c.toString().equals(text)) {
          return c;
        }
      }
      throw new TypeConversionException("expected " + NAMES + ", found '" + text + "'");
    }
  }
}
