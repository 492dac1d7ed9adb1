package org.alignment4j.model;

import static org.alignment4j.internal.text.Arguments.require;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntPredicate;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.adapter.GatedEdit;
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
 * and tuned. Weights never change; {@link #with(Adapter)} and {@link #with(Steering...)} return
 * views that share them and are cheap enough to create per request. A model or view must stay open
 * while a view of it is in use. Thread-safe: many threads may use one model and its views
 * concurrently.
 *
 * <p>Shapes in this package: B batch, T tokens, D width, H heads, K key/value heads, V vocabulary,
 * L blocks.
 */
public final class LanguageModel implements AutoCloseable {
  private final LoadedCheckpoint base;
  private final ForwardPass pass;

  /** Native memory freed when this is closed; null if it owns none. */
  private final @Nullable NDManager own;

  private LanguageModel(LoadedCheckpoint base, ForwardPass pass, @Nullable NDManager own) {
    this.base = base;
    this.pass = pass;
    this.own = own;
  }

  /**
   * The path of a model on this machine, for {@link #load(Path)}: {@code
   * ollama:[[HOST/]NAMESPACE/]NAME[:TAG]} in Ollama's store, {@code
   * hf:ORG/NAME[@REVISION][/FILE.gguf]} in the cache of the Hugging Face hub, or a path.
   *
   * @throws CheckpointException if a store has no such model or several; the message lists them
   */
  public static Path locate(String name) {
    return LocalModels.ofProcess().locate(name);
  }

  /**
   * Loads a Hugging Face checkpoint folder, or a GGUF file (any part of a split one), onto the CPU.
   *
   * @throws CheckpointException if a file is missing or damaged, or a tensor has the wrong shape;
   *     the message names file and tensor
   * @throws org.alignment4j.core.UnsupportedArchitectureException for architectures or options this
   *     version does not run
   * @throws OutOfMemoryException if the weights need more memory than is available, before any is
   *     allocated
   */
  public static LanguageModel load(Path path) {
    return load(path, Device.cpu());
  }

  /**
   * Loads a model onto a device, in {@link Precision#defaultFor its default precision}; see {@link
   * #load(Path)}.
   */
  public static LanguageModel load(Path path, Device device) {
    return load(path, device, Precision.defaultFor(path, device));
  }

  /** Loads a model in a precision; see {@link #load(Path)}. */
  public static LanguageModel load(Path path, Device device, Precision precision) {
    LoadedCheckpoint base = LoadedCheckpoint.load(path, device, precision);
    return new LanguageModel(base, ForwardPass.of(base), base.manager());
  }

  /** How {@link #writeGguf} stores matrices; all else is F32. */
  public enum GgufWeights {
    F32,
    F16,
    BF16,
    Q8_0,
    Q4_0
  }

  /**
   * Writes a model as one GGUF file; what an adapter does not change in GGUF is copied as it is.
   *
   * @param adapter a LoRA or tuned block to be merged; null for none
   * @param weights the type of matrices, in GGUF of the changed ones; Q4_0 may lose most of what a
   *     LoRA changes
   * @return what the file does not keep or stores otherwise, for users
   * @throws CheckpointException if model and adapter do not fit or cannot be stored so
   * @throws org.alignment4j.core.UnsupportedArchitectureException if GGUF has no form of the model
   */
  public static List<String> writeGguf(
      Path model, @Nullable Adapter adapter, GgufWeights weights, Path file) {
    return GgufConversion.write(model, adapter, weights, file);
  }

  /** The model's configuration. */
  public ModelConfig config() {
    return pass.config();
  }

  /** The types in which its weights are stored and its computations run. */
  public Precision precision() {
    return base.decoder().precision();
  }

  /** The device that holds its weights and runs it. */
  public Device device() {
    return base.manager().getDevice();
  }

  /** The folder or GGUF file it was loaded from. */
  public Path path() {
    return base.files().path();
  }

  /** Maximum number of tokens in a sequence: the context length, less a soft prompt's tokens. */
  public int longestSequence() {
    return pass.longestSequence();
  }

  /** The highest layer, written by the last block. */
  public Layer topLayer() {
    return pass.topLayer();
  }

  /**
   * The checkpoint's tokenizer, loaded on first use; owned by the model.
   *
   * @throws CheckpointException if it has no tokenizer
   */
  public ChatTokenizer tokenizer() {
    return base.files().tokenizer();
  }

  /**
   * SHA-256 over the checkpoint's weight files and configuration, for provenance. Computed on the
   * first call, at about half a gigabyte per second, then kept.
   */
  public String hash() {
    return base.files().hash();
  }

  /**
   * A view with an adapter applied in addition to those this one has. A control vector is added
   * with coefficient 1, see {@link #with(ControlVector, double)}. Close the view to free the
   * adapter's native memory; the base stays open.
   *
   * @throws CheckpointException if the adapter does not fit this model
   */
  public LanguageModel with(Adapter adapter) {
    // Sealed, but pattern matching for switch needs Java 21.
    if (adapter instanceof TunedBlock block) {
      return with(block);
    } else if (adapter instanceof LoraAdapter lora) {
      return with(lora);
    } else if (adapter instanceof SoftPrompt soft) {
      return with(soft);
    } else if (adapter instanceof GatedEdit edit) {
      return changed(m -> pass.with(edit, m));
    }
    return with((ControlVector) adapter, 1);
  }

  /**
   * A view with one block replaced, including a LoRA's changes of it; see {@link #with(Adapter)}.
   */
  public LanguageModel with(TunedBlock block) {
    return changed(m -> pass.with(block, m));
  }

  /**
   * A view that adds a LoRA's low-rank products to those of the matrices it changes; see {@link
   * #with(Adapter)}. Several LoRAs over one base are separate views; each needs memory only for its
   * own matrices A and B.
   */
  public LanguageModel with(LoraAdapter lora) {
    return changed(m -> pass.with(lora, m));
  }

  /**
   * A view with a LoRA merged into copies of the matrices it changes: as fast as the base, but
   * those matrices take memory a second time. Close it to free them. In {@link Precision#INT8} and
   * {@link Precision#INT4} the sum with the checkpoint's values is rounded to 8 bits; it stays
   * float32 where they cannot be read any more, and where a LoRA was merged before, as rounded
   * values would lose most of a small change.
   *
   * @throws CheckpointException if the adapter does not fit this model
   */
  public LanguageModel withMerged(LoraAdapter lora) {
    return changed(m -> pass.withMerged(lora, m));
  }

  /**
   * A view that puts a soft prompt before every sequence, after one that it already has; see {@link
   * #with(Adapter)}. Positions and captured rows do not count its tokens; the context length does.
   */
  public LanguageModel with(SoftPrompt soft) {
    return changed(m -> pass.with(soft, m));
  }

  /**
   * A view in which the ids -1 to -N, anywhere in a prompt's token ids, denote input embeddings: id
   * -1 - j is row j. Rows are hidden states at layer 0, after a family's scaling of its embeddings.
   * Close it to free them.
   *
   * @param rows [N, D]
   * @throws IllegalArgumentException if there are none, a row's width differs from the model's, or
   *     this view already has input embeddings
   */
  public LanguageModel withInputEmbeddings(float[][] rows) {
    return changed(m -> pass.withInputEmbeddings(rows, m));
  }

  /**
   * A view that adds a control vector times a coefficient at its layers, on every token. Needs no
   * closing.
   *
   * @throws CheckpointException if a layer or the width does not match the model
   */
  public LanguageModel with(ControlVector vector, double coefficient) {
    try {
      return with(Steering.of(vector, coefficient).toArray(Steering[]::new));
    } catch (IllegalArgumentException e) {
      throw new CheckpointException("the control vector does not fit: " + e.getMessage(), e);
    }
  }

  /**
   * A view that steers the residual stream, in addition to this view's steering. Needs no closing.
   *
   * @throws IllegalArgumentException if a layer or a vector's length does not match the model
   */
  public LanguageModel with(Steering... changes) {
    return over(pass.with(List.of(changes)));
  }

  /**
   * A view that steers each sequence of a call separately, in addition to the steering of all
   * sequences. Every call must have as many sequences as there are lists. Needs no closing.
   *
   * @param changes steering of the i-th sequence; a list may be empty
   * @throws IllegalArgumentException if a layer or a vector's length does not match the model
   */
  public LanguageModel withEach(List<List<Steering>> changes) {
    return over(pass.withEach(changes));
  }

  /** A view that owns no memory. */
  LanguageModel over(ForwardPass other) {
    return new LanguageModel(base, other, null);
  }

  /** A view that owns native memory, freed when it is closed. */
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
   * Reads hidden states of token sequences, before the final norm.
   *
   * @param sequences token ids; a sequence is all prompt if its {@code responseStart} is its length
   * @return rows ordered by sequence, then position
   * @throws IllegalArgumentException if there are no sequences, or one is empty, too long or has an
   *     id outside the vocabulary; the message names its index
   */
  public Activations captureIds(List<Encoded> sequences, Capture capture) {
    return new StateReader(pass, sequences, capture).read();
  }

  /** Logits of the token after each templated prompt; see {@link #nextTokenLogitsIds}. */
  public float[][] nextTokenLogits(List<Prompt> prompts) {
    return nextTokenLogitsIds(encodeIds(prompts));
  }

  /**
   * Logits of the token after each sequence.
   *
   * @return [sequences, V]
   * @throws IllegalArgumentException as in {@link #captureIds}
   */
  public float[][] nextTokenLogitsIds(List<int[]> sequences) {
    return pass.nextTokenLogits(sequences);
  }

  /**
   * Generates completions of templated prompts; see {@link #generateIds(List, Generation,
   * Consumer)}.
   */
  public List<Completion> generate(List<Prompt> prompts, Generation settings) {
    return completions(encodeIds(prompts), settings, null);
  }

  /**
   * Generates completions of templated prompts, passing each token to a listener; see {@link
   * #generateIds(List, Generation, Consumer)}.
   */
  public List<Completion> generate(
      List<Prompt> prompts, Generation settings, Consumer<GeneratedToken> listener) {
    return completions(encodeIds(prompts), settings, listener);
  }

  /**
   * Generates completions of token sequences; see {@link #generateIds(List, Generation, Consumer)}.
   */
  public List<Completion> generateIds(List<int[]> sequences, Generation settings) {
    return completions(sequences, settings, null);
  }

  /**
   * Generates completions of token sequences with a key/value cache, in batches of up to 32
   * sequences of similar length. Sequence i draws its n-th token with the n-th number of its own
   * seed, so its text does not depend on the other sequences of the call, except where two tokens
   * are so close that rounding decides: batching changes the last bits of the logits.
   *
   * <p>An interrupt ends the call between two tokens. The listener is called on the calling thread,
   * between two tokens of the batch; an exception that it throws ends generation and is rethrown.
   *
   * @param listener called with each token, a sequence's tokens in order; with several batches, one
   *     batch after another
   * @return one completion per sequence, in order
   * @throws IllegalArgumentException as in {@link #captureIds}, and if a sequence has no room for
   *     {@code minNewTokens}, the number of seeds is neither 0 nor that of the sequences, or there
   *     are stop strings but no tokenizer
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public List<Completion> generateIds(
      List<int[]> sequences, Generation settings, Consumer<GeneratedToken> listener) {
    return completions(sequences, settings, listener);
  }

  private List<Completion> completions(
      List<int[]> sequences, Generation settings, @Nullable Consumer<GeneratedToken> listener) {
    return Generator.completions(pass, base.files(), sequences, settings, listener);
  }

  /**
   * Scores responses to a templated prompt, or continuations of the assistant message that ends it.
   * Each is tokenised together with the prompt, as one text and as the chat template renders it
   * (some templates strip spaces around a response); scored are the tokens from the first one that
   * differs from the prompt's own. The end-of-turn token is not scored.
   *
   * @return one score per continuation, in order
   * @throws IllegalArgumentException as in {@link #scoreIds}
   */
  public List<ContinuationScore> score(Prompt prompt, List<String> continuations) {
    return score(List.of(prompt), List.of(continuations)).get(0);
  }

  /**
   * Scores responses to several prompts, as {@link #score(Prompt, List)} does of each, and together
   * as {@link #scoreIds(List, List)} does.
   *
   * @param continuations a list for each prompt
   * @return one score per continuation, in order
   * @throws IllegalArgumentException as in {@link #scoreIds(List, List)}
   */
  public List<List<ContinuationScore>> score(
      List<Prompt> prompts, List<List<String>> continuations) {
    require(
        prompts.size() == continuations.size(),
        "%s prompts, continuations of %s",
        prompts.size(),
        continuations.size());
    List<ContinuedPrompt> continued = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      continued.add(ContinuedPrompt.of(tokenizer(), prompts.get(i), continuations.get(i)));
    }
    return ContinuedPrompt.scores(pass, continued);
  }

  /**
   * Scores continuations of one prefix, which runs once for all of them. A steered view steers the
   * continuations as it would steer generated tokens.
   *
   * @param prefix token ids, at least one
   * @param continuations token ids; an empty one gets an empty score
   * @return one score per continuation, in order
   * @throws IllegalArgumentException if the prefix is empty, prefix and continuation together
   *     exceed the context length, or an id is outside the vocabulary; the message names the
   *     continuation's index
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public List<ContinuationScore> scoreIds(int[] prefix, List<int[]> continuations) {
    return Scorer.scores(pass, prefix, continuations);
  }

  /**
   * Scores continuations of several prefixes, as {@link #scoreIds(int[], List)} does of each. What
   * prefixes and continuations begin with in common runs once, and short ones run together, so this
   * is faster for many questions of one form; the results are the same up to rounding. On views
   * with steering, gated edits or input embeddings each prefix runs by itself.
   *
   * @param prefixes token ids, at least one each
   * @param continuations token ids, a list for each prefix
   * @return one score per continuation, in order
   * @throws IllegalArgumentException if the numbers of prefixes and lists differ, and as in {@link
   *     #scoreIds(int[], List)}; the message names the prefix's index
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public List<List<ContinuationScore>> scoreIds(
      List<int[]> prefixes, List<List<int[]>> continuations) {
    return Scorer.scores(pass, prefixes, continuations);
  }

  /**
   * Log-probabilities of given responses: for each sequence the sum of the natural
   * log-probabilities of its response's tokens, each given all tokens before it, in nats. If the
   * response starts at token 0, the sum starts at token 1, since nothing predicts the first.
   *
   * @param sequences prompt and response as one text
   * @return one sum per sequence, in order, at most 0
   * @throws IllegalArgumentException as in {@link #captureIds}, and if a sequence has no response
   *     to predict; the message names its index
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public double[] logProbabilities(List<Encoded> sequences) {
    return new Responses(pass, sequences, Responses.LOGITS).logProbabilities();
  }

  /**
   * Divergence of this model from another on given responses: for each sequence the mean over its
   * response's tokens of KL(this || start), exact over the vocabulary, in nats per token. The
   * tokens are those of {@link #logProbabilities}.
   *
   * @param start another view, or another model with the same vocabulary
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
   * Computes {@link #logProbabilities} and {@link #divergence} of given responses in one pass of
   * each model. The log-probabilities equal those of the other method up to rounding.
   *
   * @return one score per sequence, in order
   * @throws IllegalArgumentException as in {@link #divergence}
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public List<ResponseScore> scoreAgainst(LanguageModel start, List<Encoded> sequences) {
    return scoreAgainst(start, sequences, i -> true);
  }

  /**
   * The same, where the divergence of some sequences only is wanted: the other model does not run
   * the rest. Responses of the same prompt are best scored in one call: the prompt then runs once.
   *
   * @param diverging indices of the sequences whose divergence is computed; that of others is NaN
   * @return one score per sequence, in order
   * @throws IllegalArgumentException as in {@link #divergence}
   */
  public List<ResponseScore> scoreAgainst(
      LanguageModel start, List<Encoded> sequences, IntPredicate diverging) {
    return Responses.compared(pass, start.pass, sequences, diverging);
  }

  /**
   * This model's predictions of given responses, for {@link #scoreAgainst(ResponseScore.Reference,
   * List)} of other models.
   *
   * @param sequences prompt and response as one text
   * @throws IllegalArgumentException as in {@link #logProbabilities}
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public ResponseScore.Reference reference(List<Encoded> sequences) {
    return new ResponseScore.Reference(pass, sequences);
  }

  /**
   * The same as {@link #scoreAgainst(LanguageModel, List, IntPredicate)} without running the other
   * model.
   *
   * @param start the other model's predictions of the responses whose divergence is wanted
   * @param others further responses, whose divergence is NaN; those of a prompt of {@code start}
   *     cost less in the same call
   * @return one score per sequence: those of {@code start}, then the others, in order
   * @throws IllegalArgumentException as in {@link #divergence}
   * @throws org.alignment4j.core.CancelledException if the thread is interrupted
   */
  public List<ResponseScore> scoreAgainst(ResponseScore.Reference start, List<Encoded> others) {
    return Responses.compared(pass, start, others);
  }

  /** The forward pass of this view. */
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

  /**
   * Frees this view's native memory; closing the base model frees everything, including its
   * tokenizer.
   */
  @Override
  public void close() {
    if (own == base.manager()) {
      base.close();
    } else if (own != null) {
      own.close();
    }
  }
}
