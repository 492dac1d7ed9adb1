package org.alignment4j.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/**
 * The folders in which Ollama keeps models: {@code manifests/HOST/NAMESPACE/MODEL/TAG} names the
 * files in {@code blobs} that a model consists of. Immutable.
 *
 * @param folders in the order in which they are searched
 */
record OllamaStore(List<Path> folders) {
  /** The folder of the service that Ollama's installer sets up on Linux. */
  private static final Path SERVICE = Path.of("/usr/share/ollama/.ollama/models");

  private static final int VISITED = 10_000;

  /** A model's four names as Ollama writes them. */
  private record Name(String host, String namespace, String model, String tag) {
    private static final String PART = "\\w[\\w.-]{0,79}";

    /**
     * @throws CheckpointException if the text is not a name
     */
    static Name parse(String text) {
      String[] parts = text.split("/", -1);
      String last = parts[parts.length - 1];
      int colon = last.lastIndexOf(':');
      String model = colon < 0 ? last : last.substring(0, colon);
      Name name =
          new Name(
              parts.length < 3 ? "registry.ollama.ai" : parts[0],
              parts.length < 2 ? "library" : parts[parts.length - 2],
              model,
              colon < 0 ? "latest" : last.substring(colon + 1));
      boolean valid =
          parts.length <= 3
              && name.host.matches("\\w[\\w.:-]{0,349}")
              && name.namespace.matches("\\w[\\w-]{0,79}")
              && model.matches(PART)
              && name.tag.matches(PART);
      if (!valid) {
        throw new CheckpointException(
            "ollama:"
                + Shown.value(text)
                + ": expected [[HOST/]NAMESPACE/]NAME[:TAG] of letters, digits and '_', '-', '.'");
      }
      return name;
    }

    Path manifest(Path folder) {
      // A host with a port is no file name on Windows, nor is there such a folder.
      return folder
          .resolve("manifests")
          .resolve(host)
          .resolve(namespace)
          .resolve(model)
          .resolve(tag);
    }

    /** The name that Ollama's list shows. */
    @Override
    public String toString() {
      String shown = model + ":" + tag;
      if (!host.equals("registry.ollama.ai")) {
        return host + "/" + namespace + "/" + shown;
      }
      return namespace.equals("library") ? shown : namespace + "/" + shown;
    }
  }

  static OllamaStore of(LocalModels models) {
    String stated = models.variable("OLLAMA_MODELS");
    if (stated != null) {
      return new OllamaStore(List.of(Path.of(stated.replaceAll("^[\"']+|[\"']+$", ""))));
    }
    Path own = models.home().resolve(".ollama").resolve("models");
    return new OllamaStore(
        System.getProperty("os.name", "").equals("Linux") ? List.of(own, SERVICE) : List.of(own));
  }

  /**
   * The GGUF file of a model.
   *
   * @param text {@code [[HOST/]NAMESPACE/]NAME[:TAG]}, as the command {@code ollama run} has it
   * @throws CheckpointException if there is none
   */
  Path find(String text) {
    Name wanted = Name.parse(text);
    List<String> looked = new ArrayList<>();
    for (Path folder : folders) {
      List<Name> names = new ArrayList<>();
      String problem = names(folder, names);
      Name found = match(wanted, names);
      if (found != null) {
        return new OllamaManifest(folder, found.manifest(folder)).model();
      }
      looked.add(
          folder
              + " ("
              + (problem != null
                  ? problem
                  : names.isEmpty()
                      ? "no models"
                      : "has " + LocalModels.list(names.stream().map(Name::toString).toList()))
              + ")");
    }
    throw new CheckpointException(
        "Ollama has no model "
            + wanted
            + " here; looked in "
            + String.join(" and ", looked)
            + "; models are not downloaded: 'ollama pull "
            + wanted
            + "' does that, and OLLAMA_MODELS names another folder");
  }

  /** Ollama finds a name in other case too, unless there are several. */
  private static @Nullable Name match(Name wanted, List<Name> names) {
    if (names.contains(wanted)) {
      return wanted;
    }
    String folded = wanted.toString().toLowerCase(Locale.ROOT);
    List<Name> same =
        names.stream().filter(n -> n.toString().toLowerCase(Locale.ROOT).equals(folded)).toList();
    return same.size() == 1 ? same.get(0) : null;
  }

  /**
   * Adds the names of all models in a folder.
   *
   * @return why there are none, null if the folder can be read
   */
  private static @Nullable String names(Path folder, List<Name> names) {
    Path manifests = folder.resolve("manifests");
    try {
      if (!InputFile.checkpoint(manifests).exists()) {
        return Files.isDirectory(folder) ? "no manifests" : "no such folder";
      }
      Path real = manifests.toRealPath(); // may be a link
      try (Stream<Path> paths = Files.find(real, 4, (p, a) -> !a.isDirectory())) {
        paths
            .limit(VISITED)
            .map(real::relativize)
            .filter(p -> p.getNameCount() == 4)
            .map(OllamaStore::name)
            .forEach(names::add);
      }
      return null;
    } catch (IOException | UncheckedIOException | CheckpointException e) {
      return "cannot be read: " + Reasons.of(e);
    }
  }

  private static Name name(Path p) {
    return new Name(
        p.getName(0).toString(),
        p.getName(1).toString(),
        p.getName(2).toString(),
        p.getName(3).toString());
  }
}
