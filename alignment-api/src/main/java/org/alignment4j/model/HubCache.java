package org.alignment4j.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.internal.host.InputFile;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.Shown;
import org.jspecify.annotations.Nullable;

/**
 * The cache of the Hugging Face hub: {@code models--ORG--NAME/snapshots/COMMIT} has a repository's
 * files, mostly as links into {@code blobs}, and {@code refs/BRANCH} the commit of a branch or tag.
 * Immutable.
 */
record HubCache(Path folder) {
  private static final int VISITED = 10_000;
  private static final int DEPTH = 4;
  private static final long MAX_REF = 1024;
  private static final Pattern PART = Pattern.compile("-(\\d{5})-of-\\d{5}\\.gguf$");

  /** The folder that huggingface_hub would use. */
  static HubCache of(LocalModels models) {
    for (String name : List.of("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")) {
      String cache = models.variable(name);
      if (cache != null) {
        return new HubCache(expanded(cache, models));
      }
    }
    String home = models.variable("HF_HOME");
    if (home != null) {
      return new HubCache(expanded(home, models).resolve("hub"));
    }
    String caches = models.variable("XDG_CACHE_HOME");
    Path all = caches == null ? models.home().resolve(".cache") : expanded(caches, models);
    return new HubCache(all.resolve("huggingface").resolve("hub"));
  }

  /** Python expands a tilde that the shell left. */
  private static Path expanded(String path, LocalModels models) {
    return path.equals("~") || path.startsWith("~/")
        ? models.home().resolve(path.substring(Math.min(2, path.length())))
        : Path.of(path);
  }

  /**
   * The folder of a model, or the GGUF file of one.
   *
   * @throws CheckpointException if there is none or several; the message states what there is
   */
  Path find(HubName name) {
    Path repository = folder.resolve(name.folder());
    if (!Files.isDirectory(repository)) {
      throw new CheckpointException(
          "the cache of the Hugging Face hub has no model "
              + name.repository()
              + "; looked in "
              + folder
              + " ("
              + present()
              + "); models are not downloaded: 'hf download "
              + name.repository()
              + "' does that, and HF_HUB_CACHE or HF_HOME name another cache");
    }
    for (HubName.Choice choice : name.choices()) {
      Path snapshot = snapshot(repository, choice.revision());
      if (snapshot != null) {
        return choice.file() == null ? model(snapshot, name) : file(snapshot, choice.file());
      }
    }
    throw new CheckpointException(
        repository
            + ": expected revision "
            + name.revisions()
            + ", found "
            + LocalModels.list(revisions(repository))
            + "; write hf:"
            + name.repository()
            + "@REVISION for one of these");
  }

  private String present() {
    if (!Files.isDirectory(folder)) {
      return "no such folder";
    }
    List<String> models =
        names(folder).stream()
            .filter(n -> n.startsWith("models--"))
            .map(n -> n.substring("models--".length()).replace("--", "/"))
            .toList();
    return models.isEmpty() ? "no models" : "has " + LocalModels.list(models);
  }

  /** The folder of a revision, null if there is no such revision. */
  private static @Nullable Path snapshot(Path repository, @Nullable String revision) {
    Path snapshots = repository.resolve("snapshots");
    String stated = revision == null ? "main" : revision;
    Path ref = repository.resolve("refs").resolve(stated);
    if (InputFile.checkpoint(ref).exists() && !Files.isDirectory(ref)) {
      String commit = InputFile.checkpoint(ref).text(MAX_REF).strip();
      if (!commit.matches("[0-9a-fA-F]{40}")) {
        throw new CheckpointException(
            ref + ": expected a commit of 40 digits, found " + Shown.quoted(commit));
      }
      Path snapshot = snapshots.resolve(commit);
      if (!Files.isDirectory(snapshot)) {
        throw new CheckpointException(
            ref
                + ": expected the files of commit "
                + commit
                + " in "
                + snapshot
                + ", found no such folder; the download may be incomplete");
      }
      return snapshot;
    }
    if (!stated.matches("[0-9a-f]{4,40}")) {
      return null;
    }
    List<String> commits =
        names(snapshots).stream().filter(n -> n.startsWith(stated)).sorted().toList();
    if (commits.size() > 1) {
      throw new CheckpointException(
          snapshots
              + ": "
              + stated
              + " is the beginning of several commits: "
              + LocalModels.list(commits));
    }
    return commits.isEmpty() ? null : snapshots.resolve(commits.get(0));
  }

  private static List<String> revisions(Path repository) {
    List<String> revisions = new ArrayList<>(files(repository.resolve("refs"), ""));
    revisions.addAll(names(repository.resolve("snapshots")));
    return revisions;
  }

  private static Path file(Path snapshot, String name) {
    Path file = snapshot.resolve(name);
    if (!InputFile.checkpoint(file).exists()) {
      List<String> files = files(snapshot, ".gguf");
      throw new CheckpointException(
          snapshot
              + ": expected "
              + Shown.quoted(name)
              + ", found "
              + (files.isEmpty() ? "no GGUF files" : LocalModels.list(files)));
    }
    InputFile.checkpoint(file).requireRegular();
    return file;
  }

  /** A folder with safetensors, or its only GGUF file if it has none. */
  private static Path model(Path snapshot, HubName name) {
    if (!files(snapshot, ".safetensors").isEmpty()) {
      return snapshot;
    }
    List<String> files = new ArrayList<>();
    for (String file : files(snapshot, ".gguf")) {
      Matcher part = PART.matcher(file);
      if (!part.find() || part.group(1).equals("00001")) {
        files.add(file);
      }
    }
    if (files.isEmpty()) {
      return snapshot; // loading states what is missing
    }
    if (files.size() > 1) {
      throw new CheckpointException(
          snapshot
              + ": expected one model, found several GGUF files; write hf:"
              + name
              + "/FILE for one of "
              + LocalModels.list(files));
    }
    return file(snapshot, files.get(0));
  }

  /** The names in a folder, none if it does not exist. */
  private static List<String> names(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.limit(VISITED).map(p -> p.getFileName().toString()).toList();
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(folder, e);
    }
  }

  /** The files below a folder whose names have an ending, as paths with slashes, sorted. */
  private static List<String> files(Path folder, String ending) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try {
      Path real = folder.toRealPath(); // may be a link
      try (Stream<Path> paths = Files.find(real, DEPTH, (p, a) -> !a.isDirectory())) {
        return paths
            .limit(VISITED)
            .map(p -> real.relativize(p).toString().replace('\\', '/'))
            .filter(n -> n.toLowerCase(Locale.ROOT).endsWith(ending))
            .sorted()
            .toList();
      }
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(folder, e);
    }
  }

  private static CheckpointException unreadable(Path folder, Exception e) {
    return new CheckpointException("cannot read " + folder + ": " + Reasons.of(e), e);
  }
}
