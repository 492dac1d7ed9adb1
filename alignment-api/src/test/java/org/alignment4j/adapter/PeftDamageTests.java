package org.alignment4j.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.alignment4j.adapter.Loras.Stored;
import org.alignment4j.core.AlignmentException;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.tensor.StorageType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged PEFT folders, and adapters of richer kinds, are refused by name. */
class PeftDamageTests {
  private static final String Q0 = "base_model.model.model.layers.0.self_attn.q_proj.lora_";

  @TempDir Path folder;
  private Path lora;
  private Path prompt;
  private Path weights;

  @BeforeEach
  void save() {
    lora = folder.resolve("lora");
    prompt = folder.resolve("prompt");
    weights = lora.resolve("adapter_model.safetensors");
    Loras.small().save(lora);
    new SoftPrompt(2, 3, new float[] {1, 2, 3, 4, 5, 6}, Loras.PROVENANCE).save(prompt);
  }

  private static String refused(
      Class<? extends AlignmentException> type, Path folder, String... named) {
    String message = assertThrows(type, () -> Adapter.load(folder)).getMessage();
    assertTrue(message.contains(folder.toString()), message);
    for (String part : named) {
      assertTrue(message.contains(part), message);
    }
    return message;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "use_rslora=true",
        "use_dora=true",
        "use_qalora=true",
        "lora_bias=true",
        "bias=\"lora_only\"",
        "bias=\"all\"",
        "alpha_pattern={\"q_proj\":3}",
        "rank_pattern={\"q_proj\":3}",
        "modules_to_save=[\"lm_head\"]",
        "trainable_token_indices=[1]",
        "target_parameters=[\"x\"]",
        "layer_replication=[[0,2]]",
        "alora_invocation_tokens=[5]",
        "megatron_config={\"x\":1}",
        "init_lora_weights=\"pissa\"",
        "init_lora_weights=\"pissa_niter_4\"",
        "init_lora_weights=\"olora\"",
        "init_lora_weights=\"loftq\"",
        "init_lora_weights=[]",
        "an_option_to_come=true",
        "another_option_to_come={\"a\":1}",
        "peft_type=\"IA3\"",
        "peft_type=\"ADALORA\"",
        "task_type=\"SEQ_CLS\""
      })
  void whatWouldBeMisreadIsRefusedByName(String change) {
    String[] parts = change.split("=", 2);
    Loras.editConfig(lora, c -> c.add(parts[0], JsonParser.parseString(parts[1])));
    refused(UnsupportedArchitectureException.class, lora, "adapter_config.json", parts[0]);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "use_rslora=false",
        "modules_to_save=[]",
        "alpha_pattern=null",
        "bias=null",
        "task_type=null",
        "init_lora_weights=\"gaussian\"",
        "fan_in_fan_out=true",
        "loftq_config={\"loftq_bits\":4}",
        "number_to_come=16",
        "switch_to_come=false",
        "lora_dropout=null",
        "target_modules=\"all-linear\""
      })
  void whatChangesNothingIsRead(String change) {
    String[] parts = change.split("=", 2);
    Loras.editConfig(lora, c -> c.add(parts[0], JsonParser.parseString(parts[1])));
    assertEquals(Loras.small(), Adapter.load(lora));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "r=0",
        "r=-1",
        "r=1.5",
        "r=\"2\"",
        "r=[2]",
        "r=null",
        "r=1e99",
        "r=1e999999999",
        "r=true",
        "lora_alpha=\"16\"",
        "lora_alpha=null",
        "lora_alpha={}",
        "lora_alpha=1e999",
        "lora_dropout=\"x\"",
        "bias=3",
        "task_type=[]",
        "peft_type=5",
        "peft_type=null",
        "base_model_name_or_path=7",
        "r=3",
        "r=1"
      })
  void membersOfTheWrongKindAreRefused(String change) {
    String[] parts = change.split("=", 2);
    Loras.editConfig(lora, c -> c.add(parts[0], JsonParser.parseString(parts[1])));
    refused(CheckpointException.class, lora);
  }

  @Test
  void theKindMustBeThere() {
    Loras.editConfig(lora, c -> c.remove("peft_type"));
    refused(CheckpointException.class, lora, "peft_type", "found none");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "target_modules=5",
        "target_modules=[1]",
        "target_modules={}",
        "target_modules=\"(\"",
        "target_modules=\"[a-z&&[b]]\"",
        "target_modules=\"(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)!\"",
        "exclude_modules=7",
        "layers_to_transform=\"1\"",
        "layers_to_transform=[0.5]",
        "layers_to_transform=[[1]]",
        "layers_pattern=\"layers\"",
        "layers_pattern=[null]"
      })
  void targetsThatCannotBeReadAreRefusedByName(String change) {
    String[] parts = change.split("=", 2);
    Loras.editConfig(
        lora,
        c -> {
          c.remove("layers_to_transform");
          c.add(parts[0], JsonParser.parseString(parts[1]));
        });
    refused(AlignmentException.class, lora, "adapter_config.json", parts[0]);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "null",
        "{} {}",
        "{'peft_type': 'LORA'}",
        "{\"r\": NaN}",
        "\u0000",
        "{\"r\":2,}"
      })
  void aConfigurationThatIsNoJsonObjectIsRefused(String text) throws IOException {
    Files.writeString(lora.resolve("adapter_config.json"), text);
    refused(CheckpointException.class, lora, "adapter_config.json");
    Files.writeString(lora.resolve("adapter_config.json"), "[".repeat(200_000));
    refused(CheckpointException.class, lora, "adapter_config.json");
    Files.write(lora.resolve("adapter_config.json"), new byte[] {'{', (byte) 0xff, '}'});
    refused(CheckpointException.class, lora, "adapter_config.json");
  }

  @Test
  void aConfigurationInAnotherSyntaxThanJsonsIsRefused() throws IOException {
    Path config = lora.resolve("adapter_config.json");
    String good = Files.readString(config);
    for (String bad :
        List.of(good.replace('"', '\''), "// note\n" + good, good.replaceFirst("true", "TRUE"))) {
      Files.writeString(config, bad);
      refused(CheckpointException.class, lora, "adapter_config.json");
    }
  }

  private void edited(Consumer<Map<String, Stored>> edit, String... named) {
    Loras.editTensors(lora, StorageType.F32, edit);
    refused(CheckpointException.class, lora, named);
  }

  @Test
  void tensorsThatDoNotFitAreRefusedByName() {
    edited(t -> t.remove(Q0 + "B.weight"), Q0 + "A.weight", "only");
    save();
    edited(t -> t.remove(Q0 + "A.weight"), Q0 + "B.weight", "only");
    save();
    edited(
        t -> t.put(Q0 + "A.weight", new Stored(new long[] {3, 64}, new float[192])),
        Q0 + "A.weight",
        "[2, in]",
        "[3, 64]");
    save();
    edited(
        t -> t.put(Q0 + "B.weight", new Stored(new long[] {128}, new float[128])),
        Q0 + "B.weight",
        "[out, 2]",
        "[128]");
    save();
    edited(t -> t.put(Q0 + "B.weight", new Stored(new long[] {0, 2}, new float[0])), "[0, 2]");
    save();
    edited(t -> t.get(Q0 + "A.weight").values()[9] = Float.NaN, Q0 + "A.weight", "NaN at 9");
    save();
    edited(
        t -> t.get(Q0 + "B.weight").values()[1] = Float.NEGATIVE_INFINITY,
        Q0 + "B.weight",
        "-Infinity at 1");
    save();
    edited(t -> t.put("stray", new Stored(new long[] {1}, new float[1])), "found stray");
    save();
    edited(Map::clear, "found none");
    save();
    edited(
        t -> t.put(Q0.substring(17) + "A.default.weight", t.get(Q0 + "A.weight")),
        "the same matrix");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "base_model.model.lm_head.lora_A.weight",
        "base_model.model.model.embed_tokens.lora_embedding_A",
        "base_model.model.model.norm.lora_A.weight",
        "base_model.model.model.layers.0.input_layernorm.lora_A.weight",
        "base_model.model.model.layers.0.self_attn.q_norm.lora_A.weight",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector",
        "base_model.model.model.layers.0.self_attn.q_proj.lora_B.bias"
      })
  void tensorsOfOtherPartsOfTheModelAreRefusedByName(String name) {
    Loras.editTensors(
        lora, StorageType.F32, t -> t.put(name, new Stored(new long[] {2, 64}, new float[128])));
    refused(UnsupportedArchitectureException.class, lora, name);
  }

  @Test
  void aSoftPromptThatDoesNotFitIsRefused() throws IOException {
    Loras.editConfig(prompt, c -> c.addProperty("num_virtual_tokens", 3));
    refused(CheckpointException.class, prompt, "prompt_embeddings", "[3, 3]", "[2, 3]");
    Loras.editConfig(prompt, c -> c.addProperty("num_virtual_tokens", 2));
    Loras.editConfig(prompt, c -> c.addProperty("token_dim", 4));
    refused(CheckpointException.class, prompt, "[2, 4]", "[2, 3]");
    Loras.editConfig(prompt, c -> c.remove("token_dim"));
    assertEquals(3, SoftPrompt.load(prompt).width());
    Loras.editConfig(prompt, c -> c.addProperty("num_transformer_submodules", 2));
    refused(UnsupportedArchitectureException.class, prompt, "num_transformer_submodules");
    Loras.editConfig(prompt, c -> c.add("num_transformer_submodules", JsonNull.INSTANCE));
    Loras.editTensors(
        prompt, StorageType.F32, t -> t.put("x", new Stored(new long[] {1}, new float[1])));
    refused(CheckpointException.class, prompt, "only prompt_embeddings");
    Loras.editTensors(prompt, StorageType.F32, t -> t.remove("x"));
    Loras.editTensors(
        prompt, StorageType.F32, t -> t.get("prompt_embeddings").values()[4] = Float.NaN);
    refused(CheckpointException.class, prompt, "prompt_embeddings", "NaN at 4");
    Loras.editTensors(prompt, StorageType.F32, Map::clear);
    refused(CheckpointException.class, prompt, "prompt_embeddings");
  }

  @Test
  void truncatedAndFlippedFilesNeverEscapeAsOtherErrors() throws IOException {
    for (Path file : List.of(weights, prompt.resolve("adapter_model.safetensors"))) {
      byte[] all = Files.readAllBytes(file);
      for (int n = 0; n < all.length; n += 1 + all.length / 100) {
        Files.write(file, java.util.Arrays.copyOf(all, n));
        refused(CheckpointException.class, file.getParent());
      }
      Random random = new Random(4);
      int header = all[0] & 0xff | (all[1] & 0xff) << 8;
      for (int i = 0; i < 200; i++) {
        byte[] flipped = all.clone();
        flipped[random.nextInt(8 + header)] ^= (byte) (1 << random.nextInt(8));
        Files.write(file, flipped);
        loads(file.getParent());
      }
      Files.write(file, all);
    }
  }

  private static void loads(Path folder) {
    try {
      Adapter.load(folder);
    } catch (AlignmentException e) {
      assertTrue(e.getMessage().contains(folder.toString()), e.getMessage());
    }
  }

  @Test
  void nonsenseInAnyMemberNeverEscapesAsOtherErrors() throws IOException {
    JsonArray array = new JsonArray();
    array.add(new JsonObject());
    List<JsonElement> nonsense = new ArrayList<>(List.of(array, JsonNull.INSTANCE));
    nonsense.add(JsonParser.parseString("{\"a\":{\"b\":[1e999]}}"));
    nonsense.add(JsonParser.parseString("-1e999999999999"));
    for (Number n : new Number[] {0, -1, 1, 1.5, 1e300, 2147483647L, 1L << 62}) {
      nonsense.add(new JsonPrimitive(n));
    }
    for (String s : List.of("", "x", "NaN", "\u0000", "../..")) {
      nonsense.add(new JsonPrimitive(s));
    }
    nonsense.add(new JsonPrimitive(true));
    for (Path adapter : List.of(lora, prompt, copy("qv"), copy("prompt"))) {
      String good = Files.readString(adapter.resolve("adapter_config.json"));
      for (String key : Loras.config(adapter).keySet()) {
        for (JsonElement value : nonsense) {
          Loras.editConfig(adapter, c -> c.add(key, value));
          loads(adapter);
          Files.writeString(adapter.resolve("adapter_config.json"), good);
        }
      }
    }
    String good = Files.readString(lora.resolve("provenance.json"));
    for (String key : JsonParser.parseString(good).getAsJsonObject().keySet()) {
      for (JsonElement value : nonsense) {
        JsonObject bad = JsonParser.parseString(good).getAsJsonObject();
        bad.add(key, value);
        Files.writeString(lora.resolve("provenance.json"), bad.toString());
        loads(lora);
      }
    }
  }

  private Path copy(String name) throws IOException {
    Path to = Files.createDirectories(folder.resolve("peft-" + name));
    for (String file : List.of("adapter_config.json", "adapter_model.safetensors")) {
      Files.copy(Loras.peft(name).resolve(file), to.resolve(file));
    }
    return to;
  }
}
