package org.alignment4j.sysformer;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.alignment4j.adapter.Artifact;
import org.alignment4j.adapter.SoftPrompt;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.EncodedMessages.TokenRange;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.Layer;
import org.alignment4j.core.Provenance;
import org.alignment4j.model.Capture;
import org.alignment4j.model.LanguageModel;
import org.alignment4j.model.TokenPositions;

/**
 * A learned change of a system prompt's input embeddings: a small transformer that reads them and
 * the user's text (section 3 of the Sysformer paper, arXiv 2506.15751), or, with no layers, learned
 * embeddings that are the same for every request. Immutable; the arrays are not copied, so do not
 * modify them.
 *
 * <p>Ours, where the paper is silent: pre-norm residual sub-layers whose output projections start
 * at zero, so that a new Sysformer changes nothing; what they add is scaled by the root mean square
 * of the system prompt's embeddings, so that one learning rate suits every model.
 *
 * @param systemText the system prompt
 * @param shape size of the transformer
 * @param width the model's width D
 * @param scale root mean square of an element of the system prompt's embeddings
 * @param tensors by name, row-major, of the shapes that {@link #shapes} lists
 * @param provenance how it was made
 */
public record Sysformer(
    String systemText,
    Shape shape,
    int width,
    double scale,
    Map<String, float[]> tensors,
    Provenance provenance)
    implements Artifact {
  static final String SYSTEM = "system";
  static final String HEAD = "harm.weight";
  static final String BIAS = "harm.bias";

  /** Checks names and sizes, and that all numbers are finite. */
  public Sysformer {
    tensors = new LinkedHashMap<>(tensors);
    require(scale > 0 && Double.isFinite(scale), "scale must be positive, was %s", scale);
    for (Map.Entry<String, long[]> e : shapes(shape, width).entrySet()) {
      float[] values = tensors.get(e.getKey());
      if (values == null) {
        throw new IllegalArgumentException("tensor " + e.getKey() + " is missing");
      }
      long size = Arrays.stream(e.getValue()).reduce(1, (x, y) -> x * y);
      boolean fits = e.getKey().equals(SYSTEM) ? fills(values, width) : values.length == size;
      require(fits, "tensor %s has %s numbers", e.getKey(), values.length);
      for (int i = 0; i < values.length; i++) {
        require(Float.isFinite(values[i]), "%s is %s at %s", e.getKey(), values[i], i);
      }
    }
    require(
        tensors.size() == shapes(shape, width).size(), "unknown tensors in %s", tensors.keySet());
    tensors = java.util.Collections.unmodifiableMap(tensors);
  }

  private static boolean fills(float[] values, int width) {
    return values.length > 0 && values.length % width == 0;
  }

  /** Number n of tokens of the system prompt. */
  public int systemTokens() {
    return tensor(SYSTEM).length / width;
  }

  /**
   * Returns a static system prompt as a soft prompt, for PEFT. PEFT puts the rows before every
   * sequence, not at the system prompt's position; the provenance's setting {@code slot} is that
   * position in the template: the number of tokens before it.
   *
   * @throws IllegalArgumentException if this has layers, or the tokenizer encodes the system prompt
   *     as a different number of tokens
   */
  public SoftPrompt softPrompt(ChatTokenizer tokenizer) {
    require(shape.layers() == 0, "a Sysformer of %s layers has no static prompt", shape.layers());
    TokenRange slot =
        new RequestEncoder(tokenizer, systemText).row(Prompt.user("?"), false).system();
    require(
        slot.length() == systemTokens(),
        "the system prompt has %s tokens in this tokenizer, %s here",
        slot.length(),
        systemTokens());
    Map<String, Object> settings = new LinkedHashMap<>(provenance.settings());
    settings.put("slot", slot.start());
    Provenance from =
        new Provenance(
            provenance.method(),
            settings,
            provenance.seed(),
            provenance.inputs(),
            provenance.metrics());
    return new SoftPrompt(systemTokens(), width, tensor(SYSTEM).clone(), from);
  }

  float[] tensor(String name) {
    return java.util.Objects.requireNonNull(tensors.get(name), name);
  }

  /** Returns names and shapes of all tensors; -1 for the number of system prompt tokens. */
  static Map<String, long[]> shapes(Shape shape, int width) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put(SYSTEM, new long[] {-1, width});
    for (int k = 0; k < shape.layers(); k++) {
      for (String kind : new String[] {"self", "cross"}) {
        String prefix = "layers." + k + "." + kind + ".";
        shapes.put(prefix + "norm", new long[] {width});
        if (kind.equals("cross")) {
          shapes.put(prefix + "prompt_norm", new long[] {width});
        }
        shapes.put(prefix + "query", new long[] {shape.inner(), width});
        shapes.put(prefix + "key", new long[] {shape.inner(), width});
        shapes.put(prefix + "value", new long[] {shape.inner(), width});
        shapes.put(prefix + "output", new long[] {width, shape.inner()});
      }
    }
    shapes.put(HEAD, new long[] {width});
    shapes.put(BIAS, new long[] {1});
    return shapes;
  }

  /** Returns an untrained Sysformer, which changes nothing yet, for a model and a system prompt. */
  static Sysformer initial(
      LanguageModel model, String systemText, Shape shape, long seed, Provenance from) {
    int[] ids =
        new RequestEncoder(model.tokenizer(), systemText).row(Prompt.user("?"), false).systemIds();
    require(ids.length > 0, "the system prompt has no token of its own");
    Layer bottom = new Layer(0);
    float[][] rows =
        model
            .captureIds(
                List.of(new Encoded(ids, ids.length)),
                new Capture(List.of(bottom), TokenPositions.all()))
            .at(bottom);
    int width = model.config().width();
    float[] flat = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * width, width);
    }
    return initial(systemText, shape, width, flat, seed, from);
  }

  /**
   * Returns an untrained Sysformer, which changes nothing yet.
   *
   * @param embeddings the system prompt's embeddings [n, D], row-major
   */
  static Sysformer initial(
      String systemText,
      Shape shape,
      int width,
      float[] embeddings,
      long seed,
      Provenance provenance) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, float[]> tensors = new LinkedHashMap<>();
    shapes(shape, width)
        .forEach(
            (name, dims) -> {
              if (name.equals(SYSTEM)) {
                tensors.put(name, embeddings.clone());
                return;
              }
              float[] values = new float[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
              if (name.endsWith("norm")) {
                Arrays.fill(values, 1);
              } else if (dims.length == 2 && !name.endsWith("output")) {
                java.util.Random normal = new java.util.Random(random.nextLong());
                double deviation = 1 / Math.sqrt(width);
                for (int i = 0; i < values.length; i++) {
                  values[i] = (float) (deviation * normal.nextGaussian());
                }
              }
              tensors.put(name, values);
            });
    double square = 0;
    for (float v : embeddings) {
      square += (double) v * v;
    }
    double scale = Math.sqrt(square / embeddings.length);
    return new Sysformer(systemText, shape, width, scale, tensors, provenance);
  }

  /**
   * Writes {@code sysformer.json}, {@code sysformer.safetensors} and {@code provenance.json} into a
   * folder, which is created if absent.
   *
   * @throws org.alignment4j.core.CheckpointException if writing fails
   */
  @Override
  public void save(Path folder) {
    SysformerFolder.write(this, folder);
  }

  /**
   * Reads what {@link #save} wrote.
   *
   * @throws org.alignment4j.core.CheckpointException if a file is missing or damaged; names it
   */
  public static Sysformer load(Path folder) {
    return SysformerFolder.read(folder);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Sysformer o
        && systemText.equals(o.systemText)
        && shape.equals(o.shape)
        && width == o.width
        && scale == o.scale
        && provenance.equals(o.provenance)
        && tensors.keySet().equals(o.tensors.keySet())
        && tensors.keySet().stream().allMatch(n -> Arrays.equals(tensor(n), o.tensor(n)));
  }

  @Override
  public int hashCode() {
    return systemText.hashCode() * 31 + Arrays.hashCode(tensor(SYSTEM));
  }

  @Override
  public String toString() {
    return "Sysformer[" + shape + ", " + systemTokens() + " tokens of width " + width + "]";
  }

  /**
   * Size of a Sysformer: about 8 x layers x width x inner weights.
   *
   * @param layers number L of layers of self- and cross-attention; 0 for a static system prompt
   *     whose embeddings are learned, the SystemEmbedder
   * @param heads of each attention, dividing {@code inner}
   * @param inner width of queries, keys and values; the model's width in the paper, less for a
   *     bottleneck
   */
  public record Shape(int layers, int heads, int inner) {
    /**
     * @throws IllegalArgumentException if heads do not divide the inner width
     */
    public Shape {
      require(layers >= 0, "layers must be 0 or more, were %s", layers);
      require(
          heads >= 1 && inner >= heads && inner % heads == 0,
          "%s heads do not divide the inner width %s",
          heads,
          inner);
    }
  }
}
