package org.alignment4j.examples;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.alignment4j.core.ProgressListener;
import org.alignment4j.data.PreferenceWriter;
import org.alignment4j.data.SourceFile;
import org.alignment4j.data.induction.PromptedInducer;
import org.alignment4j.data.request.OpenAiChatModel;
import org.alignment4j.data.synthesis.SaferInstruct;
import org.alignment4j.synthesis.SourceText;
import org.alignment4j.synthesis.SynthesisReport;

/**
 * The program of docs/safer-instruct.md: preference pairs from texts, by a model behind an
 * endpoint.
 */
public final class SynthesizePreferences {
  private SynthesizePreferences() {}

  /**
   * Runs it; called again, it resumes.
   *
   * @param args the endpoint's address, such as http://localhost:8000/v1; its model; a JSON Lines
   *     file of texts; a folder to write to
   */
  public static void main(String[] args) {
    if (args.length != 4) {
      System.err.println("usage: SynthesizePreferences ENDPOINT MODEL TEXTS FOLDER");
      System.exit(2);
    }
    System.out.println(run(args[0], args[1], Path.of(args[2]), Path.of(args[3])).toJson());
  }

  static SynthesisReport run(String endpoint, String name, Path file, Path folder) {
    ProgressListener progress = ProgressListener.NONE;
    // docs: begin
    try (OpenAiChatModel chat = OpenAiChatModel.builder(endpoint, name).build();
        Stream<SourceText> texts = SourceFile.jsonl(file).open(SynthesizePreferences::warn)) {
      SaferInstruct synthesizer =
          SaferInstruct.builder()
              .inducer(new PromptedInducer(chat))
              .expert(chat)
              .store(folder.resolve("requests.sqlite"))
              .budget(1_000_000)
              .build();
      return synthesizer.run(texts, PreferenceWriter.trl(folder.resolve("pairs.jsonl")), progress);
    }
    // docs: end
  }

  private static void warn(SourceFile.Skipped row) {
    System.err.println(row);
  }
}
