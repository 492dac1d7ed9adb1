package org.alignment4j.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpzTests {
  @Test
  void readsAnNpyFileWrittenByHand(@TempDir Path folder) throws IOException {
    Path file = write(folder, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }", 8);
    Npz npz = Npz.read(file);
    assertArrayEquals(new long[] {2, 1}, npz.shape("x"));
    assertArrayEquals(new float[] {1.5f, -2}, npz.floats("x"));
    assertArrayEquals(new float[][] {{1.5f}, {-2}}, npz.rows("x"));
    assertThrows(IllegalArgumentException.class, () -> npz.longs("x"));
    assertThrows(IllegalArgumentException.class, () -> npz.shape("y"));
  }

  @Test
  void rejectsDataShorterThanItsShape(@TempDir Path folder) throws IOException {
    Path file = write(folder, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", 8);
    assertThrows(IOException.class, () -> Npz.read(file));
  }

  @Test
  void rejectsFortranOrderOfAMatrix(@TempDir Path folder) throws IOException {
    Path file = write(folder, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }", 8);
    assertThrows(IOException.class, () -> Npz.read(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"stories260k", "tinystories-656k"})
  void readsReferenceOutputsWhoseLogitsAgreeWithTheirJson(String model) throws IOException {
    Path folder =
        Path.of(System.getProperty("alignment4j.shared", "../shared"), "fixtures", "reference")
            .resolve(model);
    assumeTrue(Files.isDirectory(folder), () -> "no " + folder);
    Npz npz = Npz.read(folder.resolve("reference.npz"));
    JsonObject json;
    try (Reader reader = Files.newBufferedReader(folder.resolve("reference.json"))) {
      json = JsonParser.parseReader(reader).getAsJsonObject();
    }
    var prompts = json.getAsJsonArray("prompts");
    for (int p = 0; p < prompts.size(); p++) {
      JsonObject prompt = prompts.get(p).getAsJsonObject();
      long[] ids = npz.longs("p" + p + "_ids");
      assertEquals(prompt.getAsJsonArray("ids").size(), ids.length);
      for (int i = 0; i < ids.length; i++) {
        assertEquals(prompt.getAsJsonArray("ids").get(i).getAsLong(), ids[i]);
      }
      float[][] logits = npz.rows("p" + p + "_logits");
      assertEquals(ids.length, logits.length);
      var top = prompt.getAsJsonArray("last_top10_ids");
      for (int i = 0; i < top.size(); i++) {
        assertEquals(
            prompt.getAsJsonArray("last_top10_logits").get(i).getAsDouble(),
            logits[logits.length - 1][top.get(i).getAsInt()],
            1e-6);
      }
      assertEquals(3, npz.shape("p" + p + "_resid").length);
    }
  }

  private static Path write(Path folder, String header, int bytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.US_ASCII);
    ByteBuffer buffer = ByteBuffer.allocate(10 + text.length + bytes);
    buffer.order(ByteOrder.LITTLE_ENDIAN);
    buffer.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    buffer.putShort((short) text.length).put(text).putFloat(1.5f).putFloat(-2);
    return Files.write(folder.resolve("x.npy"), buffer.array());
  }
}
