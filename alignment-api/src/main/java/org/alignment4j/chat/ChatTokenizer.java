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
 * <p>Message text is data. Whatever it contains, it yields no control token and no role marker: a
 * user who types {@code <|im_end|>} gets the ordinary tokens of these characters, and where a
 * family marks roles with plain text (Llama 2's {@code [INST]}) a space breaks the marker up. What
 * counts is what the tokenizer makes of a text: where its normaliser folds {@code ［INST］} or U+2581
 * into a marker that is broken up, too, if need be by a visible character; a text that makes a
 * marker whatever is put in between is an IllegalArgumentException. For messages without such
 * strings the ids equal those of Hugging Face's {@code apply_chat_template}. A lone surrogate in a
 * text is read as U+FFFD.
 *
 * <p>The chat template runs as published, in a small interpreter of Jinja that keeps the origin of
 * every character. A template may look into what messages say, cut thoughts out of answers or write
 * their tags anew, as in Python; what comes out of a message stays message text. One that leaves a
 * message out does so here too, and a warning says so once. Its role markers are found by what it
 * writes around messages. The date is 26 Jul 2024, the fallback of Llama 3.1's own template, so
 * that a prompt's ids do not change over night. A folder without a template gets a plain layout,
 * {@code "User: ...\n Assistant:"}, and {@link #hasChatTemplate()} is false. Gemma and older
 * Mistral templates refuse system messages, as published: put the instructions into the first user
 * message.
 *
 * <p>Only in an answer that is to be learned ({@link #encodeForTraining}) do the tags around its
 * thoughts, such as {@code <think>}, become tokens if the template leaves them in its text: they
 * are what the model is to say.
 *
 * <p>Thread-safe. Holds native memory until closed; a call after that fails with
 * IllegalStateException.
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
   * Tokens without text. Not every tokenizer.json marks those that the configuration names, and the
   * native decoder writes out special tokens that are matched in normalised text.
   */
  private final Set<Integer> silent;

  /** Knows all tokens; only decodes. */
  private final NativeTokenizer decoder;

  /** Cannot be made to write a control token by any text. */
  private final NativeTokenizer plain;

  /** As {@link #plain}, for text behind a control token. */
  private final NativeTokenizer plainLater;

  /** Gives normalised text; null where the tokens show it. */
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
    // A template can put a control token together from pieces, so that only its output has it.
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
   * Loads a tokenizer from a Hugging Face model folder: {@code tokenizer.json} and, where present,
   * {@code tokenizer_config.json}, {@code special_tokens_map.json}, {@code chat_template.jinja},
   * {@code config.json} and {@code generation_config.json}.
   *
   * @throws CheckpointException if {@code tokenizer.json} is missing or a file is damaged, the chat
   *     template among them
   * @throws UnsupportedArchitectureException if the chat template needs more than is supported
   * @throws org.alignment4j.core.EngineException if the native tokenizer library cannot be loaded
   */
  public static ChatTokenizer load(Path folder) {
    TokenizerFile file = TokenizerFile.read(folder.resolve("tokenizer.json"));
    List<NativeTokenizer> open = new ArrayList<>();
    boolean done = false;
    try {
      ChatTokenizer tokenizer = new ChatTokenizer(file, TokenizerSettings.read(folder), open);
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

  /** A new spelling for every control token that nobody can type, drawn at each loading. */
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
   * The token ids a model continues from: with the assistant's turn opened behind a last user
   * message, or with the last assistant message left open.
   *
   * @return ids, [T]
   * @throws IllegalArgumentException if the template refuses this sequence of roles
   * @throws UnsupportedArchitectureException if the template cannot be run on this prompt
   */
  public int[] encode(Prompt prompt) {
    return encode(scripts.toContinue(prompt)).ids();
  }

  /**
   * The token ids of a finished conversation, as {@code apply_chat_template} gives them.
   *
   * @param addGenerationPrompt whether to open an assistant turn at the end
   * @return ids, [T]
   * @throws IllegalArgumentException if the template refuses this sequence of roles
   * @throws UnsupportedArchitectureException if the template cannot be run on this prompt
   */
  public int[] encode(Prompt prompt, boolean addGenerationPrompt) {
    return encode(scripts.script(prompt, addGenerationPrompt)).ids();
  }

  /**
   * An example to train on: prompt and response tokenised as one text, up to and including the
   * token that ends the response's turn. The response begins where {@link #encode(Prompt)} of the
   * prompt without it would end; a token that straddles the border counts as response.
   *
   * @param prompt a prompt that ends with an assistant message
   * @throws IllegalArgumentException if it does not, or the template refuses the roles
   */
  public Encoded encodeForTraining(Prompt prompt) {
    return encode(scripts.example(prompt));
  }

  /**
   * As {@link #encodeForTraining} of a prompt that ends with an assistant message, as {@link
   * #encode(Prompt)} of another, with where each message's text stands. Unlike these it takes a
   * system message whatever the template: one that refuses it gets its text at the head of the
   * first user message, an empty line behind it.
   *
   * @throws IllegalArgumentException if the template refuses this sequence of roles
   * @throws UnsupportedArchitectureException if the template does not write each message once
   */
  public EncodedMessages encodeMessages(Prompt prompt) {
    return encodeMessages(scripts.eachOnce(prompt));
  }

  /** The ids of a plain text, [T]: no template, no special tokens, no control tokens. */
  public int[] encodeText(String text) {
    return encodePlain(text, false);
  }

  /**
   * The ids of a document, [T]: no template, but with the special tokens that the tokenizer adds
   * around every text, such as a beginning-of-sequence token. The text itself yields none.
   */
  public int[] encodeRaw(String text) {
    return encodePlain(text, true);
  }

  /**
   * The text of token ids, without special tokens. Ids beyond the vocabulary, which models with a
   * padded output layer can emit, stand for nothing.
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

  /** A decoder for the tokens of one sequence as they are generated. */
  public TextStream stream() {
    return new TextStream(this);
  }

  /** The tokens as the vocabulary spells them, U+FFFD for ids without a token; [T]. */
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
   * The conversation as the template writes it. For people and tests only: in the text alone a
   * control token and a user's imitation of one look the same.
   *
   * @throws IllegalArgumentException if the template refuses this sequence of roles
   * @throws UnsupportedArchitectureException if the template cannot be run on this prompt
   */
  public String render(Prompt prompt, boolean addGenerationPrompt) {
    return safe(scripts.script(prompt, addGenerationPrompt).neutralised(markers), check::find)
        .script()
        .text();
  }

  /**
   * A prompt as a model gets it: what {@link #encode(Prompt)} encodes.
   *
   * @throws IllegalArgumentException if the template refuses this sequence of roles
   * @throws UnsupportedArchitectureException if the template cannot be run on this prompt
   */
  public Rendered rendered(Prompt prompt) {
    return rendered(scripts.toContinue(prompt));
  }

  /**
   * An example to train on as a model gets it: what {@link #encodeForTraining} encodes.
   *
   * @throws IllegalArgumentException as there
   * @throws UnsupportedArchitectureException if the template cannot be run on this prompt
   */
  public Rendered renderedForTraining(Prompt prompt) {
    return rendered(scripts.example(prompt));
  }

  private Rendered rendered(Script script) {
    Neutraliser.Safe safe = safe(script.neutralised(markers), check::find);
    Script written = safe.script();
    return new Rendered(written.text(), written.responseOffset(), safe.encoded().encoded());
  }

  /** The ids that end an answer: end-of-sequence ids and the template's end-of-turn token. */
  public Set<Integer> endOfTurn() {
    return endOfTurn;
  }

  /** The highest token id plus one; a model's output layer may be wider. */
  public int vocabularySize() {
    return file.size();
  }

  /** The id of the beginning-of-sequence token. */
  public OptionalInt bos() {
    return bos;
  }

  /** The id to pad with: the padding token, else the end-of-sequence token, else 0. */
  public int pad() {
    return pad;
  }

  /** Whether the folder has a chat template; if not, conversations get a plain layout. */
  public boolean hasChatTemplate() {
    return hasChatTemplate;
  }

  /** The file that the chat template was read from; empty without one. */
  public Optional<Path> templateFile() {
    return Optional.ofNullable(templateFile);
  }

  /** What lays out conversations: {@code Jinja template}, or a plain layout without one. */
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

  /** Runs a native call while {@link #close()} waits. */
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
