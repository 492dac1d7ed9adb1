package org.alignment4j.model;

import static org.alignment4j.core.Arguments.require;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.alignment4j.adapter.Adapter;
import org.alignment4j.adapter.ControlVector;
import org.alignment4j.adapter.LoraAdapter;
import org.alignment4j.adapter.SoftPrompt;
import org.alignment4j.adapter.TunedBlock;
import org.alignment4j.chat.ChatTokenizer;
import org.alignment4j.chat.Encoded;
import org.alignment4j.chat.Message;
import org.alignment4j.chat.Prompt;
import org.alignment4j.core.AvailableMemory;
import org.alignment4j.core.Cancellation;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.DjlDefaults;
import org.alignment4j.core.Hashes;
import org.alignment4j.core.InputFile;
import org.alignment4j.core.Layer;
import org.alignment4j.core.NativeFailure;
import org.alignment4j.core.OutOfMemoryException;
import org.alignment4j.model.Activations.Label;
import org.alignment4j.tensor.Checkpoint;
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
  /** Places B x T of one forward pass on the way to hidden states. */
  static final int CAPTURE_TOKENS = 1024;

  private static final int GENERATE_ROWS = 32;

  /** Places B x T of the prompts that are answered together, one prompt at least. */
  private static final int GENERATE_TOKENS = 8192;

  private final Base base;
  private final State state;

  /** Native memory that goes when this is closed; null if there is none of its own. */
  private final @Nullable NDManager own;

  private final boolean isBase;

  /** What all views of one checkpoint share. */
  private record Base(Path folder, NDManager manager, Decoder decoder, FolderFiles files) {}

  /**
   * What a view runs with.
   *
   * @param steering of every sequence
   * @param each further steering of the i-th sequence of a call, or null
   * @param virtual [n + N, D] input embeddings: n before every sequence, N that negative ids stand
   *     for; or null
   * @param prefix n
   */
  private record State(
      Weights weights,
      List<Steering> steering,
      @Nullable List<List<Steering>> each,
      @Nullable NDArray virtual,
      int prefix) {
    State with(Weights other) {
      return new State(other, steering, each, virtual, prefix);
    }

    State with(List<Steering> all, @Nullable List<List<Steering>> own) {
      return new State(weights, all, own, virtual, prefix);
    }

    boolean steered() {
      return !steering.isEmpty() || each != null;
    }
  }

  private LanguageModel(Base base, State state, @Nullable NDManager own, boolean isBase) {
    this.base = base;
    this.state = state;
    this.own = own;
    this.isBase = isBase;
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
    DjlDefaults.apply();
    ModelConfig stated = ModelConfig.read(folder);
    if (!device.isGpu()) {
      requireRoom(folder, stated, precision, AvailableMemory.bytes());
    }
    NDManager manager = newManager(device);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      ModelConfig config = Weights.withStoredHead(checkpoint, stated);
      Weights weights = Weights.load(checkpoint, config, precision, manager);
      Decoder decoder = new Decoder(config, precision, manager);
      Base base = new Base(folder, manager, decoder, new FolderFiles(folder));
      return new LanguageModel(base, new State(weights, List.of(), null, null, 0), manager, true);
    } catch (OutOfMemoryError e) {
      manager.close();
      throw OutOfMemoryException.of("loading " + folder, e);
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }

  /** Being ended by the system half way through would be worse than not to begin. */
  static void requireRoom(
      Path folder, ModelConfig config, Precision precision, OptionalLong available) {
    long needed = config.loadBytes(precision);
    if (available.isPresent() && needed > available.getAsLong()) {
      throw new OutOfMemoryException(
          String.format(
              Locale.ROOT,
              "%s needs about %d MiB in %s, %d MiB are available; a shorter precision or a smaller"
                  + " model fits",
              folder,
              needed >> 20,
              precision,
              available.getAsLong() >> 20));
    }
  }

  private static NDManager newManager(Device device) {
    try {
      return NDManager.newBaseManager(device, "PyTorch");
    } catch (RuntimeException | LinkageError | AssertionError e) {
      throw NativeFailure.engine(e);
    }
  }

  /** The model's shape. */
  public ModelConfig config() {
    return base.decoder.config();
  }

  /** In what its weights are kept and in what it computes. */
  public Precision precision() {
    return base.decoder.precision();
  }

  /** Where its weights lie and it runs. */
  public Device device() {
    return base.manager.getDevice();
  }

  /** The folder it was loaded from. */
  public Path folder() {
    return base.folder;
  }

  /** Most tokens of one sequence: the context, less a soft prompt that stands before each. */
  public int longestSequence() {
    return config().contextLength() - virtualTokens();
  }

  /** The highest layer, written by the last block. */
  public Layer topLayer() {
    return new Layer(config().blocks());
  }

  /**
   * The checkpoint's tokenizer, loaded at its first use; it belongs to the model.
   *
   * @throws CheckpointException if the folder has none
   */
  public ChatTokenizer tokenizer() {
    return base.files.get();
  }

  /**
   * SHA-256 over the checkpoint's weight files and configuration, for provenance; read once, at
   * about half a gigabyte a second.
   */
  public String hash() {
    return base.files.hash();
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
    require(
        block.layer().index() <= config().blocks(),
        "%s of a model of %s blocks",
        block.layer(),
        config().blocks());
    return changed(
        m ->
            state.with(
                state.weights.withBlockAlone(
                    block.layer(),
                    BlockTensors.toNative(config(), precision(), block, m),
                    m.create(new Shape(0)))));
  }

  /**
   * A view that adds a LoRA's low-rank products to those of the matrices it changes; see {@link
   * #with(Adapter)}. Several LoRAs over one base are several views, which weigh their pairs only.
   */
  public LanguageModel with(LoraAdapter lora) {
    LowRank places = LowRank.of(config(), lora);
    return changed(
        m -> state.with(places.applied(state.weights, fused(places, lora, m), base.decoder, m)));
  }

  /**
   * A view with a LoRA merged into copies of the matrices it changes: as fast as the base, but
   * those matrices weigh a second time. Closing it is the unmerging.
   *
   * @throws CheckpointException if the adapter does not fit this model
   */
  public LanguageModel withMerged(LoraAdapter lora) {
    LowRank places = LowRank.of(config(), lora);
    return changed(
        m -> {
          try (NDManager scope = m.newSubManager()) {
            return state.with(
                places.merged(state.weights, fused(places, lora, scope), base.decoder, m));
          }
        });
  }

  private List<NDArray> fused(LowRank places, LoraAdapter lora, NDManager manager) {
    try (NDManager scope = manager.newSubManager()) {
      List<NDArray> parts = places.toNative(scope);
      NDList fused = base.decoder.fuseLowRank(scope, places, parts, lora.scale(), true);
      fused.attach(manager);
      return fused;
    }
  }

  /**
   * A view that puts a soft prompt before every sequence, behind one that it has; see {@link
   * #with(Adapter)}. Positions and captured rows are counted without it, the context with it.
   */
  public LanguageModel with(SoftPrompt soft) {
    if (soft.width() != config().width()) {
      throw new CheckpointException(
          "the soft prompt's width is " + soft.width() + ", the model's " + config().width());
    }
    require(
        virtualTokens() + soft.tokens() < config().contextLength(),
        "a soft prompt of %s tokens leaves no room in the context of %s",
        soft.tokens(),
        config().contextLength());
    require(givenRows() == 0, "put a soft prompt before a sequence first, then give embeddings");
    return withRows(soft.values(), soft.tokens(), virtualTokens() + soft.tokens());
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
    require(rows.length > 0, "no input embeddings");
    require(givenRows() == 0, "this view has given embeddings already");
    int width = config().width();
    float[] flat = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      require(
          rows[i].length == width,
          "input embedding %s has %s numbers, the model's width is %s",
          i,
          rows[i].length,
          width);
      System.arraycopy(rows[i], 0, flat, i * width, width);
    }
    return withRows(flat, rows.length, virtualTokens());
  }

  private LanguageModel withRows(float[] values, int rows, int prefix) {
    return changed(
        m -> {
          NDArray own = m.create(values, new Shape(rows, config().width()));
          NDArray all = state.virtual == null ? own : state.virtual.concat(own, 0);
          all.attach(m);
          return new State(state.weights, state.steering, state.each, all, prefix);
        });
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
    List<Steering> all = new ArrayList<>(state.steering);
    for (Steering s : changes) {
      all.add(fitting(s));
    }
    return new LanguageModel(base, state.with(List.copyOf(all), state.each), null, false);
  }

  /**
   * A view in which each sequence of a call is steered by changes of its own, besides those of the
   * whole view. A call must have as many sequences as there are lists. Needs no closing.
   *
   * @param changes for the i-th sequence; a list may be empty
   * @throws IllegalArgumentException if a layer or a vector's length does not fit
   */
  public LanguageModel withEach(List<List<Steering>> changes) {
    require(!changes.isEmpty(), "no sequences to steer");
    require(state.each == null, "this view has changes per sequence already");
    List<List<Steering>> each = new ArrayList<>();
    for (List<Steering> own : changes) {
      own.forEach(this::fitting);
      each.add(List.copyOf(own));
    }
    return new LanguageModel(base, state.with(state.steering, each), null, false);
  }

  private Steering fitting(Steering s) {
    require(s.layer().index() <= config().blocks(), "no %s in this model", s.layer());
    require(
        s.vector().length == config().width(),
        "the vector has %s numbers, the model's width is %s",
        s.vector().length,
        config().width());
    return s;
  }

  /** A view whose own native memory goes when it is closed. */
  private LanguageModel changed(Function<NDManager, State> change) {
    NDManager manager = base.manager.newSubManager();
    try {
      return new LanguageModel(base, change.apply(manager), manager, false);
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
    check(sequences.stream().map(Encoded::ids).toList());
    require(capture.top().index() <= config().blocks(), "no %s in this model", capture.top());
    int[][] positions = new int[sequences.size()][];
    List<Label> labels = new ArrayList<>();
    int[] firstRow = new int[sequences.size()];
    for (int i = 0; i < positions.length; i++) {
      Encoded e = sequences.get(i);
      positions[i] = capture.positions().resolve(e.ids().length, e.responseStart());
      firstRow[i] = labels.size();
      for (int p : positions[i]) {
        labels.add(new Label(i, p));
      }
    }
    Map<Layer, float[][]> values = new LinkedHashMap<>();
    capture.layers().forEach(l -> values.put(l, new float[labels.size()][]));
    List<int[]> ids = prepared(sequences.stream().map(Encoded::ids).toList());
    int[] starts = sequences.stream().mapToInt(Encoded::responseStart).toArray();
    for (Batch batch : Batch.group(ids, CAPTURE_TOKENS, Batch.Side.RIGHT)) {
      Cancellation.check("capture");
      captureBatch(batch.withResponseStarts(starts), capture, positions, firstRow, values);
    }
    return new Activations(labels, values);
  }

  private void captureBatch(
      Batch batch,
      Capture capture,
      int[][] positions,
      int[] firstRow,
      Map<Layer, float[][]> values) {
    List<Long> rows = new ArrayList<>();
    boolean onePerSequence = true;
    int[] first = batch.firstTokens();
    for (int b = 0; b < batch.size(); b++) {
      int[] own = positions[batch.index()[b]];
      onePerSequence &= own.length == 1;
      for (int p : own) {
        rows.add((long) first[b] + p + virtualTokens());
      }
    }
    long[] flat = rows.stream().mapToLong(Long::longValue).toArray();
    long[] pick = onePerSequence && !state.steered() ? flat : null;
    try (NDManager scope = base.manager.newSubManager()) {
      NDList found = hidden(scope, batch, capture.top(), capture.layers(), flat, pick);
      for (int j = 0; j < capture.layers().size(); j++) {
        float[] all = found.get(1 + j).toFloatArray();
        float[][] into = java.util.Objects.requireNonNull(values.get(capture.layers().get(j)));
        int row = 0;
        for (int b = 0; b < batch.size(); b++) {
          int i = batch.index()[b];
          for (int k = 0; k < positions[i].length; k++, row++) {
            into[firstRow[i] + k] =
                Arrays.copyOfRange(all, row * config().width(), (row + 1) * config().width());
          }
        }
      }
    }
  }

  /** The output of the block that writes {@code top}, then the captured rows. */
  NDList hidden(
      NDManager scope,
      Batch batch,
      Layer top,
      List<Layer> captures,
      long[] rows,
      long @Nullable [] pick) {
    NDArray x =
        base.decoder.embed(
            scope, batch.tokenIds(scope), state.weights.embeddings(), state.virtual, false);
    return base.decoder.blocks(
        scope,
        x,
        state.weights.range(0, top.index()),
        batch,
        new Decoder.Pass(
            0, top.index(), captures, rows, top.index() == 0 ? null : pick, edits(scope, batch, 0)),
        false);
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
    check(sequences);
    float[][] logits = new float[sequences.size()][];
    for (Batch batch : Batch.group(prepared(sequences), CAPTURE_TOKENS, Batch.Side.RIGHT)) {
      Cancellation.check("logits");
      try (NDManager scope = base.manager.newSubManager()) {
        NDArray last = lastHidden(scope, batch);
        float[] all = base.decoder.head(scope, last, state.weights).toFloatArray();
        for (int b = 0; b < batch.size(); b++) {
          logits[batch.index()[b]] =
              Arrays.copyOfRange(all, b * config().vocabulary(), (b + 1) * config().vocabulary());
        }
      }
    }
    return logits;
  }

  private NDArray lastHidden(NDManager scope, Batch batch) {
    long[] last = batch.lastTokens();
    if (!state.steered()) {
      return hidden(scope, batch, topLayer(), List.of(), last, last).get(0);
    }
    return hidden(scope, batch, topLayer(), List.of(topLayer()), last, null).get(1);
  }

  /** Answers templated prompts; see {@link #generateIds(List, Generation, Consumer)}. */
  public List<Completion> generate(List<Prompt> prompts, Generation settings) {
    return continued(encodeIds(prompts), settings, null);
  }

  /**
   * Answers templated prompts, telling of tokens as they come; see {@link #generateIds(List,
   * Generation, Consumer)}.
   */
  public List<Completion> generate(
      List<Prompt> prompts, Generation settings, Consumer<GeneratedToken> listener) {
    return continued(encodeIds(prompts), settings, listener);
  }

  /** Continues token sequences; see {@link #generateIds(List, Generation, Consumer)}. */
  public List<Completion> generateIds(List<int[]> sequences, Generation settings) {
    return continued(sequences, settings, null);
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
    return continued(sequences, settings, listener);
  }

  private List<Completion> continued(
      List<int[]> sequences, Generation settings, @Nullable Consumer<GeneratedToken> listener) {
    check(sequences);
    check(sequences, settings);
    List<int[]> prepared = prepared(sequences);
    Completion[] result = new Completion[sequences.size()];
    List<Integer> order = new ArrayList<>(IntStream.range(0, result.length).boxed().toList());
    order.sort(java.util.Comparator.comparingInt(i -> sequences.get(i).length));
    for (List<Integer> some : together(order, prepared)) {
      Batch batch =
          Batch.of(some.stream().map(prepared::get).toList(), Batch.Side.LEFT)
              .withIndex(some.stream().mapToInt(Integer::intValue).toArray());
      try (NDManager scope = base.manager.newSubManager()) {
        List<Completion> part = new Generator(this, scope, batch, settings, listener).run();
        for (int b = 0; b < part.size(); b++) {
          result[some.get(b)] = part.get(b);
        }
      }
    }
    return List.of(result);
  }

  /** Groups of prompts of ascending length that are answered together. */
  private static List<List<Integer>> together(List<Integer> order, List<int[]> sequences) {
    List<List<Integer>> groups = new ArrayList<>();
    int from = 0;
    for (int i = 1; i <= order.size(); i++) {
      if (i == order.size()
          || i - from == GENERATE_ROWS
          || (long) sequences.get(order.get(i)).length * (i + 1 - from) > GENERATE_TOKENS) {
        groups.add(order.subList(from, i));
        from = i;
      }
    }
    return groups;
  }

  private void check(List<int[]> sequences, Generation settings) {
    for (int i = 0; i < sequences.size(); i++) {
      require(
          (long) sequences.get(i).length + Math.max(1, settings.minNewTokens())
              <= longestSequence(),
          "sequence %s of %s tokens leaves no room in the context of %s",
          i,
          sequences.get(i).length,
          longestSequence());
    }
    require(
        settings.seeds().isEmpty() || settings.seeds().size() == sequences.size(),
        "%s seeds for %s sequences",
        settings.seeds().size(),
        sequences.size());
    require(
        settings.stopStrings().isEmpty() || tokenizerIfPresent() != null,
        "stop strings need a tokenizer, which %s has not",
        folder());
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
    int[] own = tokenizer().encode(prompt);
    List<int[]> whole =
        continuations.stream().map(c -> tokenizer().encode(continuing(prompt, c))).toList();
    int[] starts = whole.stream().mapToInt(w -> commonLength(own, w)).toArray();
    int shared = Arrays.stream(starts).min().orElse(own.length);
    require(shared > 0, "a continuation changes the first token of the prompt");
    List<ContinuationScore> scores =
        scoreIds(
            Arrays.copyOf(own, shared),
            whole.stream().map(w -> Arrays.copyOfRange(w, shared, w.length)).toList());
    return IntStream.range(0, scores.size())
        .mapToObj(i -> scores.get(i).from(starts[i] - shared))
        .toList();
  }

  private static Prompt continuing(Prompt prompt, String text) {
    if (!prompt.endsWithResponse()) {
      return prompt.withResponse(text);
    }
    List<Message> messages = new ArrayList<>(prompt.messages());
    String open = messages.remove(messages.size() - 1).text();
    messages.add(Message.assistant(open + text));
    return new Prompt(messages);
  }

  private static int commonLength(int[] a, int[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
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
    require(prefix.length > 0, "the prefix is empty");
    check(List.of(prefix));
    if (continuations.isEmpty()) {
      return List.of();
    }
    check(continuations.stream().map(c -> concatenated(prefix, c)).toList());
    for (int i = 0; i < continuations.size(); i++) {
      require(
          Arrays.stream(continuations.get(i)).allMatch(id -> id >= 0),
          "continuation %s has an id that is no token",
          i);
    }
    int[] whole = prepared(List.of(prefix)).get(0);
    List<float[]> found = new ArrayList<>();
    continuations.forEach(c -> found.add(new float[c.length]));
    // One prefix serves only continuations on the same side of a border of the frequencies.
    int border = config().rope().switchesAbove();
    for (boolean beyond : new boolean[] {false, true}) {
      List<Integer> some =
          IntStream.range(0, continuations.size())
              .filter(i -> continuations.get(i).length > 0)
              .filter(
                  i ->
                      beyond == (border > 0 && whole.length + continuations.get(i).length > border))
              .boxed()
              .toList();
      if (!some.isEmpty()) {
        try (NDManager scope = base.manager.newSubManager()) {
          new Scorer(this, scope, whole, beyond ? border + 1 : 1).run(continuations, some, found);
        }
      }
    }
    return IntStream.range(0, found.size())
        .mapToObj(i -> new ContinuationScore(continuations.get(i), found.get(i)))
        .toList();
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
    return new Responses(this, sequences, Responses.LOGITS).logProbabilities();
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
    require(
        config().vocabulary() == start.config().vocabulary(),
        "vocabularies of %s and %s tokens",
        config().vocabulary(),
        start.config().vocabulary());
    require(
        manager().getDevice().equals(start.manager().getDevice()),
        "models on %s and %s",
        manager().getDevice(),
        start.manager().getDevice());
    return new Responses(this, sequences, Responses.LOGITS)
        .comparedWith(new Responses(start, sequences, Responses.LOGITS));
  }

  private static int[] concatenated(int[] a, int[] b) {
    int[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  /** Steering resolved for a batch, with room for tokens to come. */
  List<Decoder.Edit> edits(NDManager scope, Batch batch, int room) {
    if (state.each == null) {
      return BatchSteering.resolve(scope, batch, room, virtualTokens(), b -> state.steering);
    }
    List<List<Steering>> each = state.each;
    return BatchSteering.resolve(
        scope,
        batch,
        room,
        virtualTokens(),
        b -> {
          List<Steering> own = new ArrayList<>(state.steering);
          own.addAll(each.get(batch.index()[b]));
          return own;
        });
  }

  /** Number of input embeddings before every sequence. */
  int virtualTokens() {
    return state.prefix;
  }

  /** Number of input embeddings that ids of the caller's stand for. */
  private int givenRows() {
    return state.virtual == null ? 0 : (int) state.virtual.getShape().get(0) - state.prefix;
  }

  /** The input embeddings that negative ids stand for. */
  @Nullable NDArray virtual() {
    return state.virtual;
  }

  /**
   * Sequences as they run: with the virtual tokens before them.
   *
   * @throws IllegalArgumentException if the view has changes for another number of sequences
   */
  List<int[]> prepared(List<int[]> sequences) {
    require(
        state.each == null || state.each.size() == sequences.size(),
        "%s sequences, but this view is made for %s",
        sequences.size(),
        state.each == null ? 0 : state.each.size());
    int n = state.prefix;
    if (n == 0) {
      return sequences;
    }
    List<int[]> longer = new ArrayList<>(sequences.size());
    for (int[] s : sequences) {
      int[] all = new int[n + s.length];
      for (int i = 0; i < n; i++) {
        all[i] = -1 - i;
      }
      for (int i = 0; i < s.length; i++) {
        all[n + i] = s[i] < 0 ? s[i] - n : s[i];
      }
      longer.add(all);
    }
    return longer;
  }

  /** A view with other weights, which belong to the caller. */
  LanguageModel viewOf(Weights other) {
    return new LanguageModel(base, state.with(other), null, false);
  }

  /**
   * @throws IllegalArgumentException if the residual stream is steered, which training does not see
   */
  void requireUnsteered() {
    require(
        !state.steered() && state.virtual == null,
        "a view with steering or a soft prompt cannot be trained; train the model it is a view of");
  }

  Decoder decoder() {
    return base.decoder;
  }

  Weights weights() {
    return state.weights;
  }

  NDManager manager() {
    return base.manager;
  }

  @Nullable ChatTokenizer tokenizerIfPresent() {
    return base.files.ifPresent();
  }

  private List<Encoded> encode(List<Prompt> prompts) {
    return encodeIds(prompts).stream().map(ids -> new Encoded(ids, ids.length)).toList();
  }

  private List<int[]> encodeIds(List<Prompt> prompts) {
    ChatTokenizer tokenizer = tokenizer();
    return prompts.stream().map(tokenizer::encode).toList();
  }

  /**
   * Checks that the model can read sequences.
   *
   * @throws IllegalArgumentException as in {@link #captureIds}
   */
  void check(List<int[]> sequences) {
    check(sequences, givenRows());
  }

  /** The same where the ids -1 to {@code -given} stand for input embeddings. */
  void check(List<int[]> sequences, int given) {
    require(!sequences.isEmpty(), "no prompts");
    for (int i = 0; i < sequences.size(); i++) {
      int[] s = sequences.get(i);
      require(s.length > 0, "sequence %s is empty", i);
      require(
          s.length <= longestSequence(),
          "sequence %s has %s tokens, the model's context is %s",
          i,
          s.length,
          longestSequence());
      for (int id : s) {
        require(
            id >= -given && id < config().vocabulary(),
            "sequence %s has id %s, the vocabulary ends at %s",
            i,
            id,
            config().vocabulary());
      }
    }
  }

  /** Frees this view's memory; the base model frees everything, its tokenizer included. */
  @Override
  public void close() {
    if (own == null) {
      return;
    }
    if (isBase) {
      base.files.close();
      base.decoder.close();
    }
    own.close();
  }

  /** What is read of the folder only when it is first asked for. */
  private static final class FolderFiles {
    private final Path folder;
    private @Nullable ChatTokenizer tokenizer;
    private @Nullable String hash;

    FolderFiles(Path folder) {
      this.folder = folder;
    }

    synchronized ChatTokenizer get() {
      if (tokenizer == null) {
        tokenizer = ChatTokenizer.load(folder);
      }
      return tokenizer;
    }

    synchronized @Nullable ChatTokenizer ifPresent() {
      return tokenizer != null || InputFile.checkpoint(folder.resolve("tokenizer.json")).isThere()
          ? get()
          : null;
    }

    synchronized String hash() {
      if (hash == null) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
          List<String> hashes = new ArrayList<>();
          hashes.add(Hashes.sha256(folder.resolve("config.json")));
          checkpoint.files().forEach(f -> hashes.add(Hashes.sha256(f)));
          hash = Hashes.sha256(hashes);
        }
      }
      return hash;
    }

    synchronized void close() {
      if (tokenizer != null) {
        tokenizer.close();
        tokenizer = null;
      }
    }
  }
}
