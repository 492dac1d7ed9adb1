package org.alignment4j.examples.cli.output;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.alignment4j.core.BadDataException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.StrictJson;

/** A file of finished runs, one JSON object per line, so that a comparison can be continued. */
public final class RunFile {
  private static final long MAX_BYTES = 1 << 28;

  private RunFile() {}

  /** Writes all runs; the file is complete at any time. */
  public static void write(Path file, List<? extends Map<String, ?>> runs) {
    StringBuilder text = new StringBuilder();
    runs.forEach(r -> text.append(Json.line(r)).append('\n'));
    TextOutput.write(file, text.toString());
  }

  /**
   * Reads what {@link #write} wrote; none if there is no file.
   *
   * @param command the command that wrote it, for messages
   * @throws BadDataException naming file and line if it holds something else
   */
  public static <R> List<R> read(Path file, String command, Function<JsonObject, R> run) {
    List<R> runs = new ArrayList<>();
    InputFile input = InputFile.data(file);
    if (!input.exists()) {
      return runs;
    }
    try {
      for (String line : input.text(MAX_BYTES).lines().toList()) {
        runs.add(run.apply(StrictJson.object(line)));
      }
      return runs;
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | UnsupportedOperationException
        | ClassCastException
        | NullPointerException e) {
      throw new BadDataException(
          file + ", line " + (runs.size() + 1) + ": expected a run of " + command, e);
    }
  }
}
