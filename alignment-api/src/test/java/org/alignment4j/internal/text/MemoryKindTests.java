package org.alignment4j.internal.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.alignment4j.core.OutOfMemoryException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryKindTests {
  /** Messages of OpenJDK 17 and 21. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "HEAP|Java heap space|-Xmx",
        "HEAP|GC overhead limit exceeded|-Xmx",
        "ARRAY|Overflow: String length out of range|does not help",
        "DIRECT|Direct buffer memory|-XX:MaxDirectMemorySize",
        "DIRECT|Cannot reserve 1048576 bytes of direct buffer memory (allocated: 1, limit: 2)"
            + "|-XX:MaxDirectMemorySize",
        "CLASSES|Metaspace|-XX:MaxMetaspaceSize",
        "CLASSES|Compressed class space|-XX:CompressedClassSpaceSize",
        "THREADS|unable to create native thread: possibly out of memory or process/resource limits"
            + " reached|ulimit -u",
        "ARRAY|Requested array size exceeds VM limit|does not help",
        "ARRAY|Required length exceeds implementation limit|does not help",
        "SYSTEM|Map failed|vm.max_map_count"
      })
  void theMemoryThatIsShortIsNamedWithItsSetting(MemoryKind kind, String message, String setting) {
    OutOfMemoryError error = new OutOfMemoryError(message);
    assertEquals(kind, MemoryKind.of(error));
    String found = String.valueOf(OutOfMemoryException.of("weights", error).getMessage());
    assertTrue(found.startsWith("weights: ") && found.contains(setting), found);
    assertTrue(found.contains(message), found);
  }
}
