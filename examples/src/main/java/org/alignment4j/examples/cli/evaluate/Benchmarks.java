package org.alignment4j.examples.cli.evaluate;

import com.google.common.collect.ImmutableMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.alignment4j.analysis.Bootstrap;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.BadDataException;
import org.alignment4j.data.Preferences;
import org.alignment4j.data.Prompts;
import org.alignment4j.data.Prompts.PromptRow;
import org.alignment4j.data.moral.Bbq;
import org.alignment4j.data.moral.LawSchool;
import org.alignment4j.data.moral.Winogender;
import org.alignment4j.evaluation.Benchmark;
import org.alignment4j.evaluation.OverRefusal;
import org.alignment4j.evaluation.PreferenceEvaluator;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.model.Generation;

/** The benchmarks that {@code evaluate benchmark} runs, by name: a new one is a line in the map. */
final class Benchmarks {
  private static final int ANSWERS = 32;
  private static final int MAX_TOKENS = 64;

  /** The readers of benchmarks by name, from a file or folder. */
  private static final Map<String, Function<Path, Benchmark>> BY_NAME =
      ImmutableMap.<String, Function<Path, Benchmark>>builder()
          .put("bbq", Bbq::read)
          .put("winogender", Winogender::read)
          .put("law-school", LawSchool::read)
          .put("over-refusal", Benchmarks::overRefusal)
          .put("preferences", Benchmarks::preferences)
          .build();

  private Benchmarks() {}

  static Iterable<String> names() {
    return BY_NAME.keySet();
  }

  /**
   * Reads a benchmark.
   *
   * @throws AlignmentException if there is no benchmark of the name, or if the data cannot be used;
   *     the message says why
   */
  static Benchmark read(String name, Path data) {
    Function<Path, Benchmark> reader = BY_NAME.get(name);
    if (reader == null) {
      throw new AlignmentException(
          "expected a benchmark of " + BY_NAME.keySet() + ", found '" + name + "'");
    }
    try {
      return reader.apply(data);
    } catch (IllegalArgumentException e) {
      throw new BadDataException(data + ": " + Reasons.of(e), e);
    }
  }

  /** Prompts labelled safe or unsafe, such as XSTest's. */
  private static Benchmark overRefusal(Path file) {
    List<String> safe = new ArrayList<>();
    List<String> harmful = new ArrayList<>();
    for (PromptRow row : Prompts.read(file)) {
      switch (row.label()) {
        case SAFE -> safe.add(row.prompt());
        case UNSAFE -> harmful.add(row.prompt());
        case UNKNOWN ->
            throw new BadDataException(
                file + ": prompt " + row.id() + " has no label that says whether it is safe");
      }
    }
    return new OverRefusal(safe, harmful);
  }

  private static Benchmark preferences(Path file) {
    return new PreferenceEvaluator(Generation.greedy(MAX_TOKENS), ANSWERS, Bootstrap.withSeed(0))
        .benchmark(Preferences.read(file).pairs());
  }
}
