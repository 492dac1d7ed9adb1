package org.alignment4j.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alignment4j.adapter.LoraAdapter.Target;
import org.alignment4j.adapter.Loras.Stored;
import org.alignment4j.core.Layer;
import org.alignment4j.internal.tensor.Checkpoint;
import org.alignment4j.internal.tensor.StorageType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against adapters that Hugging Face's PEFT wrote; the resources' README says how. */
class PeftTests {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"qv", "all", "prompt"})
  void whatPeftWroteIsWrittenAgainBitForBit(String name) {
    Path peft = Loras.peft(name);
    Adapter.load(peft).save(folder);
    Map<String, Stored> before = Loras.tensors(peft.resolve("adapter_model.safetensors"));
    Map<String, Stored> after = Loras.tensors(folder.resolve("adapter_model.safetensors"));
    assertEquals(before.keySet(), after.keySet());
    before.forEach(
        (key, t) -> {
          assertArrayEquals(t.shape(), after.get(key).shape());
          assertArrayEquals(t.values(), after.get(key).values());
        });
    Map<String, JsonElement> expected = meaning(Loras.config(peft));
    expected.remove("target_modules");
    expected.remove("layers_to_transform");
    Map<String, JsonElement> found = meaning(Loras.config(folder));
    found.remove("target_modules");
    found.remove("layers_to_transform");
    assertEquals(expected, found);
    assertEquals(Adapter.load(peft), Adapter.load(folder));
  }

  /** What is neither absent nor off, and not about PEFT itself or options that are off. */
  private static Map<String, JsonElement> meaning(JsonObject config) {
    Map<String, JsonElement> meaning = new LinkedHashMap<>();
    JsonFile file = new JsonFile(Path.of("x"), config);
    for (String key : config.keySet()) {
      boolean number = file.get(key) != null && !(config.get(key).toString().matches("\\{}|false"));
      if (number && !Set.of("peft_version", "megatron_core", "qalora_group_size").contains(key)) {
        meaning.put(key, config.get(key));
      }
    }
    return meaning;
  }

  @Test
  void itIsReadAsWhatPeftSays() {
    LoraAdapter qv = LoraAdapter.load(Loras.peft("qv"));
    assertEquals(4, qv.rank());
    assertEquals(16, qv.alpha());
    assertEquals(8, qv.targets().size());
    Set<String> names = new HashSet<>();
    for (Target t : qv.targets()) {
      names.add(t.layer().index() + " " + t.module());
      assertEquals(64, t.in());
    }
    assertTrue(names.contains("1 self_attn.q_proj") && names.contains("4 self_attn.v_proj"));
    LoraAdapter all = LoraAdapter.load(Loras.peft("all"));
    assertEquals(3.5, all.alpha());
    assertEquals(28, all.targets().size());
    assertEquals("llama2", all.provenance().settings().get("base_model_name_or_path"));
    SoftPrompt prompt = SoftPrompt.load(Loras.peft("prompt"));
    assertEquals(List.of(3, 64), List.of(prompt.tokens(), prompt.width()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"qv", "all"})
  void mergedWeightsAreThoseOfPeft(String name) {
    LoraAdapter lora = LoraAdapter.load(Loras.peft(name));
    lora.merge(Loras.LLAMA, folder);
    Map<String, Stored> expected = Loras.tensors(Loras.peft(name).resolve("expected.safetensors"));
    try (Checkpoint base = Checkpoint.open(Loras.LLAMA);
        Checkpoint merged = Checkpoint.open(folder)) {
      assertEquals(base.names(), merged.names());
      expected.keySet().remove("logits");
      assertEquals(1, expected.size());
      expected.forEach(
          (tensor, t) -> assertArrayEquals(t.values(), merged.floats(tensor), 1e-6f, tensor));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = StorageType.class,
      names = {"F64", "F32", "F16", "BF16"})
  void allFormsOfNamesAndAllPrecisionsAreRead(StorageType type) throws IOException {
    LoraAdapter lora = Loras.small();
    for (List<String> form :
        List.of(
            List.of("base_model.model.", ""),
            List.of("", ""),
            List.of("base_model.model.", ".default"),
            List.of("", ".default"))) {
      Path to = folder.resolve(form.get(0) + "x" + form.get(1));
      lora.save(to);
      Loras.editTensors(
          to,
          type,
          tensors -> {
            Map<String, Stored> renamed = new LinkedHashMap<>();
            tensors.forEach(
                (n, t) ->
                    renamed.put(
                        n.replace("base_model.model.", form.get(0))
                            .replace(".weight", form.get(1) + ".weight"),
                        t));
            tensors.clear();
            tensors.putAll(renamed);
          });
      LoraAdapter loaded = LoraAdapter.load(to);
      assertEquals(lora.targets().size(), loaded.targets().size());
      for (int i = 0; i < lora.targets().size(); i++) {
        Target expected = lora.targets().get(i);
        Target found = loaded.targets().get(i);
        assertEquals(expected.layer(), found.layer());
        assertEquals(expected.module(), found.module());
        float step = type == StorageType.BF16 ? 1 / 256f : type == StorageType.F16 ? 1 / 2048f : 0;
        assertArrayEquals(expected.a(), found.a(), 2 * step);
        assertArrayEquals(expected.b(), found.b(), 2 * step);
        assertEquals(step == 0, Arrays.equals(expected.a(), found.a()));
      }
    }
  }

  @Test
  void theConfigurationNamesExactlyTheTargets() {
    Loras.small().save(folder);
    JsonObject config = Loras.config(folder);
    assertEquals(
        "[\"model.layers.0.self_attn.q_proj\",\"model.layers.2.self_attn.q_proj\","
            + "\"model.layers.2.mlp.down_proj\"]",
        config.get("target_modules").toString());
    assertTrue(config.get("layers_to_transform").isJsonNull());
    assertTrue(config.get("base_model_name_or_path").isJsonNull());
    assertEquals("5", config.get("lora_alpha").toString());
    assertEquals("0.25", config.get("lora_dropout").toString());
    LoraAdapter even =
        new LoraAdapter(2, 2.5, Loras.small().targets().subList(0, 2), Loras.PROVENANCE);
    even.save(folder);
    config = Loras.config(folder);
    assertEquals("[\"self_attn.q_proj\"]", config.get("target_modules").toString());
    assertEquals("[0,2]", config.get("layers_to_transform").toString());
    assertEquals("2.5", config.get("lora_alpha").toString());
    assertEquals(even, LoraAdapter.load(folder), "a second save replaces the first");
    assertEquals(new Layer(3), even.targets().get(1).layer());
  }
}
