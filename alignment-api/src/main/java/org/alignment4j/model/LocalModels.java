package org.alignment4j.model;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/**
 * Finds models by the names under which other programs keep them on this machine. Downloads
 * nothing. Immutable.
 *
 * @param environment variables by name
 * @param home the user's folder
 */
record LocalModels(Map<String, String> environment, Path home) {
  private static final String OLLAMA = "ollama:";
  private static final String HUGGING_FACE = "hf:";
  private static final int LISTED = 20;

  /** Those of this process and user. */
  static LocalModels ofProcess() {
    Map<String, String> environment = System.getenv();
    // On Windows neither Ollama nor Python heeds HOME.
    String home = isWindows() ? null : environment.get("HOME");
    return new LocalModels(
        environment,
        Path.of(home == null || home.isEmpty() ? System.getProperty("user.home", "") : home));
  }

  static boolean isWindows() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
  }

  /**
   * The path of a model: an existing path as it is, else {@code ollama:NAME} or {@code hf:NAME} in
   * the local store, else the text as a path.
   *
   * @throws CheckpointException if a store has no such model; the message states what it has
   */
  Path locate(String name) {
    if ((name.startsWith(OLLAMA) || name.startsWith(HUGGING_FACE)) && !isPath(name)) {
      return name.startsWith(OLLAMA)
          ? OllamaStore.of(this).find(name.substring(OLLAMA.length()))
          : HubCache.of(this).find(HubName.parse(name.substring(HUGGING_FACE.length())));
    }
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new CheckpointException("no path and no model's name: " + Shown.quoted(name), e);
    }
  }

  /** Whether there is a file or folder of this name. */
  private static boolean isPath(String name) {
    try {
      return InputFile.checkpoint(Path.of(name)).exists();
    } catch (InvalidPathException e) {
      return false; // on Windows no path may contain a colon
    }
  }

  /** A variable's value, null if it is not set or empty. */
  @Nullable String variable(String name) {
    String value = environment.get(name);
    return value == null || value.isBlank() ? null : value.strip();
  }

  /** Names for a message, at most twenty of them, and the number of the others. */
  static String list(Collection<String> names) {
    List<String> sorted = names.stream().sorted().toList();
    String shown =
        sorted.stream().limit(LISTED).map(Shown::value).collect(Collectors.joining(", "));
    return sorted.size() > LISTED ? shown + " and " + (sorted.size() - LISTED) + " more" : shown;
  }
}
