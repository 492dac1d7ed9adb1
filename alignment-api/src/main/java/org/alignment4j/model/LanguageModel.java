package org.alignment4j.model;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.SoftPrompt;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.Layer;
import org.alignment4j.core.OutOfMemoryException;
import org.alignment4j.model.Capture.Activations;
import org.alignment4j.model.Completion.GeneratedToken;
import org.jspecify.annotations.Nullable;

/**
 * A white-box language model: an open-weight checkpoint whose hidden states can be read, steered
 * and tuned. Weights never change; {@link #with(Adapter)} and {@link #with(Steering...)} give views
 * that share them and are cheap enough to be made for one request; a model or view must stay open
 * while a view made of it is in use. Thread-safe: many threads may use one model and its views at
 * once.
 *
 * <p>Shapes in this package: B batch, T tokens, D width, H heads, K key/value heads, V vocabulary,
 * L blocks.
 */
public final class LanguageModel implements AutoCloseable {
  private final LoadedCheckpoint base;
  private final ForwardPass pass;

  /** Native memory that goes when this is closed; null if there is none of its own. */
  private final @Nullable NDManager own;

  private LanguageModel(LoadedCheckpoint base, ForwardPass pass, @Nullable NDManager own) {
    this.base = base;
    this.pass = pass;
    this.own = own;
  }

  /**
   * Loads a Hugging Face checkpoint folder onto the CPU.
   *
   * @throws CheckpointException if a file is missing or damaged, or a tensor does not fit; the
   *     message names file and tensor
   * @throws org.alignment4j.core.UnsupportedArchitectureException for architectures or options this
   *     version does not run
   * @throws OutOfMemoryException if the weights need more memory than there is, before any is taken
   */
  public static LanguageModel load(Path folder) {
    return load(folder, Device.cpu());
  }

  /** Loads a Hugging Face checkpoint folder onto a device; see {@link #load(Path)}. */
  public static LanguageModel load(Path folder, Device device) {
    return load(folder, device, Precision.FLOAT32);
  }

  /** Loads a Hugging Face checkpoint folder in a precision; see {@link #load(Path)}. */
  public static LanguageModel load(Path folder, Device device, Precision precision) {
    LoadedCheckpoint base = LoadedCheckpoint.load(folder, device, precision);
    return new LanguageModel(base, ForwardPass.of(base), base.manager());
  }

  /** The model's shape. */
  public ModelConfig config() {
    return pass.config();
  }

  /** In what its weights are kept and in what it computes. */
  public Precision precision() {
    return base.decoder().precision();
  }

  /** Where its weights lie and it runs. */
  public Device device() {
    return base.manager().getDevice();
  }

  /** The folder it was loaded from. */
  public Path folder() {
    return base.files().folder();
  }

  /** Most tokens of one sequence: the context, less a soft prompt that stands before each. */
  public int longestSequence() {
    return pass.longestSequence();
  }

  /** The highest layer, written by the last block. */
  public Layer topLayer() {
    return pass.topLayer();
  }

  /**
   * The checkpoint's tokenizer, loaded at its first use; it belongs to the model.
   *
   * @throws CheckpointException if the folder has none
   */
  public ChatTokenizer tokenizer() {
    return base.files().tokenizer();
  }

  /**
   * SHA-256 over the checkpoint's weight files and configuration, for provenance; read once, at
   * about half a gigabyte a second.
   */
  public String hash() {
    return base.files().hash();
  }

  /**
   * A view with an adapter applied, on top of those it has. A control vector is added as it is, see
   * {@link #with(ControlVector, double)}. Close the view to free the adapter's native memory; the
   * base stays open.
   *
   * @throws CheckpointException if the adapter does not fit this model
   */
  public LanguageModel with(Adapter adapter) {
    // Sealed, but patterns in switch come only after Java 17.
    if (adapter instanceof TunedBlock block) {
      return with(block);
    } else if (adapter instanceof LoraAdapter lora) {
      return with(lora);
    } else if (adapter instanceof SoftPrompt soft) {
      return with(soft);
    }
    return with((ControlVector) adapter, 1);
  }

  /**
   * A view with one block replaced, changes of it by a LoRA included; see {@link #with(Adapter)}.
   */
  public LanguageModel with(TunedBlock block) {
    return changed(m -> pass.with(block, m));
  }

  /**
   * A view that adds a LoRA's low-rank products to those of the matrices it changes; see {@link
   * #with(Adapter)}. Several LoRAs over one base are several views, which weigh their pairs only.
   */
  public LanguageModel with(LoraAdapter lora) {
    return changed(m -> pass.with(lora, m));
  }

  /**
   * A view with a LoRA merged into copies of the matrices it changes: as fast as the base, but
   * those matrices weigh a second time. Closing it is the unmerging.
   *
   * @throws CheckpointException if the adapter does not fit this model
   */
  public LanguageModel withMerged(LoraAdapter lora) {
    return changed(m -> pass.withMerged(lora, m));
  }

  /**
   * A view that puts a soft prompt before every sequence, behind one that it has; see {@link
   * #with(Adapter)}. Positions and captured rows are counted without it, the context with it.
   */
  public LanguageModel with(SoftPrompt soft) {
    return changed(m -> pass.with(soft, m));
  }

  /**
   * A view in which the ids -1 to -N, anywhere in a prompt's token ids, stand for input embeddings
   * of the caller's: id -1 - j for row j. Rows are in the units of layer 0, behind a family's
   * scaling of its embeddings. Close it to free them.
   *
   * @param rows [N, D]
   * @throws IllegalArgumentException if there are none, a width differs from the model's, or this
   *     view has given embeddings already
   */
  public LanguageModel withInputEmbeddings(float[][] rows) {
    return changed(m -> pass.withInputEmbeddings(rows, m));
  }

  /**
   * A view with a control vector times a coefficient added at its layers, on every token. Needs no
   * closing.
   *
   * @throws CheckpointException if a layer or the width does not fit
   */
  public LanguageModel with(ControlVector vector, double coefficient) {
    try {
      return with(Steering.of(vector, coefficient).toArray(Steering[]::new));
    } catch (IllegalArgumentException e) {
      throw new CheckpointException("the control vector does not fit: " + e.getMessage(), e);
    }
  }

  /**
   * A view with its residual stream changed while it runs; adds to changes it already has. Needs no
   * closing.
   *
   * @throws IllegalArgumentException if a layer or a vector's length does not fit
   */
  public LanguageModel with(Steering... changes) {
    return over(pass.with(List.of(changes)));
  }

  /**
   * A view in which each sequence of a call is steered by changes of its own, besides those of the
   * whole view. A call must have as many sequences as there are lists. Needs no closing.
   *
   * @param changes for the i-th sequence; a list may be empty
   * @throws IllegalArgumentException if a layer or a vector's length does not fit
   */
  public LanguageModel withEach(List<List<Steering>> changes) {
    return over(pass.withEach(changes));
  }

  /** A view that owns no memory. */
  LanguageModel over(ForwardPass other) {
    return new LanguageModel(base, other, null);
  }

  /** A view whose own native memory goes when it is closed. */
  private LanguageModel changed(Function<NDManager, ForwardPass> change) {
    NDManager manager = base.manager().newSubManager();
    try {
      return new LanguageModel(base, change.apply(manager), manager);
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }

  /** Reads hidden states of templated prompts; see {@link #captureIds}. */
  public Activations capture(List<Prompt> prompts, Capture capture) {
    return captureIds(encode(prompts), capture);
  }

  /**
   * Reads hidden states of token sequences, the final norm not applied.
   *
   * @param sequences token ids; all of a sequence is prompt if its {@code responseStart} is its end
   * @return rows in the order of sequences, then positions
   * @throws IllegalArgumentException if there is no sequence, one is empty or too long, or has an
   *     id outside the vocabulary; the message gives its index
   */
  public Activations captureIds(List<Encoded> sequences, Capture capture) {
    return new StateReader(pass, sequences, capture).read();
  }

  /** Logits of the token that follows each templated prompt; see {@link #nextTokenLogitsIds}. */
  public float[][] nextTokenLogits(List<Prompt> prompts) {
    return nextTokenLogitsIds(encodeIds(prompts));
  }

  /**
   * Logits of the token that follows each sequence.
   *
   * @return [sequences, V]
   * @throws IllegalArgumentException as in {@link #captureIds}
   */
  public float[][] nextTokenLogitsIds(List<int[]> sequences) {
    return pass.nextTokenLogits(sequences);
  }

  /** Answers templated prompts; see {@link #generateIds(List, Generation, Consumer)}. */
  public List<Completion> generate(List<Prompt> prompts, Generation settings) {
    return answers(encodeIds(prompts), settings, null);
  }

  /**
   * Answers templated prompts, telling of tokens as they come; see {@link #generateIds(List,
   * Generation, Consumer)}.
   */
  public List<Completion> generate(
      List<Prompt> prompts, Generation settings, Consumer<GeneratedToken> listener) {
    return answers(encodeIds(prompts), settings, listener);
  }

  /** Continues token sequences; see {@link #generateIds(List, Generation, Consumer)}. */
  public List<Completion> generateIds(List<int[]> sequences, Generation settings) {
    return answers(sequences, settings, null);
  }

  /**
   * Continues token sequences with a key/value cache, up to 32 at once and those of like length
   * together. Sequence i draws its n-th token with the n-th number of its own seed, so that its
   * text does not depend on what else is in the call, except where rounding, which a batch changes
   * in the last bits of a logit, decides between two tokens.
   *
   * <p>An interrupt ends it between two tokens. The listener is called on this thread, between two
   * tokens of the batch; what it throws ends generation and comes out of this call.
   *
   * @param listener hears of each token, a sequence's in order; sequences of more than one batch
   *     come batch after batch
   * @return one completion per sequence, in order
   * @throws IllegalArgumentException as in {@link #captureIds}, and if a sequence has no room for
   *     {@code minNewTokens}, there are seeds but not one for each sequence, or stop strings but no
   *     tokenizer
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public List<Completion> generateIds(
      List<int[]> sequences, Generation settings, Consumer<GeneratedToken> listener) {
    return answers(sequences, settings, listener);
  }

  private List<Completion> answers(
      List<int[]> sequences, Generation settings, @Nullable Consumer<GeneratedToken> listener) {
    return Generator.answers(pass, base.files(), sequences, settings, listener);
  }

  /**
   * Scores answers to a templated prompt, or continuations of the answer that it leaves open. Each
   * is tokenised together with the prompt, as one text and as the chat template writes it (some
   * templates strip spaces around an answer); its tokens are those from the first one on that the
   * prompt alone does not have. The token that ends a turn is not among them.
   *
   * @return one score per continuation, in order
   * @throws IllegalArgumentException as in {@link #scoreIds}
   */
  public List<ContinuationScore> score(Prompt prompt, List<String> continuations) {
    return ContinuedPrompt.of(tokenizer(), prompt, continuations).scores(pass);
  }

  /**
   * Scores continuations of one prefix, which runs once for all of them. What a steered view
   * changes in tokens to be generated, it changes in the continuations.
   *
   * @param prefix token ids, one at least
   * @param continuations token ids; one without tokens has none to score
   * @return one score per continuation, in order
   * @throws IllegalArgumentException if the prefix is empty, prefix and continuation are longer
   *     than the context, or an id lies outside the vocabulary; the message gives the
   *     continuation's index
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public List<ContinuationScore> scoreIds(int[] prefix, List<int[]> continuations) {
    return Scorer.scores(pass, prefix, continuations);
  }

  /**
   * How likely the model finds given responses: for each sequence the sum of the natural
   * log-probabilities of its response's tokens, each given all before it, in nats. A response from
   * token 0 on counts from token 1, since nothing predicts the first.
   *
   * @param sequences prompt and response as one text
   * @return one sum per sequence, in order, at most 0
   * @throws IllegalArgumentException as in {@link #captureIds}, and if a sequence has no response
   *     to predict; the message gives its index
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public double[] logProbabilities(List<Encoded> sequences) {
    return new Responses(pass, sequences, Responses.LOGITS).logProbabilities();
  }

  /**
   * How far this model has moved from another on given responses: for each sequence the mean over
   * its response's tokens of KL(this || start), exact over the vocabulary, in nats per token. The
   * tokens that count are those of {@link #logProbabilities}.
   *
   * @param start another view, or another model with a vocabulary of the same meaning
   * @param sequences prompt and response as one text
   * @return one mean per sequence, in order, at least 0
   * @throws IllegalArgumentException as in {@link #logProbabilities}, for either model, and if
   *     their vocabularies differ in size or they are on different devices
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public double[] divergence(LanguageModel start, List<Encoded> sequences) {
    return scoreAgainst(start, sequences).stream().mapToDouble(ResponseScore::divergence).toArray();
  }

  /**
   * {@link #logProbabilities} and {@link #divergence} of given responses by one pass of each model.
   * The log-probabilities are those of the other method up to rounding.
   *
   * @return one score per sequence, in order
   * @throws IllegalArgumentException as in {@link #divergence}
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public List<ResponseScore> scoreAgainst(LanguageModel start, List<Encoded> sequences) {
    return Responses.compared(pass, start.pass, sequences);
  }

  /** What runs when this is used. */
  ForwardPass pass() {
    return pass;
  }

  private List<Encoded> encode(List<Prompt> prompts) {
    return encodeIds(prompts).stream().map(ids -> new Encoded(ids, ids.length)).toList();
  }

  private List<int[]> encodeIds(List<Prompt> prompts) {
    ChatTokenizer tokenizer = tokenizer();
    return prompts.stream().map(tokenizer::encode).toList();
  }

  /** Frees this view's memory; the base model frees everything, its tokenizer included. */
  @Override
  public void close() {
    if (own == base.manager()) {
      base.close();
    } else if (own != null) {
      own.close();
    }
  }
}
