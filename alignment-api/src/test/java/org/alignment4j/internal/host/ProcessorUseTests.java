package org.alignment4j.internal.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.alignment4j.internal.host.ProcessorUse.Times;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessorUseTests {
  private static final String STAT =
      """
      cpu  900 7 100 4000 50 0 9 5 0 0
      cpu0 300 0 30 1000 10 0 3 1 0 0
      cpu1 300 0 30 1500 20 0 3 1 0 0
      cpu2 300 0 40 1400 20 0 3 1 0 0
      cpu11 0 7 0 100 1 0 0 2 0 0
      intr 12345 1 2 3
      """;

  @TempDir private Path proc;

  @BeforeEach
  void write() throws IOException {
    Files.createDirectories(proc.resolve("self/task/17"));
    Files.createDirectories(proc.resolve("self/task/23"));
    Files.writeString(proc.resolve("self/task/17/schedstat"), "1000000 250 12\n");
    Files.writeString(proc.resolve("self/task/23/schedstat"), "7 0 1\n");
    Files.writeString(proc.resolve("stat"), STAT);
    allowed("1-2,11");
  }

  private void allowed(String list) throws IOException {
    Files.writeString(
        proc.resolve("self/status"), "Name:\tjava\nCpus_allowed:\tf\nCpus_allowed_list:\t" + list);
  }

  @Test
  void onlyProcessorsThatTheProcessMayUseCount() throws IOException {
    assertEquals((1520 + 1420 + 101) * 10_000_000L, ProcessorUse.of(proc).idle());
    allowed("0");
    assertEquals(1010 * 10_000_000L, ProcessorUse.of(proc).idle());
  }

  @Test
  void timesOfEachThread() throws IOException {
    ProcessorUse use = ProcessorUse.of(proc);
    Map<String, Times> all = Map.of("17", new Times(1_000_000, 250), "23", new Times(7, 0));
    assertEquals(all, use.threads());
    assertEquals(Map.of("23", new Times(7, 0)), use.threads(List.of("23", "99")));
    assertEquals(new Times(3, 50), new Times(10, 250).since(new Times(7, 200)));
  }

  @Test
  void systemsThatDoNotReportItAreRejected() throws IOException {
    Files.delete(proc.resolve("self/task/17/schedstat"));
    Files.delete(proc.resolve("self/task/23/schedstat"));
    assertThrows(IOException.class, () -> ProcessorUse.of(proc));
    assertThrows(IOException.class, () -> ProcessorUse.of(proc.resolve("none")));
  }

  @Test
  void thisProcessRan() throws IOException {
    Assumptions.assumeTrue(Files.isReadable(Path.of("/proc/self/schedstat")), "no schedstat");
    long ran = 0;
    for (Times times : ProcessorUse.ofProcess().threads().values()) {
      ran += times.ran();
    }
    assertTrue(ran > 10_000_000, ran + " ns");
  }
}
