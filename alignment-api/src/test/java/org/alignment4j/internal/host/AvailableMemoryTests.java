package org.alignment4j.internal.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AvailableMemoryTests {
  private static final String V2 = "30 23 0:27 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";
  private static final String V1 =
      "34 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
          + "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
  private static final String NO_LIMIT = "9223372036854771712";

  @TempDir Path root;

  private void file(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private OptionalLong read() {
    return new AvailableMemory(root, () -> 7).read();
  }

  private void machine(long mib) throws IOException {
    file(
        "proc/meminfo",
        "MemTotal:  99999999 kB\nMemFree: 12 kB\nMemAvailable:   " + mib * 1024 + " kB\n");
  }

  private void group(String folder, String limit, long usage, long cache) throws IOException {
    file(folder + "/memory.max", limit + "\n");
    file(folder + "/memory.current", usage + "\n");
    file(
        folder + "/memory.stat",
        "anon 1\nfile 99999\ninactive_file " + cache + "\nactive_file 5\nslab 3\n");
  }

  private void oldGroup(String folder, String limit, long usage, long cache) throws IOException {
    file(folder + "/memory.limit_in_bytes", limit + "\n");
    file(folder + "/memory.usage_in_bytes", usage + "\n");
    file(
        folder + "/memory.stat",
        "inactive_file 77\ntotal_inactive_file " + cache + "\ntotal_active_file 5\n");
  }

  @Test
  void withoutGroupsItIsWhatTheMachineHasAvailable() throws IOException {
    machine(300);
    assertEquals(OptionalLong.of(300L << 20), read());
  }

  @Test
  void aGroupsLimitLessItsUsageCountsAndItsFileCacheIsNoUsage() throws IOException {
    machine(300);
    file("proc/self/mountinfo", V2);
    file("proc/self/cgroup", "0::/a.slice/b\n");
    group("sys/fs/cgroup/a.slice/b", "10000", 4000, 1000);
    assertEquals(OptionalLong.of(10000 - (4000 - 1005)), read());
    group("sys/fs/cgroup/a.slice/b", "max", 4000, 1000);
    assertEquals(OptionalLong.of(300L << 20), read());
  }

  @Test
  void theTightestParentCounts() throws IOException {
    machine(300);
    file("proc/self/mountinfo", V2);
    file("proc/self/cgroup", "0::/a/b/c\n");
    group("sys/fs/cgroup/a/b/c", "max", 40, 0);
    group("sys/fs/cgroup/a/b", "9000", 500, 0);
    group("sys/fs/cgroup/a", "7000", 5000, 0);
    assertEquals(OptionalLong.of(2005), read());
  }

  @Test
  void groupsOfVersionOneCountTheSameWay() throws IOException {
    machine(300);
    file("proc/self/mountinfo", V1);
    file("proc/self/cgroup", "5:cpu:/x\n4:memory,hugetlb:/a/b\n0::/\n");
    oldGroup("sys/fs/cgroup/memory/a/b", NO_LIMIT, 600, 0);
    oldGroup("sys/fs/cgroup/memory/a", "5000", 600, 100);
    oldGroup("sys/fs/cgroup/memory", NO_LIMIT, 600, 0);
    assertEquals(OptionalLong.of(5000 - (600 - 105)), read());
  }

  @Test
  void aMountOfPartOfTheHierarchyIsReadFromThere() throws IOException {
    machine(300);
    file(
        "proc/self/mountinfo",
        "1 2 0:3 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
    oldGroup("sys/fs/cgroup/memory", "8000", 1005, 0);
    oldGroup("sys/fs/cgroup/memory/inner", "6000", 1005, 0);
    file("proc/self/cgroup", "4:memory:/docker/abc\n");
    assertEquals(OptionalLong.of(7000), read());
    file("proc/self/cgroup", "4:memory:/docker/abc/inner\n");
    assertEquals(OptionalLong.of(5000), read());
    file("proc/self/cgroup", "4:memory:/somewhere/else\n");
    assertEquals(OptionalLong.of(7000), read());
    file("proc/self/cgroup", "4:memory:/../../out\n");
    assertEquals(OptionalLong.of(7000), read());
  }

  @Test
  void moreUsedThanAllowedLeavesNothing() throws IOException {
    machine(300);
    file("proc/self/mountinfo", V2);
    file("proc/self/cgroup", "0::/a\n");
    group("sys/fs/cgroup/a", "10", 4000, 1000);
    assertEquals(OptionalLong.of(0), read());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "max",
        "-5",
        "99999999999999999999",
        "x",
        "\u0000",
      })
  void filesThatCannotBeReadLimitNothing(String nonsense) throws IOException {
    file("proc/self/mountinfo", V2 + nonsense + "\n1 2 - \n - cgroup2\n");
    file("proc/self/cgroup", "0::/a\n" + nonsense + "\n0::/\u0000\n::\n");
    file("proc/meminfo", "MemAvailable: " + nonsense + " kB\nMemAvailable:\n");
    file("sys/fs/cgroup/a/memory.max", nonsense);
    assertEquals(OptionalLong.empty(), read());
    group("sys/fs/cgroup/a", nonsense, 1, 1);
    assertEquals(OptionalLong.empty(), read());
  }

  @Test
  void whereThereIsNoProcTheJavaMachineIsAsked() {
    assertEquals(OptionalLong.of(7), read());
    assertEquals(OptionalLong.empty(), new AvailableMemory(root, () -> 0).read());
  }

  @Test
  void thisMachineTellsAPlausibleNumber() {
    long bytes = AvailableMemory.bytes().orElseThrow();
    assertTrue(bytes > 1 << 20 && bytes < 1L << 50, "found " + bytes);
  }
}
