package org.alignment4j.examples.cli.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.alignment4j.core.AlignmentException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpzWriterTests {
  /** The disk is full while rows are written, or when the archive's directory is. */
  @ParameterizedTest
  @ValueSource(ints = {1000, 62})
  void aFullDiskKeepsNoHalfFile(int rows) throws IOException {
    Configuration small =
        Configuration.unix().toBuilder().setMaxSize(64 << 10).setBlockSize(1 << 10).build();
    try (FileSystem disk = Jimfs.newFileSystem(small)) {
      Path folder = Files.createDirectory(disk.getPath("/full"));
      Path file = folder.resolve("c.npz");
      AlignmentException e =
          assertThrows(
              AlignmentException.class,
              () -> {
                try (NpzWriter npz = NpzWriter.create(file)) {
                  npz.floats("layer_1", Collections.nCopies(rows, new float[256]));
                  npz.longs("position", new long[300]);
                  npz.finish();
                }
              });
      assertEquals("cannot write /full/c.npz: out of disk space", e.getMessage());
      try (Stream<Path> left = Files.list(folder)) {
        assertEquals(List.of(), left.toList());
      }
    }
  }
}
