package org.alignment4j.internal.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class NativeSettingsTests {
  private static List<String> made(Map<String, String> environment) {
    List<String> made = new ArrayList<>();
    NativeSettings.apply(
        environment,
        new NativeSettings.Library() {
          @Override
          public void environment(String name, String value) {
            made.add(name);
          }

          @Override
          public void allocation(int parameter, int value) {
            made.add("mallopt " + parameter);
          }
        });
    return made;
  }

  @Test
  void theUsersEnvironmentTakesPrecedence() {
    List<String> openMp = List.of("OMP_WAIT_POLICY", "GOMP_SPINCOUNT");
    List<String> memory = List.of("mallopt -8", "mallopt -2", "mallopt -3", "mallopt -1");
    List<String> both = new ArrayList<>(openMp);
    both.addAll(memory);
    assertEquals(both, made(Map.of("OMP_NUM_THREADS", "3", "GLIBC_TUNABLES", "glibc.cpu.x=1")));
    assertEquals(memory, made(Map.of("OMP_WAIT_POLICY", "passive")));
    assertEquals(memory, made(Map.of("GOMP_SPINCOUNT", "7")));
    assertEquals(openMp, made(Map.of("GLIBC_TUNABLES", "glibc.malloc.arena_max=4")));
    assertEquals(openMp, made(Map.of("MALLOC_ARENA_MAX", "2")));
  }

  @Test
  void nativeLibrariesSeeTheSettings() throws IOException, InterruptedException {
    Assumptions.assumeTrue(System.getProperty("os.name").contains("Linux"), "not Linux");
    assertEquals("active 100000 null", run(Map.of()));
    assertEquals("passive null null", run(Map.of("OMP_WAIT_POLICY", "passive")));
    assertEquals("active 100000 3", run(Map.of("OMP_NUM_THREADS", "3")));
  }

  private static String run(Map<String, String> environment)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Program.class.getName());
    builder.redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.matches("G?OMP_.*"));
    builder.environment().putAll(environment);
    Process process = builder.start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), text);
    assertTrue(text.contains("\n"), text);
    return text.lines().reduce((first, last) -> last).orElse("");
  }

  /** Prints what a native library would read. */
  static final class Program {
    private Program() {}

    public static void main(String[] args) {
      DjlDefaults.apply();
      List<String> values = new ArrayList<>();
      for (String name : List.of("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_NUM_THREADS")) {
        values.add(
            String.valueOf(
                NativeLibrary.getProcess()
                    .getFunction("getenv")
                    .invokeString(new Object[] {name}, false)));
      }
      System.out.println(String.join(" ", values));
    }
  }
}
