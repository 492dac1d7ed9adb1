package org.alignment4j.adapter;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.alignment4j.adapter.Gate.Reading;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.host.OutputFile;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;
import org.alignment4j.internal.text.Reasons;
import org.alignment4j.internal.text.Shown;
import org.alignment4j.internal.text.StrictJson;

/**
 * A gated edit as one safetensors file: the metadata {@code edit}, a JSON object, lists gates and
 * changes, which refer to each other and to maps by number; tensors {@code maps.N.u}, {@code
 * maps.N.v}, {@code maps.N.b} and {@code gates.N.direction} hold the numbers. Equal maps and gates
 * are stored once.
 */
final class GatedEditFile {
  static final String FILE = "gated_edit.safetensors";
  private static final String EDIT = "edit";
  private static final String PROVENANCE = "provenance";

  private final SafetensorsFile file;
  private final TreeSet<String> unread;

  private GatedEditFile(SafetensorsFile file) {
    this.file = file;
    this.unread = new TreeSet<>(file.tensors().keySet());
  }

  static void write(GatedEdit edit, Path folder) {
    Map<Affine, Integer> maps = new LinkedHashMap<>();
    Map<Gate, Integer> gates = new LinkedHashMap<>();
    JsonArray changes = new JsonArray();
    for (Change c : edit.changes()) {
      maps.putIfAbsent(c.affine(), maps.size());
      gates.putIfAbsent(c.gate(), gates.size());
      JsonObject o = new JsonObject();
      o.addProperty("layer", c.layer().index());
      o.addProperty("site", c.site().name());
      o.addProperty("positions", c.positions().kind().name());
      if (c.positions().kind() == Positions.Kind.PROMPT_ENDS) {
        o.addProperty("first", c.positions().first());
        o.addProperty("last", c.positions().last());
      }
      o.addProperty("map", maps.get(c.affine()));
      o.addProperty("gate", gates.get(c.gate()));
      changes.add(o);
    }
    List<TensorSource> tensors = new ArrayList<>();
    maps.forEach((map, i) -> add(tensors, "maps." + i + ".", map));
    JsonArray gateList = new JsonArray();
    gates.forEach(
        (gate, i) -> {
          gateList.add(json(gate));
          if (gate.reading() != null) {
            float[] c = gate.reading().direction();
            tensors.add(tensor("gates." + i + ".direction", c, c.length));
          }
        });
    JsonObject all = new JsonObject();
    all.add("gates", gateList);
    all.add("changes", changes);
    String provenance = edit.provenance().toJson();
    try {
      Files.createDirectories(folder);
      OutputFile.checkpoint(folder.resolve(PeftFolder.PROVENANCE)).writeAll(provenance);
    } catch (IOException e) {
      throw new CheckpointException("cannot write " + folder + ": " + Reasons.of(e), e);
    }
    SafetensorsWriter.write(
        folder.resolve(FILE), Map.of(EDIT, all.toString(), PROVENANCE, provenance), tensors);
  }

  private static void add(List<TensorSource> tensors, String prefix, Affine map) {
    int d = map.width();
    if (map.rank() > 0) {
      tensors.add(tensor(prefix + "u", map.u(), d, map.rank()));
      tensors.add(tensor(prefix + "v", map.v(), map.rank(), d));
    }
    tensors.add(tensor(prefix + "b", map.b(), d));
  }

  private static TensorSource tensor(String name, float[] values, long... shape) {
    return TensorSource.of(name, StorageType.F32, shape, values);
  }

  private static JsonObject json(Gate gate) {
    JsonObject o = new JsonObject();
    o.addProperty("function", gate.function().name());
    o.addProperty("slope", gate.slope());
    o.addProperty("offset", gate.offset());
    o.addProperty("low", gate.low());
    o.addProperty("high", gate.high());
    Reading reading = gate.reading();
    if (reading != null) {
      o.addProperty("layer", reading.layer().index());
      o.addProperty("state", reading.state().name());
      o.addProperty("measure", reading.measure().name());
    }
    return o;
  }

  static GatedEdit read(Path folder) {
    Path path = folder.resolve(FILE);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      String text = file.metadata().get(EDIT);
      String provenance = file.metadata().get(PROVENANCE);
      if (text == null || provenance == null) {
        throw new CheckpointException(path + " is not a gated edit: no edit or provenance");
      }
      return new GatedEditFile(file).read(text, PeftFolder.provenance(path, provenance));
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(path + ": " + Reasons.of(e), e);
    }
  }

  private GatedEdit read(String text, Provenance provenance) {
    JsonFile all;
    try {
      all = new JsonFile(file.path(), StrictJson.object(text));
    } catch (JsonParseException e) {
      throw new CheckpointException(file.path() + ": " + EDIT + ": " + Reasons.of(e), e);
    }
    List<Gate> gates = new ArrayList<>();
    for (JsonFile g : objects(all, "gates")) {
      gates.add(gate(g, gates.size()));
    }
    Map<Integer, Affine> maps = new LinkedHashMap<>();
    List<Change> changes = new ArrayList<>();
    for (JsonFile c : objects(all, "changes")) {
      int map = number(c, "map", Integer.MAX_VALUE);
      changes.add(
          new Change(
              new Layer(number(c, "layer", Integer.MAX_VALUE)),
              constant(c, "site", GatedEdit.Site.class),
              positions(c),
              maps.computeIfAbsent(map, this::map),
              gates.get(number(c, "gate", gates.size() - 1))));
    }
    if (!unread.isEmpty()) {
      throw new CheckpointException(
          file.path()
              + ": expected only tensors of its gates and maps, found "
              + Shown.value(unread));
    }
    return new GatedEdit(changes, provenance);
  }

  private static Positions positions(JsonFile c) {
    Positions.Kind kind = constant(c, "positions", Positions.Kind.class);
    return kind == Positions.Kind.PROMPT_ENDS
        ? Positions.promptEnds(
            number(c, "first", Integer.MAX_VALUE), number(c, "last", Integer.MAX_VALUE))
        : new Positions(kind, 0, 0);
  }

  private Gate gate(JsonFile g, int index) {
    Gate.Function function = constant(g, "function", Gate.Function.class);
    Reading reading =
        function == Gate.Function.CONSTANT
            ? null
            : new Reading(
                new Layer(number(g, "layer", Integer.MAX_VALUE)),
                constant(g, "state", Reading.State.class),
                constant(g, "measure", Reading.Measure.class),
                tensor("gates." + index + ".direction", new long[1]));
    return new Gate(
        function,
        g.number("slope"),
        g.number("offset"),
        g.number("low"),
        g.number("high"),
        reading);
  }

  private Affine map(int index) {
    String prefix = "maps." + index + ".";
    float[] b = tensor(prefix + "b", new long[1]);
    if (!file.tensors().containsKey(prefix + "u")) {
      return Affine.constant(b);
    }
    float[] u = tensor(prefix + "u", new long[] {b.length, 0});
    int rank = u.length / Math.max(1, b.length);
    return new Affine(rank, u, tensor(prefix + "v", new long[] {rank, b.length}), b);
  }

  /**
   * Reads a tensor.
   *
   * @param expected its shape, 0 for any size
   */
  private float[] tensor(String name, long[] expected) {
    unread.remove(name);
    long[] found = file.info(name).shape();
    boolean fits = found.length == expected.length;
    for (int i = 0; fits && i < found.length; i++) {
      fits = found[i] >= 1 && (expected[i] == 0 || found[i] == expected[i]);
    }
    if (!fits) {
      throw new CheckpointException(
          file.path()
              + ": "
              + name
              + ": expected shape "
              + java.util.Arrays.toString(expected).replace(" 0", " any").replace("[0", "[any")
              + ", found "
              + java.util.Arrays.toString(found));
    }
    return Finite.read(file, name);
  }

  private static List<JsonFile> objects(JsonFile all, String key) {
    if (!(all.get(key) instanceof JsonArray array)) {
      throw all.wrong(key, "a list");
    }
    List<JsonFile> objects = new ArrayList<>();
    for (JsonElement e : array) {
      if (!(e instanceof JsonObject o)) {
        throw all.wrong(key, "a list of objects");
      }
      objects.add(new JsonFile(all.path(), o));
    }
    return objects;
  }

  /** A whole number from 0 to {@code most}. */
  private static int number(JsonFile json, String key, int most) {
    double value = json.number(key);
    if (value != Math.rint(value) || value < 0 || value > most) {
      throw json.wrong(key, "a whole number from 0 to " + most);
    }
    return (int) value;
  }

  private static <E extends Enum<E>> E constant(JsonFile json, String key, Class<E> type) {
    String name = json.text(key);
    for (E e : type.getEnumConstants()) {
      if (e.name().equals(name)) {
        return e;
      }
    }
    throw json.wrong(key, "one of " + List.of(type.getEnumConstants()));
  }
}
