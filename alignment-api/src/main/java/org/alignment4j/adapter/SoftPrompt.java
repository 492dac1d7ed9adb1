package org.alignment4j.adapter;

import static org.alignment4j.internal.text.Arguments.require;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Provenance;
import org.alignment4j.internal.tensor.SafetensorsFile;
import org.alignment4j.internal.tensor.StorageType;
import org.alignment4j.internal.tensor.TensorSource;
import org.alignment4j.internal.text.Shown;

/**
 * Input embeddings put before every sequence, as in prompt tuning (Lester et al. 2021). Immutable:
 * the array is not copied, so do not modify it. Equal if all numbers are. Rows are hidden states at
 * layer 0: in families that scale their embeddings (Gemma) they are taken after the scaling, as in
 * transformers 5. transformers 4 scaled a soft prompt's rows too, so one tuned there must be
 * multiplied by the square root of D.
 *
 * @param tokens n, number of virtual tokens
 * @param width D, the model's width
 * @param values [n, D], row-major
 * @param provenance how it was made; its settings {@code base_model_name_or_path}, {@code
 *     revision}, {@code num_layers} and {@code num_attention_heads} are written to the saved
 *     configuration
 */
public record SoftPrompt(int tokens, int width, float[] values, Provenance provenance)
    implements Adapter {
  static final String TYPE = "PROMPT_TUNING";
  private static final String TENSOR = "prompt_embeddings";

  /** Keys that are read here, or that only concern the start of training. */
  private static final Set<String> KNOWN =
      Set.of(
          "num_virtual_tokens",
          "token_dim",
          "num_transformer_submodules",
          "num_attention_heads",
          "num_layers",
          "prompt_tuning_init",
          "prompt_tuning_init_text",
          "tokenizer_name_or_path",
          "tokenizer_kwargs");

  /** Checks the shape, and that all numbers are finite. */
  public SoftPrompt {
    require(tokens >= 1 && width >= 1, "a soft prompt of %s tokens of width %s", tokens, width);
    require(
        values.length == (long) tokens * width,
        "%s numbers do not fill [%s, %s]",
        values.length,
        tokens,
        width);
    int at = Finite.firstExcept(values);
    require(at < 0, "number %s of a soft prompt is %s", at, at < 0 ? 0 : values[at]);
  }

  /**
   * Writes {@code adapter_config.json} and {@code adapter_model.safetensors}, which Hugging Face's
   * PEFT loads as prompt tuning, and {@code provenance.json} into a folder, which is created if
   * absent.
   *
   * @throws CheckpointException if writing fails
   */
  @Override
  public void save(Path folder) {
    JsonObject config = PeftFolder.common(TYPE, provenance);
    config.addProperty("num_virtual_tokens", tokens);
    config.addProperty("token_dim", width);
    config.addProperty("num_transformer_submodules", 1);
    // PEFT takes the base model's numbers for these two if they are null
    config.add("num_layers", PeftFolder.number(provenance, "num_layers"));
    config.add("num_attention_heads", PeftFolder.number(provenance, "num_attention_heads"));
    config.addProperty("prompt_tuning_init", "RANDOM");
    long[] shape = {tokens, width};
    new PeftFolder(folder)
        .write(
            config, List.of(TensorSource.of(TENSOR, StorageType.F32, shape, values)), provenance);
  }

  /**
   * Loads a soft prompt that PEFT's prompt tuning or {@link #save} wrote. F64, F32, F16 and BF16
   * are converted to float32.
   *
   * @throws CheckpointException if a file is missing or damaged, or the tensor does not match the
   *     configuration; the message names file, tensor, expected and found
   * @throws org.alignment4j.core.UnsupportedArchitectureException for an option beyond a plain soft
   *     prompt; the message names it
   */
  public static SoftPrompt load(Path folder) {
    PeftFolder peft = new PeftFolder(folder);
    JsonFile config = peft.config(TYPE, KNOWN);
    int tokens = config.count("num_virtual_tokens");
    if (config.get("num_transformer_submodules") != null
        && config.count("num_transformer_submodules") != 1) {
      throw PeftFolder.unsupported(config, "num_transformer_submodules", "1");
    }
    try (SafetensorsFile file = peft.weights()) {
      long[] shape = file.info(TENSOR).shape();
      if (file.tensors().size() != 1) {
        throw new CheckpointException(
            file.path()
                + ": expected only "
                + TENSOR
                + ", found "
                + Shown.value(file.tensors().keySet()));
      }
      long width = shape.length == 2 ? shape[1] : 0;
      if (width < 1
          || width > Integer.MAX_VALUE
          || shape[0] != tokens
          || (config.get("token_dim") != null && config.count("token_dim") != width)) {
        throw new CheckpointException(
            file.path()
                + ": "
                + TENSOR
                + ": expected shape ["
                + tokens
                + ", "
                + (config.get("token_dim") == null ? "D" : config.count("token_dim"))
                + "], found "
                + Arrays.toString(shape));
      }
      return new SoftPrompt(
          tokens, (int) width, Finite.read(file, TENSOR), peft.provenance(config));
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SoftPrompt o
        && tokens == o.tokens
        && width == o.width
        && Arrays.equals(values, o.values)
        && provenance.equals(o.provenance);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(new int[] {tokens, width, Arrays.hashCode(values)});
  }

  @Override
  public String toString() {
    return "SoftPrompt[tokens=" + tokens + ", width=" + width + "]";
  }
}
