package org.alignment4j.adapter;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alignment4j.core.CheckpointException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Something else in the place of an adapter's file. */
class PeftFilesTests {
  @TempDir Path lora;

  @BeforeEach
  void save() {
    Loras.small().save(lora);
  }

  private String refusal() {
    return assertThrows(CheckpointException.class, () -> Adapter.load(lora)).getMessage();
  }

  @Test
  void aPickledAdapterIsRefusedWithWhatToDo() throws IOException {
    Path weights = lora.resolve(PeftFolder.WEIGHTS);
    Files.move(weights, lora.resolve("adapter_model.bin"));
    assertTrue(refusal().startsWith(weights + ": "), refusal());
    assertTrue(refusal().contains("adapter_model.bin; pickles can run code"), refusal());
    assertTrue(refusal().contains("save_pretrained"), refusal());
  }

  @ParameterizedTest
  @ValueSource(strings = {PeftFolder.PROVENANCE, PeftFolder.WEIGHTS, PeftFolder.CONFIG})
  void aLinkThatLeadsNowhereIsNoAbsentFile(String name) throws IOException {
    Path file = lora.resolve(name);
    Files.delete(file);
    Files.createSymbolicLink(file, Path.of("../blobs/gone"));
    assertTrue(refusal().contains(file + ": expected a file, found a dangling link"), refusal());
  }
}
