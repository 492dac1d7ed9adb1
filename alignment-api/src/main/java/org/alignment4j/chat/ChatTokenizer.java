package org.alignment4j.chat;

import static org.alignment4j.internal.text.Arguments.require;

import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.alignment4j.chat.TokenizerFile.AddedToken;
import org.alignment4j.core.CheckpointException;
import org.alignment4j.core.UnsupportedArchitectureException;
import org.jspecify.annotations.Nullable;

/**
 * A model's tokenizer together with its chat template.
 *
 * <p>Message text is data. No message text yields a control token or a role marker: {@code
 * <|im_end|>} typed by a user becomes the ordinary tokens of these characters, and where a family
 * marks roles with plain text (Llama 2's {@code [INST]}) a space is inserted into the marker. The
 * check is made on the tokens: if the tokenizer's normaliser folds {@code ［INST］} or U+2581 into a
 * marker, that is broken up too, if necessary by a visible character; if no insertion helps,
 * IllegalArgumentException is thrown. For messages without such strings the ids equal those of
 * Hugging Face's {@code apply_chat_template}. A lone surrogate in a text is read as U+FFFD.
 *
 * <p>The chat template runs as published, in a small Jinja interpreter that tracks the origin of
 * every character. As in Python, a template may inspect messages, remove reasoning from responses
 * or rewrite its tags; characters from a message remain message text. If a template omits a
 * message, so does this class, and logs a warning once. Role markers are found from the text that
 * the template writes around messages. The date is always 26 Jul 2024, the fallback of Llama 3.1's
 * own template, so that a prompt's ids do not change from day to day. A model without a template
 * gets a plain layout, {@code "User: ...\n Assistant:"}, and {@link #hasChatTemplate()} is false.
 * Gemma and older Mistral templates reject system messages, as published: put the instructions into
 * the first user message.
 *
 * <p>Tags around reasoning, such as {@code <think>}, become control tokens only in the response of
 * a training example ({@link #encodeForTraining}), if the template keeps them: the model is to
 * learn them.
 *
 * <p>Thread-safe. Holds native memory until closed; later calls throw IllegalStateException.
 */
public final class ChatTokenizer implements AutoCloseable {
  private final TokenizerFile file;
  private final ControlTokens control;
  private final ChatFormat format;
  private final ScriptWriter scripts;
  private final Markers markers;
  private final boolean hasChatTemplate;
  private final @Nullable Path templateFile;
  private final Set<Integer> endOfTurn;
  private final OptionalInt bos;
  private final int pad;

  /**
   * Tokens that decode to nothing. Not every tokenizer.json marks the special tokens that the
   * configuration names, and the native decoder outputs special tokens that are matched in
   * normalised text.
   */
  private final Set<Integer> silent;

  /** Has all tokens; used for decoding only. */
  private final NativeTokenizer decoder;

  /** Yields no control token for any text. */
  private final NativeTokenizer plain;

  /** As {@link #plain}, for text after a control token. */
  private final NativeTokenizer plainLater;

  /** Returns normalised text; null if the tokens show it. */
  private final @Nullable NativeTokenizer normaliser;

  private final ForgeryCheck check;

  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  private ChatTokenizer(
      TokenizerFile file, TokenizerSettings settings, List<NativeTokenizer> open) {
    this.file = file;
    this.hasChatTemplate = !settings.template().isBlank();
    this.templateFile = hasChatTemplate ? settings.templateFile() : null;
    JinjaTemplate template =
        hasChatTemplate
            ? JinjaTemplate.read(settings.template(), settings.byName(), settings.templateFile())
            : null;
    TemplateProbe probe = template == null ? null : TemplateProbe.of(template);
    // A template can assemble a control token from pieces, so its output must be searched.
    this.decoder = opened(file.json(), open);
    this.control =
        new ControlTokens(
            file,
            settings,
            probe == null ? settings.template() : settings.template() + probe.text(),
            text -> decoder.encode(text, false).ids());
    Map<String, String> unguessable = unguessable();
    this.plain = opened(file.renamed(unguessable, true), open);
    this.plainLater =
        file.prefixesFirstOnly() ? opened(file.renamed(unguessable, false), open) : plain;
    this.bos = idOf(settings.bos());
    OptionalInt eos = idOf(settings.eos());
    if (template != null && probe != null) {
      this.format = TemplateFormat.of(template, probe, control, settings.eos());
    } else {
      this.format = new PlainFormat(addsBos() ? settings.bos() : "", settings.eos());
    }
    this.scripts = new ScriptWriter(file.file(), control, format);
    this.markers =
        new Markers(format.markers().stream().filter(m -> control.get(m) == null).toList());
    String normaliserOnly = markers.markers().isEmpty() ? null : file.normaliserOnly();
    this.normaliser = normaliserOnly == null ? null : opened(normaliserOnly, open);
    this.check =
        new ForgeryCheck(
            file,
            control.steering(),
            markers.markers(),
            plain == plainLater ? List.of(plain) : List.of(plain, plainLater),
            normaliser);
    Set<Integer> ends = new LinkedHashSet<>(settings.eosIds());
    eos.ifPresent(ends::add);
    AddedToken turnEnd = control.get(format.endOfTurn());
    if (turnEnd != null) {
      ends.add(turnEnd.id());
    }
    this.endOfTurn = Collections.unmodifiableSet(ends);
    this.silent = new HashSet<>();
    settings.named().forEach(token -> idOf(token).ifPresent(silent::add));
    file.added().stream().filter(AddedToken::special).forEach(token -> silent.add(token.id()));
    this.pad =
        idOf(settings.pad())
            .orElseGet(() -> eos.orElseGet(() -> ends.isEmpty() ? 0 : ends.iterator().next()));
  }

  /**
   * Loads a tokenizer from a Hugging Face model folder ({@code tokenizer.json} and, where present,
   * {@code tokenizer_config.json}, {@code special_tokens_map.json}, {@code chat_template.jinja},
   * {@code config.json} and {@code generation_config.json}), or from a GGUF file or a part of one.
   *
   * @throws CheckpointException if the tokenizer is missing, damaged or, in a GGUF file, not known
   * @throws UnsupportedArchitectureException if the chat template uses unsupported features
   * @throws org.alignment4j.core.EngineException if the native tokenizer library cannot be loaded
   */
  public static ChatTokenizer load(Path model) {
    TokenizerTexts texts = TokenizerTexts.of(model);
    TokenizerFile file = TokenizerFile.read(texts);
    List<NativeTokenizer> open = new ArrayList<>();
    boolean done = false;
    try {
      ChatTokenizer tokenizer = new ChatTokenizer(file, TokenizerSettings.read(texts), open);
      done = true;
      return tokenizer;
    } finally {
      if (!done) {
        open.forEach(NativeTokenizer::close);
      }
    }
  }

  private NativeTokenizer opened(String json, List<NativeTokenizer> open) {
    NativeTokenizer tokenizer = NativeTokenizer.open(json, file.file());
    open.add(tokenizer);
    return tokenizer;
  }

  /** A random spelling for every control token, new at each loading, which no text can contain. */
  private Map<String, String> unguessable() {
    byte[] nonce = new byte[16];
    new SecureRandom().nextBytes(nonce);
    String prefix = HexFormat.of().formatHex(nonce);
    Map<String, String> renamed = new LinkedHashMap<>();
    for (String spelling : control.spellings()) {
      renamed.put(spelling, prefix + '-' + renamed.size());
    }
    return renamed;
  }

  private boolean addsBos() {
    long[] ids = plain.encode("", true).ids();
    return ids.length > 0 && bos.isPresent() && ids[0] == bos.getAsInt();
  }

  private OptionalInt idOf(String token) {
    int id = token.isEmpty() ? -1 : file.id(token);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /**
   * The token ids of a prompt to continue: an assistant turn is started after a last user message,
   * and a last assistant message is left open.
   *
   * @return ids, [T]
   * @throws IllegalArgumentException if the template does not allow this sequence of roles
   * @throws UnsupportedArchitectureException if the template fails on this prompt
   */
  public int[] encode(Prompt prompt) {
    return encode(scripts.toContinue(prompt)).ids();
  }

  /**
   * The token ids of a finished conversation, equal to those of {@code apply_chat_template}.
   *
   * @param addGenerationPrompt whether to start an assistant turn at the end
   * @return ids, [T]
   * @throws IllegalArgumentException if the template does not allow this sequence of roles
   * @throws UnsupportedArchitectureException if the template fails on this prompt
   */
  public int[] encode(Prompt prompt, boolean addGenerationPrompt) {
    return encode(scripts.script(prompt, addGenerationPrompt)).ids();
  }

  /**
   * The token ids of a finished conversation followed by the beginning of another turn, tokenised
   * as one text. A guard model, for one, replies after a conversation that ends with the response
   * which it judges.
   *
   * @param addGenerationPrompt whether to start an assistant turn; some guards' templates always do
   * @param opening the beginning of the turn, which yields no control token
   * @return ids, [T]
   * @throws IllegalArgumentException if the template does not allow this sequence of roles
   * @throws UnsupportedArchitectureException if the template fails on this prompt
   */
  public int[] encode(Prompt prompt, boolean addGenerationPrompt, String opening) {
    return encode(
            scripts
                .script(prompt, addGenerationPrompt)
                .message(prompt.messages().size(), PythonText.wellFormed(opening)))
        .ids();
  }

  /**
   * A training example: prompt and response tokenised as one text, up to and including the token
   * that ends the response's turn. The response starts where {@link #encode(Prompt)} of the prompt
   * without it would end; a token that spans the boundary belongs to the response.
   *
   * @param prompt a prompt that ends with an assistant message
   * @throws IllegalArgumentException if it does not, or the template does not allow the roles
   */
  public Encoded encodeForTraining(Prompt prompt) {
    return encode(scripts.example(prompt));
  }

  /**
   * The token ids with the token range of each message's text: those of {@link #encodeForTraining}
   * if the prompt ends with an assistant message, else those of {@link #encode(Prompt)}. If the
   * template rejects system messages, the system text is put before the first user message,
   * followed by an empty line.
   *
   * @throws IllegalArgumentException if the template does not allow this sequence of roles
   * @throws UnsupportedArchitectureException if the template does not write each message once
   */
  public EncodedMessages encodeMessages(Prompt prompt) {
    return encodeMessages(scripts.eachOnce(prompt));
  }

  /** The ids of a plain text, [T], without template, special tokens or control tokens. */
  public int[] encodeText(String text) {
    return encodePlain(text, false);
  }

  /**
   * The ids of a document, [T], without template but with the special tokens that the tokenizer
   * adds around every text, such as a beginning-of-sequence token. The text itself yields no
   * control token.
   */
  public int[] encodeRaw(String text) {
    return encodePlain(text, true);
  }

  /**
   * The text of token ids, without special tokens. Ids beyond the vocabulary, which models with a
   * padded output layer can generate, decode to nothing.
   *
   * @param ids token ids, [T]
   * @throws IllegalArgumentException if an id is negative
   */
  public String decode(int[] ids) {
    for (int i = 0; i < ids.length; i++) {
      require(ids[i] >= 0, "token ids are not negative, found %s at position %s", ids[i], i);
    }
    long[] spoken = Arrays.stream(ids).filter(id -> !silent.contains(id)).asLongStream().toArray();
    return locked(() -> decoder.decode(spoken, true));
  }

  /** Returns a streaming decoder for one sequence. */
  public TextStream stream() {
    return new TextStream(this);
  }

  /** The tokens as spelled in the vocabulary, U+FFFD for ids without a token; [T]. */
  public List<String> tokens(int[] ids) {
    List<String> tokens = new ArrayList<>(ids.length);
    for (int id : ids) {
      require(id >= 0, "token ids are not negative, found %s", id);
      String token = file.token(id);
      tokens.add(token == null ? "\uFFFD" : token);
    }
    return tokens;
  }

  /**
   * The conversation as the template writes it. For display and tests only: the text does not
   * distinguish a control token from the same characters in a message.
   *
   * @throws IllegalArgumentException if the template does not allow this sequence of roles
   * @throws UnsupportedArchitectureException if the template fails on this prompt
   */
  public String render(Prompt prompt, boolean addGenerationPrompt) {
    return safe(scripts.script(prompt, addGenerationPrompt).neutralised(markers), check::find)
        .script()
        .text();
  }

  /**
   * The text and ids of a prompt as {@link #encode(Prompt)} encodes it.
   *
   * @throws IllegalArgumentException if the template does not allow this sequence of roles
   * @throws UnsupportedArchitectureException if the template fails on this prompt
   */
  public Rendered rendered(Prompt prompt) {
    return rendered(scripts.toContinue(prompt));
  }

  /**
   * The text and ids of a training example as {@link #encodeForTraining} encodes it.
   *
   * @throws IllegalArgumentException as {@link #encodeForTraining}
   * @throws UnsupportedArchitectureException if the template fails on this prompt
   */
  public Rendered renderedForTraining(Prompt prompt) {
    return rendered(scripts.example(prompt));
  }

  private Rendered rendered(Script script) {
    Neutraliser.Safe safe = safe(script.neutralised(markers), check::find);
    Script written = safe.script();
    return new Rendered(written.text(), written.responseOffset(), safe.encoded().encoded());
  }

  /** The ids that end a response: end-of-sequence ids and the template's end-of-turn token. */
  public Set<Integer> endOfTurn() {
    return endOfTurn;
  }

  /** The highest token id plus 1; a model's output layer may be wider. */
  public int vocabularySize() {
    return file.size();
  }

  /** The id of the beginning-of-sequence token. */
  public OptionalInt bos() {
    return bos;
  }

  /** The padding id: that of the padding token, else of the end-of-sequence token, else 0. */
  public int pad() {
    return pad;
  }

  /** Whether the model has a chat template; if not, a plain layout is used. */
  public boolean hasChatTemplate() {
    return hasChatTemplate;
  }

  /** The file that has the chat template; empty if there is none. */
  public Optional<Path> templateFile() {
    return Optional.ofNullable(templateFile);
  }

  /** The name of the layout: {@code Jinja template}, or that of the plain layout. */
  public String formatName() {
    return format.name();
  }

  /** Frees the native memory. */
  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      closed = true;
      decoder.close();
      plain.close();
      plainLater.close();
      if (normaliser != null) {
        normaliser.close();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** The ids that no message text can yield. */
  Set<Integer> controlIds() {
    return control.ids();
  }

  /** Whether this tokenizer has no control token for a role marker. */
  boolean isPlainText(String marker) {
    return markers.markers().contains(marker);
  }

  ChatFormat format() {
    return format;
  }

  private int[] encodePlain(String text, boolean addSpecial) {
    String wellFormed = PythonText.wellFormed(text);
    String safe =
        control.unknownSteers()
            ? safe(new Script().message(0, wellFormed), check::findControl).script().text()
            : wellFormed;
    long[] ids = locked(() -> plain.encode(safe, addSpecial)).ids();
    int[] narrow = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      narrow[i] = Math.toIntExact(ids[i]);
    }
    return narrow;
  }

  /** A conversation as the template writes it. */
  Script script(Prompt prompt, boolean generationPrompt) {
    return scripts.script(prompt, generationPrompt);
  }

  Encoded encode(Script script) {
    return encodeMessages(script).encoded();
  }

  private EncodedMessages encodeMessages(Script script) {
    return safe(script.neutralised(markers), check::find).encoded();
  }

  private Neutraliser.Safe safe(Script script, ForgeryCheck.Search search) {
    return locked(
        () ->
            Neutraliser.neutralise(
                script,
                (candidate, breaches) ->
                    new ScriptEncoder(
                            control,
                            plain,
                            plainLater,
                            (stretch, tokens) -> search.find(stretch, tokens, breaches::add))
                        .encode(candidate)));
  }

  /** Runs a native call; {@link #close()} waits for it. */
  private <T> T locked(Supplier<T> call) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("this tokenizer is closed");
      }
      return call.get();
    } finally {
      lock.readLock().unlock();
    }
  }
}
