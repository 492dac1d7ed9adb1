package org.alignment4j.examples.cli.synthesize;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.data.PreferenceWriter;
import org.alignment4j.data.PreferenceWriter.Layout;
import org.alignment4j.data.synthesis.SynthesisStages.Candidate;
import org.alignment4j.examples.cli.output.Json;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.internal.text.StrictJson;
import org.alignment4j.synthesis.SynthesizedPair;
import org.jspecify.annotations.Nullable;

/**
 * Writes a run's pairs, or its instructions; the file gets its final name only when it is complete.
 */
final class SynthesisOutput implements AutoCloseable {
  private final @Nullable PreferenceWriter pairs;
  private final @Nullable OutputFile candidates;

  private SynthesisOutput(@Nullable PreferenceWriter pairs, @Nullable OutputFile candidates) {
    this.pairs = pairs;
    this.candidates = candidates;
  }

  static SynthesisOutput open(Path folder, SynthesisDescription description, Layout layout) {
    if (description.expert().isPresent()) {
      Path file = folder.resolve(description.output());
      return new SynthesisOutput(PreferenceWriter.open(file, layout), null);
    }
    Path file = folder.resolve("instructions.jsonl");
    return new SynthesisOutput(null, OutputFile.partial(file));
  }

  void pair(SynthesizedPair pair) {
    if (pairs != null) {
      pairs.write(pair);
    }
  }

  void candidate(Candidate candidate) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("id", candidate.id());
    row.put("instruction", candidate.instruction());
    row.put("response", candidate.text().text());
    row.put("category", candidate.label());
    row.put("lineage", StrictJson.object(candidate.lineage().toJson()));
    if (candidates != null) {
      byte[] line = (Json.line(row) + "\n").getBytes(StandardCharsets.UTF_8);
      candidates.write(out -> out.write(line));
    }
  }

  void commit() {
    if (pairs != null) {
      pairs.commit();
    }
    if (candidates != null) {
      candidates.commit();
    }
  }

  @Override
  public void close() {
    if (pairs != null) {
      pairs.close();
    }
    if (candidates != null) {
      candidates.close();
    }
  }
}
