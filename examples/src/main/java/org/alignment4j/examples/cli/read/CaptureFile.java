package org.alignment4j.examples.cli.read;

import com.google.gson.Gson;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;

/** A file of labelled hidden states; its extension determines the format. */
interface CaptureFile {
  /**
   * Writes the file.
   *
   * @param values per layer the rows [N][D]
   * @param sequences each row's prompt [N], an index into {@code ids}
   * @param positions each row's token [N]
   * @param ids the prompts' ids [P]
   */
  void write(
      Map<Layer, List<float[]>> values, long[] sequences, long[] positions, List<String> ids);

  /**
   * Returns the format of {@code file}.
   *
   * @throws IllegalArgumentException if the extension is neither of the two
   */
  static CaptureFile of(Path file) {
    Path absolute = file.toAbsolutePath();
    String name = absolute.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".npz")) {
      return (values, sequences, positions, ids) -> {
        try (NpzWriter npz = NpzWriter.create(absolute)) {
          values.forEach((layer, rows) -> npz.floats(tensor(layer), rows));
          npz.longs("sequence", sequences);
          npz.longs("position", positions);
          npz.strings("id", ids);
          npz.finish();
        }
      };
    }
    if (name.endsWith(".safetensors")) {
      return (values, sequences, positions, ids) ->
          safetensors(absolute, values, sequences, positions, ids);
    }
    throw new IllegalArgumentException("expected a file named .npz or .safetensors, found " + file);
  }

  private static String tensor(Layer layer) {
    return "layer_" + layer.index();
  }

  private static void safetensors(
      Path file,
      Map<Layer, List<float[]>> values,
      long[] sequences,
      long[] positions,
      List<String> ids) {
    List<TensorSource> tensors = new ArrayList<>();
    values.forEach(
        (layer, rows) -> {
          int width = rows.get(0).length;
          tensors.add(
              new TensorSource(
                  tensor(layer),
                  StorageType.F32,
                  new long[] {rows.size(), width},
                  (first, into) -> fill(rows, width, first, into)));
        });
    long[] shape = {sequences.length};
    tensors.add(TensorSource.ofLongs("sequence", StorageType.I64, shape, sequences));
    tensors.add(TensorSource.ofLongs("position", StorageType.I64, shape, positions));
    SafetensorsWriter.write(
        file,
        Map.of("ids", new Gson().toJson(ids), "layer_convention", Provenance.LAYER_CONVENTION),
        tensors);
  }

  private static void fill(List<float[]> rows, int width, long first, FloatBuffer into) {
    int row = (int) (first / width);
    int column = (int) (first % width);
    while (into.hasRemaining()) {
      int n = Math.min(width - column, into.remaining());
      into.put(rows.get(row++), column, n);
      column = 0;
    }
  }
}
