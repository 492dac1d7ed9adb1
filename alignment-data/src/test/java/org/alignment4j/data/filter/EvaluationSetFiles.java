package org.alignment4j.data.filter;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.data.Prompts;
import org.alignment4j.data.Prompts.Format;
import org.alignment4j.data.filter.Decontamination.EvaluationSet;

/**
 * Rebuilds the hash files that the library ships from the sets' own CSV files, which are named as
 * {@link #sets} has them: {@code EvaluationSetFiles CSV-FOLDER HASH-FOLDER}.
 */
final class EvaluationSetFiles {
  private EvaluationSetFiles() {}

  public static void main(String[] arguments) {
    Path out = Path.of(arguments[1]);
    sets(Path.of(arguments[0])).forEach((file, set) -> set.write(out.resolve(file + ".hashes")));
  }

  /** By file name, each set hashed from its prompts. */
  static Map<String, EvaluationSet> sets(Path data) {
    Map<String, EvaluationSet> sets = new LinkedHashMap<>();
    sets.put(
        "xstest",
        set(
            "XSTest",
            "xstest_prompts.csv of R\u00f6ttger et al. 2024, CC-BY-4.0",
            data.resolve("xstest/xstest_prompts.csv"),
            Format.XSTEST));
    sets.put(
        "jailbreakbench",
        set(
            "JailbreakBench",
            "harmful behaviors of JBB-Behaviors, Chao et al. 2024, MIT",
            data.resolve("jailbreakbench/jailbreakbench.csv"),
            Format.JAILBREAKBENCH));
    sets.put(
        "strongreject",
        set(
            "StrongREJECT",
            "forbidden prompts of Souly et al. 2024, licence believed MIT, not confirmed",
            data.resolve("strongreject/strongreject.csv"),
            Format.STRONGREJECT));
    sets.put(
        "advbench",
        set(
            "AdvBench",
            "goals of harmful behaviors of Zou et al. 2023, MIT",
            data.resolve("advbench/advbench.csv"),
            Format.ADVBENCH));
    return sets;
  }

  private static EvaluationSet set(String name, String note, Path csv, Format format) {
    return EvaluationSet.of(name, note, Prompts.texts(Prompts.read(csv, format)));
  }
}
