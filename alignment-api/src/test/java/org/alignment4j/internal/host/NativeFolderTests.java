package org.alignment4j.internal.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.alignment4j.core.EngineException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each case in a JVM of its own, for libraries read these settings once. */
class NativeFolderTests {
  @TempDir private Path folder;
  private Path home;
  private Path temporary;

  @BeforeEach
  void folders() throws IOException {
    assumeTrue(FolderTrust.hasModes(folder), "no POSIX owners and modes here");
    folder = folder.toRealPath();
    home = Files.createDirectory(folder.resolve("home"));
    temporary = Files.createDirectory(folder.resolve("tmp"));
    mode(home, 0755);
    mode(temporary, 01777);
  }

  @Test
  void nativesAreKeptInThePrivateFolderOfTheUser() throws Exception {
    List<String> found = settings();
    Path kept = home.resolve(".alignment4j/natives");
    assertEquals(kept.toString(), found.get(0));
    assertEquals("rwx------", permissions(home.resolve(".alignment4j")));
    assertEquals("rwx------", permissions(kept));
    Path process = Path.of(found.get(1));
    assertEquals(home.resolve(".alignment4j"), process.getParent());
    assertFalse(Files.exists(process), "deleted at the end");
  }

  @Test
  void withoutAHomeTheyGoToAFreshPrivateFolderWhateverLiesInTheTemporaryOne() throws Exception {
    Path planted = Files.createDirectories(temporary.resolve(".djl.ai/pytorch/2.7.1"));
    mode(temporary.resolve(".djl.ai"), 0777);
    home = folder.resolve("nowhere");
    List<String> found = settings();
    Path used = Path.of(found.get(0));
    assertEquals(temporary, used.getParent());
    assertEquals("rwx------", found.get(2));
    assertFalse(Files.exists(used), "deleted at the end");
    assertTrue(Files.exists(planted));
  }

  @Test
  void aHomeThatOthersWriteToIsNotUsed() throws Exception {
    mode(home, 0777);
    assertEquals(temporary, Path.of(settings().get(0)).getParent());
    assertFalse(Files.exists(home.resolve(".alignment4j")));
    mode(home, 0755);
    Files.createDirectory(home.resolve(".alignment4j"));
    mode(home.resolve(".alignment4j"), 0770);
    assertEquals(temporary, Path.of(settings().get(0)).getParent());
  }

  @Test
  void aLinkIsJudgedByWhatItNames() throws Exception {
    Path open = Files.createDirectory(folder.resolve("open"));
    mode(open, 0777);
    Files.createSymbolicLink(home.resolve(".alignment4j"), open);
    assertEquals(temporary, Path.of(settings().get(0)).getParent());
    try (Stream<Path> inside = Files.list(open)) {
      assertEquals(0, inside.count());
    }
  }

  @Test
  void withoutAnySafeFolderTheErrorNamesEach() throws Exception {
    mode(home, 0777);
    mode(temporary, 0777);
    String error = String.join("\n", settings());
    assertTrue(error.contains("every user may write to " + home), error);
    assertTrue(error.contains("every user may write to " + temporary), error);
    assertTrue(error.contains("-Djava.io.tmpdir"), error);
  }

  @Test
  void aMissingTemporaryFolderMattersOnlyWithoutAHome() throws Exception {
    Files.delete(temporary);
    assertEquals(home.resolve(".alignment4j/natives").toString(), settings().get(0));
    home = folder.resolve("nowhere");
    String error = String.join("\n", settings());
    assertTrue(error.contains("NoSuchFileException " + temporary), error);
  }

  @Test
  void theApplicationsFolderStandsUnlessOthersCanWriteToIt() throws Exception {
    Path mine = folder.resolve("mine");
    assertEquals("", refusal(mine));
    assertEquals("rwx------", permissions(mine));
    mode(mine, 0775);
    assertEquals("", refusal(mine), "a warning says that a group may write");
    Path libraries = Files.createDirectories(mine.resolve("pytorch/2.7.1"));
    mode(libraries, 0777);
    assertTrue(refusal(mine).contains("every user may write to " + libraries));
    mode(libraries, 0755);
    assertEquals("", refusal(mine));
    mode(mine, 01777);
    assertTrue(refusal(mine).contains("names " + mine), refusal(mine));
    Path below = Files.createDirectories(mine.resolve("below"));
    mode(below, 0755);
    assertEquals("", refusal(below), "the sticky bit keeps others from putting another in place");
    mode(mine, 0777);
    assertTrue(refusal(below).contains("every user may write to " + mine), refusal(below));
  }

  @Test
  void aFolderOfAnotherUserIsRefused() throws Exception {
    Path other = Files.createDirectory(folder.resolve("other"));
    try {
      Files.setAttribute(other, "unix:uid", 65534);
    } catch (IOException e) {
      assumeTrue(false, "only the administrator can give files away");
    }
    assertTrue(refusal(other).contains(other + " belongs to the user"), refusal(other));
  }

  @Test
  void whatAKilledProcessLeftIsDeletedAndWhatARunningOneUsesIsNot() throws Exception {
    Path left = Files.createDirectories(home.resolve(".alignment4j/run-1"));
    Files.createFile(left.resolve(".lock"));
    Files.createFile(left.resolve("libtorch.so"));
    Files.setLastModifiedTime(left, FileTime.from(Instant.now().minusSeconds(3600)));
    Path fresh = Files.createDirectories(home.resolve(".alignment4j/run-2"));
    Files.createFile(fresh.resolve(".lock"));
    settings();
    assertFalse(Files.exists(left));
    assertTrue(Files.exists(fresh));
  }

  private static String refusal(Path chosen) {
    String name = "alignment4j.test." + System.nanoTime();
    System.setProperty(name, chosen.toString());
    try {
      NativeFolder.direct(() -> Path.of("unused"), name);
      return "";
    } catch (EngineException e) {
      return String.valueOf(e.getMessage());
    } finally {
      System.clearProperty(name);
    }
  }

  /** The folder DJL gets, the one of the process and the first's mode; or the error. */
  private List<String> settings() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"));
    command.addAll(List.of("-Duser.home=" + home, "-Djava.io.tmpdir=" + temporary));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(Settings.class.getName());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("ENGINE_CACHE_DIR", "DJL_CACHE_DIR"));
    Process process = builder.start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return text.lines().filter(line -> !line.startsWith("[main] WARN")).toList();
  }

  private static void mode(Path path, int mode) throws IOException {
    Files.setAttribute(path, "unix:mode", mode);
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  /** Prints what it finds. */
  static final class Settings {
    private Settings() {}

    public static void main(String[] args) throws IOException {
      DjlDefaults.apply();
      String used = System.getProperty("ENGINE_CACHE_DIR");
      System.out.println(used);
      System.out.println(NativeFolder.ofProcess());
      System.out.println(permissions(Path.of(used)));
    }
  }
}
