package org.alignment4j.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/**
 * The name of a model of the Hugging Face hub: {@code ORG/NAME[@REVISION][/FILE.gguf]}. No part of
 * it leads out of a folder.
 *
 * @param repository {@code ORG/NAME}, or {@code NAME} of the oldest models
 * @param choices what revision and file may be, since both may contain slashes; the first that
 *     exists is meant
 */
record HubName(String repository, List<Choice> choices) {

  /**
   * A revision and a file.
   *
   * @param revision a branch, tag or commit; null if not stated
   * @param file path of a GGUF file within the repository; null if not stated
   */
  record Choice(@Nullable String revision, @Nullable String file) {}

  /**
   * @throws CheckpointException if the text is not a name
   */
  static HubName parse(String text) {
    int at = text.indexOf('@');
    String[] parts = (at < 0 ? text : text.substring(0, at)).split("/", -1);
    int idParts = Math.min(parts.length, 2);
    String repository = String.join("/", Arrays.asList(parts).subList(0, idParts));
    String rest = String.join("/", Arrays.asList(parts).subList(idParts, parts.length));
    boolean valid =
        repository.matches("\\w([\\w.-]{0,94}\\w)?(/\\w([\\w.-]{0,94}\\w)?)?")
            && !repository.contains("--")
            && !repository.contains("..");
    List<Choice> choices = new ArrayList<>();
    if (at < 0) {
      choices.add(new Choice(null, rest.isEmpty() ? null : rest));
      valid &= rest.isEmpty() ? parts.length <= 2 : isGguf(rest);
    } else {
      valid &= parts.length <= 2;
      String stated = text.substring(at + 1);
      if (isGguf(stated)) {
        for (int i = stated.indexOf('/'); i >= 0; i = stated.indexOf('/', i + 1)) {
          choices.add(new Choice(stated.substring(0, i), stated.substring(i + 1)));
        }
      }
      choices.add(new Choice(stated, null));
    }
    valid &= choices.stream().allMatch(c -> isInside(c.revision) && isInside(c.file));
    if (!valid) {
      throw new CheckpointException(
          "hf:"
              + Shown.value(text)
              + ": expected ORG/NAME[@REVISION][/FILE.gguf] as on the hub, without '..' or an empty"
              + " part");
    }
    return new HubName(repository, List.copyOf(choices));
  }

  private static boolean isGguf(String path) {
    return path.toLowerCase(Locale.ROOT).endsWith(".gguf");
  }

  /** Whether every part of a path is the name of a file or folder, on any system. */
  private static boolean isInside(@Nullable String path) {
    return path == null
        || Arrays.stream(path.split("/", -1))
            .allMatch(
                part ->
                    part.matches("[^\\p{Cntrl}\\\\:*?\"<>|]{1,255}")
                        && !part.startsWith("..")
                        && !part.equals("."));
  }

  /** The folder that the cache has for the repository. */
  String folder() {
    return "models--" + repository.replace("/", "--");
  }

  @Override
  public String toString() {
    Choice last = choices.get(choices.size() - 1);
    return repository
        + (last.revision == null ? "" : "@" + last.revision)
        + (last.file == null ? "" : "/" + last.file);
  }

  /** The possible revisions for a message. */
  String revisions() {
    return choices.stream()
        .map(c -> Shown.quoted(c.revision == null ? "main" : c.revision))
        .collect(Collectors.joining(" or "));
  }
}
