package org.alignment4j.model;

import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.alignment4j.internal.tensor.GgufArchitecture;
import org.alignment4j.internal.tensor.GgufValue;
import org.alignment4j.internal.tensor.GgufWriter;
import org.alignment4j.internal.tensor.ModelFiles;
import org.alignment4j.model.Family.Trait;

/**
 * A configuration as GGUF files state it, in the keys that llama.cpp reads. What llama.cpp would
 * compute otherwise is rejected, or noted if it shows in long texts only.
 */
final class GgufParameters {
  /** The number of blocks from which llama.cpp tells Gemma 2 27B. */
  private static final int LARGEST_GEMMA2 = 46;

  private final Path origin;
  private final ModelConfig c;
  private final GgufArchitecture architecture;
  private final Map<String, GgufValue> metadata = new LinkedHashMap<>();
  private final List<GgufWriter.Tensor> tensors = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  private GgufParameters(Path origin, ModelConfig config, GgufArchitecture architecture) {
    this.origin = origin;
    this.c = config;
    this.architecture = architecture;
  }

  /**
   * @throws UnsupportedArchitectureException if llama.cpp would not compute what the configuration
   *     says; the message names the value
   */
  static GgufParameters of(Path origin, ModelConfig config, GgufArchitecture architecture) {
    GgufParameters all = new GgufParameters(origin, config, architecture);
    all.sizes();
    all.rotary();
    all.window();
    all.extras();
    return all;
  }

  /** Values by key. */
  Map<String, GgufValue> metadata() {
    return metadata;
  }

  /** Factors of the rotary frequencies. */
  List<GgufWriter.Tensor> tensors() {
    return tensors;
  }

  /** What the file does not keep. */
  List<String> notes() {
    return notes;
  }

  private void sizes() {
    count("vocab_size", c.vocabulary());
    count("context_length", c.contextLength());
    count("embedding_length", c.width());
    count("block_count", c.blocks());
    count("feed_forward_length", c.mlpWidth());
    count("attention.head_count", c.heads());
    count("attention.head_count_kv", c.kvHeads());
    count("attention.key_length", c.headSize());
    count("attention.value_length", c.headSize());
    number("attention.layer_norm_rms_epsilon", c.normEps());
  }

  private void rotary() {
    number("rope.freq_base", c.rope().base());
    count("rope.dimension_count", c.rope().rotated(c.headSize()));
    Rope.Scaling scaling = c.rope().scaling();
    boolean phi = architecture == GgufArchitecture.PHI3;
    if (scaling instanceof Rope.Linear linear) {
      text("rope.scaling.type", "linear");
      number("rope.scaling.factor", linear.factor());
    } else if (scaling instanceof Rope.Yarn yarn) {
      yarn(yarn);
    } else if (scaling instanceof Rope.Llama3 llama3) {
      factors("rope_freqs.weight", divisors(llama3));
    } else if (scaling instanceof Rope.LongRope longRope) {
      if (!phi) {
        text("rope.scaling.type", "longrope");
      }
      count("rope.scaling.original_context_length", longRope.originalContext());
      number("rope.scaling.attn_factor", longRope.attentionFactor());
      factors("rope_factors_long.weight", floats(longRope.longFactors()));
      factors("rope_factors_short.weight", floats(longRope.shortFactors()));
    } else if (phi) { // required, though without a scaling it changes nothing
      count("rope.scaling.original_context_length", originalContext());
    }
  }

  private int originalContext() {
    JsonElement stated = ModelFiles.config(origin).get("original_max_position_embeddings");
    return stated instanceof JsonPrimitive number && number.isNumber()
        ? number.getAsInt()
        : FamilyDefaults.of(c.family()).originalContext();
  }

  private void yarn(Rope.Yarn yarn) {
    if (!yarn.truncate()) {
      throw unsupported("truncate = false of the rotary scaling");
    }
    text("rope.scaling.type", "yarn");
    number("rope.scaling.factor", yarn.factor());
    count("rope.scaling.original_context_length", yarn.originalContext());
    number("rope.scaling.yarn_beta_fast", yarn.betaFast());
    number("rope.scaling.yarn_beta_slow", yarn.betaSlow());
    double usual = yarn.factor() <= 1 ? 1 : 0.1 * Math.log(yarn.factor()) + 1;
    if (Math.abs(yarn.attentionFactor() / usual - 1) > 1e-6) {
      number("rope.scaling.attn_factor", yarn.attentionFactor() / usual);
    }
  }

  /** What each frequency is divided by. */
  private float[] divisors(Rope.Llama3 scaling) {
    int rotated = c.rope().rotated(c.headSize());
    float[] powers = new float[rotated / 2];
    float[] plain = new float[powers.length];
    for (int i = 0; i < powers.length; i++) {
      powers[i] = (float) Math.pow(c.rope().base(), 2.0 * i / rotated);
      plain[i] = 1 / powers[i];
    }
    float[] scaled = scaling.scale(plain, powers, c.rope().base(), 0);
    float[] factors = new float[powers.length];
    for (int i = 0; i < powers.length; i++) {
      factors[i] = plain[i] / scaled[i];
    }
    return factors;
  }

  private static float[] floats(List<Double> values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i).floatValue();
    }
    return floats;
  }

  private void factors(String name, float[] values) {
    boolean read =
        architecture == GgufArchitecture.LLAMA
            || (architecture == GgufArchitecture.PHI3 && name.startsWith("rope_factors"));
    if (!read) {
      throw unsupported("this rotary scaling in architecture " + architecture.key());
    }
    tensors.add(GgufWriter.Tensor.of(name, new long[] {values.length}, values));
  }

  private void window() {
    boolean windowed = c.windowed().contains(true);
    switch (architecture) {
      case GEMMA2 -> {
        for (int i = 0; i < c.blocks(); i++) {
          if (c.windowed().get(i) != (i % 2 == 0)) {
            throw unsupported("windows in other blocks than every second one");
          }
        }
        count("attention.sliding_window", c.slidingWindow());
      }
      case PHI3 -> count("attention.sliding_window", windowed ? c.slidingWindow() : 0);
      default -> {
        // llama.cpp has no windows here.
      }
    }
    if (windowed && architecture != GgufArchitecture.GEMMA2) {
      notes.add(
          "llama.cpp does not run the sliding window of architecture "
              + architecture.key()
              + ": texts of more than "
              + c.slidingWindow()
              + " tokens have other logits there");
    }
  }

  private void extras() {
    ModelConfig.Extras extras = c.extras();
    ModelConfig.Activation usual =
        c.family().has(Trait.TANH_GELU)
            ? ModelConfig.Activation.GELU_TANH
            : ModelConfig.Activation.SILU;
    if (extras.activation() != usual) {
      throw unsupported("the activation " + extras.activation());
    }
    boolean large = architecture == GgufArchitecture.GEMMA2 && c.blocks() == LARGEST_GEMMA2;
    double size = large ? c.width() / (double) c.heads() : c.headSize();
    if (Math.abs(extras.scoreScale() * Math.sqrt(size) - 1) > 1e-6) {
      throw unsupported("attention scores scaled by " + extras.scoreScale());
    }
    if (architecture == GgufArchitecture.GEMMA2) {
      if (extras.scoreCap() == 0 || extras.logitCap() == 0) {
        throw unsupported("no soft cap");
      }
      number("attn_logit_softcapping", extras.scoreCap());
      number("final_logit_softcapping", extras.logitCap());
    }
    if (c.family().has(Trait.TIED_BY_DEFAULT) && !c.tiedHead()) {
      throw unsupported("an output layer that is not tied to the embeddings");
    }
  }

  private void count(String key, long value) {
    metadata.put(architecture.key() + "." + key, GgufValue.ofUint32(Math.toIntExact(value)));
  }

  private void number(String key, double value) {
    metadata.put(architecture.key() + "." + key, GgufValue.ofFloat32((float) value));
  }

  private void text(String key, String value) {
    metadata.put(architecture.key() + "." + key, GgufValue.of(value));
  }

  private UnsupportedArchitectureException unsupported(String what) {
    return new UnsupportedArchitectureException(
        origin + ": GGUF files of architecture " + architecture.key() + " have no " + what);
  }
}
