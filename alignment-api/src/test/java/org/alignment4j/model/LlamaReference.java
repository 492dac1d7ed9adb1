package org.alignment4j.model;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.alignment4j.internal.tensor.SafetensorsFile;

/**
 * A Llama in plain loops and float64, written from its definition and not from the kernels, for
 * numbers that they are compared with.
 */
final class LlamaReference {
  private final ModelConfig config;
  private final Map<String, float[]> weights = new HashMap<>();

  /** Changes the residual stream of all tokens [T, D] at a place, in place. */
  interface Hook {
    /**
     * @param place 2l at the output of block l (0: the embeddings), 2l - 1 after its attention
     */
    void at(int place, double[][] x);
  }

  LlamaReference(ModelConfig config, Path folder) {
    this.config = config;
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("model.safetensors"))) {
      file.tensors().keySet().forEach(name -> weights.put(name, file.floats(name)));
    }
  }

  /** The logits of the token after the last. */
  double[] logits(int[] ids, Hook hook) {
    int d = config.width();
    double[][] x = new double[ids.length][d];
    float[] table = weights.get("model.embed_tokens.weight");
    for (int t = 0; t < ids.length; t++) {
      for (int j = 0; j < d; j++) {
        x[t][j] = table[ids[t] * d + j];
      }
    }
    hook.at(0, x);
    for (int block = 0; block < config.blocks(); block++) {
      String prefix = "model.layers." + block + ".";
      double[][] h = norm(x, prefix + "input_layernorm");
      add(x, times(attention(h, prefix + "self_attn."), prefix + "self_attn.o_proj", d));
      hook.at(2 * block + 1, x);
      h = norm(x, prefix + "post_attention_layernorm");
      double[][] gate = times(h, prefix + "mlp.gate_proj", config.mlpWidth());
      double[][] up = times(h, prefix + "mlp.up_proj", config.mlpWidth());
      for (int t = 0; t < gate.length; t++) {
        for (int j = 0; j < gate[t].length; j++) {
          gate[t][j] *= up[t][j] / (1 + Math.exp(-gate[t][j]));
        }
      }
      add(x, times(gate, prefix + "mlp.down_proj", d));
      hook.at(2 * block + 2, x);
    }
    double[][] last = {x[ids.length - 1]};
    String head = weights.containsKey("lm_head.weight") ? "lm_head" : "model.embed_tokens";
    return times(norm(last, "model.norm"), head, config.vocabulary())[0];
  }

  private double[][] attention(double[][] h, String prefix) {
    int size = config.headSize();
    double[][] q = rotated(times(h, prefix + "q_proj", config.heads() * size));
    double[][] k = rotated(times(h, prefix + "k_proj", config.kvHeads() * size));
    double[][] v = times(h, prefix + "v_proj", config.kvHeads() * size);
    double[][] out = new double[h.length][config.heads() * size];
    for (int head = 0; head < config.heads(); head++) {
      int shared = head * config.kvHeads() / config.heads();
      for (int t = 0; t < h.length; t++) {
        double[] weight = new double[t + 1];
        double sum = 0;
        for (int s = 0; s <= t; s++) {
          double score = 0;
          for (int j = 0; j < size; j++) {
            score += q[t][head * size + j] * k[s][shared * size + j];
          }
          weight[s] = Math.exp(score / Math.sqrt(size));
          sum += weight[s];
        }
        for (int s = 0; s <= t; s++) {
          for (int j = 0; j < size; j++) {
            out[t][head * size + j] += weight[s] / sum * v[s][shared * size + j];
          }
        }
      }
    }
    return out;
  }

  private double[][] rotated(double[][] x) {
    int size = config.headSize();
    double[][] y = new double[x.length][x[0].length];
    for (int t = 0; t < x.length; t++) {
      for (int from = 0; from < x[t].length; from += size) {
        for (int j = 0; j < size / 2; j++) {
          double angle = t * Math.pow(config.rope().base(), -2.0 * j / size);
          double a = x[t][from + j];
          double b = x[t][from + j + size / 2];
          y[t][from + j] = a * Math.cos(angle) - b * Math.sin(angle);
          y[t][from + j + size / 2] = b * Math.cos(angle) + a * Math.sin(angle);
        }
      }
    }
    return y;
  }

  private double[][] norm(double[][] x, String name) {
    float[] w = weights.get(name + ".weight");
    double[][] y = new double[x.length][w.length];
    for (int t = 0; t < x.length; t++) {
      double squares = 0;
      for (double f : x[t]) {
        squares += f * f;
      }
      for (int j = 0; j < w.length; j++) {
        y[t][j] = x[t][j] / Math.sqrt(squares / w.length + config.normEps()) * w[j];
      }
    }
    return y;
  }

  private double[][] times(double[][] x, String name, int out) {
    float[] w = weights.get(name + ".weight");
    double[][] y = new double[x.length][out];
    for (int t = 0; t < x.length; t++) {
      for (int o = 0; o < out; o++) {
        for (int j = 0; j < x[t].length; j++) {
          y[t][o] += x[t][j] * w[o * x[t].length + j];
        }
      }
    }
    return y;
  }

  private static void add(double[][] x, double[][] y) {
    for (int t = 0; t < x.length; t++) {
      for (int j = 0; j < x[t].length; j++) {
        x[t][j] += y[t][j];
      }
    }
  }
}
