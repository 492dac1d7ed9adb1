package org.alignment4j.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.alignment4j.adapter.Gate.Reading;
import org.alignment4j.adapter.GatedEdit.Affine;
import org.alignment4j.adapter.GatedEdit.Change;
import org.alignment4j.adapter.GatedEdit.Positions;
import org.alignment4j.adapter.GatedEdit.Site;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.SafetensorsWriter;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The value of a gated edit, and what its file must not hold. */
class GatedEditFileTests {
  @TempDir Path folder;

  private static Reading reading(int layer, float... c) {
    return new Reading(new Layer(layer), Reading.State.LAST_PROMPT, Reading.Measure.COSINE, c);
  }

  private static GatedEdit edit() {
    Affine map = new Affine(1, new float[] {1, 2}, new float[] {3, 4}, new float[] {5, 6});
    return new GatedEdit(
        List.of(
            new Change(
                new Layer(2),
                Site.ATTENTION,
                Positions.PROMPT,
                map,
                Gate.above(reading(1, 1, 1), 0.25)),
            Change.always(new Layer(3), map)),
        Loras.PROVENANCE);
  }

  /** Saves the edit, changes what is in its file and expects an error that names something. */
  private void refused(
      Consumer<JsonObject> json, Consumer<Map<String, TensorSource>> tensors, String... named) {
    edit().save(folder);
    Path file = folder.resolve(GatedEditFile.FILE);
    JsonObject edit;
    Map<String, TensorSource> all = new HashMap<>();
    try (SafetensorsFile in = SafetensorsFile.open(file)) {
      edit = JsonParser.parseString(in.metadata().get("edit")).getAsJsonObject();
      in.tensors()
          .values()
          .forEach(
              t ->
                  all.put(
                      t.name(),
                      TensorSource.of(t.name(), StorageType.F32, t.shape(), in.floats(t.name()))));
    }
    json.accept(edit);
    tensors.accept(all);
    SafetensorsWriter.write(
        file,
        Map.of("edit", edit.toString(), "provenance", Loras.PROVENANCE.toJson()),
        new ArrayList<>(all.values()));
    String message =
        assertThrows(CheckpointException.class, () -> Adapter.load(folder)).getMessage();
    assertTrue(message.contains(GatedEditFile.FILE), message);
    for (String n : named) {
      assertTrue(message.contains(n), message);
    }
  }

  private static JsonObject change(JsonObject edit) {
    return edit.getAsJsonArray("changes").get(0).getAsJsonObject();
  }

  private void member(String key, JsonElement value) {
    refused(e -> change(e).add(key, value), t -> {}, key);
  }

  private static TensorSource tensor(String name, long[] shape, float... values) {
    return TensorSource.of(name, StorageType.F32, shape, values);
  }

  @Test
  void equalMapsAreStoredOnce() {
    edit().save(folder);
    try (SafetensorsFile in = SafetensorsFile.open(folder.resolve(GatedEditFile.FILE))) {
      assertEquals(4, in.tensors().size());
    }
    assertEquals(edit(), GatedEdit.load(folder));
    assertEquals(edit(), Adapter.load(folder));
  }

  @Test
  void theEndsOfAPromptAreStoredWithTheirNumbers() {
    Change whole = edit().changes().get(1);
    GatedEdit ends =
        new GatedEdit(
            List.of(
                new Change(
                    whole.layer(),
                    whole.site(),
                    Positions.promptEnds(3, 2),
                    whole.affine(),
                    whole.gate())),
            Loras.PROVENANCE);
    ends.save(folder);
    assertEquals(ends, GatedEdit.load(folder));
    refused(e -> change(e).addProperty("positions", "PROMPT_ENDS"), t -> {}, "first");
    for (int last : new int[] {-1, 0}) {
      refused(
          e -> {
            change(e).addProperty("positions", "PROMPT_ENDS");
            change(e).addProperty("first", 0);
            change(e).addProperty("last", last);
          },
          t -> {},
          "last");
    }
  }

  @Test
  void damagedMembersAreRefusedByName() {
    for (String key : List.of("layer", "site", "positions", "map", "gate")) {
      member(key, JsonNull.INSTANCE);
      member(key, new JsonPrimitive("elsewhere"));
      member(key, new JsonPrimitive(-1));
      member(key, new JsonPrimitive(0.5));
    }
    member("gate", new JsonPrimitive(2));
    refused(e -> e.addProperty("changes", 3), t -> {}, "changes");
    refused(e -> e.remove("gates"), t -> {}, "gates");
    refused(
        e -> e.getAsJsonArray("gates").get(0).getAsJsonObject().addProperty("slope", "x"),
        t -> {},
        "slope");
    refused(
        e -> e.getAsJsonArray("changes").remove(1), t -> t.remove("gates.0.direction"), "0.dir");
    refused(e -> change(e).addProperty("map", 7), t -> {}, "maps.7.b");
    refused(e -> change(e).addProperty("layer", 1), t -> {}, "layer 1", "too late");
  }

  @Test
  void damagedTensorsAreRefusedByName() {
    refused(
        e -> {},
        t -> t.put("maps.0.b", tensor("maps.0.b", new long[] {2}, 1, Float.NaN)),
        "maps.0.b",
        "NaN");
    refused(
        e -> {},
        t -> t.put("maps.0.v", tensor("maps.0.v", new long[] {2, 1}, 1, 2)),
        "maps.0.v",
        "[1, 2]",
        "[2, 1]");
    refused(e -> {}, t -> t.put("maps.0.u", tensor("maps.0.u", new long[] {2}, 1, 2)), "maps.0.u");
    refused(e -> {}, t -> t.remove("maps.0.v"), "maps.0.v");
    refused(e -> {}, t -> t.put("other", tensor("other", new long[] {1}, 1)), "other");
    refused(
        e -> {},
        t -> t.put("gates.0.direction", tensor("gates.0.direction", new long[] {3}, 1, 2, 3)),
        "dimensions differ");
    refused(
        e -> {},
        t -> t.put("gates.0.direction", tensor("gates.0.direction", new long[] {2}, 0, 0)),
        "zero direction");
  }

  @Test
  void badValuesAreRefused() {
    Affine map = Affine.constant(new float[] {1, 2});
    bad(() -> new Affine(1, new float[1], new float[2], new float[2]), "U: 1 numbers, not 2");
    bad(() -> Affine.constant(new float[] {Float.NaN}), "b: number 0 is NaN");
    bad(() -> Affine.minusProjection(new float[2]), "length 0");
    bad(() -> Gate.clipped(reading(0, 1, 1), 1, 0, 2, 1), "from 2.0 to 1.0");
    bad(() -> Gate.above(reading(0, 1, 1), Double.NaN), "finite");
    bad(() -> new GatedEdit(List.of(), Loras.PROVENANCE), "without changes");
    bad(
        () -> new Change(new Layer(0), Site.ATTENTION, Positions.ALL, map, Gate.constant(1)),
        "layer 0");
    bad(
        () ->
            new Change(
                new Layer(2), Site.ATTENTION, Positions.ALL, map, Gate.above(reading(2, 1, 1), 0)),
        "too late");
    bad(
        () ->
            new GatedEdit(
                List.of(
                    Change.always(new Layer(1), map),
                    Change.always(new Layer(1), Affine.constant(new float[3]))),
                Loras.PROVENANCE),
        "3 != 2");
  }

  private static void bad(org.junit.jupiter.api.function.Executable value, String named) {
    String message = assertThrows(IllegalArgumentException.class, value).getMessage();
    assertTrue(message.contains(named), message);
  }

  @Test
  void scalingMultipliesTheMapsAndIsRecorded() {
    GatedEdit twice = edit().scaled(4).scaled(0.5);
    Affine map = twice.changes().get(0).affine();
    assertEquals(new Affine(1, new float[] {2, 4}, new float[] {3, 4}, new float[] {10, 12}), map);
    assertEquals(edit().changes().get(0).gate(), twice.changes().get(0).gate());
    assertEquals(2.0, twice.provenance().settings().get("scaled_by"));
  }

  @Test
  void mapsAboutAReferenceAreZeroThere() {
    float[] m = {3, -1, 2};
    Affine about = Affine.about(1, new float[] {1, 0, 2}, new float[] {0.5f, 2, -1}, m);
    for (double d : about.apply(m)) {
      assertEquals(0, d, 1e-6);
    }
  }
}
