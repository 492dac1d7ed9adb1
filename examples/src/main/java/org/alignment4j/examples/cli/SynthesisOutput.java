package org.alignment4j.examples.cli;

import com.google.gson.JsonParser;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.data.PreferenceLayout;
import org.alignment4j.data.PreferenceWriter;
import org.alignment4j.data.synthesis.Candidate;
import org.alignment4j.synthesis.SynthesizedPair;
import org.jspecify.annotations.Nullable;

/** Where a run's pairs go, or its instructions; under their final name only when all are there. */
final class SynthesisOutput implements AutoCloseable {
  private final Path file;
  private final @Nullable PreferenceWriter pairs;
  private final @Nullable BufferedWriter candidates;

  private SynthesisOutput(
      Path file, @Nullable PreferenceWriter pairs, @Nullable BufferedWriter candidates) {
    this.file = file;
    this.pairs = pairs;
    this.candidates = candidates;
  }

  static SynthesisOutput open(
      Path folder, SynthesisDescription description, PreferenceLayout layout) {
    if (description.expert().isPresent()) {
      Path file = folder.resolve(description.output());
      return new SynthesisOutput(file, PreferenceWriter.open(file, layout), null);
    }
    Path file = folder.resolve("instructions.jsonl");
    try {
      return new SynthesisOutput(file, null, Files.newBufferedWriter(partial(file)));
    } catch (IOException e) {
      throw new AlignmentException("cannot write " + file + ": " + e, e);
    }
  }

  private static Path partial(Path file) {
    return file.resolveSibling(file.getFileName() + ".partial");
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
    row.put("lineage", JsonParser.parseString(candidate.lineage().toJson()));
    try {
      if (candidates != null) {
        candidates.write(Json.line(row) + "\n");
      }
    } catch (IOException e) {
      throw new AlignmentException("cannot write " + file + ": " + e, e);
    }
  }

  void commit() {
    if (pairs != null) {
      pairs.commit();
    }
    try {
      if (candidates != null) {
        candidates.close();
        Files.move(partial(file), file, StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw new AlignmentException("cannot write " + file + ": " + e, e);
    }
  }

  @Override
  public void close() {
    if (pairs != null) {
      pairs.close();
    }
    try {
      if (candidates != null) {
        candidates.close();
      }
    } catch (IOException e) {
      throw new AlignmentException("cannot write " + file + ": " + e, e);
    }
  }
}
