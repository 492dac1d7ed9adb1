package org.alignment4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script's archive of classes, with a Java that only writes down how it is called. */
class LauncherTests {
  private static final String USES = "-XX:SharedArchiveFile=";

  /** Prints its arguments; makes an archive where one is asked for, unless it cannot. */
  private static final String JAVA =
      """
      #!/usr/bin/env bash
      printf '%s\\n' "$@"
      printf '%s\\n' "$*" >>"${0%/*}/../../calls"
      if [ -e "${0%/*}/../../broken" ]; then exit 1; fi
      for argument in "$@"; do
        case $argument in
          -XX:SharedArchiveFile=*making*) echo archive >"${argument#*=}" ;;
        esac
      done
      """;

  @TempDir Path folder;
  private Path target = Path.of("");

  @BeforeEach
  void install() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")) || Files.exists(Path.of("/usr/bin/bash")));
    target = folder.resolve("tree/examples/target");
    Files.createDirectories(target.resolve("lib"));
    Files.copy(Path.of("align"), folder.resolve("tree/examples/align"));
    Files.writeString(target.resolve("alignment-examples-1.jar"), "jar");
    Files.writeString(target.resolve("lib/other.jar"), "jar");
    Path java = folder.resolve("jdk/bin/java");
    Files.createDirectories(java.getParent());
    Files.writeString(java, JAVA);
    assertTrue(java.toFile().setExecutable(true));
  }

  private List<String> run(Map<String, String> environment) throws Exception {
    ProcessBuilder command =
        new ProcessBuilder("bash", folder.resolve("tree/examples/align").toString(), "generate");
    command.environment().keySet().removeIf(name -> name.startsWith("ALIGN_"));
    command.environment().put("JAVA_HOME", folder.resolve("jdk").toString());
    command.environment().putAll(environment);
    command.redirectErrorStream(true);
    Process process = command.start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(20, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), out);
    return out.lines().toList();
  }

  private static boolean uses(List<String> arguments) {
    return arguments.stream().anyMatch(a -> a.startsWith(USES));
  }

  private void awaitArchive() throws InterruptedException {
    for (int i = 0; i < 200 && !Files.exists(target.resolve("startup/classes.jsa")); i++) {
      Thread.sleep(100);
    }
    assertTrue(Files.exists(target.resolve("startup/classes.jsa")));
  }

  /** The arguments of the command itself, which nothing but an archive changes. */
  private static List<String> others(List<String> arguments) {
    List<String> others = new ArrayList<>(arguments);
    others.removeIf(a -> a.startsWith(USES) || a.equals("-Xlog:cds*=off"));
    return others;
  }

  @Test
  void anArchiveIsMadeAfterTheFirstCommandAndUsedByTheNext() throws Exception {
    List<String> first = run(Map.of());
    assertFalse(uses(first));
    awaitArchive();
    List<String> second = run(Map.of());
    assertTrue(second.contains(USES + target.resolve("startup/classes.jsa")), second.toString());
    assertEquals(first, others(second));
    assertFalse(uses(run(Map.of("ALIGN_ARCHIVE", "off"))));
    assertFalse(uses(run(Map.of("ALIGN_HEAP", "40g"))));
    Files.writeString(target.resolve("lib/other.jar"), "another jar");
    assertFalse(uses(run(Map.of())), "the archive of other jars");
    awaitArchive();
    assertTrue(uses(run(Map.of())));
  }

  @Test
  void switchedOffNothingIsWritten() throws Exception {
    run(Map.of("ALIGN_ARCHIVE", "off"));
    assertFalse(Files.exists(target.resolve("startup")));
  }

  @Test
  void whatCannotBeWrittenIsLeftOut() throws Exception {
    Files.writeString(target.resolve("startup"), "a file in the folder's place");
    assertFalse(uses(run(Map.of())));
    assertFalse(uses(run(Map.of())));
  }

  @Test
  void anArchiveThatCannotBeMadeIsNotTriedAtEveryCommand() throws Exception {
    Files.createDirectories(target.resolve("startup"));
    Path calls = folder.resolve("calls");
    run(Map.of("ALIGN_ARCHIVE", "off"));
    assertEquals(1, Files.readAllLines(calls).size());
    Files.writeString(folder.resolve("broken"), "");
    assertEquals(1, status());
    for (int i = 0; i < 200 && Files.readAllLines(calls).size() < 3; i++) {
      Thread.sleep(100);
    }
    assertEquals(3, Files.readAllLines(calls).size(), "the command, and one attempt");
    Files.delete(folder.resolve("broken"));
    assertFalse(uses(run(Map.of())));
    Thread.sleep(1500);
    assertEquals(4, Files.readAllLines(calls).size(), "no second attempt");
  }

  private int status() throws Exception {
    ProcessBuilder command =
        new ProcessBuilder("bash", folder.resolve("tree/examples/align").toString(), "generate");
    command.environment().keySet().removeIf(name -> name.startsWith("ALIGN_"));
    command.environment().put("JAVA_HOME", folder.resolve("jdk").toString());
    command.redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectErrorStream(true);
    return command.start().waitFor();
  }
}
