package org.alignment4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.alignment4j.core.CheckpointException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Stores laid out as Ollama 0.12 and huggingface_hub 1.0 write them. */
class LocalModelsTests {
  private static final String HEX = "0123456789abcdef".repeat(4);
  private static final String OTHER = "fedcba9876543210".repeat(4);
  private static final String COMMIT = "12fd25f77366fa6b3b4b768ec3050bf629380bac";

  @TempDir Path home;

  private final Map<String, String> environment = new HashMap<>();

  private Path locate(String name) {
    return new LocalModels(environment, home).locate(name);
  }

  private String refused(String name) {
    return assertThrows(CheckpointException.class, () -> locate(name)).getMessage();
  }

  private Path ollama() {
    return home.resolve(".ollama").resolve("models");
  }

  private static Path write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private static String layer(String type, String digest, int size) {
    return "{\"mediaType\":\"application/vnd.ollama.image."
        + type
        + "\",\"digest\":\""
        + digest
        + "\",\"size\":"
        + size
        + "}";
  }

  private static String manifest(String... layers) {
    return "{\"schemaVersion\":2,\"mediaType\":"
        + "\"application/vnd.docker.distribution.manifest.v2+json\",\"config\":{\"mediaType\":"
        + "\"application/vnd.docker.container.image.v1+json\",\"digest\":\"sha256:"
        + OTHER
        + "\",\"size\":561},\"layers\":["
        + String.join(",", layers)
        + "]}\n";
  }

  private Path pulled(Path store, String name, String blob) throws IOException {
    write(
        store.resolve("manifests").resolve(name),
        manifest(
            layer("model", "sha256:" + HEX, 4),
            layer("template", "sha256:" + OTHER, 1429),
            layer("license", "sha256:" + OTHER, 7711),
            layer("params", "sha256:" + OTHER, 96)));
    return write(store.resolve("blobs").resolve(blob), "GGUF");
  }

  @ParameterizedTest
  @CsvSource({
    "ollama:llama3.2, registry.ollama.ai/library/llama3.2/latest",
    "ollama:llama3.2:1b, registry.ollama.ai/library/llama3.2/1b",
    "ollama:LLAMA3.2:1B, registry.ollama.ai/library/llama3.2/1b",
    "ollama:someone/mine:v1, registry.ollama.ai/someone/mine/v1",
    "ollama:hf.co/bartowski/Llama-3.2-1B-GGUF:Q4_K_M, hf.co/bartowski/Llama-3.2-1B-GGUF/Q4_K_M",
    "ollama:hf.co/bartowski/Llama-3.2-1B-GGUF, hf.co/bartowski/Llama-3.2-1B-GGUF/latest",
    "ollama:localhost:5000/a/b, localhost:5000/a/b/latest",
  })
  void ollamasNamesAreFound(String name, String manifest) throws IOException {
    Path blob = pulled(ollama(), manifest, "sha256-" + HEX);
    assertEquals(blob, locate(name));
  }

  @Test
  void olderStoresWriteAColon() throws IOException {
    Path blob = pulled(ollama(), "registry.ollama.ai/library/llama2/7b", "sha256:" + HEX);
    assertEquals(blob, locate("ollama:llama2:7b"));
  }

  @Test
  void aStatedStoreIsTheOnlyOne() throws IOException {
    pulled(ollama(), "registry.ollama.ai/library/home/latest", "sha256-" + HEX);
    Path stated = home.resolve("disk");
    Path blob = pulled(stated, "registry.ollama.ai/library/disk/latest", "sha256-" + HEX);
    environment.put("OLLAMA_MODELS", " \"" + stated + "\" ");
    assertEquals(blob, locate("ollama:disk"));
    String message = refused("ollama:home");
    assertTrue(message.contains(stated + " (has disk:latest)"), message);
    assertFalse(message.contains(".ollama"), message);
  }

  @Test
  void storesAreFollowedWhereTheyWereMoved() throws IOException {
    Path disk = home.resolve("disk");
    Path blob = pulled(disk, "registry.ollama.ai/library/a/latest", "sha256-" + HEX);
    Files.createDirectories(ollama());
    Files.createSymbolicLink(ollama().resolve("manifests"), disk.resolve("manifests"));
    Files.createSymbolicLink(ollama().resolve("blobs"), disk.resolve("blobs"));
    assertEquals(blob.toRealPath(), locate("ollama:a").toRealPath());
  }

  @Test
  void whatIsThereIsListed() throws IOException {
    for (int i = 0; i < 30; i++) {
      pulled(ollama(), "registry.ollama.ai/library/m" + (10 + i) + "/latest", "sha256-" + HEX);
    }
    String message = refused("ollama:llama9");
    assertTrue(message.contains("no model llama9:latest"), message);
    assertTrue(message.contains("has m10:latest, m11:latest"), message);
    assertTrue(message.contains("m29:latest and 10 more"), message);
    assertTrue(message.contains("'ollama pull llama9:latest'"), message);
    assertTrue(message.length() < 1000, message);
    environment.put("OLLAMA_MODELS", home.resolve("none").toString());
    assertTrue(refused("ollama:a").contains("none (no such folder)"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "a:",
        ":b",
        "..",
        "../a",
        "a/..",
        "a:..",
        "../../library/a",
        "/etc/a/b",
        "x/a/b/c",
        "a//b",
        "a\\b",
        "a b",
        "a:b:c/d",
        "a@sha256:00"
      })
  void namesDoNotLeadOutOfOllamasStore(String name) {
    String message = refused("ollama:" + name);
    assertTrue(message.contains("expected [[HOST/]NAMESPACE/]NAME[:TAG]"), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | expected a list 'layers'",
        "[] | expected one JSON object",
        "{\"layers\":[3]} | 'mediaType' and a 'digest'",
        "{\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.model\"}]} | 'digest'",
        "{\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.tensor\",\"digest\":\"x\"}]}"
            + " | found application/vnd.ollama.image.tensor",
      })
  void damagedManifestsAreNamed(String text, String expected) throws IOException {
    Path manifest =
        write(ollama().resolve("manifests/registry.ollama.ai/library/a/latest"), text.strip());
    String message = refused("ollama:a");
    assertTrue(message.contains(expected), message);
    assertTrue(message.contains(manifest.toString()), message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sha256:../../../../../../etc/passwd",
        "sha256-../x",
        "sha256:0123",
        "sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "sha256/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "sha256:g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ""
      })
  void aDigestIsNotAPath(String digest) throws IOException {
    write(
        ollama().resolve("manifests/registry.ollama.ai/library/a/latest"),
        manifest(layer("model", digest, 4)));
    String message = refused("ollama:a");
    assertTrue(message.contains("expected a digest sha256:HEX"), message);
  }

  @Test
  void hugeManifestsAreNotRead() throws IOException {
    write(
        ollama().resolve("manifests/registry.ollama.ai/library/a/latest"),
        "{\"layers\":[" + " ".repeat(2 << 20) + "]}");
    assertTrue(refused("ollama:a").contains("expected at most 1048576 bytes"));
  }

  @Test
  void incompleteDownloadsAreNamed() throws IOException {
    Path blob = pulled(ollama(), "registry.ollama.ai/library/a/latest", "sha256-" + HEX);
    Files.writeString(blob, "GG");
    assertTrue(refused("ollama:a").contains("expected 4 bytes in " + blob + ", found 2"));
    Files.delete(blob);
    assertTrue(refused("ollama:a").contains(blob + " does not exist"));
    Files.createDirectory(blob);
    assertTrue(refused("ollama:a").contains("expected a file, found a folder"));
  }

  @Test
  void severalFilesOrAnAdapterAreRefusedByName() throws IOException {
    Path blob = pulled(ollama(), "registry.ollama.ai/library/a/latest", "sha256-" + HEX);
    Path second = write(ollama().resolve("blobs/sha256-" + OTHER), "GGUF");
    Path manifest = ollama().resolve("manifests/registry.ollama.ai/library/b/latest");
    write(
        manifest,
        manifest(layer("model", "sha256:" + HEX, 4), layer("adapter", "sha256:" + OTHER, 4)));
    String message = refused("ollama:b");
    assertTrue(message.contains("adapter (" + second + ")"), message);
    assertTrue(message.contains("alone: " + blob), message);
    write(
        manifest,
        manifest(layer("model", "sha256:" + HEX, 4), layer("model", "sha256:" + OTHER, 4)));
    message = refused("ollama:b");
    assertTrue(message.contains(blob + ", " + second), message);
  }

  private Path hub() {
    return home.resolve(".cache/huggingface/hub");
  }

  /** A snapshot whose files are links into blobs, as huggingface_hub makes them. */
  private Path downloaded(Path hub, String repository, String commit, String... files)
      throws IOException {
    Path folder = hub.resolve("models--" + repository.replace("/", "--"));
    write(folder.resolve("refs/main"), commit);
    Path snapshot = folder.resolve("snapshots").resolve(commit);
    Files.createDirectories(snapshot);
    for (String name : files) {
      String blob = Integer.toHexString(name.hashCode());
      write(folder.resolve("blobs").resolve(blob), "content");
      Path link = snapshot.resolve(name);
      Files.createDirectories(link.getParent());
      Files.createSymbolicLink(
          link, link.getParent().relativize(folder.resolve("blobs").resolve(blob)));
    }
    return snapshot;
  }

  @Test
  void snapshotsAreFoundByRevision() throws IOException {
    Path snapshot = downloaded(hub(), "org/name", COMMIT, "config.json", "model.safetensors");
    Path old = downloaded(hub(), "org/name", "12aa" + COMMIT.substring(4), "model.safetensors");
    Path refs = hub().resolve("models--org--name/refs");
    write(refs.resolve("main"), COMMIT);
    write(refs.resolve("refs/pr/1"), old.getFileName() + "\n");
    write(refs.resolve("v1.0"), old.getFileName().toString());
    assertEquals(snapshot, locate("hf:org/name"));
    assertEquals(snapshot, locate("hf:org/name@main"));
    assertEquals(snapshot, locate("hf:org/name@" + COMMIT));
    assertEquals(snapshot, locate("hf:org/name@12fd25f"));
    assertEquals(old, locate("hf:org/name@v1.0"));
    assertEquals(old, locate("hf:org/name@refs/pr/1"));
    String message = refused("hf:org/name@v2");
    assertTrue(message.contains("expected revision 'v2', found"), message);
    assertTrue(message.contains("main, refs/pr/1, v1.0"), message);
    assertTrue(message.contains(COMMIT), message);
  }

  @Test
  void anAmbiguousCommitIsAnError() throws IOException {
    downloaded(hub(), "org/name", COMMIT, "model.safetensors");
    downloaded(hub(), "org/name", "12fd" + "0".repeat(36), "model.safetensors");
    assertTrue(refused("hf:org/name@12fd").contains("beginning of several commits"));
  }

  @Test
  void environmentVariablesNameTheCacheInOrder() throws IOException {
    Path xdg = downloaded(home.resolve("x/huggingface/hub"), "a/b", COMMIT, "a.safetensors");
    environment.put("XDG_CACHE_HOME", home.resolve("x").toString());
    assertEquals(xdg, locate("hf:a/b"));
    Path hf = downloaded(home.resolve("h/hub"), "a/b", COMMIT, "a.safetensors");
    environment.put("HF_HOME", "~/h");
    assertEquals(hf, locate("hf:a/b"));
    Path legacy = downloaded(home.resolve("l"), "a/b", COMMIT, "a.safetensors");
    environment.put("HUGGINGFACE_HUB_CACHE", home.resolve("l").toString());
    assertEquals(legacy, locate("hf:a/b"));
    environment.put("HF_HUB_CACHE", home.resolve("c").toString());
    String message = refused("hf:a/b");
    assertTrue(message.contains("looked in " + home.resolve("c") + " (no such folder)"), message);
    Path hub = downloaded(home.resolve("c"), "a/b", COMMIT, "a.safetensors");
    assertEquals(hub, locate("hf:a/b"));
    message = refused("hf:a/c");
    assertTrue(message.contains("(has a/b)"), message);
    assertTrue(message.contains("'hf download a/c'"), message);
  }

  @Test
  void aFileOfARepositoryIsChosen() throws IOException {
    Path snapshot =
        downloaded(hub(), "org/x-GGUF", COMMIT, "x.Q4_K_M.gguf", "big/x.gguf", "README.md");
    write(hub().resolve("models--org--x-GGUF/refs/a/b"), COMMIT);
    assertEquals(snapshot.resolve("x.Q4_K_M.gguf"), locate("hf:org/x-GGUF/x.Q4_K_M.gguf"));
    assertEquals(snapshot.resolve("big/x.gguf"), locate("hf:org/x-GGUF@main/big/x.gguf"));
    assertEquals(snapshot.resolve("big/x.gguf"), locate("hf:org/x-GGUF@a/b/big/x.gguf"));
    String message = refused("hf:org/x-GGUF/y.gguf");
    assertTrue(message.contains("found big/x.gguf, x.Q4_K_M.gguf"), message);
    message = refused("hf:org/x-GGUF");
    assertTrue(message.contains("write hf:org/x-GGUF/FILE for one of big/x.gguf"), message);
  }

  @Test
  void theOnlyGgufOfARepositoryIsTaken() throws IOException {
    Path one = downloaded(hub(), "org/one", COMMIT, "x.gguf", "README.md", "config.json");
    assertEquals(one.resolve("x.gguf"), locate("hf:org/one"));
    Path split =
        downloaded(
            hub(), "org/split", COMMIT, "q/x-00002-of-00002.gguf", "q/x-00001-of-00002.gguf");
    assertEquals(split.resolve("q/x-00001-of-00002.gguf"), locate("hf:org/split"));
    Path both = downloaded(hub(), "org/both", COMMIT, "x.gguf", "model-00001-of-2.safetensors");
    assertEquals(both, locate("hf:org/both"));
  }

  @Test
  void brokenCachesAreNamed() throws IOException {
    Path snapshot = downloaded(hub(), "org/x", COMMIT, "x.gguf");
    Files.delete(snapshot.resolve("x.gguf").toRealPath());
    assertTrue(refused("hf:org/x").contains("x.gguf: expected a file, found a dangling link"));
    Path ref = hub().resolve("models--org--x/refs/main");
    Files.writeString(ref, "../../../../etc");
    assertTrue(refused("hf:org/x").contains("expected a commit of 40 digits"));
    Files.writeString(ref, "0".repeat(40));
    assertTrue(refused("hf:org/x").contains("found no such folder"));
    Files.writeString(ref, "0".repeat(5000));
    assertTrue(refused("hf:org/x").contains("expected at most 1024 bytes"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "a/",
        "/a",
        "../a",
        "a/..",
        "a--b/c",
        "a/b/c",
        "a/b/../x.gguf",
        "a/b//x.gguf",
        "a/b/..\\x.gguf",
        "a/b@",
        "a/b@..",
        "a/b@../../x",
        "a/b@main/../x.gguf",
        "a/b@main//x.gguf",
        "a/b/c@main",
        "a b/c",
        "a/b@c:d",
        "-a/b",
        "a/b."
      })
  void namesDoNotLeadOutOfTheCache(String name) {
    String message = refused("hf:" + name);
    assertTrue(message.contains("expected ORG/NAME[@REVISION][/FILE.gguf]"), message);
  }

  @Test
  void pathsPassThroughUnchanged() throws IOException {
    assertEquals(Path.of("some/folder"), locate("some/folder"));
    assertEquals(Path.of("C:model"), locate("C:model"));
    assertEquals(home, locate(home.toString()));
    Path colon = write(home.resolve("ollama:x"), "");
    assertEquals(colon, locate(colon.toString()));
    assertEquals(Path.of("none"), LanguageModel.locate("none"));
  }
}
